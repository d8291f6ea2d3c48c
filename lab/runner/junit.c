/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "junit.h"

#include <string.h>

/* XML has no place for control characters, not even escaped ones. */
static char *escape(const char *text)
{
    g_autofree char *clean = g_utf8_make_valid(text ? text : "", -1);

    for (char *p = clean; *p; p++) {
        if ((guchar)*p < ' ' && *p != '\n' && *p != '\t') {
            *p = '?';
        }
    }
    return g_markup_escape_text(clean, -1);
}

/* The last lines of a console, and the tests that have something to say */
static char *output_of(const Outcome *o, gboolean with_tail)
{
    g_autofree char *tests = outcome_tests(o);
    g_autofree char *tail = g_strjoinv("\n", o->tail);
    g_autoptr(GString) text = g_string_new(with_tail ? tail : "");

    if (tests) {
        g_string_append_printf(text, "%s%s", text->len ? "\n" : "", tests);
    }
    for (guint i = 0; i < o->report->records->len; i++) {
        const Record *record = g_ptr_array_index(o->report->records, i);
        const char *why = record_get(record, "reason");

        if (!strcmp(record->kind, "test") && why && *why) {
            g_string_append_printf(text, "\n%s qtest-%s %s: %s",
                                   record_get(record, "result"),
                                   record_get(record, "program"),
                                   record_get(record, "name"), why);
        }
    }
    return escape(text->str);
}

static void add_case(GString *xml, const Outcome *o)
{
    g_autofree char *name = escape(o->name);
    g_autofree char *reason = escape(o->reason);
    gboolean failed = o->verdict != VERDICT_PASS &&
                      o->verdict != VERDICT_SKIP;
    g_autofree char *output = output_of(o, failed);

    g_string_append_printf(xml, "  <testcase classname=\"lab\" name=\"%s\" "
                           "time=\"%.3f\">\n", name, o->seconds);
    if (o->verdict == VERDICT_SKIP) {
        g_string_append_printf(xml, "    <skipped message=\"%s\"/>\n",
                               reason);
    } else if (failed) {
        g_string_append_printf(xml, "    <failure type=\"%s\" message=\"%s\"/>"
                               "\n", verdict_name(o->verdict), reason);
    }
    if (failed || *output) {
        g_string_append_printf(xml, "    <system-out>%s</system-out>\n",
                               output);
    }
    g_string_append(xml, "  </testcase>\n");
}

char *junit_to_xml(const GPtrArray *outcomes, double seconds)
{
    g_autoptr(GString) xml = g_string_new(NULL);
    guint totals[VERDICT_LAST];

    outcome_totals(outcomes, totals);
    g_string_append_printf(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<testsuite name=\"smmu-lab\" tests=\"%u\" "
                           "failures=\"%u\" skipped=\"%u\" time=\"%.3f\">\n",
                           outcomes->len,
                           outcomes->len - totals[VERDICT_PASS] -
                           totals[VERDICT_SKIP], totals[VERDICT_SKIP],
                           seconds);
    for (guint i = 0; i < outcomes->len; i++) {
        add_case(xml, g_ptr_array_index(outcomes, i));
    }
    g_string_append(xml, "</testsuite>\n");
    return g_string_free(g_steal_pointer(&xml), FALSE);
}

gboolean junit_write(const char *file, const GPtrArray *outcomes,
                     double seconds, GError **error)
{
    g_autofree char *text = junit_to_xml(outcomes, seconds);

    return g_file_set_contents(file, text, -1, error);
}
