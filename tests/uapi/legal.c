/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "device.h"
#include "kernel.h"
#include "legal.h"

#define ASID UINT64_C(0xffff000000000000)
#define ASID_HIGH UINT64_C(0xff00000000000000)
#define SSID UINT64_C(0xfffff000)
#define SSV UINT64_C(0x800)
#define GLOBAL UINT64_C(0x200)
#define NUM UINT64_C(0x1f000)
#define SCALE UINT64_C(0x3f00000)
#define SCALE_HIGH UINT64_C(0x2000000)
#define LEAF UINT64_C(1)
#define TTL_TG UINT64_C(0xf00)
#define ADDRESS (~UINT64_C(0xfff))
#define SIZE UINT64_C(0x3f)
#define SIZE_ALL 52

#define IDR0_ATS(idr) BITS((idr)[0], 10, 1)
#define IDR0_ASID16(idr) BITS((idr)[0], 12, 1)
#define IDR0_STALL_MODEL(idr) BITS((idr)[0], 24, 2)
#define IDR1_SSIDSIZE(idr) BITS((idr)[1], 6, 5)
#define IDR3_RIL(idr) BITS((idr)[3], 10, 1)
#define IDR5_DS(idr) BITS((idr)[5], 7, 1)

#define STE1_S1STALLD(ste) BITS((ste)[1], 27, 1)

/* Fields of the commands that a guest may cause; all other bits are reserved */
static const struct { uint8_t op; uint64_t fields[2]; } commands[] = {
    { CMD_CFGI_STE,      { CMD_SID_MASK, LEAF } },                  /* 4.3.1 */
    { CMD_CFGI_CD,       { CMD_SID_MASK | SSID, LEAF } },           /* 4.3.3 */
    { CMD_CFGI_CD_ALL,   { CMD_SID_MASK, 0 } },                     /* 4.3.4 */
    { CMD_TLBI_NH_ALL,   { CMD_VMID_MASK, 0 } },                  /* 4.4.2.1 */
    { CMD_TLBI_NH_ASID,  { CMD_VMID_MASK | ASID, 0 } },           /* 4.4.2.2 */
    { CMD_TLBI_NH_VAA,   { CMD_VMID_MASK | NUM | SCALE,           /* 4.4.2.3 */
                           ADDRESS | TTL_TG | LEAF } },
    { CMD_TLBI_NH_VA,    { CMD_VMID_MASK | ASID | NUM | SCALE,    /* 4.4.2.4 */
                           ADDRESS | TTL_TG | LEAF } },
    { CMD_TLBI_NSNH_ALL, { 0, 0 } },                              /* 4.4.4.1 */
    { CMD_ATC_INV,       { CMD_SID_MASK | SSID | SSV | GLOBAL,      /* 4.5.1 */
                           ADDRESS | SIZE } },
};

static const char *illegal_range(const uint32_t idr[6], const uint64_t cmd[2])
{
    unsigned tg = CMD_TG(cmd[1]), ttl = CMD_TTL(cmd[1]);
    bool range = cmd[0] & (NUM | SCALE);

    if (!IDR3_RIL(idr)) {
        return range || tg || ttl
            ? "4.4.1.1: NUM, SCALE, TG or TTL without IDR3.RIL" : NULL;
    }
    if (!tg) {
        return range || ttl ? "4.4.1.1: NUM, SCALE or TTL with TG 0" : NULL;
    }
    if (!range && !ttl) {
        return "4.4.1.1: TG with NUM, SCALE and TTL 0";
    }
    if (IDR5_DS(idr)) {
        return NULL;
    }
    if (tg == 2 && ttl == 1) {
        return "4.4.1.1: TG 16K with TTL 1 without IDR5.DS";
    }
    return cmd[0] & SCALE_HIGH ? "4.4.1.1: SCALE above 31 without IDR5.DS"
                               : NULL;
}

static const char *illegal_asid(const uint32_t idr[6], const uint64_t cmd[2])
{
    return (cmd[0] & ASID_HIGH) && !IDR0_ASID16(idr)
        ? "4.4: ASID above 255 without IDR0.ASID16" : NULL;
}

