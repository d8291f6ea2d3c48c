/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_VFIO_H
#define UAPI_VFIO_H

/* /dev/vfio/devices/vfioN: opening it, its ioctls, and its regions. */

#include "device.h"
#include "file.h"

/* Make @fd an open cdev of @dev. With the lock. */
void uapi_vfio_open(int fd, struct uapi_device *dev);

#endif /* UAPI_VFIO_H */
