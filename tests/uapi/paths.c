/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "iommufd.h"
#include "paths.h"
#include "shim.h"
#include "vfio.h"

#define IOMMU_PATH "/dev/iommu"
#define CDEV_PATH "/dev/vfio/devices/vfio"
#define SYSFS_PATH "/sys/bus/pci/devices/"

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* A character device, so that it has the number that sysfs says */
static int open_null(int flags)
{
    return open("/dev/null", O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK)));
}

int uapi_open_path(const char *path, int flags)
{
    bool iommu = !strcmp(path, IOMMU_PATH);
    enum uapi_call call = iommu ? UAPI_OPEN_IOMMU : UAPI_OPEN_CDEV;
    struct uapi_device *dev = NULL;
    unsigned index;
    int fd, ret;
    char end;

    if (!iommu && !starts_with(path, CDEV_PATH)) {
        return -2;
    }
    if (!uapi_attach()) {
        return -2;
    }
    ret = uapi_enter(call);
    if (ret) {
        errno = -ret;
        return -1;
    }
    uapi_lock();
    if (!iommu && (sscanf(path + strlen(CDEV_PATH), "%u%c", &index, &end) != 1
                   || !(dev = uapi_device(index)))) {
        fd = -1;
        errno = ENOENT;
    } else {
        fd = open_null(flags);
    }
    if (fd >= 0 && iommu) {
        uapi_iommufd_open(fd);
    } else if (fd >= 0) {
        uapi_vfio_open(fd, dev);
    }
    uapi_unlock();
    uapi_leave(call, fd < 0 ? -errno : 0);
    return fd;
}

const char *uapi_sysfs_path(const char *path, char *buf, size_t size)
{
    const char *bdf = path + strlen(SYSFS_PATH), *end;
    int n;

    if (!starts_with(path, SYSFS_PATH) || !uapi_attach()) {
        return path;
    }
    end = strchrnul(bdf, '/');
    uapi_lock();
    n = uapi_device_by_bdf(bdf, end - bdf)
        ? snprintf(buf, size, "%s/%s", uapi_ctl->sysfs, bdf) : -1;
    uapi_unlock();
    return n > 0 && (size_t)n < size ? buf : path;
}

struct uapi_file *uapi_adopt(int fd)
{
    char link[64], name[64];
    struct uapi_device *dev = NULL;
    unsigned index;
    ssize_t n;

    if (!getenv(UAPI_CONTROL_ENV)) {
        return NULL;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, name, sizeof(name) - 1);
    if (n <= 0) {
        return NULL;
    }
    name[n] = '\0';
    if (!starts_with(name, "/memfd:uapi:") || !uapi_attach()) {
        return NULL;
    }
    uapi_lock();
    if (sscanf(name, "/memfd:uapi:vfio%u", &index) == 1) {
        dev = uapi_device(index);
        if (dev) {
            uapi_vfio_open(fd, dev);
        }
    } else if (starts_with(name, "/memfd:uapi:iommu")) {
        uapi_iommufd_open(fd);
    }
    uapi_unlock();
    return uapi_file_get(fd);
}
