/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA through a guest's tables, and what invalidations do: a stale translation
 * is used before, and none after.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

#define VA UINT64_C(0x12345000)
#define PAGE_A (DATA_AT)
#define PAGE_B (DATA_AT + 0x1000)
#define VALUE_A 0xaaaa5555u
#define VALUE_B 0xbbbb4444u
#define ASID 7

struct guest {
    struct fixture b;
    uint64_t table;
    uint32_t hwpt;
};

static void put(struct fixture *b, uint64_t at, uint64_t value)
{
    __atomic_store_n((uint64_t *)fixture_ram(b, at), value, __ATOMIC_RELEASE);
}

/* VA leads to page A, SCRATCH to itself; translation is on */
static void guest_start(struct guest *g)
{
    fixture_start(&g->b);
    g->hwpt = 0;
    g->table = fixture_table(&g->b);
    put(&g->b, PAGE_A, VALUE_A);
    put(&g->b, PAGE_B, VALUE_B);
    fixture_map(&g->b, g->table, VA, PAGE_A, PTE_PAGE);
    fixture_map(&g->b, g->table, SCRATCH, SCRATCH, PTE_PAGE);
    fixture_cd(&g->b, 0, ASID, g->table);
    g_assert_cmpint(fixture_ste(&g->b, STE_S1, 0, &g->hwpt), ==, 0);
}

static void guest_end(struct guest *g)
{
    g_assert_cmpint(io_attach(g->b.cdev, g->b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&g->b, g->hwpt), ==, 0);
    fixture_close(&g->b);
}

static void invalidate(struct guest *g, uint64_t dword0, uint64_t dword1)
{
    uint64_t cmd[1][2] = { { dword0, dword1 } };
    uint32_t num = 1;

    g_assert_cmpint(io_invalidate(&g->b, g->b.viommu, cmd, &num), ==, 0);
}

static void test_translate(void)
{
    struct guest g;

    guest_start(&g);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    fixture_poke(&g.b, VA + 8, 0x11223344);
    g_assert_cmphex(((uint32_t *)fixture_ram(&g.b, PAGE_A))[2], ==, 0x11223344);
    g_assert_cmphex(fixture_peek(&g.b, VA + 0x1000), ==, FAULTED);
    guest_end(&g);
}

static void test_bypass_abort(void)
{
    struct guest g;

    guest_start(&g);
    g_assert_cmphex(fixture_peek(&g.b, PAGE_A), ==, FAULTED);
    g_assert_cmpint(fixture_ste(&g.b, STE_BYPASS, 0, &g.hwpt), ==, 0);
    g_assert_cmphex(fixture_peek(&g.b, PAGE_A), ==, VALUE_A);
    g_assert_cmpint(fixture_ste(&g.b, STE_ABORT, 0, &g.hwpt), ==, 0);
    g_assert_cmphex(fixture_peek(&g.b, PAGE_A), ==, NO_WRITE);
    g_assert_cmpint(fixture_ste(&g.b, 0, 0, &g.hwpt), ==, 0);
    g_assert_cmphex(fixture_peek(&g.b, PAGE_A), ==, NO_WRITE);
    guest_end(&g);
}

static void test_permissions(void)
{
    struct guest g;
    uint64_t *pte;

    guest_start(&g);
    pte = fixture_leaf(&g.b, g.table, VA);
    fixture_map(&g.b, g.table, VA, PAGE_A, PTE_PAGE | PTE_READONLY);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    fixture_poke(&g.b, VA, 1);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    *pte &= ~PTE_AF;
    invalidate(&g, CMD_TLBI_NH_ASID | CMD_ASID(ASID), 0);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, FAULTED);
    *pte = (PAGE_A | PTE_PAGE) & ~PTE_TABLE;     /* reserved at this level */
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, FAULTED);
    fixture_map(&g.b, g.table, VA, PAGE_A, PTE_PAGE);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    guest_end(&g);
}

/* Each of @cmds leaves the stale entry (@gone = false), or takes it away */
static void check_command(struct guest *g, uint64_t dword0, uint64_t dword1,
                          bool gone)
{
    invalidate(g, CMD_TLBI_NH_ALL, 0);
    fixture_map(&g->b, g->table, VA, PAGE_A, PTE_PAGE);
    g_assert_cmphex(fixture_peek(&g->b, VA), ==, VALUE_A);
    fixture_map(&g->b, g->table, VA, PAGE_B, PTE_PAGE);
    g_assert_cmphex(fixture_peek(&g->b, VA), ==, VALUE_A); /* stale */
    invalidate(g, dword0, dword1);
    g_assert_cmphex(fixture_peek(&g->b, VA), ==, gone ? VALUE_B : VALUE_A);
}

static void test_tlbi(void)
{
    struct guest g;

    guest_start(&g);
    check_command(&g, CMD_TLBI_NSNH_ALL, 0, true);
    check_command(&g, CMD_TLBI_NH_ALL, 0, true);
    check_command(&g, CMD_TLBI_NH_ASID | CMD_ASID(ASID), 0, true);
    check_command(&g, CMD_TLBI_NH_ASID | CMD_ASID(ASID + 1), 0, false);
    check_command(&g, CMD_TLBI_NH_VA | CMD_ASID(ASID), VA, true);
    check_command(&g, CMD_TLBI_NH_VA | CMD_ASID(ASID), VA | CFGI_LEAF, true);
    check_command(&g, CMD_TLBI_NH_VA | CMD_ASID(ASID + 1), VA, false);
    check_command(&g, CMD_TLBI_NH_VA | CMD_ASID(ASID), VA + 0x1000, false);
    check_command(&g, CMD_TLBI_NH_VAA, VA, true);
    guest_end(&g);
}

