/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Process: runs the emulated host's QEMU under two time-outs and never
 * leaves it behind: it dies with the runner, however the runner ends.
 */
#ifndef RUNNER_PROCESS_H
#define RUNNER_PROCESS_H

#include <glib.h>

typedef enum {
    PROCESS_EXITED,
    PROCESS_SIGNALED,           /* by somebody else */
    PROCESS_SILENT,             /* killed: no output for too long */
    PROCESS_TIMED_OUT,          /* killed: took too long */
    PROCESS_INTERRUPTED,        /* killed: the runner got a signal */
} ProcessEnd;

typedef struct ProcessPlan {
    char **argv;
    const char *console;        /* file for its standard output */
    const char *errors;         /* file for its standard error */
    const char *watched;        /* growth of files there is a sign of life */
    double silence;             /* seconds */
    double timeout;             /* seconds */
    /* Each line of standard output, without its end and made UTF-8. */
    void (*line)(const char *line, gpointer data);
    /* Now and then, several times a second. */
    void (*tick)(double seconds, gpointer data);
    gpointer data;
} ProcessPlan;

typedef struct ProcessResult {
    ProcessEnd end;
    int status;                 /* exit status or signal */
    double seconds;
} ProcessResult;

/*
 * Runs @plan to its end. FALSE and @error when it cannot be started or its
 * files cannot be written.
 */
gboolean process_run(const ProcessPlan *plan, ProcessResult *result,
                     GError **error);

/*
 * Runs @argv on this terminal until it exits. Returns its exit status, or
 * -1 and @error.
 */
int process_interactive(char **argv, GError **error);

/* From now on SIGINT, SIGTERM and SIGHUP end the run in order. */
void process_catch_signals(void);

/* Whether such a signal has come. */
gboolean process_interrupted(void);

#endif
