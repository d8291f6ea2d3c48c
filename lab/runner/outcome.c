/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome.h"

#include <string.h>

Outcome *outcome_new(const Scenario *s, Verdict verdict, const char *reason)
{
    Outcome *o = g_new0(Outcome, 1);

    o->name = g_strdup(s->name);
    o->description = g_strdup(s->description);
    o->verdict = verdict;
    o->reason = g_strdup(reason);
    o->report = report_parse("");
    o->tail = g_new0(char *, 1);
    return o;
}

void outcome_free(Outcome *o)
{
    g_free(o->name);
    g_free(o->description);
    g_free(o->reason);
    g_clear_pointer(&o->report, report_free);
    g_clear_pointer(&o->files, run_files_free);
    g_strfreev(o->tail);
    g_free(o);
}

char *outcome_tests(const Outcome *o)
{
    static const char *const names[] = {
        "tests_passed", "tests_failed", "tests_skipped"
    };
    guint64 n[G_N_ELEMENTS(names)] = { 0 };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        report_count(o->report, names[i], &n[i]);
    }
    return n[0] + n[1] + n[2] == 0 ? NULL
        : g_strdup_printf("tests: %" G_GUINT64_FORMAT " passed, %"
                          G_GUINT64_FORMAT " failed, %" G_GUINT64_FORMAT
                          " skipped", n[0], n[1], n[2]);
}

void outcome_totals(const GPtrArray *outcomes, guint *totals)
{
    memset(totals, 0, VERDICT_LAST * sizeof(*totals));
    for (guint i = 0; i < outcomes->len; i++) {
        const Outcome *o = g_ptr_array_index(outcomes, i);

        totals[o->verdict]++;
    }
}

int outcome_exit_code(const GPtrArray *outcomes)
{
    guint totals[VERDICT_LAST];

    outcome_totals(outcomes, totals);
    if (totals[VERDICT_INTERRUPTED]) {
        return EXIT_INTERRUPTED;
    }
    if (totals[VERDICT_FAIL]) {
        return EXIT_FAIL;
    }
    if (totals[VERDICT_TIMEOUT]) {
        return EXIT_TIMEOUT;
    }
    return totals[VERDICT_PASS] ? EXIT_PASS : EXIT_ALL_SKIPPED;
}
