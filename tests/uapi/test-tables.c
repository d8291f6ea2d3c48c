/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that a context descriptor can say about tables, and many of them. */
#include <string.h>

#include "bench.h"
#include "tap.h"

#define VALUE 0x13572468u
#define DMA_MASK 0xffffffffffull    /* of the `edu` on a host */
#define F_STREAM_DISABLED 0x06
#define C_BAD_SUBSTREAMID 0x08
#define C_BAD_STE 0x04
#define C_BAD_CD 0x0a
#define F_TRANSLATION 0x10
#define F_ADDR_SIZE 0x11
#define CD0_COMMON (1ull << 8 | 1ull << 10 | 3ull << 12 | 1ull << 31 |      \
                    2ull << 32 | 1ull << 41 | 1ull << 45 | 1ull << 46 |     \
                    1ull << 47 | 1ull << 48)
#define CD0_EPD0 (1ull << 14)
#define CD0_EPD1 (1ull << 30)
#define CD0_TBI0 (1ull << 38)
#define CD0_AFFD (1ull << 35)
#define CD0_T0(tsz, tg) ((uint64_t)(tsz) | (uint64_t)(tg) << 6)
#define CD0_T1(tsz, tg) ((uint64_t)(tsz) << 16 | (uint64_t)(tg) << 22 |     \
                         1ull << 24 | 1ull << 26 | 3ull << 28)

static void set_cd(struct bench *b, uint64_t dword0, uint64_t ttb0,
                   uint64_t ttb1)
{
    uint64_t *cd = bench_ram(b, CD_AT);
    const uint64_t all[2] = { 0x06 | (uint64_t)VSID << 32, 0 };
    const uint64_t tlbi[2] = { 0x10, 0 };
    const uint64_t cmds[2][2] = { { all[0], 0 }, { tlbi[0], 0 } };
    uint32_t num = 2;

    memset(cd, 0, 64);
    cd[0] = dword0 | CD0_COMMON;
    cd[1] = ttb0;
    cd[2] = ttb1;
    cd[3] = 0xff;
    CHECK_EQ(io_invalidate(b, b->viommu, cmds, &num), 0);
}

/* Tables with pages of 1 << @granule that map @va to @ipa */
static void map_granule(struct bench *b, uint64_t table, unsigned granule,
                        unsigned va_bits, uint64_t va, uint64_t ipa)
{
    unsigned stride = granule - 3, level;
    unsigned bits = va_bits;

    va &= (1ull << va_bits) - 1;
    level = 4 - (bits - granule + stride - 1) / stride;
    for (; level < 3; level++) {
        uint64_t *entry = (uint64_t *)bench_ram(b, table);
        unsigned shift = granule + (3 - level) * stride;

        entry += va >> shift & ((1u << stride) - 1);
        if (!(*entry & 1)) {
            b->next_table = (b->next_table + 0xffff) & ~0xffffull;
            memset(bench_ram(b, b->next_table), 0, 0x10000);
            *entry = b->next_table | PTE_VALID;
            b->next_table += 0x10000;
        }
        table = *entry & 0xffffffff0000ull;
    }
    ((uint64_t *)bench_ram(b, table))[va >> granule & ((1u << stride) - 1)] =
        ipa | PTE_PAGE;
}

static uint64_t aligned_table(struct bench *b)
{
    uint64_t at = (b->next_table + 0xffff) & ~0xffffull;

    memset(bench_ram(b, at), 0, 0x10000);
    b->next_table = at + 0x10000;
    return at;
}

