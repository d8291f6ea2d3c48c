/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the C library that take a descriptor; paths.c has the others. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "interpose.h"

INTERPOSE(int, close, (int fd))
INTERPOSE(int, dup, (int fd))
INTERPOSE(int, dup2, (int fd, int to))
INTERPOSE(int, dup3, (int fd, int to, int flags))
INTERPOSE(int, fcntl64, (int fd, int cmd, ...))
INTERPOSE(int, ioctl, (int fd, unsigned long request, ...))
INTERPOSE(ssize_t, read, (int fd, void *buf, size_t len))
INTERPOSE(ssize_t, pread64, (int fd, void *buf, size_t len, off_t at))
INTERPOSE(ssize_t, pwrite64, (int fd, const void *buf, size_t len, off_t at))
INTERPOSE(int, eventfd, (unsigned value, int flags))
INTERPOSE(int, epoll_create1, (int flags))
INTERPOSE(int, epoll_ctl, (int epfd, int op, int fd, struct epoll_event *ev))
INTERPOSE(int, poll, (struct pollfd *fds, nfds_t n, int timeout))
INTERPOSE(int, ppoll, (struct pollfd *fds, nfds_t n, const struct timespec *ts,
                       const sigset_t *mask))

/* A negative errno, as the model has it, for the caller in errno */
static long result(long ret)
{
    if (ret < 0) {
        errno = -ret;
        return -1;
    }
    return ret;
}

/* Calls of the C library's count while there is somebody to be served */
static bool in_use(void)
{
    return km_ctl && atomic_load(&km_ctl->contexts);
}

/* Returns: false if the call has to fail (errno) */
static bool may_call(enum km_call call)
{
    return !in_use() || result(km_enter(call)) == 0;
}

EXPORT int close(int fd)
{
    struct km_file *file = km_file_forget(fd);
    int ret = REAL(close)(fd);

    if (file) {
        km_file_put(file);
    }
    return ret;
}

EXPORT int dup(int fd)
{
    int to = REAL(dup)(fd);

    km_file_dup(fd, to);
    return to;
}

static int replace(int fd, int to, int ret, struct km_file *old)
{
    if (old) {
        km_file_put(old);
    }
    if (ret >= 0) {
        km_file_dup(fd, to);
    }
    return ret;
}

EXPORT int dup2(int fd, int to)
{
    struct km_file *old = fd == to ? NULL : km_file_forget(to);

    return fd == to ? REAL(dup2)(fd, to)
                    : replace(fd, to, REAL(dup2)(fd, to), old);
}

EXPORT int dup3(int fd, int to, int flags)
{
    struct km_file *old = fd == to ? NULL : km_file_forget(to);

    return replace(fd, to, REAL(dup3)(fd, to, flags), old);
}

static int do_fcntl(int fd, int cmd, void *arg)
{
    struct km_file *file;
    int ret;

    if (cmd == F_SETFL && in_use()) {
        file = km_file_get(fd);
        if (file) {
            bool ok = file->type != KM_FILE_VEVENTQ ||
                      may_call(KM_SET_NONBLOCK);

            km_file_put(file);
            if (!ok) {
                return -1;
            }
        }
    }
    ret = REAL(fcntl64)(fd, cmd, arg);
    if ((cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC) && ret >= 0) {
        km_file_dup(fd, ret);
    }
    return ret;
}

EXPORT int fcntl(int fd, int cmd, ...)
{
    va_list ap;
    void *arg;

    va_start(ap, cmd);
    arg = va_arg(ap, void *);
    va_end(ap);
    return do_fcntl(fd, cmd, arg);
}

EXPORT int fcntl64(int fd, int cmd, ...)
{
    va_list ap;
    void *arg;

    va_start(ap, cmd);
    arg = va_arg(ap, void *);
    va_end(ap);
    return do_fcntl(fd, cmd, arg);
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
    struct km_file *file = km_file_get(fd);
    va_list ap;
    void *arg;
    int ret;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    /* iommufd and VFIO have the same type of requests */
    if (!file && _IOC_TYPE(request) == ';') {
        file = km_adopt(fd);
    }
    if (!file) {
        return REAL(ioctl)(fd, request, arg);
    }
    km_lock();
    ret = file->ops->ioctl ? file->ops->ioctl(file, request, arg) : -ENOTTY;
    km_file_put_locked(file);
    km_unlock();
    return result(ret);
}

