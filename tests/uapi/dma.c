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

static uapi_result stage2(struct uapi_device *dev,
                          const struct uapi_access *access,
                          struct target *target)
{
    uint64_t page = target->ipa & ~(uint64_t)(UAPI_PAGE - 1);

    if (page == UAPI_SW_MSI_BASE && uapi_irq_msi_mapped(dev)) {
        target->doorbell = true;
        if (target->len > UAPI_PAGE - (target->ipa - page)) {
            target->len = UAPI_PAGE - (target->ipa - page);
        }
        return UAPI_DMA_OK;
    }
    target->host = uapi_ioas_lookup(dev->ste.paging->ioas, target->ipa,
                                    &target->len, access->write);
    if (target->host) {
        return UAPI_DMA_OK;
    }
    /* An event about stage 2, or the kernel's own tables, stays in the host */
    return UAPI_DMA_HOST_FAULT;
}

/* The first piece of access->iova on, target->len bytes at most */
static uapi_result resolve(struct uapi_device *dev,
                           const struct uapi_access *access,
                           struct target *target)
{
    struct uapi_fault fault = { 0 };

    target->host = NULL;
    target->doorbell = false;
    target->ipa = access->iova;
    switch (dev->ste.config) {
    case UAPI_STE_ABORT:
        return UAPI_DMA_ABORTED;
    case UAPI_STE_BYPASS:
        uapi_error("DMA of device %u while the host owns it", dev->index);
        return UAPI_DMA_ABORTED;
    case UAPI_STE_S1:
    case UAPI_STE_S2:
        return stage2(dev, access, target);
    case UAPI_STE_NESTED:
        break;
    }
    if (!uapi_stage1(dev, access, &target->ipa, &target->len, &fault)) {
        uapi_event_fault(dev, access, &fault);
        return fault.s2 ? UAPI_DMA_HOST_FAULT : fault.event;
    }
    return stage2(dev, access, target);
}

uapi_result uapi_smmu_dma(struct uapi_device *dev,
                          const struct uapi_access *access, void *buf,
                          size_t len)
{
    struct uapi_access piece = *access;
    uapi_result result = UAPI_DMA_OK;
    uint8_t *at = buf;
    size_t left = len;

    if (!uapi_config_bus_master(&dev->config)) {
        result = UAPI_DMA_NO_MASTER;
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

bool uapi_smmu_msi(struct uapi_device *dev, unsigned vector)
{
    struct uapi_access access = { .iova = UAPI_SW_MSI_DOORBELL, .write = true };
    struct target target = { .len = sizeof(uint32_t) };
    uapi_result result = UAPI_DMA_NO_MASTER;
    uint32_t data = vector;

    if (uapi_config_bus_master(&dev->config)) {
        result = resolve(dev, &access, &target);
    }
    /* The guest's tables may lead it elsewhere: then it is just a write */
    if (!result && target.host && target.len == sizeof(data)) {
        memcpy(target.host, &data, sizeof(data));
    }
    return !result && target.doorbell && target.ipa == UAPI_SW_MSI_DOORBELL;
}
