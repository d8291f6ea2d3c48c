/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_TRANSLATE_H
#define KM_TRANSLATE_H

/* Stage 1 of the guest: context descriptor, TLB, table walk. */

#include "device.h"

struct km_fault {
    uint8_t event;              /* type of the SMMU's event */
    bool s2;                    /* stage 2 is to blame */
    bool silent;                /* CD.R is 0: not recorded */
    unsigned class;             /* EVENT_CLASS_*: where it went wrong */
    uint64_t ipa;               /* with s2 */
};

/*
 * Translate access->iova by the guest's stage 1, for a device whose STE is
 * KM_STE_NESTED.
 * @len: in: bytes wanted, out: bytes that lie together from *ipa on
 * Returns: false with *@fault filled in
 */
bool km_stage1(struct km_device *dev, const struct km_access *access,
               uint64_t *ipa, size_t *len, struct km_fault *fault);

/* Find the context descriptor. Returns: false with *@fault; bypass: none */
bool km_find_cd(struct km_device *dev, const struct km_access *access,
                const uint64_t **cd, bool *bypass, struct km_fault *fault);

/* Read guest memory for a walk. Returns: false: stage 2 does not map it */
bool km_read_ipa(struct km_device *dev, uint64_t ipa, void *to, size_t len);

/* ---- Caches ------------------------------------------------------------- */

/*
 * What the SMMU remembers: leaf entries of stage 1, and context descriptors.
 * Nothing is ever dropped but by an invalidation, so that a missing one shows.
 */

struct km_tlb_entry {
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
const struct km_tlb_entry *km_tlb_find(unsigned smmu, uint32_t vmid,
                                       uint32_t asid, uint64_t va);
void km_tlb_add(const struct km_tlb_entry *entry);
void km_tlb_drop_vmid(unsigned smmu, uint32_t vmid);
void km_tlb_drop_asid(unsigned smmu, uint32_t vmid, uint32_t asid);

/*
 * @asid: -1: whatever it is. @va, @last: the range.
 * @level: only entries of that level (TTL of the command), 0: of any
 */
void km_tlb_drop_range(unsigned smmu, uint32_t vmid, int64_t asid,
                       uint64_t va, uint64_t last, unsigned level);

/* Context descriptors, 8 dwords each, by physical StreamID and SSID */
const uint64_t *km_cd_find(unsigned smmu, uint32_t sid, uint32_t ssid);
void km_cd_add(unsigned smmu, uint32_t sid, uint32_t ssid,
               const uint64_t cd[8]);
/* @ssid: -1: all of the StreamID's */
void km_cd_drop(unsigned smmu, uint32_t sid, int64_t ssid);

#endif /* KM_TRANSLATE_H */
