/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps and expectations as text, and what is expected by itself. */
#include <glib.h>
#include <string.h>

#include "plan.h"

static Step *parse(const char *text)
{
    char *err = NULL;
    Step *step = step_parse(text, &err);

    g_assert_cmpstr(err, ==, NULL);
    return step;
}

static void test_steps(void)
{
    g_autoptr(Step) boot = parse("boot timeout=90");
    g_autoptr(Step) read = parse("  guest   read dev=nvme0n1 bs=4096 ");
    g_autoptr(Step) boots = parse("expect-boots 3 timeout=60");
    g_autoptr(Step) monitor = parse("monitor 2.5");
    g_autoptr(Step) sleeps = parse("sleep 0");
    g_autoptr(Step) may_fail = parse("guest? finish read dev=x bs=8K count=2 offset=1M");
    g_autoptr(Step) event = parse("event DEVICE_DELETED match=\"my dev\" timeout=9");
    g_autoptr(Step) qtest = parse("qtest msi -p /msi/its_1 -s /a.b timeout=9");
    g_autoptr(Step) host = parse("host? echo $HOME; true");
    uint64_t offset, bytes;

    g_assert_cmpint(boot->verb, ==, STEP_BOOT);
    g_assert_cmpfloat(boot->timeout, ==, 90);
    g_assert_null(boot->key);
    g_assert_cmpint(read->verb, ==, STEP_GUEST);
    g_assert_cmpstr(read->arg, ==, "read dev=nvme0n1 bs=4096");
    g_assert_cmpstr(read->text, ==, "guest   read dev=nvme0n1 bs=4096");
    g_assert_cmpint(read->guest, ==, GUEST_READ);
    g_assert_false(read->may_fail);
    g_assert_cmpuint(boots->count, ==, 3);
    g_assert_cmpfloat(monitor->seconds, ==, 2.5);
    g_assert_cmpfloat(sleeps->seconds, ==, 0);
    g_assert_true(may_fail->may_fail);
    g_assert_cmpint(may_fail->guest, ==, GUEST_READ);
    g_assert_true(guest_command_range(may_fail->guest_args, &offset, &bytes));
    g_assert_cmpuint(offset, ==, 1 << 20);
    g_assert_cmpuint(bytes, ==, 16384);
    g_assert_cmpstr(event->words[0], ==, "DEVICE_DELETED");
    g_assert_cmpstr(event->words[1], ==, "match=my dev");
    g_assert_cmpfloat(event->timeout, ==, 9);
    g_assert_cmpuint(g_strv_length(qtest->words), ==, 5);
    g_assert_cmpstr(qtest->words[4], ==, "/a.b");
    g_assert_cmpstr(host->arg, ==, "echo $HOME; true");
}

static void test_key(void)
{
    g_autoptr(Step) step = parse("two-x_1=guest log match=a=b");

    g_assert_cmpstr(step->key, ==, "two-x_1");
    g_assert_cmpstr(step->text, ==, "guest log match=a=b");
}

static void test_exit(void)
{
    g_autoptr(Step) zero = parse("exit");
    g_autoptr(Step) three = parse("exit code=3 timeout=7");
    g_autoptr(Step) nonzero = parse("exit nonzero");

    g_assert_cmpint(zero->code, ==, 0);
    g_assert_cmpint(three->code, ==, 3);
    g_assert_cmpfloat(three->timeout, ==, 7);
    g_assert_cmpint(nonzero->code, ==, STEP_NONZERO);
}

static void test_repeat(void)
{
    g_autoptr(Step) step = parse("repeat 2 { qmp {\"execute\":\"stop\",\"x\":\"a;}\"} ; "
                                 "repeat 3 { sleep 1 ; sleep 2 } ; }");
    const Step *inner;

    g_assert_cmpuint(step->count, ==, 2);
    g_assert_cmpuint(step->children->len, ==, 2);
    inner = g_ptr_array_index(step->children, 0);
    g_assert_cmpstr(inner->arg, ==, "{\"execute\":\"stop\",\"x\":\"a;}\"}");
    inner = g_ptr_array_index(step->children, 1);
    g_assert_cmpint(inner->verb, ==, STEP_REPEAT);
    g_assert_cmpuint(inner->children->len, ==, 2);
}

