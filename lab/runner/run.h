/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run: one scenario from an empty directory to its outcome.
 */
#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include "results.h"
#include "ui.h"

/*
 * Makes the directories, disk images, arguments and copied binaries of a
 * run of @s below @files.
 */
gboolean run_prepare(const Scenario *s, const Options *o,
                     const RunFiles *files, RunMode mode, GError **error);

/* Removes disk images and copied binaries. */
void run_clean(const Scenario *s, const Options *o, const RunFiles *files);

/*
 * Runs @s with its files in @dir. Whatever goes wrong is in the outcome,
 * which the caller owns.
 */
Outcome *run_scenario(const Scenario *s, const Options *o, const char *dir,
                      Ui *ui);

/* The commands that would do the same, as a shell script; caller owns. */
char *run_dry(const Scenario *s, const Options *o, const char *dir);

#endif
