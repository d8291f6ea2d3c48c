/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Invalidation: the device goes on using what is cached, until the guest's
 * command for it; and it is that command that ends it. Every test sees the
 * stale translation in use first.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "dut.h"

#define ASID_OTHER (DUT_ASID + 1)

/* What no command reaches may be dropped by hardware all the same */
static bool exact(void)
{
    return dut_backend() != DUT_REAL;
}

/* --- page by page ----------------------------------------------- */

typedef struct Command {
    const char *name;
    uint64_t word0;
    uint64_t word1;
    bool hits;        /* is it for DUT_IOVA with DUT_ASID? */
} Command;

static const Command commands[] = {
    { "NSNH_ALL", CMD_TLBI_NSNH_ALL, 0, true },
    { "NH_ALL", CMD_TLBI_NH_ALL, 0, true },
    { "NH_ASID", CMD_TLBI_NH_ASID | CMD_ASID(DUT_ASID), 0, true },
    { "NH_ASID of another", CMD_TLBI_NH_ASID | CMD_ASID(ASID_OTHER), 0, false },
    { "NH_VA", CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID), DUT_IOVA, true },
    { "NH_VA leaf", CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID), DUT_IOVA | CFGI_LEAF,
      true },
    { "NH_VA of another", CMD_TLBI_NH_VA | CMD_ASID(ASID_OTHER), DUT_IOVA,
      false },
    { "NH_VA, next page", CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID),
      DUT_IOVA + PAGE_4K, false },
    { "NH_VA, page before", CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID),
      DUT_IOVA - PAGE_4K, false },
    { "NH_VAA", CMD_TLBI_NH_VAA, DUT_IOVA, true },
    { "NH_VAA leaf", CMD_TLBI_NH_VAA, DUT_IOVA | CFGI_LEAF, true },
    { "NH_VAA, next page", CMD_TLBI_NH_VAA, DUT_IOVA + PAGE_4K, false },
    { "SYNC", CMD_SYNC, 0, false },
    { "PREFETCH_CONFIG", CMD_PREFETCH_CONFIG, 0, false },
};

static void test_commands(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    Stale stale = stale_new(dut, DUT_IOVA);

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        const Command *c = &commands[i];

        if (!c->hits && !exact()) {
            continue;
        }
        g_test_message("%s", c->name);
        stale_make(dut, &stale);
        dut_command(dut, c->word0, c->word1);
        g_assert_cmphex(stale_where(dut, &stale), ==,
                        c->hits ? stale.now : stale.old);
    }
    dut_stop(dut);
}

/* What was never valid is not cached, and needs no command */
static void test_unmap(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    uint64_t page = dut_map_new(dut, DUT_IOVA);

    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
    pt_unmap(&dut->pt, DUT_IOVA);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
    dut_command(dut, CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID), DUT_IOVA | CFGI_LEAF);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, 0);
    pt_map(&dut->pt, DUT_IOVA, page);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
    dut_stop(dut);
}

/* --- ranges ----------------------------------------------------- */

typedef struct Range {
    unsigned num;
    unsigned scale;
} Range;

/* (NUM + 1) * 2^SCALE pages */
static const Range ranges[] = {
    { 0, 0 }, { 1, 0 }, { 31, 0 }, { 0, 1 }, { 3, 3 }, { 31, 5 }, { 6, 10 },
};

static void check_range(Dut *dut, const Range *range, uint64_t word0)
{
    uint64_t page = pt_page(&dut->pt);
    uint64_t pages = (range->num + 1ull) << range->scale;
    uint64_t base = DUT_IOVA + 0x100 * page;
    Stale first = stale_new(dut, base);
    Stale edges[] = {
        stale_new(dut, base - page), first,
        pages > 1 ? stale_new(dut, base + (pages - 1) * page) : first,
        stale_new(dut, base + pages * page),
    };

    g_test_message("NUM=%u SCALE=%u: %" PRIu64 " pages", range->num,
                   range->scale, pages);
    for (unsigned i = 0; i < G_N_ELEMENTS(edges); i++) {
        pt_map(&dut->pt, edges[i].iova, edges[i].old);
    }
    dut_command(dut, CMD_TLBI_NSNH_ALL, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(edges); i++) {
        g_assert_cmphex(stale_where(dut, &edges[i]), ==, edges[i].old);
        pt_map(&dut->pt, edges[i].iova, edges[i].now);
        g_assert_cmphex(stale_where(dut, &edges[i]), ==, edges[i].old);
    }
    dut_command(dut, word0 | CMD_RANGE(range->num, range->scale),
                base | CMD_TG(dut->pt.log2page) | CMD_TTL(3) | CFGI_LEAF);
    for (unsigned i = 1; i <= 2; i++) {
        g_assert_cmphex(stale_where(dut, &edges[i]), ==, edges[i].now);
    }
    if (exact()) {
        g_assert_cmphex(stale_where(dut, &edges[0]), ==, edges[0].old);
        g_assert_cmphex(stale_where(dut, &edges[3]), ==, edges[3].old);
    }
}

