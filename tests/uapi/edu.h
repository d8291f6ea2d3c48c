/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_EDU_H
#define UAPI_EDU_H

/*
 * The function behind the interface: registers of QEMU's educational device
 * (docs/specs/edu.rst), without the factorial. DMA is done when it is started.
 */

#include "model.h"

struct uapi_device;

struct uapi_edu {
    uint32_t liveness, irq_status;
    uint64_t dma_src, dma_dst, dma_count, dma_cmd;
    uint8_t buffer[4096];
};

void uapi_edu_init(struct uapi_edu *edu);
/* BAR0; accesses that the registers do not take read as ones, or do nothing */
uint64_t uapi_edu_read(struct uapi_device *dev, uint32_t at, size_t len);
void uapi_edu_write(struct uapi_device *dev, uint32_t at, uint64_t value,
                    size_t len);

#endif /* UAPI_EDU_H */
