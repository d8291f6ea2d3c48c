/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions of a device: what becomes of them on the way to memory. */
#include "hwpt.h"
#include "translate.h"
#include "veventq.h"

/* Where a piece of a transaction ends */
struct target {
    uint8_t *host;      /* memory, or NULL: */
    bool doorbell;      /* the page of the host's ITS; */
    uint64_t ipa;
    size_t len;
};

static km_result stage2(struct km_device *dev,
                        const struct km_access *access,
                        struct target *target)
{
    uint64_t page = target->ipa & ~(uint64_t)(KM_PAGE - 1);

    if (page == KM_SW_MSI_BASE && km_irq_msi_mapped(dev)) {
        target->doorbell = true;
        if (target->len > KM_PAGE - (target->ipa - page)) {
            target->len = KM_PAGE - (target->ipa - page);
        }
        return KM_DMA_OK;
    }
    target->host = km_ioas_lookup(dev->ste.paging->ioas, target->ipa,
                                  &target->len, access->write);
    if (target->host) {
        return KM_DMA_OK;
    }
    /* An event about stage 2, or the kernel's own tables, stays in the host */
    return KM_DMA_HOST_FAULT;
}

/* The first piece of access->iova on, target->len bytes at most */
static km_result resolve(struct km_device *dev,
                         const struct km_access *access,
                         struct target *target)
{
    struct km_fault fault = { 0 };

    target->host = NULL;
    target->doorbell = false;
    target->ipa = access->iova;
    switch (dev->ste.config) {
    case KM_STE_ABORT:
        return KM_DMA_ABORTED;
    case KM_STE_BYPASS:
        km_error("DMA of device %u while the host owns it", dev->index);
        return KM_DMA_ABORTED;
    case KM_STE_S1:
    case KM_STE_S2:
        return stage2(dev, access, target);
    case KM_STE_NESTED:
        break;
    }
    if (!km_stage1(dev, access, &target->ipa, &target->len, &fault)) {
        km_event_fault(dev, access, &fault);
        return fault.s2 ? KM_DMA_HOST_FAULT : fault.event;
    }
    return stage2(dev, access, target);
}

km_result km_smmu_dma(struct km_device *dev,
                      const struct km_access *access, void *buf,
                      size_t len)
{
    struct km_access piece = *access;
    km_result result = KM_DMA_OK;
    uint8_t *at = buf;
    size_t left = len;

    if (!km_config_bus_master(&dev->config)) {
        result = KM_DMA_NO_MASTER;
    }
    while (left && !result) {
        struct target target = { .len = left };

        result = resolve(dev, &piece, &target);
        if (result) {
            break;
        }
        if (!target.host) {
            memset(at, 0, access->write ? 0 : target.len);
        } else if (access->write) {
            memcpy(target.host, at, target.len);
        } else {
            memcpy(at, target.host, target.len);
        }
        at += target.len;
        piece.iova += target.len;
        left -= target.len;
    }
    if (!access->write) {
        memset(at, 0, left);    /* as `edu` finds it after an error */
    }
    return result;
}

bool km_smmu_msi(struct km_device *dev, unsigned vector)
{
    struct km_access access = { .iova = KM_SW_MSI_DOORBELL, .write = true };
    struct target target = { .len = sizeof(uint32_t) };
    km_result result = KM_DMA_NO_MASTER;
    uint32_t data = vector;

    if (km_config_bus_master(&dev->config)) {
        result = resolve(dev, &access, &target);
    }
    /* The guest's tables may lead it elsewhere: then it is just a write */
    if (!result && target.host && target.len == sizeof(data)) {
        memcpy(target.host, &data, sizeof(data));
    }
    return !result && target.doorbell && target.ipa == KM_SW_MSI_DOORBELL;
}
