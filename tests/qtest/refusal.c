/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cannot work behind or with an accelerated SMMUv3 is refused, when it is
 * plugged and with a message that names the remedy; what can work is accepted.
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "machine.h"

#define ROOT_PORT "-device pcie-root-port,id=rp0,bus=pcie.0,chassis=1"
#define PXB(id, nr) "-device pxb-pcie,id=" id ",bus=pcie.0,bus_nr=" nr
#define IOMMUFD "-object iommufd,id=iommufd0"
/* QEMU's build may have no option ROMs */
#define NO_ROM "-global virtio-net-pci.romfile= "
#define NOBODY "0000:ff:1f.7"   /* a device that the host does not have */
#define ONLY "cannot sit behind the accelerated SMMUv3 'smmu0': only " \
             "vfio-pci with iommufd, PCIe root ports and bridges can"

/* QAPI's messages */
#define BAD_VALUE(name, value) "Parameter '" name "' does not accept value '" \
                               value "'"
#define BAD_TYPE(name) "Invalid parameter type for '" name "', expected: string"
#define NEEDS_ACCEL "needs accel=on"
#define NO_CMDQV "hardware command queues are not supported"

#define ALL_AUTO ",ril=auto,ats=auto,oas=auto,ssidsize=auto,cmdqv=auto," \
                 "msi=auto"
#define JSON(rest) "-device '{\"driver\":\"arm-smmuv3\"," \
                   "\"primary-bus\":\"pcie.0\",\"id\":\"iommu0\"," rest "}'"

typedef struct Case {
    const char *name;
    const char *args;
    const char *message;   /* NULL: accepted */
} Case;

