/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hwpt.h"
#include "translate.h"

bool uapi_read_ipa(struct uapi_device *dev, uint64_t ipa, void *to, size_t len)
{
    size_t part = len;
    const uint8_t *from = uapi_ioas_lookup(dev->ste.paging->ioas, ipa, &part,
                                           false);

    /* Descriptors are aligned, so they never cross a mapping */
    if (!from || part < len) {
        return false;
    }
    memcpy(to, from, len);
    return true;
}

/* Without the tag, and with the sign that selects the table */
static uint64_t untag(const uint64_t cd[8], uint64_t va)
{
    int half = BITS(va, 55, 1);

    if (!CD_TBI(cd, half)) {
        return va;
    }
    return half ? va | (UINT64_C(0xff) << 56) : va & ~(UINT64_C(0xff) << 56);
}

static bool look_up(struct uapi_device *dev, const uint64_t cd[8], uint64_t va,
                    struct uapi_tlb_entry *entry, struct uapi_fault *fault)
{
    uint32_t vmid = dev->ste.paging->vmid;
    const struct uapi_tlb_entry *cached;

    cached = uapi_tlb_find(dev->conf.smmu, vmid, CD_ASID(cd), va);
    if (cached) {
        *entry = *cached;
        return true;
    }
    if (!uapi_walk(dev, cd, va, entry, fault)) {
        return false;
    }
    entry->vmid = vmid;
    uapi_tlb_add(entry);
    return true;
}

bool uapi_stage1(struct uapi_device *dev, const struct uapi_access *access,
                 uint64_t *ipa, size_t *len, struct uapi_fault *fault)
{
    struct uapi_tlb_entry entry;
    const uint64_t *cd;
    uint64_t va, left;
    bool bypass;

    if (!uapi_find_cd(dev, access, &cd, &bypass, fault)) {
        return false;
    }
    if (bypass) {
        *ipa = access->iova;
        return true;
    }
    va = untag(cd, access->iova);
    fault->silent = !CD_R(cd);
    if (!look_up(dev, cd, va, &entry, fault)) {
        return false;
    }
    if (!entry.unprivileged || (access->write && !entry.writable)) {
        fault->event = EVT_F_PERMISSION;
        fault->class = UAPI_CLASS_IN;
        return false;
    }
    left = (UINT64_C(1) << entry.bits) - (va - entry.va);
    if (*len > left) {
        *len = left;
    }
    *ipa = entry.ipa + (va - entry.va);
    return true;
}
