/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench output: results as a table, as JSON and as a chart.
 */
#ifndef RUNNER_BENCH_OUTPUT_H
#define RUNNER_BENCH_OUTPUT_H

#include "bench-stat.h"
#include "versions.h"

typedef struct BenchRun {
    const BenchPlan *plan;
    const Options *options;
    const Versions *versions;   /* may be NULL */
    GDateTime *started;
    double seconds;
} BenchRun;

/* For people: Markdown, which reads well as it is. The caller owns it. */
char *bench_table(const BenchRun *run, const BenchResults *r);

/* Everything, each sample too. The caller owns the string. */
char *bench_json(const BenchRun *run, const BenchResults *r);

/* A gnuplot program, data included, that writes an SVG file to @svg. */
char *bench_chart(const BenchResults *r, const char *svg);

/*
 * Writes bench.gnuplot and bench.svg in @dir. FALSE and @error when the
 * program gnuplot is missing or fails.
 */
gboolean bench_draw(const BenchResults *r, const char *dir, GError **error);

#endif
