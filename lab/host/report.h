/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.txt: one record a line, each flushed at once, for the runner; and a
 * short account for people. */
#ifndef HOST_REPORT_H
#define HOST_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct report {
    FILE *file;   /* records; NULL: none are written */
    FILE *people; /* what people read; NULL: nobody does */
};

/* Open @dir/report.txt anew. Returns: false with a message in *@err. */
bool report_open(struct report *r, const char *dir, char **err);
void report_close(struct report *r);

void report_phase(struct report *r, const char *name, double seconds);
/* @key: of the step, or NULL. */
void report_step(struct report *r, unsigned n, bool ok, const char *key,
                 const char *text, double seconds, const char *answer);

/* A test of @program; @result: pass, fail or skip; @why may be "". */
void report_test(struct report *r, const char *program, const char *name,
                 const char *result, const char *why);

void report_count(struct report *r, const char *name, uint64_t value);
void report_expect(struct report *r, bool ok, const char *expr, uint64_t left,
                   uint64_t right);
void report_fact(struct report *r, const char *name, const char *value);

/* @result: pass, fail, skip or error; @reason may be "". */
void report_verdict(struct report *r, const char *result, const char *reason);

#endif
