/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results: results.json of a run; its members are in docs/lab.md.
 */
#ifndef RUNNER_RESULTS_H
#define RUNNER_RESULTS_H

#include "outcome.h"
#include "versions.h"

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

#endif
