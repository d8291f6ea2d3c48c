/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of smmu-lab-host. */
#ifndef HOST_ARGS_H
#define HOST_ARGS_H

#include <stdbool.h>

#include "plan.h"
#include "text.h"

enum exit_code {
    EXIT_PASS = 0,
    EXIT_FAIL = 1,
    EXIT_USAGE = 2,
    EXIT_LACKS = 77,  /* the host has not what the run needs */
    EXIT_TIMEOUT = 124,
    EXIT_INTERRUPTED = 130,
};

struct config {
    struct strlist devices;   /* full PCI addresses, 0000:01:00.0; a virtual
                                 function is 0000:01:00.0/vf0 until it is made */
    struct strlist qemu_args; /* as given; ${devN} not replaced yet */
    Plan *plan;        /* what is done, what must be seen */
    struct strlist traces;    /* patterns added to the agent's own */
    const char *qemu, *kernel, *initrd;
    const char *qtests;       /* directory of test programs, or NULL */
    const char *firmware;     /* NULL: none */
    const char *machine, *accel, *cpu, *memory, *append, *output;
    unsigned smp;
    double timeout, silence;  /* seconds */
    bool keep, check, shell;
};

enum args_result { ARGS_RUN, ARGS_DONE, ARGS_WRONG };

/*
 * Read the command line; what it does not say gets its default, the smoke
 * steps and expectations among them. Strings of @argv stay in use.
 *
 * Returns: ARGS_RUN; ARGS_DONE when --help or --version was answered;
 * ARGS_WRONG with a message in *@err that names the argument (the caller frees it).
 */
enum args_result args_parse(int argc, char **argv, struct config *config,
                            char **err);

/* Bring a PCI address into full form: 1:0.0 becomes 0000:01:00.0.
 * Returns: false if @text is none. @bdf holds 16 bytes at least. */
bool args_parse_bdf(const char *text, char *bdf);

#endif
