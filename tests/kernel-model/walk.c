/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage 1: VMSAv8-64 tables with 4K, 16K and 64K pages, up to 48 bits, below
 * TTB0. Nothing is mapped in the upper half of the addresses.
 */
#include "hwpt.h"
#include "translate.h"

#define LOW_BITS(n) ((UINT64_C(1) << (n)) - 1)

static unsigned output_bits(unsigned smmu, const uint64_t cd[8])
{
    static const uint8_t sizes[] = { 32, 36, 40, 42, 44, 48, 48, 48 };
    unsigned oas = FIELD_GET(IDR5_OAS, km_smmu_config(smmu)->idr[5]);
    unsigned ips = FIELD_GET(CD0_IPS, cd[0]);

    return sizes[ips < oas ? ips : oas];
}

bool km_read_ipa(struct km_device *dev, uint64_t ipa, void *to, size_t len)
{
    size_t part = len;
    const uint8_t *from = km_ioas_lookup(dev->ste.paging->ioas, ipa, &part,
                                         false);

    /* Descriptors are aligned, so they never cross a mapping */
    if (!from || part < len) {
        return false;
    }
    memcpy(to, from, len);
    return true;
}

static bool fail(struct km_fault *fault, uint8_t event)
{
    fault->event = event;
    fault->class = EVENT_CLASS_IN;
    return false;
}

struct walk {
    uint64_t table;
    unsigned granule, level, level_bits;    /* index bits at this level */
    bool writable, unprivileged;
};

static bool is_block(const struct walk *w, uint64_t desc)
{
    return w->level < 3 && !(desc & PTE_TABLE);
}

/* At which levels a block can be */
static bool block_allowed(const struct walk *w)
{
    return w->level == 2 || (w->level == 1 && w->granule == 12);
}

static void fill_entry(struct km_device *dev, const uint64_t cd[8],
                       const struct walk *w, uint64_t desc, uint64_t va,
                       struct km_tlb_entry *entry)
{
    unsigned bits = w->granule + (3 - w->level) * (w->granule - 3);

    entry->smmu = dev->conf.smmu;
    entry->asid = FIELD_GET(CD0_ASID, cd[0]);
    entry->global = !(desc & PTE_NG);
    entry->bits = bits;
    entry->level = w->level;
    entry->va = va & ~LOW_BITS(bits);
    entry->ipa = desc & LOW_BITS(48) & ~LOW_BITS(bits);
    entry->writable = w->writable && !(desc & PTE_READONLY);
    entry->unprivileged = w->unprivileged && (desc & PTE_UNPRIV);
}

static bool read_descriptor(struct km_device *dev, const struct walk *w,
                            uint64_t va, uint64_t *desc,
                            struct km_fault *fault)
{
    unsigned stride = w->granule - 3;
    unsigned shift = w->granule + (3 - w->level) * stride;
    uint64_t index = va >> shift & LOW_BITS(w->level_bits);
    uint64_t at = w->table + index * sizeof(*desc);

    if (!km_read_ipa(dev, at, desc, sizeof(*desc))) {
        fault->event = EVENT_F_TRANSLATION;
        fault->s2 = true;
        fault->class = EVENT_CLASS_TTD;
        fault->ipa = at;
        return false;
    }
    return true;
}

static void start_walk(const uint64_t cd[8], struct walk *w)
{
    static const uint8_t granules[] = { 12, 16, 14 };
    unsigned bits = 64 - FIELD_GET(CD0_T0SZ, cd[0]), stride;

    w->granule = granules[FIELD_GET(CD0_TG0, cd[0])];
    stride = w->granule - 3;
    w->level = 4 - (bits - w->granule + stride - 1) / stride;
    w->level_bits = bits - w->granule - (3 - w->level) * stride;
    w->table = cd[1] & CD1_TTB0 & ~LOW_BITS(w->level_bits + 3);
    w->writable = w->unprivileged = true;
}

static bool walk(struct km_device *dev, const uint64_t cd[8], uint64_t va,
                 struct km_tlb_entry *entry, struct km_fault *fault)
{
    unsigned out = output_bits(dev->conf.smmu, cd);
    struct walk w;
    uint64_t desc;

    if (cd[0] & CD0_EPD0 || va >> (64 - FIELD_GET(CD0_T0SZ, cd[0]))) {
        return fail(fault, EVENT_F_TRANSLATION);
    }
    start_walk(cd, &w);
    if (w.table >> out) {
        return fail(fault, EVENT_F_ADDR_SIZE);
    }
    for (;; w.level++, w.level_bits = w.granule - 3) {
        if (!read_descriptor(dev, &w, va, &desc, fault)) {
            return false;
        }
        if (!(desc & PTE_VALID) || (w.level == 3 && !(desc & PTE_TABLE)) ||
            (is_block(&w, desc) && !block_allowed(&w))) {
            return fail(fault, EVENT_F_TRANSLATION);
        }
        if ((desc & LOW_BITS(48) & ~LOW_BITS(w.granule)) >> out) {
            return fail(fault, EVENT_F_ADDR_SIZE);
        }
        if (w.level == 3 || is_block(&w, desc)) {
            break;
        }
        w.table = desc & LOW_BITS(48) & ~LOW_BITS(w.granule);
        if (!(cd[1] & CD1_HAD0)) {
            w.writable &= !(desc & PTE_TABLE_READONLY);
            w.unprivileged &= !(desc & PTE_TABLE_NO_UNPRIV);
        }
    }
    if (!(desc & PTE_AF)) {
        return fail(fault, EVENT_F_ACCESS);
    }
    fill_entry(dev, cd, &w, desc, va, entry);
    return true;
}

static bool look_up(struct km_device *dev, const uint64_t cd[8], uint64_t va,
                    struct km_tlb_entry *entry, struct km_fault *fault)
{
    uint32_t vmid = dev->ste.paging->vmid;
    const struct km_tlb_entry *cached;

    cached = km_tlb_find(dev->conf.smmu, vmid, FIELD_GET(CD0_ASID, cd[0]),
                         va);
    if (cached) {
        *entry = *cached;
        return true;
    }
    if (!walk(dev, cd, va, entry, fault)) {
        return false;
    }
    entry->vmid = vmid;
    km_tlb_add(entry);
    return true;
}

bool km_stage1(struct km_device *dev, const struct km_access *access,
               uint64_t *ipa, size_t *len, struct km_fault *fault)
{
    struct km_tlb_entry entry;
    const uint64_t *cd;
    uint64_t va, left;
    bool bypass;

    if (!km_find_cd(dev, access, &cd, &bypass, fault)) {
        return false;
    }
    if (bypass) {
        *ipa = access->iova;
        return true;
    }
    va = access->iova;
    fault->silent = !(cd[0] & CD0_R);
    if (!look_up(dev, cd, va, &entry, fault)) {
        return false;
    }
    if (!entry.unprivileged || (access->write && !entry.writable)) {
        fault->event = EVENT_F_PERMISSION;
        fault->class = EVENT_CLASS_IN;
        return false;
    }
    left = (UINT64_C(1) << entry.bits) - (va - entry.va);
    if (*len > left) {
        *len = left;
    }
    *ipa = entry.ipa + (va - entry.va);
    return true;
}
