/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine of smmu-lab-host, with a program that stands for QEMU. */
#include <glib.h>
#include <signal.h>
#include <unistd.h>

#include "counters.h"
#include "run-fixture.h"

static void set_up(Fixture *f, gconstpointer data)
{
    fixture_set_up(f, "agents-run");
    f->config.qemu = g_strdup(g_getenv("FAKE_QEMU_BINARY"));
    f->config.kernel = g_strdup("k");
    f->config.initrd = g_strdup("i");
    f->config.machine = g_strdup("virt");
    f->config.accel = g_strdup("kvm");
    f->config.cpu = g_strdup("host");
    f->config.memory = g_strdup("1M");
    f->config.append = g_strdup("");
    f->config.smp = 1;
    g_assert_nonnull(f->config.qemu);
    g_unsetenv("FAKE_QEMU");
}

static void tear_down(Fixture *f, gconstpointer data)
{
    fixture_tear_down(f);
}

static void assert_reason(Fixture *f, const char *part)
{
    g_assert_nonnull(strstr(f->run.reason, part));
}

static uint64_t counter(Fixture *f, const char *name)
{
    uint64_t value;

    g_assert_true(counters_get(&f->run, name, &value));
    return value;
}

static void test_good(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "boot", "guest read dev=x", "repeat 2 { guest write dev=x ; sleep 0 }",
        "guest sh lost", "guest edu op=irq", "guest iommu",
        "guest finish edu op=loop", "guest begin read", NULL
    };

    g_assert_true(fixture_run(f, steps));
    g_assert_cmpuint(counter(f, "boots"), ==, 1);
    g_assert_cmpuint(counter(f, "ios"), ==, 20);
    g_assert_cmpuint(counter(f, "irqs"), ==, 25);
    g_assert_cmpuint(counter(f, "guest_events"), ==, 0);
    g_assert_cmpuint(counter(f, "polled"), ==, 1);
    g_assert_cmpuint(counter(f, "exit_code"), ==, 0);
    g_assert_cmpuint(counter(f, "trace.nothing"), ==, 0);
    /* boot, read, 2 * (write, sleep), lost, edu, ..., poweroff, exit */
    g_assert_cmpuint(f->run.step_no, ==, 13);
}

/* What a command did to the SMMU is in its own answer and in no other's. */
static void test_account(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "boot", "guest read dev=before", "guest read dev=traced", "guest read dev=after",
        "guest sh traced", NULL
    };
    g_autofree char *path = g_build_filename(f->dir, "report.txt", NULL);
    g_autofree char *report = NULL;
    g_auto(GStrv) lines = NULL;
    char *err = NULL;
    unsigned reads = 0;

    g_assert_true(report_open(&f->run.report, f->dir, &err));
    g_assert_true(fixture_run(f, steps));
    report_close(&f->run.report);
    g_assert_true(g_file_get_contents(path, &report, NULL, NULL));
    lines = g_strsplit(report, "\n", -1);
    for (char **line = lines; *line; line++) {
        bool traced = strstr(*line, "\"guest read dev=traced");
        const char *wanted = traced ? " ioctls=1 cmds=3 syncs=1\""
                                    : " ioctls=0 cmds=0 syncs=0\"";

        if (strstr(*line, "\"guest read")) {
            g_test_message("%s", *line);
            g_assert_true(g_str_has_suffix(*line, wanted));
            reads++;
        } else {
            g_assert_null(strstr(*line, "ioctls="));
        }
    }
    g_assert_cmpuint(reads, ==, 3);
}

