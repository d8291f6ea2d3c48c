/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"
#include "options.h"

#include <string.h>

const char *verdict_name(Verdict verdict)
{
    static const char *const names[VERDICT_LAST] = {
        "pass", "fail", "skip", "timeout", "interrupted"
    };

    return names[verdict];
}

static Evaluation G_GNUC_PRINTF(2, 3)
evaluation(Verdict verdict, const char *format, ...)
{
    Evaluation j = { .verdict = verdict };
    va_list args;

    va_start(args, format);
    j.reason = g_strdup_vprintf(format, args);
    va_end(args);
    return j;
}

static const Evaluation undecided = { VERDICT_PASS, NULL };

static char *last_milestone(const Evidence *w)
{
    char *milestone = report_milestone(w->report);

    if (!milestone) {
        milestone = g_strdup(w->console->milestone ? w->console->milestone
                                                   : "QEMU started");
    }
    return milestone;
}

/* How the emulated host ended. */
static Evaluation evaluate_process(const Scenario *s, const Evidence *w)
{
    g_autofree char *milestone = last_milestone(w);
    const ProcessResult *p = w->process;

    switch (p->end) {
    case PROCESS_INTERRUPTED:
        return evaluation(VERDICT_INTERRUPTED, "interrupted after: %s",
                         milestone);
    case PROCESS_SILENT:
        return evaluation(VERDICT_TIMEOUT, "no sign of life for too long; "
                         "the last one: %s", milestone);
    case PROCESS_TIMED_OUT:
        return evaluation(VERDICT_TIMEOUT, "not done after %.0f s; the last "
                         "thing done: %s", p->seconds, milestone);
    case PROCESS_SIGNALED:
        return evaluation(VERDICT_FAIL, "the emulated host's QEMU was killed "
                         "by signal %d (%s)", p->status,
                         g_strsignal(p->status));
    case PROCESS_EXITED:
        break;
    }
    if (p->status) {
        return evaluation(VERDICT_FAIL, "the emulated host's QEMU exited "
                         "with status %d: %s", p->status,
                         w->host_stderr ? w->host_stderr : "no message");
    }
    return undecided;
}

/* What smmu-lab-host says of itself. */
static Evaluation evaluate_report(const Evidence *w)
{
    const Record *verdict = report_last(w->report, "verdict", NULL);
    const char *result = verdict ? record_get(verdict, "result") : NULL;
    const char *reason = verdict ? record_get(verdict, "reason") : NULL;
    int code = w->console->agent_exit;

    reason = reason && *reason ? reason : "smmu-lab-host gave no reason";
    if (!result) {
        if (w->console->first_bad) {
            return evaluation(VERDICT_FAIL, "the emulated host ended without "
                             "a verdict: %s", w->console->first_bad);
        }
        if (code >= 0) {
            return evaluation(VERDICT_FAIL, "smmu-lab-host gave no verdict "
                             "and ended with exit code %d", code);
        }
        return evaluation(VERDICT_FAIL, "the emulated host ended before "
                         "smmu-lab-host gave a verdict");
    }
    if (!strcmp(result, "skip")) {
        return evaluation(VERDICT_SKIP, "%s", reason);
    }
    if (code == EXIT_TIMEOUT && strcmp(result, "pass")) {
        return evaluation(VERDICT_TIMEOUT, "%s", reason);
    }
    if (strcmp(result, "pass")) {
        return evaluation(VERDICT_FAIL, "%s", reason);
    }
    if (code < 0) {
        return evaluation(VERDICT_FAIL, "smmu-lab-host reported a pass, but "
                         "the console did not say how it ended");
    }
    if (code > 0) {
        return evaluation(VERDICT_FAIL, "smmu-lab-host reported a pass but "
                         "ended with exit code %d", code);
    }
    return undecided;
}

static gboolean expect_held(const Report *report, const char *expr)
{
    for (guint i = 0; i < report->records->len; i++) {
        const Record *record = g_ptr_array_index(report->records, i);

        if (!strcmp(record->kind, "expect") &&
            !g_strcmp0(record_get(record, "expr"), expr)) {
            return !g_strcmp0(record_get(record, "ok"), "1");
        }
    }
    return FALSE;
}

static bool counter_of_runner(void *opaque, const char *name,
                              uint64_t *value)
{
    const Evidence *w = opaque;
    guint64 counted;
    gboolean known = TRUE;

    if (!strcmp(name, "disks_read")) {
        *value = w->disks_read;
    } else {
        known = report_count(w->report, name, &counted);
        *value = counted;
    }
    return known;
}

/* What the runner alone knows */
static Evaluation evaluate_own_expect(const Evidence *w, const Expect *e)
{
    const ExpectSource source = {
        .opaque = (void *)w, .counter = counter_of_runner,
    };
    g_autofree char *problem = NULL;
    uint64_t left, right;
    gboolean ok = expect_holds(e, &source, &left, &right, &problem);

    report_add_expect(w->report, ok, e->text, left, right);
    return ok ? undecided : evaluation(VERDICT_FAIL, "%s", problem);
}

/*
 * A pass without all that was asked is none: smmu-lab-host must have
 * answered for every step and every expectation of the scenario.
 */
static Evaluation evaluate_completeness(const Scenario *s, const Evidence *w)
{
    guint steps = 0;

    for (guint i = 0; i < w->report->records->len; i++) {
        const Record *record = g_ptr_array_index(w->report->records, i);

        steps += !strcmp(record->kind, "step");
    }
    if (steps < s->plan->steps->len) {
        return evaluation(VERDICT_FAIL, "the report is of %u steps, the "
                         "scenario has %u", steps, s->plan->steps->len);
    }
    for (guint i = 0; i < s->plan->expects->len; i++) {
        const Expect *e = g_ptr_array_index(s->plan->expects, i);
        Evaluation j = undecided;

        if (expect_is_runners(e)) {
            j = evaluate_own_expect(w, e);
        } else if (!expect_held(w->report, e->text)) {
            j = evaluation(VERDICT_FAIL, "the report does not say that '%s' "
                          "holds", e->text);
        }
        if (j.verdict != VERDICT_PASS) {
            return j;
        }
    }
    return undecided;
}

/* What the runner saw itself. */
static Evaluation evaluate_seen(const Evidence *w)
{
    if (w->console->bad) {
        return evaluation(VERDICT_FAIL, "the emulated host's console shows "
                         "trouble: %s", w->console->first_bad);
    }
    if (w->data_problem) {
        return evaluation(VERDICT_FAIL, "%s", w->data_problem);
    }
    if (w->report->bad_lines) {
        return evaluation(VERDICT_FAIL, "%u lines of the report are no "
                         "records", w->report->bad_lines);
    }
    return undecided;
}

Evaluation verdict_evaluate(const Scenario *s, const Evidence *w)
{
    Evaluation j = evaluate_process(s, w);

    if (j.verdict == VERDICT_PASS) {
        j = evaluate_report(w);
    }
    if (j.verdict == VERDICT_PASS) {
        j = evaluate_seen(w);
    }
    if (j.verdict == VERDICT_PASS) {
        j = evaluate_completeness(s, w);
    }
    return j;
}
