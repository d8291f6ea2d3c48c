/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the SMMU advertises without an assigned device: the ID registers of an
 * accelerated SMMUv3 follow its properties, and those of an emulated one are
 * QEMU 10.2.2's, bit for bit. How the properties are set, listed and read. And
 * the registers that need no command queue: CR0, GBPA, reset.
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "smmu.h"

typedef struct IdRegisters {
    uint32_t idr[6];
    uint32_t iidr;
    uint32_t aidr;
} IdRegisters;

/* Written down from QEMU 10.2.2 without the series */
#define STAGE_1 { { 0x0d44101a, 0x02730010, 0, 0x1404, 0, 0x74 }, 0, 1 }
#define STAGE_2 { { 0x0d441019, 0x02730010, 0, 0x1414, 0, 0x74 }, 0, 1 }
#define NESTED  { { 0x0d44101b, 0x02730010, 0, 0x1414, 0, 0x74 }, 0, 1 }

static const uint8_t peripheral_id[12] = {
    0x04, 0, 0, 0, 0x84, 0xb4, 0xf0, 0x10, 0x0d, 0xf0, 0x05, 0xb1
};

typedef struct Emulated {
    const char *name;
    const char *args;
    uint64_t base;
    IdRegisters expected;
} Emulated;

static const Emulated emulated[] = {
    { "device", EMULATED_SMMU, VIRT_PLATFORM_BUS, STAGE_1 },
    { "device-stage-1", EMULATED_SMMU ",stage=1", VIRT_PLATFORM_BUS, STAGE_1 },
    { "device-stage-2", EMULATED_SMMU ",stage=2", VIRT_PLATFORM_BUS, STAGE_2 },
    { "device-nested", EMULATED_SMMU ",stage=nested", VIRT_PLATFORM_BUS,
      NESTED },
    { "device-auto", EMULATED_SMMU ",ril=auto,ats=auto,oas=auto,ssidsize=auto,"
      "msi=auto,cmdqv=auto", VIRT_PLATFORM_BUS, STAGE_1 },
    { "device-explicit", EMULATED_SMMU ",accel=off,ril=on,ats=off,oas=44,"
      "ssidsize=0,msi=off,cmdqv=off", VIRT_PLATFORM_BUS, STAGE_1 },
    { "machine", "-machine iommu=smmuv3", VIRT_SMMU, NESTED },
    { "machine-old", "-machine virt-9.2,iommu=smmuv3", VIRT_SMMU, NESTED },
    { "machine-older", "-machine virt-9.1,iommu=smmuv3", VIRT_SMMU, STAGE_1 },
};

static void read_id_registers(const Smmu *smmu, IdRegisters *id)
{
    for (int i = 0; i < 6; i++) {
        id->idr[i] = smmu_read(smmu, SMMU_IDR0 + i * 4);
    }
    id->iidr = smmu_read(smmu, SMMU_IIDR);
    id->aidr = smmu_read(smmu, SMMU_AIDR);
}

static void assert_id_registers(const IdRegisters *id,
                                const IdRegisters *expected)
{
    for (int i = 0; i < 6; i++) {
        g_test_message("IDR%d 0x%x, expected 0x%x", i, id->idr[i],
                       expected->idr[i]);
        g_assert_cmphex(id->idr[i], ==, expected->idr[i]);
    }
    g_assert_cmphex(id->iidr, ==, expected->iidr);
    g_assert_cmphex(id->aidr, ==, expected->aidr);
}

static void assert_peripheral_id(const Smmu *smmu)
{
    for (int i = 0; i < 12; i++) {
        g_assert_cmphex(smmu_read(smmu, SMMU_PERIPHERAL_ID + i * 4), ==,
                        peripheral_id[i]);
    }
}

static void read_of_qemu(const char *qemu, const Emulated *e, IdRegisters *id)
{
    Smmu smmu = {
        .qts = machine_start_qemu(qemu, e->args), .base = e->base
    };

    read_id_registers(&smmu, id);
    assert_peripheral_id(&smmu);
    qtest_quit(smmu.qts);
}

static void test_emulated(const void *data)
{
    const Emulated *e = data;
    IdRegisters id;

    read_of_qemu(machine_qemu(), e, &id);
    /* the lab's emulated host, which this QEMU is too, has S2FWB on top */
    if (e->expected.idr[0] & 1) {
        id.idr[3] &= ~IDR3_FWB;
    }
    assert_id_registers(&id, &e->expected);
}

