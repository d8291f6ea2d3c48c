/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench plan: what `smmu-lab bench` measures, and the script that does it on
 * the emulated host: guests one after the other, each run of smmu-lab-host
 * with arguments and results of its own.
 */
#ifndef RUNNER_BENCH_PLAN_H
#define RUNNER_BENCH_PLAN_H

#include "command.h"

/* What a disk is behind. Each has a disk of its own, all are in one guest. */
typedef struct BenchConfig {
    const char *name;           /* one word */
    const char *title;
    const char *smmu;           /* properties of arm-smmuv3; NULL: none */
    gboolean lazy;              /* the guest uses flush queues */
    const char *needs;          /* a property that a QEMU may lack, or NULL */
} BenchConfig;

enum {
    BENCH_NONE, BENCH_LAZY, BENCH_STRICT, BENCH_RIL_OFF, BENCH_MSI_OFF,
    BENCH_CONFIGS
};
extern const BenchConfig bench_configs[BENCH_CONFIGS];

/*
 * Why it is read. A traced read's time says nothing. What the console takes of
 * the exits is the same in counted and base, whose numbers have as many digits:
 * their difference is the reads'.
 */
typedef enum {
    BENCH_TIMED,
    BENCH_COUNTED,
    BENCH_BASE,                 /* the same, fewer times */
    BENCH_PURPOSES
} BenchPurpose;

/* What is read from each disk. */
typedef struct BenchWorkload {
    const char *name;           /* one word */
    const char *title;
    guint bytes;                /* of a read */
    guint depth;                /* reads in flight */
    guint count;                /* different reads */
    guint loops[BENCH_PURPOSES]; /* how often they are done */
} BenchWorkload;

enum {
    BENCH_4K_1, BENCH_4K_32, BENCH_128K_1, BENCH_128K_32, BENCH_WORKLOADS
};
extern const BenchWorkload bench_workloads[BENCH_WORKLOADS];

#define BENCH_MOST_QEMUS 2

typedef struct BenchPlan {
    guint qemus;                /* QEMUs compared, 1 or 2 */
    guint rounds;               /* guests that measure, of each QEMU */
    guint passes;               /* in each such guest */
    guint divisor;              /* of the loops; 1 but for --quick */
} BenchPlan;

/* Kinds of guests. */
typedef enum {
    BENCH_READS,                /* all configurations */
    BENCH_READS_OLD,            /* without what older QEMUs lack */
    BENCH_BOOT_NONE,            /* one disk, no vIOMMU, one read */
    BENCH_BOOT_SMMU,            /* one disk behind an accelerated SMMU */
    BENCH_ROUTES,               /* MSI routes made anew */
    BENCH_GUESTS
} BenchGuest;

/* One run of smmu-lab-host. */
typedef struct BenchGuestRun {
    guint round;                /* from 1 */
    guint qemu;                 /* from 0 */
    const char *kind;           /* boot-none, boot-smmu, reads, routes */
} BenchGuestRun;

/*
 * All runs, in order: the QEMUs take turns, and the one that was last in a
 * round begins the next. An array of BenchGuestRun; the caller owns it.
 */
GArray *bench_runs(const BenchPlan *plan);

/* The letter that names QEMU @n of a plan in results: A, B. */
char bench_letter(guint n);

/* Name of a run, and of the directory with its results; caller owns. */
char *bench_run_name(const BenchGuestRun *run);

/* The guest's PCI address of a configuration's disk; caller owns. */
char *bench_disk_bdf(guint config);

/* A step's tag: configuration, workload, purpose; caller owns. */
char *bench_tag(guint config, guint workload, BenchPurpose purpose);

/* The reverse; FALSE when @step has no such tag. */
gboolean bench_parse_tag(const char *step, guint *config, guint *workload,
                         BenchPurpose *purpose);

/*
 * The guest of @kind as a scenario, in round @round. Its devices are the
 * first ones of BENCH_READS. The caller owns it.
 */
Scenario *bench_guest(const BenchPlan *plan, BenchGuest kind, guint round);

/*
 * Writes the script and the arguments it uses below @share; QEMU n is
 * expected there as `qemuN`.
 */
gboolean bench_write(const BenchPlan *plan, const Options *o,
                     const char *share, GError **error);

#endif
