/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_TLB_H
#define UAPI_TLB_H

/*
 * What the SMMU remembers: leaf entries of stage 1, and context descriptors.
 * Nothing is ever dropped but by an invalidation, so that a missing one shows.
 */

#include "model.h"

struct uapi_tlb_entry {
    unsigned smmu;
    uint32_t vmid;
    uint32_t asid;
    bool global;        /* nG is clear: for every ASID of the VMID */
    uint64_t va;        /* of the page or block */
    unsigned bits;      /* log2 of its size */
    unsigned level;     /* of the descriptor, 1 to 3 */
    uint64_t ipa;
    bool writable, unprivileged;
};

/* Returns: the entry, or NULL. Valid until the cache changes. */
const struct uapi_tlb_entry *uapi_tlb_find(unsigned smmu, uint32_t vmid,
                                           uint32_t asid, uint64_t va);
void uapi_tlb_add(const struct uapi_tlb_entry *entry);
void uapi_tlb_drop_vmid(unsigned smmu, uint32_t vmid);
void uapi_tlb_drop_asid(unsigned smmu, uint32_t vmid, uint32_t asid);

/*
 * @asid: -1: whatever it is. @va, @last: the range.
 * @level: only entries of that level (TTL of the command), 0: of any
 */
void uapi_tlb_drop_range(unsigned smmu, uint32_t vmid, int64_t asid,
                         uint64_t va, uint64_t last, unsigned level);

/* Context descriptors, 8 dwords each, by physical StreamID and SSID */
const uint64_t *uapi_cd_find(unsigned smmu, uint32_t sid, uint32_t ssid);
void uapi_cd_add(unsigned smmu, uint32_t sid, uint32_t ssid,
                 const uint64_t cd[8]);
/* @ssid: -1: all of the StreamID's */
void uapi_cd_drop(unsigned smmu, uint32_t sid, int64_t ssid);

#endif /* UAPI_TLB_H */
