/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-collect.h"
#include "words.h"

#include <math.h>
#include <string.h>

/* A number in an answer, NAN when it is not there. */
static double number(const char *answer, const char *key)
{
    g_autofree char *text = words_get(answer, key);
    char *end = NULL;
    double value = text ? g_ascii_strtod(text, &end) : NAN;

    return text && end != text && !*end ? value : NAN;
}

static gboolean passed(const Report *report, const char *name,
                       BenchResults *r)
{
    const Record *verdict = report_last(report, "verdict", NULL);
    const char *result = verdict ? record_get(verdict, "result") : NULL;
    const char *reason = verdict ? record_get(verdict, "reason") : NULL;

    if (!g_strcmp0(result, "pass")) {
        return TRUE;
    }
    bench_problem(r, name, "%s", !verdict ? "it has no verdict"
                  : reason && *reason ? reason : "it failed");
    return FALSE;
}

static gboolean is_step(const Record *record, const char *begin)
{
    const char *text = record_get(record, "text");

    return !strcmp(record->kind, "step") && text &&
           g_str_has_prefix(text, begin) && record_get(record, "answer");
}

/*
 * Passes are told by counting: each has one sample of a configuration and
 * workload.
 */
static guint pass_of(const BenchResults *r, const BenchSample *s)
{
    guint pass = 0;

    for (guint n = 0; n < r->samples->len; n++) {
        const BenchSample *o = &g_array_index(r->samples, BenchSample, n);

        pass += o->qemu == s->qemu && o->round == s->round &&
                o->config == s->config && o->workload == s->workload &&
                o->purpose == s->purpose;
    }
    return pass;
}

static void take_sample(const char *step, const char *answer,
                        const char *name, BenchSample *s, BenchResults *r)
{
    if (!bench_parse_tag(step, &s->config, &s->workload, &s->purpose)) {
        return;
    }
    s->ios = number(answer, "ios");
    s->usec = number(answer, "usec");
    s->irqs = number(answer, "irqs");
    s->exits = number(answer, "exits");
    s->vmexits = number(answer, "vmexits");
    s->ioctls = number(answer, "ioctls");
    s->cmds = number(answer, "cmds");
    s->syncs = number(answer, "syncs");
    if (!(s->ios > 0) || !(s->usec > 0)) {
        bench_problem(r, name, "'%s' answered '%s'", step, answer);
        return;
    }
    s->pass = pass_of(r, s);
    g_array_append_val(r->samples, *s);
}

/* Is every disk behind what it should be? */
static void check_domains(const char *answer, const char *name,
                          BenchResults *r)
{
    for (guint c = 0; c < BENCH_CONFIGS; c++) {
        g_autofree char *bdf = bench_disk_bdf(c);
        g_autofree char *type = words_get(answer, bdf);
        const char *wanted = !bench_configs[c].smmu ? NULL
            : bench_configs[c].lazy ? "DMA-FQ" : "DMA";

        if (g_strcmp0(type, wanted) &&
            !(bench_configs[c].needs && !type)) {
            bench_problem(r, name, "%s is not what it should be: the guest "
                          "says %s for its disk, not %s",
                          bench_configs[c].title, type ? type : "nothing",
                          wanted ? wanted : "nothing");
        }
    }
}

void bench_collect_reads(const Report *report, const char *name, guint qemu,
                         guint round, BenchResults *r)
{
    if (!passed(report, name, r)) {
        return;
    }
    for (guint n = 0; n < report->records->len; n++) {
        const Record *record = g_ptr_array_index(report->records, n);
        BenchSample s = { .qemu = qemu, .round = round };

        if (is_step(record, "guest read ")) {
            take_sample(record_get(record, "text"),
                        record_get(record, "answer"), name, &s, r);
        } else if (is_step(record, "guest iommu")) {
            check_domains(record_get(record, "answer"), name, r);
        }
    }
}

