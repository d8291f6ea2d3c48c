/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results: all that is known after a scenario was run, and the files that
 * hold it: a directory for each run with results.json, whose members are in
 * docs/lab.md, and the XML that CI systems read.
 */
#ifndef RUNNER_RESULTS_H
#define RUNNER_RESULTS_H

#include "command.h"
#include "environment.h"
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

/*
 * Makes @parent/<time>, with a number when two begin in one second. NULL and
 * @error when it cannot. The caller owns the string.
 */
char *results_dir_make(const char *parent, GDateTime *now, GError **error);

/* Points @parent/latest to @dir; what goes wrong is only a warning. */
void results_dir_point_latest(const char *parent, const char *dir);

typedef struct RunInfo {
    GDateTime *started;
    double seconds;
    const Versions *versions;
    const Options *options;
} RunInfo;

/* The text of results.json. The caller owns it. */
char *results_to_json(const RunInfo *info, const GPtrArray *outcomes);

/* Writes it to @file, whole or not at all. */
gboolean results_write(const char *file, const RunInfo *info,
                       const GPtrArray *outcomes, GError **error);

/* The text of the file. The caller owns it. */
char *junit_to_xml(const GPtrArray *outcomes, double seconds);

gboolean junit_write(const char *file, const GPtrArray *outcomes,
                     double seconds, GError **error);

#endif
