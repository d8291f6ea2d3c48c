/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "ram.h"

void ram_init(Ram *ram, QTestState *qts)
{
    ram->qts = qts;
    ram->next = RAM_POOL;
}

uint64_t ram_alloc(Ram *ram, uint64_t size, uint64_t align)
{
    uint64_t address = ROUND_UP(ram->next, align);

    g_assert_cmphex(address + size, <=, RAM_END);
    ram->next = address + size;
    qtest_memset(ram->qts, address, 0, size);
    return address;
}
