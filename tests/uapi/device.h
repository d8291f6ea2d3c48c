/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_DEVICE_H
#define UAPI_DEVICE_H

/*
 * A PCIe function of the host with all that belongs to it: the device itself,
 * VFIO's and iommufd's state, and its entry in the physical stream table.
 */

#include "config.h"
#include "edu-registers.h"
#include "irq.h"
#include "object.h"
#include "smmu.h"

struct uapi_hwpt;
struct uapi_vdevice;
struct uapi_viommu;

/*
 * What is behind BAR0: QEMU's educational device (docs/specs/edu.rst), without
 * the factorial. DMA is done when it is started.
 */
struct uapi_edu {
    uint32_t liveness, irq_status;
    uint64_t dma_src, dma_dst, dma_count, dma_cmd;
    uint8_t buffer[EDU_MEMORY_SIZE];
};

struct uapi_device {
    unsigned index;
    struct uapi_device_config conf;     /* as it was at the first use */
    struct uapi_device_state *state;    /* in the control block */

    /* VFIO */
    struct uapi_context *ctx;   /* bound to it; a reference is held */
    struct uapi_object *idev;   /* the device's object in there */
    const void *bound_file;     /* the open file that bound it */
    struct uapi_config config;
    struct uapi_irqs irqs;
    struct uapi_edu edu;

    /* iommufd */
    struct uapi_hwpt *hwpt;     /* attached to it; one of its users */
    struct uapi_vdevice *vdev;

    /* SMMU driver: whose events these are, set when attaching */
    struct uapi_viommu *event_viommu;
    uint32_t event_vsid;
    struct uapi_ste ste;
};

/* Returns: the device, or NULL if the test configured none of that number */
struct uapi_device *uapi_device(unsigned index);
/* Returns: the device with this BDF ("0000:01:00.0"), or NULL */
struct uapi_device *uapi_device_by_bdf(const char *bdf, size_t len);
/* Returns: the device bound to @ctx with object ID @id; else NULL, an error */
struct uapi_device *uapi_device_by_id(struct uapi_context *ctx, uint32_t id);

/* Can ATS be used for the device? The kernel keeps it off otherwise. */
bool uapi_device_can_ats(const struct uapi_device *dev);

/*
 * Function level reset: of what is behind BAR0. The kernel saves configuration
 * space before, and restores it.
 */
void uapi_device_reset(struct uapi_device *dev);

/* BAR0; accesses that the registers do not take read as ones, or do nothing */
uint64_t uapi_edu_read(struct uapi_device *dev, uint32_t at, size_t len);
void uapi_edu_write(struct uapi_device *dev, uint32_t at, uint64_t value,
                    size_t len);

#endif /* UAPI_DEVICE_H */
