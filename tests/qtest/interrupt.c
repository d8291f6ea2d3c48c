/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSIs of the device that QEMU itself delivers, as without irqfd: they reach
 * the machine's MSI controller with the device's ID and data, wherever in the
 * guest's IOVAs the doorbell is mapped; and not one byte of RAM.
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "standard-headers/linux/pci_regs.h"
#include "dut.h"
#include "gic.h"

#define CANARY 0x5aa5c33c

static void wait_taken(Dut *dut, const Gic *gic, unsigned n)
{
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

    while (!gic_take(gic, n)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
}

static void assert_none(const Gic *gic)
{
    for (unsigned n = 0; n < GIC_EVENTS; n++) {
        g_assert_false(gic_take(gic, n));
    }
}

/*
 * The IOVA that the driver programs: the doorbell's page is mapped there. An
 * assigned device's MSIs are known to end at the doorbell, so there it does not
 * even have to be: the page at the IOVA is RAM, and must stay as it is.
 */
static uint64_t map_doorbell(Dut *dut, const Gic *gic, uint64_t *ram)
{
    *ram = dut_map_new(dut, DUT_IOVA);
    qtest_writel(dut->qts, *ram + (gic->doorbell & 0xfff), CANARY);
    if (dut_backend() == DUT_EMULATED) {
        pt_map(&dut->pt, DUT_IOVA, gic->doorbell & ~0xfffull);
    }
    return DUT_IOVA | (gic->doorbell & 0xfff);
}

static void run_interrupts(Dut *dut, const Gic *gic)
{
    uint64_t ram, iova = map_doorbell(dut, gic, &ram);
    uint64_t page = dut_map_new(dut, DUT_IOVA + PAGE_4K);

    for (unsigned n = 0; n < 3; n++) {
        pci_enable_msi(&dut->edu, iova, gic_data(gic, n));
        assert_none(gic);
        edu_raise(dut, 1);
        wait_taken(dut, gic, n);
        edu_lower(dut, 1);
        assert_none(gic);
    }
    /* after DMA; when the interrupt is there the data is there */
    edu_start_write(dut, DUT_IOVA + PAGE_4K, 64, true);
    wait_taken(dut, gic, 2);
    g_assert_cmphex(qtest_readl(dut->qts, page), !=, 0);
    edu_wait(dut);
    edu_lower(dut, ~0u);
    assert_none(gic);
    g_assert_cmphex(qtest_readl(dut->qts, ram + (iova & 0xfff)), ==, CANARY);
}

/*
 * Returns: the device, started by @start, and *gic with its MSI controller; or
 * NULL if the test has to be skipped. A QEMU that could use KVM, but does not,
 * uses its irqfds all the same with GICv2m: vfio-pci of QEMU 10.2 crashes when
 * the guest enables MSIs.
 */
static Dut *start_msi(const DutConfig *config, Dut *(*start)(const DutConfig *),
                      Gic *gic)
{
    bool v2m = strstr(config->args, "gic-version=2");
    Dut *dut;

    if (v2m && dut_backend() == DUT_REAL) {
        g_test_skip("QEMU 10.2 with KVM in it needs KVM for GICv2m");
        return NULL;
    }
    dut = start(config);
    *gic = gic_init(&dut->ram, v2m, dut->sid);
    return dut;
}

static void test_msi(const void *data)
{
    Gic gic;
    Dut *dut = start_msi(data, dut_start_translating, &gic);

    if (!dut) {
        return;
    }
    run_interrupts(dut, &gic);
    dut_stop(dut);
}

/* The SMMU off, or the device past it: the address is the doorbell's own */
static void test_bypass(const void *data)
{
    Gic gic;
    Dut *dut = start_msi(data, dut_start, &gic);

    if (!dut) {
        return;
    }
    pci_enable_msi(&dut->edu, gic.doorbell, gic_data(&gic, 4));
    edu_raise(dut, 1);
    wait_taken(dut, &gic, 4);
    edu_lower(dut, 1);
    dut_set_ste(dut, STE_BYPASS, 0);
    dut_enable(dut);
    edu_raise(dut, 2);
    wait_taken(dut, &gic, 4);
    edu_lower(dut, 2);
    assert_none(&gic);
    dut_stop(dut);
}

/* MSIs switched off, on, off: nothing late, nothing lost */
static void test_switch(const void *unused)
{
    static const DutConfig config = { .args = GIC_ITS_ARGS };
    Dut *dut = dut_start_translating(&config);
    Gic gic = gic_init(&dut->ram, false, dut->sid);
    uint64_t ram, iova = map_doorbell(dut, &gic, &ram);

    for (unsigned i = 0; i < 3; i++) {
        pci_enable_msi(&dut->edu, iova, gic_data(&gic, i));
        edu_raise(dut, 1);
        wait_taken(dut, &gic, i);
        edu_lower(dut, 1);
        pci_disable_msi(&dut->edu);
        edu_raise(dut, 1);
        edu_lower(dut, 1);
        assert_none(&gic);
    }
    dut_stop(dut);
}

/* --- more vectors than edu has -------------------------------------------- */

#define VECTORS 4
#define MSIX_BAR 2
#define MSIX_ADDRESS (VIRT_PCI_MMIO + 0x2000000)

static void test_vectors(const void *unused)
{
    static const DutConfig config = { .args = GIC_ITS_ARGS };
    Dut *dut;
    Gic gic;

    dut_model()->control->device[0].msi_vectors = VECTORS;
    dut = dut_start_translating(&config);
    gic = gic_init(&dut->ram, false, dut->sid);
    unsigned cap = pci_capability(&dut->edu, PCI_CAP_ID_MSI);

    /* Multiple Message Enable: 2^2 vectors */
    pci_writew(&dut->edu, cap + PCI_MSI_FLAGS, 2 << 4);
    pci_enable_msi(&dut->edu, DUT_IOVA, gic_data(&gic, 0));
    for (unsigned n = 0; n < VECTORS; n++) {
        g_assert_cmpint(km_msi(dut->model, 0, n), ==, 0);
        wait_taken(dut, &gic, n);
        assert_none(&gic);
    }
    dut_stop(dut);
}

/* The table is in BAR 2; the address is whatever the guest likes */
static uint64_t enable_msix(Dut *dut, const Gic *gic)
{
    unsigned cap = pci_capability(&dut->edu, PCI_CAP_ID_MSIX);
    uint32_t table = pci_readl(&dut->edu, cap + PCI_MSIX_TABLE);
    uint64_t entry = MSIX_ADDRESS + (table & PCI_MSIX_TABLE_OFFSET);

    g_assert_cmphex(table & PCI_MSIX_TABLE_BIR, ==, MSIX_BAR);
    pci_writel(&dut->edu, PCI_BASE_ADDRESS_0 + MSIX_BAR * 4, MSIX_ADDRESS);
    for (unsigned n = 0; n < VECTORS; n++) {
        qtest_writel(dut->qts, entry + n * 16, DUT_IOVA);
        qtest_writel(dut->qts, entry + n * 16 + 4, 0);
        qtest_writel(dut->qts, entry + n * 16 + 8, gic_data(gic, n));
        qtest_writel(dut->qts, entry + n * 16 + 12, 0);
    }
    pci_writew(&dut->edu, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    return entry;
}

/* A masked vector's interrupt waits, and comes when the mask is taken off */
static void test_msix(const void *unused)
{
    static const DutConfig config = { .args = GIC_ITS_ARGS };
    struct km_device_config *device = &dut_model()->control->device[0];
    uint64_t table;
    Dut *dut;
    Gic gic;

    device->flags |= KM_DEV_MSIX;
    device->msix_vectors = VECTORS;
    dut = dut_start_translating(&config);
    gic = gic_init(&dut->ram, false, dut->sid);
    table = enable_msix(dut, &gic);
    for (unsigned n = 0; n < VECTORS; n++) {
        g_assert_cmpint(km_msi(dut->model, 0, n), ==, 0);
        wait_taken(dut, &gic, n);
        assert_none(&gic);

        qtest_writel(dut->qts, table + n * 16 + 12,
                     PCI_MSIX_ENTRY_CTRL_MASKBIT);
        g_assert_cmpint(km_msi(dut->model, 0, n), ==, 0);
        /* the main loop has looked at it after this */
        qobject_unref(qtest_qmp(dut->qts, "{'execute': 'query-status'}"));
        assert_none(&gic);
        qtest_writel(dut->qts, table + n * 16 + 12, 0);
        wait_taken(dut, &gic, n);
        assert_none(&gic);
    }
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    static const DutConfig its = { .args = GIC_ITS_ARGS };
    static const DutConfig v2m = { .args = GIC_V2M_ARGS };
    static const DutConfig its_port = { .args = GIC_ITS_ARGS, .port = true };
    static const DutConfig v2m_port = { .args = GIC_V2M_ARGS, .port = true };

    machine_test_init(&argc, &argv);
    dut_test("/interrupt/its", 0, test_msi, &its);
    dut_test("/interrupt/its-port", 0, test_msi, &its_port);
    dut_test("/interrupt/its-bypass", 0, test_bypass, &its);
    dut_test("/interrupt/gicv2m", 0, test_msi, &v2m);
    dut_test("/interrupt/gicv2m-port", 0, test_msi, &v2m_port);
    dut_test("/interrupt/gicv2m-bypass", 0, test_bypass, &v2m);
    dut_test("/interrupt/switch", 0, test_switch, NULL);
    dut_test("/interrupt/vectors", DUT_MODELED, test_vectors, NULL);
    dut_test("/interrupt/msix", DUT_MODELED, test_msix, NULL);
    return g_test_run();
}
