/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After hw_pagetable.c of iommufd, and arm_smmu_domain_alloc_paging_flags(),
 * arm_smmu_validate_vste() and arm_vsmmu_alloc_domain_nested() of the
 * arm-smmu-v3 driver, Linux 7.2.
 */
#include <linux/iommufd.h>

#include "device.h"
#include "hwpt.h"
#include "viommu.h"

/* What a guest may set in the two dwords */
#define STE0_ALLOWED (STE0_V | STE0_CONFIG | STE0_S1FMT | STE0_S1CTXPTR | \
                      STE0_S1CDMAX)
#define STE1_ALLOWED (STE1_S1DSS | STE1_S1CIR | STE1_S1COR | STE1_S1CSH | \
                      STE1_S1STALLD | STE1_EATS)

static void paging_destroy(struct km_object *obj)
{
    struct km_hwpt *hwpt = (struct km_hwpt *)obj;

    if (hwpt->vmid) {
        km_smmu_put_vmid(hwpt->smmu, hwpt->vmid);
    }
    km_ioas_unreserve(hwpt->ioas, hwpt);
    hwpt->ioas->obj.users--;
}

static const struct km_object_ops paging_ops = { .destroy = paging_destroy };

static void nested_destroy(struct km_object *obj)
{
    struct km_hwpt *hwpt = (struct km_hwpt *)obj;

    hwpt->viommu->obj.users--;
}

static const struct km_object_ops nested_ops = { .destroy = nested_destroy };

static int paging_check_flags(const struct km_device *dev, uint32_t flags)
{
    uint64_t caps = dev->conf.hw_caps;

    switch (flags) {
    case 0:
        return 0;
    case IOMMU_HWPT_ALLOC_NEST_PARENT:
        return km_smmu_can_nest(dev->conf.smmu) ? 0 : -EOPNOTSUPP;
    case IOMMU_HWPT_ALLOC_DIRTY_TRACKING:
        if (caps & IOMMU_HW_CAP_DIRTY_TRACKING) {
            return 0;
        }
        /* fall through */
    default:
        return km_error("paging HWPT with flags 0x%x", flags);
    }
}

static int paging_alloc(struct km_device *dev, struct km_ioas *ioas,
                        uint32_t flags, struct km_hwpt **out)
{
    int ret = paging_check_flags(dev, flags);
    struct km_hwpt *hwpt;

    if (ret) {
        return ret;
    }
    hwpt = km_object_new(ioas->obj.ctx, KM_OBJ_HWPT_PAGING, sizeof(*hwpt),
                         &paging_ops);
    hwpt->smmu = dev->conf.smmu;
    hwpt->ioas = ioas;
    hwpt->nest_parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
    ioas->obj.users++;
    /* beyond what these tables can translate */
    ret = km_ioas_reserve(ioas, 1 + (hwpt->nest_parent
                                     ? km_smmu_aperture(hwpt->smmu)
                                     : KM_STAGE1_LAST), UINT64_MAX, hwpt);
    if (ret) {
        km_object_destroy(ioas->obj.ctx, hwpt->obj.id);
        return ret;
    }
    if (hwpt->nest_parent) {
        hwpt->vmid = km_smmu_get_vmid(hwpt->smmu);
    }
    *out = hwpt;
    return 0;
}

int km_hwpt_auto(struct km_device *dev, struct km_ioas *ioas,
                 struct km_hwpt **hwpt)
{
    int ret = paging_alloc(dev, ioas, 0, hwpt);

    if (!ret) {
        (*hwpt)->auto_domain = true;
    }
    return ret;
}

/* EIO is for what is wrong in the STE itself */
static int validate_vste(uint64_t ste[2], bool *ats)
{
    unsigned config, eats;

    *ats = false;
    if (!(ste[0] & STE0_V)) {
        ste[0] = ste[1] = 0;
        return 0;
    }
    if ((ste[0] & ~STE0_ALLOWED) || (ste[1] & ~STE1_ALLOWED)) {
        return -EIO;
    }
    config = FIELD_GET(STE0_CONFIG, ste[0]);
    if (config != STE_CONFIG_ABORT && config != STE_CONFIG_BYPASS &&
        config != STE_CONFIG_STAGE1) {
        return -EIO;
    }
    eats = FIELD_GET(STE1_EATS, ste[1]);
    ste[1] &= ~STE1_EATS;
    if (eats > EATS_TRANS) {
        return -EIO;
    }
    *ats = config == STE_CONFIG_STAGE1 && eats == EATS_TRANS;
    return 0;
}

static int nested_alloc(struct km_viommu *viommu,
                        const struct iommu_hwpt_alloc *cmd,
                        struct km_hwpt **out)
{
    uint64_t ste[2];
    struct km_hwpt *hwpt;
    bool ats;
    int ret;

    if (cmd->flags || cmd->data_type != IOMMU_HWPT_DATA_ARM_SMMUV3 ||
        cmd->data_len != sizeof(ste)) {
        return km_error("nested HWPT with flags 0x%x and %u bytes of type %u",
                        cmd->flags, cmd->data_len, cmd->data_type);
    }
    memcpy(ste, km_pointer(cmd->data_uptr), sizeof(ste));
    ret = validate_vste(ste, &ats);
    if (ret) {
        return ret;
    }
    hwpt = km_object_new(viommu->obj.ctx, KM_OBJ_HWPT_NESTED,
                         sizeof(*hwpt), &nested_ops);
    hwpt->smmu = viommu->smmu;
    hwpt->viommu = viommu;
    viommu->obj.users++;
    memcpy(hwpt->vste, ste, sizeof(hwpt->vste));
    hwpt->ats = ats;
    *out = hwpt;
    return 0;
}

/* By the type of what it is to be made from */
static int alloc_from(struct km_device *dev, struct km_object *from,
                      const struct iommu_hwpt_alloc *cmd,
                      struct km_hwpt **out)
{
    struct km_viommu *viommu;

    switch (from->type) {
    case KM_OBJ_IOAS:
        return paging_alloc(dev, (struct km_ioas *)from, cmd->flags, out);
    case KM_OBJ_VIOMMU:
        viommu = (struct km_viommu *)from;
        if (viommu->smmu != dev->conf.smmu) {
            return -EINVAL;
        }
        return nested_alloc(viommu, cmd, out);
    default:
        return km_error("HWPT made from object %u", from->id);
    }
}

int km_hwpt_alloc(struct km_context *ctx, void *arg)
{
    struct iommu_hwpt_alloc *cmd = arg;
    struct km_device *dev = km_device_by_id(ctx, cmd->dev_id);
    struct km_object *from = km_object_any(ctx, cmd->pt_id);
    struct km_hwpt *hwpt;
    int ret;

    if (!dev || !from) {
        return -ENOENT;
    }
    ret = alloc_from(dev, from, cmd, &hwpt);
    if (!ret) {
        cmd->out_hwpt_id = hwpt->obj.id;
    }
    return ret;
}

unsigned km_hwpt_ste_config(const struct km_hwpt *hwpt)
{
    return hwpt->vste[0] & STE0_V ? FIELD_GET(STE0_CONFIG, hwpt->vste[0])
                                  : STE_CONFIG_ABORT;
}
