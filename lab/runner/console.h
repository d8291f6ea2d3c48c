/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Console: what the emulated host says on its serial line; the runner's
 * own witness, independent of smmu-lab-host.
 */
#ifndef RUNNER_CONSOLE_H
#define RUNNER_CONSOLE_H

#include <glib.h>

#define CONSOLE_TAIL 20

typedef struct Console {
    GQueue tail;                /* the last CONSOLE_TAIL lines, char * */
    guint bad;                  /* lines that tell of trouble */
    char *first_bad;            /* the first of them, or NULL */
    gboolean panicked;
    const char *milestone;      /* static text, or NULL */
    double kernel_seconds;      /* first line of the kernel, or 0 */
    double agent_seconds;       /* smmu-lab-host began or ended, or 0 */
    int agent_exit;             /* smmu-lab-host's exit code, or -1 */
} Console;

void console_init(Console *console);
void console_clear(Console *console);

/* Takes a line that arrived @seconds after the start. */
void console_line(Console *console, const char *line, double seconds);

/* Whether @line tells of a panic, oops, WARNING or SMMU event. */
gboolean console_is_bad(const char *line);

#endif
