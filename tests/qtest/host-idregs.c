/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's ID registers against the SMMU's, field by field: values that do
 * not serve the guest are refused with a message that names field, values and
 * remedy; all others are accepted, and the device is used. What follows the
 * host is in auto.c.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "hotplug.h"

typedef struct Field {
    const char *name;
    unsigned idr, shift, length;
    const char *options;     /* of the SMMU, which has no device at first */
    const char *remedy;      /* NULL: no property helps */
    uint8_t bad[4];          /* the host's values that are refused, */
    unsigned bads;
    uint8_t good[4];         /* and that are accepted */
    unsigned goods;
} Field;

static const Field fields[] = {
    { "IDR0.TTF", 0, 2, 2, "", NULL, { 0, 1 }, 2, { 2, 3 }, 2 },
    { "IDR0.HTTU", 0, 6, 2, "", NULL, { }, 0, { 0, 1, 2, 3 }, 4 },
    { "IDR0.ATS", 0, 10, 1, ",ats=on", "ats=off", { 0 }, 1, { 1 }, 1 },
    { "IDR0.ATS", 0, 10, 1, "", NULL, { }, 0, { 0, 1 }, 2 },
    { "IDR0.ASID16", 0, 12, 1, "", NULL, { 0 }, 1, { 1 }, 1 },
    { "IDR0.CD2L", 0, 19, 1, "", NULL, { }, 0, { 0, 1 }, 2 },
    { "IDR0.TTENDIAN", 0, 21, 2, "", NULL, { 1, 3 }, 2, { 0, 2 }, 2 },
    { "IDR0.STALL_MODEL", 0, 24, 2, "", NULL, { 2 }, 1, { 0, 1 }, 2 },
    /* the guest's stream table and its StreamIDs are QEMU's */
    { "IDR0.STLEVEL", 0, 27, 2, "", NULL, { }, 0, { 0, 1 }, 2 },
    { "IDR1.SIDSIZE", 1, 0, 6, "", NULL, { }, 0, { 8, 15, 16, 32 }, 4 },
    { "IDR1.SSIDSIZE", 1, 6, 5, ",ssidsize=9", "ssidsize=", { 0, 8 }, 2,
      { 9, 20 }, 2 },
    { "IDR1.SSIDSIZE", 1, 6, 5, "", NULL, { }, 0, { 0, 20 }, 2 },
    { "IDR3.HAD", 3, 2, 1, "", NULL, { }, 0, { 0, 1 }, 2 },
    { "IDR3.RIL", 3, 10, 1, ",ril=on", "ril=off", { 0 }, 1, { 1 }, 1 },
    { "IDR3.RIL", 3, 10, 1, "", NULL, { }, 0, { 0, 1 }, 2 },
    { "IDR3.BBML", 3, 11, 2, "", NULL, { }, 0, { 0, 1, 2 }, 3 },
    { "IDR5.OAS", 5, 0, 3, "", "oas=", { 0, 3 }, 2, { 4, 5, 6 }, 3 },
    { "IDR5.OAS", 5, 0, 3, ",oas=48", "oas=", { 4 }, 1, { 5, 6 }, 2 },
    { "IDR5.OAS", 5, 0, 3, ",oas=32", NULL, { }, 0, { 0, 1 }, 2 },
    { "IDR5.OAS", 5, 0, 3, ",oas=52", "oas=", { 5 }, 1, { 6 }, 1 },
    { "IDR5.GRAN4K", 5, 4, 1, "", NULL, { 0 }, 1, { 1 }, 1 },
    { "IDR5.GRAN16K", 5, 5, 1, "", NULL, { }, 0, { 0, 1 }, 2 },
    { "IDR5.GRAN64K", 5, 6, 1, "", NULL, { 0 }, 1, { 1 }, 1 },
};

static Dut *start(const char *options)
{
    const DutConfig config = {
        .smmu = options, .port = true, .unplugged = true
    };
    Dut *dut = dut_start(&config);

    dut->model->control->smmu[0].idr[0] |= IDR0_ATS;
    dut_enable(dut);
    return dut;
}

