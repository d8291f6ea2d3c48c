/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-output.h"

#include <math.h>

/* @format takes one double; an unknown number is a dash. */
static void G_GNUC_PRINTF(2, 0)
add_number(GString *out, const char *format, double value)
{
    if (isnan(value)) {
        g_string_append(out, " - |");
    } else {
        g_string_append_c(out, ' ');
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        g_string_append_printf(out, format, value);
#pragma GCC diagnostic pop
        g_string_append(out, " |");
    }
}

static void add_rule(GString *out, guint texts, guint numbers)
{
    g_string_append_c(out, '|');
    for (guint n = 0; n < texts + numbers; n++) {
        g_string_append(out, n < texts ? "---|" : "---:|");
    }
    g_string_append_c(out, '\n');
}

static void add_row(GString *out, const BenchResults *r, guint w, guint c)
{
    g_string_append_printf(out, "| %s | %s |", bench_workloads[w].title,
                           bench_configs[c].title);
    for (guint q = 0; q < r->qemus; q++) {
        g_autoptr(GArray) times = bench_times(r, q, c, w);

        add_number(out, "%.0f", bench_median_of(times));
        add_number(out, "%.2f", bench_ratio(r, q, c, w, q, BENCH_NONE));
        add_number(out, "%.2f", bench_per_read(r, q, c, w, BENCH_EXITS));
        add_number(out, "%.2f", bench_per_read(r, q, c, w, BENCH_IOCTLS));
    }
    if (r->qemus > 1) {
        add_number(out, "%.2f", bench_ratio(r, 0, c, w, 1, c));
    }
    g_string_append_c(out, '\n');
}

static void add_reads(GString *out, const BenchResults *r)
{
    g_string_append(out, "| reads | disk |");
    for (guint q = 0; q < r->qemus; q++) {
        char l = bench_letter(q);

        g_string_append_printf(out, " %c µs | %c ×none | %c exits | "
                               "%c ioctls |", l, l, l, l);
    }
    g_string_append(out, r->qemus > 1 ? " time A/B |\n" : "\n");
    add_rule(out, 2, 4 * r->qemus + (r->qemus > 1));
    for (guint w = 0; w < BENCH_WORKLOADS; w++) {
        for (guint c = 0; c < BENCH_CONFIGS; c++) {
            add_row(out, r, w, c);
        }
    }
}

/* What range invalidation and completion in memory bring. */
static void add_strict(GString *out, const BenchResults *r)
{
    for (guint c = BENCH_RIL_OFF; c < BENCH_CONFIGS; c++) {
        for (guint w = 0; w < BENCH_WORKLOADS; w++) {
            g_string_append_printf(out, "| time, %s to strict, %s |",
                                   bench_configs[c].title,
                                   bench_workloads[w].title);
            for (guint q = 0; q < r->qemus; q++) {
                add_number(out, "%.2f",
                           bench_ratio(r, q, c, w, q, BENCH_STRICT));
            }
            g_string_append_c(out, '\n');
        }
    }
}

static void add_rates(GString *out, const BenchResults *r)
{
    static const struct {
        guint workload, config;
    } rows[] = {
        { BENCH_4K_1, BENCH_NONE }, { BENCH_4K_1, BENCH_STRICT },
        { BENCH_4K_32, BENCH_NONE }, { BENCH_4K_32, BENCH_STRICT },
    };

    for (guint n = 0; n < G_N_ELEMENTS(rows); n++) {
        guint w = rows[n].workload, c = rows[n].config;

        g_string_append_printf(out, "| interrupts a second, %s, %s |",
                               bench_workloads[w].title,
                               bench_configs[c].title);
        for (guint q = 0; q < r->qemus; q++) {
            add_number(out, "%.0f", bench_irq_rate(r, q, c, w));
        }
        g_string_append_c(out, '\n');
    }
}

static void add_others(GString *out, const BenchResults *r)
{
    static const char *const starts[] = {
        "seconds from QEMU's start to the first interrupt, no vIOMMU",
        "seconds from QEMU's start to the first interrupt, accelerated SMMU",
    };
    static const char *const ways[BENCH_WAYS] = {
        "instructions of kvm_arch_fixup_msi_route(), accelerated SMMU: by "
        "callback",
        "the same, emulated SMMU: by translation",
    };

    g_string_append(out, "\n| median |");
    for (guint q = 0; q < r->qemus; q++) {
        g_string_append_printf(out, " %c |", bench_letter(q));
    }
    g_string_append_c(out, '\n');
    add_rule(out, 1, r->qemus);
    add_strict(out, r);
    add_rates(out, r);
    for (guint n = 0; n < 2; n++) {
        g_string_append_printf(out, "| %s |", starts[n]);
        for (guint q = 0; q < r->qemus; q++) {
            add_number(out, "%.2f", bench_median_of(r->qemu[q].first_irq[n]));
        }
        g_string_append_c(out, '\n');
    }
    for (guint n = 0; n < BENCH_WAYS; n++) {
        g_string_append_printf(out, "| %s |", ways[n]);
        for (guint q = 0; q < r->qemus; q++) {
            add_number(out, "%.0f",
                       bench_median_of(r->qemu[q].instructions[n]));
        }
        g_string_append_c(out, '\n');
    }
}

char *bench_table(const BenchRun *run, const BenchResults *r)
{
    GString *out = g_string_new(NULL);
    g_autofree char *date = g_date_time_format(run->started, "%Y-%m-%d");

    for (guint q = 0; q < r->qemus; q++) {
        g_string_append_printf(out, "%c: %s\n", bench_letter(q),
                               r->qemu[q].version ? r->qemu[q].version
                                                  : r->qemu[q].file);
    }
    g_string_append_printf(out, "%s, %u guests of each kind, %u passes in "
                           "each that reads, %.0f s in all\n\n", date,
                           run->plan->rounds, run->plan->passes,
                           run->seconds);
    add_reads(out, r);
    add_others(out, r);
    for (guint n = 0; n < r->problems->len; n++) {
        const BenchProblem *p = g_ptr_array_index(r->problems, n);

        g_string_append_printf(out, "%s- %s %s: %s\n", n ? "" : "\n",
                               p->failed ? "failed:" : "not run:", p->what,
                               p->reason);
    }
    return g_string_free(out, FALSE);
}
