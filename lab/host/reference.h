/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is on the host's disks: hashes of the ranges that the guest will read,
 * taken through the host's own driver before the devices leave it.
 */
#ifndef HOST_REFERENCE_H
#define HOST_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pci.h"
#include "step.h"

struct reference {
    char disk[64];        /* BDF#N; "" for data the guest wrote */
    uint64_t offset, bytes;
    char sha256[65];      /* in hex */
};

struct references {
    GArray *v;            /* struct reference; NULL: none */
    unsigned checked;     /* guest reads there was something to compare with */
    unsigned wrong;       /* of them, those that read something else */
};

/* Hash, on every disk of the devices, every range that a `guest read` among
 * the steps will read. A disk too small for a range is left out. */
void references_take(struct references *refs, const GPtrArray *steps,
                     const struct pci_device *devices, size_t n_devices);

/* The guest read (or wrote) what the command says and answered the hash. With
 * several disks any of them may be the one. */
void references_guest_read(struct references *refs, const char *command,
                           const char *answer);
void references_guest_wrote(struct references *refs, const char *command,
                            const char *answer, size_t n_devices);

/* With the devices back: do the disks hold what they should?
 * Returns: false with a message in *@err. */
bool references_verify(const struct references *refs,
                       const struct pci_device *devices, size_t n_devices,
                       char **err);

void references_free(struct references *refs);

#endif
