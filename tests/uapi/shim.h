/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_SHIM_H
#define UAPI_SHIM_H

/*
 * Functions of the C library that the model stands in front of, and those
 * that it uses itself, past itself.
 */

#include <stdbool.h>
#include <sys/types.h>

int uapi_real_close(int fd);
ssize_t uapi_real_read(int fd, void *buf, size_t len);
int uapi_real_eventfd(unsigned value, int flags);
void *uapi_real_mmap(void *addr, size_t len, int prot, int flags, int fd,
                     off_t at);
/* Returns: a duplicate that closes on exec, or -1 (errno) */
int uapi_real_dup_cloexec(int fd);

bool uapi_is_eventfd(int fd);
/* Memory of a device, the same descriptor for each call with @index */
int uapi_ram_fd(unsigned index, size_t size);

#endif /* UAPI_SHIM_H */