static void check_granule(unsigned granule, unsigned tg0, unsigned va_bits,
                          uint64_t va)
{
    struct bench b;
    uint32_t hwpt = 0;
    uint64_t table;

    bench_start(&b);
    if (!b.uapi) {
        va &= DMA_MASK;
    }
    table = aligned_table(&b);
    map_granule(&b, table, granule, va_bits, va, DATA_AT);
    map_granule(&b, table, granule, va_bits, SCRATCH, SCRATCH);
    *(uint64_t *)bench_ram(&b, DATA_AT + 0x128) = VALUE;
    set_cd(&b, CD0_T0(64 - va_bits, tg0) | CD0_EPD1, table, 0);
    CHECK_EQ(bench_ste(&b, STE0_S1, 0, &hwpt), 0);
    CHECK_EQ(bench_peek(&b, va + 0x128), VALUE);
    CHECK_EQ(bench_peek(&b, va + (1ull << granule)), FAULTED);
    if (b.uapi || 1ull << va_bits < DMA_MASK) {
        CHECK_EQ(bench_peek(&b, va | 1ull << va_bits), FAULTED);
    }
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);
    CHECK_EQ(io_destroy(&b, hwpt), 0);
    bench_close(&b);
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

/* The upper half, and tags in the top byte */
static void test_halves(void)
{
    const uint64_t va = 0xffffff8000123000;
    struct bench b;
    uint32_t hwpt = 0;
    uint64_t low, high;

    bench_start(&b);
    if (!b.uapi) {
        tap_skip("the device's DMA does not get there");
        bench_close(&b);
        return;
    }
    low = aligned_table(&b);
    high = aligned_table(&b);
    map_granule(&b, low, 12, 39, SCRATCH, SCRATCH);
    map_granule(&b, low, 12, 39, 0x5000, DATA_AT);
    map_granule(&b, high, 12, 39, va, DATA_AT);
    *(uint64_t *)bench_ram(&b, DATA_AT) = VALUE;
    set_cd(&b, CD0_T0(25, 0) | CD0_T1(25, 2) | CD0_TBI0, low, high);
    CHECK_EQ(bench_ste(&b, STE0_S1, 0, &hwpt), 0);
    CHECK_EQ(bench_peek(&b, va), VALUE);
    CHECK_EQ(bench_peek(&b, 0x5000), VALUE);
    CHECK_EQ(bench_peek(&b, 0xffffff8000001000), FAULTED);
    CHECK_EQ(bench_peek(&b, 0x5a00000000005000), VALUE);    /* TBI0 */
    CHECK_EQ(bench_peek(&b, 0x0040000000005000), FAULTED);
    CHECK_EQ(bench_peek(&b, 0x5affff8000123000), FAULTED);  /* no TBI1 */
    set_cd(&b, CD0_T0(25, 0) | CD0_T1(25, 2) | CD0_EPD1, low, high);
    CHECK_EQ(bench_peek(&b, va), FAULTED);
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);
    CHECK_EQ(io_destroy(&b, hwpt), 0);
    bench_close(&b);
}

/* On the model alone from here: it tells which event ends a transaction */
static bool model_start(struct bench *b, uint32_t *hwpt, uint64_t *table)
{
    bench_start(b);
    *hwpt = 0;
    if (!b->uapi) {
        tap_skip("needs the model");
        bench_close(b);
        return false;
    }
    *table = bench_table(b);
    bench_map(b, *table, 0x5000, DATA_AT, PTE_PAGE);
    bench_cd(b, 0, 1, *table);
    return true;
}

static void model_end(struct bench *b, uint32_t hwpt)
{
    b->uapi->control->smmu[0].idr[1] &= ~(31u << 6);
    CHECK_EQ(io_attach(b->cdev, b->parent), 0);
    CHECK_EQ(io_destroy(b, hwpt), 0);
    bench_close(b);
}

static uint64_t dma(struct bench *b, int64_t ssid, uint64_t iova)
{
    uint64_t value;

    return ssid < 0 ? uapi_dma(b->uapi, 0, iova, &value, 8, false)
                    : uapi_dma_ssid(b->uapi, 0, ssid, iova, &value, 8, false);
}

