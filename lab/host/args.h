/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of smmu-lab-host. */
#ifndef HOST_ARGS_H
#define HOST_ARGS_H

#include "plan.h"

enum exit_code {
    EXIT_PASS = 0,
    EXIT_FAIL = 1,
    EXIT_USAGE = 2,
    EXIT_LACKS = 77,  /* the host has not what the run needs */
    EXIT_TIMEOUT = 124,
    EXIT_INTERRUPTED = 130,
};

struct config {
    GPtrArray *devices;       /* full PCI addresses, 0000:01:00.0; a virtual function is 0000:01:00.0/vf0 until it is
                                 made */
    char **qemu_args;         /* as given; ${devN} not replaced yet */
    char **traces;            /* patterns added to trace_patterns */
    Plan *plan;               /* what is done, what must be seen */
    char *qemu, *kernel, *initrd;
    char *qtests;             /* directory of test programs, or NULL */
    char *firmware;           /* NULL: none */
    char *machine, *accel, *cpu, *memory, *append, *output;
    int smp;
    double timeout, silence;  /* seconds */
    gboolean keep, check, shell;
};

enum args_result { ARGS_RUN, ARGS_DONE, ARGS_WRONG };

/*
 * Read the command line; what it does not say gets its default, the smoke steps and what must always hold among them.
 * Returns: ARGS_RUN; ARGS_DONE when --help or --version was answered; ARGS_WRONG with a message in *@err that names the
 * argument (the caller frees it).
 */
enum args_result args_parse(int argc, char **argv, struct config *config, char **err);

void args_clear(struct config *config);

#endif
