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

enum edu_op {
    EDU_READ,  /* memory at the IOVA to the device */
    EDU_WRITE, /* the device's buffer to memory */
    EDU_LOOP,  /* both, through the driver's page, data compared */
    EDU_IRQ,   /* raise interrupts, no DMA */
};

/* Returns: false if @name is not an operation: read, write, loop or irq. */
bool edu_parse_op(const char *name, enum edu_op *op);

/* The stream ID of a PCI device behind an SMMU with an identity ID map. */
unsigned edu_sid(const char *bdf);

/* The command `edu` with its arguments. Interrupts that do not arrive are not an error. */
void edu_command(const char *args, struct answer *a);

#endif
