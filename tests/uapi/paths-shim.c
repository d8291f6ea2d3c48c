/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of the C library that take a path. */
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "interpose.h"
#include "paths.h"

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
        fd = uapi_open_path(path, flags);
        path = uapi_sysfs_path(path, buf, sizeof(buf));
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

    return REAL(stat64)(uapi_sysfs_path(path, buf, sizeof(buf)), st);
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

    return REAL(lstat64)(uapi_sysfs_path(path, buf, sizeof(buf)), st);
}

EXPORT DIR *opendir(const char *path)
{
    char buf[PATH_SIZE];

    return REAL(opendir)(uapi_sysfs_path(path, buf, sizeof(buf)));
}

EXPORT char *realpath(const char *path, char *resolved)
{
    char buf[PATH_SIZE];

    return REAL(realpath)(uapi_sysfs_path(path, buf, sizeof(buf)), resolved);
}

char *__realpath_chk(const char *path, char *resolved, size_t size);

EXPORT char *__realpath_chk(const char *path, char *resolved, size_t size)
{
    return realpath(path, resolved);
}

EXPORT ssize_t readlink(const char *path, char *to, size_t size)
{
    char buf[PATH_SIZE];

    return REAL(readlink)(uapi_sysfs_path(path, buf, sizeof(buf)), to, size);
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

    return REAL(access)(uapi_sysfs_path(path, buf, sizeof(buf)), mode);
}
