/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After main.c of iommufd and iommufd_get_hw_info(), Linux 7.2. */
#include <linux/iommufd.h>

#include "device.h"
#include "hwpt.h"
#include "ioas.h"
#include "iommufd.h"
#include "kernel.h"
#include "usermem.h"
#include "veventq.h"
#include "viommu.h"

static int destroy(struct uapi_context *ctx, void *arg)
{
    struct iommu_destroy *cmd = arg;

    return uapi_object_destroy(ctx, cmd->id);
}

static int copy_hw_info(const struct uapi_device *dev,
                        struct iommu_hw_info *cmd)
{
    const struct uapi_smmu_config *smmu = uapi_smmu_config(dev->conf.smmu);
    struct iommu_hw_info_arm_smmuv3 info = {
        .iidr = smmu->iidr, .aidr = smmu->aidr,
    };
    uint32_t len = sizeof(info), copy;
    static const uint8_t zero;

    memcpy(info.idr, smmu->idr, sizeof(info.idr));
    cmd->out_data_type = IOMMU_HW_INFO_TYPE_ARM_SMMUV3;
    if (dev->conf.flags & UAPI_DEV_NO_HW_INFO) {
        cmd->out_data_type = IOMMU_HW_INFO_TYPE_NONE;
        len = 0;
    }
    copy = cmd->data_len < len ? cmd->data_len : len;
    if (!uapi_copy_out(cmd->data_uptr, &info, copy)) {
        return -EFAULT;
    }
    for (uint32_t i = copy; i < cmd->data_len; i++) {
        if (!uapi_copy_out(cmd->data_uptr + i, &zero, 1)) {
            return -EFAULT;
        }
    }
    cmd->data_len = len;
    return 0;
}

static int get_hw_info(struct uapi_context *ctx, void *arg)
{
    struct iommu_hw_info *cmd = arg;
    struct uapi_device *dev;
    int ret;

    if ((cmd->flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE) || cmd->__reserved[0] ||
        cmd->__reserved[1] || cmd->__reserved[2]) {
        return -EOPNOTSUPP;
    }
    if (!(cmd->flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE)) {
        cmd->in_data_type = IOMMU_HW_INFO_TYPE_DEFAULT;
    }
    dev = uapi_device_by_id(ctx, cmd->dev_id);
    if (!dev) {
        return -ENOENT;
    }
    if (cmd->in_data_type != IOMMU_HW_INFO_TYPE_DEFAULT &&
        cmd->in_data_type != IOMMU_HW_INFO_TYPE_ARM_SMMUV3) {
        return -EOPNOTSUPP;
    }
    ret = copy_hw_info(dev, cmd);
    if (ret) {
        return ret;
    }
    cmd->out_capabilities = dev->conf.hw_caps;
    if (uapi_kernel_has(UAPI_RULE_REPORTS_NO_ATS) &&
        !uapi_device_can_ats(dev)) {
        cmd->out_capabilities |= UAPI_HW_CAP_NO_ATS;
    }
    cmd->out_max_pasid_log2 = dev->conf.max_pasid_log2;
    return 0;
}

static int option(struct uapi_context *ctx, void *arg)
{
    struct iommu_option *cmd = arg;

    if (cmd->__reserved) {
        return -EOPNOTSUPP;
    }
    if (cmd->option_id == IOMMU_OPTION_RLIMIT_MODE ||
        cmd->option_id == IOMMU_OPTION_HUGE_PAGES) {
        uapi_error("IOMMU_OPTION %u is not modelled", cmd->option_id);
    }
    return -EOPNOTSUPP;
}

/* The process does not change, so there is nothing to do */
static int change_process(struct uapi_context *ctx, void *arg)
{
    struct iommu_ioas_change_process *cmd = arg;

    return cmd->__reserved ? -EOPNOTSUPP : 0;
}

/* Known to the kernel, and not to the model */
static int unknown(struct uapi_context *ctx, void *arg)
{
    uapi_error("this ioctl of /dev/iommu is not modelled");
    return -ENOTTY;
}

#define END(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))
#define OP(request, call, fn, type, last) \
    { request, call, fn, sizeof(type), END(type, last) }

