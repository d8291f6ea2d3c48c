/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything a run measured, by name. */
#ifndef HOST_COUNTERS_H
#define HOST_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

/* Who executes instructions: below a hypervisor, all that is not the guest is
 * the host's kernel (KVM, iommufd, drivers) or a program (QEMU). */
enum account_layer {
    ACCOUNT_GUEST,
    ACCOUNT_KERNEL,
    ACCOUNT_USER,
    ACCOUNT_LAYERS
};

/* Is what happens during the step's command added to its answer? */
bool account_is_io(const Step *step);

/* What had happened before a command. */
struct account {
    uint64_t exits;    /* to QEMU for MMIO; UINT64_MAX if KVM does not count them */
    uint64_t vmexits;  /* of any kind, the same */
    uint64_t instructions[ACCOUNT_LAYERS]; /* UINT64_MAX: no such counter */
    long trace_at;     /* size of QEMU's trace, bytes; -1: there is none */
};

void account_begin(const struct run *run, struct account *before);

/*
 * Add the words of *@answer to the run's sums, compare data read with the
 * references, and append to *@answer (which is reallocated) what happened
 * since @before, as far as it is known: exits=, vmexits=, instructions of all
 * CPUs (guest-insns=, kernel-insns=, user-insns=), and of the trace ioctls=
 * (invalidations), cmds= (of the guest to its SMMUs) and syncs= (CMD_SYNCs
 * among them).
 */
void account_io(struct run *run, const Step *step, char **answer,
                const struct account *before);

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
