/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <string.h>

#include "util.h"

Plan *plan_new(void)
{
    Plan *plan = g_new0(Plan, 1);

    plan->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    plan->expects = g_ptr_array_new_with_free_func((GDestroyNotify)expect_free);
    return plan;
}

void plan_free(Plan *plan)
{
    g_ptr_array_unref(plan->steps);
    g_ptr_array_unref(plan->expects);
    g_free(plan);
}

static bool has_step(const Plan *plan, const char *key)
{
    for (unsigned i = 0; i < plan->steps->len; i++) {
        const Step *step = g_ptr_array_index(plan->steps, i);

        if (!g_strcmp0(step->key, key)) {
            return true;
        }
    }
    return false;
}

bool plan_add_step(Plan *plan, const char *text, char **err)
{
    g_autoptr(Step) step = step_parse(text, err);

    if (!step) {
        return false;
    }
    if (step->key && has_step(plan, step->key)) {
        return text_fail(err, "two steps have the key '%s'", step->key);
    }
    g_ptr_array_add(plan->steps, g_steal_pointer(&step));
    return true;
}

bool plan_add_expect(Plan *plan, const char *text, char **err)
{
    Expect *expect = expect_parse(text, err);

    if (expect) {
        g_ptr_array_add(plan->expects, expect);
    }
    return expect;
}

static bool any_of(const GPtrArray *steps, bool (*test)(const Step *step))
{
    for (unsigned i = 0; steps && i < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);

        if (test(step) || any_of(step->children, test)) {
            return true;
        }
    }
    return false;
}

bool plan_any_step(const Plan *plan, bool (*test)(const Step *step))
{
    return any_of(plan->steps, test);
}

static bool always(const Step *step)
{
    return true;
}

static bool runs_qemu(const Step *step)
{
    return step->verb == STEP_BOOT || step->verb == STEP_START || step->verb == STEP_EXIT;
}

static bool boots(const Step *step)
{
    return step->verb == STEP_BOOT;
}

static bool reads(const Step *step)
{
    return step->guest == GUEST_READ;
}

/* Raises interrupts that are counted */
static bool does_io(const Step *step)
{
    return step->guest == GUEST_READ || step->guest == GUEST_WRITE || step->guest == GUEST_EDU;
}

static bool runs_qtest(const Step *step)
{
    return step->verb == STEP_QTEST;
}

/* What must hold if there is such a step */
static const struct {
    const char *expect;
    bool (*step)(const Step *step);
} invariants[] = {
    { "irqs >= ios", does_io },
    { "polled == 0", always },
    { "data_ok == 1", reads },
    { "doorbell == 0x8090040", does_io }, /* GITS_TRANSLATER of `virt`, as the guest's CPU sees it */
    { "walks == 0", always },
    { "inval_errors == 0", always },
    { "free_errors == 0", always },
    { "boots == 1", boots },
    { "guest_bad == 0", always },
    { "host_bad == 0", always },
    { "exit_code == 0", runs_qemu },
    { "tests_failed == 0", runs_qtest },
    { "device_back == 1", always },
};

static bool names_counter(const Plan *plan, const char *counter)
{
    for (unsigned i = 0; i < plan->expects->len; i++) {
        const Expect *e = g_ptr_array_index(plan->expects, i);

        if (!g_strcmp0(e->left, counter)) {
            return true;
        }
    }
    return false;
}

static bool add_invariant(Plan *plan, const char *text, char **err)
{
    g_autofree char *counter = g_strndup(text, strcspn(text, " "));

    return names_counter(plan, counter) || plan_add_expect(plan, text, err);
}

static bool check_answer(const Plan *plan, const Expect *e, const char *key, char **err)
{
    return !key || has_step(plan, key) || text_fail(err, "'%s': no step has the key '%s'", e->text, key);
}

bool plan_complete(Plan *plan, unsigned disks, char **err)
{
    for (unsigned i = 0; i < plan->expects->len; i++) {
        const Expect *e = g_ptr_array_index(plan->expects, i);

        if (!check_answer(plan, e, e->answer.key, err) || !check_answer(plan, e, e->minus.key, err)) {
            return false;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(invariants); i++) {
        if (plan_any_step(plan, invariants[i].step) && !add_invariant(plan, invariants[i].expect, err)) {
            return false;
        }
    }
    if (disks && plan_any_step(plan, reads)) {
        g_autofree char *text = g_strdup_printf("disks_read == %u", disks);

        return add_invariant(plan, text, err);
    }
    return true;
}
