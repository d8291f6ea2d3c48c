/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_USERMEM_H
#define UAPI_USERMEM_H

/*
 * The caller's memory as the kernel sees it: a bad address is an error and
 * not a crash. Any thread, no lock needed.
 */

#include "model.h"

/* Returns: false if a page is not mapped (EFAULT) */
bool uapi_user_mapped(uint64_t addr, uint64_t len);
/*
 * Can the kernel hold on to these pages? Not to those that do not exist, nor
 * to a device's memory: a BAR that was mapped.
 */
bool uapi_user_pinnable(uint64_t addr, uint64_t len);
bool uapi_copy_in(void *to, uint64_t from, size_t len);
bool uapi_copy_out(uint64_t to, const void *from, size_t len);

/*
 * The kernel's copy_struct_from_user(): @user_size may differ from @size;
 * what is missing is 0, what is too much must be 0.
 * Returns: 0, -EFAULT, -E2BIG
 */
int uapi_copy_struct(void *to, size_t size, uint64_t from, size_t user_size);

#endif /* UAPI_USERMEM_H */