typedef struct {
    const char *text, *says;
} Bad;

static const Bad bad_steps[] = {
    { "", "unknown step ''" }, { "fly", "unknown step 'fly': there are boot, start, guest[?]" },
    { "a=fly", "unknown step 'fly'" }, { "=boot", "unknown step '=boot'" }, { "a b=boot", "unknown step 'a'" },
    { "boot? timeout=3", "unknown step 'boot?'" }, { "boot\nstart", "one line" },
    { "boot now", "'now': write boot [timeout=S]" }, { "boot timeout=0", "'timeout=0'" },
    { "boot timeout=x", "with S seconds" }, { "boot timeout=-1", "'timeout=-1'" },
    { "boot timeout=nan", "'timeout=nan'" },
    { "start now", "'now': write start" }, { "start timeout=3", "'timeout=3'" },
    { "guest", "nothing follows guest" }, { "guest read ofset=1M", "unknown word 'ofset=1M'" },
    { "guest reed dev=x", "unknown command 'reed'" }, { "guest begin read ofset=1M", "'ofset=1M'" },
    { "qmp", "nothing follows qmp" }, { "qmp query-status", "not a command" },
    { "qmp {\"arguments\":{}}", "\"execute\"" },
    { "qmp [1]", "not a command" }, { "event", "write event NAME" }, { "event match=x", "'match=x'" },
    { "event timeout=1", "write event NAME" }, { "event A wrong=1", "'wrong=1'" }, { "event A match=\"open", "quote" },
    { "monitor", "write monitor SECONDS" }, { "monitor all", "'all'" }, { "sleep", "write sleep SECONDS" },
    { "sleep long", "'long'" }, { "sleep 1 2", "'2'" }, { "sleep 1 timeout=3", "'timeout=3'" },
    { "expect-boots", "write expect-boots N" }, { "expect-boots 0", "'0'" }, { "expect-boots many", "'many'" },
    { "exit code=x", "'code=x'" }, { "exit code=256", "'code=256': write exit [code=0..255|nonzero]" },
    { "exit soon", "'soon'" }, { "exit code=1 nonzero", "'nonzero'" },
    { "repeat 2 sleep 1", "no body" }, { "repeat { sleep 1 }", "'' is not a valid number" },
    { "repeat 2 { }", "nothing" },
    { "repeat 0 { sleep 1 }", "'0' is not a valid number" },
    { "repeat 2 { sleep 1 ; fly }", "in its step 'fly': unknown" },
    { "repeat 2 { qtest a }", "not repeated" }, { "host", "nothing follows host" },
    { "qtest", "write qtest PROGRAM" }, { "qtest timeout=3", "write qtest PROGRAM" }, { "qtest -l", "'-l'" },
    { "qtest ../sh", "'../sh'" }, { "qtest a;b", "'a;b'" }, { "qtest a $(b)", "'$(b)'" }, { "qtest a 'b'", "''b''" },
    { "qtest a timeout=x", "'timeout=x'" }, { "qtest a b=c", "'b=c'" },
};

static const Bad bad_expects[] = {
    { "", "not an expectation" }, { "irqs", "not an expectation" }, { ">= 3", "not an expectation" },
    { "irqs = 3", "not an expectation" }, { "irqs >= ", "nothing to compare" }, { "irqs >=", "nothing to compare" },
    { "irks >= 3", "unknown counter 'irks': there are irqs, " }, { "irqs >= ioss", "unknown counter 'ioss'" },
    { "irqs == 5x", "'5x' is not a valid number" }, { "irqs >= x*ios", "'x' is not a valid number" },
    { "irqs == 2*nothing", "unknown counter 'nothing'" }, { "irqs ~ 3", "~ searches" },
    { "stderr == 3", "stderr is text" }, { "answer.b == 3", "answer.b is text" }, { "answer.b. == 3", "is text" },
    { "answer.b.x-answer.c == 3", "is text" }, { "answer.b.x == y", "unknown counter 'y'" },
    { "stderr ~", "nothing to compare" }, { "trace. > 0", "unknown counter" },
};

