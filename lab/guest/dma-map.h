/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux' dma_map_benchmark: how long the guest's kernel takes to map and unmap memory for a device. */
#ifndef GUEST_DMA_MAP_H
#define GUEST_DMA_MAP_H

#include "answer.h"

/* The command `dma-map` with its arguments. The device has the benchmark's driver meanwhile, then its own again. */
void dma_map_command(const char *args, struct answer *a);

#endif
