/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-output.h"

#include <math.h>

#include "json-build.h"

/* Null when unknown: JSON has no NAN. */
static void add_value(JsonBuilder *b, double value)
{
    if (isnan(value)) {
        json_builder_add_null_value(b);
    } else {
        json_builder_add_double_value(b, round(value * 1e4) / 1e4);
    }
}

static void add_number(JsonBuilder *b, const char *name, double value)
{
    json_builder_set_member_name(b, name);
    add_value(b, value);
}

static void add_array(JsonBuilder *b, const char *name, const GArray *values)
{
    json_build_array(b, name);
    for (guint n = 0; n < values->len; n++) {
        add_value(b, g_array_index(values, double, n));
    }
    json_builder_end_array(b);
}

static void add_read(JsonBuilder *b, const BenchResults *r, guint q, guint c,
                     guint w)
{
    g_autoptr(GArray) times = bench_times(r, q, c, w);

    json_builder_begin_object(b);
    json_build_string(b, "configuration", bench_configs[c].name);
    add_number(b, "bytes", bench_workloads[w].bytes);
    add_number(b, "depth", bench_workloads[w].depth);
    add_array(b, "microseconds", times);
    add_number(b, "median", bench_median_of(times));
    add_number(b, "to_no_viommu", bench_ratio(r, q, c, w, q, BENCH_NONE));
    add_number(b, "to_strict", bench_ratio(r, q, c, w, q, BENCH_STRICT));
    if (q) {
        add_number(b, "first_qemu_to_this", bench_ratio(r, 0, c, w, q, c));
    }
    add_number(b, "interrupts_a_second", bench_irq_rate(r, q, c, w));
    for (guint n = 0; n < BENCH_COUNTS; n++) {
        add_number(b, bench_counts[n], bench_per_read(r, q, c, w, n));
    }
    json_builder_end_object(b);
}

static void add_qemu(JsonBuilder *b, const BenchResults *r, guint q)
{
    const BenchQemu *qemu = &r->qemu[q];
    const char letter[] = { bench_letter(q), '\0' };

    json_builder_begin_object(b);
    json_build_string(b, "name", letter);
    json_build_string(b, "file", qemu->file);
    json_build_string(b, "version", qemu->version);
    json_build_array(b, "reads");
    for (guint w = 0; w < BENCH_WORKLOADS; w++) {
        for (guint c = 0; c < BENCH_CONFIGS; c++) {
            add_read(b, r, q, c, w);
        }
    }
    json_builder_end_array(b);
    add_array(b, "first_interrupt_seconds_no_viommu", qemu->first_irq[0]);
    add_array(b, "first_interrupt_seconds_smmu", qemu->first_irq[1]);
    json_builder_set_member_name(b, "fixup_msi_route_instructions");
    json_builder_begin_object(b);
    for (guint n = 0; n < BENCH_WAYS; n++) {
        add_array(b, bench_ways[n], qemu->instructions[n]);
    }
    json_builder_end_object(b);
    json_builder_end_object(b);
}

static void add_run(JsonBuilder *b, const BenchRun *run)
{
    g_autofree char *started = g_date_time_format_iso8601(run->started);
    const Versions *v = run->versions;

    json_builder_set_member_name(b, "run");
    json_builder_begin_object(b);
    json_build_string(b, "started", started);
    add_number(b, "seconds", run->seconds);
    add_number(b, "rounds", run->plan->rounds);
    add_number(b, "passes", run->plan->passes);
    json_builder_set_member_name(b, "quick");
    json_builder_add_boolean_value(b, run->options->quick);
    add_number(b, "processors", g_get_num_processors());
    json_build_string(b, "host_qemu", v ? v->host_qemu : NULL);
    json_build_string(b, "kernel", v ? v->kernel : NULL);
    json_build_string(b, "revision", v ? v->revision : NULL);
    json_builder_end_object(b);
}

char *bench_json(const BenchRun *run, const BenchResults *r)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    add_run(b, run);
    json_build_array(b, "qemus");
    for (guint q = 0; q < r->qemus; q++) {
        add_qemu(b, r, q);
    }
    json_builder_end_array(b);
    json_build_array(b, "problems");
    for (guint n = 0; n < r->problems->len; n++) {
        const BenchProblem *p = g_ptr_array_index(r->problems, n);

        json_builder_begin_object(b);
        json_build_string(b, "what", p->what);
        json_build_string(b, "reason", p->reason);
        json_builder_set_member_name(b, "failed");
        json_builder_add_boolean_value(b, p->failed);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    return json_build_text(b);
}
