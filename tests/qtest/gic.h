/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's MSI controller as software of the guest sets it up: the ITS
 * of a GICv3, or the GICv2m. No CPU takes interrupts, so they stay pending.
 */
#ifndef TESTS_QTEST_GIC_H
#define TESTS_QTEST_GIC_H

#include "guest-memory.h"

#define GIC_EVENTS 8    /* MSIs that gic_init() makes ready */

/* Arguments that choose the controller */
#define GIC_ITS_ARGS "-machine gic-version=3,its=on"
#define GIC_V2M_ARGS "-machine gic-version=2"

typedef struct Gic {
    Ram *ram;
    bool v2m;
    uint64_t doorbell;
    uint32_t first;     /* number of the interrupt of event 0 */
    uint64_t commands;  /* ITS: its command queue, */
    uint32_t writer;    /* offset of the next one there */
    uint64_t pending;   /* and the table of pending LPIs */
} Gic;

/* Sets up the controller for the MSIs of the function with @device_id. */
Gic gic_init(Ram *ram, bool v2m, uint32_t device_id);

/* Returns: what the function has to write to the doorbell for event @n. */
uint32_t gic_data(const Gic *gic, unsigned n);

/* Returns: is event @n pending? It is not any more then. */
bool gic_take(const Gic *gic, unsigned n);

#endif