static void test_ranges(const void *data)
{
    Dut *dut = dut_start_translating(data);

    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        /* the real one takes 100 ms for each DMA */
        if (dut_backend() == DUT_REAL && i % 2) {
            continue;
        }
        check_range(dut, &ranges[i], CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID));
    }
    check_range(dut, &ranges[2], CMD_TLBI_NH_VAA);
    dut_stop(dut);
}

/* --- configuration ---------------------------------------------- */

/*
 * CDs are cached like translations, and invalidated with the STE that leads to
 * them. The new one has an ASID of its own.
 */
static void test_cd(const void *unused)
{
    static const Command of_cd[] = {
        { "CFGI_CD", CMD_CFGI_CD, CFGI_LEAF, true },
        { "CFGI_CD_ALL", CMD_CFGI_CD_ALL, 0, true },
        { "CFGI_STE", CMD_CFGI_STE, 0, true },
        { "CFGI_STE_RANGE", CMD_CFGI_ALL, 2, true },
        { "CFGI_ALL", CMD_CFGI_ALL, CFGI_ALL, true },
        { "TLBI_NSNH_ALL", CMD_TLBI_NSNH_ALL, 0, false },
    };
    Dut *dut = dut_start_translating(NULL);
    uint64_t one = dut_map_new(dut, DUT_IOVA);
    PageTable pt2 = pt_new(&dut->ram, 12, 48);
    uint64_t two = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);

    pt_map(&pt2, DUT_IOVA, two);
    for (size_t i = 0; i < G_N_ELEMENTS(of_cd); i++) {
        const Command *c = &of_cd[i];
        uint64_t sid = c->hits ? CMD_SID(dut->sid) : 0;

        g_test_message("%s", c->name);
        cd_set(&dut->ram, dut->cd, &dut->pt, DUT_ASID);
        dut_command(dut, CMD_CFGI_CD_ALL | CMD_SID(dut->sid), 0);
        g_assert_cmphex(edu_where(dut, DUT_IOVA, one, two), ==, one);
        cd_set(&dut->ram, dut->cd, &pt2, ASID_OTHER);
        g_assert_cmphex(edu_where(dut, DUT_IOVA, one, two), ==, one);
        if (c->hits || exact()) {
            dut_command(dut, c->word0 | sid, c->word1);
            g_assert_cmphex(edu_where(dut, DUT_IOVA, one, two), ==,
                            c->hits ? two : one);
        }
    }
    dut_stop(dut);
}

/* --- the queue -------------------------------------------------- */

/* Nothing says that a driver has to wait: no CMD_SYNC, one command alone */
static void test_no_sync(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    Stale stale = stale_new(dut, DUT_IOVA);

    stale_make(dut, &stale);
    smmu_queue(&dut->smmu, CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID), DUT_IOVA);
    smmu_ring(&dut->smmu);
    smmu_assert_done(&dut->smmu);
    g_assert_cmphex(stale_where(dut, &stale), ==, stale.now);

    stale_make(dut, &stale);
    smmu_queue(&dut->smmu, CMD_SYNC, 0);
    smmu_queue(&dut->smmu, CMD_TLBI_NH_ASID | CMD_ASID(ASID_OTHER), 0);
    smmu_queue(&dut->smmu, CMD_TLBI_NH_ASID | CMD_ASID(DUT_ASID), 0);
    smmu_ring(&dut->smmu);
    smmu_assert_done(&dut->smmu);
    g_assert_cmphex(stale_where(dut, &stale), ==, stale.now);
    dut_stop(dut);
}

