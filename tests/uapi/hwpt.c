/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After hw_pagetable.c of iommufd, and arm_smmu_domain_alloc_paging_flags(),
 * arm_smmu_validate_vste() and arm_vsmmu_alloc_domain_nested() of the
 * arm-smmu-v3 driver, Linux 7.2.
 */
#include <linux/iommufd.h>

#include "device.h"
#include "hwpt.h"
#include "usermem.h"
#include "viommu.h"

/* What a guest may set in the two dwords, and what in them has a meaning */
#define STE0_V UINT64_C(1)
#define STE0_ALLOWED (STE0_V | 0xeull /* Config */ | 0x30ull /* S1Fmt */ | \
                      0xfffffffffffc0ull /* S1ContextPtr */ | \
                      0xf800000000000000ull /* S1CDMax */)
#define STE1_EATS UINT64_C(0x30000000)
#define STE1_ALLOWED (0x3ull /* S1DSS */ | 0xcull /* S1CIR */ | \
                      0x30ull /* S1COR */ | 0xc0ull /* S1CSH */ | \
                      0x8000000ull /* S1STALLD */ | STE1_EATS)
#define EATS(dword1) BITS(dword1, 28, 2)
#define EATS_TRANS 1

static void paging_destroy(struct uapi_object *obj)
{
    struct uapi_hwpt *hwpt = (struct uapi_hwpt *)obj;

    if (hwpt->vmid) {
        uapi_smmu_put_vmid(hwpt->smmu, hwpt->vmid);
    }
    uapi_ioas_remove_domain(hwpt->ioas, hwpt);
    hwpt->ioas->obj.users--;
}

static const struct uapi_object_ops paging_ops = { .destroy = paging_destroy };

static void nested_destroy(struct uapi_object *obj)
{
    struct uapi_hwpt *hwpt = (struct uapi_hwpt *)obj;

    hwpt->viommu->obj.users--;
}

static const struct uapi_object_ops nested_ops = { .destroy = nested_destroy };

static int paging_check_flags(struct uapi_device *dev, uint32_t flags,
                              bool data)
{
    const uint32_t valid = IOMMU_HWPT_ALLOC_NEST_PARENT |
                           IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
                           IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID;

    if (flags & ~valid) {
        return -EOPNOTSUPP;
    }
    if ((flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) &&
        !(dev->conf.hw_caps & IOMMU_HW_CAP_DIRTY_TRACKING)) {
        return -EOPNOTSUPP;
    }
    if ((flags & IOMMU_HWPT_FAULT_ID_VALID) &&
        (flags & IOMMU_HWPT_ALLOC_NEST_PARENT)) {
        return -EOPNOTSUPP;
    }
    if (flags & IOMMU_HWPT_FAULT_ID_VALID) {
        uapi_error("HWPT_ALLOC with a fault queue is not modelled");
        return -EOPNOTSUPP;
    }
    if (data) {
        return -EOPNOTSUPP;
    }
    switch (flags) {
    case 0:
    case IOMMU_HWPT_ALLOC_DIRTY_TRACKING:
    case IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_ALLOC_PASID:
    case IOMMU_HWPT_ALLOC_PASID:
        return 0;
    case IOMMU_HWPT_ALLOC_NEST_PARENT:
        return uapi_smmu_can_nest(dev->conf.smmu) ? 0 : -EOPNOTSUPP;
    default:
        return -EOPNOTSUPP;
    }
}

static int paging_alloc(struct uapi_device *dev, struct uapi_ioas *ioas,
                        uint32_t flags, bool data, struct uapi_hwpt **out)
{
    int ret = paging_check_flags(dev, flags, data);
    struct uapi_hwpt *hwpt;

    if (ret) {
        return ret;
    }
    hwpt = uapi_object_new(ioas->obj.ctx, UAPI_OBJ_HWPT_PAGING, sizeof(*hwpt),
                           &paging_ops);
    hwpt->smmu = dev->conf.smmu;
    hwpt->ioas = ioas;
    hwpt->nest_parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
    ioas->obj.users++;
    ret = uapi_ioas_add_domain(ioas, hwpt->nest_parent
                               ? uapi_smmu_aperture(hwpt->smmu)
                               : UAPI_STAGE1_LAST, hwpt);
    if (ret) {
        ioas->domains++;    /* what destroying takes back */
        uapi_object_destroy(ioas->obj.ctx, hwpt->obj.id);
        return ret;
    }
    if (hwpt->nest_parent) {
        hwpt->vmid = uapi_smmu_get_vmid(hwpt->smmu);
    }
    *out = hwpt;
    return 0;
}

