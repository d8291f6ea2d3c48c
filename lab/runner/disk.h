/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disk: an image of random bytes, new for each run, so that data read by
 * the guest cannot be right by accident.
 */
#ifndef RUNNER_DISK_H
#define RUNNER_DISK_H

#include <glib.h>

#define DISK_BYTES (64 * 1024 * 1024)

/* Writes @bytes (a multiple of 8) random bytes to @file, replacing it. */
gboolean disk_create(const char *file, guint64 bytes, GError **error);

/*
 * SHA-256 in lower-case hex of @length bytes at @offset. NULL and @error
 * when the range is not in the file. The caller owns the string.
 */
char *disk_hash(const char *file, guint64 offset, guint64 length,
                GError **error);

#endif
