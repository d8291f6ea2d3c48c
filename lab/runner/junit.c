/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "junit.h"

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

static void add_case(GString *xml, const Outcome *o)
{
    g_autofree char *name = escape(o->name);
    g_autofree char *reason = escape(o->reason);
    g_autofree char *joined = g_strjoinv("\n", o->tail);
    g_autofree char *tail = escape(joined);

    g_string_append_printf(xml, "  <testcase classname=\"lab\" name=\"%s\" "
                           "time=\"%.3f\">\n", name, o->seconds);
    if (o->verdict == VERDICT_SKIP) {
        g_string_append_printf(xml, "    <skipped message=\"%s\"/>\n",
                               reason);
    } else if (o->verdict != VERDICT_PASS) {
        g_string_append_printf(xml, "    <failure type=\"%s\" message=\"%s\"/>"
                               "\n    <system-out>%s</system-out>\n",
                               verdict_name(o->verdict), reason, tail);
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
