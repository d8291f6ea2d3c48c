/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdict: what a run of a scenario showed. Independent checks must agree:
 * smmu-lab-host's report, the emulated host's console, QEMU's end, and the
 * images the runner made.
 */
#ifndef RUNNER_VERDICT_H
#define RUNNER_VERDICT_H

#include "console.h"
#include "process.h"
#include "report.h"
#include "scenario.h"

typedef enum {
    VERDICT_PASS,
    VERDICT_FAIL,
    VERDICT_SKIP,               /* something is missing here */
    VERDICT_TIMEOUT,
    VERDICT_INTERRUPTED,
    VERDICT_LAST,
} Verdict;

/* "pass", "fail", ... ; static. */
const char *verdict_name(Verdict verdict);

typedef struct Evaluation {
    Verdict verdict;
    char *reason;               /* one sentence; NULL for PASS */
} Evaluation;

/* What the runner measured itself; see disk.h. */
typedef struct Evidence {
    const ProcessResult *process;
    const Console *console;
    Report *report;
    const char *host_stderr;    /* last line of the host's QEMU, or NULL */
    const char *data_problem;   /* reads that differ from the images */
    guint64 disks_read;         /* images of which data was read */
} Evidence;

/* Evaluates a run of @s. The caller owns the reason. */
Evaluation verdict_evaluate(const Scenario *s, const Evidence *evidence);

#endif