static const Case cases[] = {
    /* the SMMU's own properties */
    { "stage/2", ACCEL_SMMU ",stage=2",
      "accel=on offers stage 1 only, stage=2 cannot be used with it" },
    { "stage/nested", ACCEL_SMMU ",stage=nested",
      "accel=on offers stage 1 only, stage=nested cannot be used with it" },
    { "stage/1", ACCEL_SMMU ",stage=1", NULL },
    { "oas/45", ACCEL_SMMU ",oas=45", BAD_VALUE("oas", "45") },
    { "oas/0", ACCEL_SMMU ",oas=0", BAD_VALUE("oas", "0") },
    { "oas/56", ACCEL_SMMU ",oas=56", BAD_VALUE("oas", "56") },
    { "oas/hex", ACCEL_SMMU ",oas=0x30", BAD_VALUE("oas", "0x30") },
    { "oas/text", ACCEL_SMMU ",oas=big", BAD_VALUE("oas", "big") },
    { "oas/negative", ACCEL_SMMU ",oas=-1", BAD_VALUE("oas", "-1") },
    { "ril/text", ACCEL_SMMU ",ril=maybe", BAD_VALUE("ril", "maybe") },
    { "ats/number", ACCEL_SMMU ",ats=1", BAD_VALUE("ats", "1") },
    { "ssidsize/21", ACCEL_SMMU ",ssidsize=21", BAD_VALUE("ssidsize", "21") },
    { "ssidsize/text", ACCEL_SMMU ",ssidsize=on",
      BAD_VALUE("ssidsize", "on") },
    { "cmdqv/text", ACCEL_SMMU ",cmdqv=1", BAD_VALUE("cmdqv", "1") },
    { "cmdqv/on", ACCEL_SMMU ",cmdqv=on", NO_CMDQV },
    { "cmdqv/off", ACCEL_SMMU ",cmdqv=off", NULL },
    { "cmdqv/auto", ACCEL_SMMU ",cmdqv=auto", NULL },
    { "auto/all", ACCEL_SMMU ALL_AUTO, NULL },
    { "migratable", "-only-migratable " ACCEL_SMMU, "cannot be migrated" },
    { "auto/emulated", EMULATED_SMMU ALL_AUTO, NULL },

    /* JSON: only accel is a bool, and nothing is a number */
    { "json/libvirt", JSON("\"accel\":true,\"ats\":\"on\",\"ril\":\"off\","
                           "\"ssidsize\":\"20\",\"oas\":\"44\""), NULL },
    { "json/libvirt-cmdqv", JSON("\"accel\":true,\"ats\":\"on\","
                                 "\"ril\":\"on\",\"ssidsize\":\"20\","
                                 "\"oas\":\"44\",\"cmdqv\":\"on\""),
      NO_CMDQV },
    { "json/libvirt-auto", JSON("\"accel\":true"), NULL },
    { "json/ril", JSON("\"accel\":true,\"ril\":false"), BAD_TYPE("ril") },
    { "json/ats", JSON("\"accel\":true,\"ats\":true"), BAD_TYPE("ats") },
    { "json/oas", JSON("\"accel\":true,\"oas\":44"), BAD_TYPE("oas") },
    { "json/ssidsize", JSON("\"accel\":true,\"ssidsize\":20"),
      BAD_TYPE("ssidsize") },
    { "json/msi", JSON("\"accel\":true,\"msi\":true"), BAD_TYPE("msi") },
    { "json/cmdqv", JSON("\"accel\":true,\"cmdqv\":true"),
      BAD_TYPE("cmdqv") },

    /* an emulated SMMU is QEMU 10.2.2's */
    { "emulated/ril", EMULATED_SMMU ",ril=off", "ril=off needs accel=on" },
    { "emulated/ats", EMULATED_SMMU ",ats=on", "ats=on needs accel=on" },
    { "emulated/oas", EMULATED_SMMU ",oas=48", NEEDS_ACCEL },
    { "emulated/oas-less", EMULATED_SMMU ",oas=32", NEEDS_ACCEL },
    { "emulated/ssidsize", EMULATED_SMMU ",ssidsize=1", NEEDS_ACCEL },
    { "emulated/msi", EMULATED_SMMU ",msi=on", "msi=on needs accel=on" },
    { "emulated/cmdqv", EMULATED_SMMU ",cmdqv=on", "cmdqv=on needs accel=on" },
    { "emulated/defaults", EMULATED_SMMU ",accel=off,ril=on,ats=off,oas=44,"
      "ssidsize=0,msi=off,cmdqv=off", NULL },
    { "msi/off", ACCEL_SMMU ",msi=off", NULL },
    { "global/legacy", "-machine iommu=smmuv3 -global arm-smmuv3.accel=on",
      "accel=on needs an SMMU of its own for a PCI bus: -machine virt with "
      "-device arm-smmuv3,primary-bus=" },
    { "global/legacy-ril", "-machine iommu=smmuv3 "
      "-global arm-smmuv3.ril=off", "ril=off needs accel=on" },
    { "global/ril", "-global arm-smmuv3.ril=off " ACCEL_SMMU, NULL },
    { "global/auto", "-global arm-smmuv3.oas=auto "
      "-global arm-smmuv3.ssidsize=auto -machine iommu=smmuv3", NULL },

    /* the machine */
    { "acpi/off", "-machine acpi=off " ACCEL_SMMU,
      "arm-smmuv3,accel=on needs a guest that boots with ACPI: use UEFI "
      "firmware (-bios or pflash) and not acpi=off" },
    { "acpi/off-emulated", "-machine acpi=off " EMULATED_SMMU, NULL },
    { "second/legacy", "-machine iommu=smmuv3 " ACCEL_SMMU, "iommu=smmuv3" },

    /* devices after the SMMU */
    { "behind/virtio-net", ACCEL_SMMU " -device virtio-net-pci,id=net0",
      "virtio-net-pci 'net0' " ONLY },
    { "behind/no-id", ACCEL_SMMU " -device edu", "edu " ONLY },
    { "behind/nvme", ACCEL_SMMU " -device nvme,id=disk0,serial=1",
      "nvme 'disk0' " ONLY },
    { "behind/root-port",
      ACCEL_SMMU " " ROOT_PORT " -device edu,id=edu0,bus=rp0",
      "edu 'edu0' " ONLY },
    { "behind/conventional", ACCEL_SMMU " -device pcie-pci-bridge,id=br0 "
      "-device edu,id=edu0,bus=br0,addr=1", "edu 'edu0' " ONLY },
    { "behind/virtio-iommu", ACCEL_SMMU " -device virtio-iommu-pci",
      "virtio-iommu" },
    { "behind/vfio-user", ACCEL_SMMU " -device '{\"driver\":\"vfio-user-pci\","
      "\"id\":\"user0\",\"socket\":{\"type\":\"unix\",\"path\":\"/none\"}}'",
      "vfio-user-pci 'user0' " ONLY },
    { "behind/bridges", ACCEL_SMMU " " ROOT_PORT
      " -device x3130-upstream,id=up0,bus=rp0"
      " -device xio3130-downstream,id=down0,bus=up0,chassis=2"
      " -device pcie-pci-bridge,id=br0 " PXB("pcie.1", "8"), NULL },
    { "behind/switch", ACCEL_SMMU " " ROOT_PORT
      " -device x3130-upstream,id=up0,bus=rp0"
      " -device xio3130-downstream,id=down0,bus=up0,chassis=2"
      " -device edu,id=edu0,bus=down0", "edu 'edu0' " ONLY },

    /* devices before the SMMU */
    { "before/virtio-net", NO_ROM "-device virtio-net-pci,id=net0 " ACCEL_SMMU,
      "virtio-net-pci 'net0' " ONLY },
    { "before/root-port",
      ROOT_PORT " -device edu,id=edu0,bus=rp0 " ACCEL_SMMU,
      "edu 'edu0' " ONLY },
    { "before/bridges", ROOT_PORT " " PXB("pcie.1", "8") " " ACCEL_SMMU,
      NULL },

    /* other host bridges */
    { "pxb/endpoint-elsewhere", PXB("pcie.1", "8") " " ACCEL_SMMU
      " -device pcie-root-port,id=rp1,bus=pcie.1,chassis=1"
      " -device edu,bus=rp1", NULL },
    { "pxb/endpoint-elsewhere-before", PXB("pcie.1", "8")
      " -device pcie-root-port,id=rp1,bus=pcie.1,chassis=1"
      " -device edu,bus=rp1 " ACCEL_SMMU, NULL },
    { "pxb/two", PXB("pcie.1", "8") " " PXB("pcie.2", "16")
      " -device arm-smmuv3,primary-bus=pcie.1,id=smmu0,accel=on"
      " -device arm-smmuv3,primary-bus=pcie.2,id=smmu1,accel=on"
      " -device edu,bus=pcie.0", NULL },
    { "pxb/second-of-two", PXB("pcie.1", "8") " " PXB("pcie.2", "16")
      " -device arm-smmuv3,primary-bus=pcie.1,id=smmu1,accel=on"
      " -device arm-smmuv3,primary-bus=pcie.2,id=smmu0,accel=on"
      " -device pcie-root-port,id=rp1,bus=pcie.2,chassis=1"
      " -device edu,bus=rp1", "edu " ONLY },
    { "pxb/one-emulated", PXB("pcie.1", "8") " " ACCEL_SMMU
      " -device arm-smmuv3,primary-bus=pcie.1,id=smmu1"
      " -device pcie-root-port,id=rp1,bus=pcie.1,chassis=1"
      " -device edu,bus=rp1", NULL },
    { "bus/none", "-device arm-smmuv3,id=smmu0,accel=on",
      "SMMU is not attached to any PCI bus" },
    { "bus/root-port", ROOT_PORT
      " -device arm-smmuv3,primary-bus=rp0,id=smmu0,accel=on",
      "SMMU should be attached to a default PCIe root complex" },
    { "same-bus/two", ACCEL_SMMU
      " -device arm-smmuv3,primary-bus=pcie.0,id=smmu1,accel=on",
      "PCI bus 'pcie.0' already has an IOMMU" },
    { "same-bus/mixed", EMULATED_SMMU
      " -device arm-smmuv3,primary-bus=pcie.0,id=smmu1,accel=on",
      "PCI bus 'pcie.0' already has an IOMMU" },

    /* vfio-pci: as far as it comes without a device of the host */
    { "vfio/no-iommufd", ACCEL_SMMU " -device vfio-pci,id=dev0,host=" NOBODY,
      "vfio-pci behind the accelerated SMMUv3 'smmu0' needs iommufd=ID, with "
      "-object iommufd,id=ID" },
    { "vfio/no-iommufd-root-port", ACCEL_SMMU " " ROOT_PORT
      " -device vfio-pci,id=dev0,bus=rp0,host=" NOBODY,
      "vfio-pci behind the accelerated SMMUv3 'smmu0' needs iommufd=ID" },
    { "vfio/iommufd", IOMMUFD " " ACCEL_SMMU
      " -device vfio-pci,id=dev0,iommufd=iommufd0,host=" NOBODY,
      NOBODY ": no such host device" },
    { "vfio/emulated-smmu", EMULATED_SMMU " -device vfio-pci,host=" NOBODY,
      NOBODY ": no such host device" },
};

