/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FUZZ_GUEST_H
#define FUZZ_GUEST_H

/*
 * A guest whose bytes come from the fuzzer: what the input says is done to the
 * SMMU, to the tables and queues in guest memory, and to the assigned device.
 *
 * An input is a list of operations, each one byte (modulo their number) and
 * its arguments, little-endian. It ends where an argument would. Values of
 * STEs, CDs and commands are combined with valid ones by exclusive or, so that
 * zeros in an input are valid and each bit of it is a deviation.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which SMMU there is, and what of its memory the set-up uses */
enum guest_layout {
    GUEST_SMMU = 0x0c000000,     /* virt's platform bus: the first device */
    GUEST_RAM = 0x40000000,
    GUEST_RAM_MIB = 64,
    GUEST_STRTAB = GUEST_RAM + 0x100000,   /* linear, for GUEST_SID_BITS */
    GUEST_CD = GUEST_RAM + 0x110000,
    GUEST_TABLES = GUEST_RAM + 0x111000,
    GUEST_CMDQ = GUEST_RAM + 0x120000,
    GUEST_EVENTQ = GUEST_RAM + 0x121000,
    GUEST_SYNC = GUEST_RAM + 0x122000,     /* where CMD_SYNC completes */
    GUEST_BUFFER = GUEST_RAM + 0x130000,   /* what the tables map */
    GUEST_BAR = 0x10000000,      /* BAR0 of device n at n << 20 */
    GUEST_USED = GUEST_BUFFER + 0x10000 - GUEST_STRTAB,
    GUEST_SID_BITS = 9,          /* two buses */
    GUEST_QUEUE_BITS = 4,
};

/* The n-th assigned device is function 0 of slot n + 1 */
#define GUEST_DEVFN(n) (((n) + 1) << 3)
#define GUEST_DEVICES 2u

/* What the guest of guest.c can reach; tests/fuzz/target.c has QEMU's. */
void guest_write(uint64_t address, uint64_t value, unsigned size);
uint64_t guest_read(uint64_t address, unsigned size);
void guest_write_memory(uint64_t address, const void *data, size_t size);
/* So that an input does the same wherever it comes */
void guest_clear_memory(uint64_t address, size_t size);
/* Configuration space of device @n, if it is there */
void guest_write_config(unsigned n, unsigned offset, uint32_t value,
                        unsigned size);
void guest_reset(void);
/* Let QEMU's main loop deliver what waits, as the host's events */
void guest_run_main_loop(void);
/* The host's SMMU finds an event for device @n; the StreamID is filled in */
void guest_host_event(unsigned n, const uint64_t event[4]);

/* From reset on: execute the operations of an input */
void guest_execute(const uint8_t *data, size_t size);

#endif /* FUZZ_GUEST_H */
