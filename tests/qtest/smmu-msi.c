/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the SMMU itself signals: CMD_SYNC that completes in memory (IDR0.MSI,
 * of an accelerated SMMU unless msi=off), its interrupts, wired and as MSIs,
 * and the event queue of an emulated SMMU, which never writes an MSI.
 */
#include "qemu/osdep.h"
#include "edu-registers.h"
#include "pci.h"
#include "smmu.h"

#define TARGET  (VIRT_RAM + 0x10000)
#define CANARY  0x5aa5c33c
#define DATA    0x12345678
#define EVENTS  (VIRT_RAM + 0x20000)
#define GERROR_TARGET (TARGET + 8)

/* Interrupts of the first device on virt's platform bus, after 32 of the CPU */
#define GICD           0x8000000ull
#define GICD_ISPENDR   (GICD + 0x200)
#define GICD_ICPENDR   (GICD + 0x280)
#define GICD_ICFGR     (GICD + 0xc00)
#define INTID(output)  (32 + 112 + (output))
#define OUT_CMD_SYNC   2
#define OUT_GERROR     3

/* An edge-triggered interrupt stays pending after a pulse */
static void wire_expect(const Smmu *smmu)
{
    /* two bits for an interrupt: 2 is edge-triggered */
    qtest_writel(smmu->qts, GICD_ICFGR + INTID(0) / 16 * 4, 0xaaaaaaaa);
}

static bool wire_take(const Smmu *smmu, unsigned output)
{
    unsigned reg = INTID(output) / 32 * 4;
    uint32_t bit = 1u << INTID(output) % 32;
    bool pending = qtest_readl(smmu->qts, GICD_ISPENDR + reg) & bit;

    qtest_writel(smmu->qts, GICD_ICPENDR + reg, bit);
    return pending;
}

static Smmu start(const void *args)
{
    Smmu smmu = smmu_start(args);

    smmu_start_queue(&smmu, 3);
    qtest_writel(smmu.qts, TARGET, CANARY);
    return smmu;
}

static uint32_t target(const Smmu *smmu)
{
    return qtest_readl(smmu->qts, TARGET);
}

static void assert_done(const Smmu *smmu)
{
    g_assert_cmphex(smmu_read(smmu, SMMU_CMDQ_CONS), ==, smmu->prod);
}

static void test_sync(const void *args)
{
    Smmu smmu = start(args);

    /* not asked for: no signal, and an event for the CPUs (SEV) */
    smmu_queue(&smmu, CMD_SYNC | CMD_SYNC_DATA(DATA), TARGET);
    smmu_queue(&smmu, CMD_SYNC_SEV | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    assert_done(&smmu);
    g_assert_cmphex(target(&smmu), ==, CANARY);

    smmu_queue(&smmu, CMD_TLBI_NSNH_ALL, 0);
    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    assert_done(&smmu);
    g_assert_cmphex(target(&smmu), ==, DATA);
    qtest_quit(smmu.qts);
}

static void test_no_sync(const void *args)
{
    Smmu smmu = start(args);

    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    assert_done(&smmu);
    g_assert_cmphex(target(&smmu), ==, CANARY);
    qtest_quit(smmu.qts);
}

/* As Linux does it: 0 over the command itself, around the queue twice */
static void test_sync_in_place(const void *args)
{
    Smmu smmu = start(args);

    for (unsigned i = 0; i < 16; i++) {
        uint64_t entry = SMMU_QUEUE + i % 8 * 16;

        smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(0), entry);
        smmu_ring(&smmu);
        assert_done(&smmu);
        g_assert_cmphex(qtest_readl(smmu.qts, entry), ==, 0);
    }
    qtest_quit(smmu.qts);
}

