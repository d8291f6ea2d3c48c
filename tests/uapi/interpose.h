/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_INTERPOSE_H
#define UAPI_INTERPOSE_H

/*
 * Standing in front of a function of the C library. INTERPOSE declares what
 * REAL calls: the next function of that name, which may be a sanitizer's.
 */

#include <dlfcn.h>
#include <stdlib.h>

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

#endif /* UAPI_INTERPOSE_H */
