/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After main.c of iommufd and iommufd_get_hw_info(), Linux 7.2. */
#include <linux/iommufd.h>

#include "device.h"
#include "file.h"
#include "hwpt.h"
#include "ioas.h"
#include "kernel.h"
#include "veventq.h"
#include "viommu.h"

static int destroy(struct km_context *ctx, void *arg)
{
    struct iommu_destroy *cmd = arg;

    return km_object_destroy(ctx, cmd->id);
}

static int get_hw_info(struct km_context *ctx, void *arg)
{
    struct iommu_hw_info *cmd = arg;
    struct km_device *dev = km_device_by_id(ctx, cmd->dev_id);
    struct iommu_hw_info_arm_smmuv3 info = { 0 };
    const struct km_smmu_config *smmu;
    uint32_t len = sizeof(info), copy;

    if (!dev || cmd->flags) {
        return km_error("GET_HW_INFO with flags 0x%x", cmd->flags);
    }
    smmu = km_smmu_config(dev->conf.smmu);
    info.iidr = smmu->iidr;
    info.aidr = smmu->aidr;
    memcpy(info.idr, smmu->idr, sizeof(info.idr));
    cmd->out_data_type = IOMMU_HW_INFO_TYPE_ARM_SMMUV3;
    if (dev->conf.flags & (KM_DEV_NO_HW_INFO | KM_DEV_OTHER_IOMMU)) {
        cmd->out_data_type = dev->conf.flags & KM_DEV_OTHER_IOMMU ?
                             INT32_MAX : IOMMU_HW_INFO_TYPE_NONE;
        len = 0;
    }
    copy = cmd->data_len < len ? cmd->data_len : len;
    memset(km_pointer(cmd->data_uptr), 0, cmd->data_len);
    memcpy(km_pointer(cmd->data_uptr), &info, copy);
    cmd->data_len = len;
    cmd->out_capabilities = dev->conf.hw_caps;
    if (km_kernel_has(KM_RULE_REPORTS_NO_ATS) &&
        !km_device_can_ats(dev)) {
        cmd->out_capabilities |= KM_HW_CAP_NO_ATS;
    }
    cmd->out_max_pasid_log2 = dev->conf.max_pasid_log2;
    return 0;
}

/* The process does not change, so there is nothing to do */
static int change_process(struct km_context *ctx, void *arg)
{
    return 0;
}

static const struct ioctl {
    unsigned long request;
    enum km_call call;
    int (*fn)(struct km_context *ctx, void *cmd);
    uint32_t size;
} ioctls[] = {
    { IOMMU_DESTROY, KM_DESTROY, destroy, sizeof(struct iommu_destroy) },
    { IOMMU_GET_HW_INFO, KM_GET_HW_INFO, get_hw_info,
      sizeof(struct iommu_hw_info) },
    { IOMMU_HWPT_ALLOC, KM_HWPT_ALLOC, km_hwpt_alloc,
      sizeof(struct iommu_hwpt_alloc) },
    { IOMMU_HWPT_INVALIDATE, KM_HWPT_INVALIDATE, km_invalidate,
      sizeof(struct iommu_hwpt_invalidate) },
    { IOMMU_IOAS_ALLOC, KM_IOAS_ALLOC, km_ioas_alloc,
      sizeof(struct iommu_ioas_alloc) },
    { IOMMU_IOAS_CHANGE_PROCESS, KM_IOAS_CHANGE_PROCESS, change_process,
      sizeof(struct iommu_ioas_change_process) },
    { IOMMU_IOAS_IOVA_RANGES, KM_IOAS_IOVA_RANGES, km_ioas_iova_ranges,
      sizeof(struct iommu_ioas_iova_ranges) },
    { IOMMU_IOAS_MAP, KM_IOAS_MAP, km_ioas_map,
      sizeof(struct iommu_ioas_map) },
    { IOMMU_IOAS_UNMAP, KM_IOAS_UNMAP, km_ioas_unmap,
      sizeof(struct iommu_ioas_unmap) },
    { IOMMU_VDEVICE_ALLOC, KM_VDEVICE_ALLOC, km_vdevice_alloc,
      sizeof(struct iommu_vdevice_alloc) },
    { IOMMU_VEVENTQ_ALLOC, KM_VEVENTQ_ALLOC, km_veventq_alloc,
      sizeof(struct iommu_veventq_alloc) },
    { IOMMU_VIOMMU_ALLOC, KM_VIOMMU_ALLOC, km_viommu_alloc,
      sizeof(struct iommu_viommu_alloc) },
};

/* Every command begins with its size */
static int execute(struct km_context *ctx, const struct ioctl *op, void *arg)
{
    uint32_t size = *(const uint32_t *)arg;
    int ret = km_enter(op->call);

    if (!ret) {
        ret = size == op->size ? op->fn(ctx, arg)
            : km_error("ioctl 0x%lx with a size of %u", op->request, size);
        km_leave(op->call, ret);
    }
    return ret;
}

static int iommufd_ioctl(struct km_file *file, unsigned long request,
                         void *arg)
{
    for (size_t i = 0; i < ARRAY_SIZE(ioctls); i++) {
        if (ioctls[i].request == request) {
            return execute(file->opaque, &ioctls[i], arg);
        }
    }
    km_error("ioctl 0x%lx of /dev/iommu is not modelled", request);
    return -ENOTTY;
}

static void iommufd_release(struct km_file *file)
{
    km_context_put(file->opaque);
}

static const struct km_file_ops iommufd_ops = {
    .ioctl = iommufd_ioctl,
    .release = iommufd_release,
};

void km_iommufd_open(int fd)
{
    km_file_install(fd, KM_FILE_IOMMU, &iommufd_ops, km_context_new());
}

struct km_context *km_iommufd_context(struct km_file *file)
{
    return file && file->type == KM_FILE_IOMMU ? file->opaque : NULL;
}
