/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_VIOMMU_H
#define UAPI_VIOMMU_H

/*
 * A vIOMMU, the guest's part of a physical SMMU; vDEVICEs, which give devices
 * a StreamID of the guest's in it; and invalidation by the guest's commands.
 */

#include "hwpt.h"

struct uapi_device;
struct uapi_veventq;

struct uapi_viommu {
    struct uapi_object obj;
    unsigned smmu;
    struct uapi_hwpt *parent;       /* stage 2; one of its users */
    struct uapi_veventq *veventq;   /* one at most, for there is one type */
};

struct uapi_vdevice {
    struct uapi_object obj;
    struct uapi_viommu *viommu;     /* one of its users */
    struct uapi_device *dev;
    uint64_t virt_id;               /* StreamID */
};

int uapi_viommu_alloc(struct uapi_context *ctx, void *cmd);
int uapi_vdevice_alloc(struct uapi_context *ctx, void *cmd);

/* Returns: the device with StreamID @vsid, or NULL */
struct uapi_device *uapi_viommu_find(struct uapi_viommu *viommu,
                                     uint64_t vsid);

/* IOMMU_HWPT_INVALIDATE */
int uapi_invalidate(struct uapi_context *ctx, void *cmd);

#endif /* UAPI_VIOMMU_H */
