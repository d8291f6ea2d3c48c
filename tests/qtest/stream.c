/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest's stream table, context descriptors and page tables say is
 * what the device's DMA does: abort, bypass, translate, and every change from
 * one to another; with the SMMU off, GBPA.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "dut.h"

#define OTHER_IOVA (DUT_IOVA + 0x40000000ull)

/* --- one state after the other ----------------------------------------- */

/* Pages that distinguish what was done with the device's write to DUT_IOVA */
typedef struct Pages {
    uint64_t first;     /* DUT_IOVA by the first CD */
    uint64_t second;    /* by the second one */
    uint64_t cd2;
    uint64_t same;      /* a page that no table maps: reached by bypass */
} Pages;

typedef enum State {
    INVALID,
    ABORT,
    BYPASS,
    FIRST,
    SECOND,
    STAGE2,       /* is not advertised */
    SUBSTREAMS,   /* neither is */
    STALL,        /* STALL_MODEL says: no stalls */
    STATES,
} State;

static const char *const state_names[] = {
    "invalid", "abort", "bypass", "first CD", "second CD", "stage 2",
    "substreams", "stalls disabled",
};

static Pages make_pages(Dut *dut)
{
    PageTable pt2 = pt_new(&dut->ram, 12, 48);
    Pages pages = { .first = dut_map_new(dut, DUT_IOVA) };

    pages.second = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);
    pages.same = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);
    pt_map(&pt2, DUT_IOVA, pages.second);
    pages.cd2 = cd_new(&dut->ram, &pt2, DUT_ASID + 1);
    return pages;
}

static void set_state(Dut *dut, const Pages *pages, State state)
{
    switch (state) {
    case INVALID:
        /* the rest of it says nothing then */
        dut_set_ste(dut, STE_BYPASS & ~STE0_V, 0);
        break;
    case ABORT:
        dut_set_ste(dut, STE_ABORT, 0);
        break;
    case BYPASS:
        dut_set_ste(dut, STE_BYPASS, 0);
        break;
    case FIRST:
        dut_translate(dut);
        break;
    case SECOND:
        dut_set_ste(dut, STE_STAGE1 | pages->cd2, STE1_ATTRS);
        break;
    case STAGE2:
        dut_set_ste(dut, STE_STAGE2, 0);
        break;
    case SUBSTREAMS:
        dut_set_ste(dut, STE_STAGE1 | STE_S1CDMAX(1) | dut->cd, STE1_ATTRS);
        break;
    case STALL:
        dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE1_S1STALLD);
        break;
    default:
        g_assert_not_reached();
    }
}

static void assert_state(Dut *dut, const Pages *pages, State state)
{
    switch (state) {
    case BYPASS:
        g_assert_cmphex(edu_where(dut, pages->same, pages->same, pages->first),
                        ==, pages->same);
        break;
    case FIRST:
    case SECOND:
        g_assert_cmphex(edu_where(dut, DUT_IOVA, pages->first, pages->second),
                        ==, state == FIRST ? pages->first : pages->second);
        break;
    default:
        g_assert_cmphex(edu_where(dut, DUT_IOVA, pages->first, pages->second),
                        ==, 0);
        if (dut_backend() != DUT_REAL) {
            g_assert_cmphex(edu_where(dut, pages->same, pages->same,
                                      pages->first), ==, 0);
        }
        break;
    }
}

/* From every state to every state, the same one included */
static void test_transitions(const void *unused)
{
    Dut *dut = dut_start(NULL);
    Pages pages = make_pages(dut);

    dut_enable(dut);
    for (State from = 0; from <= SECOND; from++) {
        for (State to = 0; to <= SECOND; to++) {
            /* the real one takes 100 ms for each DMA */
            if (dut_backend() == DUT_REAL && from != FIRST && to != FIRST) {
                continue;
            }
            g_test_message("from %s to %s", state_names[from],
                           state_names[to]);
            set_state(dut, &pages, from);
            set_state(dut, &pages, to);
            assert_state(dut, &pages, to);
        }
    }
    dut_stop(dut);
}

