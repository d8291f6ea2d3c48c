/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_IOAS_H
#define UAPI_IOAS_H

/*
 * An I/O address space: what the process mapped for DMA. Stage 2 of every
 * paging HWPT made from it. Mappings hold for the process's addresses, which
 * are the guest's RAM in the case of QEMU.
 */

#include "object.h"

struct uapi_ioas_area {
    uint64_t iova;
    uint64_t last;
    uint8_t *host;      /* where it is in this process */
    bool readable, writable;
    struct uapi_ioas_area *next;
};

struct uapi_ioas_reserved {
    uint64_t start, last;
    const void *owner;
    struct uapi_ioas_reserved *next;
};

struct uapi_ioas {
    struct uapi_object obj;
    struct uapi_ioas_area *areas;        /* sorted */
    struct uapi_ioas_reserved *reserved; /* may overlap */
};

int uapi_ioas_alloc(struct uapi_context *ctx, void *cmd);
int uapi_ioas_map(struct uapi_context *ctx, void *cmd);
int uapi_ioas_unmap(struct uapi_context *ctx, void *cmd);
int uapi_ioas_iova_ranges(struct uapi_context *ctx, void *cmd);

/* Returns: 0, or -EADDRINUSE if something is mapped there */
int uapi_ioas_reserve(struct uapi_ioas *ioas, uint64_t start, uint64_t last,
                      const void *owner);
void uapi_ioas_unreserve(struct uapi_ioas *ioas, const void *owner);

/*
 * Stage 2: where is @iova?
 * @len: in: how much is wanted, out: how much of it lies together
 * Returns: NULL if it is not mapped for such an access
 */
uint8_t *uapi_ioas_lookup(struct uapi_ioas *ioas, uint64_t iova, size_t *len,
                          bool write);

#endif /* UAPI_IOAS_H */
