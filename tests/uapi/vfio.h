/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_VFIO_H
#define UAPI_VFIO_H

/* /dev/vfio/devices/vfioN: opening it, its ioctls, and its regions. */

#include "device.h"
#include "file.h"

/* Make @fd an open cdev of @dev. With the lock. */
void uapi_vfio_open(int fd, struct uapi_device *dev);

/* Regions: where is index @i in the file */
#define UAPI_REGION_SHIFT 40

int uapi_region_info(struct uapi_device *dev, uint64_t arg);
ssize_t uapi_region_read(struct uapi_device *dev, void *buf, size_t len,
                         off_t at);
ssize_t uapi_region_write(struct uapi_device *dev, const void *buf, size_t len,
                          off_t at);
/* Returns: a descriptor to map in its place at *@at, or -errno */
int uapi_region_mmap(struct uapi_device *dev, size_t len, int prot, int flags,
                     off_t *at);

#endif /* UAPI_VFIO_H */
