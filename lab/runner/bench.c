/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"
#include "bench-collect.h"
#include "bench-output.h"
#include "console.h"
#include "disk.h"
#include "needs.h"
#include "process.h"
#include "results-dir.h"
#include "ui.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 3
#define PASSES 3
#define QUICK_DIVISOR 4
#define DEFAULT_QEMU "build/qemu-arm64/qemu-system-aarch64"

/*
 * Seconds for each guest, also without a word from the emulated host: what a
 * guest says is not on its console. smmu-lab-host's own time-outs come first.
 */
#define GUEST_SECONDS 330

typedef struct Bench {
    const Options *options;
    BenchPlan plan;
    char **qemus;               /* files, one each QEMU */
    Scenario *host;             /* the emulated host */
    RunFiles *files;
    GArray *runs;
    guint done;                 /* of the runs */
    ProcessEnd end;             /* of the emulated host */
    Console console;
    Ui ui;
} Bench;

static char *share_file(const Bench *bench, guint n)
{
    g_autofree char *name = g_strdup_printf("qemu%u", n);

    return g_build_filename(bench->files->share, name, NULL);
}

static gboolean copy(const char *from, const char *to, GError **error)
{
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(to);

    return g_file_copy(source, target, G_FILE_COPY_OVERWRITE |
                       G_FILE_COPY_TARGET_DEFAULT_PERMS, NULL, NULL, NULL,
                       error);
}

static gboolean prepare(Bench *bench, GError **error)
{
    const Options *o = bench->options;
    g_autofree char *kernel = g_build_filename(bench->files->share, "Image",
                                               NULL);

    if (!bench_write(&bench->plan, o, bench->files->share, error)) {
        return FALSE;
    }
    for (guint n = 0; bench->host->devices[n]; n++) {
        g_autofree char *disk = command_disk_file(bench->files, n);

        if (!disk_create(disk, DISK_BYTES, error)) {
            return FALSE;
        }
    }
    for (guint n = 0; n < bench->plan.qemus; n++) {
        g_autofree char *file = share_file(bench, n);

        if (!copy(bench->qemus[n], file, error)) {
            return FALSE;
        }
    }
    return !o->kernel_given || copy(o->kernel, kernel, error);
}

static void clean(Bench *bench)
{
    g_autofree char *kernel = g_build_filename(bench->files->share, "Image",
                                               NULL);

    for (guint n = 0; bench->host->devices[n]; n++) {
        g_autofree char *disk = command_disk_file(bench->files, n);

        g_unlink(disk);
    }
    for (guint n = 0; n < bench->plan.qemus; n++) {
        g_autofree char *file = share_file(bench, n);

        g_unlink(file);
    }
    g_unlink(kernel);
}

static void on_line(const char *line, gpointer data)
{
    Bench *bench = data;

    console_line(&bench->console, line);
    bench->done += strstr(line, "lab: smmu-lab-host exit") ? 1 : 0;
}

static void on_tick(double seconds, gpointer data)
{
    Bench *bench = data;
    g_autofree char *name = NULL;
    g_autofree char *text = NULL;

    if (bench->done < bench->runs->len) {
        name = bench_run_name(&g_array_index(bench->runs, BenchGuestRun,
                                             bench->done));
    }
    text = g_strdup_printf("guest %u of %u: %s",
                           MIN(bench->done + 1, bench->runs->len),
                           bench->runs->len, name ? name : "done");
    ui_heartbeat(&bench->ui, "bench", seconds, text);
}

/* What the emulated host itself showed. */
static void judge(const Bench *bench, const ProcessResult *result,
                  BenchResults *r)
{
    static const char *const ends[] = {
        [PROCESS_EXITED] = NULL,
        [PROCESS_SIGNALED] = "a signal ended it",
        [PROCESS_SILENT] = "it said nothing for too long",
        [PROCESS_TIMED_OUT] = "it took too long",
        [PROCESS_INTERRUPTED] = "interrupted",
    };

    if (ends[result->end]) {
        bench_problem(r, "emulated host", "%s", ends[result->end]);
    } else if (result->status) {
        bench_problem(r, "emulated host", "its QEMU exited with %d, see %s",
                      result->status, bench->files->host_stderr);
    }
    if (bench->console.bad) {
        bench_problem(r, "emulated host", "its kernel says: %s",
                      bench->console.first_bad);
    }
}

