/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts: one check that fails is enough; a pass needs them all. */
#include "verdict.h"

#include <stdarg.h>

static const char *const steps[] = { "boot=boot", "one=sleep 1" };
static const char *const expects[] = { "irqs >= ios", "disks_read == 1" };
static Scenario scenario;

#define STEPS "step n=1 key=boot ok=1 text=boot answer=\"\"\n" \
    "step n=2 key=one ok=1 text=\"sleep 1\" answer=\"\"\n"
#define EXPECT "expect ok=1 expr=\"irqs >= ios\" left=2 right=1\n"
#define PASSED "verdict result=pass reason=\"\"\n"

/* What differs from a run that passes. */
typedef struct Case {
    const char *report;
    const char *console;        /* a line besides the usual */
    const char *data_problem;
    const char *no_disk;        /* not NULL: data came from no image */
    ProcessResult process;
    int agent_exit;
    Verdict verdict;
    const char *reason;         /* part of it */
} Case;

static void check(const Case *c)
{
    g_autoptr(Report) report = report_parse(
        c->report ? c->report : STEPS EXPECT PASSED);
    g_autofree char *end = g_strdup_printf("lab: smmu-lab-host exit %d",
                                           c->agent_exit);
    Console console;
    Evidence evidence = {
        .process = &c->process, .console = &console, .report = report,
        .host_stderr = "qemu: bad", .data_problem = c->data_problem,
        .disks_read = c->no_disk ? 0 : 1,
    };
    Evaluation evaluation;

    console_init(&console);
    console_line(&console, "[0.0] Booting Linux on physical CPU 0x0");
    console_line(&console, "[1.0] Run /init as init process");
    if (c->console) {
        console_line(&console, c->console);
    }
    if (c->agent_exit >= 0) {
        console_line(&console, end);
    }
    evaluation = verdict_evaluate(&scenario, &evidence);
    g_test_message("%s: %s", verdict_name(evaluation.verdict),
                   evaluation.reason);
    g_assert_cmpstr(verdict_name(evaluation.verdict), ==,
                    verdict_name(c->verdict));
    if (c->reason) {
        g_assert_nonnull(evaluation.reason);
        g_assert_nonnull(strstr(evaluation.reason, c->reason));
    } else {
        g_assert_null(evaluation.reason);
    }
    g_free(evaluation.reason);
    console_clear(&console);
}

static const Case cases[] = {
    { .verdict = VERDICT_PASS },
    { .process = { PROCESS_TIMED_OUT, 15, 200 },
      .verdict = VERDICT_TIMEOUT, .reason = "not done after 200 s" },
    { .process = { PROCESS_SILENT, 15, 70 },
      .verdict = VERDICT_TIMEOUT, .reason = "the last one: sleep 1" },
    { .process = { PROCESS_SILENT, 15, 70 }, .report = "",
      .verdict = VERDICT_TIMEOUT, .reason = "smmu-lab-host ended" },
    { .process = { PROCESS_INTERRUPTED, 15, 7 },
      .verdict = VERDICT_INTERRUPTED, .reason = "interrupted" },
    { .process = { PROCESS_SIGNALED, 11, 7 },
      .verdict = VERDICT_FAIL, .reason = "signal 11" },
    { .process = { PROCESS_EXITED, 1, 7 },
      .verdict = VERDICT_FAIL, .reason = "status 1: qemu: bad" },
    { .report = STEPS EXPECT, .verdict = VERDICT_FAIL,
      .reason = "no verdict" },
    { .report = "", .agent_exit = -1, .verdict = VERDICT_FAIL,
      .reason = "ended before" },
    { .report = "", .agent_exit = -1,
      .console = "[1.0] Kernel panic - not syncing: VFS",
      .verdict = VERDICT_FAIL, .reason = "Kernel panic" },
    { .report = STEPS "verdict result=fail reason=\"lost interrupts\"\n",
      .verdict = VERDICT_FAIL, .reason = "lost interrupts" },
    { .report = "verdict result=skip reason=\"no /dev/kvm\"\n",
      .agent_exit = 77, .verdict = VERDICT_SKIP, .reason = "no /dev/kvm" },
    { .report = "verdict result=error reason=\"silent\"\n",
      .agent_exit = 124, .verdict = VERDICT_TIMEOUT, .reason = "silent" },
    { .report = "verdict result=error reason=\"broken\"\n",
      .agent_exit = 1, .verdict = VERDICT_FAIL, .reason = "broken" },
    { .agent_exit = 1, .verdict = VERDICT_FAIL,
      .reason = "ended with exit code 1" },
    { .agent_exit = -1, .verdict = VERDICT_FAIL, .reason = "did not say" },
    { .report = EXPECT PASSED, .verdict = VERDICT_FAIL,
      .reason = "is of 0 steps" },
    { .report = STEPS PASSED, .verdict = VERDICT_FAIL,
      .reason = "'irqs >= ios'" },
    { .report = STEPS "expect ok=0 expr=\"irqs >= ios\"\n" PASSED,
      .verdict = VERDICT_FAIL, .reason = "'irqs >= ios'" },
    { .no_disk = "yes", .verdict = VERDICT_FAIL,
      .reason = "expected disks_read == 1, but 0 is" },
    { .data_problem = "the data of 'x' is on no disk",
      .verdict = VERDICT_FAIL, .reason = "on no disk" },
    { .console = "[5.0] WARNING: CPU: 1 PID: 7 at mm/x.c:9",
      .verdict = VERDICT_FAIL, .reason = "mm/x.c:9" },
    { .report = STEPS EXPECT "x=y z=1\n" PASSED, .verdict = VERDICT_FAIL,
      .reason = "1 lines" },
};

