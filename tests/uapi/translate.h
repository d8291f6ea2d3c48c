/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_TRANSLATE_H
#define UAPI_TRANSLATE_H

/* Stage 1 of the guest: context descriptor, TLB, table walk. */

#include "device.h"
#include "tlb.h"

/* Where in a transaction something went wrong: CLASS of an event */
enum uapi_fault_class {
    UAPI_CLASS_CD = 0,
    UAPI_CLASS_TTD = 1,
    UAPI_CLASS_IN = 2,
};

struct uapi_fault {
    uint8_t event;              /* type of the SMMU's event */
    bool s2;                    /* stage 2 is to blame */
    bool silent;                /* CD.R: the guest does not want to know */
    enum uapi_fault_class class;
    uint64_t ipa;               /* with s2 */
};

enum uapi_smmu_event {
    EVT_F_STE_FETCH = 0x03,
    EVT_C_BAD_STE = 0x04,
    EVT_F_STREAM_DISABLED = 0x06,
    EVT_C_BAD_SUBSTREAMID = 0x08,
    EVT_F_CD_FETCH = 0x09,
    EVT_C_BAD_CD = 0x0a,
    EVT_F_WALK_EABT = 0x0b,
    EVT_F_TRANSLATION = 0x10,
    EVT_F_ADDR_SIZE = 0x11,
    EVT_F_ACCESS = 0x12,
    EVT_F_PERMISSION = 0x13,
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

/* Walk the tables of @cd. Returns: false with *@fault filled in */
bool uapi_walk(struct uapi_device *dev, const uint64_t cd[8], uint64_t va,
               struct uapi_tlb_entry *entry, struct uapi_fault *fault);

/* Which of the two halves: 0 lower, 1 upper, -1: in neither */
int uapi_cd_half(const uint64_t cd[8], uint64_t va);

/* Read guest memory for a walk. Returns: false: stage 2 does not map it */
bool uapi_read_ipa(struct uapi_device *dev, uint64_t ipa, void *to, size_t len);

/* Fields of a context descriptor; half: 0 lower, 1 upper */
#define CD_TSZ(cd, half) BITS((cd)[0], (half) ? 16 : 0, 6)
#define CD_TG(cd, half) BITS((cd)[0], (half) ? 22 : 6, 2)
#define CD_EPD(cd, half) BITS((cd)[0], (half) ? 30 : 14, 1)
#define CD_ENDI(cd) BITS((cd)[0], 15, 1)
#define CD_V(cd) BITS((cd)[0], 31, 1)
#define CD_IPS(cd) BITS((cd)[0], 32, 3)
#define CD_AFFD(cd) BITS((cd)[0], 35, 1)
#define CD_TBI(cd, half) BITS((cd)[0], 38 + (half), 1)
#define CD_AA64(cd) BITS((cd)[0], 41, 1)
#define CD_HD(cd) BITS((cd)[0], 42, 1)
#define CD_HA(cd) BITS((cd)[0], 43, 1)
#define CD_S(cd) BITS((cd)[0], 44, 1)
#define CD_R(cd) BITS((cd)[0], 45, 1)
#define CD_A(cd) BITS((cd)[0], 46, 1)
#define CD_ASID(cd) BITS((cd)[0], 48, 16)
#define CD_HAD(cd, half) BITS((cd)[1 + (half)], 1, 1)
#define CD_TTB(cd, half) ((cd)[1 + (half)] & UINT64_C(0x000ffffffffffff0))

#endif /* UAPI_TRANSLATE_H */
