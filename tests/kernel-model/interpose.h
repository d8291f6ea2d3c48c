/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_INTERPOSE_H
#define KM_INTERPOSE_H

/*
 * Standing in front of a function of the C library. INTERPOSE declares what
 * REAL calls: the next function of that name, which may be a sanitizer's.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>

#include "file.h"

#define EXPORT __attribute__((visibility("default")))

#define INTERPOSE(type, name, args)                                         \
    typedef type (*name##_fn) args;                                         \
    static type (*real_##name(void)) args                                   \
    {                                                                       \
        static name##_fn fn;                                                \
        name##_fn found = __atomic_load_n(&fn, __ATOMIC_ACQUIRE);           \
                                                                            \
        if (!found) {                                                       \
            found = (name##_fn)dlsym(RTLD_NEXT, #name);                     \
            if (!found) {                                                   \
                abort();                                                    \
            }                                                               \
            __atomic_store_n(&fn, found, __ATOMIC_RELEASE);                 \
        }                                                                   \
        return found;                                                       \
    }

#define REAL(name) real_##name()

/* What the model uses itself, past itself */
int km_real_close(int fd);
ssize_t km_real_read(int fd, void *buf, size_t len);
int km_real_eventfd(unsigned value, int flags);
/* Returns: a duplicate that closes on exec, or -1 (errno) */
int km_real_dup_cloexec(int fd);

/*
 * @fd may be a mark of the test's (km_iommu_fd(), km_device_fd()): make it
 * a file of the model's. Without the lock. Returns: as km_file_get()
 */
struct km_file *km_adopt(int fd);

#endif /* KM_INTERPOSE_H */
