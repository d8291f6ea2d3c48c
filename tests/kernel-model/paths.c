/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which paths are the model's, and the functions that take a path. */
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "file.h"
#include "interpose.h"

#define IOMMU_PATH "/dev/iommu"
#define CDEV_PATH "/dev/vfio/devices/vfio"
#define SYSFS_PATH "/sys/bus/pci/devices/"
#define NUMBER_PATH "/sys/dev/char/1:%u/device%n"

static const struct km_cdev cdevs[KM_MAX_DEVICES] = KM_CDEVS;

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/*
 * Open @path if it is a modelled device.
 * Returns: a descriptor, -1 with errno, or -2 if the path is not the model's
 */
static int open_modelled(const char *path, int flags)
{
    bool iommu = !strcmp(path, IOMMU_PATH);
    enum km_call call = iommu ? KM_OPEN_IOMMU : KM_OPEN_CDEV;
    struct km_device *dev = NULL;
    unsigned index;
    int fd, ret;
    char end;

    if (!iommu && !starts_with(path, CDEV_PATH)) {
        return -2;
    }
    if (!km_attach()) {
        return -2;
    }
    ret = km_enter(call);
    if (ret) {
        errno = -ret;
        return -1;
    }
    km_lock();
    if (!iommu && (sscanf(path + strlen(CDEV_PATH), "%u%c", &index, &end) != 1
                   || !(dev = km_device(index)))) {
        fd = -1;
        errno = ENOENT;
    } else {
        fd = open(cdevs[iommu ? 0 : index].path,
                  O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK)));
    }
    if (fd >= 0 && iommu) {
        km_iommufd_open(fd);
    } else if (fd >= 0) {
        km_vfio_open(fd, dev);
    }
    km_unlock();
    km_leave(call, fd < 0 ? -errno : 0);
    return fd;
}

/* Returns: the device whose name @path has, by BDF or number; *@rest: behind */
static struct km_device *named_device(const char *path, const char **rest)
{
    const char *bdf = path + strlen(SYSFS_PATH);
    unsigned minor;
    int len = 0;

    if (starts_with(path, SYSFS_PATH)) {
        *rest = strchrnul(bdf, '/');
        return km_device_by_bdf(bdf, *rest - bdf);
    }
    if (sscanf(path, NUMBER_PATH, &minor, &len) == 1 && len) {
        *rest = path + len;
        for (unsigned i = 0; i < KM_MAX_DEVICES; i++) {
            if (cdevs[i].minor == minor) {
                return km_device(i);
            }
        }
    }
    return NULL;
}

/* Returns: @path in the test's sysfs tree if it is of a modelled device */
static const char *sysfs_path(const char *path, char *buf, size_t size)
{
    struct km_device *dev;
    const char *rest;
    int n = -1;

    if (!starts_with(path, "/sys/") || !km_attach()) {
        return path;
    }
    km_lock();
    dev = named_device(path, &rest);
    if (dev) {
        n = snprintf(buf, size, "%s/%s%s", km_ctl->sysfs, dev->conf.bdf, rest);
    }
    km_unlock();
    return n > 0 && (size_t)n < size ? buf : path;
}

struct km_file *km_adopt(int fd)
{
    char link[64], name[64];
    struct km_device *dev = NULL;
    ssize_t n;

    if (!getenv(KM_CONTROL_ENV)) {
        return NULL;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, name, sizeof(name) - 1);
    if (n <= 0) {
        return NULL;
    }
    name[n] = '\0';
    if (!km_attach()) {
        return NULL;
    }
    km_lock();
    for (unsigned i = 0; i < KM_MAX_DEVICES && !dev; i++) {
        dev = strcmp(name, cdevs[i].path) ? NULL : km_device(i);
    }
    if (dev) {
        km_vfio_open(fd, dev);
    } else if (starts_with(name, "/memfd:kernel-model:iommu")) {
        km_iommufd_open(fd);
    }
    km_unlock();
    return km_file_get(fd);
}

/* ---- Interposed ---------------------------------------------------------- */

#define PATH_SIZE 512

INTERPOSE(int, openat64, (int dir, const char *path, int flags, ...))
INTERPOSE(int, stat64, (const char *path, struct stat64 *st))
INTERPOSE(int, lstat64, (const char *path, struct stat64 *st))
INTERPOSE(DIR *, opendir, (const char *path))
INTERPOSE(char *, realpath, (const char *path, char *resolved))
INTERPOSE(ssize_t, readlink, (const char *path, char *to, size_t size))
INTERPOSE(int, access, (const char *path, int mode))

static int do_open(int dir, const char *path, int flags, mode_t mode)
{
    char buf[PATH_SIZE];
    int fd = -2;

    if (path && path[0] == '/') {
        fd = open_modelled(path, flags);
        path = sysfs_path(path, buf, sizeof(buf));
    }
    return fd == -2 ? REAL(openat64)(dir, path, flags, mode) : fd;
}

#define MODE_ARGUMENT(flags, mode)                                          \
    mode_t mode = 0;                                                        \
    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {            \
        va_list ap;                                                         \
        va_start(ap, flags);                                                \
        mode = va_arg(ap, mode_t);                                          \
        va_end(ap);                                                         \
    }

EXPORT int open(const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)

    return do_open(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)

    return do_open(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)

    return do_open(dir, path, flags, mode);
}

EXPORT int openat64(int dir, const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)

    return do_open(dir, path, flags, mode);
}

/* What the compiler's fortification makes of open() with two arguments */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

EXPORT int __open_2(const char *path, int flags)
{
    return do_open(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags)
{
    return do_open(AT_FDCWD, path, flags, 0);
}

EXPORT int stat64(const char *path, struct stat64 *st)
{
    char buf[PATH_SIZE];

    return REAL(stat64)(sysfs_path(path, buf, sizeof(buf)), st);
}

/* Both structures are the same where the model runs */
EXPORT int stat(const char *path, struct stat *st)
{
    _Static_assert(sizeof(struct stat) == sizeof(struct stat64), "LP64");
    return stat64(path, (struct stat64 *)st);
}

EXPORT int lstat64(const char *path, struct stat64 *st)
{
    char buf[PATH_SIZE];

    return REAL(lstat64)(sysfs_path(path, buf, sizeof(buf)), st);
}

EXPORT DIR *opendir(const char *path)
{
    char buf[PATH_SIZE];

    return REAL(opendir)(sysfs_path(path, buf, sizeof(buf)));
}

EXPORT char *realpath(const char *path, char *resolved)
{
    char buf[PATH_SIZE];

    return REAL(realpath)(sysfs_path(path, buf, sizeof(buf)), resolved);
}

char *__realpath_chk(const char *path, char *resolved, size_t size);

EXPORT char *__realpath_chk(const char *path, char *resolved, size_t size)
{
    return realpath(path, resolved);
}

EXPORT ssize_t readlink(const char *path, char *to, size_t size)
{
    char buf[PATH_SIZE];

    return REAL(readlink)(sysfs_path(path, buf, sizeof(buf)), to, size);
}

ssize_t __readlink_chk(const char *path, char *to, size_t size, size_t room);

EXPORT ssize_t __readlink_chk(const char *path, char *to, size_t size,
                              size_t room)
{
    return readlink(path, to, size);
}

EXPORT int access(const char *path, int mode)
{
    char buf[PATH_SIZE];

    if (!strcmp(path, IOMMU_PATH) && km_attach()) {
        return 0;
    }
    return REAL(access)(sysfs_path(path, buf, sizeof(buf)), mode);
}
