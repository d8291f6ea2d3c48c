/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that a context descriptor can say about tables, and many of them. */
#include <string.h>

#include "fixture.h"

#define VALUE 0x13572468u
#define DMA_MASK 0xffffffffffull    /* of the `edu` on a host */
#define CD0_COMMON (CD_VALID | CD_IPS(2) | CD_ASID(1))
#define CD0_T0(tsz, tg) (FIELD_PREP(CD0_T0SZ, tsz) | FIELD_PREP(CD0_TG0, tg))

static void invalidate_all(struct fixture *b)
{
    const uint64_t cmds[2][2] = { { CMD_CFGI_CD_ALL | CMD_SID(VSID) },
                                  { CMD_TLBI_NH_ALL } };
    uint32_t num = 2;

    g_assert_cmpint(io_invalidate(b, b->viommu, cmds, &num), ==, 0);
}

static void set_cd(struct fixture *b, uint64_t dword0, uint64_t ttb0)
{
    uint64_t *cd = fixture_ram(b, CD_AT);

    memset(cd, 0, 64);
    cd[0] = dword0 | CD0_COMMON;
    cd[1] = ttb0;
    cd[3] = CD_MAIR;
    invalidate_all(b);
}

/* Tables with pages of 1 << @granule that map @va to @ipa */
static void map_granule(struct fixture *b, uint64_t table, unsigned granule,
                        unsigned va_bits, uint64_t va, uint64_t ipa)
{
    unsigned stride = granule - 3, level;
    unsigned bits = va_bits;

    va &= (1ull << va_bits) - 1;
    level = 4 - (bits - granule + stride - 1) / stride;
    for (; level < 3; level++) {
        uint64_t *entry = (uint64_t *)fixture_ram(b, table);
        unsigned shift = granule + (3 - level) * stride;

        entry += va >> shift & ((1u << stride) - 1);
        if (!(*entry & 1)) {
            b->next_table = (b->next_table + 0xffff) & ~0xffffull;
            memset(fixture_ram(b, b->next_table), 0, 0x10000);
            *entry = b->next_table | PTE_TO_TABLE;
            b->next_table += 0x10000;
        }
        table = *entry & PTE_ADDRESS;
    }
    ((uint64_t *)fixture_ram(b, table))[va >> granule & ((1u << stride) - 1)] =
        ipa | PTE_PAGE;
}

static uint64_t aligned_table(struct fixture *b)
{
    uint64_t at = (b->next_table + 0xffff) & ~0xffffull;

    memset(fixture_ram(b, at), 0, 0x10000);
    b->next_table = at + 0x10000;
    return at;
}

static void check_granule(unsigned granule, unsigned tg0, unsigned va_bits,
                          uint64_t va)
{
    struct fixture b;
    uint32_t hwpt = 0;
    uint64_t table;

    fixture_start(&b);
    if (!b.model) {
        va &= DMA_MASK;
    }
    table = aligned_table(&b);
    map_granule(&b, table, granule, va_bits, va, DATA_AT);
    map_granule(&b, table, granule, va_bits, SCRATCH, SCRATCH);
    *(uint64_t *)fixture_ram(&b, DATA_AT + 0x128) = VALUE;
    set_cd(&b, CD0_T0(64 - va_bits, tg0), table);
    g_assert_cmpint(fixture_ste(&b, STE_S1, 0, &hwpt), ==, 0);
    g_assert_cmphex(fixture_peek(&b, va + 0x128), ==, VALUE);
    g_assert_cmphex(fixture_peek(&b, va + (1ull << granule)), ==, FAULTED);
    if (b.model || 1ull << va_bits < DMA_MASK) {
        g_assert_cmphex(fixture_peek(&b, va | 1ull << va_bits), ==, FAULTED);
    }
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, hwpt), ==, 0);
    fixture_close(&b);
}

static void test_4k(void)
{
    check_granule(12, 0, 48, 0x123456789000);
    check_granule(12, 0, 39, 0x1234567000);
    check_granule(12, 0, 32, 0x54321000);   /* from level 1 with 4 entries */
}

static void test_16k(void)
{
    check_granule(14, 2, 47, 0x123456788000);
    check_granule(14, 2, 36, 0x123454000);
}

static void test_64k(void)
{
    check_granule(16, 1, 48, 0x123456780000);
    check_granule(16, 1, 42, 0x12345670000);
}

/* On the model alone from here: it reports which event ends a transaction */
static bool model_start(struct fixture *b, uint32_t *hwpt, uint64_t *table)
{
    fixture_start(b);
    *hwpt = 0;
    if (!b->model) {
        g_test_skip("needs the model");
        fixture_close(b);
        return false;
    }
    *table = fixture_table(b);
    fixture_map(b, *table, 0x5000, DATA_AT, PTE_PAGE);
    fixture_cd(b, 0, 1, *table);
    return true;
}