/* An answer is found by its step's key, whatever the texts are */
static void test_answers(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "boot", "one=guest? sh fail", "two=guest sh x", "three=guest sh x",
        "gone=sleep 0", NULL
    };
    static const char *const expects[] = {
        "answer.one ~ no disk", "answer.two.ios == 4",
        "answer.three.irqs-answer.two.ios == 1", "answer.gone !~ x",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(expects); i++) {
        g_assert_true(plan_add_expect(f->config.plan, expects[i], NULL));
    }
    g_assert_true(fixture_run(f, steps));
    counters_expect(&f->run);
    g_assert_cmpstr(f->run.reason, ==, NULL);
    g_assert_true(plan_add_expect(f->config.plan, "answer.two.ios == 5", NULL));
    counters_expect(&f->run);
    assert_reason(f, "expected answer.two.ios == 5, but 4 is");
}

/* What may be expected is measured: every counter has a value then. */
static void test_counters(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = { "boot", "monitor 0", NULL };

    g_assert_true(fixture_run(f, steps));
    f->run.mmio_known = true; /* as KVM tells them */
    for (const char *const *name = expect_counters; *name; name++) {
        uint64_t value;

        g_test_message("%s", *name);
        g_assert_cmpint(counters_get(&f->run, *name, &value), ==, strcmp(*name, "disks_read") != 0);
    }
}

static void test_reboot(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "boot", "guest reboot", "expect-boots 2", NULL
    };
    static const char *const too_few[] = {
        "boot", "guest reboot", "guest iommu", "guest reboot", "guest iommu",
        "expect-boots 2", NULL
    };

    if (data) {
        g_assert_false(fixture_run(f, too_few));
        assert_reason(f, "3 times instead of 2");
    } else {
        g_assert_true(fixture_run(f, steps));
    }
}

/* The panic that was asked for is the way into the next kernel, no other is. */
static void test_crash(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "boot", "guest kexec kernel=a crash=1", "expect-boots 2", "guest iommu",
        NULL
    };
    static const char *const panics_later[] = {
        "boot", "guest kexec kernel=a crash=1", "expect-boots 2",
        "guest sh panic", NULL
    };
    static const char *const not_asked[] = {
        "boot", "guest kexec kernel=a", "sleep 0.2", "expect-boots 3", NULL
    };

    if (data) {
        g_assert_false(fixture_run(f, !strcmp(data, "later") ? panics_later
                                                     : not_asked));
        assert_reason(f, "panicked: Kernel panic");
    } else {
        g_assert_true(fixture_run(f, steps));
        g_assert_cmpuint(counter(f, "guest_bad"), ==, 1);
    }
}

static void test_monitor(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "boot", "qmp {\"execute\":\"device_del\"}",
        "event DEVICE_DELETED match=dev0", "qmp? {\"execute\":\"wrong\"}",
        "monitor 0.1", NULL
    };
    uint64_t ms;

    g_assert_false(counters_get(&f->run, "monitor_max_ms", &ms));
    g_assert_true(fixture_run(f, steps));
    g_assert_cmpint(f->run.code, ==, EXIT_PASS);
    g_assert_true(counters_get(&f->run, "monitor_max_ms", &ms));
}

static void test_two_lives(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "boot", "guest poweroff", "exit", "boot", "guest read dev=x", NULL
    };

    g_assert_true(fixture_run(f, steps));
    g_assert_cmpuint(counter(f, "boots"), ==, 2);
}

static void test_refused(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = { "start", "exit nonzero", NULL };
    char *err = NULL;

    g_setenv("FAKE_QEMU", "refuse", TRUE);
    g_assert_true(fixture_run(f, steps));
    g_assert_cmpuint(counter(f, "exit_code"), ==, 1);
    plan_add_expect(f->config.plan, "stderr ~ refused for a reason", &err);
    counters_expect(&f->run);
    g_assert_null(f->run.reason);
    plan_add_expect(f->config.plan, "stderr !~ refused", &err);
    counters_expect(&f->run);
    g_assert_nonnull(f->run.reason);
    free(err);
}

static void test_not_refused(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = { "start", "exit nonzero timeout=0.5",
                                         NULL };

    g_assert_false(fixture_run(f, steps));
    assert_reason(f, "QEMU's exit");
}

