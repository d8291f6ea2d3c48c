/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_MODEL_H
#define KM_MODEL_H

/*
 * What all parts of the model share: the control block, one lock, errors.
 *
 * Functions of the model return 0 or a positive value, or a negative errno, as
 * the kernel's do. They require the lock to be held, unless a comment says
 * otherwise.
 */

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "control.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KM_PAGE 4096u

/* The control block; NULL while nobody asked for the model. Any thread. */
extern struct km_control *km_ctl;

/*
 * Map the control block that KM_CONTROL_ENV names, once; without the lock.
 * Returns: whether there is one. A broken one ends the process.
 */
bool km_attach(void);

void km_lock(void);
void km_unlock(void);

/*
 * Count a call, and look whether it has to fail. Without or with the lock.
 * Returns: 0, or the negative errno to return.
 */
int km_enter(enum km_call call);
/* What km_enter() let pass ended with @ret: count failures */
void km_leave(enum km_call call, int ret);

/*
 * The caller does what is not modelled, or what no correct user of the kernel
 * does: the test fails. So what exactly the kernel returns then is not
 * modelled. Any thread. Returns: -EINVAL
 */
int km_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

void km_log(enum km_log_type type, uint64_t arg0, uint64_t arg1,
            uint64_t arg2, uint64_t arg3);

/* An address in an ioctl's argument, which must be valid */
static inline void *km_pointer(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

/* calloc() that does not fail */
void *km_zalloc(size_t size);

/*
 * Serve the test's requests (struct km_request) by a thread of our own: what
 * comes from a device or an SMMU comes at any time, too.
 */
void km_requests_start(void);

#endif /* KM_MODEL_H */
