/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the SMMU itself tells something: CMD_SYNC that completes in memory
 * (IDR0.MSI, of an accelerated SMMU unless msi=off), its interrupts as MSIs,
 * and the event queue. An emulated SMMU writes nothing unless msi=on.
 */
#include "qemu/osdep.h"
#include "pci.h"
#include "smmu.h"

#define TARGET  (VIRT_RAM + 0x10000)
#define CANARY  0x5aa5c33c
#define DATA    0x12345678
#define EVENTS  (VIRT_RAM + 0x20000)
#define EVENT_SIZE 32
#define C_BAD_STREAMID 2

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

    /* not asked for */
    smmu_queue(&smmu, CMD_SYNC | CMD_SYNC_DATA(DATA), TARGET);
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

/* A command that was not reached is not told to be complete */
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

/* The write fails: GERROR tells, and the queue goes on */
static void test_sync_abort(const void *args)
{
    Smmu smmu = start(args);

    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), SMMU_NOWHERE);
    smmu_queue(&smmu, CMD_SYNC_IRQ | CMD_SYNC_DATA(DATA), TARGET);
    smmu_ring(&smmu);
    assert_done(&smmu);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GERROR), ==, GERROR_MSI_CMDQ);
    g_assert_cmphex(target(&smmu), ==, DATA);

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
    qtest_writel(edu->qts, VIRT_PCI_MMIO + 0x60, 1);
}

static void assert_event(QTestState *qts, unsigned index, uint32_t sid)
{
    uint64_t entry = EVENTS + index * EVENT_SIZE;

    g_assert_cmphex(qtest_readl(qts, entry) & 0xff, ==, C_BAD_STREAMID);
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

static void test_eventq_msi(const void *args)
{
    Smmu smmu = start(args);
    PciFunction edu = { smmu.qts, 0, PCI_SLOT_DEVFN(3) };

    pci_enable(&edu, VIRT_PCI_MMIO);
    pci_enable_msi(&edu, TARGET + 4, 1);
    qtest_writeq(smmu.qts, smmu.base + SMMU_EVENTQ_BASE, EVENTS | 2);
    qtest_writeq(smmu.qts, smmu.base + SMMU_EVENTQ_CFG0, TARGET);
    smmu_write(&smmu, SMMU_EVENTQ_CFG1, DATA);
    smmu_write(&smmu, SMMU_IRQ_CTRL, IRQ_EVENTQ);
    smmu_write(&smmu, SMMU_CR0, CR0_SMMUEN | CR0_EVENTQEN);
    event(&edu);
    assert_event(smmu.qts, 0, 3 << 3);
    g_assert_cmphex(target(&smmu), ==, DATA);
    qtest_quit(smmu.qts);
}

/* The event queue's MSI may ring the command queue, and that is all */
static void test_eventq_to_self(const void *args)
{
    Smmu smmu = start(args);
    PciFunction edu = { smmu.qts, 0, PCI_SLOT_DEVFN(3) };

    pci_enable(&edu, VIRT_PCI_MMIO);
    pci_enable_msi(&edu, TARGET, 1);
    smmu_queue(&smmu, CMD_SYNC, 0);
    qtest_writeq(smmu.qts, smmu.base + SMMU_EVENTQ_BASE, EVENTS | 2);
    qtest_writeq(smmu.qts, smmu.base + SMMU_EVENTQ_CFG0,
                 smmu.base + SMMU_CMDQ_PROD);
    smmu_write(&smmu, SMMU_EVENTQ_CFG1, smmu.prod);
    smmu_write(&smmu, SMMU_IRQ_CTRL, IRQ_EVENTQ);
    smmu_write(&smmu, SMMU_CR0, CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN);
    event(&edu);
    assert_event(smmu.qts, 0, 3 << 3);
    assert_done(&smmu);
    qtest_quit(smmu.qts);
}

#define MSI_ON EMULATED_SMMU ",msi=on"
#define EDU " -device edu,bus=pcie.0,addr=3"

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    g_test_add_data_func("/signal/sync/accelerated", ACCEL_SMMU, test_sync);
    g_test_add_data_func("/signal/sync/msi-on", MSI_ON, test_sync);
    g_test_add_data_func("/signal/no-sync/msi-off", ACCEL_SMMU ",msi=off",
                         test_no_sync);
    g_test_add_data_func("/signal/no-sync/emulated", EMULATED_SMMU,
                         test_no_sync);
    g_test_add_data_func("/signal/sync-in-place/accelerated", ACCEL_SMMU,
                         test_sync_in_place);
    g_test_add_data_func("/signal/sync-after-error/accelerated", ACCEL_SMMU,
                         test_sync_after_error);
    g_test_add_data_func("/signal/sync-abort/accelerated", ACCEL_SMMU,
                         test_sync_abort);
    g_test_add_data_func("/signal/sync-abort/msi-on", MSI_ON, test_sync_abort);
    g_test_add_data_func("/signal/sync-to-self/accelerated", ACCEL_SMMU,
                         test_sync_to_self);
    g_test_add_data_func("/signal/sync-to-self/msi-on", MSI_ON,
                         test_sync_to_self);
    g_test_add_data_func("/signal/gerror/accelerated", ACCEL_SMMU,
                         test_gerror);
    g_test_add_data_func("/signal/gerror/msi-on", MSI_ON, test_gerror);
    g_test_add_data_func("/signal/events/emulated", EMULATED_SMMU EDU,
                         test_events);
    g_test_add_data_func("/signal/events/msi-on", MSI_ON EDU, test_events);
    g_test_add_data_func("/signal/eventq-msi/msi-on", MSI_ON EDU,
                         test_eventq_msi);
    g_test_add_data_func("/signal/eventq-to-self/msi-on", MSI_ON EDU,
                         test_eventq_to_self);
    return g_test_run();
}
