/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

#define EDU_ID 0x010000edu
#define EDU_IRQ_DMA 0x100
#define EDU_DMA_RUN 0x1
#define EDU_DMA_TO_PCI 0x2
#define EDU_DMA_IRQ 0x4
#define EDU_BUFFER 0x40000

enum edu_register {
    EDU_REG_ID = 0x00,
    EDU_REG_LIVENESS = 0x04,
    EDU_REG_IRQ_STATUS = 0x24,
    EDU_REG_IRQ_RAISE = 0x60,
    EDU_REG_IRQ_ACK = 0x64,
    EDU_REG_DMA_SRC = 0x80,
    EDU_REG_DMA_DST = 0x88,
    EDU_REG_DMA_COUNT = 0x90,
    EDU_REG_DMA_CMD = 0x98,
};

void uapi_edu_init(struct uapi_edu *edu)
{
    memset(edu, 0, sizeof(*edu));
}

static void raise_irq(struct uapi_device *dev, uint32_t bits)
{
    dev->edu.irq_status |= bits;
    if (dev->edu.irq_status) {
        uapi_irq_raise(dev, 0);
    }
}

static void lower_irq(struct uapi_device *dev, uint32_t bits)
{
    dev->edu.irq_status &= ~bits;
    if (!dev->edu.irq_status) {
        uapi_irq_lower(dev);
    }
}

static void run_dma(struct uapi_device *dev)
{
    struct uapi_edu *edu = &dev->edu;
    bool to_pci = edu->dma_cmd & EDU_DMA_TO_PCI;
    uint64_t local = to_pci ? edu->dma_src : edu->dma_dst;
    uint64_t iova = to_pci ? edu->dma_dst : edu->dma_src;
    struct uapi_access access = { .write = to_pci };

    if (iova & ~dev->conf.dma_mask) {
        iova &= dev->conf.dma_mask;
    }
    access.iova = iova;
    if (local < EDU_BUFFER || local - EDU_BUFFER > sizeof(edu->buffer) ||
        edu->dma_count > sizeof(edu->buffer) - (local - EDU_BUFFER)) {
        uapi_log(UAPI_LOG_DMA, dev->index, iova,
                 edu->dma_count | (uint64_t)to_pci << 63, UAPI_DMA_RANGE);
    } else {
        uapi_smmu_dma(dev, &access, edu->buffer + (local - EDU_BUFFER),
                      edu->dma_count);
    }
    edu->dma_cmd &= ~(uint64_t)EDU_DMA_RUN;
    if (edu->dma_cmd & EDU_DMA_IRQ) {
        raise_irq(dev, EDU_IRQ_DMA);
    }
}

static bool size_fits(uint32_t at, size_t len)
{
    return len == 4 || (len == 8 && at >= EDU_REG_DMA_SRC);
}

uint64_t uapi_edu_read(struct uapi_device *dev, uint32_t at, size_t len)
{
    struct uapi_edu *edu = &dev->edu;

    if (!size_fits(at, len)) {
        return ~UINT64_C(0);
    }
    switch (at) {
    case EDU_REG_ID:
        return EDU_ID;
    case EDU_REG_LIVENESS:
        return edu->liveness;
    case EDU_REG_IRQ_STATUS:
        return edu->irq_status;
    case EDU_REG_DMA_SRC:
        return edu->dma_src;
    case EDU_REG_DMA_DST:
        return edu->dma_dst;
    case EDU_REG_DMA_COUNT:
        return edu->dma_count;
    case EDU_REG_DMA_CMD:
        return edu->dma_cmd;
    default:
        return ~UINT64_C(0);
    }
}

void uapi_edu_write(struct uapi_device *dev, uint32_t at, uint64_t value,
                    size_t len)
{
    struct uapi_edu *edu = &dev->edu;

    if (!size_fits(at, len)) {
        return;
    }
    switch (at) {
    case EDU_REG_LIVENESS:
        edu->liveness = ~value;
        break;
    case EDU_REG_IRQ_RAISE:
        raise_irq(dev, value);
        break;
    case EDU_REG_IRQ_ACK:
        lower_irq(dev, value);
        break;
    case EDU_REG_DMA_SRC:
        edu->dma_src = value;
        break;
    case EDU_REG_DMA_DST:
        edu->dma_dst = value;
        break;
    case EDU_REG_DMA_COUNT:
        edu->dma_count = value;
        break;
    case EDU_REG_DMA_CMD:
        if (value & EDU_DMA_RUN) {
            edu->dma_cmd = value;
            run_dma(dev);
        }
        break;
    }
}
