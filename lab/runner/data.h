/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data: compares what the guest read with the images the runner made.
 */
#ifndef RUNNER_DATA_H
#define RUNNER_DATA_H

#include "command.h"
#include "report.h"

typedef struct DataCheck {
    guint64 disks_read;         /* images that a read was found in */
    guint reads;                /* reads compared */
    char *problem;              /* first read that differs, or NULL; owned */
} DataCheck;

/*
 * Looks up each successful `guest read` of the report, by its hash, in the
 * disk images of the run; a range written before is left out.
 */
DataCheck data_check(const Scenario *s, const RunFiles *files,
                     const Report *report);

#endif