/* A command that was not reached is not reported as complete */
static void test_sync_after_error(const void *args)
{
    Smmu smmu = start(args);

    smmu_queue(&smmu, CMD_ILLEGAL, 0);
    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    g_assert_cmphex(target(&smmu), ==, CANARY);

    qtest_writeq(smmu.qts, SMMU_QUEUE, CMD_SYNC);
    smmu_write(&smmu, SMMU_GERRORN, smmu_read(&smmu, SMMU_GERROR));
    g_assert_cmphex(target(&smmu), ==, DATA);
    qtest_quit(smmu.qts);
}

/* The wired output is pulsed as well, whether or not there is an MSI */
static void test_sync_wired(const void *args)
{
    Smmu smmu = start(args);

    wire_expect(&smmu);
    g_assert_false(wire_take(&smmu, OUT_CMD_SYNC));
    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    g_assert_true(wire_take(&smmu, OUT_CMD_SYNC));
    smmu_queue(&smmu, CMD_SYNC_IRQ, 0);
    smmu_ring(&smmu);
    g_assert_true(wire_take(&smmu, OUT_CMD_SYNC));
    smmu_queue(&smmu, CMD_SYNC | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    g_assert_false(wire_take(&smmu, OUT_CMD_SYNC));
    qtest_quit(smmu.qts);
}

/* Of the four values of CS, 3 is reserved: nothing is written */
static void test_sync_reserved(const void *args)
{
    Smmu smmu = start(args);

    smmu_queue(&smmu, CMD_SYNC | 3u << 12 | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    smmu_assert_error(&smmu, 0, CERROR_ILL);
    g_assert_cmphex(target(&smmu), ==, CANARY);
    smmu_repair(&smmu, 0);
    qtest_quit(smmu.qts);
}

/* The write fails: GERROR reports it by its interrupt, and the queue goes on */
static void test_sync_abort(const void *args)
{
    Smmu smmu = start(args);

    wire_expect(&smmu);
    smmu_write(&smmu, SMMU_IRQ_CTRL, IRQ_GERROR);
    qtest_writeq(smmu.qts, smmu.base + SMMU_GERROR_CFG0, GERROR_TARGET);
    smmu_write(&smmu, SMMU_GERROR_CFG1, DATA);
    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), SMMU_NOWHERE);
    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    assert_done(&smmu);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GERROR), ==, GERROR_MSI_CMDQ);
    g_assert_cmphex(target(&smmu), ==, DATA);
    g_assert_cmphex(qtest_readl(smmu.qts, GERROR_TARGET), ==, DATA);
    g_assert_true(wire_take(&smmu, OUT_GERROR));

    /* a second one before the first is acknowledged does not hide it */
    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), SMMU_NOWHERE);
    smmu_ring(&smmu);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GERROR), ==, GERROR_MSI_CMDQ);
    qtest_quit(smmu.qts);
}

/* An MSI to the SMMU's own registers must not run the queue within itself */
static void test_sync_to_self(const void *args)
{
    Smmu smmu = start(args);

    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(5),
               smmu.base + SMMU_CMDQ_PROD);
    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    assert_done(&smmu);
    g_assert_cmphex(smmu_read(&smmu, SMMU_CMDQ_PROD), ==, smmu.prod);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GERROR), ==, GERROR_MSI_CMDQ);
    g_assert_cmphex(target(&smmu), ==, DATA);
    qtest_quit(smmu.qts);
}

/* The global error interrupt as an MSI, if it is enabled */
static void test_gerror(const void *args)
{
    Smmu smmu = start(args);

    qtest_writeq(smmu.qts, smmu.base + SMMU_GERROR_CFG0, TARGET);
    smmu_write(&smmu, SMMU_GERROR_CFG1, DATA);
    smmu_queue(&smmu, CMD_ILLEGAL, 0);
    smmu_ring(&smmu);
    g_assert_cmphex(target(&smmu), ==, CANARY);

    qtest_writeq(smmu.qts, SMMU_QUEUE, CMD_SYNC);
    smmu_write(&smmu, SMMU_GERRORN, smmu_read(&smmu, SMMU_GERROR));
    smmu_write(&smmu, SMMU_IRQ_CTRL, IRQ_GERROR);
    smmu_queue(&smmu, CMD_ILLEGAL, 0);
    smmu_ring(&smmu);
    g_assert_cmphex(target(&smmu), ==, DATA);
    qtest_quit(smmu.qts);
}

