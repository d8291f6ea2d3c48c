/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one line that a command answers: words, or an error message. */
#ifndef GUEST_ANSWER_H
#define GUEST_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct answer {
    char text[900]; /* a kernel log record holds no more */
    size_t len;
    bool failed;
};

/* Add words; what does not fit is cut. */
void answer_add(struct answer *a, const char *fmt, ...) TEXT_PRINTF(2, 3);

/* Add the word key="value", quoted. */
void answer_add_text(struct answer *a, const char *key, const char *value);

/* Replace everything by an error. Returns: false. */
bool answer_error(struct answer *a, const char *fmt, ...) TEXT_PRINTF(2, 3);

#endif
