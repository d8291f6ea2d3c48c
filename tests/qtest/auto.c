/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties that take the host's value: `auto` of ril, ats, oas, ssidsize.
 * The first device that is plugged cold decides, once and for all; what is
 * plugged later has to fit.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "acpi.h"
#include "hotplug.h"

#define AUTO ",ril=auto,ats=auto,oas=auto,ssidsize=auto"
#define IDR0_CD2L (1u << 19)

typedef struct Values {
    unsigned ril, ats, oas, ssidsize, cd2l;
} Values;

static const Values none = { 0, 0, 4, 0, 0 };

/* The registers that the properties are about, of the SMMU or of the host */
static Values decode(const uint32_t idr[6])
{
    return (Values) {
        .ril = extract32(idr[3], 10, 1),
        .ats = extract32(idr[0], 10, 1),
        .oas = extract32(idr[5], 0, 3),
        .ssidsize = extract32(idr[1], 6, 5),
        .cd2l = extract32(idr[0], 19, 1),
    };
}

static void encode(unsigned smmu, Values v)
{
    uint32_t *idr = dut_model()->control->smmu[smmu].idr;

    idr[3] = deposit32(idr[3], 10, 1, v.ril);
    idr[0] = deposit32(idr[0], 10, 1, v.ats);
    idr[5] = deposit32(idr[5], 0, 3, v.oas);
    idr[1] = deposit32(idr[1], 6, 5, v.ssidsize);
    idr[0] = deposit32(idr[0], 19, 1, v.cd2l);
}

static void assert_values(const Dut *dut, Values expected)
{
    uint32_t idr[6];
    Values v;

    for (unsigned i = 0; i < 6; i++) {
        idr[i] = smmu_read(&dut->smmu, i * 4);
    }
    v = decode(idr);
    g_assert_cmpuint(v.ril, ==, expected.ril);
    g_assert_cmpuint(v.ats, ==, expected.ats);
    g_assert_cmpuint(v.oas, ==, expected.oas);
    g_assert_cmpuint(v.ssidsize, ==, expected.ssidsize);
    g_assert_cmpuint(v.cd2l, ==, expected.cd2l);
}

/* ATS in the IORT's root complex, which the firmware reads after a reset */
static uint32_t iort_ats(const Dut *dut)
{
    g_autoptr(GBytes) tables = acpi_read_file(dut->qts, ACPI_TABLES);
    g_autoptr(GArray) nodes = iort_nodes(acpi_find(tables, "IORT"));
    IortNode complex = iort_nth(nodes, IORT_ROOT_COMPLEX, 0);

    return iort_u32(&complex, 24);
}

static void assert_works(Dut *dut)
{
    uint64_t page = dut_map_new(dut, DUT_IOVA);

    dut_translate(dut);
    dut_command(dut, CMD_TLBI_NSNH_ALL, 0);
    edu_load(dut);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
}

typedef struct Case {
    const char *name;
    const char *options;
    Values host;
    Values expected;
} Case;

static const Case cases[] = {
    { "all", AUTO, { 1, 1, 5, 16, 1 }, { 1, 1, 5, 16, 1 } },
    { "little", AUTO, { 0, 0, 1, 0, 0 }, { 0, 0, 1, 0, 0 } },
    { "without-cd2l", AUTO, { 1, 0, 4, 8, 0 }, { 1, 0, 4, 8, 0 } },
    { "cd2l-for-nothing", AUTO, { 1, 0, 4, 0, 1 }, { 1, 0, 4, 0, 0 } },
    { "oas-reserved", AUTO, { 1, 0, 7, 0, 0 }, { 1, 0, 6, 0, 0 } },
    { "ssidsize-too-much", AUTO, { 1, 0, 4, 31, 0 }, { 1, 0, 4, 20, 0 } },
    { "one-by-one/ril", ",ril=auto", { 0, 1, 5, 16, 1 }, { 0, 0, 4, 0, 0 } },
    { "one-by-one/ats", ",ats=auto", { 1, 1, 5, 16, 1 }, { 1, 1, 4, 0, 0 } },
    { "one-by-one/oas", ",oas=auto", { 1, 1, 5, 16, 1 }, { 1, 0, 5, 0, 0 } },
    { "one-by-one/ssidsize", ",ssidsize=auto", { 1, 1, 5, 16, 1 },
      { 1, 0, 4, 16, 1 } },
    { "numbers", ",ril=off,ats=on,oas=40,ssidsize=4", { 1, 1, 5, 16, 1 },
      { 0, 1, 2, 4, 1 } },
    { "defaults", "", { 1, 1, 5, 16, 1 }, { 1, 0, 4, 0, 0 } },
};

/* They stay through reset, unplug and the next device */
static void test_cold(const void *data)
{
    const Case *c = data;
    const DutConfig config = { .smmu = c->options, .port = true };
    Dut *dut;

    encode(0, c->host);
    dut = dut_start(&config);
    assert_values(dut, c->expected);
    g_assert_cmpuint(iort_ats(dut), ==, c->expected.ats);
    dut_enable(dut);
    assert_works(dut);
    hotplug_remove(dut, 0);
    assert_values(dut, c->expected);
    hotplug(dut);
    qobject_unref(qtest_qmp(dut->qts, "{'execute': 'system_reset'}"));
    qtest_qmp_eventwait(dut->qts, "RESET");
    assert_values(dut, c->expected);
    g_assert_cmpuint(iort_ats(dut), ==, c->expected.ats);
    dut_enumerate(dut);
    dut_start_smmu(dut);
    dut_enable(dut);
    assert_works(dut);
    dut_stop(dut);
}

