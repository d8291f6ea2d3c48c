/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results directory: a new one for each run, named by its time.
 */
#ifndef RUNNER_RESULTS_DIR_H
#define RUNNER_RESULTS_DIR_H

#include <glib.h>

/*
 * Makes @parent/<time>, with a number when two begin in one second. NULL and
 * @error when it cannot. The caller owns the string.
 */
char *results_dir_make(const char *parent, GDateTime *now, GError **error);

/* Points @parent/latest to @dir; what goes wrong is only a warning. */
void results_dir_point_latest(const char *parent, const char *dir);

#endif
