/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's serial console, byte by byte: firmware, kernel and smmu-lab-guest write there, the last one lines with
 * `@lab ` in them. And the host's own kernel log.
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

/* Returns: a descriptor at the end of the host's kernel log, or -1. */
int hostlog_open(void);

/* Returns: records of trouble (kernel-log.h) since hostlog_open(), each counted once. @path, if not NULL, receives all
 * records since then. @events is how many SMMU events these are about: two records each. */
uint64_t hostlog_bad(int fd, const char *path, uint64_t *events);

#endif
