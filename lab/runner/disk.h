/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disk: an image of random bytes, new for each run, so that data read by
 * the guest cannot be right by accident; and the comparison with it.
 */
#ifndef RUNNER_DISK_H
#define RUNNER_DISK_H

#include "command.h"
#include "report.h"

#define DISK_BYTES (64 * 1024 * 1024)

/* Writes @bytes (a multiple of 8) random bytes to @file, replacing it. */
gboolean disk_create(const char *file, guint64 bytes, GError **error);

typedef struct DiskCheck {
    guint64 disks_read;         /* images that a read was found in */
    guint reads;                /* reads compared */
    char *problem;              /* first read that differs, or NULL; owned */
} DiskCheck;

/*
 * Looks up each successful `guest read` of the report, by its hash, in the
 * disk images of the run; a range written before is left out.
 */
DiskCheck disk_check(const Scenario *s, const RunFiles *files,
                     const Report *report);

#endif
