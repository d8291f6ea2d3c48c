/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"
#include "kernel.h"
#include "legal.h"

#define RANGE (CMD0_NUM | CMD0_SCALE)
#define ANY_SSID (CMD0_SSID | CMD0_SSV | CMD0_GLOBAL)

/* Fields of the commands that a guest may cause; all other bits are reserved */
static const struct { uint8_t op; uint64_t fields[2]; } commands[] = {
    { CMD_CFGI_STE,      { CMD0_SID, CMD1_LEAF } },                 /* 4.3.1 */
    { CMD_CFGI_CD,       { CMD0_SID | CMD0_SSID, CMD1_LEAF } },     /* 4.3.3 */
    { CMD_CFGI_CD_ALL,   { CMD0_SID, 0 } },                         /* 4.3.4 */
    { CMD_TLBI_NH_ALL,   { CMD0_VMID, 0 } },                      /* 4.4.2.1 */
    { CMD_TLBI_NH_ASID,  { CMD0_VMID | CMD0_ASID, 0 } },          /* 4.4.2.2 */
    { CMD_TLBI_NH_VAA,   { CMD0_VMID | RANGE,                     /* 4.4.2.3 */
                           CMD1_ADDRESS | CMD1_TTL | CMD1_TG | CMD1_LEAF } },
    { CMD_TLBI_NH_VA,    { CMD0_VMID | CMD0_ASID | RANGE,         /* 4.4.2.4 */
                           CMD1_ADDRESS | CMD1_TTL | CMD1_TG | CMD1_LEAF } },
    { CMD_TLBI_NSNH_ALL, { 0, 0 } },                              /* 4.4.4.1 */
    { CMD_ATC_INV,       { CMD0_SID | ANY_SSID, CMD1_ADDRESS | CMD1_SIZE } },
                                                                    /* 4.5.1 */
};

static const char *illegal_range(const uint32_t idr[6], const uint64_t cmd[2])
{
    unsigned tg = FIELD_GET(CMD1_TG, cmd[1]);
    unsigned ttl = FIELD_GET(CMD1_TTL, cmd[1]);
    bool range = cmd[0] & RANGE;

    if (!(idr[3] & IDR3_RIL)) {
        return range || tg || ttl
            ? "4.4.1.1: NUM, SCALE, TG or TTL without IDR3.RIL" : NULL;
    }
    if (!tg) {
        return range || ttl ? "4.4.1.1: NUM, SCALE or TTL with TG 0" : NULL;
    }
    if (!range && !ttl) {
        return "4.4.1.1: TG with NUM, SCALE and TTL 0";
    }
    if (idr[5] & IDR5_DS) {
        return NULL;
    }
    if (tg == 2 && ttl == 1) {
        return "4.4.1.1: TG 16K with TTL 1 without IDR5.DS";
    }
    return FIELD_GET(CMD0_SCALE, cmd[0]) > 31
        ? "4.4.1.1: SCALE above 31 without IDR5.DS" : NULL;
}

static const char *illegal_asid(const uint32_t idr[6], const uint64_t cmd[2])
{
    return FIELD_GET(CMD0_ASID, cmd[0]) > 255 && !(idr[0] & IDR0_ASID16)
        ? "4.4: ASID above 255 without IDR0.ASID16" : NULL;
}

/* 4.5.1 and 4.1.7 let an SMMU without substreams ignore them, Linux does not */
static const char *illegal_ssid(const uint32_t idr[6], const uint64_t cmd[2],
                                uint64_t fields)
{
    return (cmd[0] & fields) && !(idr[1] & IDR1_SSIDSIZE)
        ? "4.1.7: SSID, SSV or Global without substreams" : NULL;
}

