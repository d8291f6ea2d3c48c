/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A step: what smmu-lab-host does, as text. The runner parses it too, so that nothing is booted for a bad one. */
#ifndef LAB_STEP_H
#define LAB_STEP_H

#include <glib.h>
#include <stdbool.h>

#include "guest-command.h"

typedef enum StepVerb {
    STEP_BOOT,         /* boot [timeout=S] */
    STEP_START,        /* start QEMU and wait for nothing */
    STEP_GUEST,        /* guest[?] COMMAND */
    STEP_QMP,          /* qmp[?] JSON */
    STEP_EVENT,        /* event NAME [match=TEXT] [timeout=S] */
    STEP_MONITOR,      /* monitor SECONDS */
    STEP_EXPECT_BOOTS, /* expect-boots N [timeout=S] */
    STEP_REPEAT,       /* repeat N { STEP ; STEP ... } */
    STEP_HOST,         /* host[?] SHELL COMMAND */
    STEP_SLEEP,        /* sleep SECONDS */
    STEP_QTEST,        /* qtest PROGRAM [ARGUMENT ...] [timeout=S] */
    STEP_EXIT,         /* exit [code=N|nonzero] [timeout=S] */
} StepVerb;

typedef struct Step {
    StepVerb verb;
    char *key;           /* by which its answer is found, or NULL */
    char *text;          /* the whole step without it, for the report */
    char *arg;           /* what follows the verb; "" if nothing does */
    char **words;        /* of it, but for timeout=; NULL where it is free text */
    bool may_fail;       /* marked `?` */
    GuestVerb guest;  /* guest: the command that is answered, for `finish` the one that was begun */
    const char *guest_args; /* its arguments, in @arg */
    double timeout;      /* seconds; 0: the verb's own */
    uint64_t count;      /* expect-boots, repeat */
    double seconds;      /* monitor, sleep */
    int code;            /* exit: the status expected, STEP_NONZERO for any but 0 */
    GPtrArray *children; /* repeat: Step */
} Step;

#define STEP_NONZERO (-1)

/*
 * Parse [KEY=]STEP, with a key of letters, digits, - and _.
 * Returns: the step, to be freed with step_free(); NULL with a message in *@err, which the caller frees.
 */
Step *step_parse(const char *text, char **err);

void step_free(Step *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Step, step_free)

#endif