/* The machine runs, the guest has seen the registers: too late for auto */
static void test_hot(const void *unused)
{
    static const DutConfig config = {
        .smmu = AUTO, .port = true, .unplugged = true
    };
    Dut *dut;

    encode(0, (Values) { 1, 1, 5, 16, 1 });
    dut = dut_start(&config);
    assert_values(dut, none);
    g_assert_cmpuint(iort_ats(dut), ==, 0);
    dut_enable(dut);
    for (unsigned i = 0; i < 2; i++) {
        hotplug(dut);
        assert_values(dut, none);
        assert_works(dut);
        hotplug_remove(dut, 0);
    }
    assert_values(dut, none);
    dut_stop(dut);
}

/* The device decided what the guest may use; one with less cannot follow it */
static void test_later(const void *unused)
{
    static const DutConfig config = { .smmu = AUTO, .port = true };
    static const Values host = { 1, 1, 5, 16, 1 };
    static const struct {
        Values host;
        const char *message;
    } less[] = {
        { { 0, 1, 5, 16, 1 }, "IDR3.RIL is 0x1 in 'smmu0' and 0x0 on the host "
          "(use ril=off)" },
        { { 1, 0, 5, 16, 1 }, "IDR0.ATS is 0x1 in 'smmu0' and 0x0 on the host "
          "(use ats=off)" },
        { { 1, 1, 4, 16, 1 }, "IDR5.OAS is 0x5 in 'smmu0' and 0x4 on the host "
          "(use a smaller oas=)" },
        { { 1, 1, 5, 15, 1 }, "IDR1.SSIDSIZE is 0x10 in 'smmu0' and 0xf on "
          "the host (use a smaller ssidsize=)" },
        { { 1, 1, 5, 16, 0 }, "IDR0.CD2L is 0x1 in 'smmu0' and 0x0 on the "
          "host (use ssidsize=0)" },
    };
    Dut *dut;

    encode(0, host);
    dut = dut_start(&config);
    dut_enable(dut);
    hotplug_remove(dut, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(less); i++) {
        g_autofree char *message = NULL;

        encode(0, less[i].host);
        message = hotplug_add(dut, 0, NULL);
        g_assert_nonnull(message);
        g_assert_true(g_str_has_suffix(message, less[i].message));
        assert_values(dut, host);
    }
    encode(0, (Values) { 1, 1, 6, 20, 1 });
    hotplug(dut);
    assert_values(dut, host);
    assert_works(dut);
    dut_stop(dut);
}

/* Two cold devices: the first one decides, whatever is better in the second */
static void test_second(const void *unused)
{
    static const DutConfig config = {
        .smmu = AUTO, .args = "-device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=8 "
        "-device pcie-root-port,id=rp1,bus=pcie.1,chassis=9 "
        "-device arm-smmuv3,primary-bus=pcie.1,id=smmu1,accel=on" AUTO
    };
    static const Values one = { 1, 0, 4, 8, 0 }, two = { 0, 1, 5, 16, 1 };
    g_autofree char *device = NULL, *args = NULL;
    DutConfig with = config;
    Dut *dut, other;

    dut_model()->control->device[1].smmu = 1;
    encode(0, one);
    encode(1, two);
    device = dut_device_args(1, ",bus=rp1");
    args = g_strdup_printf("%s %s", config.args, device);
    with.args = args;
    dut = dut_start(&with);
    /* an SMMU each: each takes its own device's */
    assert_values(dut, one);
    other = *dut;
    other.smmu.base += VIRT_SMMU_SIZE;
    assert_values(&other, two);
    dut_stop(dut);
}

/* What a number asks for has to be there */
static void test_refused(const void *unused)
{
    static const struct {
        const char *options, *message;
    } refused[] = {
        { ",ssidsize=9", "IDR1.SSIDSIZE is 0x9 in 'smmu0' and 0x8 on the host "
          "(use a smaller ssidsize=)" },
        { ",ats=on,oas=auto", "IDR0.ATS is 0x1 in 'smmu0' and 0x0 on the host "
          "(use ats=off)" },
        { ",ril=on,ats=auto", "IDR3.RIL is 0x1 in 'smmu0' and 0x0 on the host "
          "(use ril=off)" },
        { ",oas=48,ril=auto", "IDR5.OAS is 0x5 in 'smmu0' and 0x4 on the host "
          "(use a smaller oas=)" },
    };
    g_autofree char *device = dut_device_args(0, "");

    encode(0, (Values) { 0, 0, 4, 8, 0 });
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *smmu = dut_smmu_args(refused[i].options);
        g_autofree char *args = g_strdup_printf("%s %s", smmu, device);

        dut_enter();
        machine_assert_refused(args, refused[i].message);
        dut_leave();
    }
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/auto/cold/%s",
                                                cases[i].name);

        dut_test(path, DUT_MODELED, test_cold, &cases[i]);
    }
    dut_test("/auto/hot", DUT_MODELED, test_hot, NULL);
    dut_test("/auto/later", DUT_MODELED, test_later, NULL);
    dut_test("/auto/second", DUT_MODELED, test_second, NULL);
    dut_test("/auto/refused", DUT_MODELED, test_refused, NULL);
    return g_test_run();
}
