/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "stale.h"

Stale stale_new(Dut *dut, uint64_t iova)
{
    Stale stale = { .iova = iova, .old = dut_map_new(dut, iova) };

    stale.now = dut_map_new(dut, iova);
    pt_map(&dut->pt, iova, stale.old);
    return stale;
}

uint64_t stale_where(Dut *dut, const Stale *stale)
{
    return edu_where(dut, stale->iova, stale->old, stale->now);
}

void stale_make(Dut *dut, const Stale *stale)
{
    pt_map(&dut->pt, stale->iova, stale->old);
    dut_command(dut, CMD_TLBI_NSNH_ALL, 0);
    g_assert_cmphex(stale_where(dut, stale), ==, stale->old);
    pt_map(&dut->pt, stale->iova, stale->now);
    g_assert_cmphex(stale_where(dut, stale), ==, stale->old);
}
