/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps at QEMU's monitor (QMP). Each returns false with the run's reason, and
 * sets *@answer, which the caller frees, if there is one.
 */
#ifndef HOST_MONITOR_H
#define HOST_MONITOR_H

#include "run.h"

/* Send the command of @step and wait for the reply, which is the answer. */
bool monitor_qmp(struct run *run, const Step *step, char **answer);

/* Wait for the event of @step. */
bool monitor_event(struct run *run, const Step *step, char **answer);

/*
 * Ask for QEMU's state again and again, for the seconds of @step. The answer
 * has the number of replies and the longest wait for one, in milliseconds.
 */
bool monitor_ask(struct run *run, const Step *step, char **answer);

#endif
