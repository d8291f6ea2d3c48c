/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices of the host that cannot sit behind an accelerated SMMUv3, or not
 * where the user put them: refused with a message that says what to do;
 * after that QEMU takes what is right. What needs no device is in refusal.c.
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "hotplug.h"

#define PXB "-device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=8 " \
            "-device pcie-root-port,id=rp1,bus=pcie.1,chassis=9 "
#define SMMU1 "-device arm-smmuv3,primary-bus=pcie.1,id=smmu1,accel=on "
#define OTHER_HOST_SMMU "the device cannot share stage 2 with those behind " \
    "'smmu0', as devices behind another SMMUv3 of the host cannot; use an " \
    "arm-smmuv3 of its own, on a pxb-pcie"

/* QEMU with these parts in order, NULL at the end; as machine_assert_...() */
static void check(const char *message, ...) G_GNUC_NULL_TERMINATED;

static void check(const char *message, ...)
{
    g_autoptr(GString) args = g_string_new(NULL);
    const char *part;
    va_list ap;

    va_start(ap, message);
    while ((part = va_arg(ap, const char *))) {
        g_string_append_printf(args, "%s ", part);
    }
    va_end(ap);
    dut_enter();
    if (message) {
        machine_assert_refused(args->str, message);
    } else {
        machine_assert_accepted(args->str);
    }
    dut_leave();
}

static void test_accepted(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *device = dut_device_args(0, "");

    check(NULL, smmu, device, NULL);
}

/* VFIO has attached the device before anybody asked for a nesting parent */
static void test_before(const void *data)
{
    const char *ports = data;
    g_autofree char *device = dut_device_args(0, *ports ? ",bus=rp0" : "");

    check("the accelerated SMMUv3 'smmu0' must come before the vfio-pci "
          "devices of its bus on the command line",
          "-object iommufd,id=iommufd0", ports, device, ACCEL_SMMU, NULL);
}

/* On another root bus the order does not matter */
static void test_before_elsewhere(const void *unused)
{
    g_autofree char *device = dut_device_args(0, ",bus=rp1");

    check(NULL, "-object iommufd,id=iommufd0", PXB, device, ACCEL_SMMU, NULL);
}

static void test_conventional(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *device = dut_device_args(0, ",bus=br0,addr=1");

    check("the device shares its requester ID with others, as all behind a "
          "PCIe-to-PCI bridge do; the accelerated SMMUv3 'smmu0' needs it on a "
          "PCIe bus", smmu, "-device pcie-pci-bridge,id=br0", device, NULL);
}

static void test_two(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *one = dut_device_args(0, "");
    g_autofree char *two = dut_device_args(1, "");

    check(NULL, smmu, one, two, NULL);
}

static void test_two_iommufds(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *one = dut_device_args(0, "");
    g_autofree char *two = g_strdup_printf("-object iommufd,id=iommufd1 "
        "-device vfio-pci,id=dev1,host=%s,iommufd=iommufd1", dut_host(1));

    check("all devices behind the accelerated SMMUv3 'smmu0' need the same "
          "iommufd object", smmu, one, two, NULL);
}

static void test_two_host_smmus(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *one = dut_device_args(0, ",bus=pcie.0");
    g_autofree char *two = dut_device_args(1, "");
    g_autofree char *two_elsewhere = dut_device_args(1, ",bus=rp1");

    dut_model()->control->device[1].smmu = 1;
    check(OTHER_HOST_SMMU, smmu, one, two, NULL);
    check(NULL, smmu, PXB, SMMU1, one, two_elsewhere, NULL);
}

/* The host would move both to the tables of one */
static void test_group(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *one = dut_device_args(0, ",bus=pcie.0");
    g_autofree char *two = dut_device_args(1, "");
    g_autofree char *two_elsewhere = dut_device_args(1, ",bus=rp1");

    dut_model()->control->device[0].group = 7;
    dut_model()->control->device[1].group = 7;
    check("the device is in the same IOMMU group of the host as "
          "'0000:01:00.0'; with nested translation only one device of a group "
          "can be assigned", smmu, one, two, NULL);
    check("in the same IOMMU group", smmu, PXB, SMMU1, one, two_elsewhere,
          NULL);
    /* one of the two without an SMMU above it */
    check("in the same IOMMU group", smmu, PXB, one, two_elsewhere, NULL);
    check("in the same IOMMU group", smmu, PXB, two_elsewhere, one, NULL);
    dut_model()->control->device[1].group = 8;
    check(NULL, smmu, one, two, NULL);
}

/* Linux 7.2 has no vDEVICE for it: that shows at the plug, not at boot */
static void test_streams(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *device = dut_device_args(0, "");

    dut_model()->control->kernel = KM_KERNEL(7, 2);
    dut_model()->control->device[0].num_streams = 2;
    check("supports devices with one StreamID only", smmu, device, NULL);
    dut_model()->control->device[0].num_streams = 1;
    check(NULL, smmu, device, NULL);
}

