/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench collect: what the runs of a bench left behind, read into results.
 */
#ifndef RUNNER_BENCH_COLLECT_H
#define RUNNER_BENCH_COLLECT_H

#include "bench-stat.h"

/*
 * Reads the results of every run of @plan below @out into @r. What is
 * missing, failed or is not to be trusted becomes a problem.
 */
void bench_collect(const BenchPlan *plan, const char *out, BenchResults *r);

/*
 * One report: the samples of a guest of BENCH_READS, checked. @name is for
 * messages.
 */
void bench_collect_reads(const Report *report, const char *name, guint qemu,
                         guint round, BenchResults *r);

/* The lines that smmu-lab-count wrote; @way is one of the enum. */
void bench_collect_counts(const char *text, const char *name, guint qemu,
                          guint way, BenchResults *r);

#endif