static gboolean run_host(Bench *bench, BenchResults *r, GError **error)
{
    const Options *o = bench->options;
    g_auto(GStrv) argv = command_host_vm(bench->host, o, bench->files,
                                         RUN_SCENARIO);
    const ProcessPlan plan = {
        .argv = argv,
        .console = bench->files->console,
        .errors = bench->files->host_stderr,
        .watched = bench->files->out,
        .silence = GUEST_SECONDS * o->timeout_multiplier,
        .timeout = GUEST_SECONDS * bench->runs->len * o->timeout_multiplier,
        .line = on_line,
        .tick = on_tick,
        .data = bench,
    };
    ProcessResult result = { .end = PROCESS_EXITED };
    gboolean ok = process_run(&plan, &result, error);

    ui_clear(&bench->ui);
    bench->end = result.end;
    if (ok) {
        judge(bench, &result, r);
        bench_collect(&bench->plan, bench->files->out, r);
    }
    return ok;
}

static gboolean write_file(const Bench *bench, const char *name,
                           const char *text, GError **error)
{
    g_autofree char *file = g_build_filename(bench->files->dir, name, NULL);

    return g_file_set_contents(file, text, -1, error);
}

static gboolean tell(const Bench *bench, const BenchRun *run,
                     const BenchResults *r, GError **error)
{
    g_autofree char *table = bench_table(run, r);
    g_autofree char *json = bench_json(run, r);
    g_autoptr(GError) no_chart = NULL;

    printf("%s", table);
    if (!write_file(bench, "bench.md", table, error) ||
        !write_file(bench, "bench.json", json, error)) {
        return FALSE;
    }
    if (!bench_draw(r, bench->files->dir, &no_chart)) {
        fprintf(stderr, "smmu-lab: %s\n", no_chart->message);
    }
    printf("\nresults: %s\n", bench->files->dir);
    return TRUE;
}

static int measure(Bench *bench, GDateTime *now, GError **error)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(BenchResults) r = bench_results_new(bench->plan.qemus);
    g_autoptr(Versions) versions = NULL;
    BenchRun run = {
        .plan = &bench->plan, .options = bench->options, .started = now,
    };

    for (guint n = 0; n < bench->plan.qemus; n++) {
        r->qemu[n].file = g_strdup(bench->qemus[n]);
    }
    if (!prepare(bench, error) || !run_host(bench, r, error)) {
        return -1;
    }
    if (bench->end == PROCESS_INTERRUPTED) {
        fprintf(stderr, "smmu-lab: interrupted; all files: %s\n",
                bench->files->dir);
        return EXIT_INTERRUPTED;
    }
    run.versions = versions = versions_collect(bench->options);
    run.seconds = (g_get_monotonic_time() - start) / 1e6;
    if (!tell(bench, &run, r, error)) {
        return -1;
    }
    if (!bench->options->keep && !bench_has_failed(r)) {
        clean(bench);
    }
    return bench->end == PROCESS_TIMED_OUT || bench->end == PROCESS_SILENT
         ? EXIT_TIMEOUT : bench_has_failed(r) ? EXIT_FAIL : EXIT_PASS;
}

static BenchPlan make_plan(const Options *o, guint qemus)
{
    return (BenchPlan){
        .qemus = qemus,
        .rounds = o->rounds ? o->rounds : o->quick ? 1 : ROUNDS,
        .passes = o->quick ? 1 : PASSES,
        .divisor = o->quick ? QUICK_DIVISOR : 1,
    };
}

/* FALSE: told what is missing, or @error is set. */
static gboolean can_run(const Bench *bench, GError **error)
{
    g_autofree char *missing = needs_missing(bench->host, bench->options);

    for (char **qemu = bench->qemus; *qemu; qemu++) {
        if (!g_file_test(*qemu, G_FILE_TEST_IS_REGULAR)) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "--qemu %s: there is no such file%s", *qemu,
                        bench->options->qemus ? "" : " (make qemu)");
            return FALSE;
        }
    }
    if (missing) {
        fprintf(stderr, "smmu-lab: %s\n", missing);
    }
    return !missing;
}

int bench_run(const Options *o, GError **error)
{
    g_autofree char *image = g_build_filename(o->root, DEFAULT_QEMU, NULL);
    char *defaults[] = { image, NULL };
    Bench bench = {
        .options = o, .qemus = o->qemus ? o->qemus : defaults,
    };
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *dir = NULL;
    int code = -1;

    bench.plan = make_plan(o, g_strv_length(bench.qemus));
    bench.host = bench_guest(&bench.plan, BENCH_READS, 1);
    bench.runs = bench_runs(&bench.plan);
    if (!can_run(&bench, error)) {
        code = error && *error ? -1 : EXIT_ALL_SKIPPED;
    } else if ((dir = results_dir_make(o->results_dir, now, error))) {
        bench.files = run_files_new(dir);
        process_catch_signals();
        ui_init(&bench.ui);
        console_init(&bench.console);
        code = measure(&bench, now, error);
        console_clear(&bench.console);
        run_files_free(bench.files);
    }
    scenario_free(bench.host);
    g_array_unref(bench.runs);
    return code;
}
