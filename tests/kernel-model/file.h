/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_FILE_H
#define KM_FILE_H

/*
 * Which descriptors of the process are the model's. Behind each is a real
 * descriptor, of a character device or an eventfd, so that numbers, dup(),
 * fcntl(), fstat() and poll() are the kernel's own.
 */

#include "model.h"

enum km_file_type {
    KM_FILE_IOMMU,
    KM_FILE_CDEV,
    KM_FILE_VEVENTQ,
};

struct km_context;
struct km_device;
struct km_file;

struct km_file_ops {
    /* NULL: ENOTTY, EINVAL, EINVAL */
    int (*ioctl)(struct km_file *file, unsigned long request, void *arg);
    ssize_t (*read)(struct km_file *file, void *buf, size_t len);
    ssize_t (*pread)(struct km_file *file, void *buf, size_t len, off_t at);
    ssize_t (*pwrite)(struct km_file *file, const void *buf, size_t len,
                      off_t at);
    /* The last descriptor is gone */
    void (*release)(struct km_file *file);
};

/* What a descriptor, and those that dup() made of it, stand for */
struct km_file {
    enum km_file_type type;
    const struct km_file_ops *ops;
    void *opaque;       /* the owner's */
    unsigned refs;      /* descriptors, calls and polls in progress */
};

/* Make @fd, which is open, a file of the model's */
struct km_file *km_file_install(int fd, enum km_file_type type,
                                const struct km_file_ops *ops,
                                void *opaque);

/*
 * Returns: the file behind @fd with a reference, or NULL if it is not the
 * model's. To be released with km_file_put(). Both without the lock.
 */
struct km_file *km_file_get(int fd);
void km_file_put(struct km_file *file);
/* The same with the lock */
struct km_file *km_file_get_locked(int fd);
void km_file_put_locked(struct km_file *file);

/* @to is a duplicate of @from, which may not be ours. Without the lock. */
void km_file_dup(int from, int to);
/*
 * @fd is about to be closed: forget it. Without the lock.
 * Returns: the file, for km_file_put() when @fd is closed, or NULL
 */
struct km_file *km_file_forget(int fd);

/* Make @fd an open /dev/iommu, or an open cdev of @dev. With the lock. */
void km_iommufd_open(int fd);
void km_vfio_open(int fd, struct km_device *dev);

/* Returns: the context of an open /dev/iommu, or NULL if it is none */
struct km_context *km_iommufd_context(struct km_file *file);

#endif /* KM_FILE_H */
