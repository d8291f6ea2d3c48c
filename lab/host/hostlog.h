/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's kernel log from now on. */
#ifndef HOST_HOSTLOG_H
#define HOST_HOSTLOG_H

#include <stdint.h>

/* Returns: a descriptor that stands at the end of the log, or -1. */
int hostlog_open(void);

/* Returns: records of trouble (kernel-log.h) since hostlog_open(), each counted
 * once. @path, if not NULL, receives all records
 * since then. @events is how many SMMU events these are about: two records each. */
uint64_t hostlog_bad(int fd, const char *path, uint64_t *events);

#endif
