/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An SMMUv3 as its driver sees it: registers, and the command queue.
 *
 * The queue's memory is guest RAM at SMMU_QUEUE. Entries are in the
 * architecture's format: two 64-bit words, little endian.
 */
#ifndef TESTS_QTEST_SMMU_H
#define TESTS_QTEST_SMMU_H

#include "machine.h"
#include "smmuv3.h"

#define SMMU_QUEUE VIRT_RAM
#define SMMU_EVENTS (VIRT_RAM + 0x20000)
#define SMMU_NOWHERE 0xff0000000000ull   /* neither RAM nor a device */

typedef struct Smmu {
    QTestState *qts;
    uint64_t base;      /* guest-physical address of register page 0 */
    unsigned log2size;  /* of the command queue, in entries */
    uint32_t prod;      /* next entry to write, with its wrap bit above */
    unsigned log2events; /* size of the event queue */
    uint32_t events;    /* next event to read, with its wrap bit above */
} Smmu;

/*
 * Starts the machine of machine_start() with @args, in which the SMMU is the
 * first -device arm-smmuv3.
 */
Smmu smmu_start(const char *args);

uint32_t smmu_read(const Smmu *smmu, unsigned offset);
void smmu_write(const Smmu *smmu, unsigned offset, uint32_t value);

/* Gives the SMMU an empty command queue of 1 << @log2size entries, enabled. */
void smmu_start_queue(Smmu *smmu, unsigned log2size);

/* Writes a command to the queue, without telling the SMMU. */
void smmu_queue(Smmu *smmu, uint64_t word0, uint64_t word1);

/* Tells the SMMU about the commands written so far: CMDQ_PROD. */
void smmu_ring(const Smmu *smmu);

/* All commands have been executed, and there is no error. */
void smmu_assert_done(const Smmu *smmu);

/*
 * The queue stands at command @cons (index and wrap bit), because of @error
 * there, and the SMMU says so.
 */
void smmu_assert_error(const Smmu *smmu, uint32_t cons, unsigned error);

/*
 * The driver writes CMD_SYNC over the bad command at @cons and acknowledges
 * the error; the queue must go on to its end.
 */
void smmu_repair(Smmu *smmu, uint32_t cons);

/* --- events ---------------------------------------------------------- */

typedef struct SmmuEvent {
    uint8_t type;
    uint32_t sid;
    bool read;          /* RnW */
    uint64_t address;   /* of the transaction */
    uint64_t dword[4];
} SmmuEvent;

/*
 * Gives the SMMU an empty event queue of 1 << @log2size entries, enabled; the
 * other bits of CR0 stay.
 */
void smmu_start_eventq(Smmu *smmu, unsigned log2size);

/* Returns: was there an event? It is @event then, and taken off the queue. */
bool smmu_next_event(Smmu *smmu, SmmuEvent *event);

#endif
