/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps as text: what is done with the guest, in order. */
#ifndef HOST_STEP_H
#define HOST_STEP_H

#include <stdbool.h>
#include <stddef.h>

enum step_verb {
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
};

struct step {
    enum step_verb verb;
    char *key;           /* by which its answer is found, or NULL */
    char *text;          /* the whole step without it, for the report */
    char *arg;           /* command, JSON, event name, program; "" if none */
    char *match;         /* event: text its message must have, or NULL */
    bool may_fail;       /* marked `?` */
    double timeout;      /* seconds; 0: the verb's own */
    unsigned long count; /* expect-boots, repeat */
    double seconds;      /* monitor, sleep */
    int code;            /* exit: the status wanted, STEP_NONZERO for any but 0 */
    struct step *children; /* repeat */
    size_t n_children;
};

#define STEP_NONZERO (-1)

/*
 * Parse [KEY=]STEP, with a key of letters, digits, - and _. @step must be freed with step_free() when it succeeds.
 * Returns: false with a message in *@err that quotes the step.
 */
bool step_parse(const char *text, struct step *step, char **err);

void step_free(struct step *step);

#endif