/* 4.5.1 and 4.1.7 let an SMMU without substreams ignore them, Linux does not */
static const char *illegal_ssid(const uint32_t idr[6], const uint64_t cmd[2],
                                uint64_t fields)
{
    return (cmd[0] & fields) && !IDR1_SSIDSIZE(idr)
        ? "4.1.7: SSID, SSV or Global without substreams" : NULL;
}

static const char *illegal_atc_inv(const uint32_t idr[6], const uint64_t cmd[2])
{
    if (!IDR0_ATS(idr)) {
        return "4.5.1: ATC_INV without IDR0.ATS";
    }
    if ((cmd[1] & SIZE) > SIZE_ALL) {
        return "4.5.1: Size above 52";
    }
    return illegal_ssid(idr, cmd, SSID | SSV | GLOBAL);
}

const char *uapi_illegal_command(unsigned smmu, const uint64_t cmd[2])
{
    const uint32_t *idr = uapi_smmu_config(smmu)->idr;
    const uint64_t *fields = NULL;
    const char *why;

    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].op == CMD_OP(cmd[0])) {
            fields = commands[i].fields;
        }
    }
    if (!fields) {
        return "4.1.3: opcode";
    }
    if ((cmd[0] & ~(fields[0] | 0xff)) || (cmd[1] & ~fields[1])) {
        return "4.1.5: reserved bits";
    }
    switch (CMD_OP(cmd[0])) {
    case CMD_TLBI_NH_VA:
        why = illegal_asid(idr, cmd);
        return why ? why : illegal_range(idr, cmd);
    case CMD_TLBI_NH_VAA:
        return illegal_range(idr, cmd);
    case CMD_TLBI_NH_ASID:
        return illegal_asid(idr, cmd);
    case CMD_CFGI_CD:
        return illegal_ssid(idr, cmd, SSID);
    case CMD_ATC_INV:
        return illegal_atc_inv(idr, cmd);
    default:
        return NULL;
    }
}

/* Has the guest set EATS in the STE of this stream? */
static bool stream_has_ats(unsigned smmu, uint32_t sid)
{
    for (unsigned i = 0; i < UAPI_MAX_DEVICES; i++) {
        const struct uapi_device *dev = uapi_device(i);

        if (dev && dev->conf.smmu == smmu && dev->conf.sid == sid) {
            return dev->hwpt && dev->hwpt->ats;
        }
    }
    return false;
}

const char *uapi_misused_command(unsigned smmu, const uint64_t cmd[2])
{
    unsigned ssid_bits = IDR1_SSIDSIZE(uapi_smmu_config(smmu)->idr);
    bool atc_inv = CMD_OP(cmd[0]) == CMD_ATC_INV;

    if (!atc_inv && CMD_OP(cmd[0]) != CMD_CFGI_CD) {
        return NULL;
    }
    if (CMD_SSID(cmd[0]) >> ssid_bits) {
        return "4.1.7: SSID beyond IDR1.SSIDSIZE";
    }
    if (atc_inv && !(cmd[0] & SSV) && (cmd[0] & (SSID | GLOBAL))) {
        return "4.5.1: SSID or Global without SSV";
    }
    if (atc_inv && !stream_has_ats(smmu, CMD_SID(cmd[0]))) {
        return "4.5: ATC_INV for a device with ATS off (STE.EATS is 0)";
    }
    return NULL;
}

const char *uapi_illegal_ste(const struct uapi_device *dev,
                             const struct uapi_hwpt *hwpt)
{
    const uint32_t *idr = uapi_smmu_config(dev->conf.smmu)->idr;

    if (IDR0_STALL_MODEL(idr) == 0 && !STE1_S1STALLD(hwpt->vste)) {
        return "5.2: S1STALLD is 0 where IDR0.STALL_MODEL is 0: a guest could "
               "stall the host's SMMU";
    }
    if (IDR0_STALL_MODEL(idr) != 0 && STE1_S1STALLD(hwpt->vste)) {
        return "5.2: S1STALLD is 1 where IDR0.STALL_MODEL is not 0";
    }
    /* Before 7.1 user space can know of the SMMU only */
    if (hwpt->ats && (!IDR0_ATS(idr) ||
                      (!uapi_device_can_ats(dev) &&
                       uapi_kernel_has(UAPI_RULE_REPORTS_NO_ATS)))) {
        return "5.2: EATS for a device that cannot use ATS";
    }
    return NULL;
}
