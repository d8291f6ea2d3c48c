/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After viommu.c of iommufd and arm-smmu-v3-iommufd.c, Linux 7.2. */
#include <linux/iommufd.h>

#include "device.h"
#include "kernel.h"
#include "viommu.h"

static void viommu_destroy(struct uapi_object *obj)
{
    struct uapi_viommu *viommu = (struct uapi_viommu *)obj;

    viommu->parent->obj.users--;
}

static const struct uapi_object_ops viommu_ops = { .destroy = viommu_destroy };

/* Does the driver have a vIOMMU for the device at all? */
static bool driver_has_viommu(const struct uapi_device *dev, uint32_t type)
{
    if (!uapi_smmu_can_nest(dev->conf.smmu)) {
        return false;
    }
    if (!(dev->conf.flags & UAPI_DEV_CANWBS) &&
        !uapi_smmu_has_s2fwb(dev->conf.smmu)) {
        return false;
    }
    return type == IOMMU_VIOMMU_TYPE_ARM_SMMUV3;
}

int uapi_viommu_alloc(struct uapi_context *ctx, void *arg)
{
    struct iommu_viommu_alloc *cmd = arg;
    struct uapi_viommu *viommu;
    struct uapi_hwpt *parent;
    struct uapi_device *dev;

    if (cmd->flags || cmd->type == IOMMU_VIOMMU_TYPE_DEFAULT) {
        return -EOPNOTSUPP;
    }
    dev = uapi_device_by_id(ctx, cmd->dev_id);
    if (!dev) {
        return -ENOENT;
    }
    if (!driver_has_viommu(dev, cmd->type)) {
        return -EOPNOTSUPP;
    }
    parent = (struct uapi_hwpt *)uapi_object_find(ctx, cmd->hwpt_id,
                                                  UAPI_OBJ_HWPT_PAGING);
    if (!parent) {
        return -ENOENT;
    }
    if (!parent->nest_parent || parent->smmu != dev->conf.smmu) {
        return -EINVAL;
    }
    viommu = uapi_object_new(ctx, UAPI_OBJ_VIOMMU, sizeof(*viommu),
                             &viommu_ops);
    viommu->smmu = dev->conf.smmu;
    viommu->parent = parent;
    parent->obj.users++;
    cmd->out_viommu_id = viommu->obj.id;
    return 0;
}

static void vdevice_destroy(struct uapi_object *obj)
{
    struct uapi_vdevice *vdev = (struct uapi_vdevice *)obj;

    vdev->dev->vdev = NULL;
    atomic_store(&vdev->dev->state->vsid_set, 0);
    vdev->viommu->obj.users--;
}

static const struct uapi_object_ops vdevice_ops = {
    .destroy = vdevice_destroy
};

struct find {
    struct uapi_viommu *viommu;
    uint64_t vsid;
    struct uapi_device *dev;
};

static bool find_vdevice(struct uapi_object *obj, void *opaque)
{
    struct uapi_vdevice *vdev = (struct uapi_vdevice *)obj;
    struct find *find = opaque;

    if (vdev->viommu == find->viommu && vdev->virt_id == find->vsid) {
        find->dev = vdev->dev;
    }
    return !find->dev;
}

struct uapi_device *uapi_viommu_find(struct uapi_viommu *viommu,
                                     uint64_t vsid)
{
    struct find find = { .viommu = viommu, .vsid = vsid };

    uapi_object_each(viommu->obj.ctx, UAPI_OBJ_VDEVICE, find_vdevice, &find);
    return find.dev;
}

int uapi_vdevice_alloc(struct uapi_context *ctx, void *arg)
{
    struct iommu_vdevice_alloc *cmd = arg;
    struct uapi_viommu *viommu;
    struct uapi_vdevice *vdev;
    struct uapi_device *dev;

    viommu = (struct uapi_viommu *)uapi_object_find(ctx, cmd->viommu_id,
                                                    UAPI_OBJ_VIOMMU);
    if (!viommu) {
        return -ENOENT;
    }
    dev = uapi_device_by_id(ctx, cmd->dev_id);
    if (!dev) {
        return -ENOENT;
    }
    if (viommu->smmu != dev->conf.smmu) {
        return -EINVAL;
    }
    if (dev->vdev || uapi_viommu_find(viommu, cmd->virt_id)) {
        return -EEXIST;
    }
    if (dev->conf.num_streams != 1 && uapi_kernel_has(UAPI_RULE_ONE_STREAM)) {
        return -EOPNOTSUPP;
    }
    vdev = uapi_object_new(ctx, UAPI_OBJ_VDEVICE, sizeof(*vdev), &vdevice_ops);
    vdev->viommu = viommu;
    vdev->dev = dev;
    vdev->virt_id = cmd->virt_id;
    viommu->obj.users++;
    dev->vdev = vdev;
    atomic_store(&dev->state->vsid, (uint32_t)cmd->virt_id);
    atomic_store(&dev->state->vsid_set, 1);
    cmd->out_vdevice_id = vdev->obj.id;
    return 0;
}
