/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#define MAX_FDS 65536

/* Read without the lock first, for most descriptors are not ours */
static struct km_file *_Atomic files[MAX_FDS];

static bool maybe_ours(int fd)
{
    return fd >= 0 && fd < MAX_FDS &&
           atomic_load_explicit(&files[fd], memory_order_relaxed);
}

struct km_file *km_file_install(int fd, enum km_file_type type,
                                const struct km_file_ops *ops,
                                void *opaque)
{
    struct km_file *file;

    if (fd < 0 || fd >= MAX_FDS) {
        km_error("descriptor %d is too large for the model", fd);
        return NULL;
    }
    file = km_zalloc(sizeof(*file));
    file->type = type;
    file->ops = ops;
    file->opaque = opaque;
    file->refs = 1;
    files[fd] = file;
    return file;
}

struct km_file *km_file_get_locked(int fd)
{
    struct km_file *file = maybe_ours(fd) ? files[fd] : NULL;

    if (file) {
        file->refs++;
    }
    return file;
}

void km_file_put_locked(struct km_file *file)
{
    if (--file->refs == 0) {
        file->ops->release(file);
        free(file);
    }
}

struct km_file *km_file_get(int fd)
{
    struct km_file *file;

    if (!maybe_ours(fd)) {
        return NULL;
    }
    km_lock();
    file = km_file_get_locked(fd);
    km_unlock();
    return file;
}

void km_file_put(struct km_file *file)
{
    km_lock();
    km_file_put_locked(file);
    km_unlock();
}

void km_file_dup(int from, int to)
{
    if (!maybe_ours(from) || to < 0) {
        return;
    }
    km_lock();
    if (to >= MAX_FDS) {
        km_error("descriptor %d is too large for the model", to);
    } else {
        files[to] = km_file_get_locked(from);
    }
    km_unlock();
}

struct km_file *km_file_forget(int fd)
{
    struct km_file *file;

    if (!maybe_ours(fd)) {
        return NULL;
    }
    km_lock();
    file = files[fd];
    files[fd] = NULL;
    km_unlock();
    return file;
}
