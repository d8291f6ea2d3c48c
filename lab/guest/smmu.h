/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of the guest's SMMUv3, behind its driver's back: the SMMU off
 * and on, and an event queue of its own that nobody empties.
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

/* Fill a queue of 1 << @log2size commands with what `smmu op=flood` uses. */
void smmu_fill_commands(volatile uint64_t *ring, unsigned log2size,
                        uint32_t sid);

/* The command `smmu` with its arguments */
void smmu_command(const char *args, struct answer *a);

#endif
