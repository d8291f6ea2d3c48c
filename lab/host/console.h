/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's serial console: what its bytes say. Firmware, kernel and guest
 * agent write there; the agent's lines have `@lab ` in them.
 */
#ifndef HOST_CONSOLE_H
#define HOST_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct console {
    FILE *log;              /* every line is flushed into it; may be NULL */
    char line[4096];
    size_t used;
    int escape;             /* state within a terminal escape sequence */
    unsigned long boots;    /* `@lab ready` lines */
    unsigned long polled;   /* I/O that only a time-out completed */
    unsigned long events;   /* SMMU events, one for each */
    unsigned long bad;      /* lines of trouble (kernel-log.h), events included */
    char first_bad[256];    /* the first of them */
    bool panicked;
    unsigned long answered; /* number of the last answer */
    bool answer_ok;
    char answer[1024];      /* its words or its message */
    char ready[256];        /* words of the last `ready` */
};

/* Take bytes as they come from the serial port. */
void console_feed(struct console *con, const char *data, size_t len);

/* Nothing more comes: take a last line without newline. */
void console_end(struct console *con);

#endif