static void test_emulated_baseline(const void *data)
{
    const Emulated *e = data;
    IdRegisters id, expected;

    read_of_qemu(machine_qemu(), e, &id);
    read_of_qemu(machine_baseline(), e, &expected);
    id.idr[3] &= ~IDR3_FWB;
    expected.idr[3] &= ~IDR3_FWB;
    assert_id_registers(&id, &expected);
}

typedef struct Accelerated {
    const char *name;
    const char *args;        /* of the SMMU, or of QEMU if it starts with - */
    bool ril;
    bool ats;
    uint8_t oas;   /* encoded */
    bool no_msi;
    uint8_t ssidsize;
} Accelerated;

/* As management tools write them: values are strings, and accel is a bool. */
#define JSON(rest) "-device '{\"driver\":\"arm-smmuv3\"," \
                   "\"primary-bus\":\"pcie.0\",\"id\":\"smmu0\"," rest "}'"

/* libvirt 12.7, tests/qemuxmlconfdata/iommu-smmuv3-pci-bus-accel */
#define LIBVIRT JSON("\"accel\":true,\"ats\":\"on\",\"ril\":\"off\"," \
                     "\"ssidsize\":\"20\",\"oas\":\"44\"")

/* Without a device on the command line there is no host to follow. */
static const Accelerated accelerated[] = {
    { "defaults", "", false, false, 4, false, 0 },
    { "auto", ",ril=auto,ats=auto,oas=auto,ssidsize=auto,msi=auto,cmdqv=auto",
      false, false, 4, false, 0 },
    { "ril-on", ",ril=on", true, false, 4, false, 0 },
    { "ril-off", ",ril=off", false, false, 4, false, 0 },
    { "ats-on", ",ats=on", false, true, 4, false, 0 },
    { "ats-off", ",ats=off", false, false, 4, false, 0 },
    { "ril-on-ats-on", ",ril=on,ats=on,oas=48", true, true, 5, false, 0 },
    { "msi-on", ",msi=on", false, false, 4, false, 0 },
    { "msi-off", ",msi=off", false, false, 4, true, 0 },
    { "cmdqv-off", ",cmdqv=off", false, false, 4, false, 0 },
    { "oas-32", ",oas=32", false, false, 0, false, 0 },
    { "oas-36", ",oas=36", false, false, 1, false, 0 },
    { "oas-40", ",oas=40", false, false, 2, false, 0 },
    { "oas-42", ",oas=42", false, false, 3, false, 0 },
    { "oas-44", ",oas=44", false, false, 4, false, 0 },
    { "oas-48", ",oas=48", false, false, 5, false, 0 },
    { "oas-52", ",oas=52", false, false, 6, false, 0 },
    { "ssidsize-0", ",ssidsize=0", false, false, 4, false, 0 },
    { "ssidsize-1", ",ssidsize=1", false, false, 4, false, 1 },
    { "ssidsize-20", ",ssidsize=20", false, false, 4, false, 20 },
    /* of two values the last one counts */
    { "overridden", ",oas=auto,ril=auto,ril=on,ats=on,oas=48,ssidsize=8",
      true, true, 5, false, 8 },
    /* other ways to set them */
    { "json/libvirt", LIBVIRT, false, true, 4, false, 20 },
    { "json/libvirt-auto", JSON("\"accel\":true"), false, false, 4, false, 0 },
    { "json/strings", JSON("\"accel\":true,\"ril\":\"on\","
                           "\"ats\":\"auto\",\"oas\":\"auto\","
                           "\"ssidsize\":\"auto\",\"msi\":\"off\","
                           "\"cmdqv\":\"off\""), true, false, 4, true, 0 },
    { "global", "-global arm-smmuv3.ril=on -global arm-smmuv3.ats=on "
      "-global arm-smmuv3.oas=52 -global arm-smmuv3.ssidsize=4 " ACCEL_SMMU,
      true, true, 6, false, 4 },
    { "global-overridden", "-global arm-smmuv3.ril=on " ACCEL_SMMU ",ril=auto",
      false, false, 4, false, 0 },
};

