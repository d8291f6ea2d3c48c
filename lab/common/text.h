/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings, string lists and small files, for both agents.
 *
 * Everything here that allocates ends the program when memory runs out.
 */
#ifndef LAB_TEXT_H
#define LAB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* A list of strings it owns; { 0 } is an empty one; v[n] is always NULL once
 * something was added. */
struct strlist {
    char **v;
    size_t n;
};

/* Returns: a formatted string; the caller frees it. */
char *text_printf(const char *fmt, ...) TEXT_PRINTF(1, 2);

/* Returns: a copy of @s; the caller frees it. */
char *text_copy(const char *s);

/* Returns: the first @len bytes of @s without blanks at either end; the
 * caller frees it. */
char *text_strip(const char *s, size_t len);

/*
 * Set *@err to a formatted message unless it holds one already: the first
 * thing that went wrong is the one to tell. @err may be NULL.
 * Returns: false, so that a function can `return text_fail(err, ...)`.
 */
bool text_fail(char **err, const char *fmt, ...) TEXT_PRINTF(2, 3);

/* Add a copy of @s. */
void strlist_add(struct strlist *list, const char *s);

/* Add a string the list then owns. */
void strlist_take(struct strlist *list, char *s);

/* Free every string; the list is empty afterwards. */
void strlist_clear(struct strlist *list);

/* Replace each @from in @s by @to. Returns: a new string; caller frees. */
char *text_replace(const char *s, const char *from, const char *to);

/* The first line of a small file, without its newline, cut to @size - 1.
 * Returns: false (and errno) if it cannot be read. */
bool file_read_line(const char *path, char *buf, size_t size);

/* Write @text to an existing file (sysfs). Returns: false and errno. */
bool file_write(const char *path, const char *text);

/* Last component of what the symbolic link points to.
 * Returns: false if @path is no link. */
bool file_link_name(const char *path, char *buf, size_t size);

/* Seconds of the monotonic clock. */
double clock_seconds(void);

#endif
