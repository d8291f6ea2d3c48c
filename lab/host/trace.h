/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's trace log: how often each event happened, and what a few of them said.
 * Lines are `NAME ARGS` or, with -msg timestamp=on, `PID@SECONDS:NAME ARGS`.
 */
#ifndef HOST_TRACE_H
#define HOST_TRACE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace {
    GHashTable *events;    /* how often each happened, uint64_t by name; NULL: none did */
    uint64_t doorbells;    /* MSI routes whose doorbell was named or translated */
    uint64_t doorbell;     /* GPA of the last of them */
    uint64_t cmd_syncs;    /* CMD_SYNCs the SMMU consumed */
    uint64_t inval_errors; /* invalidation ioctls that failed */
    uint64_t free_errors;  /* iommufd objects that could not be freed */
};

/* Patterns for QEMU's -trace that the counters need; ends with NULL. */
extern const char *const trace_patterns[];

/* Count one line (without newline). Other output in the log is no event but is
 * counted under its first word: that does no harm. */
void trace_line(struct trace *trace, const char *line);

/* Count all lines of a file. Returns: false (and errno) if it is unreadable. */
bool trace_file(struct trace *trace, const char *path);

/* How often the event of exactly this name happened. */
uint64_t trace_count(const struct trace *trace, const char *name);

/* Software translations on behalf of a device: what an accelerated SMMU must
 * not do. Reading an STE to install it is not one. */
uint64_t trace_walks(const struct trace *trace);

/*
 * Count the lines of a trace on EVENT whose arguments have the word KEY=VALUE.
 * @what: EVENT.KEY.VALUE. Returns: false if it is not of that form or the file
 * cannot be read.
 */
bool trace_count_word(const char *path, const char *what, uint64_t *count);

void trace_free(struct trace *trace);

#endif
