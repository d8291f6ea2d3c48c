/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Outcome: all that is known after a scenario was run.
 */
#ifndef RUNNER_OUTCOME_H
#define RUNNER_OUTCOME_H

#include "command.h"
#include "report.h"
#include "verdict.h"

typedef struct Outcome {
    char *name;
    char *description;
    Verdict verdict;
    char *reason;               /* one sentence; NULL for PASS */
    double seconds;
    double host_seconds;        /* until smmu-lab-host began, 0: never */
    Report *report;             /* never NULL */
    RunFiles *files;            /* NULL when nothing was started */
    char **tail;                /* last lines of the console */
    guint64 disks_read;
    guint reads;                /* reads compared with the images */
} Outcome;

/* An outcome with nothing run yet. The caller owns it. */
Outcome *outcome_new(const Scenario *s, Verdict verdict, const char *reason);

void outcome_free(Outcome *outcome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Outcome, outcome_free)

/*
 * What the test programs of @o found, in one line, or NULL if none was run.
 * The caller owns the string.
 */
char *outcome_tests(const Outcome *o);

/* How many of @outcomes have each verdict, into @totals[VERDICT_LAST]. */
void outcome_totals(const GPtrArray *outcomes, guint *totals);

/* The exit code of smmu-lab for @outcomes. */
int outcome_exit_code(const GPtrArray *outcomes);

#endif