static void assert_bad(const char *err, const Bad *bad)
{
    g_test_message("%s: %s", bad->text, err);
    g_assert_nonnull(err);
    g_assert_nonnull(strstr(err, bad->says));
}

static void test_bad(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(bad_steps); i++) {
        g_autofree char *err = NULL;

        g_assert_null(step_parse(bad_steps[i].text, &err));
        assert_bad(err, &bad_steps[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad_expects); i++) {
        g_autofree char *err = NULL;

        g_assert_null(expect_parse(bad_expects[i].text, &err));
        assert_bad(err, &bad_expects[i]);
    }
}

static bool counter(void *opaque, const char *name, uint64_t *value)
{
    *value = !strcmp(name, "irqs") ? 128 : !strcmp(name, "ios") ? 64 : 0;
    return strcmp(name, "mmio_exits");
}

static const char *answer(void *opaque, const char *key)
{
    return !strcmp(key, "type") ? "0000:00:01.0=DMA groups=1" :
           !strcmp(key, "one") ? "usec=7 exits=10 iova=0xfff0 out=\"a b\"" :
           !strcmp(key, "many") ? "exits=26" : NULL;
}

static bool contains(void *opaque, const char *name, const char *text)
{
    return strstr(!strcmp(name, "stderr") ? "QEMU: needs iommufd = yes" : "Linux", text);
}

static const ExpectSource source = { .counter = counter, .answer = answer, .contains = contains };

static void test_holds(void)
{
    static const char *const hold[] = {
        "irqs >= ios", "irqs>=128", "irqs > 127", "ios <= 0x40", "ios < irqs", "walks == 0", "irqs != ios",
        "irqs >= 2*ios", "irqs == 2 * ios", "bytes < 1K", "trace.x == 0", "stderr ~ needs iommufd",
        "stderr ~ \"iommufd = yes\"", "stderr !~ needs vfio", "guest ~ Linux", "answer.type ~ =DMA",
        "answer.type !~ =DMA-FQ", "answer.one.exits == 10", "answer.one.iova >= 0xf000",
        "answer.many.exits-answer.one.exits == 16", "answer.many.exits-answer.one.exits <= 2*ios",
        "answer.one.exits-answer.many.exits <= 0", "answer.one.exits-answer.many.exits != 16",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(hold); i++) {
        g_autofree char *err = NULL;
        g_autoptr(Expect) e = expect_parse(hold[i], &err);
        uint64_t left, right;

        g_assert_cmpstr(err, ==, NULL);
        g_assert_true(expect_holds(e, &source, &left, &right, &err));
    }
}

