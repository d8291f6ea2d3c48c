/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"
#include "results.h"
#include "environment.h"
#include "process.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

static void print_dry(const Options *o, const GPtrArray *scenarios)
{
    g_autofree char *dir = g_build_filename(o->results_dir, "dry-run", NULL);

    for (guint i = 0; i < scenarios->len; i++) {
        const Scenario *s = g_ptr_array_index(scenarios, i);
        g_autofree char *own = g_build_filename(dir, s->name, NULL);
        g_autofree char *text = run_dry(s, o, own);

        printf("%s%s", i ? "\n" : "", text);
    }
}

static GPtrArray *run_all(const Options *o, const GPtrArray *scenarios,
                          const char *dir, Ui *ui)
{
    GPtrArray *outcomes =
        g_ptr_array_new_with_free_func((GDestroyNotify)outcome_free);

    for (guint i = 0; i < scenarios->len && !process_interrupted(); i++) {
        const Scenario *s = g_ptr_array_index(scenarios, i);
        g_autofree char *own = g_build_filename(dir, s->name, NULL);
        Outcome *outcome = run_scenario(s, o, own, ui);

        g_ptr_array_add(outcomes, outcome);
        ui_outcome(ui, outcome, o);
    }
    return outcomes;
}

static gboolean write_all(const Options *o, const RunInfo *info,
                          const char *dir, const GPtrArray *outcomes,
                          GError **error)
{
    g_autofree char *json = g_build_filename(dir, "results.json", NULL);

    return results_write(json, info, outcomes, error) &&
           (!o->junit ||
            junit_write(o->junit, outcomes, info->seconds, error));
}

/* A file that was named must be there: that is no reason to skip. */
static gboolean check_given(const Options *o, GError **error)
{
    for (char **word = o->given; *word; word += 2) {
        gboolean is_file = strcmp(word[0], "--base") &&
                           strcmp(word[0], "--scenario-dir") &&
                           strcmp(word[0], "--qtests") &&
                           strcmp(word[0], "--results") &&
                           strcmp(word[0], "--timeout-multiplier");

        if (is_file && !g_file_test(word[1], G_FILE_TEST_IS_REGULAR)) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "%s %s: there is no such file", word[0], word[1]);
            return FALSE;
        }
    }
    return TRUE;
}

int session_run(const Options *o, GError **error)
{
    g_autoptr(GPtrArray) scenarios = scenario_find(o->scenario_dir,
                                                   o->arguments, error);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    gint64 start = g_get_monotonic_time();
    g_autoptr(GPtrArray) outcomes = NULL;
    g_autoptr(Versions) versions = NULL;
    g_autofree char *dir = NULL;
    RunInfo info = { .started = now, .options = o };
    int code;
    Ui ui;

    if (!scenarios || !check_given(o, error)) {
        return -1;
    }
    if (o->dry_run) {
        print_dry(o, scenarios);
        return EXIT_PASS;
    }
    dir = results_dir_make(o->results_dir, now, error);
    if (!dir) {
        return -1;
    }
    results_dir_point_latest(o->results_dir, dir);
    process_catch_signals();
    ui_init(&ui);
    outcomes = run_all(o, scenarios, dir, &ui);
    code = process_interrupted() ? EXIT_INTERRUPTED
                                 : outcome_exit_code(outcomes);
    info.seconds = (g_get_monotonic_time() - start) / 1e6;
    info.versions = versions = versions_collect(o);
    ui_totals(&ui, outcomes, dir);
    return write_all(o, &info, dir, outcomes, error) ? code : -1;
}

int session_list(const Options *o, GError **error)
{
    g_autoptr(GPtrArray) scenarios = scenario_find(o->scenario_dir,
                                                   o->arguments, error);
    gsize width = 0;

    for (guint i = 0; scenarios && i < scenarios->len; i++) {
        const Scenario *s = g_ptr_array_index(scenarios, i);

        width = MAX(width, strlen(s->name));
    }
    for (guint i = 0; scenarios && i < scenarios->len; i++) {
        const Scenario *s = g_ptr_array_index(scenarios, i);

        printf("%-*s  %s\n", (int)width, s->name, s->description);
    }
    return scenarios ? EXIT_PASS : -1;
}

static int run_shell(const Scenario *s, const Options *o,
                     const RunFiles *files, GError **error)
{
    RunMode mode = o->guest ? RUN_SHELL_GUEST : RUN_SHELL_HOST;
    g_auto(GStrv) argv = command_host_vm(s, o, files, mode);
    g_autofree char *text = command_quote(argv, "-");

    if (o->dry_run) {
        printf("%s\n", text);
        return EXIT_PASS;
    }
    if (!run_prepare(s, o, files, mode, error)) {
        return -1;
    }
    fprintf(stderr, "smmu-lab: a shell %s; Ctrl-A X ends the emulated host; "
            "its /lab is %s\n", o->guest ? "in the guest"
            : "on the emulated host", files->share);
    return process_interactive(argv, error);
}

int session_shell(const Options *o, GError **error)
{
    g_autoptr(GPtrArray) scenarios = scenario_find(o->scenario_dir,
                                                   o->arguments, error);
    g_autofree char *dir = g_build_filename(o->results_dir, "shell", NULL);
    g_autoptr(RunFiles) files = run_files_new(dir);
    g_autofree char *missing = NULL;
    const Scenario *s;
    int code;

    if (!scenarios || !check_given(o, error)) {
        return -1;
    }
    s = g_ptr_array_index(scenarios, 0);
    missing = needs_missing(s, o);
    if (missing && !o->dry_run) {
        fprintf(stderr, "smmu-lab: %s\n", missing);
        return EXIT_ALL_SKIPPED;
    }
    code = run_shell(s, o, files, error);
    if (!o->keep && !o->dry_run) {
        run_clean(s, o, files);
    }
    return code;
}

int session_doctor(const Options *o, GError **error)
{
    return needs_doctor(o) ? EXIT_PASS : EXIT_FAIL;
}
