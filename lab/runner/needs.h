/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Needs: the files and programs a run takes, and the command that brings
 * each that is missing.
 */
#ifndef RUNNER_NEEDS_H
#define RUNNER_NEEDS_H

#include "options.h"
#include "scenario.h"

/*
 * What running @s lacks, with the command that brings it, or NULL. The
 * caller owns the string.
 */
char *needs_missing(const Scenario *s, const Options *o);

/*
 * Prints a line for everything the lab needs; also what only building
 * takes. Returns whether a run of all scenarios is possible.
 */
gboolean needs_doctor(const Options *o);

#endif
