/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The geometry of the stream table: what a guest may write to STRTAB_BASE,
 * STRTAB_BASE_CFG and level 1 descriptors, and what the architecture makes of
 * it (Arm IHI 0070, 5.1 and the registers). The device's StreamID is 24.
 */
#include "qemu/osdep.h"
#include "dut.h"

#define FMT(n)   ((n) << 16)
#define SPLIT(n) ((n) << 6)
#define L1_SPAN  0x1f

typedef struct Geometry {
    const char *name;
    unsigned split;      /* how the table is laid out; 0: linear */
    uint32_t before;     /* STRTAB_BASE_CFG, written first if not 0 */
    uint32_t cfg;        /* STRTAB_BASE_CFG */
    uint64_t base;       /* low bits added to STRTAB_BASE */
    unsigned span;       /* of the level 1 descriptor, 0: as it is */
    uint64_t level2;     /* low bits added to its pointer */
    bool found;          /* the device's STE */
} Geometry;

static const Geometry geometries[] = {
    { "linear/low-bits", 0, 0, DUT_LOG2SIDS, 1ull << (DUT_LOG2SIDS + 5), 0, 0,
      true },
    { "linear/reserved-format", 0, 0, FMT(2) | DUT_LOG2SIDS, 0, 0, 0, true },
    { "linear/after-two-levels", 0, FMT(1) | SPLIT(8) | DUT_LOG2SIDS,
      DUT_LOG2SIDS, 0, 0, 0, true },
    { "linear/too-small", 0, 0, 4, 0, 0, 0, false },
    { "linear/huge", 0, 0, 63, 0, 0, 0, false },
    { "linear/whole-address", 0, 0, 58, 0, 0, 0, false },
    { "split-6/reserved-split", 6, 0, FMT(1) | SPLIT(7) | DUT_LOG2SIDS, 0, 0, 0,
      true },
    { "split-6/largest-split", 6, 0, FMT(1) | SPLIT(31) | DUT_LOG2SIDS, 0, 0, 0,
      true },
    { "split-6/low-bits", 6, 0, FMT(1) | SPLIT(6) | DUT_LOG2SIDS, 0x40, 0, 0,
      true },
    { "split-6/huge", 6, 0, FMT(1) | SPLIT(6) | 63, 0, 0, 0, false },
    { "split-8/short-span", 8, 0, FMT(1) | SPLIT(8) | DUT_LOG2SIDS, 0, 6, 0,
      true },
    { "split-8/too-short-span", 8, 0, FMT(1) | SPLIT(8) | DUT_LOG2SIDS, 0, 5, 0,
      false },
    { "split-8/long-span", 8, 0, FMT(1) | SPLIT(8) | DUT_LOG2SIDS, 0, 10, 0,
      false },
    { "split-8/reserved-span", 8, 0, FMT(1) | SPLIT(8) | DUT_LOG2SIDS, 0, 31, 0,
      false },
    { "split-8/level-2-low-bits", 8, 0, FMT(1) | SPLIT(8) | DUT_LOG2SIDS, 0, 0,
      0x40, true },
};

static void test_geometry(const void *data)
{
    const Geometry *g = data;
    const DutConfig config = { .split = g->split };
    Dut *dut = dut_start(&config);
    uint64_t page = dut_map_new(dut, DUT_IOVA);

    edu_load(dut);
    strtab_set_stage1(&dut->strtab, dut->sid, dut->cd);
    if (g->span || g->level2) {
        uint64_t level1 = qtest_readq(dut->qts, dut->strtab.base) + g->level2;

        if (g->span) {
            level1 = (level1 & ~L1_SPAN) | g->span;
        }
        qtest_writeq(dut->qts, dut->strtab.base, level1);
    }
    qtest_writeq(dut->qts, dut->smmu.base + SMMU_STRTAB_BASE,
                 dut->strtab.base + g->base);
    if (g->before) {
        smmu_write(&dut->smmu, SMMU_STRTAB_CFG, g->before);
    }
    smmu_write(&dut->smmu, SMMU_STRTAB_CFG, g->cfg);
    dut_command(dut, CMD_CFGI_ALL, CFGI_ALL);
    dut_enable(dut);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==,
                    g->found ? page : 0);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(geometries); i++) {
        g_autofree char *path = g_strdup_printf("/strtab/%s",
                                                geometries[i].name);

        dut_test(path, 0, test_geometry, &geometries[i]);
    }
    return g_test_run();
}
