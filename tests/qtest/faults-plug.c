/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault injection into plugging and unplugging: a device that is refused goes
 * with a message and without a trace, and can be plugged the next time.
 */
#include "qemu/osdep.h"
#include "hotplug.h"
#include "fault-injection.h"

/* The state of the running test; a program runs one at a time */
static struct {
    uint64_t page;       /* at DUT_IOVA */
    unsigned live;       /* objects before the flow */
    bool plugged;
    unsigned refused;
} now;

/* An empty port; beside it the second device, if @second */
static Dut *start(bool second)
{
    g_autofree char *device = dut_device_args(1, ",bus=pcie.0,addr=5");
    const DutConfig config = {
        .port = true, .unplugged = true, .args = second ? device : ""
    };
    Dut *dut = inject_start(&config);

    now.page = dut_map_new(dut, DUT_IOVA);
    now.refused = 0;
    dut_enable(dut);
    return dut;
}

static void assert_works(Dut *dut)
{
    dut_translate(dut);
    edu_load(dut);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, now.page, now.page), ==,
                    now.page);
}

static void plug_prepare(Dut *dut)
{
    now.live = dut_live(dut);
}

static void plug_run(Dut *dut)
{
    g_autofree char *message = hotplug_add(dut, 0, NULL);

    now.plugged = !message;
    now.refused += !now.plugged;
    g_assert_true(now.plugged || *message);
}

/* VFIO goes on without a BAR or an interrupt that it cannot have */
static bool may_be_crippled(enum km_call failed)
{
    switch (failed) {
    case KM_GET_IRQ_INFO:
    case KM_SET_IRQS:
    case KM_EVENTFD:
    case KM_DEVICE_RESET:
        return true;
    default:
        return false;
    }
}

/* Refused without a trace, or taken and usable; in any case the next one is */
static void plug_verify(Dut *dut, enum km_call failed)
{
    if (now.plugged) {
        hotplug_power_on(dut);
        if (!may_be_crippled(failed)) {
            assert_works(dut);
        }
        hotplug_remove(dut, 0);
    } else {
        g_assert_cmpint(failed, !=, KM_ANY);
    }
    if (failed != KM_DESTROY && failed != KM_DETACH_PT) {
        g_assert_cmpuint(dut_live(dut), <=, now.live);
    }
    if (failed != KM_ANY) {
        hotplug(dut);
        assert_works(dut);
        hotplug_remove(dut, 0);
    }
    dut_set_ste(dut, STE_ABORT, 0);
}

/* The STE of the device is valid, so the plug includes its installation */
static void plug_ste_prepare(Dut *dut)
{
    dut_translate(dut);
    now.live = dut_live(dut);
}

/* Without another device each plug begins with opening the iommufd */
static void test_plug(const void *data)
{
    inject_faults(start(false), data);
    g_test_message("refused: %u", now.refused);
    g_assert_cmpuint(now.refused, >, 0);
}

/* With one it joins what is there, and leaves it when it goes */
static void test_plug_second(const void *data)
{
    inject_faults(start(true), data);
    g_assert_cmpuint(now.refused, >, 0);
}

/* Returns: QEMU's exit status when that call fails; if not 0 with a message */
static int try_cold(const char *args, enum km_call call, unsigned n,
                    int error)
{
    g_autofree char *err = NULL;
    int status;

    g_test_message("%s %u: %s", km_call_name(call), n, g_strerror(error));
    km_fail(dut_model(), 0, call, n, error);
    status = machine_try(args, &err);
    g_assert_cmpint(status, <=, 1);
    g_assert_true(status == 0 || strstr(err, "vfio") ||
                  strstr(err, "iommufd"));
    return status;
}

/* Cold: a process for each point */
static void test_plug_cold(const void *unused)
{
    g_autofree char *smmu = dut_smmu_args("");
    g_autofree char *device = dut_device_args(0, "");
    g_autofree char *more = g_strdup_printf("-accel qtest %s %s", smmu, device);
    g_autofree char *args = machine_args(more);
    struct km_control *control = dut_model()->control;
    unsigned points = 0, refused = 0;
    uint32_t calls[KM_CALLS];

    dut_enter();
    g_assert_cmpint(machine_try(args, NULL), ==, 0);
    for (unsigned i = 0; i < KM_CALLS; i++) {
        calls[i] = control->calls[i];
    }
    for (enum km_call call = KM_ANY + 1; call < KM_CALLS; call++) {
        for (unsigned n = 1; n <= calls[call]; n++) {
            for (const int *e = inject_errors(call); *e; e++) {
                refused += try_cold(args, call, n, *e);
                points += control->fail[0].fired;
            }
        }
    }
    km_fail(dut_model(), 0, KM_ANY, 0, 0);
    machine_assert_accepted(more);
    dut_leave();
    g_test_message("injected: %u faults, %u refused", points, refused);
    g_assert_cmpuint(refused, >, 0);
}

static void unplug_prepare(Dut *dut)
{
    hotplug(dut);
    assert_works(dut);
}

static void unplug_run(Dut *dut)
{
    hotplug_remove(dut, 0);
}

static void unplug_verify(Dut *dut, enum km_call failed)
{
    hotplug(dut);
    assert_works(dut);
    hotplug_remove(dut, 0);
}

static void test_unplug(const void *data)
{
    inject_faults(start(false), data);
}

int main(int argc, char **argv)
{
    static const Flow plug = {
        .prepare = plug_prepare, .run = plug_run, .verify = plug_verify
    };
    static const Flow plug_ste = {
        .prepare = plug_ste_prepare, .run = plug_run, .verify = plug_verify
    };
    static const Flow unplug = {
        .prepare = unplug_prepare, .run = unplug_run, .verify = unplug_verify
    };

    machine_test_init(&argc, &argv);
    dut_test("/faults-plug/hot", DUT_MODELED, test_plug, &plug);
    dut_test("/faults-plug/hot-ste", DUT_MODELED, test_plug, &plug_ste);
    dut_test("/faults-plug/hot-second", DUT_MODELED, test_plug_second,
             &plug_ste);
    dut_test("/faults-plug/unplug", DUT_MODELED, test_unplug, &unplug);
    dut_test("/faults-plug/cold", DUT_MODELED, test_plug_cold, NULL);
    return g_test_run();
}
