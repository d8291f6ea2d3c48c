/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties that follow the host, which is their default: the first device
 * on the command line decides, and its host's values stay. Devices that are
 * plugged later have to fit. Without such a device the values are modest.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "acpi.h"
#include "hotplug.h"

#define AUTO ",ril=auto,ats=auto,oas=auto,ssidsize=auto,cmdqv=auto,msi=auto"

/* --- values of registers ---------------------------------------------- */

/*
 * Fields that follow the host: of a host that has all of them, and of a guest
 * that was started without a device.
 */
static const struct {
    const char *name;
    unsigned idr, shift, length, full, modest;
} fields[] = {
    { "httu", 0, 6, 2, 3, 0 },
    { "ats", 0, 10, 1, 1, 0 },
    { "asid16", 0, 12, 1, 1, 1 },
    { "cd2l", 0, 19, 1, 1, 0 },
    { "ssidsize", 1, 6, 5, 16, 0 },
    { "had", 3, 2, 1, 1, 0 },
    { "ril", 3, 10, 1, 1, 0 },
    { "bbml", 3, 11, 2, 2, 0 },
    { "oas", 5, 0, 3, 5, 4 },
    { "gran4k", 5, 4, 1, 1, 1 },
    { "gran16k", 5, 5, 1, 1, 0 },
    { "gran64k", 5, 6, 1, 1, 1 },
};

#define FIELDS G_N_ELEMENTS(fields)

typedef struct Values {
    unsigned value[FIELDS];
} Values;

/* The full values or the modest ones, with @changes as in "ril=0 oas=4" */
static Values values(bool modest, const char *changes)
{
    g_auto(GStrv) words = g_strsplit(changes, " ", -1);
    Values v;
    size_t f;

    for (f = 0; f < FIELDS; f++) {
        v.value[f] = modest ? fields[f].modest : fields[f].full;
    }
    for (char **word = words; *word; word++) {
        char *equals = strchr(*word, '=');

        if (!equals) {
            g_assert_cmpstr(*word, ==, "");
            continue;
        }
        *equals = 0;
        for (f = 0; f < FIELDS && strcmp(*word, fields[f].name); f++) {
        }
        g_assert_cmpuint(f, <, FIELDS);
        v.value[f] = strtoul(equals + 1, NULL, 0);
    }
    return v;
}

/* HTTU is the host's alone: the model does not have it. */
#define GUEST(changes) values(false, "httu=0 " changes)
#define MODEST(changes) values(true, changes)

static void set_host(unsigned smmu, const char *changes)
{
    uint32_t *idr = dut_model()->control->smmu[smmu].idr;
    Values v = values(false, changes);

    for (size_t f = 0; f < FIELDS; f++) {
        idr[fields[f].idr] = deposit32(idr[fields[f].idr], fields[f].shift,
                                       fields[f].length, v.value[f]);
    }
}

static void assert_values(const Dut *dut, Values expected)
{
    for (size_t f = 0; f < FIELDS; f++) {
        uint32_t idr = smmu_read(&dut->smmu, fields[f].idr * 4);
        unsigned value = extract32(idr, fields[f].shift, fields[f].length);

        g_test_message("%s: %u, expected %u", fields[f].name, value,
                       expected.value[f]);
        g_assert_cmpuint(value, ==, expected.value[f]);
    }
}

/* ATS in the IORT's root complex, which the firmware reads after a reset */
static void assert_iort_ats(const Dut *dut)
{
    g_autoptr(GBytes) tables = acpi_read_file(dut->qts, ACPI_TABLES);
    g_autoptr(GArray) nodes = iort_nodes(acpi_find(tables, "IORT"));
    IortNode complex = iort_nth(nodes, IORT_ROOT_COMPLEX, 0);
    uint32_t idr0 = smmu_read(&dut->smmu, SMMU_IDR0);

    g_assert_cmpuint(iort_u32(&complex, 24), ==, !!(idr0 & IDR0_ATS));
}

static void assert_works(Dut *dut)
{
    uint64_t page = dut_map_new(dut, DUT_IOVA);

    dut_translate(dut);
    dut_command(dut, CMD_TLBI_NSNH_ALL, 0);
    edu_load(dut);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
}

/* --- the first device decides ------------------------------------------ */

