/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the guest's STE to a context descriptor (IHI 0070, chapter 5). */
#include "translate.h"

#define STE_S1FMT(ste) BITS((ste)[0], 4, 2)
#define STE_S1CTXPTR(ste) ((ste)[0] & UINT64_C(0x000fffffffffffc0))
#define STE_S1CDMAX(ste) ((unsigned)BITS((ste)[0], 59, 5))
#define STE_S1DSS(ste) BITS((ste)[1], 0, 2)

enum s1dss { S1DSS_TERMINATE, S1DSS_BYPASS, S1DSS_SSID0 };

#define CD_BYTES 64
#define L1CD_V UINT64_C(1)
#define L1CD_PTR(desc) ((desc) & UINT64_C(0x000ffffffffff000))

static bool fail(struct uapi_fault *fault, uint8_t event)
{
    fault->event = event;
    fault->class = UAPI_CLASS_CD;
    return false;
}

static bool fail_fetch(struct uapi_fault *fault, uint64_t ipa)
{
    fault->s2 = true;
    fault->ipa = ipa;
    return fail(fault, EVT_F_TRANSLATION);
}

/* Returns: 0, or the IPA of the descriptor */
static bool locate(struct uapi_device *dev, uint32_t ssid, uint64_t *at,
                   struct uapi_fault *fault)
{
    const uint64_t *ste = dev->ste.vste;
    uint64_t base = STE_S1CTXPTR(ste), l1;
    unsigned l2_bits;

    if (!STE_S1CDMAX(ste) || !STE_S1FMT(ste)) {
        *at = base + (uint64_t)ssid * CD_BYTES;
        return true;
    }
    if (STE_S1FMT(ste) == 3) {
        return fail(fault, EVT_C_BAD_STE);
    }
    l2_bits = STE_S1FMT(ste) == 1 ? 6 : 10;
    base += (uint64_t)(ssid >> l2_bits) * sizeof(l1);
    if (!uapi_read_ipa(dev, base, &l1, sizeof(l1))) {
        return fail_fetch(fault, base);
    }
    if (!(l1 & L1CD_V)) {
        return fail(fault, EVT_C_BAD_SUBSTREAMID);
    }
    *at = L1CD_PTR(l1) + (uint64_t)(ssid & ((1u << l2_bits) - 1)) * CD_BYTES;
    return true;
}

static bool half_valid(unsigned smmu, const uint64_t cd[8], int half)
{
    const uint32_t idr5 = uapi_smmu_config(smmu)->idr[5];
    static const struct { unsigned tg0, tg1, shift; } granules[] = {
        { 0, 2, 4 }, { 2, 1, 5 }, { 1, 3, 6 },  /* 4K, 16K, 64K */
    };
    bool ok = false;

    if (CD_EPD(cd, half)) {
        return true;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(granules); i++) {
        if (CD_TG(cd, half) == (half ? granules[i].tg1 : granules[i].tg0)) {
            ok = BITS(idr5, granules[i].shift, 1);
        }
    }
    return ok && CD_TSZ(cd, half) >= 16 && CD_TSZ(cd, half) <= 39;
}

/* Illegal combinations for the SMMU as its ID registers describe it */
static bool cd_valid(unsigned smmu, const uint64_t cd[8])
{
    const uint32_t idr0 = uapi_smmu_config(smmu)->idr[0];
    unsigned ttendian = BITS(idr0, 21, 2), stall = BITS(idr0, 24, 2);
    unsigned httu = BITS(idr0, 6, 2), term = BITS(idr0, 26, 1);

    if (!CD_V(cd) || !CD_AA64(cd) || !BITS(idr0, 3, 1)) {
        return false;
    }
    if ((ttendian == 2 && CD_ENDI(cd)) || (ttendian == 3 && !CD_ENDI(cd))) {
        return false;
    }
    if ((CD_S(cd) && stall == 1) || (!CD_S(cd) && stall == 2) ||
        (!CD_A(cd) && term) || (CD_HA(cd) && !httu) ||
        (CD_HD(cd) && httu < 2)) {
        return false;
    }
    if (CD_S(cd) || CD_HA(cd) || CD_ENDI(cd)) {
        uapi_error("CD with S, HA or ENDI is not modelled");
        return false;
    }
    return half_valid(smmu, cd, 0) && half_valid(smmu, cd, 1);
}

/* Substreams: does this one have a CD, and which? */
static bool select_ssid(struct uapi_device *dev,
                        const struct uapi_access *access, uint32_t *ssid,
                        bool *bypass, struct uapi_fault *fault)
{
    const uint64_t *ste = dev->ste.vste;
    unsigned max = STE_S1CDMAX(ste);

    *ssid = 0;
    if (max > BITS(uapi_smmu_config(dev->conf.smmu)->idr[1], 6, 5)) {
        return fail(fault, EVT_C_BAD_STE);
    }
    if (!max) {
        return !access->has_ssid || fail(fault, EVT_C_BAD_SUBSTREAMID);
    }
    if (!access->has_ssid) {
        *bypass = STE_S1DSS(ste) == S1DSS_BYPASS;
        return STE_S1DSS(ste) == S1DSS_BYPASS ||
               STE_S1DSS(ste) == S1DSS_SSID0 ||
               fail(fault, EVT_F_STREAM_DISABLED);
    }
    if (access->ssid >> max) {
        return fail(fault, EVT_C_BAD_SUBSTREAMID);
    }
    if (!access->ssid && STE_S1DSS(ste) == S1DSS_SSID0) {
        return fail(fault, EVT_F_STREAM_DISABLED);
    }
    *ssid = access->ssid;
    return true;
}

bool uapi_find_cd(struct uapi_device *dev, const struct uapi_access *access,
                  const uint64_t **cd, bool *bypass, struct uapi_fault *fault)
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
    *cd = uapi_cd_find(smmu, dev->conf.sid, ssid);
    if (*cd) {
        return true;
    }
    if (!locate(dev, ssid, &at, fault)) {
        return false;
    }
    if (!uapi_read_ipa(dev, at, fetched, sizeof(fetched))) {
        return fail_fetch(fault, at);
    }
    if (!cd_valid(smmu, fetched)) {
        return fail(fault, EVT_C_BAD_CD);
    }
    uapi_cd_add(smmu, dev->conf.sid, ssid, fetched);
    *cd = uapi_cd_find(smmu, dev->conf.sid, ssid);
    return true;
}
