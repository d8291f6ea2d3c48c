/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a PCI device's message signalled interrupts are sent to. */
#ifndef GUEST_MSI_H
#define GUEST_MSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"

/* What the configuration space says about the device's MSIs. */
struct msi {
    bool msix;
    bool enabled;
    uint64_t address;  /* MSI: programmed by the driver, an IOVA */
    unsigned bar;      /* MSI-X: where its table is */
    uint32_t offset;
};

/*
 * Find the capability that is in use, or else any, in a copy of the
 * configuration space.
 * Returns: false if there is none.
 */
bool msi_parse(const uint8_t *config, size_t size, struct msi *msi);

/* The address that the device's first vector is sent to. @bdf: PCI address.
 * Returns: false, with the error in @a, if the device has none in use. */
bool msi_address(const char *bdf, struct msi *msi, struct answer *a);

/* The command `msi` with its arguments */
void msi_command(const char *args, struct answer *a);

#endif
