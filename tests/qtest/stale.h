/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A translation that is cached, and is not what the tables say any more.
 */
#ifndef TESTS_QTEST_STALE_H
#define TESTS_QTEST_STALE_H

#include "dut.h"

/* A page that was mapped to @old; when stale, the tables map it to @now */
typedef struct Stale {
    uint64_t iova;
    uint64_t old;
    uint64_t now;
} Stale;

/* Maps new pages at @iova; nothing is cached or stale yet. */
Stale stale_new(Dut *dut, uint64_t iova);

/*
 * Makes the SMMU cache the old page, and changes the tables behind its back.
 * It must still use the old page then. Other translations are dropped by it.
 */
void stale_make(Dut *dut, const Stale *stale);

/* Returns: @stale->old if the device still gets there, or @stale->now. */
uint64_t stale_where(Dut *dut, const Stale *stale);

#endif
