/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMSAv8-64 stage 1 tables with 4K, 16K and 64K pages, up to 48 bits. */
#include "translate.h"

#define DESC_VALID UINT64_C(1)
#define DESC_TABLE UINT64_C(2)      /* or page, at level 3 */
#define DESC_AP_UNPRIV (UINT64_C(1) << 6)
#define DESC_AP_READ_ONLY (UINT64_C(1) << 7)
#define DESC_AF (UINT64_C(1) << 10)
#define DESC_NG (UINT64_C(1) << 11)
#define DESC_TABLE_NO_UNPRIV (UINT64_C(1) << 61)
#define DESC_TABLE_READ_ONLY (UINT64_C(1) << 62)

#define LOW_BITS(n) ((UINT64_C(1) << (n)) - 1)

static unsigned granule_bits(const uint64_t cd[8], int half)
{
    static const uint8_t tg0[] = { 12, 16, 14, 0 };
    static const uint8_t tg1[] = { 0, 14, 12, 16 };

    return half ? tg1[CD_TG(cd, 1)] : tg0[CD_TG(cd, 0)];
}

static unsigned output_bits(unsigned smmu, const uint64_t cd[8])
{
    static const uint8_t sizes[] = { 32, 36, 40, 42, 44, 48, 48, 48 };
    unsigned oas = BITS(uapi_smmu_config(smmu)->idr[5], 0, 3);
    unsigned ips = CD_IPS(cd);

    return sizes[ips < oas ? ips : oas];
}

int uapi_cd_half(const uint64_t cd[8], uint64_t va)
{
    int half = BITS(va, 55, 1);
    unsigned bits = 64 - CD_TSZ(cd, half);
    uint64_t top = ~LOW_BITS(bits);

    if (CD_TBI(cd, half)) {
        top &= LOW_BITS(56);
    }
    return (va & top) == (half ? top : 0) && !CD_EPD(cd, half) ? half : -1;
}

static bool fail(struct uapi_fault *fault, uint8_t event)
{
    fault->event = event;
    fault->class = UAPI_CLASS_IN;
    return false;
}

struct walk {
    uint64_t table;
    unsigned granule, level, level_bits;    /* index bits at this level */
    bool writable, unprivileged;
};

static bool is_block(const struct walk *w, uint64_t desc)
{
    return w->level < 3 && !(desc & DESC_TABLE);
}

/* At which levels a block can be */
static bool block_allowed(const struct walk *w)
{
    return w->level == 2 || (w->level == 1 && w->granule == 12);
}

static void fill_entry(struct uapi_device *dev, const uint64_t cd[8],
                       const struct walk *w, uint64_t desc, uint64_t va,
                       struct uapi_tlb_entry *entry)
{
    unsigned bits = w->granule + (3 - w->level) * (w->granule - 3);

    entry->smmu = dev->conf.smmu;
    entry->asid = CD_ASID(cd);
    entry->global = !(desc & DESC_NG);
    entry->bits = bits;
    entry->level = w->level;
    entry->va = va & ~LOW_BITS(bits);
    entry->ipa = desc & LOW_BITS(48) & ~LOW_BITS(bits);
    entry->writable = w->writable && !(desc & DESC_AP_READ_ONLY);
    entry->unprivileged = w->unprivileged && (desc & DESC_AP_UNPRIV);
}

static bool read_descriptor(struct uapi_device *dev, const struct walk *w,
                            uint64_t va, uint64_t *desc,
                            struct uapi_fault *fault)
{
    unsigned stride = w->granule - 3;
    unsigned shift = w->granule + (3 - w->level) * stride;
    uint64_t at = w->table + BITS(va, shift, w->level_bits) * sizeof(*desc);

    if (!uapi_read_ipa(dev, at, desc, sizeof(*desc))) {
        fault->event = EVT_F_TRANSLATION;
        fault->s2 = true;
        fault->class = UAPI_CLASS_TTD;
        fault->ipa = at;
        return false;
    }
    return true;
}

static void start_walk(const uint64_t cd[8], int half, struct walk *w)
{
    unsigned bits = 64 - CD_TSZ(cd, half), stride;

    w->granule = granule_bits(cd, half);
    stride = w->granule - 3;
    w->level = 4 - (bits - w->granule + stride - 1) / stride;
    w->level_bits = bits - w->granule - (3 - w->level) * stride;
    w->table = CD_TTB(cd, half) & ~LOW_BITS(w->level_bits + 3);
    w->writable = w->unprivileged = true;
}

bool uapi_walk(struct uapi_device *dev, const uint64_t cd[8], uint64_t va,
               struct uapi_tlb_entry *entry, struct uapi_fault *fault)
{
    unsigned out = output_bits(dev->conf.smmu, cd);
    int half = uapi_cd_half(cd, va);
    struct walk w;
    uint64_t desc;

    if (half < 0) {
        return fail(fault, EVT_F_TRANSLATION);
    }
    start_walk(cd, half, &w);
    if (w.table >> out) {
        return fail(fault, EVT_F_ADDR_SIZE);
    }
    for (;; w.level++, w.level_bits = w.granule - 3) {
        if (!read_descriptor(dev, &w, va, &desc, fault)) {
            return false;
        }
        if (!(desc & DESC_VALID) || (w.level == 3 && !(desc & DESC_TABLE)) ||
            (is_block(&w, desc) && !block_allowed(&w))) {
            return fail(fault, EVT_F_TRANSLATION);
        }
        if ((desc & LOW_BITS(48) & ~LOW_BITS(w.granule)) >> out) {
            return fail(fault, EVT_F_ADDR_SIZE);
        }
        if (w.level == 3 || is_block(&w, desc)) {
            break;
        }
        w.table = desc & LOW_BITS(48) & ~LOW_BITS(w.granule);
        if (!CD_HAD(cd, half)) {
            w.writable &= !(desc & DESC_TABLE_READ_ONLY);
            w.unprivileged &= !(desc & DESC_TABLE_NO_UNPRIV);
        }
    }
    if (!(desc & DESC_AF) && !CD_AFFD(cd)) {
        return fail(fault, EVT_F_ACCESS);
    }
    fill_entry(dev, cd, &w, desc, va, entry);
    return true;
}
