/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench statistics: what was measured, sample by sample, and medians and
 * ratios of it. An unknown number is NAN.
 */
#ifndef RUNNER_BENCH_STAT_H
#define RUNNER_BENCH_STAT_H

#include "bench-plan.h"
#include "report.h"

/* What a read command answered. */
typedef struct BenchSample {
    guint qemu, round, pass;    /* pass: from 0, in its guest */
    guint config, workload;
    BenchPurpose purpose;
    double ios, usec, irqs;
    double exits, vmexits;      /* to QEMU for MMIO; of any kind */
    double ioctls, cmds, syncs; /* not of a timed one */
} BenchSample;

/* Ways to a MSI route's address. */
enum { BENCH_CALLBACK, BENCH_TRANSLATION, BENCH_WAYS };
extern const char *const bench_ways[BENCH_WAYS];

typedef struct BenchQemu {
    char *file;
    char *version;              /* what it says of itself, or NULL */
    GArray *first_irq[2];       /* double: seconds; without, with an SMMU */
    GArray *instructions[BENCH_WAYS]; /* double: of each call */
} BenchQemu;

typedef struct BenchProblem {
    char *what;                 /* run or configuration */
    char *reason;
    gboolean failed;            /* FALSE: this QEMU cannot do it */
} BenchProblem;

typedef struct BenchResults {
    guint qemus;
    BenchQemu qemu[BENCH_MOST_QEMUS];
    GArray *samples;            /* BenchSample */
    GPtrArray *problems;        /* BenchProblem *, owned: not measured */
} BenchResults;

BenchResults *bench_results_new(guint qemus);
void bench_results_free(BenchResults *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchResults, bench_results_free)

/* Notes that @what failed, or that this QEMU cannot do it. */
void G_GNUC_PRINTF(3, 4)
bench_problem(BenchResults *r, const char *what, const char *format, ...);
void G_GNUC_PRINTF(3, 4)
bench_not_run(BenchResults *r, const char *what, const char *format, ...);

/* Whether anything failed. */
gboolean bench_has_failed(const BenchResults *r);

/* Median of @n numbers, NAN of none. */
double bench_median(const double *values, gsize n);

/* The same of an array of double. */
double bench_median_of(const GArray *values);

/* Microseconds a read, one number for each timed sample; caller owns. */
GArray *bench_times(const BenchResults *r, guint qemu, guint config,
                    guint workload);

/*
 * Median of the ratios of times: of @qemu and @config to @base_qemu and
 * @base_config, each pair from the same pass of the same round.
 */
double bench_ratio(const BenchResults *r, guint qemu, guint config,
                   guint workload, guint base_qemu, guint base_config);

/* Median of the interrupts a second of the timed samples. */
double bench_irq_rate(const BenchResults *r, guint qemu, guint config,
                      guint workload);

/* Numbers a read. */
typedef enum {
    BENCH_EXITS, BENCH_VMEXITS, BENCH_IOCTLS, BENCH_CMDS, BENCH_SYNCS,
    BENCH_COUNTS
} BenchCount;
extern const char *const bench_counts[BENCH_COUNTS];

/* Median of the counted samples, each against the base in its guest. */
double bench_per_read(const BenchResults *r, guint qemu, guint config,
                      guint workload, BenchCount count);

#endif
