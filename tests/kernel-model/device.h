/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_DEVICE_H
#define KM_DEVICE_H

/*
 * A PCIe function of the host with all that belongs to it: the device itself,
 * VFIO's and iommufd's state, and its entry in the physical stream table.
 */

#include "edu-registers.h"
#include "host-smmu.h"
#include "irq.h"
#include "object.h"
#include "pci-config.h"

struct km_hwpt;
struct km_vdevice;
struct km_viommu;

/*
 * What is behind BAR0: QEMU's educational device (docs/specs/edu.rst), without
 * the factorial. DMA is done when it is started.
 */
struct km_edu {
    uint32_t liveness, irq_status;
    uint64_t dma_src, dma_dst, dma_count, dma_cmd;
    uint8_t buffer[EDU_MEMORY_SIZE];
};

struct km_device {
    unsigned index;
    struct km_device_config conf;       /* as it was at the first use */
    struct km_device_state *state;      /* in the control block */

    /* VFIO */
    struct km_context *ctx;     /* bound to it; a reference is held */
    struct km_object *idev;     /* the device's object in there */
    const void *bound_file;     /* the open file that bound it */
    struct km_config config;
    struct km_irqs irqs;
    struct km_edu edu;

    /* iommufd */
    struct km_hwpt *hwpt;       /* attached to it; one of its users */
    struct km_vdevice *vdev;

    /* SMMU driver: whose events these are, set when attaching */
    struct km_viommu *event_viommu;
    uint32_t event_vsid;
    struct km_ste ste;
};

/* Returns: the device, or NULL if the test configured none of that number */
struct km_device *km_device(unsigned index);
/* Returns: the device with this BDF ("0000:01:00.0"), or NULL */
struct km_device *km_device_by_bdf(const char *bdf, size_t len);
/* Returns: the device bound to @ctx with object ID @id; else NULL, an error */
struct km_device *km_device_by_id(struct km_context *ctx, uint32_t id);

/* Can ATS be used for the device? The kernel keeps it off otherwise. */
bool km_device_can_ats(const struct km_device *dev);

/*
 * Function level reset: of what is behind BAR0. The kernel saves configuration
 * space before, and restores it.
 */
void km_device_reset(struct km_device *dev);

/* BAR0; accesses that the registers do not take read as ones, or do nothing */
uint64_t km_edu_read(struct km_device *dev, uint32_t at, size_t len);
void km_edu_write(struct km_device *dev, uint32_t at, uint64_t value,
                  size_t len);

/*
 * Binding a device to an iommufd, and attaching it to what translates for it.
 * While it is bound and not attached, its DMA is blocked. The devices of one
 * IOMMU group have one owner and one translation, also those nobody opened.
 */

/* Returns: 0 and the device's ID, or -errno */
int km_device_bind(struct km_device *dev, struct km_context *ctx,
                   uint32_t *id);
/* Detach and give the device back to the host. It must be bound. */
void km_device_unbind(struct km_device *dev);

/* @pt_id: an HWPT or an IOAS, in which case it becomes the HWPT's ID */
int km_device_attach(struct km_device *dev, uint32_t *pt_id);
void km_device_detach(struct km_device *dev);

#endif /* KM_DEVICE_H */
