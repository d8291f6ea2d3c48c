/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_IRQ_H
#define KM_IRQ_H

/*
 * VFIO_DEVICE_SET_IRQS and what comes of it. An MSI is a write of the device
 * to the host kernel's doorbell: it only arrives if the SMMU lets it through.
 * INTx, errors and requests can be set up, and are never signalled.
 */

#include "model.h"

struct km_device;

#define KM_MAX_VECTORS 64

struct km_irqs {
    int type;                   /* index in use, -1: none */
    int fd[KM_MAX_VECTORS];     /* eventfds of its vectors, our own; or -1 */
    unsigned vectors;
};

void km_irqs_init(struct km_irqs *irqs);
/* Close all eventfds */
void km_irqs_release(struct km_irqs *irqs);
/* @arg: struct vfio_irq_set, struct vfio_irq_info of the caller */
int km_irq_set(struct km_device *dev, void *arg);
int km_irq_info(struct km_device *dev, void *arg);

/* The device sends MSI @vector. Returns: 0, or -ENXIO if MSIs are off */
int km_irq_raise(struct km_device *dev, unsigned vector);
/* Has the kernel set up MSIs, and so mapped the doorbell for the device? */
bool km_irq_msi_mapped(const struct km_device *dev);

#endif /* KM_IRQ_H */
