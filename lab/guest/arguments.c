/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arguments.h"

#include "words.h"

bool arguments_number(const char *args, const char *key, uint64_t fallback,
                      uint64_t *value, struct answer *a)
{
    return words_number(args, key, fallback, value) ||
           answer_error(a, "%s= must be a number", key);
}

bool arguments_text(const char *args, const char *key, char *buf, size_t size,
                    struct answer *a)
{
    return words_value(args, key, buf, size) ||
           answer_error(a, "%s= is missing", key);
}
