/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-stat.h"

#include <math.h>
#include <string.h>

const char *const bench_ways[BENCH_WAYS] = {
    [BENCH_CALLBACK] = "callback", [BENCH_TRANSLATION] = "translation",
};

const char *const bench_counts[BENCH_COUNTS] = {
    [BENCH_EXITS] = "exits_to_qemu", [BENCH_VMEXITS] = "vm_exits",
    [BENCH_IOCTLS] = "ioctls", [BENCH_CMDS] = "smmu_commands",
    [BENCH_SYNCS] = "cmd_syncs",
};

static void free_problem(gpointer data)
{
    BenchProblem *problem = data;

    g_free(problem->what);
    g_free(problem->reason);
    g_free(problem);
}

BenchResults *bench_results_new(guint qemus)
{
    BenchResults *r = g_new0(BenchResults, 1);

    r->qemus = qemus;
    r->samples = g_array_new(FALSE, TRUE, sizeof(BenchSample));
    r->problems = g_ptr_array_new_with_free_func(free_problem);
    for (guint q = 0; q < qemus; q++) {
        for (guint n = 0; n < 2; n++) {
            r->qemu[q].first_irq[n] = g_array_new(FALSE, FALSE,
                                                  sizeof(double));
        }
        for (guint n = 0; n < BENCH_WAYS; n++) {
            r->qemu[q].instructions[n] = g_array_new(FALSE, FALSE,
                                                     sizeof(double));
        }
    }
    return r;
}

void bench_results_free(BenchResults *r)
{
    for (guint q = 0; q < r->qemus; q++) {
        g_free(r->qemu[q].file);
        g_free(r->qemu[q].version);
        for (guint n = 0; n < 2; n++) {
            g_array_unref(r->qemu[q].first_irq[n]);
        }
        for (guint n = 0; n < BENCH_WAYS; n++) {
            g_array_unref(r->qemu[q].instructions[n]);
        }
    }
    g_array_unref(r->samples);
    g_ptr_array_unref(r->problems);
    g_free(r);
}

static void G_GNUC_PRINTF(4, 0)
add_problem(BenchResults *r, gboolean failed, const char *what,
            const char *format, va_list args)
{
    BenchProblem *problem = g_new0(BenchProblem, 1);

    problem->what = g_strdup(what);
    problem->reason = g_strdup_vprintf(format, args);
    problem->failed = failed;
    g_ptr_array_add(r->problems, problem);
}

void bench_problem(BenchResults *r, const char *what, const char *format,
                   ...)
{
    va_list args;

    va_start(args, format);
    add_problem(r, TRUE, what, format, args);
    va_end(args);
}

void bench_not_run(BenchResults *r, const char *what, const char *format,
                   ...)
{
    va_list args;

    va_start(args, format);
    add_problem(r, FALSE, what, format, args);
    va_end(args);
}

gboolean bench_has_failed(const BenchResults *r)
{
    for (guint n = 0; n < r->problems->len; n++) {
        const BenchProblem *problem = g_ptr_array_index(r->problems, n);

        if (problem->failed) {
            return TRUE;
        }
    }
    return FALSE;
}

static int compare(gconstpointer a, gconstpointer b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

double bench_median(const double *values, gsize n)
{
    g_autofree double *sorted = g_memdup2(values, n * sizeof(*values));

    if (!n) {
        return NAN;
    }
    qsort(sorted, n, sizeof(*sorted), compare);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double bench_median_of(const GArray *values)
{
    return bench_median((const double *)values->data, values->len);
}

static const BenchSample *sample(const BenchResults *r, guint n)
{
    return &g_array_index(r->samples, BenchSample, n);
}

static gboolean is_of(const BenchSample *s, guint qemu, guint config,
                      guint workload, BenchPurpose purpose)
{
    return s->qemu == qemu && s->config == config &&
           s->workload == workload && s->purpose == purpose;
}

GArray *bench_times(const BenchResults *r, guint qemu, guint config,
                    guint workload)
{
    GArray *times = g_array_new(FALSE, FALSE, sizeof(double));

    for (guint n = 0; n < r->samples->len; n++) {
        const BenchSample *s = sample(r, n);
        double time = s->usec / s->ios;

        if (is_of(s, qemu, config, workload, BENCH_TIMED)) {
            g_array_append_val(times, time);
        }
    }
    return times;
}

double bench_ratio(const BenchResults *r, guint qemu, guint config,
                   guint workload, guint base_qemu, guint base_config)
{
    g_autoptr(GArray) ratios = g_array_new(FALSE, FALSE, sizeof(double));

    for (guint n = 0; n < r->samples->len; n++) {
        const BenchSample *s = sample(r, n);

        if (!is_of(s, qemu, config, workload, BENCH_TIMED)) {
            continue;
        }
        for (guint m = 0; m < r->samples->len; m++) {
            const BenchSample *base = sample(r, m);

            if (is_of(base, base_qemu, base_config, workload, BENCH_TIMED) &&
                base->round == s->round && base->pass == s->pass) {
                double ratio = (s->usec / s->ios) / (base->usec / base->ios);

                g_array_append_val(ratios, ratio);
            }
        }
    }
    return bench_median_of(ratios);
}

double bench_irq_rate(const BenchResults *r, guint qemu, guint config,
                      guint workload)
{
    g_autoptr(GArray) rates = g_array_new(FALSE, FALSE, sizeof(double));

    for (guint n = 0; n < r->samples->len; n++) {
        const BenchSample *s = sample(r, n);
        double rate = s->irqs * 1e6 / s->usec;

        if (is_of(s, qemu, config, workload, BENCH_TIMED)) {
            g_array_append_val(rates, rate);
        }
    }
    return bench_median_of(rates);
}

static double count_of(const BenchSample *s, BenchCount count)
{
    const double values[BENCH_COUNTS] = {
        [BENCH_EXITS] = s->exits, [BENCH_VMEXITS] = s->vmexits,
        [BENCH_IOCTLS] = s->ioctls, [BENCH_CMDS] = s->cmds,
        [BENCH_SYNCS] = s->syncs,
    };

    return values[count];
}

/* The base of the same guest, or NULL. */
static const BenchSample *find_base(const BenchResults *r,
                                    const BenchSample *s)
{
    for (guint n = 0; n < r->samples->len; n++) {
        const BenchSample *base = sample(r, n);

        if (is_of(base, s->qemu, s->config, s->workload, BENCH_BASE) &&
            base->round == s->round) {
            return base;
        }
    }
    return NULL;
}

double bench_per_read(const BenchResults *r, guint qemu, guint config,
                      guint workload, BenchCount count)
{
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));

    for (guint n = 0; n < r->samples->len; n++) {
        const BenchSample *s = sample(r, n);
        const BenchSample *base = find_base(r, s);

        if (is_of(s, qemu, config, workload, BENCH_COUNTED) && base &&
            s->ios > base->ios) {
            double value = (count_of(s, count) - count_of(base, count)) /
                           (s->ios - base->ios);

            if (!isnan(value)) {
                g_array_append_val(values, value);
            }
        }
    }
    return bench_median_of(values);
}