/* HAD, BBML and 16K pages are not advertised; all the rest is as emulated. */
static void test_accelerated(const void *data)
{
    const Accelerated *a = data;
    g_autofree char *args = g_strconcat(*a->args == '-' ? "" : ACCEL_SMMU,
                                        a->args, NULL);
    Smmu smmu = smmu_start(args);
    IdRegisters id, expected = STAGE_1;

    expected.idr[0] |= (a->ats ? IDR0_ATS : 0) | (a->no_msi ? 0 : IDR0_MSI);
    expected.idr[1] |= FIELD_PREP(IDR1_SSIDSIZE, a->ssidsize);
    expected.idr[3] = a->ril ? IDR3_RIL : 0;
    expected.idr[5] = IDR5_GRAN4K | IDR5_GRAN64K | a->oas;
    read_id_registers(&smmu, &id);
    assert_id_registers(&id, &expected);
    assert_peripheral_id(&smmu);

    /* a reset does not make it another SMMU */
    qtest_system_reset(smmu.qts);
    read_id_registers(&smmu, &id);
    assert_id_registers(&id, &expected);
    qtest_quit(smmu.qts);
}

typedef struct Typed {
    const char *name;
    const char *type;
    const char *value;      /* what qom-get returns in test_properties() */
} Typed;

static const Typed typed[] = {
    { "ril", "OnOffAuto", "auto" }, { "ats", "OnOffAuto", "on" },
    { "msi", "OnOffAuto", "off" }, { "cmdqv", "OnOffAuto", "auto" },
    { "oas", "OasMode", "48" }, { "ssidsize", "SsidSizeMode", "auto" },
};

static void assert_type(QDict *answer, const char *name, const char *type)
{
    QList *list = qdict_get_qlist(answer, "return");
    const QListEntry *entry;
    bool found = false;

    g_assert_nonnull(list);
    QLIST_FOREACH_ENTRY(list, entry) {
        QDict *property = qobject_to(QDict, qlist_entry_obj(entry));

        if (!strcmp(qdict_get_str(property, "name"), name)) {
            g_assert_cmpstr(qdict_get_str(property, "type"), ==, type);
            found = true;
        }
    }
    g_test_message("%s is listed: %u", name, found);
    g_assert_true(found);
}

/* What a management tool finds: the property, its type, and its value */
static void test_properties(const void *data)
{
    const Typed *t = data;
    Smmu smmu = smmu_start(ACCEL_SMMU ",ats=on,msi=off,oas=48,ssidsize=auto");
    QDict *answer;

    answer = qtest_qmp(smmu.qts, "{'execute': 'device-list-properties', "
                       "'arguments': {'typename': 'arm-smmuv3'}}");
    assert_type(answer, t->name, t->type);
    qobject_unref(answer);
    answer = qtest_qmp(smmu.qts, "{'execute': 'qom-list', 'arguments': {"
                       "'path': 'smmu0'}}");
    assert_type(answer, t->name, t->type);
    qobject_unref(answer);
    answer = qtest_qmp(smmu.qts, "{'execute': 'qom-get', 'arguments': {"
                       "'path': 'smmu0', 'property': %s}}", t->name);
    g_assert_cmpstr(qdict_get_try_str(answer, "return"), ==, t->value);
    qobject_unref(answer);
    qtest_quit(smmu.qts);
}

/* The properties that libvirt looks for before it uses an accelerated SMMU */
static void test_probed(void)
{
    Smmu smmu = smmu_start("");
    QDict *answer;

    answer = qtest_qmp(smmu.qts, "{'execute': 'device-list-properties', "
                       "'arguments': {'typename': 'arm-smmuv3'}}");
    assert_type(answer, "smmu_per_bus", "bool");
    assert_type(answer, "accel", "bool");
    assert_type(answer, "cmdqv", "OnOffAuto");
    qobject_unref(answer);
    qtest_quit(smmu.qts);
}

static void test_two(void)
{
    Smmu smmu = smmu_start(
        "-device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=8 "
        "-device arm-smmuv3,primary-bus=pcie.1,accel=on,ril=on "
        ACCEL_SMMU ",oas=48");

    g_assert_cmphex(smmu_read(&smmu, SMMU_IDR3), ==, IDR3_RIL);
    g_assert_cmphex(smmu_read(&smmu, SMMU_IDR5) & IDR5_OAS, ==, 4);
    smmu.base += VIRT_SMMU_SIZE;
    g_assert_cmphex(smmu_read(&smmu, SMMU_IDR3), ==, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_IDR5) & IDR5_OAS, ==, 5);
    qtest_quit(smmu.qts);
}

