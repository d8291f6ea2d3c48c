/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host agent's steps as text. */
#include <glib.h>

#include "step.h"

static struct step parse(const char *text)
{
    struct step step;
    char *err = NULL;

    if (!step_parse(text, &step, &err)) {
        g_test_message("%s", err);
        g_assert_not_reached();
    }
    return step;
}

static void refuse(const char *text)
{
    struct step step;
    char *err = NULL;

    g_assert_false(step_parse(text, &step, &err));
    g_assert_nonnull(strstr(err, text)); /* the message quotes the step */
    free(err);
}

static void test_plain(void)
{
    struct step step = parse("boot timeout=90");

    g_assert_cmpint(step.verb, ==, STEP_BOOT);
    g_assert_cmpfloat(step.timeout, ==, 90);
    step_free(&step);

    step = parse("  guest   read dev=nvme0n1 bs=4096 ");
    g_assert_cmpint(step.verb, ==, STEP_GUEST);
    g_assert_cmpstr(step.arg, ==, "read dev=nvme0n1 bs=4096");
    g_assert_cmpstr(step.text, ==, "guest   read dev=nvme0n1 bs=4096");
    g_assert_false(step.may_fail);
    step_free(&step);

    step = parse("expect-boots 3");
    g_assert_cmpuint(step.count, ==, 3);
    step_free(&step);

    step = parse("monitor 2.5");
    g_assert_cmpint(step.verb, ==, STEP_MONITOR);
    g_assert_cmpfloat(step.seconds, ==, 2.5);
    step_free(&step);

    step = parse("sleep 0.5");
    g_assert_cmpfloat(step.seconds, ==, 0.5);
    step_free(&step);
}

static void test_key(void)
{
    struct step step = parse("two-x_1=guest log match=a=b");

    g_assert_cmpstr(step.key, ==, "two-x_1");
    g_assert_cmpstr(step.text, ==, "guest log match=a=b");
    step_free(&step);
    step = parse("boot timeout=9");
    g_assert_null(step.key);
    step_free(&step);
}

static void test_may_fail(void)
{
    struct step step = parse("guest? wait dev=x");

    g_assert_cmpint(step.verb, ==, STEP_GUEST);
    g_assert_true(step.may_fail);
    step_free(&step);
    refuse("boot? timeout=3");
}

static void test_exit(void)
{
    struct step step = parse("exit");

    g_assert_cmpint(step.code, ==, 0);
    step_free(&step);
    step = parse("exit code=3 timeout=7");
    g_assert_cmpint(step.code, ==, 3);
    g_assert_cmpfloat(step.timeout, ==, 7);
    step_free(&step);
    step = parse("exit nonzero");
    g_assert_cmpint(step.code, ==, STEP_NONZERO);
    step_free(&step);
}

static void test_event(void)
{
    struct step step = parse("event DEVICE_DELETED match=\"my dev\" timeout=9");

    g_assert_cmpint(step.verb, ==, STEP_EVENT);
    g_assert_cmpstr(step.arg, ==, "DEVICE_DELETED");
    g_assert_cmpstr(step.match, ==, "my dev");
    step_free(&step);
}

static void test_qtest(void)
{
    struct step step = parse("qtest msi -p /msi/its_1 timeout=9");

    g_assert_cmpint(step.verb, ==, STEP_QTEST);
    g_assert_cmpfloat(step.timeout, ==, 9);
    g_assert_cmpstr(step.arg, ==, "msi -p /msi/its_1 timeout=9");
    step_free(&step);
}

static void test_repeat(void)
{
    struct step step = parse("repeat 2 { "
                             "qmp {\"execute\":\"stop\",\"x\":\"a;}\"} ; "
                             "repeat 3 { sleep 1 ; sleep 2 } ; }");

    g_assert_cmpint(step.verb, ==, STEP_REPEAT);
    g_assert_cmpuint(step.count, ==, 2);
    g_assert_cmpuint(step.n_children, ==, 2);
    g_assert_cmpstr(step.children[0].arg, ==,
                    "{\"execute\":\"stop\",\"x\":\"a;}\"}");
    g_assert_cmpint(step.children[1].verb, ==, STEP_REPEAT);
    g_assert_cmpuint(step.children[1].n_children, ==, 2);
    step_free(&step);
}

static void test_refused(void)
{
    static const char *const bad[] = {
        "fly", "a=fly", "=boot", "a b=boot", "guest", "qmp", "boot now", "sleep", "sleep long",
        "monitor", "monitor all",
        "expect-boots", "expect-boots 0", "exit code=x", "exit code=256",
        "exit soon", "event", "event match=x", "event A wrong=1",
        "repeat 2 sleep 1", "repeat { sleep 1 }", "repeat 2 { }",
        "repeat 0 { sleep 1 }", "boot timeout=0", "boot timeout=x",
        "qtest", "qtest timeout=3", "qtest -l", "qtest ../sh", "qtest a;b",
        "qtest a $(b)", "qtest a 'b'", "qtest a timeout=x", "qtest a b=c",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i]);
        refuse(bad[i]);
    }
}

static void test_refused_inside(void)
{
    struct step step;
    char *err = NULL;

    g_assert_false(step_parse("repeat 2 { sleep 1 ; fly }", &step, &err));
    g_assert_nonnull(strstr(err, "`fly`"));
    free(err);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/step/plain", test_plain);
    g_test_add_func("/agents/step/key", test_key);
    g_test_add_func("/agents/step/may-fail", test_may_fail);
    g_test_add_func("/agents/step/exit", test_exit);
    g_test_add_func("/agents/step/event", test_event);
    g_test_add_func("/agents/step/qtest", test_qtest);
    g_test_add_func("/agents/step/repeat", test_repeat);
    g_test_add_func("/agents/step/refused", test_refused);
    g_test_add_func("/agents/step/refused-inside", test_refused_inside);
    return g_test_run();
}
