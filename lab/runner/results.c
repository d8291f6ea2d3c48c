/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "results.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

char *results_dir_make(const char *parent, GDateTime *now, GError **error)
{
    g_autofree char *stamp = g_date_time_format(now, "%Y%m%d-%H%M%S");

    if (g_mkdir_with_parents(parent, 0755)) {
        goto fail;
    }
    for (guint n = 1; n < 1000; n++) {
        g_autofree char *name = n == 1 ? g_strdup(stamp)
            : g_strdup_printf("%s-%u", stamp, n);
        g_autofree char *dir = g_build_filename(parent, name, NULL);

        if (!g_mkdir(dir, 0755)) {
            return g_steal_pointer(&dir);
        }
        if (errno != EEXIST) {
            break;
        }
    }
fail:
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                "cannot make a directory in %s: %s; name another by "
                "--results", parent, g_strerror(errno));
    return NULL;
}

/* Renamed into place, so that there is always one to look at. */
void results_dir_point_latest(const char *parent, const char *dir)
{
    g_autofree char *target = g_path_get_basename(dir);
    g_autofree char *latest = g_build_filename(parent, "latest", NULL);
    g_autofree char *fresh = g_strdup_printf("%s.%d", latest, getpid());

    if (symlink(target, fresh) || g_rename(fresh, latest)) {
        fprintf(stderr, "smmu-lab: warning: cannot point %s to %s: %s\n",
                latest, target, g_strerror(errno));
        g_unlink(fresh);
    }
}

static void add_string(JsonBuilder *b, const char *name, const char *value)
{
    json_builder_set_member_name(b, name);
    if (value) {
        json_builder_add_string_value(b, value);
    } else {
        json_builder_add_null_value(b);
    }
}

static void add_array(JsonBuilder *b, const char *name)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
}

static char *build_text(JsonBuilder *b)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_builder_get_root(b);

    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    return json_generator_to_data(generator, NULL);
}

static void add_int(JsonBuilder *b, const char *name, gint64 value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, value);
}

static void add_seconds(JsonBuilder *b, const char *name, double seconds)
{
    json_builder_set_member_name(b, name);
    json_builder_add_double_value(b, round(seconds * 1000) / 1000);
}

/* Decimal numbers as such; an address is text in hex, to be readable. */
static void add_value(JsonBuilder *b, const char *name, const char *text)
{
    char *end = NULL;
    gint64 value = text ? g_ascii_strtoll(text, &end, 10) : 0;

    if (text && end != text && !*end && !strcmp(name, "doorbell")) {
        g_autofree char *address = g_strdup_printf("0x%" G_GINT64_MODIFIER
                                                   "x", value);

        add_string(b, name, address);
    } else if (text && end != text && !*end) {
        add_int(b, name, value);
    } else {
        add_string(b, name, text);
    }
}

static void begin(JsonBuilder *b, const char *name)
{
    if (name) {
        json_builder_set_member_name(b, name);
    }
    json_builder_begin_object(b);
}

/* name=… → value=… of all records of @kind. */
static void add_named(JsonBuilder *b, const Outcome *o, const char *kind)
{
    const GPtrArray *records = o->report->records;

    for (guint i = 0; i < records->len; i++) {
        const Record *record = g_ptr_array_index(records, i);
        const char *name = record_get(record, "name");

        if (!strcmp(record->kind, kind) && name) {
            add_value(b, name, record_get(record, "value"));
        }
    }
}

static void add_phases(JsonBuilder *b, const Outcome *o)
{
    const GPtrArray *records = o->report->records;

    begin(b, "phases");
    if (o->host_seconds) {
        add_seconds(b, "host_boot", o->host_seconds);
    }
    for (guint i = 0; i < records->len; i++) {
        const Record *record = g_ptr_array_index(records, i);
        const char *name = record_get(record, "name");
        const char *seconds = record_get(record, "seconds");

        if (!strcmp(record->kind, "phase") && name && seconds) {
            add_seconds(b, name, g_ascii_strtod(seconds, NULL));
        }
    }
    add_seconds(b, "total", o->seconds);
    json_builder_end_object(b);
}