/* What cannot be is QEMU's to find out */
static void assert_host_never_refused(Dut *dut)
{
    if (dut->model) {
        g_assert_cmpuint(dut->model->control->failures[KM_HWPT_ALLOC], ==, 0);
    }
}

/* Each state after a translating one was in use, and back */
static void test_states(const void *unused)
{
    Dut *dut = dut_start(NULL);
    Pages pages = make_pages(dut);

    dut_enable(dut);
    for (State state = 0; state < STATES; state++) {
        g_test_message("%s", state_names[state]);
        set_state(dut, &pages, FIRST);
        assert_state(dut, &pages, FIRST);
        set_state(dut, &pages, state);
        assert_state(dut, &pages, state);
    }
    set_state(dut, &pages, FIRST);
    assert_state(dut, &pages, FIRST);
    assert_host_never_refused(dut);
    dut_stop(dut);
}

/* A change of the STE in memory is nothing before the command */
static void test_ste_cached(const void *unused)
{
    Dut *dut = dut_start(NULL);
    Pages pages = make_pages(dut);

    dut_translate(dut);
    dut_enable(dut);
    assert_state(dut, &pages, FIRST);
    strtab_set(&dut->strtab, dut->sid, STE_STAGE1 | pages.cd2, STE1_ATTRS);
    assert_state(dut, &pages, FIRST);
    /* a command for the neighbours does not concern the device */
    dut_command(dut, CMD_CFGI_STE | CMD_SID(dut->sid + 1), CFGI_LEAF);
    dut_command(dut, CMD_CFGI_STE | CMD_SID(dut->sid - 1), CFGI_LEAF);
    assert_state(dut, &pages, FIRST);
    dut_command(dut, CMD_CFGI_STE | CMD_SID(dut->sid), CFGI_LEAF);
    assert_state(dut, &pages, SECOND);

    /* the range of 2^(n+1) StreamIDs with the device's, and one without */
    strtab_set(&dut->strtab, dut->sid, STE_ABORT, 0);
    dut_command(dut, CMD_CFGI_ALL | CMD_SID(dut->sid ^ 8), 2);
    assert_state(dut, &pages, SECOND);
    dut_command(dut, CMD_CFGI_ALL | CMD_SID(dut->sid & ~7u), 2);
    assert_state(dut, &pages, ABORT);

    strtab_set(&dut->strtab, dut->sid, STE_BYPASS, 0);
    assert_state(dut, &pages, ABORT);
    dut_command(dut, CMD_CFGI_ALL, CFGI_ALL);
    assert_state(dut, &pages, BYPASS);
    dut_stop(dut);
}

/* While the device is about to do DMA; where that ends nobody can say */
static void test_during_dma(const void *unused)
{
    Dut *dut = dut_start(NULL);
    Pages pages = make_pages(dut);

    dut_enable(dut);
    for (State state = 0; state <= SECOND; state++) {
        set_state(dut, &pages, FIRST);
        edu_start_write(dut, DUT_IOVA, 4096, false);
        set_state(dut, &pages, state);
        edu_wait(dut);
        assert_state(dut, &pages, state);
    }
    dut_stop(dut);
}

/* --- the SMMU off and on ------------------------------------------------ */

static void set_gbpa(Dut *dut, uint32_t value)
{
    smmu_write(&dut->smmu, SMMU_GBPA, GBPA_UPDATE | value);
    g_assert_cmphex(smmu_read(&dut->smmu, SMMU_GBPA), ==, value);
}

static void test_gbpa(const void *unused)
{
    Dut *dut = dut_start(NULL);
    Pages pages = make_pages(dut);

    assert_state(dut, &pages, BYPASS);
    set_gbpa(dut, GBPA_ABORT);
    assert_state(dut, &pages, ABORT);
    /* without UPDATE nothing changes */
    smmu_write(&dut->smmu, SMMU_GBPA, GBPA_RESET);
    assert_state(dut, &pages, ABORT);

    /* nobody asks GBPA while the SMMU is on */
    dut_translate(dut);
    dut_enable(dut);
    assert_state(dut, &pages, FIRST);
    set_gbpa(dut, GBPA_RESET);
    assert_state(dut, &pages, FIRST);
    set_gbpa(dut, GBPA_ABORT);
    assert_state(dut, &pages, FIRST);
    dut_disable(dut);
    assert_state(dut, &pages, ABORT);
    set_gbpa(dut, GBPA_RESET);
    assert_state(dut, &pages, BYPASS);
    dut_stop(dut);
}

