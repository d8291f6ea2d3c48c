/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_ATTACH_H
#define UAPI_ATTACH_H

/*
 * Binding a device to an iommufd, and attaching it to what translates for it.
 * While it is bound and not attached, its DMA is blocked. The devices of one
 * IOMMU group have one owner and one translation, also those nobody opened.
 */

#include "device.h"

/* Returns: 0 and the device's ID, or -errno */
int uapi_device_bind(struct uapi_device *dev, struct uapi_context *ctx,
                     uint32_t *id);
/* Detach and give the device back to the host. It must be bound. */
void uapi_device_unbind(struct uapi_device *dev);

/* @pt_id: an HWPT or an IOAS, in which case it becomes the HWPT's ID */
int uapi_device_attach(struct uapi_device *dev, uint32_t *pt_id);
void uapi_device_detach(struct uapi_device *dev);

#endif /* UAPI_ATTACH_H */
