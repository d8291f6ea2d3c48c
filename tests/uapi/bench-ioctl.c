/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function for each ioctl that the tests use. */
#include "bench.h"

int io_destroy(struct bench *b, uint32_t id)
{
    struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

    return bench_ioctl(b->iommu, IOMMU_DESTROY, &cmd);
}

int io_ioas(struct bench *b, uint32_t *id)
{
    struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
    int error = bench_ioctl(b->iommu, IOMMU_IOAS_ALLOC, &cmd);

    *id = cmd.out_ioas_id;
    return error;
}

int io_map(struct bench *b, uint32_t ioas, uint64_t iova, void *va,
           uint64_t len, bool write)
{
    struct iommu_ioas_map cmd = {
        .size = sizeof(cmd),
        .flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
                 (write ? IOMMU_IOAS_MAP_WRITEABLE : 0),
        .ioas_id = ioas, .user_va = (uintptr_t)va, .length = len, .iova = iova,
    };

    return bench_ioctl(b->iommu, IOMMU_IOAS_MAP, &cmd);
}

int io_unmap(struct bench *b, uint32_t ioas, uint64_t iova, uint64_t len)
{
    struct iommu_ioas_unmap cmd = {
        .size = sizeof(cmd), .ioas_id = ioas, .iova = iova, .length = len,
    };

    return bench_ioctl(b->iommu, IOMMU_IOAS_UNMAP, &cmd);
}

int io_paging(struct bench *b, uint32_t dev, uint32_t ioas, uint32_t flags,
              uint32_t *id)
{
    struct iommu_hwpt_alloc cmd = {
        .size = sizeof(cmd), .flags = flags, .dev_id = dev, .pt_id = ioas,
    };
    int error = bench_ioctl(b->iommu, IOMMU_HWPT_ALLOC, &cmd);

    *id = cmd.out_hwpt_id;
    return error;
}

int io_nested(struct bench *b, uint32_t dev, uint32_t viommu, uint64_t ste0,
              uint64_t ste1, uint32_t *id)
{
    struct iommu_hwpt_arm_smmuv3 data = { .ste = { ste0, ste1 } };
    struct iommu_hwpt_alloc cmd = {
        .size = sizeof(cmd), .dev_id = dev, .pt_id = viommu,
        .data_type = IOMMU_HWPT_DATA_ARM_SMMUV3, .data_len = sizeof(data),
        .data_uptr = (uintptr_t)&data,
    };
    int error = bench_ioctl(b->iommu, IOMMU_HWPT_ALLOC, &cmd);

    *id = cmd.out_hwpt_id;
    return error;
}

int io_viommu(struct bench *b, uint32_t dev, uint32_t parent, uint32_t *id)
{
    struct iommu_viommu_alloc cmd = {
        .size = sizeof(cmd), .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
        .dev_id = dev, .hwpt_id = parent,
    };
    int error = bench_ioctl(b->iommu, IOMMU_VIOMMU_ALLOC, &cmd);

    *id = cmd.out_viommu_id;
    return error;
}

int io_vdevice(struct bench *b, uint32_t dev, uint32_t viommu, uint64_t vsid,
               uint32_t *id)
{
    struct iommu_vdevice_alloc cmd = {
        .size = sizeof(cmd), .viommu_id = viommu, .dev_id = dev,
        .virt_id = vsid,
    };
    int error = bench_ioctl(b->iommu, IOMMU_VDEVICE_ALLOC, &cmd);

    *id = cmd.out_vdevice_id;
    return error;
}

int io_veventq(struct bench *b, uint32_t viommu, uint32_t depth, uint32_t *id,
               int *fd)
{
    struct iommu_veventq_alloc cmd = {
        .size = sizeof(cmd), .viommu_id = viommu,
        .type = IOMMU_VEVENTQ_TYPE_ARM_SMMUV3, .veventq_depth = depth,
    };
    int error = bench_ioctl(b->iommu, IOMMU_VEVENTQ_ALLOC, &cmd);

    *id = cmd.out_veventq_id;
    *fd = cmd.out_veventq_fd;
    return error;
}

int io_invalidate(struct bench *b, uint32_t id, const uint64_t (*cmds)[2],
                  uint32_t *num)
{
    struct iommu_hwpt_invalidate cmd = {
        .size = sizeof(cmd), .hwpt_id = id, .data_uptr = (uintptr_t)cmds,
        .data_type = IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3,
        .entry_len = sizeof(*cmds), .entry_num = *num,
    };
    int error = bench_ioctl(b->iommu, IOMMU_HWPT_INVALIDATE, &cmd);

    *num = cmd.entry_num;
    return error;
}

int io_attach(int cdev, uint32_t pt)
{
    struct vfio_device_attach_iommufd_pt cmd = {
        .argsz = sizeof(cmd), .pt_id = pt,
    };

    return bench_ioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd);
}

int io_detach(int cdev)
{
    struct vfio_device_detach_iommufd_pt cmd = { .argsz = sizeof(cmd) };

    return bench_ioctl(cdev, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd);
}