static void test_cases(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        check(&cases[i]);
    }
}

/* Once smmu-lab-host speaks too, the kernel's lines are those with a stamp */
static void test_stamps(void)
{
    static const char *const bad[] = {
        "[    1.000000] Kernel panic - not syncing: x",
        "ok      boot[    1.000000][    T1] WARNING: CPU: 0",
        "[1.0] arm-smmu-v3 9050000.smmuv3: event: F_TRANSLATION client: x",
    };
    static const char *const good[] = {
        "[1.0] Run /init as init process", "",
        "expected guest_bad == 0",
        "ok      guest !~ WARNING:   (0, 0)",
        "array[3] WARNING: no",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpint(console_classify(bad[i], TRUE), !=, KERNEL_LINE_GOOD);
    }
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_cmpint(console_classify(good[i], TRUE), ==, KERNEL_LINE_GOOD);
    }
    /* before init runs, time stamps may be missing */
    g_assert_cmpint(console_classify("WARNING: CPU: 0", FALSE), ==,
                    KERNEL_LINE_BAD);
    g_assert_cmpint(console_classify("WARNING: CPU: 0", TRUE), ==,
                    KERNEL_LINE_GOOD);
}

/* A scenario may expect events of the host's SMMU, and nothing else */
static void test_events(void)
{
    static const char *const events[] = {
        "[1.0] arm-smmu-v3 9050000.smmuv3: event 0x10 received:",
        "[1.0] arm-smmu-v3 9050000.smmuv3: event: F_TRANSLATION client: x",
    };
    static const char *const others[] = {
        "[1.0] arm-smmu-v3 9050000.smmuv3: unexpected global error reported "
        "(0x00000001), this could be serious",
        "[1.0] arm-smmu-v3 9050000.smmuv3: CMDQ error (cons 0x1): Illegal command",
        "[1.0] WARNING: CPU: 0 PID: 1 at event.c",
    };
    Console console;

    for (guint expected = 0; expected < 2; expected++) {
        console_init(&console);
        console.events_expected = expected;
        console.user_land = TRUE;
        for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
            console_line(&console, events[i]);
        }
        g_assert_cmpuint(console.bad, ==, expected ? 0 : 2);
        for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
            console_line(&console, others[i]);
        }
        g_assert_cmpuint(console.bad, ==, expected ? 3 : 5);
        console_clear(&console);
    }
}

static void test_tail(void)
{
    Console console;

    console_init(&console);
    for (guint i = 0; i < 50; i++) {
        g_autofree char *line = g_strdup_printf("line %u", i);

        console_line(&console, line);
    }
    g_assert_cmpuint(console.tail.length, ==, CONSOLE_TAIL);
    g_assert_cmpstr(g_queue_peek_head(&console.tail), ==, "line 30");
    g_assert_cmpstr(g_queue_peek_tail(&console.tail), ==, "line 49");
    console_clear(&console);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    scenario.plan = plan_new();
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_assert_true(plan_add_step(scenario.plan, steps[i], NULL));
        g_assert_true(plan_add_expect(scenario.plan, expects[i], NULL));
    }
    g_test_add_func("/verdict/cases", test_cases);
    g_test_add_func("/console/stamps", test_stamps);
    g_test_add_func("/console/events", test_events);
    g_test_add_func("/console/tail", test_tail);
    return g_test_run();
}
