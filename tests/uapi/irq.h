/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_IRQ_H
#define UAPI_IRQ_H

/*
 * VFIO_DEVICE_SET_IRQS and what comes of it. INTx is level-triggered and
 * masks itself when it was signalled. An MSI is a write of the device to the
 * host kernel's doorbell: it only arrives if the SMMU lets it through.
 */

#include "model.h"

struct uapi_device;
struct vfio_irq_info;

#define UAPI_MAX_VECTORS 64

struct uapi_irqs {
    int type;                   /* index in use, -1: none */
    int fd[UAPI_MAX_VECTORS];   /* eventfds of its vectors, our own; or -1 */
    unsigned vectors;
    bool intx_masked;
    bool intx_pending;          /* the device asserts INTx */
    int err_fd, req_fd;         /* -1: none */
};

void uapi_irqs_init(struct uapi_irqs *irqs);
/* Close all eventfds */
void uapi_irqs_release(struct uapi_device *dev);
/* @arg: struct vfio_irq_set, struct vfio_irq_info of the caller */
int uapi_irq_set(struct uapi_device *dev, uint64_t arg);
int uapi_irq_info(struct uapi_device *dev, uint64_t arg);

/* The device has an interrupt: MSI-X, MSI, INTx, whatever is on */
void uapi_irq_raise(struct uapi_device *dev, unsigned vector);
void uapi_irq_lower(struct uapi_device *dev);
/* UAPI_REQ_IRQ. Returns: 0, or -ENXIO if nobody listens */
int uapi_irq_inject(struct uapi_device *dev, unsigned index, unsigned vector);
/* Has the kernel set up MSIs, and so mapped the doorbell for the device? */
bool uapi_irq_msi_mapped(const struct uapi_device *dev);

#endif /* UAPI_IRQ_H */
