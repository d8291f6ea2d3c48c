/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_FILE_H
#define UAPI_FILE_H

/*
 * Which descriptors of the process are the model's. Behind each is a real
 * descriptor, of /dev/null or an eventfd, so that numbers, dup(), fcntl(),
 * fstat() and poll() are the kernel's own.
 */

#include "model.h"

enum uapi_file_type {
    UAPI_FILE_IOMMU,
    UAPI_FILE_CDEV,
    UAPI_FILE_VEVENTQ,
};

struct uapi_file;

struct uapi_file_ops {
    /* NULL: ENOTTY, EINVAL, EINVAL */
    int (*ioctl)(struct uapi_file *file, unsigned long request, void *arg);
    ssize_t (*read)(struct uapi_file *file, void *buf, size_t len);
    ssize_t (*pread)(struct uapi_file *file, void *buf, size_t len, off_t at);
    ssize_t (*pwrite)(struct uapi_file *file, const void *buf, size_t len,
                      off_t at);
    /* The last descriptor is gone */
    void (*release)(struct uapi_file *file);
};

/* What a descriptor, and those that dup() made of it, stand for */
struct uapi_file {
    enum uapi_file_type type;
    const struct uapi_file_ops *ops;
    void *opaque;       /* the owner's */
    unsigned refs;      /* descriptors, calls and polls in progress */
};

/* Make @fd, which is open, a file of the model's */
struct uapi_file *uapi_file_install(int fd, enum uapi_file_type type,
                                    const struct uapi_file_ops *ops,
                                    void *opaque);

/*
 * Returns: the file behind @fd with a reference, or NULL if it is not the
 * model's. To be put back with uapi_file_put(). Both without the lock.
 */
struct uapi_file *uapi_file_get(int fd);
void uapi_file_put(struct uapi_file *file);
/* The same with the lock */
struct uapi_file *uapi_file_get_locked(int fd);
void uapi_file_put_locked(struct uapi_file *file);

/* @to is a duplicate of @from, which may not be ours. Without the lock. */
void uapi_file_dup(int from, int to);
/*
 * @fd is about to be closed: forget it. Without the lock.
 * Returns: the file, for uapi_file_put() when @fd is closed, or NULL
 */
struct uapi_file *uapi_file_forget(int fd);

#endif /* UAPI_FILE_H */
