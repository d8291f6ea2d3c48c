/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One command at a time that runs while others are answered: I/O during which
 * something happens to the device.
 */
#ifndef GUEST_BACKGROUND_H
#define GUEST_BACKGROUND_H

#include "answer.h"

/* Carries out a command and fills the answer. */
typedef void background_run(const char *command, struct answer *a);

/* Let @run carry out @command in a process of its own. Returns: false with the
 * error in @a. */
bool background_begin(const char *command, background_run *run,
                      struct answer *a);

/* Add running=1 if it has not ended yet, else running=0. */
void background_running(struct answer *a);

/*
 * Wait for it: @a becomes its answer. @command must be the text it was begun
 * with, so that whoever reads the log knows what the answer is to.
 * Returns: false with the error in @a.
 */
bool background_finish(const char *command, struct answer *a);

#endif
