/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Console: the serial line of the emulated host, which the runner reads itself,
 * independent of smmu-lab-host.
 */
#ifndef RUNNER_CONSOLE_H
#define RUNNER_CONSOLE_H

#include "kernel-log.h"

#include <glib.h>

#define CONSOLE_TAIL 20

typedef struct Console {
    GQueue tail;                /* the last CONSOLE_TAIL lines, char * */
    guint bad;                  /* lines of trouble */
    char *first_bad;            /* the first of them, or NULL */
    gboolean events_expected;   /* those of the SMMU are not a failure */
    gboolean user_land;         /* others than the kernel speak too */
    const char *milestone;      /* static text, or NULL */
    int agent_exit;             /* smmu-lab-host's exit code, or -1 */
} Console;

void console_init(Console *console);
void console_clear(Console *console);

/* Takes the next line. */
void console_line(Console *console, const char *line);

/*
 * What the kernel says on @line. Once others speak too (@user_land), its
 * messages are those with a time stamp (printk.time=1): smmu-lab-host may
 * quote what it looks for.
 */
KernelLine console_classify(const char *line, gboolean user_land);

#endif
