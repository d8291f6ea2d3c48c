/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An expectation: what must hold after the steps, as text. COUNTER OP VALUE, with OP one of == != >= <= > < and VALUE a
 * number, COUNTER or N*COUNTER; instead of the first COUNTER a number in a step's answer, answer.KEY.WORD, or the
 * difference of two such; or SOURCE ~ TEXT and SOURCE !~ TEXT, for a text in (not in) stderr, guest or answer.KEY.
 */
#ifndef LAB_EXPECT_H
#define LAB_EXPECT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The names of all counters but trace.EVENT; ends with NULL. */
extern const char *const expect_counters[];

/* `answer.KEY.WORD`, or `answer.KEY` without a word; all NULL if there is none. */
typedef struct AnswerWord {
    char *key, *word;
} AnswerWord;

typedef struct Expect {
    char *text;                /* the whole expectation */
    char *left;                /* a counter, stderr or guest; NULL: it is `answer` */
    AnswerWord answer;
    AnswerWord minus;  /* what is subtracted from it, if anything */
    char op[3];
    char *search;              /* right side of ~ and !~ */
    char *right;               /* counter on the right side, or NULL */
    uint64_t value;            /* number on the right side, or the factor of the counter */
} Expect;

/* Returns: the expectation, to be freed with expect_free(); NULL with a message in *@err, which the caller frees. */
Expect *expect_parse(const char *text, char **err);

void expect_free(Expect *expect);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Expect, expect_free)

/* Can only the runner evaluate it? It alone knows what is on the disks. */
bool expect_is_runners(const Expect *expect);

/* Where an expectation's names get their values. */
typedef struct ExpectSource {
    void *opaque;
    /* Returns: false if the counter was not measured. */
    bool (*counter)(void *opaque, const char *name, uint64_t *value);
    /* Returns: the answer of the step with @key, or NULL if it has none. */
    const char *(*answer)(void *opaque, const char *key);
    /* Is @text in what @name (stderr, guest) wrote? */
    bool (*contains)(void *opaque, const char *name, const char *text);
} ExpectSource;

/*
 * Does it hold? @left and @right receive both sides; for texts 1 if it was found, and 1 or 0.
 * Returns: false with a message in *@err that says what was there instead.
 */
bool expect_holds(const Expect *expect, const ExpectSource *source, uint64_t *left, uint64_t *right,
                  char **err);

#endif