int uapi_hwpt_auto(struct uapi_device *dev, struct uapi_ioas *ioas,
                   struct uapi_hwpt **hwpt)
{
    int ret = paging_alloc(dev, ioas, 0, false, hwpt);

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
    config = BITS(ste[0], 1, 3);
    if (config != STE_CONFIG_ABORT && config != STE_CONFIG_BYPASS &&
        config != STE_CONFIG_S1) {
        return -EIO;
    }
    eats = EATS(ste[1]);
    ste[1] &= ~STE1_EATS;
    if (eats > EATS_TRANS) {
        return -EIO;
    }
    *ats = config == STE_CONFIG_S1 && eats == EATS_TRANS;
    return 0;
}

static int nested_alloc(struct uapi_viommu *viommu,
                        const struct iommu_hwpt_alloc *cmd,
                        struct uapi_hwpt **out)
{
    struct iommu_hwpt_arm_smmuv3 data;
    struct uapi_hwpt *hwpt;
    bool ats;
    int ret;

    if ((cmd->flags & ~IOMMU_HWPT_FAULT_ID_VALID) || !cmd->data_len) {
        return -EOPNOTSUPP;
    }
    if (cmd->data_type != IOMMU_HWPT_DATA_ARM_SMMUV3 ||
        cmd->data_len != sizeof(data)) {
        return -EINVAL;     /* all that there is is also the least there was */
    }
    if (!uapi_copy_in(&data, cmd->data_uptr, sizeof(data))) {
        return -EFAULT;
    }
    ret = validate_vste((uint64_t *)data.ste, &ats);
    if (ret) {
        return ret;
    }
    if (cmd->flags) {
        uapi_error("HWPT_ALLOC with a fault queue is not modelled");
        return -EOPNOTSUPP;
    }
    hwpt = uapi_object_new(viommu->obj.ctx, UAPI_OBJ_HWPT_NESTED,
                           sizeof(*hwpt), &nested_ops);
    hwpt->smmu = viommu->smmu;
    hwpt->viommu = viommu;
    viommu->obj.users++;
    memcpy(hwpt->vste, data.ste, sizeof(hwpt->vste));
    hwpt->ats = ats;
    *out = hwpt;
    return 0;
}

/* By the type of what it is to be made from */
static int alloc_from(struct uapi_device *dev, struct uapi_object *from,
                      const struct iommu_hwpt_alloc *cmd,
                      struct uapi_hwpt **out)
{
    struct uapi_viommu *viommu;

    switch (from->type) {
    case UAPI_OBJ_IOAS:
        return paging_alloc(dev, (struct uapi_ioas *)from, cmd->flags,
                            cmd->data_len != 0, out);
    case UAPI_OBJ_HWPT_PAGING:
        return -EOPNOTSUPP; /* the driver nests on a vIOMMU only */
    case UAPI_OBJ_VIOMMU:
        viommu = (struct uapi_viommu *)from;
        if (viommu->smmu != dev->conf.smmu) {
            return -EINVAL;
        }
        return nested_alloc(viommu, cmd, out);
    default:
        return -EINVAL;
    }
}

int uapi_hwpt_alloc(struct uapi_context *ctx, void *arg)
{
    struct iommu_hwpt_alloc *cmd = arg;
    struct uapi_hwpt *hwpt;
    struct uapi_object *from;
    struct uapi_device *dev;
    int ret;

    if (cmd->__reserved) {
        return -EOPNOTSUPP;
    }
    if ((cmd->data_type == IOMMU_HWPT_DATA_NONE) != !cmd->data_len) {
        return -EINVAL;
    }
    dev = uapi_device_by_id(ctx, cmd->dev_id);
    if (!dev) {
        return -ENOENT;
    }
    from = uapi_object_any(ctx, cmd->pt_id);
    if (!from) {
        return -EINVAL;
    }
    ret = alloc_from(dev, from, cmd, &hwpt);
    if (!ret) {
        cmd->out_hwpt_id = hwpt->obj.id;
    }
    return ret;
}

unsigned uapi_hwpt_ste_config(const struct uapi_hwpt *hwpt)
{
    return hwpt->vste[0] & STE0_V ? BITS(hwpt->vste[0], 1, 3)
                                  : STE_CONFIG_ABORT;
}
