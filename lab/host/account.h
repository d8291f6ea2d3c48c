/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest's I/O commands measured, summed up over a run. */
#ifndef HOST_ACCOUNT_H
#define HOST_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

/* Does the guest command answer irqs=, ios= and bytes=? */
bool account_is_io(const char *command);

/* Exits to QEMU for MMIO so far; UINT64_MAX if KVM does not tell. */
uint64_t account_exits(void);

/*
 * Add the words of *@answer to the run's sums, compare data read with the
 * references, and append exits=N, the exits since @exits_before, to *@answer
 * (which is reallocated) if both are known.
 */
void account_io(struct run *run, const char *command, char **answer,
                uint64_t exits_before);

#endif
