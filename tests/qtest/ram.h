/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest RAM for tables and buffers: handed out from RAM_POOL upwards, never
 * given back. What is below belongs to the queues (smmu.h) and to fw_cfg.
 */
#ifndef TESTS_QTEST_RAM_H
#define TESTS_QTEST_RAM_H

#include "machine.h"

#define RAM_POOL (VIRT_RAM + 0x1000000)
#define RAM_END  (VIRT_RAM + 0x8000000)   /* -m 128 */

typedef struct Ram {
    QTestState *qts;
    uint64_t next;
} Ram;

void ram_init(Ram *ram, QTestState *qts);

/* Returns: the address of @size bytes of zeros, aligned to @align. */
uint64_t ram_alloc(Ram *ram, uint64_t size, uint64_t align);

#endif