typedef struct Case {
    const char *name;
    const char *options;     /* of the SMMU, or -global of QEMU */
    const char *host;        /* changes to the full values */
    const char *guest;       /* the same */
} Case;

#define LITTLE "ril=0 ats=0 oas=1 ssidsize=0 cd2l=0 gran16k=0 bbml=0 had=0 " \
               "asid16=0"

static const Case cases[] = {
    { "default", "", "", "" },
    { "explicit-auto", AUTO, "", "" },
    { "little", "", LITTLE, LITTLE },
    /* field by field */
    { "no-ril", "", "ril=0", "ril=0" },
    { "no-ats", "", "ats=0", "ats=0" },
    { "no-had", "", "had=0", "had=0" },
    { "no-asid16", "", "asid16=0", "asid16=0" },
    { "no-bbml", "", "bbml=0", "bbml=0" },
    { "bbml-1", "", "bbml=1", "bbml=1" },
    { "bbml-reserved", "", "bbml=3", "bbml=2" },
    { "oas-32", "", "oas=0", "oas=0" },
    { "oas-52", "", "oas=6", "oas=6" },
    { "oas-reserved", "", "oas=7", "oas=6" },
    { "no-httu", "", "httu=0", "" },
    { "gran-4k", "", "gran16k=0 gran64k=0", "gran16k=0 gran64k=0" },
    { "gran-64k", "", "gran4k=0 gran16k=0", "gran4k=0 gran16k=0" },
    { "no-gran-16k", "", "gran16k=0", "gran16k=0" },
    { "no-cd2l", "", "ssidsize=8 cd2l=0", "ssidsize=8 cd2l=0" },
    { "no-ssidsize", "", "ssidsize=0", "ssidsize=0 cd2l=0" },
    { "ssidsize-reserved", "", "ssidsize=31", "ssidsize=20" },
    /* explicit values stay; the others follow the host */
    { "explicit/ril", ",ril=off", "", "ril=0" },
    { "explicit/ats", ",ats=off", "", "ats=0" },
    { "explicit/oas", ",oas=40", "oas=6", "oas=2" },
    { "explicit/ssidsize", ",ssidsize=4", "", "ssidsize=4" },
    { "explicit/no-ssidsize", ",ssidsize=0", "", "ssidsize=0 cd2l=0" },
    { "explicit/all", ",ril=off,ats=on,oas=40,ssidsize=4", "oas=6",
      "ril=0 oas=2 ssidsize=4" },
    { "explicit/same", ",ril=on,ats=on,oas=48,ssidsize=16", "", "" },
    { "global/ril", "-global arm-smmuv3.ril=off", "", "ril=0" },
    { "global/oas", "-global arm-smmuv3.oas=42", "", "oas=3" },
};

/* The values stay through reset, unplug and the next device. */
static void test_cold(const void *data)
{
    const Case *c = data;
    bool global = g_str_has_prefix(c->options, "-global");
    const DutConfig config = {
        .smmu = global ? "" : c->options, .args = global ? c->options : "",
        .port = true, .log2page = strstr(c->host, "gran4k=0") ? 16 : 12
    };
    g_autofree char *changes = g_strdup_printf("httu=0 %s", c->guest);
    Values expected = values(false, changes);
    Dut *dut;

    set_host(0, c->host);
    dut = dut_start(&config);
    assert_values(dut, expected);
    assert_iort_ats(dut);
    dut_enable(dut);
    assert_works(dut);
    hotplug_remove(dut, 0);
    assert_values(dut, expected);
    hotplug(dut);
    qtest_system_reset(dut->qts);
    assert_values(dut, expected);
    assert_iort_ats(dut);
    dut_enumerate(dut);
    dut_start_smmu(dut);
    dut_enable(dut);
    assert_works(dut);
    dut_stop(dut);
}

/*
 * The machine runs, and the guest has seen the registers: a device does not
 * change them any more, also not after a reset.
 */
static void test_hot(const void *options)
{
    const DutConfig config = {
        .smmu = options, .port = true, .unplugged = true
    };
    Dut *dut;

    set_host(0, "");
    dut = dut_start(&config);
    assert_values(dut, MODEST(""));
    assert_iort_ats(dut);
    dut_enable(dut);
    for (unsigned i = 0; i < 2; i++) {
        hotplug(dut);
        assert_values(dut, MODEST(""));
        assert_works(dut);
        hotplug_remove(dut, 0);
    }
    hotplug(dut);
    qtest_system_reset(dut->qts);
    assert_values(dut, MODEST(""));
    assert_iort_ats(dut);
    dut_stop(dut);
}