static const struct ioctl {
    unsigned long request;
    enum uapi_call call;
    int (*fn)(struct uapi_context *ctx, void *cmd);
    uint32_t size, min_size;
} ioctls[] = {
    OP(IOMMU_DESTROY, UAPI_DESTROY, destroy, struct iommu_destroy, id),
    OP(IOMMU_FAULT_QUEUE_ALLOC, UAPI_FAULT_QUEUE_ALLOC, unknown,
       struct iommu_fault_alloc, out_fault_fd),
    OP(IOMMU_GET_HW_INFO, UAPI_GET_HW_INFO, get_hw_info, struct iommu_hw_info,
       __reserved),
    OP(IOMMU_HW_QUEUE_ALLOC, UAPI_HW_QUEUE_ALLOC, unknown,
       struct iommu_hw_queue_alloc, length),
    OP(IOMMU_HWPT_ALLOC, UAPI_HWPT_ALLOC, uapi_hwpt_alloc,
       struct iommu_hwpt_alloc, __reserved),
    OP(IOMMU_HWPT_GET_DIRTY_BITMAP, UAPI_HWPT_GET_DIRTY_BITMAP, unknown,
       struct iommu_hwpt_get_dirty_bitmap, data),
    OP(IOMMU_HWPT_INVALIDATE, UAPI_HWPT_INVALIDATE, uapi_invalidate,
       struct iommu_hwpt_invalidate, __reserved),
    OP(IOMMU_HWPT_SET_DIRTY_TRACKING, UAPI_HWPT_SET_DIRTY_TRACKING, unknown,
       struct iommu_hwpt_set_dirty_tracking, __reserved),
    OP(IOMMU_IOAS_ALLOC, UAPI_IOAS_ALLOC, uapi_ioas_alloc,
       struct iommu_ioas_alloc, out_ioas_id),
    OP(IOMMU_IOAS_ALLOW_IOVAS, UAPI_IOAS_ALLOW_IOVAS, unknown,
       struct iommu_ioas_allow_iovas, allowed_iovas),
    OP(IOMMU_IOAS_CHANGE_PROCESS, UAPI_IOAS_CHANGE_PROCESS, change_process,
       struct iommu_ioas_change_process, __reserved),
    OP(IOMMU_IOAS_COPY, UAPI_IOAS_COPY, unknown, struct iommu_ioas_copy,
       src_iova),
    OP(IOMMU_IOAS_IOVA_RANGES, UAPI_IOAS_IOVA_RANGES, uapi_ioas_iova_ranges,
       struct iommu_ioas_iova_ranges, out_iova_alignment),
    OP(IOMMU_IOAS_MAP, UAPI_IOAS_MAP, uapi_ioas_map, struct iommu_ioas_map,
       iova),
    OP(IOMMU_IOAS_MAP_FILE, UAPI_IOAS_MAP_FILE, uapi_ioas_map_file,
       struct iommu_ioas_map_file, iova),
    OP(IOMMU_IOAS_UNMAP, UAPI_IOAS_UNMAP, uapi_ioas_unmap,
       struct iommu_ioas_unmap, length),
    OP(IOMMU_OPTION, UAPI_OPTION, option, struct iommu_option, val64),
    OP(IOMMU_VDEVICE_ALLOC, UAPI_VDEVICE_ALLOC, uapi_vdevice_alloc,
       struct iommu_vdevice_alloc, virt_id),
    OP(IOMMU_VEVENTQ_ALLOC, UAPI_VEVENTQ_ALLOC, uapi_veventq_alloc,
       struct iommu_veventq_alloc, out_veventq_fd),
    OP(IOMMU_VFIO_IOAS, UAPI_VFIO_IOAS, unknown, struct iommu_vfio_ioas,
       __reserved),
    OP(IOMMU_VIOMMU_ALLOC, UAPI_VIOMMU_ALLOC, uapi_viommu_alloc,
       struct iommu_viommu_alloc, out_viommu_id),
};

#define CMD_MAX 128

static int execute(struct uapi_context *ctx, const struct ioctl *op,
                   uint64_t arg)
{
    uint64_t buf[CMD_MAX / sizeof(uint64_t)];
    uint32_t user_size;
    int ret = uapi_enter(op->call);

    if (ret) {
        return ret;
    }
    if (!uapi_copy_in(&user_size, arg, sizeof(user_size))) {
        ret = -EFAULT;
    } else if (user_size < op->min_size) {
        ret = -EINVAL;
    } else {
        ret = uapi_copy_struct(buf, op->size, arg, user_size);
    }
    if (ret) {
        uapi_leave(op->call, ret);
        return ret;
    }
    ret = op->fn(ctx, buf);
    /* Some answer even when they fail: entry_num, num_iovas */
    if ((!ret || op->call == UAPI_HWPT_INVALIDATE || ret == -EMSGSIZE) &&
        !uapi_copy_out(arg, buf, user_size < op->size ? user_size : op->size)) {
        ret = -EFAULT;
    }
    uapi_leave(op->call, ret);
    return ret;
}

static int iommufd_ioctl(struct uapi_file *file, unsigned long request,
                         void *arg)
{
    for (size_t i = 0; i < ARRAY_SIZE(ioctls); i++) {
        if (ioctls[i].request == request) {
            return execute(file->opaque, &ioctls[i], (uintptr_t)arg);
        }
    }
    uapi_error("ioctl 0x%lx is none of /dev/iommu", request);
    return -ENOTTY;
}

static void iommufd_release(struct uapi_file *file)
{
    uapi_context_put(file->opaque);
}

static const struct uapi_file_ops iommufd_ops = {
    .ioctl = iommufd_ioctl,
    .release = iommufd_release,
};

void uapi_iommufd_open(int fd)
{
    uapi_file_install(fd, UAPI_FILE_IOMMU, &iommufd_ops, uapi_context_new());
}

struct uapi_context *uapi_iommufd_context(struct uapi_file *file)
{
    return file && file->type == UAPI_FILE_IOMMU ? file->opaque : NULL;
}
