/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step and expectation: what smmu-lab-host is to do and what must be seen.
 * The runner only checks their form, to refuse a bad scenario before
 * anything boots; smmu-lab-host carries them out.
 */
#ifndef RUNNER_STEP_H
#define RUNNER_STEP_H

#include <glib.h>

/*
 * Whether @step is well formed. Returns NULL when it is, else what is
 * wrong with it and the fix; the caller owns the string.
 */
char *step_problem(const char *step);

/*
 * The program that a `qtest` step runs, such as qtest-queue; NULL for other
 * steps. The caller owns the string.
 */
char *step_qtest_program(const char *step);

/* `answer.STEP` (no word) or `answer.STEP.WORD`; all NULL when absent. */
typedef struct AnswerWord {
    char *step;                 /* the step's key */
    char *word;                 /* whose value in the answer is meant */
} AnswerWord;

/* An expectation taken apart. `value` is used when `counter` is NULL. */
typedef struct Expect {
    char *left;                 /* counter, or stderr, guest, answer.STEP */
    char *op;                   /* == != >= <= > < ~ !~ */
    char *text;                 /* right side of ~ and !~ */
    char *counter;              /* counter on the right side */
    guint64 value;              /* number, or the counter's factor */
    AnswerWord answer;          /* left side, if it is an answer */
    AnswerWord minus;           /* what is taken away from it, if anything */
} Expect;

/*
 * Takes @expr apart. Returns NULL and puts what is wrong into @problem
 * (owned by the caller) when it is not an expectation.
 */
Expect *expect_parse(const char *expr, char **problem);

void expect_free(Expect *expect);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Expect, expect_free)

/* Whether @left @op @right holds; @op is one of the six comparisons. */
gboolean expect_compare(guint64 left, const char *op, guint64 right);

/*
 * Whether the runner itself can tell: its own counters and the answers to
 * steps. Such an expectation is not handed to smmu-lab-host.
 */
gboolean expect_is_runners(const Expect *expect);

#endif