/* An SMMU each: each follows its own device's host. */
static void test_second(const void *unused)
{
    g_autofree char *device = NULL, *args = NULL;
    DutConfig config = { .smmu = "" };
    Dut *dut, other;

    dut_model()->control->device[1].smmu = 1;
    set_host(0, "ats=0 oas=4 ssidsize=8 cd2l=0 bbml=1");
    set_host(1, "ril=0 gran16k=0 had=0");
    device = dut_device_args(1, ",bus=rp1");
    args = g_strdup_printf(
        "-device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=8 "
        "-device pcie-root-port,id=rp1,bus=pcie.1,chassis=9 "
        "-device arm-smmuv3,primary-bus=pcie.1,id=smmu1,accel=on %s", device);
    config.args = args;
    dut = dut_start(&config);
    assert_values(dut, GUEST("ats=0 oas=4 ssidsize=8 cd2l=0 bbml=1"));
    other = *dut;
    other.smmu.base += VIRT_SMMU_SIZE;
    assert_values(&other, GUEST("ril=0 gran16k=0 had=0"));
    dut_stop(dut);
}

/* --- ATS is the device's, too ------------------------------------------- */

/*
 * The host's SMMU has ATS, and reports for each of two devices whether it can
 * use it. The first one decides, and the other may differ.
 */
static void test_device_ats(const void *data)
{
    const char *able = data;    /* of each device, 'y' or 'n' */
    g_autofree char *second = dut_device_args(1, ",bus=pcie.0,addr=5");
    const DutConfig config = { .args = second };
    Dut *dut;

    set_host(0, "");
    for (unsigned i = 0; i < 2; i++) {
        if (able[i] == 'n') {
            dut_deny_ats(i);
        }
    }
    dut = dut_start(&config);
    assert_values(dut, able[0] == 'y' ? GUEST("") : GUEST("ats=0"));
    assert_iort_ats(dut);
    dut_enable(dut);
    assert_works(dut);
    dut_stop(dut);
}

/* --- what does not fit is refused --------------------------------------- */

typedef struct Misfit {
    const char *host;        /* changes to the full values */
    const char *message;     /* field and both values */
    const char *remedy;      /* NULL: there is no property */
} Misfit;

static void assert_misfit(const char *text, const Misfit *misfit)
{
    g_test_message("expected: %s, %s", misfit->message,
                   misfit->remedy ? misfit->remedy : "");
    g_assert_nonnull(text);
    g_assert_true(base_says(text, misfit->message));
    g_assert_true(!misfit->remedy || base_says(text, misfit->remedy));
}

/* The guest has what the first device's host has; all later ones need it. */
static void test_later(const void *unused)
{
    static const DutConfig config = { .port = true };
    static const Misfit less[] = {
        { "ril=0", "IDR3.RIL is 0x1 in 'smmu0' and 0x0 on the host",
          "ril=off" },
        { "ats=0", "IDR0.ATS is 0x1 in 'smmu0' and 0x0 on the host",
          "ats=off" },
        { "oas=4", "IDR5.OAS is 0x5 in 'smmu0' and 0x4 on the host", "oas=" },
        { "ssidsize=15", "IDR1.SSIDSIZE is 0x10 in 'smmu0' and 0xf on the "
          "host", "ssidsize=" },
        { "cd2l=0", "IDR0.CD2L is 0x1 in 'smmu0' and 0x0 on the host",
          "ssidsize=0" },
        { "bbml=1", "IDR3.BBML is 0x2 in 'smmu0' and 0x1 on the host", NULL },
        { "had=0", "IDR3.HAD is 0x1 in 'smmu0' and 0x0 on the host", NULL },
        { "asid16=0", "IDR0.ASID16 is 0x1 in 'smmu0' and 0x0 on the host",
          NULL },
        { "gran4k=0", "IDR5.GRAN4K is 0x1 in 'smmu0' and 0x0 on the host",
          NULL },
        { "gran16k=0", "IDR5.GRAN16K is 0x1 in 'smmu0' and 0x0 on the host",
          NULL },
        { "gran64k=0", "IDR5.GRAN64K is 0x1 in 'smmu0' and 0x0 on the host",
          NULL },
    };
    Dut *dut;

    set_host(0, "");
    dut = dut_start(&config);
    dut_enable(dut);
    hotplug_remove(dut, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(less); i++) {
        g_autofree char *message = NULL;

        set_host(0, less[i].host);
        message = hotplug_add(dut, 0, NULL);
        assert_misfit(message, &less[i]);
        assert_values(dut, GUEST(""));
    }
    /* no HTTU is no misfit: the guest has none */
    set_host(0, "httu=0 oas=6 ssidsize=20");
    hotplug(dut);
    assert_values(dut, GUEST(""));
    assert_works(dut);
    dut_stop(dut);
}