static void set_host(Dut *dut, const Field *field, uint32_t value)
{
    uint32_t *idr = &dut->model->control->smmu[0].idr[field->idr];

    *idr = deposit32(*idr, field->shift, field->length, value);
}

static void assert_plugs(Dut *dut)
{
    uint64_t page = dut_map_new(dut, DUT_IOVA);

    hotplug(dut);
    dut_translate(dut);
    edu_load(dut);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
    hotplug_remove(dut, 0);
}

static void test_field(const void *data)
{
    const Field *field = data;
    Dut *dut = start(field->options);
    uint32_t guest = extract32(smmu_read(&dut->smmu, field->idr * 4),
                               field->shift, field->length);

    for (unsigned i = 0; i < field->bads; i++) {
        g_autofree char *expected = g_strdup_printf(
            "%s is 0x%x in 'smmu0' and 0x%x on the host", field->name, guest,
            field->bad[i]);
        g_autofree char *message = NULL;

        set_host(dut, field, field->bad[i]);
        message = hotplug_add(dut, 0, NULL);
        g_assert_nonnull(message);
        g_assert_true(base_says(message, expected));
        g_assert_true(!field->remedy || base_says(message, field->remedy));
    }
    for (unsigned i = 0; i < field->goods; i++) {
        g_test_message("%s on the host: 0x%x", field->name, field->good[i]);
        set_host(dut, field, field->good[i]);
        assert_plugs(dut);
    }
    dut_stop(dut);
}

/* The kernel decides, by what firmware reports: IDR0.COHACC is not compared. */
static void test_coherent(const void *unused)
{
    Dut *dut = start("");
    struct km_smmu_config *host = &dut->model->control->smmu[0];
    g_autofree char *message = NULL;

    host->idr[0] &= ~IDR0_COHACC;
    assert_plugs(dut);
    host->idr[0] |= IDR0_COHACC;
    host->coherent = 0;
    message = hotplug_add(dut, 0, NULL);
    g_assert_nonnull(message);
    g_assert_true(base_says(message, "error bind device"));
    dut_stop(dut);
}

/* All misfits are reported at once. */
static void test_together(const void *unused)
{
    Dut *dut = start(",oas=48,ril=on");
    uint32_t *idr = dut->model->control->smmu[0].idr;
    g_autofree char *message = NULL;

    idr[3] &= ~IDR3_RIL;
    idr[5] &= ~IDR5_OAS;
    message = hotplug_add(dut, 0, NULL);
    g_assert_nonnull(message);
    g_assert_true(base_says(message, "IDR3.RIL is 0x1 in 'smmu0' and 0x0 on "
                            "the host"));
    g_assert_true(base_says(message, "IDR5.OAS is 0x5 in 'smmu0' and 0x0 on "
                            "the host"));
    idr[3] |= IDR3_RIL;
    idr[5] |= 5;
    assert_plugs(dut);
    dut_stop(dut);
}

/* On the command line the same ends QEMU. */
static void test_cold(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *device = dut_device_args(0, "");
    g_autofree char *args = g_strdup_printf("%s %s", smmu, device);
    uint32_t *idr0 = &dut_model()->control->smmu[0].idr[0];

    dut_enter();
    machine_assert_accepted(args);
    *idr0 = deposit32(*idr0, 24, 2, 2);
    machine_assert_refused(args, "the host's SMMUv3 does not fit: "
                           "IDR0.STALL_MODEL is 0x1 in 'smmu0' and 0x2 on the "
                           "host");
    dut_leave();
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autofree char *path = g_strdup_printf("/host-idregs/%s%s",
                                                fields[i].name,
                                                fields[i].options);

        dut_test(path, DUT_MODELED, test_field, &fields[i]);
    }
    dut_test("/host-idregs/IDR0.COHACC", DUT_MODELED, test_coherent, NULL);
    dut_test("/host-idregs/together", DUT_MODELED, test_together, NULL);
    dut_test("/host-idregs/cold", DUT_MODELED, test_cold, NULL);
    return g_test_run();
}
