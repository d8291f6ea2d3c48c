/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The form of steps and expectations. */
#include "step.h"

static void test_good_steps(void)
{
    static const char *const steps[] = {
        "boot", "boot timeout=90", "start", "guest read dev=nvme0n1 bs=4096",
        "guest? read dev=nvme0n1", "qmp {\"execute\":\"query-status\"}",
        "qmp? {\"execute\":\"device_del\",\"arguments\":{\"id\":\"dev0\"}}",
        "event DEVICE_DELETED", "event RESET match=\"a b\" timeout=5.5",
        "expect-boots 3 timeout=60", "host echo $HOME; true",
        "host? false", "sleep 0.5", "monitor 3", "exit", "exit code=1",
        "exit nonzero",
        "exit code=nonzero timeout=9", "qtest msi",
        "qtest invalidate-all -p /a/b_c -s /a/d.e timeout=30",
        "repeat 3 { qmp {\"execute\":\"stop\"} ; sleep 1 ; "
        "repeat 2 { sleep 1 } }",
    };

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *problem = step_problem(steps[i]);

        g_assert_cmpstr(problem, ==, NULL);
    }
}

static void test_bad_steps(void)
{
    static const struct {
        const char *step;
        const char *problem;
    } bad[] = {
        { "", "unknown step" },
        { "bot", "unknown step 'bot': there are boot, start" },
        { "boot now", "unknown option 'now'" },
        { "boot timeout=soon", "timeout=SECONDS" },
        { "boot timeout=-1", "timeout=SECONDS" },
        { "start now", "takes no argument" },
        { "guest", "nothing follows" },
        { "qmp query-status", "not JSON" },
        { "qmp {\"arguments\":{}}", "no \"execute\"" },
        { "qmp [1]", "no \"execute\"" },
        { "event", "no event" },
        { "event timeout=1", "no event" },
        { "event RESET within=3", "unknown option 'within=3'" },
        { "event RESET match=\"open", "quote" },
        { "expect-boots many", "no number of boots" },
        { "sleep", "no number of seconds" },
        { "monitor on", "no number of seconds" },
        { "exit code=bad", "number or nonzero" },
        { "exit soon", "unknown option 'soon'" },
        { "repeat 3 sleep 1", "no body" },
        { "repeat x { sleep 1 }", "no number of repetitions" },
        { "repeat 2 { sleep 1 ; slep 2 }", "unknown step 'slep'" },
        { "qtest", "no program" },
        { "qtest timeout=3", "'timeout=3' is no name" },
        { "qtest -p", "no program" },
        { "qtest ../sh", "no program" },
        { "qtest a;b", "'a;b' is no name" },
        { "qtest a $(b)", "'$(b)' is no name" },
        { "qtest a timeout=x", "'timeout=x' is no name" },
        { "repeat 2 { qtest a }", "not repeated" },
        { "boot\nstart", "one line" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *problem = step_problem(bad[i].step);

        g_test_message("%s: %s", bad[i].step, problem);
        g_assert_nonnull(problem);
        g_assert_nonnull(strstr(problem, bad[i].problem));
    }
}

static void test_expects(void)
{
    char *problem = NULL;
    g_autoptr(Expect) e = expect_parse("irqs >= 2*ios", &problem);
    g_autoptr(Expect) hex = expect_parse("doorbell==0x8090040", &problem);
    g_autoptr(Expect) text = expect_parse("stderr ~ accel=on needs ACPI",
                                          &problem);
    g_autoptr(Expect) absent = expect_parse("guest !~ Oops", &problem);
    g_autoptr(Expect) answer = expect_parse("answer.two-x ~ =DMA", &problem);
    g_autoptr(Expect) traced = expect_parse("trace.smmuv3_reset > 0",
                                            &problem);

    g_assert_cmpstr(problem, ==, NULL);
    g_assert_cmpstr(e->left, ==, "irqs");
    g_assert_cmpstr(e->op, ==, ">=");
    g_assert_cmpstr(e->counter, ==, "ios");
    g_assert_cmpuint(e->value, ==, 2);
    g_assert_cmphex(hex->value, ==, 0x8090040);
    g_assert_null(hex->counter);
    g_assert_cmpstr(text->text, ==, "accel=on needs ACPI");
    g_assert_cmpstr(absent->op, ==, "!~");
    g_assert_cmpstr(answer->answer.step, ==, "two-x");
    g_assert_null(answer->answer.word);
    g_assert_null(text->answer.step);
    g_assert_true(expect_is_runners(answer));
    g_assert_false(expect_is_runners(traced));
}

static void test_answer_numbers(void)
{
    char *problem = NULL;
    g_autoptr(Expect) e = expect_parse("answer.two-x.exits <= 2*ios",
                                       &problem);
    g_autoptr(Expect) less = expect_parse(
        "answer.two-x.exits-answer.one.exits >= 7", &problem);

    g_assert_cmpstr(problem, ==, NULL);
    g_assert_cmpstr(e->answer.step, ==, "two-x");
    g_assert_cmpstr(e->answer.word, ==, "exits");
    g_assert_null(e->minus.step);
    g_assert_cmpstr(e->counter, ==, "ios");
    g_assert_cmpstr(less->answer.step, ==, "two-x");
    g_assert_cmpstr(less->minus.step, ==, "one");
    g_assert_cmpstr(less->minus.word, ==, "exits");
    g_assert_cmpuint(less->value, ==, 7);
    g_assert_true(expect_is_runners(less));
}

static void test_bad_expects(void)
{
    static const struct {
        const char *expr;
        const char *problem;
    } bad[] = {
        { "", "not an expectation" },
        { "irqs", "not an expectation" },
        { "irqs = 3", "not an expectation" },
        { "irqs >= ", "nothing to compare" },
        { "irks >= 3", "unknown counter 'irks'" },
        { "irqs >= ioss", "unknown counter 'ioss'" },
        { "irqs >= 3x", "no number" },
        { "irqs >= x*ios", "no number" },
        { "irqs ~ 3", "~ searches" },
        { "stderr == 3", "stderr is text" },
        { "answer.b == 3", "answer.b is text" },
        { "answer.b. == 3", "is text" },
        { "answer.b.x-answer.c == 3", "is text" },
        { "answer.b.x == y", "unknown counter 'y'" },
        { "stderr ~", "nothing to compare" },
        { "trace. > 0", "unknown counter" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *problem = NULL;

        g_assert_null(expect_parse(bad[i].expr, &problem));
        g_test_message("%s: %s", bad[i].expr, problem);
        g_assert_nonnull(strstr(problem, bad[i].problem));
    }
}

static void test_compare(void)
{
    g_assert_true(expect_compare(1, "==", 1));
    g_assert_false(expect_compare(1, "==", 2));
    g_assert_true(expect_compare(1, "!=", 2));
    g_assert_false(expect_compare(1, "!=", 1));
    g_assert_true(expect_compare(2, ">=", 2));
    g_assert_false(expect_compare(1, ">=", 2));
    g_assert_true(expect_compare(2, "<=", 2));
    g_assert_false(expect_compare(3, "<=", 2));
    g_assert_true(expect_compare(3, ">", 2));
    g_assert_false(expect_compare(2, ">", 2));
    g_assert_true(expect_compare(1, "<", 2));
    g_assert_false(expect_compare(2, "<", 2));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/step/good", test_good_steps);
    g_test_add_func("/step/bad", test_bad_steps);
    g_test_add_func("/expect/good", test_expects);
    g_test_add_func("/expect/answers", test_answer_numbers);
    g_test_add_func("/expect/bad", test_bad_expects);
    g_test_add_func("/expect/compare", test_compare);
    return g_test_run();
}
