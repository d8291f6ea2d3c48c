/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expectations: COUNTER OP NUMBER, COUNTER OP [N*]COUNTER with OP one of
 * == != >= <= > <, or SOURCE ~ TEXT and SOURCE !~ TEXT for a fixed text in (or
 * not in) what SOURCE wrote.
 */
#ifndef HOST_EXPR_H
#define HOST_EXPR_H

#include <stdbool.h>
#include <stdint.h>

/* Where an expression's names get their values. */
struct expr_source {
    void *opaque;
    /* Returns: false if there is no such counter, or it was not measured. */
    bool (*counter)(void *opaque, const char *name, uint64_t *value);
    /* Returns: false if there is no such source; *@found: @text is in it. */
    bool (*contains)(void *opaque, const char *source, const char *text,
                     bool *found);
};

struct expr_result {
    bool ok;
    uint64_t left, right; /* both sides; for texts 1 if found, and 1 or 0 */
};

/*
 * Evaluate @text.
 * Returns: false with a message in *@err that quotes the expression, if it is
 * none or names what is not there.
 */
bool expr_eval(const char *text, const struct expr_source *source,
               struct expr_result *result, char **err);

#endif