/* GBPA takes a write with UPDATE only, which then is done at once */
static void test_gbpa(const void *data)
{
    Smmu smmu = smmu_start(data);

    g_assert_cmphex(smmu_read(&smmu, SMMU_GBPA), ==, GBPA_RESET);
    smmu_write(&smmu, SMMU_GBPA, GBPA_ABORT);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GBPA), ==, GBPA_RESET);
    smmu_write(&smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GBPA), ==, GBPA_ABORT);
    smmu_write(&smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_RESET);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GBPA), ==, GBPA_RESET);

    /* also while the SMMU is enabled: it counts when it is disabled again */
    smmu_write(&smmu, SMMU_CR0, CR0_SMMUEN);
    smmu_write(&smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GBPA), ==, GBPA_ABORT);
    smmu_write(&smmu, SMMU_CR0, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GBPA), ==, GBPA_ABORT);
    qtest_quit(smmu.qts);
}

static void test_cr0(const void *data)
{
    static const uint32_t values[] = {
        CR0_SMMUEN, CR0_SMMUEN | CR0_CMDQEN | CR0_EVENTQEN, CR0_CMDQEN,
        CR0_SMMUEN | CR0_CMDQEN, 0, CR0_SMMUEN, 0
    };
    Smmu smmu = smmu_start(data);

    g_assert_cmphex(smmu_read(&smmu, SMMU_CR0), ==, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_CR0ACK), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        smmu_write(&smmu, SMMU_CR0, values[i]);
        g_assert_cmphex(smmu_read(&smmu, SMMU_CR0), ==, values[i]);
        g_assert_cmphex(smmu_read(&smmu, SMMU_CR0ACK), ==, values[i]);
    }
    qtest_quit(smmu.qts);
}

static void test_reset(const void *data)
{
    Smmu smmu = smmu_start(data);

    smmu_start_queue(&smmu, 3);
    smmu_queue(&smmu, CMD_SYNC, 0);
    smmu_queue(&smmu, CMD_ILLEGAL, 0);
    smmu_ring(&smmu);
    smmu_write(&smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
    smmu_write(&smmu, SMMU_IRQ_CTRL, 1);
    smmu_write(&smmu, SMMU_CR0, CR0_SMMUEN | CR0_CMDQEN);
    g_assert_cmphex(smmu_read(&smmu, SMMU_CMDQ_CONS), !=, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GERROR), !=, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_IRQ_CTRL_ACK), ==, 1);

    qtest_system_reset(smmu.qts);
    g_assert_cmphex(smmu_read(&smmu, SMMU_CR0), ==, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_CR0ACK), ==, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GBPA), ==, GBPA_RESET);
    g_assert_cmphex(smmu_read(&smmu, SMMU_IRQ_CTRL), ==, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GERROR), ==, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_GERRORN), ==, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_CMDQ_PROD), ==, 0);
    g_assert_cmphex(smmu_read(&smmu, SMMU_CMDQ_CONS), ==, 0);

    /* and it works again */
    smmu_start_queue(&smmu, 3);
    smmu_queue(&smmu, CMD_SYNC, 0);
    smmu_ring(&smmu);
    g_assert_cmphex(smmu_read(&smmu, SMMU_CMDQ_CONS), ==, 1);
    qtest_quit(smmu.qts);
}

static void add(const char *group, const char *name, const void *data,
                GTestDataFunc func)
{
    g_autofree char *path = g_strdup_printf("/registers/%s/%s", group, name);

    base_data_test(path, data, func);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(emulated); i++) {
        add("emulated", emulated[i].name, &emulated[i], test_emulated);
        if (machine_baseline() && !strstr(emulated[i].args, "msi=")) {
            add("baseline", emulated[i].name, &emulated[i],
                test_emulated_baseline);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(accelerated); i++) {
        add("accelerated", accelerated[i].name, &accelerated[i],
            test_accelerated);
    }
    base_test("/registers/accelerated/two", test_two);
    base_test("/registers/properties/probed", test_probed);
    for (size_t i = 0; i < G_N_ELEMENTS(typed); i++) {
        add("properties", typed[i].name, &typed[i], test_properties);
    }
    add("gbpa", "accelerated", ACCEL_SMMU, test_gbpa);
    add("gbpa", "emulated", EMULATED_SMMU, test_gbpa);
    add("cr0", "accelerated", ACCEL_SMMU, test_cr0);
    add("cr0", "emulated", EMULATED_SMMU, test_cr0);
    add("reset", "accelerated", ACCEL_SMMU, test_reset);
    add("reset", "emulated", EMULATED_SMMU, test_reset);
    return g_test_run();
}