static void collect_boot(const Report *report, const char *name,
                         GArray *seconds, BenchResults *r)
{
    if (!passed(report, name, r)) {
        return;
    }
    for (guint n = 0; n < report->records->len; n++) {
        const Record *record = g_ptr_array_index(report->records, n);

        if (is_step(record, "boot")) {
            double value = number(record_get(record, "answer"), "first_irq");

            if (isnan(value)) {
                bench_problem(r, name, "no interrupt before the guest was "
                              "up");
            } else {
                g_array_append_val(seconds, value);
            }
        }
    }
}

void bench_collect_counts(const char *text, const char *name, guint qemu,
                          guint way, BenchResults *r)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GArray *values = r->qemu[qemu].instructions[way];

    for (char **line = lines; *line; line++) {
        g_autofree char *error = words_get(*line, "error");
        double value = number(*line, "instructions");

        if (error) {
            bench_not_run(r, name, "%s: %s", bench_ways[way], error);
        } else if (!isnan(value)) {
            g_array_append_val(values, value);
        }
    }
}

static void collect_routes(const Report *report, const char *dir,
                           const char *name, guint qemu, BenchResults *r)
{
    passed(report, name, r);
    for (guint way = 0; way < BENCH_WAYS; way++) {
        g_autofree char *base = g_strconcat("routes.", bench_ways[way],
                                            NULL);
        g_autofree char *file = g_build_filename(dir, base, NULL);
        g_autofree char *text = NULL;

        if (g_file_get_contents(file, &text, NULL, NULL)) {
            bench_collect_counts(text, name, qemu, way, r);
        }
        if (!r->qemu[qemu].instructions[way]->len &&
            !(text && strstr(text, "error="))) {
            bench_problem(r, name, "no call of kvm_arch_fixup_msi_route() by "
                          "%s was counted", bench_ways[way]);
        }
    }
}

static void note_version(const Report *report, BenchQemu *qemu)
{
    const Record *fact = report_last(report, "fact", "qemu_version");
    const char *version = fact ? record_get(fact, "value") : NULL;

    if (!qemu->version && version) {
        qemu->version = g_strdup(version);
    }
}

static void collect_run(const char *out, const BenchGuestRun *run,
                        BenchResults *r)
{
    g_autofree char *name = bench_run_name(run);
    g_autofree char *dir = g_build_filename(out, name, NULL);
    g_autofree char *file = g_build_filename(dir, "report.txt", NULL);
    g_autoptr(Report) report = report_read(file);
    BenchQemu *qemu = &r->qemu[run->qemu];

    note_version(report, qemu);
    if (!strcmp(run->kind, "reads")) {
        bench_collect_reads(report, name, run->qemu, run->round, r);
    } else if (!strcmp(run->kind, "routes")) {
        collect_routes(report, dir, name, run->qemu, r);
    } else {
        collect_boot(report, name,
                     qemu->first_irq[!strcmp(run->kind, "boot-smmu")], r);
    }
}

/* A configuration that no guest of this QEMU had. */
static void note_missing(guint qemu, BenchResults *r)
{
    for (guint c = 0; c < BENCH_CONFIGS; c++) {
        g_autoptr(GArray) times = bench_times(r, qemu, c, BENCH_4K_1);

        if (!times->len && bench_configs[c].needs) {
            g_autofree char *what = g_strdup_printf("%c, %s",
                                                    bench_letter(qemu),
                                                    bench_configs[c].title);

            bench_not_run(r, what, "its arm-smmuv3 has no property %s",
                          bench_configs[c].needs);
        }
    }
}

void bench_collect(const BenchPlan *plan, const char *out, BenchResults *r)
{
    g_autoptr(GArray) runs = bench_runs(plan);

    for (guint n = 0; n < runs->len; n++) {
        collect_run(out, &g_array_index(runs, BenchGuestRun, n), r);
    }
    for (guint q = 0; q < plan->qemus; q++) {
        note_missing(q, r);
    }
}
