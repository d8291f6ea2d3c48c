/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's devices as sysfs shows them. */
#ifndef GUEST_DEVICES_H
#define GUEST_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"

/*
 * Find the block device and its PCI device from a command's dev=NAME or
 * bdf=BDF. @name and @bdf hold 64 and 16 bytes at least.
 * Returns: false, with the error in @a, if there is none.
 */
bool devices_block(const char *args, char *name, char *bdf, struct answer *a);

/* The PCI address of a block device. Returns: false if it has none. */
bool devices_bdf_of_block(const char *name, char *bdf, size_t size);

/* Returns: interrupts that the MSI lines of the PCI device have raised. */
uint64_t devices_interrupts(const char *bdf);

/* The name of the PCI device's driver. Returns: false, with the error in @a, if
 * it has none. */
bool devices_driver(const char *bdf, char *driver, size_t size,
                    struct answer *a);

/* Unbind the PCI device from its driver and bind it to @driver; @type: of its IOMMU domain from then on, NULL to keep
 * it. */
bool devices_rebind(const char *bdf, const char *driver, const char *type, struct answer *a);

/* Add direct=FIRST-LAST for every `direct` range of all IOMMU groups, once. */
void devices_reserved(struct answer *a);

/* Add BDF=TYPE for every device in an IOMMU group. */
void devices_iommu(struct answer *a);

#endif
