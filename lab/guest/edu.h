/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's `edu` device: a DMA engine that can be aimed at any IOVA, with a
 * buffer of 4 KiB, and an MSI. Needs the kernel's lab-edu driver.
 */
#ifndef GUEST_EDU_H
#define GUEST_EDU_H

#include <stdbool.h>
#include <stdint.h>

#include "answer.h"

#define EDU_BUFFER 4096 /* bytes */

enum edu_op {
    EDU_READ,  /* memory at the IOVA to the device */
    EDU_WRITE, /* the device's buffer to memory */
    EDU_LOOP,  /* both, through the driver's page, data compared */
    EDU_IRQ,   /* raise interrupts, no DMA */
};

struct edu {
    enum edu_op op;
    char bdf[16];   /* PCI address; "": the first edu there is */
    uint64_t iova;  /* UINT64_MAX: the driver's page */
    uint64_t len;   /* bytes of a DMA */
    uint64_t count; /* how often */
    uint64_t seed;  /* of the data */
};

struct edu_result {
    uint64_t ios;   /* DMAs and interrupts asked for: each raises one */
    uint64_t irqs;  /* interrupts that arrived */
    uint64_t usec;
};

/* Returns: false if @name is no operation: read, write, loop or irq. */
bool edu_parse_op(const char *name, enum edu_op *op);

/* The stream ID of a PCI device behind an SMMU with an identity ID map. */
unsigned edu_sid(const char *bdf);

/* Do it; @edu gets its defaults filled in. Interrupts that do not arrive are
 * no error. Returns: false, with the error in @a. */
bool edu_run(struct edu *edu, struct edu_result *result, struct answer *a);

#endif
