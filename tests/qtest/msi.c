/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the MSI of an emulated PCI function goes. Behind an accelerated SMMUv3
 * that is the doorbell of the machine's MSI controller, whatever address the
 * guest programmed; everywhere else it is that address, as ever.
 *
 * The functions: edu, whose BAR raises its interrupt, and a root port, which
 * sends one when a command to its slot is completed.
 */
#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "standard-headers/linux/pci_regs.h"
#include "edu-registers.h"
#include "pci.h"
#include "smmu.h"
#include "guest-memory.h"

/* An IOVA of the guest's, that is the address of some RAM as well */
#define IOVA    (VIRT_RAM + 0x1230000)
#define CANARY  0x5aa5c33c
#define DATA    0x1234
#define SLOT    3
#define RID     (SLOT << 3)

#define EDU     "-device edu,bus=pcie.0,addr=3"
#define ROOT_PORT "-device pcie-root-port,id=rp0,bus=pcie.0,addr=3,chassis=1"
/* the same with MSI in place of MSI-X */
#define IOH3420 "-device ioh3420,id=rp0,bus=pcie.0,addr=3,chassis=1"

#define V2M_TYPER   (VIRT_V2M_DOORBELL - 0x40 + 8)
#define GICD_ISPENDR 0x200
#define GICD_ICFGR   0xc00

static PciFunction start(const char *args)
{
    PciFunction pci = { machine_start("%s", args), 0, PCI_SLOT_DEVFN(SLOT) };

    pci_enable(&pci, VIRT_PCI_MMIO);
    qtest_writel(pci.qts, IOVA, CANARY);
    return pci;
}

static void assert_ram(QTestState *qts, uint32_t value)
{
    g_assert_cmphex(qtest_readl(qts, IOVA), ==, value);
}

static void edu_interrupt(const PciFunction *pci)
{
    qtest_writel(pci->qts, VIRT_PCI_MMIO + EDU_IRQ_RAISE, 1);
}

