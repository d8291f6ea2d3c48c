/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one line that a command answers: words, or an error message. And the words that it takes. */
#ifndef GUEST_ANSWER_H
#define GUEST_ANSWER_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer {
    char text[900]; /* a kernel log record holds no more */
    size_t len;
    bool failed;
};

/* Add words; what does not fit is cut. */
void answer_add(struct answer *a, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* Add the word key="value", quoted. */
void answer_add_text(struct answer *a, const char *key, const char *value);

/* Replace everything by an error. Returns: false. */
bool answer_error(struct answer *a, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* The number of the word @key in @args, @fallback if it is absent. Returns: false, with the error in @a, if it is there
 * and not a number. */
bool argument_number(const char *args, const char *key, uint64_t fallback, uint64_t *value, struct answer *a);

/* The text of @key. Returns: false, with the error in @a, if it is absent. */
bool argument_text(const char *args, const char *key, char *buf, size_t size, struct answer *a);

#endif