static void test_case(const void *data)
{
    const Case *c = data;

    if (c->message) {
        machine_assert_refused(c->args, c->message);
    } else {
        machine_assert_accepted(c->args);
    }
}

/* The accelerator, the firmware and the default devices are not the usual */
static void assert_try(const char *args, const char *message)
{
    g_autofree char *err = NULL;

    g_assert_cmpint(machine_try(args, &err), ==, 1);
    g_assert_true(base_says(err, message));
}

static void test_tcg(void)
{
    g_autofree char *args = machine_args("-accel tcg " ACCEL_SMMU);

    assert_try(args, "accel=on needs KVM with an in-kernel irqchip (-accel "
               "kvm, and no kernel-irqchip=off)");
}

/* Another machine with an SMMU of its own, that names no doorbell */
static void test_other_machine(void)
{
    assert_try("-machine sbsa-ref -m 128 -nodefaults -accel qtest "
               "-global bochs-display.romfile= "
               "-global arm-smmuv3.accel=on",
               "accel=on needs an SMMU of its own for a PCI bus");
}

static void test_device_tree(void)
{
    assert_try("-machine virt -nodefaults -accel qtest " ACCEL_SMMU,
               "arm-smmuv3,accel=on needs a guest that boots with ACPI: use "
               "UEFI firmware (-bios or pflash) and not acpi=off");
}