/* What an explicit value asks for has to be there, for the first one, too. */
static void test_refused(const void *unused)
{
    static const struct {
        const char *options;
        Misfit misfit;
    } refused[] = {
        { ",ssidsize=9", { "ssidsize=8", "IDR1.SSIDSIZE is 0x9 in 'smmu0' and "
                           "0x8 on the host", "ssidsize=" } },
        { ",ats=on", { "ats=0", "IDR0.ATS is 0x1 in 'smmu0' and 0x0 on the "
                       "host", "ats=off" } },
        { ",ril=on", { "ril=0", "IDR3.RIL is 0x1 in 'smmu0' and 0x0 on the "
                       "host", "ril=off" } },
        { ",oas=48", { "oas=4", "IDR5.OAS is 0x5 in 'smmu0' and 0x4 on the "
                       "host", "oas=" } },
        { ",oas=52,ril=auto", { "oas=5", "IDR5.OAS is 0x6 in 'smmu0' and 0x5 "
                                "on the host", "oas=" } },
    };
    g_autofree char *device = dut_device_args(0, "");

    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        const Misfit *misfit = &refused[i].misfit;
        g_autofree char *smmu = dut_smmu_args(refused[i].options);
        g_autofree char *args = g_strdup_printf("%s %s", smmu, device);

        set_host(0, misfit->host);
        dut_enter();
        machine_assert_refused(args, misfit->message);
        machine_assert_refused(args, misfit->remedy);
        dut_leave();
    }
}

/* A hot-plugged device whose host has less than the modest values */
static void test_modest_refused(const void *unused)
{
    static const DutConfig config = { .port = true, .unplugged = true };
    static const Misfit less[] = {
        { "oas=3", "IDR5.OAS is 0x4 in 'smmu0' and 0x3 on the host", "oas=" },
        { "asid16=0", "IDR0.ASID16 is 0x1 in 'smmu0' and 0x0 on the host",
          NULL },
        { "gran4k=0", "IDR5.GRAN4K is 0x1 in 'smmu0' and 0x0 on the host",
          NULL },
        { "gran64k=0", "IDR5.GRAN64K is 0x1 in 'smmu0' and 0x0 on the host",
          NULL },
    };
    Dut *dut = dut_start(&config);

    dut_enable(dut);
    for (size_t i = 0; i < G_N_ELEMENTS(less); i++) {
        g_autofree char *message = NULL;

        set_host(0, less[i].host);
        message = hotplug_add(dut, 0, NULL);
        assert_misfit(message, &less[i]);
    }
    set_host(0, "ril=0 ats=0 oas=4 ssidsize=0 cd2l=0 gran16k=0 bbml=0 had=0");
    hotplug(dut);
    assert_works(dut);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/auto/cold/%s",
                                                cases[i].name);

        dut_test(path, DUT_MODELED, test_cold, &cases[i]);
    }
    dut_test("/auto/hot/default", DUT_MODELED, test_hot, "");
    dut_test("/auto/hot/explicit-auto", DUT_MODELED, test_hot, AUTO);
    dut_test("/auto/second", DUT_MODELED, test_second, NULL);
    dut_test("/auto/device-ats/neither", DUT_MODELED, test_device_ats, "nn");
    dut_test("/auto/device-ats/first", DUT_MODELED, test_device_ats, "yn");
    dut_test("/auto/device-ats/second", DUT_MODELED, test_device_ats, "ny");
    dut_test("/auto/later", DUT_MODELED, test_later, NULL);
    dut_test("/auto/refused", DUT_MODELED, test_refused, NULL);
    dut_test("/auto/modest-refused", DUT_MODELED, test_modest_refused, NULL);
    return g_test_run();
}