/* What came before a bad command has taken effect, what comes after has not */
static void test_illegal(const void *data)
{
    const uint64_t *bad = data;
    Dut *dut = dut_start_translating(NULL);
    Stale before = stale_new(dut, DUT_IOVA);
    Stale after = stale_new(dut, DUT_IOVA + PAGE_4K);
    uint32_t at;

    pt_map(&dut->pt, after.iova, after.old);
    g_assert_cmphex(stale_where(dut, &after), ==, after.old);
    stale_make(dut, &before);
    g_assert_cmphex(stale_where(dut, &after), ==, after.old);
    pt_map(&dut->pt, after.iova, after.now);

    smmu_queue(&dut->smmu, CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID), before.iova);
    at = dut->smmu.prod;
    smmu_queue(&dut->smmu, *bad, 0);
    smmu_queue(&dut->smmu, CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID), after.iova);
    smmu_ring(&dut->smmu);
    smmu_assert_error(&dut->smmu, at, CERROR_ILL);
    g_assert_cmphex(stale_where(dut, &before), ==, before.now);
    if (exact()) {
        g_assert_cmphex(stale_where(dut, &after), ==, after.old);
    }
    smmu_repair(&dut->smmu, at);
    g_assert_cmphex(stale_where(dut, &after), ==, after.now);
    dut_stop(dut);
}

/*
 * The same with a queue whose end cannot be read: RAM ends in its middle, at
 * an odd size of the machine.
 */
static void test_abort(const void *unused)
{
    static const DutConfig config = { .args = "-m 100" };
    const uint64_t queue = VIRT_RAM + (96ull << 20), end = 4ull << 20;
    Dut *dut = dut_start_translating(&config);
    Stale stale = stale_new(dut, DUT_IOVA);
    uint32_t cons = end / 16 - 1;
    uint32_t cr0 = smmu_read(&dut->smmu, SMMU_CR0);

    stale_make(dut, &stale);
    smmu_write(&dut->smmu, SMMU_CR0, cr0 & ~CR0_CMDQEN);
    qtest_writeq(dut->qts, dut->smmu.base + SMMU_CMDQ_BASE, queue | 19);
    smmu_write(&dut->smmu, SMMU_CMDQ_CONS, cons);
    smmu_write(&dut->smmu, SMMU_CMDQ_PROD, cons);
    smmu_write(&dut->smmu, SMMU_CR0, cr0);
    qtest_writeq(dut->qts, queue + end - 16, CMD_TLBI_NSNH_ALL);
    qtest_writeq(dut->qts, queue + end - 8, 0);
    smmu_write(&dut->smmu, SMMU_CMDQ_PROD, cons + 2);
    smmu_assert_error(&dut->smmu, cons + 1, CERROR_ABT);
    g_assert_cmphex(stale_where(dut, &stale), ==, stale.now);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    static const DutConfig pages4, pages64 = { .log2page = 16 };
    static const struct {
        const char *name;
        unsigned needs;
        uint64_t command;
    } illegal[] = {
        { "unknown", 0, CMD_ILLEGAL },
        { "secure", 0, CMD_CFGI_CD | CMD0_SSEC | CMD_SID(8) },
        /* of features that are not advertised; an emulated SMMU ignores them */
        { "no-ats", DUT_ACCEL, CMD_ATC_INV | CMD_SID(8) },
        { "no-hyp", DUT_ACCEL, CMD_TLBI_EL2_ALL },
        { "no-el3", DUT_ACCEL, CMD_TLBI_EL3_ALL },
        { "no-s2", DUT_ACCEL, CMD_TLBI_S12_VMALL },
        { "no-pri", DUT_ACCEL, CMD_PRI_RESP | CMD_SID(8) },
        { "no-stall", DUT_ACCEL, CMD_RESUME | CMD_SID(8) },
    };

    machine_test_init(&argc, &argv);
    dut_test("/invalidate/commands", 0, test_commands, NULL);
    dut_test("/invalidate/unmap", 0, test_unmap, NULL);
    dut_test("/invalidate/ranges/4k", 0, test_ranges, &pages4);
    dut_test("/invalidate/ranges/64k", 0, test_ranges, &pages64);
    dut_test("/invalidate/cd", 0, test_cd, NULL);
    dut_test("/invalidate/no-sync", 0, test_no_sync, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(illegal); i++) {
        g_autofree char *path = g_strdup_printf("/invalidate/illegal/%s",
                                                illegal[i].name);

        dut_test(path, illegal[i].needs, test_illegal, &illegal[i].command);
    }
    dut_test("/invalidate/abort", 0, test_abort, NULL);
    return g_test_run();
}