/* A device elsewhere has an HWPT that is not a nesting parent: not for ours */
static void test_other_hwpt(const void *unused)
{
    g_autofree char *elsewhere = dut_device_args(1, ",bus=rp1");
    g_autofree char *args = g_strdup_printf(PXB "%s", elsewhere);
    DutConfig config = { .args = args };
    Dut *dut;
    uint64_t page;

    dut = dut_start_translating(&config);
    page = dut_map_new(dut, DUT_IOVA);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
    dut_stop(dut);

    /* the other one first */
    g_autofree char *device = dut_device_args(0, ",bus=pcie.0,addr=3");
    g_autofree char *smmu = dut_smmu_args("");

    check(NULL, smmu, PXB, elsewhere, device, NULL);
}

/* A refused device gives its acpi-index back */
static void test_acpi_index(void)
{
    QTestState *qts = machine_start(ACCEL_SMMU " -device pcie-root-port,"
                                    "id=rp0,bus=pcie.0,chassis=1");
    static const char *const drivers[] = { "edu", "edu", "x3130-upstream" };

    for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++) {
        QDict *answer = qtest_qmp(qts, "{'execute': 'device_add', 'arguments':"
                                  "{'driver': %s, 'bus': 'rp0', "
                                  "'acpi-index': 7}}", drivers[i]);
        QDict *error = qdict_get_qdict(answer, "error");

        g_assert_true(!error == (i == 2));
        if (error) {
            g_assert_true(base_says(qdict_get_str(error, "desc"),
                                    "cannot sit behind"));
        }
        qobject_unref(answer);
    }
    qtest_quit(qts);
}

static void test_no_smmu(const void *flag)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *device = dut_device_args(0, "");
    g_autofree char *message = g_strdup_printf(
        "the device is not behind an SMMUv3 of the host (iommufd reports "
        "hardware type %u), as the accelerated SMMUv3 'smmu0' needs",
        GPOINTER_TO_UINT(flag) == KM_DEV_NO_HW_INFO ? 0 : INT32_MAX);

    dut_model()->control->device[0].flags |= GPOINTER_TO_UINT(flag);
    check(message, smmu, device, NULL);
}

/* The kernel's condition for a vIOMMU */
static void test_no_fwb(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *device = dut_device_args(0, "");

    dut_model()->control->smmu[0].idr[3] &= ~IDR3_FWB;
    check("The host's SMMUv3 has to support S2FWB, or its root complex has to "
          "be always coherent (CANWBS), and the host's kernel must not have "
          "disabled nesting for an erratum (see its log).", smmu, device,
          NULL);
    dut_model()->control->device[0].flags |= KM_DEV_CANWBS;
    check(NULL, smmu, device, NULL);
}

/* The same while the machine runs; the slot stays free for a better one */
static void test_hot(const void *unused)
{
    static const DutConfig config = { .port = true, .unplugged = true };
    struct km_control *control = dut_model()->control;
    g_autofree char *device = NULL, *message = NULL, *again = NULL;
    Dut *dut;
    uint64_t page;

    control->device[1].smmu = 1;
    device = dut_device_args(0, ",bus=pcie.0,addr=5");
    DutConfig with = config;

    with.args = device;
    dut = dut_start(&with);
    dut_enable(dut);
    message = hotplug_add(dut, 1, NULL);
    g_assert_nonnull(message);
    g_assert_true(base_says(message, OTHER_HOST_SMMU));

    control->device[1].smmu = 0;
    again = hotplug_add(dut, 1, NULL);
    g_assert_cmpstr(again, ==, NULL);
    hotplug_power_on(dut);
    page = dut_map_new(dut, DUT_IOVA);
    dut_translate(dut);
    edu_load(dut);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
    hotplug_remove(dut, 1);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    dut_test("/refusal-device/accepted", DUT_ACCEL, test_accepted, NULL);
    dut_test("/refusal-device/before", DUT_ACCEL, test_before, "");
    dut_test("/refusal-device/before-port", DUT_ACCEL, test_before,
             "-device pcie-root-port,id=rp0,bus=pcie.0,chassis=1");
    dut_test("/refusal-device/before-elsewhere", DUT_ACCEL,
             test_before_elsewhere, NULL);
    dut_test("/refusal-device/conventional", DUT_ACCEL, test_conventional,
             NULL);
    dut_test("/refusal-device/two", DUT_ACCEL | DUT_TWO, test_two, NULL);
    dut_test("/refusal-device/two-iommufds", DUT_ACCEL | DUT_TWO,
             test_two_iommufds, NULL);
    dut_test("/refusal-device/two-host-smmus", DUT_MODELED,
             test_two_host_smmus, NULL);
    dut_test("/refusal-device/other-hwpt", DUT_ACCEL | DUT_TWO,
             test_other_hwpt, NULL);
    base_test("/refusal-device/acpi-index", test_acpi_index);
    dut_test("/refusal-device/no-smmu", DUT_MODELED, test_no_smmu,
             GUINT_TO_POINTER(KM_DEV_NO_HW_INFO));
    dut_test("/refusal-device/other-iommu", DUT_MODELED, test_no_smmu,
             GUINT_TO_POINTER(KM_DEV_OTHER_IOMMU));
    dut_test("/refusal-device/no-fwb", DUT_MODELED, test_no_fwb, NULL);
    dut_test("/refusal-device/hot", DUT_MODELED, test_hot, NULL);
    dut_test("/refusal-device/group", DUT_MODELED, test_group, NULL);
    dut_test("/refusal-device/streams", DUT_MODELED, test_streams, NULL);
    return g_test_run();
}