static void test_bad_cds(void)
{
    const uint64_t good = CD0_COMMON | CD0_T0(25, 0) | CD0_EPD1;
    const struct { uint64_t dword0, event; } cases[] = {
        { good, 0 },
        { good & ~(1ull << 31), C_BAD_CD },         /* V */
        { good & ~(1ull << 41), C_BAD_CD },         /* AA64 */
        { good | 1ull << 15, C_BAD_CD },            /* ENDI */
        { good & ~(1ull << 46), C_BAD_CD },         /* A, with TERM_MODEL */
        { good | 1ull << 44, C_BAD_CD },            /* S, no stall model */
        { good | 1ull << 43, C_BAD_CD },            /* HA, no HTTU */
        { good | 3ull << 6, C_BAD_CD },             /* TG0 */
        { (good & ~63ull) | 15, C_BAD_CD },         /* T0SZ */
        { (good & ~63ull) | 40, C_BAD_CD },
        { good | CD0_EPD0, F_TRANSLATION },
        { good & ~(7ull << 32), 0 },                /* IPS: 32 bits do */
    };
    uint64_t table;
    struct bench b;
    uint32_t hwpt;

    if (!model_start(&b, &hwpt, &table)) {
        return;
    }
    CHECK_EQ(bench_ste(&b, STE0_S1, 0, &hwpt), 0);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        *(uint64_t *)bench_ram(&b, CD_AT) = cases[i].dword0;
        uapi_request(b.uapi, UAPI_REQ_TLB_CLEAR, NULL, 0);
        CHECK_EQ(dma(&b, -1, 0x5000), cases[i].event);
    }
    *(uint64_t *)bench_ram(&b, CD_AT) = good & ~(7ull << 32);
    *bench_leaf(&b, table, 0x5000) |= 1ull << 40;   /* beyond IPS */
    uapi_request(b.uapi, UAPI_REQ_TLB_CLEAR, NULL, 0);
    CHECK_EQ(dma(&b, -1, 0x5000), F_ADDR_SIZE);
    model_end(&b, hwpt);
}

static void test_substreams(void)
{
    const uint64_t ste0 = STE0_S1 | 4ull << 59;     /* 16, a linear table */
    uint64_t table, other;
    struct bench b;
    uint32_t hwpt;

    if (!model_start(&b, &hwpt, &table)) {
        return;
    }
    /* the SMMU has to have them */
    CHECK_EQ(bench_ste(&b, ste0, 2, &hwpt), 0);
    CHECK_EQ(dma(&b, -1, 0x5000), C_BAD_STE);
    b.uapi->control->smmu[0].idr[1] |= 10u << 6;

    other = bench_table(&b);
    bench_map(&b, other, 0x6000, DATA_AT, PTE_PAGE);
    bench_cd(&b, 3, 2, other);
    CHECK_EQ(dma(&b, -1, 0x5000), 0);               /* S1DSS: CD 0 */
    CHECK_EQ(dma(&b, 0, 0x5000), F_STREAM_DISABLED);
    CHECK_EQ(dma(&b, 3, 0x6000), 0);
    CHECK_EQ(dma(&b, 3, 0x5000), F_TRANSLATION);
    CHECK_EQ(dma(&b, 4, 0x6000), C_BAD_CD);
    CHECK_EQ(dma(&b, 16, 0x6000), C_BAD_SUBSTREAMID);
    CHECK_EQ(bench_ste(&b, ste0, 0, &hwpt), 0);     /* S1DSS: terminate */
    CHECK_EQ(dma(&b, -1, 0x5000), F_STREAM_DISABLED);
    CHECK_EQ(dma(&b, 0, 0x5000), 0);
    CHECK_EQ(bench_ste(&b, ste0, 1, &hwpt), 0);     /* S1DSS: bypass */
    CHECK_EQ(dma(&b, -1, 0x5000), UAPI_DMA_HOST_FAULT);
    CHECK_EQ(dma(&b, -1, DATA_AT), 0);
    CHECK_EQ(bench_ste(&b, STE0_S1, 0, &hwpt), 0);  /* none at all */
    CHECK_EQ(dma(&b, 0, 0x5000), C_BAD_SUBSTREAMID);
    model_end(&b, hwpt);
}