static const char *illegal_atc_inv(const uint32_t idr[6], const uint64_t cmd[2])
{
    if (!(idr[0] & IDR0_ATS)) {
        return "4.5.1: ATC_INV without IDR0.ATS";
    }
    if (FIELD_GET(CMD1_SIZE, cmd[1]) > ATC_INV_ALL) {
        return "4.5.1: Size above 52";
    }
    return illegal_ssid(idr, cmd, ANY_SSID);
}

const char *km_illegal_command(unsigned smmu, const uint64_t cmd[2])
{
    const uint32_t *idr = km_smmu_config(smmu)->idr;
    const uint64_t *fields = NULL;
    const char *why;

    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].op == (cmd[0] & CMD0_OPCODE)) {
            fields = commands[i].fields;
        }
    }
    if (!fields) {
        return "4.1.3: opcode";
    }
    if ((cmd[0] & ~(fields[0] | CMD0_OPCODE)) || (cmd[1] & ~fields[1])) {
        return "4.1.5: reserved bits";
    }
    switch (cmd[0] & CMD0_OPCODE) {
    case CMD_TLBI_NH_VA:
        why = illegal_asid(idr, cmd);
        return why ? why : illegal_range(idr, cmd);
    case CMD_TLBI_NH_VAA:
        return illegal_range(idr, cmd);
    case CMD_TLBI_NH_ASID:
        return illegal_asid(idr, cmd);
    case CMD_CFGI_CD:
        return illegal_ssid(idr, cmd, CMD0_SSID);
    case CMD_ATC_INV:
        return illegal_atc_inv(idr, cmd);
    default:
        return NULL;
    }
}

/* Has the guest set EATS in the STE of this stream? */
static bool stream_has_ats(unsigned smmu, uint32_t sid)
{
    for (unsigned i = 0; i < KM_MAX_DEVICES; i++) {
        const struct km_device *dev = km_device(i);

        if (dev && dev->conf.smmu == smmu && dev->conf.sid == sid) {
            return dev->hwpt && dev->hwpt->ats;
        }
    }
    return false;
}

const char *km_misused_command(unsigned smmu, const uint64_t cmd[2])
{
    const uint32_t *idr = km_smmu_config(smmu)->idr;
    unsigned op = cmd[0] & CMD0_OPCODE;
    bool atc_inv = op == CMD_ATC_INV;

    if (!atc_inv && op != CMD_CFGI_CD) {
        return NULL;
    }
    if (FIELD_GET(CMD0_SSID, cmd[0]) >> FIELD_GET(IDR1_SSIDSIZE, idr[1])) {
        return "4.1.7: SSID beyond IDR1.SSIDSIZE";
    }
    if (atc_inv && !(cmd[0] & CMD0_SSV) && cmd[0] & ANY_SSID) {
        return "4.5.1: SSID or Global without SSV";
    }
    if (atc_inv && !stream_has_ats(smmu, FIELD_GET(CMD0_SID, cmd[0]))) {
        return "4.5: ATC_INV for a device with ATS off (STE.EATS is 0)";
    }
    return NULL;
}

const char *km_illegal_ste(const struct km_device *dev,
                           const struct km_hwpt *hwpt)
{
    const uint32_t *idr = km_smmu_config(dev->conf.smmu)->idr;
    bool stalls = !(hwpt->vste[1] & STE1_S1STALLD);

    if (!(idr[0] & IDR0_STALL_MODEL) && stalls) {
        return "5.2: S1STALLD is 0 where IDR0.STALL_MODEL is 0: a guest could "
               "stall the host's SMMU";
    }
    if (idr[0] & IDR0_STALL_MODEL && !stalls) {
        return "5.2: S1STALLD is 1 where IDR0.STALL_MODEL is not 0";
    }
    /* Before 7.1 user space can know of the SMMU only */
    if (hwpt->ats && (!(idr[0] & IDR0_ATS) ||
                      (!km_device_can_ats(dev) &&
                       km_kernel_has(KM_RULE_REPORTS_NO_ATS)))) {
        return "5.2: EATS for a device that cannot use ATS";
    }
    return NULL;
}
