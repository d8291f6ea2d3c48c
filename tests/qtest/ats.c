/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ATS capability of an assigned device, by vfio-pci's ats= and by what the
 * host reports for the device.
 */
#include "qemu/osdep.h"
#include "standard-headers/linux/pci_regs.h"
#include "hotplug.h"

#define ATS_AT 0x140

typedef struct Case {
    const char *name;
    const char *options;     /* of vfio-pci */
    bool able;               /* the host can use ATS for the device */
    bool hidden;
} Case;

static const Case cases[] = {
    { "default/able", "", true, false },
    { "default/unable", "", false, true },
    { "auto/able", ",ats=auto", true, false },
    { "auto/unable", ",ats=auto", false, true },
    { "off/able", ",ats=off", true, true },
    { "off/unable", ",ats=off", false, true },
    { "on/able", ",ats=on", true, false },
};

/* A device with ATS between two other capabilities, and with PASIDs */
static void set_device(bool able)
{
    static const struct km_ext_cap caps[] = {
        { 0x100, PCI_EXT_CAP_ID_DSN, 1, { } },
        { ATS_AT, PCI_EXT_CAP_ID_ATS, 1, { } },
        { 0x180, PCI_EXT_CAP_ID_VNDR, 1, { 0x100 << 20 } },
    };
    struct km_control *control = dut_model()->control;
    struct km_device_config *device = &control->device[0];

    memcpy(device->ext_cap, caps, sizeof(caps));
    device->max_pasid_log2 = 16;
    control->smmu[0].idr[0] |= IDR0_ATS;
    control->smmu[0].idr[1] |= FIELD_PREP(IDR1_SSIDSIZE, 16);
    if (!able) {
        dut_deny_ats(0);
    }
}

/* The others stay where they are, and the chain goes on to the PASIDs. */
static void assert_capabilities(const PciFunction *pci, bool hidden,
                                bool pasid)
{
    bool last = false;

    g_assert_cmphex(pci_ext_cap(pci, PCI_EXT_CAP_ID_DSN, NULL), ==, 0x100);
    g_assert_cmphex(pci_ext_cap(pci, PCI_EXT_CAP_ID_ATS, NULL), ==,
                    hidden ? 0 : ATS_AT);
    g_assert_cmphex(pci_ext_cap(pci, PCI_EXT_CAP_ID_VNDR, &last), ==, 0x180);
    g_assert_true(last == !pasid);
    if (pasid) {
        g_assert_cmphex(pci_ext_cap(pci, PCI_EXT_CAP_ID_PASID, &last), !=, 0);
        g_assert_true(last);
    }
}

static PciFunction start(const char *smmu, const char *options)
{
    g_autofree char *with = g_strdup_printf(",bus=pcie.0,addr=3%s", options);
    g_autofree char *device = dut_device_args(0, with);
    PciFunction pci = { NULL, 0, PCI_SLOT_DEVFN(3) };

    dut_enter();
    pci.qts = machine_start("%s %s", smmu, device);
    dut_leave();
    return pci;
}

static void test_capability(const void *data)
{
    const Case *c = data;
    g_autofree char *smmu = dut_smmu_args("");
    PciFunction pci;

    set_device(c->able);
    pci = start(smmu, c->options);
    assert_capabilities(&pci, c->hidden, true);
    qtest_quit(pci.qts);
}

/* Nothing is hidden by auto that QEMU 10.2.2 shows. */
static void test_no_smmu(const void *unused)
{
    PciFunction pci;

    set_device(false);
    pci = start("-object iommufd,id=iommufd0", "");
    assert_capabilities(&pci, false, false);
    qtest_quit(pci.qts);
    pci = start("-object iommufd,id=iommufd0", ",ats=off");
    assert_capabilities(&pci, true, false);
    qtest_quit(pci.qts);
}

static void test_refused(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *device = dut_device_args(0, ",ats=on");
    g_autofree char *args = g_strdup_printf("%s %s", smmu, device);

    set_device(false);
    dut_enter();
    machine_assert_refused(args, "ATS");
    dut_leave();
}

/* A device that is plugged later: the SMMU has no ATS, but the device may. */
static void test_hot(const void *unused)
{
    static const DutConfig config = { .port = true, .unplugged = true };
    Dut *dut;

    set_device(false);
    dut = dut_start(&config);
    hotplug(dut);
    assert_capabilities(&dut->edu, true, false);
    hotplug_remove(dut, 0);
    dut->model->control->device[0].flags &= ~KM_DEV_NO_ATS;
    hotplug(dut);
    assert_capabilities(&dut->edu, false, false);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/ats/%s", cases[i].name);

        dut_test(path, DUT_MODELED, test_capability, &cases[i]);
    }
    dut_test("/ats/on/unable", DUT_MODELED, test_refused, NULL);
    dut_test("/ats/no-smmu", DUT_MODELED, test_no_smmu, NULL);
    dut_test("/ats/hot", DUT_MODELED, test_hot, NULL);
    return g_test_run();
}
