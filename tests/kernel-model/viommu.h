/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_VIOMMU_H
#define KM_VIOMMU_H

/*
 * A vIOMMU, the guest's part of a physical SMMU; vDEVICEs, which give devices
 * a StreamID of the guest's in it; and invalidation by the guest's commands.
 */

#include "hwpt.h"

struct km_device;
struct km_veventq;

struct km_viommu {
    struct km_object obj;
    unsigned smmu;
    struct km_hwpt *parent;         /* stage 2; one of its users */
    struct km_veventq *veventq;     /* one at most, for there is one type */
};

struct km_vdevice {
    struct km_object obj;
    struct km_viommu *viommu;       /* one of its users */
    struct km_device *dev;
    uint64_t virt_id;               /* StreamID */
};

int km_viommu_alloc(struct km_context *ctx, void *cmd);
int km_vdevice_alloc(struct km_context *ctx, void *cmd);

/* Returns: the device with StreamID @vsid, or NULL */
struct km_device *km_viommu_find(struct km_viommu *viommu,
                                 uint64_t vsid);

/* IOMMU_HWPT_INVALIDATE */
int km_invalidate(struct km_context *ctx, void *cmd);

#endif /* KM_VIOMMU_H */
