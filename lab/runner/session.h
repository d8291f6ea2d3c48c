/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session: the commands of smmu-lab, on all scenarios they name.
 */
#ifndef RUNNER_SESSION_H
#define RUNNER_SESSION_H

#include "options.h"

/*
 * Each carries out one command and returns smmu-lab's exit code, or -1
 * with @error when it could not be begun.
 */
int session_run(const Options *o, GError **error);
int session_list(const Options *o, GError **error);
int session_shell(const Options *o, GError **error);
int session_doctor(const Options *o, GError **error);

#endif