/* Enables the slot's interrupt, by a command that is completed at once */
static void slot_interrupt(const PciFunction *pci)
{
    unsigned cap = pci_capability(pci, PCI_CAP_ID_EXP);

    pci_writew(pci, cap + PCI_EXP_SLTCTL,
               PCI_EXP_SLTCTL_CCIE | PCI_EXP_SLTCTL_HPIE);
    g_assert_cmphex(pci_readw(pci, cap + PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_CC,
                    ==, PCI_EXP_SLTSTA_CC);
}

/* The next completion is an interrupt only if the last one was acknowledged */
static void slot_interrupt_again(const PciFunction *pci)
{
    unsigned cap = pci_capability(pci, PCI_CAP_ID_EXP);

    pci_writew(pci, cap + PCI_EXP_SLTCTL, 0);
    pci_writew(pci, cap + PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC);
    slot_interrupt(pci);
}

/* GICv2: an edge on an SPI stays pending, as no CPU takes it */
static uint32_t first_spi(QTestState *qts)
{
    uint32_t spi = qtest_readl(qts, V2M_TYPER) >> 16 & 0x3ff;

    g_assert_cmpuint(spi, >=, 32);
    for (unsigned i = 0; i < 32; i += 16) {
        qtest_writel(qts, VIRT_GICD + GICD_ICFGR + (spi + i) / 16 * 4,
                     0xaaaaaaaa);
    }
    return spi;
}

static bool spi_pending(QTestState *qts, uint32_t spi)
{
    return qtest_readl(qts, VIRT_GICD + GICD_ISPENDR + spi / 32 * 4) >>
           spi % 32 & 1;
}

/* --- as ever ------------------------------------------------------------ */

static void test_edu(const void *args)
{
    PciFunction edu = start(args);

    pci_enable_msi(&edu, IOVA, DATA);
    assert_ram(edu.qts, CANARY);
    edu_interrupt(&edu);
    assert_ram(edu.qts, DATA);
    qtest_quit(edu.qts);
}

/* GBPA says abort: the write must have gone through the emulated SMMU */
static void test_edu_aborted(void)
{
    PciFunction edu = start(EMULATED_SMMU " " EDU);
    Smmu smmu = { .qts = edu.qts, .base = VIRT_PLATFORM_BUS };

    smmu_write(&smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
    pci_enable_msi(&edu, IOVA, DATA);
    edu_interrupt(&edu);
    assert_ram(edu.qts, CANARY);
    qtest_quit(edu.qts);
}

static void test_edu_gicv2m(const void *args)
{
    PciFunction edu = start(args);
    uint32_t spi = first_spi(edu.qts);

    pci_enable_msi(&edu, VIRT_V2M_DOORBELL, spi + 1);
    edu_interrupt(&edu);
    g_assert_true(spi_pending(edu.qts, spi + 1));
    g_assert_false(spi_pending(edu.qts, spi));
    qtest_quit(edu.qts);
}

static void test_port(const void *args)
{
    PciFunction port = start(args);

    pci_enable_msix(&port, VIRT_PCI_MMIO, 1, IOVA, DATA);
    assert_ram(port.qts, CANARY);
    slot_interrupt(&port);
    assert_ram(port.qts, DATA);
    qtest_quit(port.qts);
}

/* --- behind an accelerated SMMUv3 ------------------------------------- */

/* The MSI arrives at the MSI controller, with its data, and only there */
static void test_direct_gicv2m(const void *args)
{
    g_autofree char *all = g_strdup_printf("-machine gic-version=2 %s",
                                           (const char *)args);
    PciFunction port = start(all);
    uint32_t spi = first_spi(port.qts) + 2;

    if (strstr(args, "ioh3420")) {
        pci_enable_msi(&port, IOVA, spi);
    } else {
        pci_enable_msix(&port, VIRT_PCI_MMIO, 1, IOVA, spi);
    }
    slot_interrupt(&port);
    assert_ram(port.qts, CANARY);
    g_assert_true(spi_pending(port.qts, spi));
    g_assert_false(spi_pending(port.qts, spi + 1));
    qtest_quit(port.qts);
}

static void set_buses(const PciFunction *bridge, uint8_t secondary,
                      uint8_t subordinate)
{
    pci_writeb(bridge, PCI_PRIMARY_BUS, bridge->bus);
    pci_writeb(bridge, PCI_SECONDARY_BUS, secondary);
    pci_writeb(bridge, PCI_SUBORDINATE_BUS, subordinate);
    pci_writew(bridge, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* The SMMU of the root bus is found from any depth: a switch's port */
static void test_direct_switch(void)
{
    PciFunction port = start("-machine gic-version=2 " ACCEL_SMMU " "
                             ROOT_PORT " -device x3130-upstream,id=up0,bus=rp0"
                             " -device xio3130-downstream,id=down0,bus=up0,"
                             "chassis=2");
    PciFunction up = { port.qts, 1, 0 }, down = { port.qts, 2, 0 };
    uint32_t spi = first_spi(port.qts) + 3;

    set_buses(&port, 1, 3);
    set_buses(&up, 2, 3);
    set_buses(&down, 3, 3);
    pci_enable_msi(&down, IOVA, spi);
    slot_interrupt(&down);
    assert_ram(port.qts, CANARY);
    g_assert_true(spi_pending(port.qts, spi));
    qtest_quit(port.qts);
}

/* Two root ports on two host bridges; @direct: is the second's SMMU one? */
static void two_bridges(const char *smmus, bool direct)
{
    g_autofree char *args = g_strdup_printf(
        "-machine gic-version=2 -device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=8 "
        "%s " ROOT_PORT
        " -device pcie-root-port,id=rp1,bus=pcie.1,addr=3,chassis=2", smmus);
    PciFunction first = start(args);
    PciFunction second = { first.qts, 8, PCI_SLOT_DEVFN(SLOT) };
    uint32_t spi = first_spi(first.qts);

    pci_enable(&second, VIRT_PCI_MMIO + 0x10000);
    pci_enable_msix(&first, VIRT_PCI_MMIO, 1, IOVA, spi);
    pci_enable_msix(&second, VIRT_PCI_MMIO + 0x10000, 1, IOVA, spi + 1);
    slot_interrupt(&first);
    assert_ram(first.qts, CANARY);
    g_assert_true(spi_pending(first.qts, spi));
    slot_interrupt(&second);
    assert_ram(first.qts, direct ? CANARY : spi + 1);
    g_assert_true(spi_pending(first.qts, spi + 1) == direct);
    qtest_quit(first.qts);
}

static void test_direct_two(void)
{
    two_bridges(ACCEL_SMMU " -device arm-smmuv3,primary-bus=pcie.1,accel=on",
                true);
}

/* A pxb-pcie hangs below pcie.0, and yet is not behind its SMMU */
static void test_direct_one_of_two(void)
{
    two_bridges(ACCEL_SMMU, false);
    two_bridges(ACCEL_SMMU " -device arm-smmuv3,primary-bus=pcie.1", false);
}

/* A function that may not master the bus sends nothing */
static void test_direct_no_master(void)
{
    PciFunction port = start("-machine gic-version=2 " ACCEL_SMMU " "
                             ROOT_PORT);
    uint32_t spi = first_spi(port.qts);

    pci_enable_msix(&port, VIRT_PCI_MMIO, 1, IOVA, spi);
    pci_writew(&port, PCI_COMMAND, PCI_COMMAND_MEMORY);
    slot_interrupt(&port);
    assert_ram(port.qts, CANARY);
    g_assert_false(spi_pending(port.qts, spi));
    qtest_quit(port.qts);
}

/*
 * An MSI of a bridge that the SMMU would abort goes nowhere; one that it would
 * translate arrives, whatever the guest's tables say: nobody walks them.
 */
static void test_direct_aborted(void)
{
    PciFunction port = start("-machine gic-version=2 " ACCEL_SMMU " "
                             ROOT_PORT);
    Smmu smmu = { .qts = port.qts, .base = VIRT_PLATFORM_BUS };
    uint32_t spi = first_spi(port.qts);
    StreamTable strtab;
    Ram ram;

    ram_init(&ram, port.qts);
    strtab = strtab_new(&ram, 8, 0);
    strtab_install(&strtab, &smmu);
    pci_enable_msix(&port, VIRT_PCI_MMIO, 1, IOVA, spi);
    smmu_write(&smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
    slot_interrupt_again(&port);
    g_assert_false(spi_pending(port.qts, spi));
    smmu_write(&smmu, SMMU_CR0, CR0_SMMUEN);
    slot_interrupt_again(&port);
    strtab_set(&strtab, RID, STE_ABORT, 0);
    slot_interrupt_again(&port);
    strtab_set(&strtab, RID, STE_STAGE2, 0);
    slot_interrupt_again(&port);
    g_assert_false(spi_pending(port.qts, spi));
    strtab_set(&strtab, RID, STE_STAGE1, 0);
    slot_interrupt_again(&port);
    g_assert_true(spi_pending(port.qts, spi));
    assert_ram(port.qts, CANARY);
    qtest_quit(port.qts);
}

/*
 * The ITS needs tables to do anything with it, but QEMU's trace shows what it
 * got: the offset of GITS_TRANSLATER, data and requester ID.
 */
static void test_direct_its(void)
{
    g_autofree char *dir = g_dir_make_tmp("qtest-msi-XXXXXX", NULL);
    g_autofree char *log = g_build_filename(dir, "trace", NULL);
    g_autofree char *quoted = g_shell_quote(log);
    g_autofree char *args = g_strdup_printf(
        "-trace pci_msi_direct -trace gicv3_its_translation_write "
        "-trace 'smmuv3_get_*' -trace 'smmuv3_translate*' -D %s "
        ACCEL_SMMU " " ROOT_PORT, quoted);
    g_autofree char *direct = g_strdup_printf(
        "rid=0x%x MSI iova = 0x%llx doorbell gpa = 0x%llx data=0x%x master=1",
        RID, (unsigned long long)IOVA, VIRT_ITS_DOORBELL, DATA);
    g_autofree char *text = NULL;
    PciFunction port = start(args);

    pci_enable_msix(&port, VIRT_PCI_MMIO, 1, IOVA, DATA);
    slot_interrupt(&port);
    assert_ram(port.qts, CANARY);
    qtest_quit(port.qts);

    g_assert_true(g_file_get_contents(log, &text, NULL, NULL));
    g_test_message("%s", text);
    g_assert_nonnull(strstr(text, direct));
    g_assert_nonnull(strstr(text, "gicv3_its_translation_write"));
    /* no walk of the guest's tables */
    g_assert_null(strstr(text, "smmuv3_"));
    g_unlink(log);
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    base_data_test("/msi/edu/no-smmu", EDU, test_edu);
    base_data_test("/msi/edu/emulated", EMULATED_SMMU " " EDU, test_edu);
    base_data_test("/msi/edu/legacy", "-machine iommu=smmuv3 " EDU,
                   test_edu);
    base_test("/msi/edu/aborted", test_edu_aborted);
    base_data_test("/msi/edu/gicv2m", "-machine gic-version=2 " EDU,
                   test_edu_gicv2m);
    base_data_test("/msi/edu/gicv2m-emulated", "-machine gic-version=2 "
                   EMULATED_SMMU " " EDU, test_edu_gicv2m);
    base_data_test("/msi/root-port/no-smmu", ROOT_PORT, test_port);
    base_data_test("/msi/root-port/emulated",
                   EMULATED_SMMU " " ROOT_PORT, test_port);
    base_data_test("/msi/root-port/no-doorbell",
                   "-machine its=off " ACCEL_SMMU " " ROOT_PORT,
                   test_port);
    base_data_test("/msi/direct/gicv2m/msi-x", ACCEL_SMMU " " ROOT_PORT,
                   test_direct_gicv2m);
    base_data_test("/msi/direct/gicv2m/msi", ACCEL_SMMU " " IOH3420,
                   test_direct_gicv2m);
    base_test("/msi/direct/switch", test_direct_switch);
    base_test("/msi/direct/two", test_direct_two);
    base_test("/msi/direct/one-of-two", test_direct_one_of_two);
    base_test("/msi/direct/no-master", test_direct_no_master);
    base_test("/msi/direct/aborted", test_direct_aborted);
    base_test("/msi/direct/its", test_direct_its);
    return g_test_run();
}
