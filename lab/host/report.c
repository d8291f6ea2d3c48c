/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "util.h"
#include "words.h"

bool report_open(struct report *r, const char *dir, char **err)
{
    g_autofree char *path = g_build_filename(dir, "report.txt", NULL);

    r->file = fopen(path, "we");
    if (!r->file) {
        text_fail(err, "cannot write %s: %s", path, strerror(errno));
    }
    return r->file;
}

void report_close(struct report *r)
{
    if (r->file) {
        fclose(r->file);
        r->file = NULL;
    }
}

static void write_line(FILE *file, const char *fmt, va_list ap)
{
    if (file) {
        vfprintf(file, fmt, ap);
        fputc('\n', file);
        fflush(file);
    }
}

static void G_GNUC_PRINTF(2, 3) record(struct report *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line(r->file, fmt, ap);
    va_end(ap);
}

static void G_GNUC_PRINTF(2, 3) show(struct report *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line(r->people, fmt, ap);
    va_end(ap);
}

void report_phase(struct report *r, const char *name, double seconds)
{
    record(r, "phase name=%s seconds=%.1f", name, seconds);
}

void report_step(struct report *r, unsigned n, bool ok, const char *key,
                 const char *text, double seconds, const char *answer)
{
    g_autofree char *t = words_quote(text);
    g_autofree char *a = words_quote(answer);

    record(r, "step n=%u%s%s ok=%d text=%s seconds=%.2f answer=%s", n,
           key ? " key=" : "", key ? key : "", ok, t, seconds, a);
    show(r, "%s %2u %6.2f s  %s%s%s", ok ? "ok    " : "not ok", n, seconds,
         text, *answer ? "\n                    " : "", answer);
}

void report_test(struct report *r, const char *program, const char *name,
                 const char *result, const char *why)
{
    g_autofree char *n = words_quote(name);
    g_autofree char *w = words_quote(why);

    record(r, "test program=%s name=%s result=%s reason=%s", program, n,
           result, w);
    if (*why) {
        show(r, "          %s qtest-%s %s: %s", result, program, name, why);
    }
}

void report_count(struct report *r, const char *name, uint64_t value)
{
    record(r, "count name=%s value=%" PRIu64, name, value);
}

void report_expect(struct report *r, bool ok, const char *expr, uint64_t left,
                   uint64_t right)
{
    g_autofree char *e = words_quote(expr);

    record(r, "expect ok=%d expr=%s left=%" PRIu64 " right=%" PRIu64, ok, e,
           left, right);
    show(r, "%s  %s  (%" PRIu64 ", %" PRIu64 ")", ok ? "ok    " : "not ok",
         expr, left, right);
}

void report_fact(struct report *r, const char *name, const char *value)
{
    g_autofree char *v = words_quote(value);

    record(r, "fact name=%s value=%s", name, v);
}

void report_verdict(struct report *r, const char *result, const char *reason)
{
    g_autofree char *why = words_quote(reason);

    record(r, "verdict result=%s reason=%s", result, why);
    show(r, "%s%s%s", result, *reason ? ": " : "", reason);
}
