/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"
#include "words.h"

#include <string.h>

static void record_free(Record *record)
{
    g_free(record->kind);
    g_hash_table_unref(record->fields);
    g_free(record);
}

static Record *parse_record(const char *line)
{
    g_auto(GStrv) words = words_split(line);
    Record *record;

    if (!words || !words[0] || strchr(words[0], '=')) {
        return NULL;
    }
    record = g_new0(Record, 1);
    record->kind = g_strdup(words[0]);
    record->fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           g_free);
    for (char **word = words + 1; *word; word++) {
        char *equals = strchr(*word, '=');

        if (equals) {
            g_hash_table_insert(record->fields,
                                g_strndup(*word, equals - *word),
                                g_strdup(equals + 1));
        }
    }
    return record;
}

void report_add_expect(Report *report, gboolean ok, const char *expr,
                       guint64 left, guint64 right)
{
    g_autofree char *quoted = words_quote(expr);
    g_autofree char *line = g_strdup_printf(
        "expect ok=%d expr=%s left=%" G_GUINT64_FORMAT " right=%"
        G_GUINT64_FORMAT, ok, quoted, left, right);

    g_ptr_array_add(report->records, parse_record(line));
}

Report *report_parse(const char *text)
{
    Report *report = g_new0(Report, 1);
    const char *end;

    report->records =
        g_ptr_array_new_with_free_func((GDestroyNotify)record_free);
    for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        g_autofree char *raw = g_strndup(text, end - text);
        g_autofree char *line = g_utf8_make_valid(raw, -1);
        Record *record;

        if (!*g_strstrip(line) || *line == '#') {
            continue;
        }
        record = parse_record(line);
        if (record) {
            g_ptr_array_add(report->records, record);
        } else {
            report->bad_lines++;
        }
    }
    return report;
}

Report *report_read(const char *file)
{
    g_autofree char *text = NULL;

    g_file_get_contents(file, &text, NULL, NULL);
    return report_parse(text ? text : "");
}

void report_free(Report *report)
{
    g_ptr_array_unref(report->records);
    g_free(report);
}

const char *record_get(const Record *record, const char *key)
{
    return g_hash_table_lookup(record->fields, key);
}

const Record *report_last(const Report *report, const char *kind,
                          const char *name)
{
    for (guint i = report->records->len; i-- > 0;) {
        const Record *record = g_ptr_array_index(report->records, i);

        if (!strcmp(record->kind, kind) &&
            (!name || !g_strcmp0(record_get(record, "name"), name))) {
            return record;
        }
    }
    return NULL;
}

gboolean report_count(const Report *report, const char *name,
                      guint64 *value)
{
    const Record *record = report_last(report, "count", name);
    const char *text = record ? record_get(record, "value") : NULL;
    char *end;

    if (!text || !g_ascii_isdigit(*text)) {
        return FALSE;
    }
    *value = g_ascii_strtoull(text, &end, 0);
    return !*end;
}

char *report_milestone(const Report *report)
{
    for (guint i = report->records->len; i-- > 0;) {
        const Record *record = g_ptr_array_index(report->records, i);

        if (!strcmp(record->kind, "step")) {
            return g_strdup(record_get(record, "text"));
        }
        if (!strcmp(record->kind, "phase")) {
            return g_strdup_printf("%s done", record_get(record, "name"));
        }
    }
    return NULL;
}
