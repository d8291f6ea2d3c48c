/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the guest's STE to a context descriptor (IHI 0070, chapter 5). */
#include "translate.h"

static bool fail(struct km_fault *fault, uint8_t event)
{
    fault->event = event;
    fault->class = EVENT_CLASS_CD;
    return false;
}

static bool fail_fetch(struct km_fault *fault, uint64_t ipa)
{
    fault->s2 = true;
    fault->ipa = ipa;
    return fail(fault, EVENT_F_TRANSLATION);
}

/* Returns: 0, or the IPA of the descriptor */
static bool locate(struct km_device *dev, uint32_t ssid, uint64_t *at,
                   struct km_fault *fault)
{
    const uint64_t *ste = dev->ste.vste;
    uint64_t base = ste[0] & STE0_S1CTXPTR, l1;
    unsigned format = FIELD_GET(STE0_S1FMT, ste[0]), l2_bits;

    if (!(ste[0] & STE0_S1CDMAX) || format == S1FMT_LINEAR) {
        *at = base + (uint64_t)ssid * CD_SIZE;
        return true;
    }
    if (format > S1FMT_64K_L2) {
        return fail(fault, EVENT_C_BAD_STE);
    }
    l2_bits = format == S1FMT_4K_L2 ? 6 : 10;
    base += (uint64_t)(ssid >> l2_bits) * sizeof(l1);
    if (!km_read_ipa(dev, base, &l1, sizeof(l1))) {
        return fail_fetch(fault, base);
    }
    if (!(l1 & L1CD_V)) {
        return fail(fault, EVENT_C_BAD_SUBSTREAMID);
    }
    *at = (l1 & L1CD_PTR) + (uint64_t)(ssid & ((1u << l2_bits) - 1)) * CD_SIZE;
    return true;
}

static bool tables_valid(unsigned smmu, const uint64_t cd[8])
{
    static const uint32_t granules[4] = {
        IDR5_GRAN4K, IDR5_GRAN64K, IDR5_GRAN16K,
    };
    unsigned t0sz = FIELD_GET(CD0_T0SZ, cd[0]);

    return cd[0] & CD0_EPD0 ||
           (t0sz >= 16 && t0sz <= 39 && km_smmu_config(smmu)->idr[5] &
                                        granules[FIELD_GET(CD0_TG0, cd[0])]);
}

/* Illegal combinations for the SMMU as its ID registers describe it */
static bool cd_valid(unsigned smmu, const uint64_t cd[8])
{
    const uint32_t idr0 = km_smmu_config(smmu)->idr[0];
    unsigned ttendian = FIELD_GET(IDR0_TTENDIAN, idr0);
    unsigned stall = FIELD_GET(IDR0_STALL_MODEL, idr0);
    unsigned httu = FIELD_GET(IDR0_HTTU, idr0);
    bool big = cd[0] & CD0_ENDI, stalls = cd[0] & CD0_S;

    if (!(cd[0] & CD0_V) || !(cd[0] & CD0_AA64) ||
        !(FIELD_GET(IDR0_TTF, idr0) & 2)) {
        return false;
    }
    if ((ttendian == 2 && big) || (ttendian == 3 && !big)) {
        return false;
    }
    if ((stalls && stall == 1) || (!stalls && stall == 2) ||
        (!(cd[0] & CD0_A) && idr0 & IDR0_TERM_MODEL) ||
        (cd[0] & CD0_HA && !httu) || (cd[0] & CD0_HD && httu < 2)) {
        return false;
    }
    if (stalls || big || cd[0] & CD0_HA) {
        km_error("CD with S, HA or ENDI is not modelled");
        return false;
    }
    return tables_valid(smmu, cd);
}

/* Substreams: does this one have a CD, and which? */
static bool select_ssid(struct km_device *dev,
                        const struct km_access *access, uint32_t *ssid,
                        bool *bypass, struct km_fault *fault)
{
    const uint64_t *ste = dev->ste.vste;
    unsigned max = FIELD_GET(STE0_S1CDMAX, ste[0]);
    unsigned dss = FIELD_GET(STE1_S1DSS, ste[1]);

    *ssid = 0;
    if (max > FIELD_GET(IDR1_SSIDSIZE,
                        km_smmu_config(dev->conf.smmu)->idr[1])) {
        return fail(fault, EVENT_C_BAD_STE);
    }
    if (!max) {
        return !access->has_ssid || fail(fault, EVENT_C_BAD_SUBSTREAMID);
    }
    if (!access->has_ssid) {
        *bypass = dss == S1DSS_BYPASS;
        return dss == S1DSS_BYPASS || dss == S1DSS_SSID0 ||
               fail(fault, EVENT_F_STREAM_DISABLED);
    }
    if (access->ssid >> max) {
        return fail(fault, EVENT_C_BAD_SUBSTREAMID);
    }
    if (!access->ssid && dss == S1DSS_SSID0) {
        return fail(fault, EVENT_F_STREAM_DISABLED);
    }
    *ssid = access->ssid;
    return true;
}

bool km_find_cd(struct km_device *dev, const struct km_access *access,
                const uint64_t **cd, bool *bypass, struct km_fault *fault)
{
    unsigned smmu = dev->conf.smmu;
    uint64_t at, fetched[8];
    uint32_t ssid;

    *bypass = false;
    if (!select_ssid(dev, access, &ssid, bypass, fault)) {
        return false;
    }
    if (*bypass) {
        return true;
    }
    *cd = km_cd_find(smmu, dev->conf.sid, ssid);
    if (*cd) {
        return true;
    }
    if (!locate(dev, ssid, &at, fault)) {
        return false;
    }
    if (!km_read_ipa(dev, at, fetched, sizeof(fetched))) {
        return fail_fetch(fault, at);
    }
    if (!cd_valid(smmu, fetched)) {
        return fail(fault, EVENT_C_BAD_CD);
    }
    km_cd_add(smmu, dev->conf.sid, ssid, fetched);
    *cd = km_cd_find(smmu, dev->conf.sid, ssid);
    return true;
}