typedef struct {
    const char *step, *reason;
    enum exit_code code;
} Failure;

static void test_failure(Fixture *f, gconstpointer data)
{
    const Failure *failure = data;
    const char *const steps[] = { "boot", failure->step, "guest cpus", NULL };

    f->config.silence = 0.7;
    g_assert_false(fixture_run(f, steps));
    assert_reason(f, failure->reason);
    g_assert_cmpint(f->run.code, ==, failure->code);
    /* nothing comes after a failure, and nothing is left behind */
    g_assert_cmpuint(f->run.step_no, ==, 2);
    g_assert_cmpint(f->run.vm.pid, ==, 0);
}

static void test_forgiven(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "boot", "guest? sh fail", "host? exit 3", "guest read", NULL
    };

    g_assert_true(fixture_run(f, steps));
    g_assert_null(f->run.reason);
}

static void test_not_forgiven(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = { "boot", "guest? sh crash", NULL };

    g_assert_false(fixture_run(f, steps));
    assert_reason(f, "it crashed");
}

static void test_total_time(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = { "boot", "guest sh mute", NULL };

    f->config.timeout = 0.7;
    g_assert_false(fixture_run(f, steps));
    g_assert_cmpint(f->run.code, ==, EXIT_TIMEOUT);
    assert_reason(f, "--timeout");
}

static void test_interrupted(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = { "boot", "host kill -TERM $PPID",
                                         "sleep 10", NULL };

    g_assert_false(fixture_run(f, steps));
    g_assert_cmpint(f->run.code, ==, EXIT_INTERRUPTED);
    assert_reason(f, "signal 15");
}

static void test_no_qemu(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = { "boot", NULL };

    g_free(f->config.qemu);
    f->config.qemu = g_strdup("/nonexistent/qemu");
    g_assert_false(fixture_run(f, steps));
    assert_reason(f, "/nonexistent/qemu");
}

static const Failure failures[] = {
    { "guest sh fail", "no disk", EXIT_FAIL },
    { "guest sh crash", "status 3", EXIT_FAIL },
    { "guest sh panic", "panicked: Kernel panic", EXIT_FAIL },
    { "guest sh mute", "--silence", EXIT_TIMEOUT },
    { "qmp {\"execute\":\"wrong\"}", "The command wrong", EXIT_FAIL },
    { "event NEVER timeout=0.3", "NEVER", EXIT_FAIL },
    { "host exit 5", "status 5", EXIT_FAIL },
    { "boot", "runs already", EXIT_FAIL },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, data, function) \
    g_test_add("/agents/run/" name, Fixture, data, set_up, function, tear_down)
    ADD("good", NULL, test_good);
    ADD("account", NULL, test_account);
    ADD("answers", NULL, test_answers);
    ADD("counters", NULL, test_counters);
    ADD("reboot", NULL, test_reboot);
    ADD("reboot-too-often", "yes", test_reboot);
    ADD("crash", NULL, test_crash);
    ADD("crash-later", "later", test_crash);
    ADD("crash-not-asked", "never", test_crash);
    ADD("monitor", NULL, test_monitor);
    ADD("two-lives", NULL, test_two_lives);
    ADD("refused", NULL, test_refused);
    ADD("not-refused", NULL, test_not_refused);
    ADD("forgiven", NULL, test_forgiven);
    ADD("not-forgiven", NULL, test_not_forgiven);
    ADD("total-time", NULL, test_total_time);
    ADD("interrupted", NULL, test_interrupted);
    ADD("no-qemu", NULL, test_no_qemu);
    for (gsize i = 0; i < G_N_ELEMENTS(failures); i++) {
        g_autofree char *path = g_strdup_printf("/agents/run/failure/%s",
                                                failures[i].step);

        g_test_add(g_strdelimit(path, " {}:\",", '-'), Fixture, &failures[i],
                   set_up, test_failure, tear_down);
    }
    return g_test_run();
}
