/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test program prints: the Test Anything Protocol as GLib writes it. */
#ifndef HOST_TAP_H
#define HOST_TAP_H

#include <stdbool.h>

enum tap_result { TAP_PASS, TAP_FAIL, TAP_SKIP, TAP_RESULTS };

/* "pass", "fail" or "skip"; static. */
const char *tap_result_name(enum tap_result result);

/* One program's output so far; { 0 } at its begin. */
struct tap {
    bool has_plan;         /* it said how many tests there are */
    unsigned long planned;
    unsigned long count[TAP_RESULTS];
    char *bail;            /* why it gave up, or NULL */
    char *comment;         /* the last one since the last test, or NULL */

    /* The last test; valid while @name is not NULL. */
    char *name;            /* such as /queue/wrap */
    enum tap_result result;
    char *why;             /* why it was skipped or has failed, or "" */
};

/*
 * Take a line without its newline; what is not TAP is passed over.
 * Returns: whether it is a test's result, which is in @tap now.
 */
bool tap_line(struct tap *tap, const char *line);

/* Tests that ended, with whatever result. */
unsigned long tap_ended(const struct tap *tap);

void tap_free(struct tap *tap);

#endif
