/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "words.h"

static void append(struct answer *a, const char *fmt, va_list ap)
{
    size_t room = sizeof(a->text) - a->len;
    int n = vsnprintf(a->text + a->len, room, fmt, ap);

    a->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

void answer_add(struct answer *a, const char *fmt, ...)
{
    va_list ap;

    if (a->len && a->len + 1 < sizeof(a->text)) {
        a->text[a->len++] = ' ';
        a->text[a->len] = '\0';
    }
    va_start(ap, fmt);
    append(a, fmt, ap);
    va_end(ap);
}

void answer_add_text(struct answer *a, const char *key, const char *value)
{
    g_autofree char *quoted = words_quote(value);

    answer_add(a, "%s=%s", key, quoted);
}

bool answer_error(struct answer *a, const char *fmt, ...)
{
    va_list ap;

    a->len = 0;
    a->failed = true;
    va_start(ap, fmt);
    append(a, fmt, ap);
    va_end(ap);
    return false;
}

bool argument_number(const char *args, const char *key, uint64_t fallback, uint64_t *value, struct answer *a)
{
    return words_number(args, key, fallback, value) || answer_error(a, "%s= must be a number", key);
}

bool argument_text(const char *args, const char *key, char *buf, size_t size, struct answer *a)
{
    return words_value(args, key, buf, size) || answer_error(a, "%s= is missing", key);
}
