/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one run does and what must be seen: steps and expectations. What must always hold is expected by itself, unless
 * an expectation names its counter on the left.
 */
#ifndef LAB_PLAN_H
#define LAB_PLAN_H

#include "expect.h"
#include "step.h"

typedef struct Plan {
    GPtrArray *steps;   /* Step */
    GPtrArray *expects; /* Expect */
} Plan;

Plan *plan_new(void);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* Add [KEY=]STEP, or an expectation. Returns: false with a message in *@err, which the caller frees. */
bool plan_add_step(Plan *plan, const char *text, char **err);
bool plan_add_expect(Plan *plan, const char *text, char **err);

/*
 * All has been added: check that the answers expected are those of steps, and add what must always hold.
 * @disks: whose data are known to the runner, all of which are to be read; 0: it is not asked.
 */
bool plan_complete(Plan *plan, unsigned disks, char **err);

/* Does any step, also one that is repeated, fulfil @test? */
bool plan_any_step(const Plan *plan, bool (*test)(const Step *step));

#endif