static void test_default_devices(void)
{
    g_autofree char *args = machine_args("-accel qtest " ACCEL_SMMU);
    char *nodefaults = strstr(args, "-nodefaults");
    g_autofree char *err = NULL;

    g_assert_nonnull(nodefaults);
    memset(nodefaults, ' ', strlen("-nodefaults"));
    /* standard input and output are QMP's */
    g_autofree char *all = g_strconcat(args, " -serial null -monitor null "
                                       NO_ROM, NULL);
    g_assert_cmpint(machine_try(all, &err), ==, 1);
    g_assert_true(base_says(err, "virtio-net-pci " ONLY));
    g_assert_true(base_says(err, "-nodefaults"));
}

/* Adds a device to the root port rp0 of a running machine */
static void assert_hot_plug(QTestState *qts, const char *device,
                            const char *message)
{
    QDict *answer, *error;
    const char *text;

    answer = qtest_qmp(qts, "{'execute': 'device_add', 'arguments': {"
                       "'driver': %s, 'id': 'dev0', 'bus': 'rp0'}}", device);
    error = qdict_get_qdict(answer, "error");
    if (!message) {
        g_assert_null(error);
    } else {
        g_assert_nonnull(error);
        text = qdict_get_str(error, "desc");
        g_test_message("%s", text);
        g_assert_true(base_says(text, message));
    }
    qobject_unref(answer);
}

static void test_hot_plug(void)
{
    QTestState *qts = machine_start(ACCEL_SMMU " " ROOT_PORT);

    assert_hot_plug(qts, "edu", "edu 'dev0' " ONLY);
    assert_hot_plug(qts, "virtio-net-pci", "virtio-net-pci 'dev0' " ONLY);
    assert_hot_plug(qts, "vfio-pci", "vfio-pci behind the accelerated SMMUv3 "
                    "'smmu0' needs iommufd=ID, with -object iommufd,id=ID");
    /* a refused device leaves nothing behind: the slot is free */
    assert_hot_plug(qts, "x3130-upstream", NULL);
    qtest_quit(qts);
}

static void test_hot_plug_emulated(void)
{
    QTestState *qts = machine_start(EMULATED_SMMU " " ROOT_PORT);

    assert_hot_plug(qts, "edu", NULL);
    qtest_quit(qts);
}

static void test_migration(void)
{
    QTestState *qts = machine_start(ACCEL_SMMU);
    QDict *answer, *error;
    const char *text;

    answer = qtest_qmp(qts, "{'execute': 'migrate', 'arguments': {"
                       "'uri': 'exec:cat >/dev/null'}}");
    error = qdict_get_qdict(answer, "error");
    g_assert_nonnull(error);
    text = qdict_get_str(error, "desc");
    g_assert_true(base_says(text, "the accelerated SMMUv3 'smmu0' cannot be "
                            "migrated: its state is in the host's SMMU"));
    qobject_unref(answer);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/refusal/%s", cases[i].name);

        base_data_test(path, &cases[i], test_case);
    }
    base_test("/refusal/accel/tcg", test_tcg);
    base_test("/refusal/machine/sbsa-ref", test_other_machine);
    base_test("/refusal/acpi/device-tree", test_device_tree);
    base_test("/refusal/before/default-devices", test_default_devices);
    base_test("/refusal/hot-plug/accelerated", test_hot_plug);
    base_test("/refusal/hot-plug/emulated", test_hot_plug_emulated);
    base_test("/refusal/migration", test_migration);
    return g_test_run();
}