/*
 * Events of an emulated SMMU: each MSI that edu sends is an event, as there is
 * no stream table. The queue wraps, and takes no more when it is full.
 */
static void event(const PciFunction *edu)
{
    qtest_writel(edu->qts, VIRT_PCI_MMIO + EDU_IRQ_RAISE, 1);
}

static void assert_event(QTestState *qts, unsigned index, uint32_t sid)
{
    uint64_t entry = EVENTS + index * EVENT_SIZE;

    g_assert_cmphex(qtest_readl(qts, entry) & 0xff, ==, EVENT_C_BAD_STREAMID);
    g_assert_cmphex(qtest_readl(qts, entry + 4), ==, sid);
    qtest_writel(qts, entry, 0);
}

static void test_events(const void *args)
{
    Smmu smmu = start(args);
    PciFunction edu = { smmu.qts, 0, PCI_SLOT_DEVFN(3) };
    uint32_t next = 0;

    pci_enable(&edu, VIRT_PCI_MMIO);
    pci_enable_msi(&edu, TARGET, 1);
    qtest_writeq(smmu.qts, smmu.base + SMMU_EVENTQ_BASE, EVENTS | 2);
    smmu_write(&smmu, SMMU_CR0, CR0_SMMUEN | CR0_EVENTQEN);
    for (; next < 10; next++) {
        g_assert_cmphex(smmu_read(&smmu, SMMU_EVENTQ_PROD), ==, next % 8);
        event(&edu);
        assert_event(smmu.qts, next % 4, 3 << 3);
        smmu_write(&smmu, SMMU_EVENTQ_CONS, (next + 1) % 8);
    }
    for (unsigned i = 0; i < 4; i++, next++) {
        event(&edu);
    }
    g_assert_cmphex(smmu_read(&smmu, SMMU_EVENTQ_PROD), ==, next % 8);
    event(&edu);
    g_assert_cmphex(smmu_read(&smmu, SMMU_EVENTQ_PROD) & 7, ==, next % 8);
    g_assert_cmphex(target(&smmu), ==, CANARY);
    qtest_quit(smmu.qts);
}

#define EDU " -device edu,bus=pcie.0,addr=3"

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    base_data_test("/smmu-msi/sync/accelerated", ACCEL_SMMU, test_sync);
    base_data_test("/smmu-msi/no-sync/msi-off", ACCEL_SMMU ",msi=off",
                   test_no_sync);
    base_data_test("/smmu-msi/no-sync/emulated", EMULATED_SMMU,
                   test_no_sync);
    base_data_test("/smmu-msi/sync-in-place/accelerated", ACCEL_SMMU,
                   test_sync_in_place);
    base_data_test("/smmu-msi/sync-after-error/accelerated", ACCEL_SMMU,
                   test_sync_after_error);
    base_data_test("/smmu-msi/sync-wired/accelerated", ACCEL_SMMU,
                   test_sync_wired);
    base_data_test("/smmu-msi/sync-reserved/accelerated", ACCEL_SMMU,
                   test_sync_reserved);
    base_data_test("/smmu-msi/sync-abort/accelerated", ACCEL_SMMU,
                   test_sync_abort);
    base_data_test("/smmu-msi/sync-to-self/accelerated", ACCEL_SMMU,
                   test_sync_to_self);
    base_data_test("/smmu-msi/gerror/accelerated", ACCEL_SMMU,
                   test_gerror);
    base_data_test("/smmu-msi/events/emulated", EMULATED_SMMU EDU,
                   test_events);
    return g_test_run();
}
