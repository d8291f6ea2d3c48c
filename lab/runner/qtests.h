/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Qtests: the programs of tests/qtest, built for arm64, that `qtest` steps
 * run on the emulated host. They get there by the share.
 */
#ifndef RUNNER_QTESTS_H
#define RUNNER_QTESTS_H

#include "options.h"
#include "scenario.h"

/* Where they are in the share. */
#define QTESTS_IN_SHARE "qtests"

/* Whether @s has a `qtest` step. */
gboolean qtests_wanted(const Scenario *s);

/* The file of the first program that is not there, or NULL; caller owns. */
char *qtests_missing(const Scenario *s, const Options *o);

/* Copies the programs of @s with their data and libraries into @share. */
gboolean qtests_copy(const Scenario *s, const Options *o, const char *share,
                     GError **error);

/* Removes what qtests_copy() has made. */
void qtests_remove(const char *share);

/* The shell commands of qtests_copy(), to be freed; "" if there are none. */
char *qtests_copy_commands(const Scenario *s, const Options *o,
                           const char *share);

#endif