/* A table of tables, and CFGI_CD for one of many */
static void test_two_levels(void)
{
    uint64_t table, l1, l2, other;
    uint64_t cmd[1][2] = { { 0x05 | 65ull << 12 | (uint64_t)VSID << 32, 1 } };
    uint32_t hwpt, num = 1;
    struct bench b;

    if (!model_start(&b, &hwpt, &table)) {
        return;
    }
    b.uapi->control->smmu[0].idr[1] |= 10u << 6;
    l1 = bench_table(&b);
    l2 = bench_table(&b);
    other = bench_table(&b);
    bench_map(&b, other, 0x6000, DATA_AT, PTE_PAGE);
    bench_cd(&b, 65 % 64, 2, other);
    memcpy(bench_ram(&b, l2 + 64), bench_ram(&b, CD_AT + 64), 64);
    ((uint64_t *)bench_ram(&b, l1))[1] = l2 | 1;
    CHECK_EQ(bench_ste(&b, 1ull | 5ull << 1 | 1ull << 4 | l1 | 8ull << 59, 0,
                       &hwpt), 0);
    CHECK_EQ(dma(&b, 65, 0x6000), 0);
    CHECK_EQ(dma(&b, 1, 0x6000), C_BAD_SUBSTREAMID);    /* L1 not valid */
    memset(bench_ram(&b, l2 + 64), 0, 64);
    CHECK_EQ(dma(&b, 65, 0x6000), 0);                   /* it is cached */
    cmd[0][0] += 1ull << 12;
    CHECK_EQ(io_invalidate(&b, b.viommu, cmd, &num), 0);
    CHECK_EQ(dma(&b, 65, 0x6000), 0);                   /* that was SSID 66 */
    cmd[0][0] -= 1ull << 12;
    CHECK_EQ(io_invalidate(&b, b.viommu, cmd, &num), 0);
    CHECK_EQ(dma(&b, 65, 0x6000), C_BAD_CD);
    model_end(&b, hwpt);
}

/* Global entries: for every ASID */
static void test_global(void)
{
    const uint64_t asid_all[1][2] = { { 0x11 | 1ull << 48, 0 } };
    const uint64_t va_other[1][2] = { { 0x12 | 9ull << 48, 0x7000 } };
    uint32_t hwpt, num = 1;
    uint64_t table, value;
    struct bench b;

    if (!model_start(&b, &hwpt, &table)) {
        return;
    }
    bench_map(&b, table, 0x7000, DATA_AT, PTE_PAGE & ~PTE_NG);
    CHECK_EQ(bench_ste(&b, STE0_S1, 0, &hwpt), 0);
    CHECK_EQ(dma(&b, -1, 0x7000), 0);
    *bench_leaf(&b, table, 0x7000) = 0;
    CHECK_EQ(io_invalidate(&b, b.viommu, asid_all, &num), 0);
    CHECK_EQ(dma(&b, -1, 0x7000), 0);
    CHECK_EQ(io_invalidate(&b, b.viommu, va_other, &num), 0);
    CHECK_EQ(uapi_dma(b.uapi, 0, 0x7000, &value, 8, true), F_TRANSLATION);
    model_end(&b, hwpt);
}

static const struct tap_test tests[] = {
    { "tables/4k", test_4k },
    { "tables/16k", test_16k },
    { "tables/64k", test_64k },
    { "tables/halves", test_halves },
    { "tables/bad-cds", test_bad_cds },
    { "tables/substreams", test_substreams },
    { "tables/two-levels", test_two_levels },
    { "tables/global", test_global },
};

TAP_MAIN(tests)