static void model_end(struct fixture *b, uint32_t hwpt)
{
    b->model->control->smmu[0].idr[1] &= ~IDR1_SSIDSIZE;
    g_assert_cmpint(io_attach(b->cdev, b->parent), ==, 0);
    g_assert_cmpint(io_destroy(b, hwpt), ==, 0);
    fixture_close(b);
}

static uint64_t dma(struct fixture *b, int64_t ssid, uint64_t iova)
{
    uint64_t value;

    return ssid < 0 ? km_dma(b->model, 0, iova, &value, 8, false)
                    : km_dma_ssid(b->model, 0, ssid, iova, &value, 8, false);
}

static void test_bad_cds(void)
{
    const uint64_t good = CD0_COMMON | CD0_T0(25, 0);
    const struct { uint64_t dword0, event; } cases[] = {
        { good, 0 },
        { good & ~CD0_V, EVENT_C_BAD_CD },
        { good & ~CD0_AA64, EVENT_C_BAD_CD },
        { good | CD0_ENDI, EVENT_C_BAD_CD },
        { good & ~CD0_A, EVENT_C_BAD_CD },      /* TERM_MODEL is 1 */
        { good | CD0_S, EVENT_C_BAD_CD },       /* no stall model */
        { good | CD0_HA, EVENT_C_BAD_CD },      /* no HTTU */
        { good | CD0_TG0, EVENT_C_BAD_CD },
        { (good & ~CD0_T0SZ) | 15, EVENT_C_BAD_CD },         /* T0SZ */
        { (good & ~CD0_T0SZ) | 40, EVENT_C_BAD_CD },
        { good | CD0_EPD0, EVENT_F_TRANSLATION },
        { good & ~CD0_IPS, 0 },            /* 32 bits are enough */
    };
    uint64_t table;
    struct fixture b;
    uint32_t hwpt;

    if (!model_start(&b, &hwpt, &table)) {
        return;
    }
    g_assert_cmpint(fixture_ste(&b, STE_S1, 0, &hwpt), ==, 0);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        *(uint64_t *)fixture_ram(&b, CD_AT) = cases[i].dword0;
        invalidate_all(&b);
        g_assert_cmphex(dma(&b, -1, 0x5000), ==, cases[i].event);
    }
    *(uint64_t *)fixture_ram(&b, CD_AT) = good & ~CD0_IPS;
    *fixture_leaf(&b, table, 0x5000) |= 1ull << 40;   /* beyond IPS */
    invalidate_all(&b);
    g_assert_cmphex(dma(&b, -1, 0x5000), ==, EVENT_F_ADDR_SIZE);
    model_end(&b, hwpt);
}

static void test_substreams(void)
{
    const uint64_t ste0 = STE_S1 | STE_S1CDMAX(4);  /* a linear table */
    uint64_t table, other;
    struct fixture b;
    uint32_t hwpt;

    if (!model_start(&b, &hwpt, &table)) {
        return;
    }
    /* the SMMU has to have them */
    g_assert_cmpint(fixture_ste(&b, ste0, 2, &hwpt), ==, 0);
    g_assert_cmphex(dma(&b, -1, 0x5000), ==, EVENT_C_BAD_STE);
    b.model->control->smmu[0].idr[1] |= FIELD_PREP(IDR1_SSIDSIZE, 10);

    other = fixture_table(&b);
    fixture_map(&b, other, 0x6000, DATA_AT, PTE_PAGE);
    fixture_cd(&b, 3, 2, other);
    g_assert_cmpint(dma(&b, -1, 0x5000), ==, 0); /* S1DSS: CD 0 */
    g_assert_cmphex(dma(&b, 0, 0x5000), ==, EVENT_F_STREAM_DISABLED);
    g_assert_cmpint(dma(&b, 3, 0x6000), ==, 0);
    g_assert_cmphex(dma(&b, 3, 0x5000), ==, EVENT_F_TRANSLATION);
    g_assert_cmphex(dma(&b, 4, 0x6000), ==, EVENT_C_BAD_CD);
    g_assert_cmphex(dma(&b, 16, 0x6000), ==, EVENT_C_BAD_SUBSTREAMID);
    g_assert_cmpint(fixture_ste(&b, ste0, 0, &hwpt), ==,
                    0); /* S1DSS: terminate */
    g_assert_cmphex(dma(&b, -1, 0x5000), ==, EVENT_F_STREAM_DISABLED);
    g_assert_cmpint(dma(&b, 0, 0x5000), ==, 0);
    g_assert_cmpint(fixture_ste(&b, ste0, 1, &hwpt), ==, 0); /* S1DSS: bypass */
    g_assert_cmphex(dma(&b, -1, 0x5000), ==, KM_DMA_HOST_FAULT);
    g_assert_cmpint(dma(&b, -1, DATA_AT), ==, 0);
    g_assert_cmpint(fixture_ste(&b, STE_S1, 0, &hwpt), ==, 0); /* none at all */
    g_assert_cmphex(dma(&b, 0, 0x5000), ==, EVENT_C_BAD_SUBSTREAMID);
    model_end(&b, hwpt);
}

