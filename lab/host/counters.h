/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything a run measured, by name. */
#ifndef HOST_COUNTERS_H
#define HOST_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

/*
 * The value of a counter. `trace.NAME` counts a QEMU trace event of that name.
 * Returns: false if there is none of this name or it was not measured.
 */
bool counters_get(const struct run *run, const char *name, uint64_t *value);

/* Write all of them to the report. */
void counters_report(struct run *run);

/* Evaluate --expect; what does not hold fails the run. */
void counters_expect(struct run *run);

#endif
