/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After drivers/vfio/pci/vfio_pci_intrs.c of Linux 7.2. */
#include <sys/eventfd.h>

#include <linux/vfio.h>

#include "device.h"
#include "interpose.h"

void km_irqs_init(struct km_irqs *irqs)
{
    irqs->type = -1;
    irqs->vectors = 0;
    for (unsigned i = 0; i < KM_MAX_VECTORS; i++) {
        irqs->fd[i] = -1;
    }
}

static void drop_fd(int *fd)
{
    if (*fd >= 0) {
        km_real_close(*fd);
        *fd = -1;
    }
}

void km_irqs_release(struct km_irqs *irqs)
{
    for (unsigned i = 0; i < KM_MAX_VECTORS; i++) {
        drop_fd(&irqs->fd[i]);
    }
    irqs->type = -1;
    irqs->vectors = 0;
}

static unsigned irq_count(const struct km_device *dev, uint32_t index)
{
    switch (index) {
    case VFIO_PCI_MSI_IRQ_INDEX:
        return dev->conf.msi_vectors;
    case VFIO_PCI_MSIX_IRQ_INDEX:
        return dev->conf.flags & KM_DEV_MSIX ? dev->conf.msix_vectors : 0;
    default:
        return 1;
    }
}

int km_irq_info(struct km_device *dev, void *arg)
{
    struct vfio_irq_info *info = arg;

    if (info->argsz < sizeof(*info) || info->index >= VFIO_PCI_NUM_IRQS) {
        return km_error("GET_IRQ_INFO of index %u", info->index);
    }
    info->count = irq_count(dev, info->index);
    info->flags = VFIO_IRQ_INFO_EVENTFD;
    if (info->index == VFIO_PCI_INTX_IRQ_INDEX) {
        info->flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
    } else if (info->index != VFIO_PCI_MSIX_IRQ_INDEX) {
        info->flags |= VFIO_IRQ_INFO_NORESIZE;
    }
    return 0;
}

/* Eventfds of the caller's become ours; -1 stays */
static int set_fds(struct km_irqs *irqs, uint32_t start, uint32_t count,
                   const int32_t *fds)
{
    for (uint32_t i = start; i < start + count; i++, fds++) {
        drop_fd(&irqs->fd[i]);
        irqs->fd[i] = *fds < 0 ? -1 : km_real_dup_cloexec(*fds);
        if (*fds >= 0 && irqs->fd[i] < 0) {
            return km_error("%d is not a descriptor of an eventfd", *fds);
        }
    }
    return 0;
}

static int set_trigger(struct km_device *dev, const struct vfio_irq_set *set)
{
    struct km_irqs *irqs = &dev->irqs;
    bool on = irqs->type == (int)set->index;
    int ret;

    if (set->flags & VFIO_IRQ_SET_DATA_NONE && !set->count) {
        if (on) {
            km_irqs_release(irqs);
        }
        return on ? 0 : -EINVAL;
    }
    if (!(set->flags & VFIO_IRQ_SET_DATA_EVENTFD)) {
        return km_error("SET_IRQS of index %u with flags 0x%x", set->index,
                        set->flags);
    }
    /* Another kind is on, as when disabling it failed; MSIs do not resize */
    if (!(on || irqs->type < 0) ||
        (on && set->index == VFIO_PCI_MSI_IRQ_INDEX &&
         set->start + set->count > irqs->vectors)) {
        return -EINVAL;
    }
    /* A blocking domain has no room for the doorbell */
    if (set->index != VFIO_PCI_INTX_IRQ_INDEX && !on && !dev->hwpt) {
        return -ENOSPC;
    }
    ret = set_fds(irqs, set->start, set->count, (const int32_t *)set->data);
    if (!ret) {
        irqs->type = set->index;
        if (irqs->vectors < set->start + set->count) {
            irqs->vectors = set->start + set->count;
        }
    }
    return ret;
}

int km_irq_set(struct km_device *dev, void *arg)
{
    const struct vfio_irq_set *set = arg;
    uint32_t action = set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
    bool fds = set->flags & VFIO_IRQ_SET_DATA_EVENTFD;
    unsigned max = irq_count(dev, set->index);

    if (set->index >= VFIO_PCI_NUM_IRQS || set->start > max ||
        set->count > max - set->start || set->count > KM_MAX_VECTORS ||
        set->argsz < sizeof(*set) + (fds ? set->count * sizeof(int32_t) : 0)) {
        return km_error("SET_IRQS of index %u, vectors %u to %u", set->index,
                        set->start, set->start + set->count);
    }
    switch (set->index) {
    case VFIO_PCI_INTX_IRQ_INDEX:
    case VFIO_PCI_MSI_IRQ_INDEX:
    case VFIO_PCI_MSIX_IRQ_INDEX:
        if (action == VFIO_IRQ_SET_ACTION_TRIGGER) {
            return set_trigger(dev, set);
        }
        /* INTx is never asserted, so masking it has no effect */
        return set->index == VFIO_PCI_INTX_IRQ_INDEX ? 0 :
               km_error("MSIs are masked");
    default:
        return 0;       /* the error and the request: none ever comes */
    }
}

bool km_irq_msi_mapped(const struct km_device *dev)
{
    return dev->irqs.type == VFIO_PCI_MSI_IRQ_INDEX ||
           dev->irqs.type == VFIO_PCI_MSIX_IRQ_INDEX;
}

int km_irq_raise(struct km_device *dev, unsigned vector)
{
    struct km_irqs *irqs = &dev->irqs;

    if (!km_irq_msi_mapped(dev)) {
        return -ENXIO;
    }
    if (vector >= irqs->vectors) {
        vector = 0;
    }
    if (km_smmu_msi(dev, vector) && irqs->fd[vector] >= 0) {
        eventfd_write(irqs->fd[vector], 1);
    }
    return 0;
}
