/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `qtest` steps of smmu-lab-host, with scripts that stand for the programs. */
#include <glib.h>
#include <glib/gstdio.h>

#include "counters.h"
#include "qtest.h"
#include "run-fixture.h"

static void set_up(Fixture *f, gconstpointer data)
{
    char *err = NULL;

    fixture_set_up(f, "agents qtest");
    f->config.qemu = g_strdup("/some where/qemu");
    f->config.qtests = g_strdup(f->dir);
    g_ptr_array_add(f->config.devices, g_strdup("0000:00:08.0"));
    g_ptr_array_add(f->config.devices, g_strdup("0000:00:09.0"));
    g_assert_true(report_open(&f->run.report, f->dir, &err));
}

static void tear_down(Fixture *f, gconstpointer data)
{
    fixture_tear_down(f);
}

/* The program qtest-@name that does what @script says. */
static void program(Fixture *f, const char *name, const char *script)
{
    g_autofree char *path = g_strdup_printf("%s/qtest-%s", f->dir, name);
    g_autofree char *text = g_strdup_printf("#!/bin/sh\n%s\n", script);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0755), ==, 0);
}

static void assert_counters(Fixture *f, uint64_t passed, uint64_t failed,
                            uint64_t skipped)
{
    uint64_t value;

    g_assert_true(counters_get(&f->run, "tests_passed", &value));
    g_assert_cmpuint(value, ==, passed);
    g_assert_true(counters_get(&f->run, "tests_failed", &value));
    g_assert_cmpuint(value, ==, failed);
    g_assert_true(counters_get(&f->run, "tests_skipped", &value));
    g_assert_cmpuint(value, ==, skipped);
}

static void assert_in_file(Fixture *f, const char *name, const char *part)
{
    g_autofree char *path = g_build_filename(f->dir, name, NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    if (!strstr(text, part)) {
        g_test_message("%s has no '%s': %s", name, part, text);
        g_test_fail();
    }
}

static void test_good(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "qtest good -p /a -s /a/slow timeout=10", "qtest second", NULL
    };

    program(f, "good", "echo \"# $*\"; echo \"# $QTEST_QEMU_BINARY "
            "$SMMU_QTEST_HOST $SMMU_QTEST_HOST1 $SMMU_QTEST_DATA\"; "
            "echo 1..3; echo ok 1 /a; echo 'ok 2 /b # SKIP no reason'; "
            "echo ok 3 /c");
    program(f, "second", "echo ok 1 /d; echo 1..1");
    g_assert_true(fixture_run(f, steps));
    g_assert_null(f->run.reason);
    assert_counters(f, 3, 0, 1);
    assert_in_file(f, "01-qtest-good.tap", "# --tap -k -p /a -s /a/slow\n");
    assert_in_file(f, "01-qtest-good.tap",
                   "# /some where/qemu 0000:00:08.0 0000:00:09.0 ");
    assert_in_file(f, "01-qtest-good.tap", "/data\n");
    assert_in_file(f, "report.txt", "test program=good name=\"/b\" "
                   "result=skip reason=\"no reason\"\n");
    assert_in_file(f, "report.txt", "\"passed=2 failed=0 skipped=1 planned=3 "
                   "status=0\"");
    assert_in_file(f, "report.txt", "test program=second name=\"/d\" "
                   "result=pass reason=\"\"\n");
}

/* The programs that follow have their turn, and the first failure its name */
static void test_failed(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = {
        "qtest bad", "qtest worse", "qtest good", NULL
    };

    program(f, "bad", "echo 1..2; echo '# 1 is not 2'; echo not ok 1 /a; "
            "echo ok 2 /b; exit 1");
    program(f, "worse", "echo 1..1; echo not ok 1 /c; exit 1");
    program(f, "good", "echo 1..1; echo ok 1 /d");
    g_assert_false(fixture_run(f, steps));
    g_assert_cmpint(f->run.code, ==, EXIT_FAIL);
    g_assert_cmpstr(f->run.reason, ==, "qtest-bad: /a: 1 is not 2 failed");
    assert_counters(f, 2, 2, 0);
    assert_in_file(f, "report.txt", "step n=1 ok=0");
    assert_in_file(f, "report.txt", "step n=3 ok=1");
}

typedef struct {
    const char *name, *script, *reason;
} Bad;

/* What is no test's failure: no program may leave out tests unseen */
static void test_bad(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = { "qtest bad", NULL };
    const Bad *bad = data;

    if (bad->script) {
        program(f, "bad", bad->script);
    }
    g_assert_false(fixture_run(f, steps));
    g_test_message("%s", f->run.reason);
    g_assert_nonnull(strstr(f->run.reason, bad->reason));
    g_assert_cmpint(f->run.code, ==, EXIT_FAIL);
}

static const Bad bads[] = {
    { "no-program", NULL, "/qtest-bad: No such file" },
    { "no-tests", "echo 1..0", "has run no test" },
    { "too-few", "echo 1..3; echo ok 1 /a", "after /a, with 1 of 3 tests" },
    { "no-plan", "echo ok 1 /a", "ended after /a, with 1 of 0 tests" },
    { "silent", ":", "ended after its start, with 0 of 0 tests" },
    { "status", "echo 1..1; echo ok 1 /a; exit 7", "status 7 after /a" },
    { "signal", "echo 1..2; echo ok 1 /a; kill -SEGV $$",
      "status 139 after /a" },
    { "bail-out", "echo 1..2; echo ok 1 /a; echo 'Bail out! ERROR:x.c:3'; "
      "kill -ABRT $$", "gave up after /a: ERROR:x.c:3" },
};

/* It and what it has started are ended, and nothing else has its turn */
static void test_endless(Fixture *f, gconstpointer data)
{
    static const char *const steps[] = { "qtest endless", "qtest good", NULL };

    f->config.timeout = 0.7;
    program(f, "endless", "echo 1..2; echo ok 1 /a; sleep 1000 & wait");
    program(f, "good", "echo 1..1; echo ok 1 /b");
    g_assert_false(fixture_run(f, steps));
    g_assert_cmpint(f->run.code, ==, EXIT_TIMEOUT);
    g_assert_nonnull(strstr(f->run.reason, "the end of a test program"));
    g_assert_cmpint(f->run.vm.helper, ==, 0);
    assert_counters(f, 1, 0, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/agents/qtest/good", Fixture, NULL, set_up, test_good,
               tear_down);
    g_test_add("/agents/qtest/failed", Fixture, NULL, set_up, test_failed,
               tear_down);
    g_test_add("/agents/qtest/endless", Fixture, NULL, set_up, test_endless,
               tear_down);
    for (gsize i = 0; i < G_N_ELEMENTS(bads); i++) {
        g_autofree char *path = g_strdup_printf("/agents/qtest/bad/%s",
                                                bads[i].name);

        g_test_add(path, Fixture, &bads[i], set_up, test_bad, tear_down);
    }
    return g_test_run();
}
