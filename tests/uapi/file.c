/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#define MAX_FDS 65536

/* Read without the lock first, for most descriptors are not ours */
static struct uapi_file *_Atomic files[MAX_FDS];

static bool maybe_ours(int fd)
{
    return fd >= 0 && fd < MAX_FDS &&
           atomic_load_explicit(&files[fd], memory_order_relaxed);
}

struct uapi_file *uapi_file_install(int fd, enum uapi_file_type type,
                                    const struct uapi_file_ops *ops,
                                    void *opaque)
{
    struct uapi_file *file;

    if (fd < 0 || fd >= MAX_FDS) {
        uapi_error("descriptor %d is too large for the model", fd);
        return NULL;
    }
    file = uapi_zalloc(sizeof(*file));
    file->type = type;
    file->ops = ops;
    file->opaque = opaque;
    file->refs = 1;
    files[fd] = file;
    return file;
}

struct uapi_file *uapi_file_get_locked(int fd)
{
    struct uapi_file *file = maybe_ours(fd) ? files[fd] : NULL;

    if (file) {
        file->refs++;
    }
    return file;
}

void uapi_file_put_locked(struct uapi_file *file)
{
    if (--file->refs == 0) {
        file->ops->release(file);
        free(file);
    }
}

struct uapi_file *uapi_file_get(int fd)
{
    struct uapi_file *file;

    if (!maybe_ours(fd)) {
        return NULL;
    }
    uapi_lock();
    file = uapi_file_get_locked(fd);
    uapi_unlock();
    return file;
}

void uapi_file_put(struct uapi_file *file)
{
    uapi_lock();
    uapi_file_put_locked(file);
    uapi_unlock();
}

void uapi_file_dup(int from, int to)
{
    if (!maybe_ours(from) || to < 0) {
        return;
    }
    uapi_lock();
    if (to >= MAX_FDS) {
        uapi_error("descriptor %d is too large for the model", to);
    } else {
        files[to] = uapi_file_get_locked(from);
    }
    uapi_unlock();
}

struct uapi_file *uapi_file_forget(int fd)
{
    struct uapi_file *file;

    if (!maybe_ours(fd)) {
        return NULL;
    }
    uapi_lock();
    file = files[fd];
    files[fd] = NULL;
    uapi_unlock();
    return file;
}
