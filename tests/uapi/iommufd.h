/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_IOMMUFD_H
#define UAPI_IOMMUFD_H

/* /dev/iommu: opening it, and which ioctl goes where. */

#include "file.h"
#include "object.h"

/* Make @fd an open /dev/iommu. With the lock. */
void uapi_iommufd_open(int fd);

/* Returns: the context of an open /dev/iommu, or NULL if it is none */
struct uapi_context *uapi_iommufd_context(struct uapi_file *file);

#endif /* UAPI_IOMMUFD_H */
