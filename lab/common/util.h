/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What GLib has not: the first error that counts, the kernel's small files, hashes of ranges, seconds. */
#ifndef LAB_UTIL_H
#define LAB_UTIL_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Set *@err to a formatted message unless it holds one already: the first thing that went wrong is the one to report.
 * @err may be NULL.
 * Returns: false, so that a function can `return text_fail(err, ...)`.
 */
bool text_fail(char **err, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* The first line of a small file, without its newline, cut to @size - 1.
 * Returns: false (and errno) if it cannot be read. */
bool file_read_line(const char *path, char *buf, size_t size);

/* Write @text to an existing file (sysfs). Returns: false and errno. */
bool file_write(const char *path, const char *text);

/* Last component of what the symbolic link points to.
 * Returns: false if @path is not a link. */
bool file_link_name(const char *path, char *buf, size_t size);

/* Returns: the names in a directory but those that begin with a dot, to be freed with g_strfreev(); none if it cannot
 * be read. */
char **file_names(const char *dir);

/* Returns: SHA-256, in lower-case hex, of @bytes at @offset of a file or device, to be freed; NULL (and errno) if it
 * cannot be read that far. */
char *file_hash(const char *path, uint64_t offset, uint64_t bytes);

/* Seconds of the monotonic clock. */
double clock_seconds(void);

#endif
