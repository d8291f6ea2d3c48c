/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "gic.h"

/* GICv3 of -machine virt: ITS, and the redistributor of the only CPU */
#define ITS           0x08080000ull
#define GITS_CTLR     (ITS + 0x0)
#define GITS_CBASER   (ITS + 0x80)
#define GITS_CWRITER  (ITS + 0x88)
#define GITS_CREADR   (ITS + 0x90)
#define GITS_BASER(n) (ITS + 0x100 + (n) * 8)
#define REDIST        0x080a0000ull
#define GICR_CTLR     (REDIST + 0x0)
#define GICR_PROPBASER (REDIST + 0x70)
#define GICR_PENDBASER (REDIST + 0x78)

#define VALID         (1ull << 63)
#define BASER_TYPE(x) ((x) >> 56 & 7)
#define BASER_64K     (2ull << 8)
#define FIRST_LPI     8192
#define ID_BITS       14     /* of interrupt numbers */
#define LPI_ENABLED   0xa1   /* and its priority */
#define COLLECTION    0

#define ITS_MAPD      0x08
#define ITS_MAPC      0x09
#define ITS_MAPTI     0x0a
#define COMMAND_SIZE  32

#define V2M_TYPER     (VIRT_V2M_DOORBELL - 0x40 + 8)
#define GICD_ICPENDR  0x280
#define GICD_ISPENDR  0x200
#define GICD_ICFGR    0xc00

/* 64K pages: 16 bits of DeviceIDs, in entries of at most 16 bytes */
#define TABLE_PAGES   16
#define TABLE_SIZE    (TABLE_PAGES * 0x10000ull)

static void command(Gic *gic, uint64_t word0, uint64_t word1, uint64_t word2)
{
    QTestState *qts = gic->ram->qts;
    uint64_t entry = gic->commands + gic->writer;

    qtest_writeq(qts, entry, word0);
    qtest_writeq(qts, entry + 8, word1);
    qtest_writeq(qts, entry + 16, word2);
    gic->writer += COMMAND_SIZE;
    qtest_writeq(qts, GITS_CWRITER, gic->writer);
    g_assert_cmphex(qtest_readq(qts, GITS_CREADR), ==, gic->writer);
}

static void init_redistributor(Gic *gic)
{
    QTestState *qts = gic->ram->qts;
    uint64_t config = ram_alloc(gic->ram, 0x10000, 0x10000);

    gic->pending = ram_alloc(gic->ram, 0x10000, 0x10000);
    qtest_memset(qts, config, LPI_ENABLED, GIC_EVENTS);
    qtest_writeq(qts, GICR_PROPBASER, config | (ID_BITS - 1));
    qtest_writeq(qts, GICR_PENDBASER, gic->pending);
    qtest_writel(qts, GICR_CTLR, 1);
}

static void init_its(Gic *gic, uint32_t device_id)
{
    QTestState *qts = gic->ram->qts;
    uint64_t itt = ram_alloc(gic->ram, 0x1000, 0x1000);

    gic->doorbell = VIRT_ITS_DOORBELL;
    gic->first = FIRST_LPI;
    init_redistributor(gic);
    for (unsigned i = 0; i < 8; i++) {
        if (BASER_TYPE(qtest_readq(qts, GITS_BASER(i)))) {
            qtest_writeq(qts, GITS_BASER(i), VALID | BASER_64K |
                         (TABLE_PAGES - 1) |
                         ram_alloc(gic->ram, TABLE_SIZE, 0x10000));
        }
    }
    gic->commands = ram_alloc(gic->ram, 0x1000, 0x10000);
    qtest_writeq(qts, GITS_CBASER, VALID | gic->commands);
    qtest_writel(qts, GITS_CTLR, 1);

    command(gic, ITS_MAPC, 0, VALID | COLLECTION);
    command(gic, ITS_MAPD | (uint64_t)device_id << 32, 4, VALID | itt);
    for (uint64_t n = 0; n < GIC_EVENTS; n++) {
        command(gic, ITS_MAPTI | (uint64_t)device_id << 32,
                n | (FIRST_LPI + n) << 32, COLLECTION);
    }
}

static void init_v2m(Gic *gic)
{
    QTestState *qts = gic->ram->qts;

    gic->doorbell = VIRT_V2M_DOORBELL;
    gic->first = qtest_readl(qts, V2M_TYPER) >> 16 & 0x3ff;
    /* edges stay pending */
    for (unsigned i = 0; i < GIC_EVENTS + 16; i += 16) {
        qtest_writel(qts, VIRT_GICD + GICD_ICFGR + (gic->first + i) / 16 * 4,
                     0xaaaaaaaa);
    }
}

Gic gic_init(Ram *ram, bool v2m, uint32_t device_id)
{
    Gic gic = { .ram = ram, .v2m = v2m };

    if (v2m) {
        init_v2m(&gic);
    } else {
        init_its(&gic, device_id);
    }
    return gic;
}

uint32_t gic_data(const Gic *gic, unsigned n)
{
    return gic->v2m ? gic->first + n : n;
}

/* Writes only what it saw pending: the next interrupt may come in between. */
bool gic_take(const Gic *gic, unsigned n)
{
    QTestState *qts = gic->ram->qts;
    uint32_t irq = gic->first + n;
    uint64_t byte = gic->pending + irq / 8;
    uint8_t bits;

    if (gic->v2m) {
        uint32_t bit = 1u << irq % 32;
        uint64_t set = VIRT_GICD + GICD_ISPENDR + irq / 32 * 4;

        if (!(qtest_readl(qts, set) & bit)) {
            return false;
        }
        qtest_writel(qts, VIRT_GICD + GICD_ICPENDR + irq / 32 * 4, bit);
        return true;
    }
    bits = qtest_readb(qts, byte);
    if (!(bits & 1u << irq % 8)) {
        return false;
    }
    qtest_writeb(qts, byte, bits & ~(1u << irq % 8));
    return true;
}
