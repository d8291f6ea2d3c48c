/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"
#include "disk.h"
#include "environment.h"
#include "process.h"
#include "qtests.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

/*
 * What smmu-lab-host's own time-outs leave to it: to stop QEMU and give
 * the devices back. Only when that fails too does the runner step in.
 */
#define GRACE_TIMEOUT 30.0
#define GRACE_SILENCE 15.0

typedef struct Watch {
    const Scenario *scenario;
    const RunFiles *files;
    Ui *ui;
    Console console;
    double seconds;             /* since the start, of the last tick */
    double report_seconds;      /* first record seen, or 0 */
    goffset report_size;
    char *milestone;            /* from the report, or NULL */
} Watch;

static gboolean copy_file(const char *from, const char *to, GError **error)
{
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(to);

    return g_file_copy(source, target, G_FILE_COPY_OVERWRITE |
                       G_FILE_COPY_TARGET_DEFAULT_PERMS, NULL, NULL, NULL,
                       error) && !g_chmod(to, 0755);
}

static gboolean write_args(const Scenario *s, const Options *o,
                           const RunFiles *files, RunMode mode,
                           GError **error)
{
    g_auto(GStrv) args = command_host_args(s, o, mode);
    g_autofree char *file = g_build_filename(files->share, "args", NULL);
    g_autofree char *lines = g_strjoinv("\n", args);
    g_autofree char *text = g_strconcat(lines, "\n", NULL);

    return g_file_set_contents(file, text, -1, error);
}

gboolean run_prepare(const Scenario *s, const Options *o,
                     const RunFiles *files, RunMode mode, GError **error)
{
    g_auto(GStrv) copies = command_copies(s, o);

    if (g_mkdir_with_parents(files->out, 0755)) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot make %s: %s; name another directory by "
                    "--results", files->out, g_strerror(errno));
        return FALSE;
    }
    for (guint n = 0; s->devices[n]; n++) {
        g_autofree char *disk = command_disk_file(files, n);

        if (scenario_has_disk(s, n) &&
            !disk_create(disk, DISK_BYTES, error)) {
            return FALSE;
        }
    }
    for (char **pair = copies; *pair; pair += 2) {
        g_autofree char *copy = g_build_filename(files->share, pair[1], NULL);

        if (!copy_file(pair[0], copy, error)) {
            return FALSE;
        }
    }
    return write_args(s, o, files, mode, error) &&
           qtests_copy(s, o, files->share, error);
}

void run_clean(const Scenario *s, const Options *o, const RunFiles *files)
{
    g_auto(GStrv) copies = command_copies(s, o);

    for (guint n = 0; s->devices[n]; n++) {
        g_autofree char *disk = command_disk_file(files, n);

        g_unlink(disk);
    }
    for (char **pair = copies; *pair; pair += 2) {
        g_autofree char *copy = g_build_filename(files->share, pair[1], NULL);

        g_unlink(copy);
    }
    qtests_remove(files->share);
}

static void on_line(const char *line, gpointer data)
{
    Watch *watch = data;

    console_line(&watch->console, line);
}

static void look_at_report(Watch *watch)
{
    GStatBuf info;

    if (g_stat(watch->files->report, &info) ||
        info.st_size == watch->report_size) {
        return;
    }
    watch->report_size = info.st_size;
    if (!watch->report_seconds) {
        watch->report_seconds = watch->seconds;
    }
    if (watch->ui->terminal) {
        g_autoptr(Report) report = report_read(watch->files->report);

        g_free(watch->milestone);
        watch->milestone = report_milestone(report);
    }
}

static void on_tick(double seconds, gpointer data)
{
    Watch *watch = data;
    const char *milestone = watch->console.milestone;

    watch->seconds = seconds;
    look_at_report(watch);
    ui_heartbeat(watch->ui, watch->scenario->name, seconds,
                 watch->milestone ? watch->milestone
                 : milestone ? milestone : "starting the emulated host");
}

/* The last line with something on it. */
static char *last_line(const char *file)
{
    g_autofree char *text = NULL;
    g_autofree char *valid = NULL;
    char *newline;

    if (!g_file_get_contents(file, &text, NULL, NULL)) {
        return NULL;
    }
    valid = g_utf8_make_valid(text, -1);
    newline = strrchr(g_strchomp(valid), '\n');
    newline = newline ? newline + 1 : valid;
    return *newline ? g_strdup(newline) : NULL;
}

static char **tail_lines(const Console *console)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

    for (GList *item = console->tail.head; item; item = item->next) {
        g_strv_builder_add(lines, item->data);
    }
    return g_strv_builder_end(lines);
}

