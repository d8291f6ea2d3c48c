/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of words: separated by blanks, `key=value` or bare; a part in
 * double quotes may hold blanks, with \" \\ \n \r \t as escapes. The
 * report, steps and answers are such lines.
 */
#ifndef RUNNER_WORDS_H
#define RUNNER_WORDS_H

#include <glib.h>

/*
 * The words of @line without quotes and escapes. NULL when a quote is left
 * open. The caller owns the vector.
 */
char **words_split(const char *line);

/* The value of the word `@key=…` in @line, or NULL; caller owns. */
char *words_get(const char *line, const char *key);

#endif
