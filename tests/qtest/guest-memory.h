/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory: its allocation, and what a guest's SMMU driver has in it:
 * stream table, context descriptors and page tables. Nothing here notifies
 * the SMMU of a change: a test in which one has to take effect sends the
 * command, one that looks for stale translations does not.
 */
#ifndef TESTS_QTEST_GUEST_MEMORY_H
#define TESTS_QTEST_GUEST_MEMORY_H

#include "smmu.h"

/* --- RAM --------------------------------------------------------------- */

/*
 * Guest RAM for tables and buffers: handed out from RAM_POOL upwards, never
 * freed. What is below belongs to the queues (smmu.h) and to fw_cfg.
 */
#define RAM_POOL (VIRT_RAM + 0x1000000)
#define RAM_END  (VIRT_RAM + 0x8000000)   /* -m 128 */

typedef struct Ram {
    QTestState *qts;
    uint64_t next;
} Ram;

void ram_init(Ram *ram, QTestState *qts);

/* Returns: the address of @size bytes of zeros, aligned to @align. */
uint64_t ram_alloc(Ram *ram, uint64_t size, uint64_t align);

#define PAGE_4K  0x1000ULL
#define PAGE_64K 0x10000ULL

/* --- page tables ---------------------------------------------------- */

typedef struct PageTable {
    Ram *ram;
    unsigned log2page;   /* 12, 14 or 16 */
    unsigned va_bits;
    uint64_t root;       /* TTB0 */
} PageTable;

/* An empty tree of 48 bits, or of @va_bits, with pages of 1 << @log2page */
PageTable pt_new(Ram *ram, unsigned log2page, unsigned va_bits);

/*
 * Maps the page or block of level @level (3: a page) at @iova to @address,
 * readable and writable. What was mapped there is replaced.
 */
void pt_map_level(const PageTable *pt, uint64_t iova, uint64_t address,
                  unsigned level);
void pt_map(const PageTable *pt, uint64_t iova, uint64_t address);
void pt_map_readonly(const PageTable *pt, uint64_t iova, uint64_t address);
void pt_unmap(const PageTable *pt, uint64_t iova);

/* The size of a page, and of a block of level 2 */
uint64_t pt_page(const PageTable *pt);
uint64_t pt_block(const PageTable *pt);

/* --- context descriptors -------------------------------------------- */

/* Returns: the address of a new CD that uses @pt. */
uint64_t cd_new(Ram *ram, const PageTable *pt, uint16_t asid);

/* Writes the CD at @cd again. */
void cd_set(Ram *ram, uint64_t cd, const PageTable *pt, uint16_t asid);

/* Makes the CD at @cd invalid. */
void cd_clear(Ram *ram, uint64_t cd);

/* --- stream table ---------------------------------------------------- */

typedef struct StreamTable {
    Ram *ram;
    uint64_t base;
    unsigned log2size;  /* in StreamIDs */
    unsigned split;     /* 0: linear */
} StreamTable;

/*
 * A table of 1 << @log2size invalid STEs; @split: 6, 8 or 10 for one of two
 * levels, whose second level is allocated as entries are written.
 */
StreamTable strtab_new(Ram *ram, unsigned log2size, unsigned split);

/* Points the SMMU's registers at it. The SMMU must be off. */
void strtab_install(const StreamTable *table, const Smmu *smmu);

/* Writes the first two dwords of an STE; the others are 0. */
void strtab_set(const StreamTable *table, uint32_t sid, uint64_t dword0,
                uint64_t dword1);

/* Takes the second level that @sid is in out of the first. */
void strtab_drop_level2(const StreamTable *table, uint32_t sid);

/* A translating STE with the one CD at @cd */
void strtab_set_stage1(const StreamTable *table, uint32_t sid, uint64_t cd);

#endif
