/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test programs for the emulated host: what is copied, and what is told. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "command.h"
#include "results.h"
#include "environment.h"
#include "qtests.h"

typedef struct Fixture {
    char *dir;
    char *share;
    Options options;
    Scenario *scenario;
} Fixture;

static const char text[] =
    "[scenario]\ndescription=x\n[host]\ndevices=edu\n"
    "[steps]\na=qtest queue -p /queue/wrap timeout=9\nb=qtest msi\n"
    "c=qtest queue\n[expect]\na=tests_failed == 0\n";

static void write_file(const char *dir, const char *name, int mode)
{
    g_autofree char *file = g_build_filename(dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(file);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, name, -1, NULL));
    g_assert_cmpint(g_chmod(file, mode), ==, 0);
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL;
    char *qtests;

    f->dir = g_dir_make_tmp("runner qtests-XXXXXX", NULL);
    f->share = g_build_filename(f->dir, "share", NULL);
    f->options = (Options){ .timeout_multiplier = 1 };
    f->options.qtests = qtests = g_build_filename(f->dir, "out", NULL);
    write_file(qtests, "qtest-queue", 0755);
    write_file(qtests, "qtest-msi", 0755);
    write_file(qtests, "qtest-tables", 0755);
    write_file(qtests, "lib/libx.so", 0644);
    write_file(qtests, "data/deep/firmware", 0644);
    file = g_build_filename(f->dir, "x.scenario", NULL);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    f->scenario = scenario_load(file, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    const char *argv[] = { "rm", "-rf", f->dir, NULL };

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
                               G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                               NULL, NULL));
    scenario_free(f->scenario);
    g_free(f->options.qtests);
    g_free(f->share);
    g_free(f->dir);
}

static gboolean in_share(Fixture *f, const char *name, GFileTest test)
{
    g_autofree char *file = g_build_filename(f->share, "qtests", name, NULL);

    return g_file_test(file, test);
}

static void test_copy(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(qtests_wanted(f->scenario));
    for (int again = 0; again < 2; again++) {
        g_assert_true(qtests_copy(f->scenario, &f->options, f->share,
                                  &error));
        g_assert_no_error(error);
    }
    g_assert_true(in_share(f, "qtest-queue", G_FILE_TEST_IS_EXECUTABLE));
    g_assert_true(in_share(f, "qtest-msi", G_FILE_TEST_IS_EXECUTABLE));
    g_assert_true(in_share(f, "lib/libx.so", G_FILE_TEST_IS_REGULAR));
    g_assert_true(in_share(f, "data/deep/firmware", G_FILE_TEST_IS_REGULAR));
    g_assert_false(in_share(f, "qtest-tables", G_FILE_TEST_EXISTS));
    qtests_remove(f->share);
    g_assert_false(in_share(f, "", G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(f->share, G_FILE_TEST_IS_DIR));
}

static void test_no_library(Fixture *f, gconstpointer data)
{
    g_autofree char *lib = g_build_filename(f->options.qtests, "lib", NULL);
    g_autofree char *file = g_build_filename(lib, "libx.so", NULL);
    g_autoptr(GError) error = NULL;

    g_remove(file);
    g_remove(lib);
    g_assert_false(qtests_copy(f->scenario, &f->options, f->share, &error));
    g_assert_nonnull(strstr(error->message, lib));
}

static void test_missing(Fixture *f, gconstpointer data)
{
    g_autofree char *msi = g_build_filename(f->options.qtests, "qtest-msi",
                                            NULL);
    g_autofree char *missing = qtests_missing(f->scenario, &f->options);
    g_autofree char *told = NULL;

    g_assert_null(missing);
    g_chmod(msi, 0644);
    missing = qtests_missing(f->scenario, &f->options);
    g_assert_cmpstr(missing, ==, msi);
    /* what every scenario needs is there */
    f->options.host_qemu = f->options.kernel = f->options.host_initrd =
        (char *)"/bin/sh";
    told = needs_missing(f->scenario, &f->options);
    g_assert_nonnull(strstr(told, msi));
    g_assert_nonnull(strstr(told, "make lab"));
}

/* The shell that `--dry-run` prints for does the same */
static void test_commands(Fixture *f, gconstpointer data)
{
    g_autofree char *commands = qtests_copy_commands(f->scenario,
                                                     &f->options, f->share);
    const char *argv[] = { "bash", "-c", commands, NULL };

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
                               G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                               NULL, NULL));
    g_assert_true(in_share(f, "qtest-queue", G_FILE_TEST_IS_EXECUTABLE));
    g_assert_true(in_share(f, "data/deep/firmware", G_FILE_TEST_IS_REGULAR));
    g_assert_false(in_share(f, "qtest-tables", G_FILE_TEST_EXISTS));
}

static void test_arguments(Fixture *f, gconstpointer data)
{
    g_auto(GStrv) argv = command_host_args(f->scenario, &f->options,
                                           RUN_SCENARIO);
    g_autofree char *line = g_strjoinv(" ", argv);

    g_assert_nonnull(strstr(line, "--qtests /lab/qtests "));
    g_assert_nonnull(strstr(line, "--step b=qtest msi "));
    g_assert_nonnull(strstr(line, "--expect tests_failed == 0 "));
}

static Outcome *outcome(Fixture *f, Verdict verdict)
{
    Outcome *o = outcome_new(f->scenario, verdict,
                             verdict == VERDICT_PASS ? NULL : "bad");

    report_free(o->report);
    o->report = report_parse(
        "test program=queue name=\"/queue/wrap\" result=pass reason=\"\"\n"
        "test program=msi name=\"/msi/x\" result=skip reason=\"a < b\"\n"
        "count name=tests_passed value=1\ncount name=tests_failed value=0\n"
        "count name=tests_skipped value=1\n");
    return o;
}

static void test_told(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) outcomes = g_ptr_array_new_with_free_func(
        (GDestroyNotify)outcome_free);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    Versions versions = { 0 };
    RunInfo info = {
        .started = now, .options = &f->options, .versions = &versions,
    };
    g_autofree char *xml = NULL;
    g_autofree char *json = NULL;
    g_autofree char *line = NULL;

    g_ptr_array_add(outcomes, outcome(f, VERDICT_PASS));
    g_ptr_array_add(outcomes, outcome(f, VERDICT_FAIL));
    line = outcome_tests(g_ptr_array_index(outcomes, 0));
    g_assert_cmpstr(line, ==, "tests: 1 passed, 0 failed, 1 skipped");
    xml = junit_to_xml(outcomes, 1);
    g_assert_nonnull(strstr(xml, "<system-out>tests: 1 passed, 0 failed, "
                            "1 skipped\nskip qtest-msi /msi/x: a &lt; b"
                            "</system-out>"));
    g_assert_null(strstr(xml, "/queue/wrap"));
    json = results_to_json(&info, outcomes);
    g_assert_nonnull(strstr(json, "\"tests\" : ["));
    g_assert_nonnull(strstr(json, "\"name\" : \"/queue/wrap\""));
    g_assert_nonnull(strstr(json, "\"reason\" : \"a < b\""));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*function)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/qtests/copy", test_copy },
        { "/qtests/no-library", test_no_library },
        { "/qtests/missing", test_missing },
        { "/qtests/commands", test_commands },
        { "/qtests/arguments", test_arguments },
        { "/qtests/told", test_told },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].function,
                   tear_down);
    }
    return g_test_run();
}