static void test_enable(const void *unused)
{
    Dut *dut = dut_start(NULL);
    Pages pages = make_pages(dut);

    dut_translate(dut);
    assert_state(dut, &pages, BYPASS);
    for (unsigned i = 0; i < 3; i++) {
        dut_enable(dut);
        assert_state(dut, &pages, FIRST);
        dut_disable(dut);
        assert_state(dut, &pages, BYPASS);
    }
    dut_stop(dut);
}

static void reset(Dut *dut)
{
    qtest_system_reset(dut->qts);
    g_assert_cmphex(smmu_read(&dut->smmu, SMMU_CR0), ==, 0);
    if (dut->model) {
        /* the next guest may number its buses otherwise */
        g_assert_cmpuint(dut->model->control->state[0].vsid_set, ==, 0);
    }
}

/* After a reset DMA is possible again, past tables that are not in use */
static void test_reset(const void *unused)
{
    Dut *dut = dut_start(NULL);
    Pages pages = make_pages(dut);

    for (unsigned i = 0; i < 2; i++) {
        set_gbpa(dut, GBPA_ABORT);
        dut_translate(dut);
        dut_enable(dut);
        assert_state(dut, &pages, FIRST);
        reset(dut);
        dut_enumerate(dut);
        edu_load(dut);
        assert_state(dut, &pages, BYPASS);
        dut_start_smmu(dut);
        dut_enable(dut);
        assert_state(dut, &pages, FIRST);
        dut_disable(dut);
    }
    dut_stop(dut);
}

/* The number of the device's bus is part of its StreamID */
static void test_renumber(const void *unused)
{
    static const DutConfig config = { .port = true };
    static const uint8_t buses[] = { 2, 3, 1 };
    Dut *dut = dut_start_translating(&config);
    Pages pages = make_pages(dut);

    assert_state(dut, &pages, FIRST);
    for (size_t i = 0; i < G_N_ELEMENTS(buses); i++) {
        uint32_t old = dut->sid;

        dut->edu.bus = buses[i];
        dut_enumerate(dut);
        g_assert_cmphex(dut->sid, !=, old);
        /* the STE in use is the old number's, if one still is */
        dut_command(dut, CMD_CFGI_STE | CMD_SID(old), CFGI_LEAF);
        assert_state(dut, &pages, ABORT);
        set_state(dut, &pages, SECOND);
        assert_state(dut, &pages, SECOND);
        /* the number that it had is nobody's */
        strtab_set(&dut->strtab, old, STE_ABORT, 0);
        dut_command(dut, CMD_CFGI_STE | CMD_SID(old), CFGI_LEAF);
        assert_state(dut, &pages, SECOND);
        dut_translate(dut);
        assert_state(dut, &pages, FIRST);
    }

    reset(dut);
    dut->edu.bus = 2;
    dut_enumerate(dut);
    edu_load(dut);
    dut_start_smmu(dut);
    dut_translate(dut);
    dut_enable(dut);
    assert_state(dut, &pages, FIRST);
    dut_stop(dut);
}

/* --- tables of all shapes ----------------------------------------------- */

/* Reads and writes through pages at both ends of the address space */
static void assert_translates(Dut *dut)
{
    uint64_t page = pt_page(&dut->pt);
    uint64_t last = MAKE_64BIT_MASK(0, MIN(dut->pt.va_bits, 40)) & -page;
    uint64_t one = dut_map_new(dut, DUT_IOVA);
    uint64_t other = dut_map_new(dut, last);

    g_assert_cmphex(edu_where(dut, DUT_IOVA, one, other), ==, one);
    g_assert_cmphex(edu_where(dut, last, one, other), ==, other);
    g_assert_cmphex(edu_where(dut, last + page - 64, other + page - 64, one),
                    ==, other + page - 64);
    g_assert_true(edu_reads(dut, DUT_IOVA + 64, one + 64));
    g_assert_true(edu_reads(dut, last, other));
}

