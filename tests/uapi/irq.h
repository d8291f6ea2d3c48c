/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_IRQ_H
#define UAPI_IRQ_H

/*
 * VFIO_DEVICE_SET_IRQS and what comes of it. An MSI is a write of the device
 * to the host kernel's doorbell: it only arrives if the SMMU lets it through.
 * INTx, errors and requests can be set up, and are never signalled.
 */

#include "model.h"

struct uapi_device;

#define UAPI_MAX_VECTORS 64

struct uapi_irqs {
    int type;                   /* index in use, -1: none */
    int fd[UAPI_MAX_VECTORS];   /* eventfds of its vectors, our own; or -1 */
    unsigned vectors;
};

void uapi_irqs_init(struct uapi_irqs *irqs);
/* Close all eventfds */
void uapi_irqs_release(struct uapi_irqs *irqs);
/* @arg: struct vfio_irq_set, struct vfio_irq_info of the caller */
int uapi_irq_set(struct uapi_device *dev, void *arg);
int uapi_irq_info(struct uapi_device *dev, void *arg);

/* The device sends MSI @vector. Returns: 0, or -ENXIO if MSIs are off */
int uapi_irq_raise(struct uapi_device *dev, unsigned vector);
/* Has the kernel set up MSIs, and so mapped the doorbell for the device? */
bool uapi_irq_msi_mapped(const struct uapi_device *dev);

#endif /* UAPI_IRQ_H */