static void evaluate(Outcome *outcome, const Scenario *s, const Watch *watch,
                  const ProcessResult *result)
{
    g_autofree char *host_stderr = last_line(watch->files->host_stderr);
    Report *report = report_read(watch->files->report);
    DiskCheck data = disk_check(s, watch->files, report);
    const Evidence evidence = {
        .process = result, .console = &watch->console, .report = report,
        .host_stderr = host_stderr, .data_problem = data.problem,
        .disks_read = data.disks_read,
    };
    Evaluation evaluation = verdict_evaluate(s, &evidence);

    report_free(outcome->report);
    outcome->report = report;
    outcome->verdict = evaluation.verdict;
    outcome->reason = evaluation.reason;
    outcome->host_seconds = watch->report_seconds;
    outcome->disks_read = data.disks_read;
    outcome->reads = data.reads;
    g_strfreev(outcome->tail);
    outcome->tail = tail_lines(&watch->console);
    g_free(data.problem);
}

static gboolean run_process(Outcome *outcome, const Scenario *s,
                            const Options *o, Ui *ui, GError **error)
{
    const RunFiles *files = outcome->files;
    g_auto(GStrv) argv = command_host_vm(s, o, files, RUN_SCENARIO);
    Watch watch = { .scenario = s, .files = files, .ui = ui };
    const ProcessPlan plan = {
        .argv = argv,
        .console = files->console,
        .errors = files->host_stderr,
        .watched = files->out,
        .silence = (s->silence + GRACE_SILENCE) * o->timeout_multiplier,
        .timeout = (s->timeout + GRACE_TIMEOUT) * o->timeout_multiplier,
        .line = on_line,
        .tick = on_tick,
        .data = &watch,
    };
    ProcessResult result;
    gboolean ok;

    console_init(&watch.console);
    watch.console.events_expected = s->host_events;
    ok = process_run(&plan, &result, error);
    if (ok) {
        evaluate(outcome, s, &watch, &result);
    }
    console_clear(&watch.console);
    g_free(watch.milestone);
    return ok;
}

Outcome *run_scenario(const Scenario *s, const Options *o, const char *dir,
                      Ui *ui)
{
    g_autofree char *skips = options_base_skips(o, s->name);
    g_autofree char *missing = needs_missing(s, o);
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    Outcome *outcome;

    if (skips) {
        return outcome_new(s, VERDICT_SKIP, skips);
    }
    if (missing) {
        return outcome_new(s, o->no_skip ? VERDICT_FAIL : VERDICT_SKIP,
                           missing);
    }
    outcome = outcome_new(s, VERDICT_FAIL, NULL);
    outcome->files = run_files_new(dir);
    if (!run_prepare(s, o, outcome->files, RUN_SCENARIO, &error) ||
        !run_process(outcome, s, o, ui, &error)) {
        outcome->reason = g_strdup(error->message);
    }
    if (outcome->verdict == VERDICT_SKIP && o->no_skip) {
        outcome->verdict = VERDICT_FAIL;
    }
    if (outcome->verdict == VERDICT_PASS && !o->keep) {
        run_clean(s, o, outcome->files);
    }
    outcome->seconds = (g_get_monotonic_time() - start) / 1e6;
    return outcome;
}

char *run_dry(const Scenario *s, const Options *o, const char *dir)
{
    g_autoptr(RunFiles) files = run_files_new(dir);
    g_auto(GStrv) argv = command_host_vm(s, o, files, RUN_SCENARIO);
    g_auto(GStrv) args = command_host_args(s, o, RUN_SCENARIO);
    g_autofree char *host_vm = command_quote(argv, "-");
    g_autofree char *host_args = command_quote(args, "--");
    g_autofree char *out = g_shell_quote(files->out);
    g_autofree char *share = g_shell_quote(files->share);
    g_auto(GStrv) copies = command_copies(s, o);
    g_autofree char *qtests = qtests_copy_commands(s, o, files->share);
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "# %s: %s\nmkdir -p %s\n", s->name,
                           s->description, out);
    for (guint n = 0; s->devices[n]; n++) {
        g_autofree char *disk = command_disk_file(files, n);
        g_autofree char *quoted = g_shell_quote(disk);

        if (scenario_has_disk(s, n)) {
            g_string_append_printf(text, "head -c %d /dev/urandom > %s\n",
                                   DISK_BYTES, quoted);
        }
    }
    for (char **pair = copies; *pair; pair += 2) {
        g_autofree char *quoted = g_shell_quote(pair[0]);

        g_string_append_printf(text, "cp %s %s/%s\n", quoted, share, pair[1]);
    }
    g_string_append(text, qtests);
    g_string_append_printf(text, "# the arguments of smmu-lab-host\n"
                           "printf '%%s\\n' \\\n    %s \\\n    > %s/args\n",
                           host_args, share);
    g_string_append_printf(text, "# the emulated host\n%s\n", host_vm);
    return g_string_free(g_steal_pointer(&text), FALSE);
}