static void test_does_not_hold(void)
{
    static const Bad bad[] = {
        { "irqs > 128", "expected irqs > 128, but 128 is on the left and 128 on the right" },
        { "ios < 64", "64" }, { "irqs == 64", "128" }, { "irqs != 128", "128" }, { "irqs >= 3 * ios", "192" },
        { "mmio_exits == 0", "mmio_exits was not measured" }, { "irqs >= mmio_exits", "mmio_exits was not measured" },
        { "stderr ~ vfio", "it is not there" }, { "stderr !~ iommufd", "it is there" },
        { "answer.type ~ identity", "the answer of 'type' is '0000:00:01.0=DMA groups=1'" },
        { "answer.none ~ x", "step 'none' has no answer" }, { "answer.none.x == 0", "step 'none' has no answer" },
        { "answer.one.none == 0", "the answer of 'one' is 'usec=7" }, { "answer.one.out == 0", "'usec=7" },
        { "answer.one.exits-answer.many.exits >= 0", "10 is less than 26" },
        { "answer.one.exits-answer.many.exits == 0", "10 is less than 26" },
        { "answer.many.exits-answer.none.exits >= 0", "step 'none' has no answer" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *err = NULL;
        g_autoptr(Expect) e = expect_parse(bad[i].text, &err);
        uint64_t left, right;

        g_assert_cmpstr(err, ==, NULL);
        g_assert_false(expect_holds(e, &source, &left, &right, &err));
        assert_bad(err, &bad[i]);
    }
}

/* All expectations of a plan, whose steps and own expectations are in lines. */
static char *expected(const char *steps, const char *expects, unsigned disks)
{
    g_autoptr(Plan) plan = plan_new();
    g_auto(GStrv) step = g_strsplit(steps, "\n", -1);
    g_auto(GStrv) expect = g_strsplit(expects, "\n", -1);
    g_autoptr(GString) all = g_string_new("");
    char *err = NULL;

    for (char **s = step; *s; s++) {
        plan_add_step(plan, *s, &err);
    }
    for (char **e = expect; *e; e++) {
        plan_add_expect(plan, *e, &err);
    }
    g_assert_cmpstr(err, ==, NULL);
    if (!plan_complete(plan, disks, &err)) {
        return err;
    }
    for (guint i = 0; i < plan->expects->len; i++) {
        g_string_append_printf(all, "%s, ", ((Expect *)g_ptr_array_index(plan->expects, i))->text);
    }
    return g_string_free(g_steal_pointer(&all), FALSE);
}

#define ALWAYS "walks == 0, inval_errors == 0, free_errors == 0, "
#define LOGS "guest_bad == 0, host_bad == 0, "
#define IO "irqs >= ios, polled == 0, data_ok == 1, doorbell == 0x8090040, " ALWAYS "boots == 1, " LOGS \
           "exit_code == 0, device_back == 1, "

/* Nobody can forget what must always hold; who names its counter decides. */
static void test_invariants(void)
{
    static const struct {
        const char *steps, *expects;
        unsigned disks;
        const char *all;
    } cases[] = {
        { "boot\nguest read dev=x", "ios == 1", 0, "ios == 1, " IO },
        { "boot\nguest read dev=x", "ios == 1", 2, "ios == 1, " IO "disks_read == 2, " },
        { "boot\nrepeat 2 { repeat 2 { guest finish read dev=x } }", "ios == 1", 1,
          "ios == 1, " IO "disks_read == 1, " },
        { "boot\nguest begin read dev=x", "ios == 0", 1,
          "ios == 0, polled == 0, " ALWAYS "boots == 1, " LOGS "exit_code == 0, device_back == 1, " },
        { "boot\nguest edu op=irq", "irqs == ios\nguest_bad == 2*guest_events", 1,
          "irqs == ios, guest_bad == 2*guest_events, polled == 0, doorbell == 0x8090040, " ALWAYS "boots == 1, "
          "host_bad == 0, exit_code == 0, device_back == 1, " },
        { "start\nexit nonzero", "exit_code == 1\nstderr ~ a", 1,
          "exit_code == 1, stderr ~ a, polled == 0, " ALWAYS LOGS "device_back == 1, " },
        { "qtest a", "tests_passed >= 1", 0,
          "tests_passed >= 1, polled == 0, " ALWAYS LOGS "tests_failed == 0, device_back == 1, " },
        { "a=boot", "answer.b ~ x", 0, "'answer.b ~ x': no step has the key 'b'" },
        { "a=boot", "answer.a.x-answer.b.x == 1", 0, "no step has the key 'b'" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *all = expected(cases[i].steps, cases[i].expects, cases[i].disks);

        g_test_message("%s", all);
        g_assert_true(g_str_has_suffix(all, cases[i].all));
    }
}

static void test_same_key(void)
{
    g_autoptr(Plan) plan = plan_new();
    g_autofree char *err = NULL;

    g_assert_true(plan_add_step(plan, "a=boot", &err));
    g_assert_false(plan_add_step(plan, "a=start", &err));
    g_assert_cmpstr(err, ==, "two steps have the key 'a'");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/step/good", test_steps);
    g_test_add_func("/step/key", test_key);
    g_test_add_func("/step/exit", test_exit);
    g_test_add_func("/step/repeat", test_repeat);
    g_test_add_func("/plan/bad", test_bad);
    g_test_add_func("/expect/holds", test_holds);
    g_test_add_func("/expect/does-not-hold", test_does_not_hold);
    g_test_add_func("/plan/invariants", test_invariants);
    g_test_add_func("/plan/same-key", test_same_key);
    return g_test_run();
}
