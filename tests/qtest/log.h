/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the model of the host saw: invalidation ioctls and their commands.
 */
#ifndef TESTS_QTEST_LOG_H
#define TESTS_QTEST_LOG_H

#include "dut.h"

typedef struct LogBatch {
    uint64_t at;        /* place in the log */
    uint32_t entries;
    uint32_t converted;
    uint32_t error;     /* errno, 0: success */
} LogBatch;

typedef struct LogCommand {
    uint64_t dword[2];  /* as QEMU gave it */
} LogCommand;

/* Returns: the place of the entry to come. */
uint64_t log_now(const Dut *dut);

/* Invalidation ioctls since @from; an array, to be freed */
GArray *log_batches(const Dut *dut, uint64_t from);

/* All commands in them, in order; an array, to be freed */
GArray *log_commands(const Dut *dut, uint64_t from);

/* Returns: how many of the commands have these dwords. */
unsigned log_count(const Dut *dut, uint64_t from, uint64_t dword0,
                   uint64_t dword1);

#endif