EXPORT ssize_t read(int fd, void *buf, size_t len)
{
    struct km_file *file = km_file_get(fd);
    ssize_t ret;

    if (!file) {
        return REAL(read)(fd, buf, len);
    }
    ret = km_enter(KM_VEVENTQ_READ);
    km_lock();
    if (!ret) {
        ret = file->ops->read ? file->ops->read(file, buf, len) : -EINVAL;
        km_leave(KM_VEVENTQ_READ, ret);
    }
    km_file_put_locked(file);
    km_unlock();
    return result(ret);
}

EXPORT ssize_t pread64(int fd, void *buf, size_t len, off_t at)
{
    struct km_file *file = km_file_get(fd);
    ssize_t ret;

    if (!file) {
        return REAL(pread64)(fd, buf, len, at);
    }
    km_lock();
    ret = file->ops->pread ? file->ops->pread(file, buf, len, at) : -EINVAL;
    km_file_put_locked(file);
    km_unlock();
    return result(ret);
}

EXPORT ssize_t pwrite64(int fd, const void *buf, size_t len, off_t at)
{
    struct km_file *file = km_file_get(fd);
    ssize_t ret;

    if (!file) {
        return REAL(pwrite64)(fd, buf, len, at);
    }
    km_lock();
    ret = file->ops->pwrite ? file->ops->pwrite(file, buf, len, at) : -EINVAL;
    km_file_put_locked(file);
    km_unlock();
    return result(ret);
}

EXPORT int eventfd(unsigned value, int flags)
{
    return may_call(KM_EVENTFD) ? REAL(eventfd)(value, flags) : -1;
}

EXPORT int epoll_create1(int flags)
{
    return may_call(KM_EPOLL_CREATE) ? REAL(epoll_create1)(flags) : -1;
}

EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
    struct km_file *file = km_file_get(fd);
    bool ok = true;

    if (file) {
        ok = op != EPOLL_CTL_ADD || may_call(KM_EPOLL_ADD);
        km_file_put(file);
    }
    return ok ? REAL(epoll_ctl)(epfd, op, fd, ev) : -1;
}

/*
 * A poll in progress holds its files open, although their descriptors may be
 * closed meanwhile: a vEVENTQ that is polled cannot be destroyed.
 */
#define POLL_FILES 8

static unsigned hold_files(struct pollfd *fds, nfds_t n,
                           struct km_file *files[POLL_FILES])
{
    unsigned held = 0;

    if (!in_use()) {
        return 0;
    }
    for (nfds_t i = 0; i < n && held < POLL_FILES; i++) {
        files[held] = km_file_get(fds[i].fd);
        if (files[held]) {
            held++;
        }
    }
    return held;
}

static void release_files(struct km_file **files, unsigned held)
{
    int error = errno;

    while (held) {
        km_file_put(files[--held]);
    }
    errno = error;
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    struct km_file *files[POLL_FILES];
    unsigned held = hold_files(fds, n, files);
    int ret = REAL(poll)(fds, n, timeout);

    release_files(files, held);
    return ret;
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts,
                 const sigset_t *mask)
{
    struct km_file *files[POLL_FILES];
    unsigned held = hold_files(fds, n, files);
    int ret = REAL(ppoll)(fds, n, ts, mask);

    release_files(files, held);
    return ret;
}

/* Other names of the same functions: fortified, without 64 */
EXPORT ssize_t __read_chk(int fd, void *buf, size_t len, size_t size)
{
    return read(fd, buf, len);
}

EXPORT ssize_t __pread64_chk(int fd, void *buf, size_t len, off_t at,
                             size_t size)
{
    return pread64(fd, buf, len, at);
}

EXPORT ssize_t pread(int fd, void *buf, size_t len, off_t at)
{
    return pread64(fd, buf, len, at);
}

EXPORT ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
    return pwrite64(fd, buf, len, at);
}

/* ---- For the model itself ------------------------------------------------ */

int km_real_close(int fd)
{
    return REAL(close)(fd);
}

ssize_t km_real_read(int fd, void *buf, size_t len)
{
    return REAL(read)(fd, buf, len);
}

int km_real_eventfd(unsigned value, int flags)
{
    return REAL(eventfd)(value, flags);
}

int km_real_dup_cloexec(int fd)
{
    return REAL(fcntl64)(fd, F_DUPFD_CLOEXEC, 0);
}
