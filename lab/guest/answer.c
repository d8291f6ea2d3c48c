/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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
    char *quoted = words_quote(value);

    answer_add(a, "%s=%s", key, quoted);
    free(quoted);
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
