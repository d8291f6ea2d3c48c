/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of the guest's SMMUv3, behind its driver's back: the SMMU off
 * and on, and an event queue of the agent's own that nobody empties.
 */
#ifndef GUEST_SMMU_H
#define GUEST_SMMU_H

#include <stdint.h>

#include "answer.h"

struct smmu_event {
    unsigned type;  /* F_TRANSLATION is 0x10 */
    uint32_t sid;
    uint64_t address;
};

struct smmu_queue {
    unsigned count;    /* events that are in it */
    bool overflow;     /* some were lost that nobody acknowledged */
    struct smmu_event first, last; /* of those that are in it */
};

/* Returns: where the first SMMUv3 is in @iomem, the text of /proc/iomem; 0 if
 * there is none. */
uint64_t smmu_place(const char *iomem);

/*
 * Take an event queue apart.
 * @ring: 1 << @log2size events of 4 dwords; @prod, @cons: the registers.
 */
void smmu_queue_parse(const volatile uint64_t *ring, unsigned log2size,
                      uint32_t prod, uint32_t cons, struct smmu_queue *queue);

/* Switch translation on or off; off: transactions are aborted if @abort, else
 * they bypass the SMMU. Returns: false with the error in @a. */
bool smmu_enable(bool on, bool abort, struct answer *a);

/*
 * Put an event queue of 1 << @log2size entries at @gpa, RAM that the kernel
 * does not use, in the place of the driver's.
 */
bool smmu_queue_own(uint64_t gpa, unsigned log2size, struct answer *a);

/* What is in the own queue. @empty: take it out, acknowledge the overflow. */
bool smmu_queue_look(bool empty, struct smmu_queue *queue, struct answer *a);

/* Give the driver its queue back, as it was. */
bool smmu_queue_back(struct answer *a);

/* Fill a queue of 1 << @log2size commands with what smmu_flood() uses. */
void smmu_fill_commands(volatile uint64_t *ring, unsigned log2size,
                        uint32_t sid);

struct smmu_flood {
    uint64_t commands;  /* that the SMMU has consumed */
    uint64_t max_usec;  /* longest wait until it had consumed a full queue */
};

/*
 * Put a full queue of 1 << @log2size commands at @gpa, RAM that the kernel does
 * not use, in the place of the driver's, and have the SMMU consume it again and
 * again for @seconds; then restore the driver's. They are invalidations of @sid,
 * of all StreamIDs and of the TLBs, each with a CMD_SYNC.
 */
bool smmu_flood(uint64_t gpa, unsigned log2size, uint32_t sid, double seconds,
                struct smmu_flood *flood, struct answer *a);

#endif