static void assert_block(Dut *dut)
{
    uint64_t block = pt_block(&dut->pt);
    uint64_t offset = 0x123000, target = VIRT_RAM + 0x4000000;

    /* RAM is smaller than the block of 64K pages, and starts with one */
    if (dut->pt.log2page == 16) {
        offset = target - VIRT_RAM;
        target = VIRT_RAM;
    }
    pt_map_level(&dut->pt, 8 * block, target, 2);
    g_assert_cmphex(edu_where(dut, 8 * block + offset, target + offset,
                              target + offset + 0x10000), ==, target + offset);
}

static void test_tables(const void *data)
{
    Dut *dut = dut_start_translating(data);

    assert_translates(dut);
    assert_block(dut);
    dut_stop(dut);
}

static void test_39_bits(const void *unused)
{
    Dut *dut = dut_start(NULL);

    dut->pt = pt_new(&dut->ram, 12, 39);
    pt_map(&dut->pt, dut->buffer, dut->buffer);
    cd_set(&dut->ram, dut->cd, &dut->pt, DUT_ASID);
    dut_translate(dut);
    dut_enable(dut);
    assert_translates(dut);
    dut_stop(dut);
}

/* The first level of two has no second one */
static void test_no_level2(const void *unused)
{
    static const DutConfig config = { .split = 8 };
    Dut *dut = dut_start_translating(&config);
    Pages pages = make_pages(dut);

    assert_state(dut, &pages, FIRST);
    strtab_drop_level2(&dut->strtab, dut->sid);
    assert_state(dut, &pages, FIRST);
    dut_command(dut, CMD_CFGI_STE | CMD_SID(dut->sid), 0);
    assert_state(dut, &pages, ABORT);
    dut_translate(dut);
    assert_state(dut, &pages, FIRST);
    dut_stop(dut);
}

/* A stream table that ends before the device */
static void test_short_table(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    Pages pages = make_pages(dut);
    StreamTable shorter = dut->strtab;

    assert_state(dut, &pages, FIRST);
    dut_disable(dut);
    shorter.log2size = 4;
    g_assert_cmphex(dut->sid >> shorter.log2size, !=, 0);
    strtab_install(&shorter, &dut->smmu);
    dut_enable(dut);
    dut_command(dut, CMD_CFGI_ALL, CFGI_ALL);
    assert_state(dut, &pages, ABORT);
    dut_disable(dut);
    strtab_install(&dut->strtab, &dut->smmu);
    dut_enable(dut);
    dut_command(dut, CMD_CFGI_ALL, CFGI_ALL);
    assert_state(dut, &pages, FIRST);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    static const DutConfig linear, pages64 = { .log2page = 16 };
    static const DutConfig split6 = { .split = 6 }, split8 = { .split = 8 };
    static const DutConfig port = { .port = true, .split = 8 };

    machine_test_init(&argc, &argv);
    dut_test("/stream/transitions", 0, test_transitions, NULL);
    dut_test("/stream/states", 0, test_states, NULL);
    dut_test("/stream/ste-cached", 0, test_ste_cached, NULL);
    dut_test("/stream/during-dma", 0, test_during_dma, NULL);
    dut_test("/stream/gbpa", 0, test_gbpa, NULL);
    dut_test("/stream/enable", 0, test_enable, NULL);
    dut_test("/stream/reset", 0, test_reset, NULL);
    dut_test("/stream/renumber", 0, test_renumber, NULL);
    dut_test("/stream/tables/linear-4k", 0, test_tables, &linear);
    dut_test("/stream/tables/linear-64k", 0, test_tables, &pages64);
    dut_test("/stream/tables/split-6", 0, test_tables, &split6);
    dut_test("/stream/tables/split-8", 0, test_tables, &split8);
    dut_test("/stream/tables/port", 0, test_tables, &port);
    dut_test("/stream/tables/39-bits", 0, test_39_bits, NULL);
    dut_test("/stream/tables/no-level-2", 0, test_no_level2, NULL);
    dut_test("/stream/tables/short", 0, test_short_table, NULL);
    return g_test_run();
}
