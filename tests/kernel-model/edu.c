/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

static void raise_irq(struct km_device *dev, uint32_t bits)
{
    dev->edu.irq_status |= bits;
    if (dev->edu.irq_status) {
        km_irq_raise(dev, 0);
    }
}

static void run_dma(struct km_device *dev)
{
    struct km_edu *edu = &dev->edu;
    bool to_bus = edu->dma_cmd & EDU_DMA_TO_BUS;
    uint64_t local = to_bus ? edu->dma_src : edu->dma_dst;
    uint64_t iova = to_bus ? edu->dma_dst : edu->dma_src;
    struct km_access access = {
        .iova = iova & dev->conf.dma_mask, .write = to_bus,
    };

    if (local >= EDU_MEMORY && local - EDU_MEMORY <= sizeof(edu->buffer) &&
        edu->dma_count <= sizeof(edu->buffer) - (local - EDU_MEMORY)) {
        km_smmu_dma(dev, &access, edu->buffer + (local - EDU_MEMORY),
                    edu->dma_count);
    }
    edu->dma_cmd &= ~(uint64_t)EDU_DMA_RUN;
    if (edu->dma_cmd & EDU_DMA_IRQ) {
        raise_irq(dev, EDU_IRQ_DMA);
    }
}

static bool size_fits(uint32_t at, size_t len)
{
    return len == 4 || (len == 8 && at >= EDU_DMA_SRC);
}

uint64_t km_edu_read(struct km_device *dev, uint32_t at, size_t len)
{
    struct km_edu *edu = &dev->edu;

    if (!size_fits(at, len)) {
        return ~UINT64_C(0);
    }
    switch (at) {
    case EDU_ID:
        return EDU_ID_VALUE;
    case EDU_LIVENESS:
        return edu->liveness;
    case EDU_IRQ_STATUS:
        return edu->irq_status;
    case EDU_DMA_SRC:
        return edu->dma_src;
    case EDU_DMA_DST:
        return edu->dma_dst;
    case EDU_DMA_COUNT:
        return edu->dma_count;
    case EDU_DMA_CMD:
        return edu->dma_cmd;
    default:
        return ~UINT64_C(0);
    }
}

void km_edu_write(struct km_device *dev, uint32_t at, uint64_t value,
                  size_t len)
{
    struct km_edu *edu = &dev->edu;

    if (!size_fits(at, len)) {
        return;
    }
    switch (at) {
    case EDU_LIVENESS:
        edu->liveness = ~value;
        break;
    case EDU_IRQ_RAISE:
        raise_irq(dev, value);
        break;
    case EDU_IRQ_ACK:
        edu->irq_status &= ~value;
        break;
    case EDU_DMA_SRC:
        edu->dma_src = value;
        break;
    case EDU_DMA_DST:
        edu->dma_dst = value;
        break;
    case EDU_DMA_COUNT:
        edu->dma_count = value;
        break;
    case EDU_DMA_CMD:
        if (value & EDU_DMA_RUN) {
            edu->dma_cmd = value;
            run_dma(dev);
        }
        break;
    }
}