/* A table of tables, and CFGI_CD for one of many */
static void test_two_levels(void)
{
    uint64_t table, l1, l2, other, ste0;
    uint64_t cmd[1][2] = {
        { CMD_CFGI_CD | CMD_SSID(65) | CMD_SID(VSID), CFGI_LEAF },
    };
    uint32_t hwpt, num = 1;
    struct fixture b;

    if (!model_start(&b, &hwpt, &table)) {
        return;
    }
    b.model->control->smmu[0].idr[1] |= FIELD_PREP(IDR1_SSIDSIZE, 10);
    l1 = fixture_table(&b);
    l2 = fixture_table(&b);
    other = fixture_table(&b);
    fixture_map(&b, other, 0x6000, DATA_AT, PTE_PAGE);
    fixture_cd(&b, 65 % 64, 2, other);
    memcpy(fixture_ram(&b, l2 + 64), fixture_ram(&b, CD_AT + 64), 64);
    ((uint64_t *)fixture_ram(&b, l1))[1] = l2 | L1CD_V;
    ste0 = STE_STAGE1 | FIELD_PREP(STE0_S1FMT, S1FMT_4K_L2) | l1 |
           STE_S1CDMAX(8);
    g_assert_cmpint(fixture_ste(&b, ste0, 0, &hwpt), ==, 0);
    g_assert_cmpint(dma(&b, 65, 0x6000), ==, 0);
    g_assert_cmphex(dma(&b, 1, 0x6000), ==,
                    EVENT_C_BAD_SUBSTREAMID); /* L1 not valid */
    memset(fixture_ram(&b, l2 + 64), 0, 64);
    g_assert_cmpint(dma(&b, 65, 0x6000), ==, 0); /* it is cached */
    cmd[0][0] += CMD_SSID(1);
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmd, &num), ==, 0);
    g_assert_cmpint(dma(&b, 65, 0x6000), ==, 0); /* that was SSID 66 */
    cmd[0][0] -= CMD_SSID(1);
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmd, &num), ==, 0);
    g_assert_cmphex(dma(&b, 65, 0x6000), ==, EVENT_C_BAD_CD);
    model_end(&b, hwpt);
}

/* Global entries: for every ASID */
static void test_global(void)
{
    const uint64_t asid_all[1][2] = { { CMD_TLBI_NH_ASID | CMD_ASID(1) } };
    const uint64_t va_other[1][2] = {
        { CMD_TLBI_NH_VA | CMD_ASID(9), 0x7000 },
    };
    uint32_t hwpt, num = 1;
    uint64_t table, value;
    struct fixture b;

    if (!model_start(&b, &hwpt, &table)) {
        return;
    }
    fixture_map(&b, table, 0x7000, DATA_AT, PTE_PAGE & ~PTE_NG);
    g_assert_cmpint(fixture_ste(&b, STE_S1, 0, &hwpt), ==, 0);
    g_assert_cmpint(dma(&b, -1, 0x7000), ==, 0);
    *fixture_leaf(&b, table, 0x7000) = 0;
    g_assert_cmpint(io_invalidate(&b, b.viommu, asid_all, &num), ==, 0);
    g_assert_cmpint(dma(&b, -1, 0x7000), ==, 0);
    g_assert_cmpint(io_invalidate(&b, b.viommu, va_other, &num), ==, 0);
    g_assert_cmphex(km_dma(b.model, 0, 0x7000, &value, 8, true), ==,
                    EVENT_F_TRANSLATION);
    model_end(&b, hwpt);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/tables/4k", test_4k);
    g_test_add_func("/tables/16k", test_16k);
    g_test_add_func("/tables/64k", test_64k);
    g_test_add_func("/tables/bad-cds", test_bad_cds);
    g_test_add_func("/tables/substreams", test_substreams);
    g_test_add_func("/tables/two-levels", test_two_levels);
    g_test_add_func("/tables/global", test_global);
    return g_test_run();
}
