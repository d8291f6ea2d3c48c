/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EDU_REGISTERS_H
#define EDU_REGISTERS_H

/*
 * QEMU's edu device (docs/specs/edu.rst): BAR0 with one DMA channel between
 * the bus and 4 KiB of its own, and an interrupt. Registers from 0x80 on take
 * accesses of 64 bits, too.
 */

#define EDU_VENDOR_ID 0x1234
#define EDU_DEVICE_ID 0x11e8
#define EDU_BAR_SIZE  (1u << 20)

#define EDU_ID        0x00
#define EDU_LIVENESS  0x04      /* the complement of what was written */
#define EDU_IRQ_STATUS 0x24
#define EDU_IRQ_RAISE 0x60
#define EDU_IRQ_ACK   0x64
#define EDU_DMA_SRC   0x80
#define EDU_DMA_DST   0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_CMD   0x98

#define EDU_ID_VALUE  0x010000edu
#define EDU_DMA_RUN   0x1       /* of EDU_DMA_CMD; clear when it is done */
#define EDU_DMA_TO_BUS 0x2
#define EDU_DMA_IRQ   0x4       /* an interrupt at the end, */
#define EDU_IRQ_DMA   0x100     /* with this cause */

#define EDU_MEMORY    0x40000   /* the own memory, as source or target of DMA */
#define EDU_MEMORY_SIZE 0x1000

#endif /* EDU_REGISTERS_H */