/* The records of @kind as a list of objects with @fields. */
static void add_list(JsonBuilder *b, const Outcome *o, const char *member,
                     const char *kind, const char *const *fields)
{
    const GPtrArray *records = o->report->records;

    add_array(b, member);
    for (guint i = 0; i < records->len; i++) {
        const Record *record = g_ptr_array_index(records, i);

        if (strcmp(record->kind, kind)) {
            continue;
        }
        begin(b, NULL);
        for (const char *const *field = fields; *field; field++) {
            const char *value = record_get(record, *field);

            if (value && !strcmp(*field, "seconds")) {
                add_seconds(b, *field, g_ascii_strtod(value, NULL));
            } else if (value && !strcmp(*field, "ok")) {
                json_builder_set_member_name(b, *field);
                json_builder_add_boolean_value(b, !strcmp(value, "1"));
            } else if (value) {
                add_value(b, *field, value);
            }
        }
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void add_outcome(JsonBuilder *b, const Outcome *o)
{
    static const char *const step[] = { "key", "text", "ok", "seconds", "answer",
                                        NULL };
    static const char *const test[] = { "program", "name", "result",
                                        "reason", NULL };
    static const char *const expect[] = { "expr", "ok", "left", "right",
                                          NULL };

    begin(b, NULL);
    add_string(b, "name", o->name);
    add_string(b, "description", o->description);
    add_string(b, "verdict", verdict_name(o->verdict));
    add_string(b, "reason", o->reason);
    add_seconds(b, "seconds", o->seconds);
    add_phases(b, o);
    begin(b, "measured");
    add_named(b, o, "count");
    add_int(b, "disks_read", o->disks_read);
    add_int(b, "reads_compared", o->reads);
    json_builder_end_object(b);
    begin(b, "facts");
    add_named(b, o, "fact");
    json_builder_end_object(b);
    add_list(b, o, "steps", "step", step);
    add_list(b, o, "tests", "test", test);
    add_list(b, o, "expectations", "expect", expect);
    add_string(b, "directory", o->files ? o->name : NULL);
    json_builder_end_object(b);
}

/* Only the emulated host can run the QEMU under test: ask the reports. */
static const char *reported_fact(const GPtrArray *outcomes, const char *name)
{
    for (guint i = 0; i < outcomes->len; i++) {
        const Outcome *o = g_ptr_array_index(outcomes, i);
        const Record *record = report_last(o->report, "fact", name);

        if (record) {
            return record_get(record, "value");
        }
    }
    return NULL;
}

static void add_run(JsonBuilder *b, const RunInfo *info,
                    const GPtrArray *outcomes)
{
    g_autofree char *started = g_date_time_format_iso8601(info->started);
    const Versions *v = info->versions;

    begin(b, "run");
    add_string(b, "started", started);
    add_seconds(b, "seconds", info->seconds);
    json_builder_set_member_name(b, "timeout_multiplier");
    json_builder_add_double_value(b, info->options->timeout_multiplier);
    add_int(b, "processors", g_get_num_processors());
    begin(b, "versions");
    add_string(b, "qemu", reported_fact(outcomes, "qemu_version"));
    add_string(b, "host_qemu", v->host_qemu);
    add_string(b, "kernel", v->kernel);
    add_string(b, "qemu_compiler", v->qemu_compiler);
    add_string(b, "runner_compiler", v->runner_compiler);
    add_string(b, "revision", v->revision);
    add_string(b, "qemu_revision", v->qemu_revision);
    json_builder_end_object(b);
    json_builder_end_object(b);
}

static void add_totals(JsonBuilder *b, const GPtrArray *outcomes)
{
    guint totals[VERDICT_LAST];

    outcome_totals(outcomes, totals);
    begin(b, "totals");
    for (Verdict verdict = 0; verdict < VERDICT_LAST; verdict++) {
        add_int(b, verdict_name(verdict), totals[verdict]);
    }
    json_builder_end_object(b);
}

char *results_to_json(const RunInfo *info, const GPtrArray *outcomes)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autofree char *text = NULL;

    begin(b, NULL);
    add_run(b, info, outcomes);
    add_totals(b, outcomes);
    add_array(b, "scenarios");
    for (guint i = 0; i < outcomes->len; i++) {
        add_outcome(b, g_ptr_array_index(outcomes, i));
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    text = build_text(b);
    return g_strconcat(text, "\n", NULL);
}

gboolean results_write(const char *file, const RunInfo *info,
                       const GPtrArray *outcomes, GError **error)
{
    g_autofree char *text = results_to_json(info, outcomes);

    return g_file_set_contents(file, text, -1, error);
}

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
