/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of words: blank-separated, `key=value` or bare; a value may be
 * double-quoted, with \" \\ \n \r \t as escapes. The report, the steps and the
 * commands for the guest are all such lines.
 */
#ifndef LAB_WORDS_H
#define LAB_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Take the next word from *@cur, unquoted, into @buf (cut to @size - 1 bytes).
 * Returns: false at the end of the line.
 */
bool words_next(const char **cur, char *buf, size_t size);

/* The value of the word `@key=...` in @line. Returns: false if absent. */
bool words_value(const char *line, const char *key, char *buf, size_t size);

/*
 * The same as an unsigned number, decimal or 0x; K, M and G multiply by
 * powers of 1024. @value is @fallback if the key is absent.
 * Returns: false if the key is there but its value is no such number.
 */
bool words_number(const char *line, const char *key, uint64_t fallback,
                  uint64_t *value);

/* A number as above in the whole of @s. Returns: false if it is none. */
bool words_parse_number(const char *s, uint64_t *value);

/* Returns: @s in double quotes with escapes; the caller frees it. */
char *words_quote(const char *s);

#endif
