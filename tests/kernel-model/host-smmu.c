/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hwpt.h"
#include "legal.h"
#include "translate.h"

#define NESTING (IDR0_S1P | IDR0_S2P)

const struct km_smmu_config *km_smmu_config(unsigned smmu)
{
    return &km_ctl->smmu[smmu];
}

bool km_smmu_can_nest(unsigned smmu)
{
    return (km_ctl->smmu[smmu].idr[0] & NESTING) == NESTING;
}

bool km_smmu_has_s2fwb(unsigned smmu)
{
    return km_ctl->smmu[smmu].idr[3] & IDR3_FWB;
}

bool km_smmu_coherent(unsigned smmu)
{
    return km_ctl->smmu[smmu].coherent;
}

uint64_t km_smmu_aperture(unsigned smmu)
{
    return (UINT64_C(1) << km_ctl->smmu[smmu].s2_bits) - 1;
}

static uint64_t vmids[KM_MAX_SMMUS];

uint32_t km_smmu_get_vmid(unsigned smmu)
{
    for (uint32_t vmid = 1; vmid < 64; vmid++) {
        if (!(vmids[smmu] & UINT64_C(1) << vmid)) {
            vmids[smmu] |= UINT64_C(1) << vmid;
            return vmid;
        }
    }
    km_error("more stage 2 tables than are modelled");
    return 63;
}

void km_smmu_put_vmid(unsigned smmu, uint32_t vmid)
{
    vmids[smmu] &= ~(UINT64_C(1) << vmid);
    km_tlb_drop_vmid(smmu, vmid);
}

static void keep_dma(struct km_device *dev)
{
    struct km_keep_dma *keep = &km_ctl->keep_dma[dev->index];
    struct km_access access = { .iova = keep->iova, .write = true };

    if (atomic_load(&keep->on)) {
        atomic_fetch_add(&keep->tries, 1);
        km_smmu_dma(dev, &access, &keep->marker, sizeof(keep->marker));
    }
}

void km_smmu_write_ste(struct km_device *dev, const struct km_ste *ste)
{
    uint64_t cmd[2] = { CMD_CFGI_STE | CMD_SID(dev->conf.sid), CFGI_LEAF };
    bool changed = ste->config != dev->ste.config ||
                   ste->paging != dev->ste.paging || ste->ats != dev->ste.ats ||
                   memcmp(ste->vste, dev->ste.vste, sizeof(ste->vste));

    dev->ste = *ste;
    atomic_store(&dev->state->ste, ste->config);
    atomic_store(&dev->state->ats, ste->ats);
    atomic_store(&dev->state->vste[0], ste->vste[0]);
    atomic_store(&dev->state->vste[1], ste->vste[1]);
    km_log(KM_LOG_STE, dev->index, ste->vste[0], ste->vste[1],
           ste->config);
    if (changed) {
        km_smmu_command(dev->conf.smmu, cmd);
    }
    keep_dma(dev);
}

/* A nesting parent's change takes stage 1 of all on top of it along */
static bool drop_stage2(struct km_object *obj, void *opaque)
{
    struct km_hwpt *hwpt = (struct km_hwpt *)obj;
    uint64_t cmd[2] = { CMD_TLBI_NH_ALL };

    if (hwpt->ioas == opaque && hwpt->vmid) {
        cmd[0] |= FIELD_PREP(CMD0_VMID, hwpt->vmid);
        km_smmu_command(hwpt->smmu, cmd);
    }
    return true;
}

void km_smmu_stage2_unmapped(struct km_ioas *ioas)
{
    km_object_each(ioas->obj.ctx, KM_OBJ_HWPT_PAGING, drop_stage2, ioas);
}

/* The last address of TLBI_NH_VA and _VAA, which are legal */
static uint64_t tlbi_last(const uint64_t cmd[2])
{
    unsigned tg = FIELD_GET(CMD1_TG, cmd[1]);
    uint64_t pages = (FIELD_GET(CMD0_NUM, cmd[0]) + 1)
                     << FIELD_GET(CMD0_SCALE, cmd[0]);

    /* without TG: any entry that has this address */
    return (cmd[1] & CMD1_ADDRESS) + (tg ? (pages << (10 + 2 * tg)) - 1 : 0);
}

static void tlbi_va(unsigned smmu, const uint64_t cmd[2], int64_t asid)
{
    km_tlb_drop_range(smmu, FIELD_GET(CMD0_VMID, cmd[0]), asid,
                      cmd[1] & CMD1_ADDRESS, tlbi_last(cmd),
                      FIELD_GET(CMD1_TTL, cmd[1]));
}

/* Returns: whether the SMMU would execute it */
static bool check_command(unsigned smmu, const uint64_t cmd[2])
{
    const char *illegal = km_illegal_command(smmu, cmd);
    const char *why = illegal ? illegal : km_misused_command(smmu, cmd);

    if (why) {
        km_error("%s in the host's queue: command 0x%llx 0x%llx, IHI 0070 %s",
                 illegal ? "CERROR_ILL" : "misuse",
                 (unsigned long long)cmd[0], (unsigned long long)cmd[1], why);
    }
    return !illegal;
}

void km_smmu_command(unsigned smmu, const uint64_t cmd[2])
{
    uint32_t vmid = FIELD_GET(CMD0_VMID, cmd[0]);
    uint32_t asid = FIELD_GET(CMD0_ASID, cmd[0]);
    uint32_t sid = FIELD_GET(CMD0_SID, cmd[0]);

    if (!check_command(smmu, cmd)) {
        return;
    }
    switch (cmd[0] & CMD0_OPCODE) {
    case CMD_CFGI_STE:
    case CMD_CFGI_CD_ALL:
        km_cd_drop(smmu, sid, -1);
        break;
    case CMD_CFGI_CD:
        km_cd_drop(smmu, sid, FIELD_GET(CMD0_SSID, cmd[0]));
        break;
    case CMD_TLBI_NH_ALL:
        km_tlb_drop_vmid(smmu, vmid);
        break;
    case CMD_TLBI_NH_ASID:
        km_tlb_drop_asid(smmu, vmid, asid);
        break;
    case CMD_TLBI_NH_VA:
        tlbi_va(smmu, cmd, asid);
        break;
    case CMD_TLBI_NH_VAA:
        tlbi_va(smmu, cmd, -1);
        break;
    default:
        break;      /* ATC_INV: there is no ATC */
    }
}
