/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run: the steps, what they measured, and how it ended. */
#ifndef HOST_RUN_H
#define HOST_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "pci.h"
#include "reference.h"
#include "report.h"
#include "tap.h"
#include "trace.h"
#include "vm.h"

struct run {
    const struct config *config;
    struct vm vm;
    struct report report;
    struct pci_device *devices;
    size_t n_devices;
    GHashTable *answers;   /* of the steps with a key, the last of each */
    struct references refs;
    struct trace trace;    /* filled by run_keep_trace() */

    double deadline;       /* clock_seconds() by which all must be done */
    unsigned step_no;      /* steps done, those in a `repeat` each time */
    unsigned long command_no; /* last number given to a guest command */
    unsigned long boots_wanted; /* by the step that waits for them */
    bool exit_wanted;      /* QEMU may exit now */
    bool exit_done;        /* an `exit` step saw it */
    bool panic_wanted;     /* the guest crashes into another kernel */
    uint64_t irqs, ios, bytes; /* sums over the guest's reads and writes */
    uint64_t mmio_exits;   /* to QEMU during them, if KVM counts them */
    bool mmio_known;
    uint64_t monitor_max_ms; /* longest reply of a `monitor` step */
    bool monitor_known;
    uint64_t tests[TAP_RESULTS]; /* of the `qtest` steps */
    uint64_t host_bad;     /* lines of the host's kernel log */
    uint64_t host_events;  /* SMMU events in it */
    bool device_back;

    enum exit_code code;   /* EXIT_PASS as long as nothing went wrong */
    char *reason;          /* the first thing that did, or NULL */
};

/* Note what went wrong: the first @code and reason stay. Returns: false. */
bool run_fail(struct run *run, enum exit_code code, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);

/* How long a wait sleeps at most, in seconds; the time of the first interrupt
 * is not known better than this. */
#define TURN_SECONDS 0.05

/* Is there a reason to wait for @what no longer? The run has it then. @end: the
 * clock_seconds() at which there is. */
bool run_must_give_up(struct run *run, const char *what, double end);

/* Wait until @done; @seconds 0: as long as the run may take. Returns: false
 * with the run's reason. */
bool run_wait_until(struct run *run, bool (*done)(const struct run *),
                    double seconds, const char *what);

/* Wait until the command on the host (vm_start_helper()) has ended, @seconds at
 * most; 0: as long as the run may take. Returns: false with the run's reason. */
bool run_wait_for_helper(struct run *run, double seconds, const char *what);

/* Do all steps and see QEMU exit. Returns: false if a step failed. */
bool run_steps(struct run *run);

/* Count QEMU's trace so far and append it to OUTPUT/qemu-trace.txt. */
void run_keep_trace(struct run *run);

#endif
