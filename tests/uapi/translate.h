/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_TRANSLATE_H
#define UAPI_TRANSLATE_H

/* Stage 1 of the guest: context descriptor, TLB, table walk. */

#include "device.h"
#include "tlb.h"

struct uapi_fault {
    uint8_t event;              /* type of the SMMU's event */
    bool s2;                    /* stage 2 is to blame */
    bool silent;                /* CD.R: the guest does not want to know */
    unsigned class;             /* EVENT_CLASS_*: where it went wrong */
    uint64_t ipa;               /* with s2 */
};

/*
 * Translate access->iova by the guest's stage 1, for a device whose STE is
 * UAPI_STE_NESTED.
 * @len: in: bytes wanted, out: bytes that lie together from *ipa on
 * Returns: false with *@fault filled in
 */
bool uapi_stage1(struct uapi_device *dev, const struct uapi_access *access,
                 uint64_t *ipa, size_t *len, struct uapi_fault *fault);

/* Find the context descriptor. Returns: false with *@fault; bypass: none */
bool uapi_find_cd(struct uapi_device *dev, const struct uapi_access *access,
                  const uint64_t **cd, bool *bypass, struct uapi_fault *fault);

/* Read guest memory for a walk. Returns: false: stage 2 does not map it */
bool uapi_read_ipa(struct uapi_device *dev, uint64_t ipa, void *to, size_t len);

#endif /* UAPI_TRANSLATE_H */
