/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of words: blank-separated, `key=value` or bare; a part in double quotes may hold blanks, with \" \\ \n \r \t as
 * escapes. Steps, the commands for the guest, its answers and the report are all such lines.
 */
#ifndef LAB_WORDS_H
#define LAB_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns: the words of @line without quotes and escapes, to be freed with g_strfreev(); NULL if a quote is left
 * open. */
char **words_split(const char *line);

/* Returns: the value of the first word `@key=...` in @line, to be freed, or NULL. */
char *words_get(const char *line, const char *key);

/* The same into @buf, cut to @size - 1 bytes. Returns: false if there is no such word. */
bool words_value(const char *line, const char *key, char *buf, size_t size);

/*
 * The same as an unsigned number, decimal or 0x; K, M and G multiply by powers of 1024. @value is @fallback if there is
 * no such word. Returns: false if there is one but its value is not such a number.
 */
bool words_number(const char *line, const char *key, uint64_t fallback, uint64_t *value);

/* Is the whole of @s a number as above? */
bool words_parse_number(const char *s, uint64_t *value);

/* Returns: @s in double quotes with escapes, to be freed. */
char *words_quote(const char *s);

#endif
