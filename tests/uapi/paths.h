/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_PATHS_H
#define UAPI_PATHS_H

/* Which paths are the model's, and what takes their place. */

#include "file.h"

/*
 * Open @path if it is a modelled device.
 * Returns: a descriptor, -1 with errno, or -2 if the path is not the model's
 */
int uapi_open_path(const char *path, int flags);

/*
 * @path in the sysfs tree of the test, if it is about a modelled device.
 * Returns: @buf, or @path if it is not
 */
const char *uapi_sysfs_path(const char *path, char *buf, size_t size);

/*
 * @fd may be a mark of the test's (uapi_iommu_fd(), uapi_device_fd()): make it
 * a file of the model's. Without the lock. Returns: as uapi_file_get()
 */
struct uapi_file *uapi_adopt(int fd);

#endif /* UAPI_PATHS_H */
