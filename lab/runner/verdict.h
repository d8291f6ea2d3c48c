/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdict: what a run of a scenario showed, from several witnesses:
 * smmu-lab-host's report, the emulated host's console, QEMU's end, and
 * the images the runner made.
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

typedef struct Judgement {
    Verdict verdict;
    char *reason;               /* one sentence; NULL for PASS */
} Judgement;

/* What the runner measured itself; see data.h. */
typedef struct Witness {
    const ProcessResult *process;
    const Console *console;
    Report *report;
    const char *host_stderr;    /* last line of the host's QEMU, or NULL */
    const char *data_problem;   /* reads that differ from the images */
    guint64 disks_read;         /* images of which data was read */
} Witness;

/* Judges a run of @s. The caller owns the reason. */
Judgement verdict_judge(const Scenario *s, const Witness *witness);

#endif
