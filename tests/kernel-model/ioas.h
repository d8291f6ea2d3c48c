/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_IOAS_H
#define KM_IOAS_H

/*
 * An I/O address space: what the process mapped for DMA. Stage 2 of every
 * paging HWPT made from it. Mappings hold for the process's addresses, which
 * are the guest's RAM in the case of QEMU.
 */

#include "object.h"

struct km_ioas_area {
    uint64_t iova;
    uint64_t last;
    uint8_t *host;      /* where it is in this process */
    bool readable, writable;
    struct km_ioas_area *next;
};

struct km_ioas_reserved {
    uint64_t start, last;
    const void *owner;
    struct km_ioas_reserved *next;
};

struct km_ioas {
    struct km_object obj;
    struct km_ioas_area *areas;          /* sorted */
    struct km_ioas_reserved *reserved;   /* may overlap */
};

int km_ioas_alloc(struct km_context *ctx, void *cmd);
int km_ioas_map(struct km_context *ctx, void *cmd);
int km_ioas_unmap(struct km_context *ctx, void *cmd);
int km_ioas_iova_ranges(struct km_context *ctx, void *cmd);

/* Returns: 0, or -EADDRINUSE if something is mapped there */
int km_ioas_reserve(struct km_ioas *ioas, uint64_t start, uint64_t last,
                    const void *owner);
void km_ioas_unreserve(struct km_ioas *ioas, const void *owner);

/*
 * Stage 2: where is @iova?
 * @len: in: how much is wanted, out: how much of it lies together
 * Returns: NULL if it is not mapped for such an access
 */
uint8_t *km_ioas_lookup(struct km_ioas *ioas, uint64_t iova, size_t *len,
                        bool write);

#endif /* KM_IOAS_H */
