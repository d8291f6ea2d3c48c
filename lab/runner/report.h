/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Report: what smmu-lab-host wrote, one record a line: a kind, then
 * key=value words, a value with blanks in double quotes.
 */
#ifndef RUNNER_REPORT_H
#define RUNNER_REPORT_H

#include <glib.h>

typedef struct Record {
    char *kind;                 /* phase, step, count, expect, fact, verdict */
    GHashTable *fields;         /* char * -> char *, owned */
} Record;

typedef struct Report {
    GPtrArray *records;         /* Record *, owned, in order */
    guint bad_lines;            /* complete lines that are no record */
} Report;

/*
 * Parses @text. A last line without its newline is still being written
 * and is left out. Never fails; the caller owns the result.
 */
Report *report_parse(const char *text);

/* Reads @file; a missing file is an empty report. */
Report *report_read(const char *file);

void report_free(Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)

/* Adds a record for an expectation that the runner itself has evaluated. */
void report_add_expect(Report *report, gboolean ok, const char *expr,
                       guint64 left, guint64 right);

/* The value of @key in @record, or NULL. Owned by the record. */
const char *record_get(const Record *record, const char *key);

/* The last record of @kind, or NULL. With @name: that has name=@name. */
const Record *report_last(const Report *report, const char *kind,
                          const char *name);

/* The counter @name; FALSE when the report has none that is a number. */
gboolean report_count(const Report *report, const char *name,
                      guint64 *value);

/*
 * One line on how far the run has come, or NULL when there is nothing
 * yet. The caller owns the string.
 */
char *report_milestone(const Report *report);

#endif