static void test_tlbi_range(void)
{
    const uint64_t one = CMD_TLBI_NH_VA | CMD_ASID(ASID);
    struct guest g;

    guest_start(&g);
    check_command(&g, one, VA | CMD_TG(12) | CMD_TTL(3), true);
    check_command(&g, one | CMD_RANGE(3, 0), (VA - 0x3000) | CMD_TG(12), true);
    check_command(&g, one | CMD_RANGE(2, 0), (VA - 0x3000) | CMD_TG(12), false);
    check_command(&g, one | CMD_RANGE(1, 1), (VA - 0x3000) | CMD_TG(12), true);
    guest_end(&g);
}

/*
 * A block of 2 MiB, of which a command names any page. The emulated SMMU of a
 * host remembers it in pieces, as small as stage 2 has them.
 */
static void test_block(void)
{
    const uint64_t va = 0x40000000, ipa = RAM_IOVA + 0x400000;
    struct guest g;
    uint64_t *entry, l2, any;

    guest_start(&g);
    any = g.b.model ? 0x15000 : 0x12000;
    l2 = fixture_table(&g.b);
    entry = (uint64_t *)fixture_ram(&g.b, g.table) + (0x80000000ull >> 30);
    *entry = l2 | PTE_TO_TABLE;
    entry = (uint64_t *)fixture_ram(&g.b, l2);
    *entry = ipa | PTE_BLOCK;
    put(&g.b, ipa + 0x12340, VALUE_A);
    put(&g.b, ipa + 0x200000 + 0x12340, VALUE_B);
    g_assert_cmphex(fixture_peek(&g.b, 2 * va + 0x12340), ==, VALUE_A);
    *entry += 0x200000;
    g_assert_cmphex(fixture_peek(&g.b, 2 * va + 0x12340), ==, VALUE_A);
    invalidate(&g, CMD_TLBI_NH_VA | CMD_ASID(ASID), (2 * va + any) | CFGI_LEAF);
    g_assert_cmphex(fixture_peek(&g.b, 2 * va + 0x12340), ==, VALUE_B);
    guest_end(&g);
}

/* A context descriptor is kept as well, until CMD_CFGI_CD or a new STE */
static void test_cd(void)
{
    struct guest g;
    uint64_t other;

    guest_start(&g);
    other = fixture_table(&g.b);
    fixture_map(&g.b, other, VA, PAGE_B, PTE_PAGE);
    fixture_map(&g.b, other, SCRATCH, SCRATCH, PTE_PAGE);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    fixture_cd(&g.b, 0, ASID + 1, other);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    invalidate(&g, CMD_CFGI_CD | CMD_SID(VSID), CFGI_LEAF);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_B);

    fixture_cd(&g.b, 0, ASID, g.table);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_B);
    invalidate(&g, CMD_CFGI_CD_ALL | CMD_SID(VSID), 0);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);

    /* the kernel invalidates an STE only when it changes */
    fixture_cd(&g.b, 0, ASID + 1, other);
    g_assert_cmpint(fixture_ste(&g.b, STE_S1, 0, &g.hwpt), ==, 0);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    g_assert_cmpint(fixture_ste(&g.b, STE_S1, FIELD_PREP(STE1_S1COR, 1),
                                &g.hwpt), ==, 0);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_B);
    guest_end(&g);
}

/* Detaching and coming back: the TLB is tagged, and nobody clears it */
static void test_tlb_survives(void)
{
    struct guest g;

    guest_start(&g);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    fixture_map(&g.b, g.table, VA, PAGE_B, PTE_PAGE);
    g_assert_cmpint(fixture_ste(&g.b, STE_BYPASS, 0, &g.hwpt), ==, 0);
    g_assert_cmpint(fixture_ste(&g.b, STE_S1, 0, &g.hwpt), ==, 0);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    invalidate(&g, CMD_TLBI_NSNH_ALL, 0);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_B);
    guest_end(&g);
}

/* Stage 2 goes under the guest's feet; the kernel cleans up after itself */
static void test_stage2(void)
{
    const uint64_t va = 0x77000, ipa = 0x200000000ull;
    struct guest g;

    guest_start(&g);
    put(&g.b, RAM_IOVA + RAM_SIZE - 0x1000, VALUE_B);
    g_assert_cmpint(io_map(&g.b, g.b.ioas, ipa, g.b.ram + RAM_SIZE - 0x1000,
                           0x1000, false),
                    ==, 0);
    fixture_map(&g.b, g.table, va, ipa, PTE_PAGE);
    g_assert_cmphex(fixture_peek(&g.b, va), ==, VALUE_B);
    fixture_poke(&g.b, va, 1);    /* read only in stage 2 */
    g_assert_cmphex(fixture_peek(&g.b, va), ==, VALUE_B);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A);
    fixture_map(&g.b, g.table, VA, PAGE_B, PTE_PAGE);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_A); /* stale */
    g_assert_cmpint(io_unmap(&g.b, g.b.ioas, ipa, 0x1000), ==, 0);
    g_assert_cmphex(fixture_peek(&g.b, va), ==, FAULTED);
    /* a change of the nesting parent takes all of stage 1 along */
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, VALUE_B);
    guest_end(&g);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/smmu/translate", test_translate);
    g_test_add_func("/smmu/bypass-abort", test_bypass_abort);
    g_test_add_func("/smmu/permissions", test_permissions);
    g_test_add_func("/smmu/tlbi", test_tlbi);
    g_test_add_func("/smmu/tlbi-range", test_tlbi_range);
    g_test_add_func("/smmu/block", test_block);
    g_test_add_func("/smmu/cd", test_cd);
    g_test_add_func("/smmu/tlb-survives", test_tlb_survives);
    g_test_add_func("/smmu/stage2", test_stage2);
    return g_test_run();
}
