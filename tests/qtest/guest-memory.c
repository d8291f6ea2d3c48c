/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "guest-memory.h"

void ram_init(Ram *ram, QTestState *qts)
{
    ram->qts = qts;
    ram->next = RAM_POOL;
}

uint64_t ram_alloc(Ram *ram, uint64_t size, uint64_t align)
{
    uint64_t address = ROUND_UP(ram->next, align);

    g_assert_cmphex(address + size, <=, RAM_END);
    ram->next = address + size;
    qtest_memset(ram->qts, address, 0, size);
    return address;
}

PageTable pt_new(Ram *ram, unsigned log2page, unsigned va_bits)
{
    uint64_t page = 1ull << log2page;

    return (PageTable) { ram, log2page, va_bits, ram_alloc(ram, page, page) };
}

uint64_t pt_page(const PageTable *pt)
{
    return 1ull << pt->log2page;
}

uint64_t pt_block(const PageTable *pt)
{
    return 1ull << (2 * pt->log2page - 3);
}

/* Returns: where the descriptor of @level for @iova is */
static uint64_t descriptor(const PageTable *pt, uint64_t iova, unsigned level)
{
    unsigned stride = pt->log2page - 3;
    unsigned at = 4 - DIV_ROUND_UP(pt->va_bits - pt->log2page, stride);
    uint64_t table = pt->root, entry, index, next;

    for (;; at++) {
        index = extract64(iova, pt->log2page + (3 - at) * stride, stride);
        entry = table + index * 8;
        if (at == level) {
            return entry;
        }
        next = qtest_readq(pt->ram->qts, entry);
        if (!(next & PTE_VALID)) {
            next = ram_alloc(pt->ram, pt_page(pt), pt_page(pt)) | PTE_TO_TABLE;
            qtest_writeq(pt->ram->qts, entry, next);
        }
        g_assert_cmphex(next & 3, ==, PTE_TO_TABLE);
        table = next & PTE_ADDRESS;
    }
}

void pt_map_level(const PageTable *pt, uint64_t iova, uint64_t address,
                  unsigned level)
{
    qtest_writeq(pt->ram->qts, descriptor(pt, iova, level),
                 address | (level == 3 ? PTE_PAGE : PTE_BLOCK));
}

void pt_map(const PageTable *pt, uint64_t iova, uint64_t address)
{
    pt_map_level(pt, iova, address, 3);
}

void pt_map_readonly(const PageTable *pt, uint64_t iova, uint64_t address)
{
    pt_map(pt, iova, address | PTE_READONLY);
}

void pt_unmap(const PageTable *pt, uint64_t iova)
{
    qtest_writeq(pt->ram->qts, descriptor(pt, iova, 3), 0);
}

void cd_set(Ram *ram, uint64_t cd, const PageTable *pt, uint16_t asid)
{
    qtest_writeq(ram->qts, cd + 8, pt->root);
    qtest_writeq(ram->qts, cd + 24, CD_MAIR);
    qtest_writeq(ram->qts, cd, FIELD_PREP(CD0_T0SZ, 64 - pt->va_bits) |
                 CD_TG0(pt->log2page) | CD_VALID | CD_IPS(4) | CD_ASID(asid));
}

uint64_t cd_new(Ram *ram, const PageTable *pt, uint16_t asid)
{
    uint64_t cd = ram_alloc(ram, CD_SIZE, CD_SIZE);

    cd_set(ram, cd, pt, asid);
    return cd;
}

void cd_clear(Ram *ram, uint64_t cd)
{
    qtest_writeq(ram->qts, cd, 0);
}

StreamTable strtab_new(Ram *ram, unsigned log2size, unsigned split)
{
    uint64_t size = split ? 8ull << MAX(log2size - split, 3)
                          : (uint64_t)STE_SIZE << log2size;

    return (StreamTable) { ram, ram_alloc(ram, size, size), log2size, split };
}

void strtab_install(const StreamTable *table, const Smmu *smmu)
{
    qtest_writeq(smmu->qts, smmu->base + SMMU_STRTAB_BASE, table->base);
    smmu_write(smmu, SMMU_STRTAB_CFG, table->log2size | table->split << 6 |
               !!table->split << 16);
}

/* Returns: the address of the STE, of whose second level there is one then */
static uint64_t ste_address(const StreamTable *table, uint32_t sid)
{
    Ram *ram = table->ram;
    uint64_t entry, level2;

    g_assert_cmphex(sid >> table->log2size, ==, 0);
    if (!table->split) {
        return table->base + (uint64_t)sid * STE_SIZE;
    }
    entry = table->base + (sid >> table->split) * 8;
    level2 = qtest_readq(ram->qts, entry) & MAKE_64BIT_MASK(6, 46);
    if (!level2) {
        uint64_t size = (uint64_t)STE_SIZE << table->split;

        level2 = ram_alloc(ram, size, size);
        qtest_writeq(ram->qts, entry, level2 | (table->split + 1));
    }
    return level2 + (sid & ((1u << table->split) - 1)) * STE_SIZE;
}

void strtab_set(const StreamTable *table, uint32_t sid, uint64_t dword0,
                uint64_t dword1)
{
    uint64_t ste = ste_address(table, sid);

    qtest_writeq(table->ram->qts, ste + 8, dword1);
    qtest_writeq(table->ram->qts, ste, dword0);
}

void strtab_drop_level2(const StreamTable *table, uint32_t sid)
{
    g_assert_cmpuint(table->split, !=, 0);
    qtest_writeq(table->ram->qts, table->base + (sid >> table->split) * 8, 0);
}

void strtab_set_stage1(const StreamTable *table, uint32_t sid, uint64_t cd)
{
    strtab_set(table, sid, STE_STAGE1 | cd, STE1_ATTRS);
}
