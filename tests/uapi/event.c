/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "veventq.h"

#define EVT_SSV (UINT64_C(1) << 11)
#define EVT_STALL (UINT64_C(1) << 31)
#define EVT_RNW (UINT64_C(1) << 35)
#define EVT_S2 (UINT64_C(1) << 39)
#define EVT_CLASS_SHIFT 40

static bool has_address(uint8_t event)
{
    return event >= EVT_F_TRANSLATION && event <= EVT_F_PERMISSION;
}

void uapi_event_fault(struct uapi_device *dev,
                      const struct uapi_access *access,
                      const struct uapi_fault *fault)
{
    uint64_t event[4] = { fault->event };

    if (fault->silent && has_address(fault->event) && !fault->s2) {
        return;     /* CD.R is 0 */
    }
    event[0] |= (uint64_t)dev->conf.sid << 32;
    if (access->has_ssid) {
        event[0] |= EVT_SSV | (uint64_t)access->ssid << 12;
    }
    if (has_address(fault->event)) {
        event[1] = (access->write ? 0 : EVT_RNW) | (fault->s2 ? EVT_S2 : 0) |
                   (uint64_t)fault->class << EVT_CLASS_SHIFT;
        event[2] = access->iova;
        event[3] = fault->s2 ? fault->ipa & ~UINT64_C(0xfff) : 0;
    }
    uapi_event_report(dev, event);
}

/* Those that the kernel's handler takes for a guest */
static bool for_guest(const uint64_t event[4])
{
    switch (event[0] & 0xff) {
    case EVT_C_BAD_STE:
    case EVT_F_STREAM_DISABLED:
    case EVT_C_BAD_SUBSTREAMID:
    case EVT_C_BAD_CD:
    case EVT_F_TRANSLATION:
    case EVT_F_ADDR_SIZE:
    case EVT_F_ACCESS:
    case EVT_F_PERMISSION:
        return !(event[1] & (EVT_STALL | EVT_S2));
    default:
        return false;
    }
}

bool uapi_event_report(struct uapi_device *dev, const uint64_t event[4])
{
    struct uapi_viommu *viommu = dev->event_viommu;
    uint64_t guest[4];

    if (!viommu || !viommu->veventq || !for_guest(event)) {
        return false;
    }
    memcpy(guest, event, sizeof(guest));
    guest[0] = (event[0] & UINT32_MAX) | (uint64_t)dev->event_vsid << 32;
    return uapi_veventq_add(viommu->veventq, guest);
}
