/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After drivers/vfio/pci/vfio_pci_intrs.c of Linux 7.2. */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "device.h"
#include "shim.h"
#include "usermem.h"

void uapi_irqs_init(struct uapi_irqs *irqs)
{
    irqs->type = -1;
    irqs->vectors = 0;
    irqs->intx_masked = irqs->intx_pending = false;
    irqs->err_fd = irqs->req_fd = -1;
    for (unsigned i = 0; i < UAPI_MAX_VECTORS; i++) {
        irqs->fd[i] = -1;
    }
}

static void drop_fd(int *fd)
{
    if (*fd >= 0) {
        uapi_real_close(*fd);
        *fd = -1;
    }
}

static void disable(struct uapi_irqs *irqs)
{
    for (unsigned i = 0; i < UAPI_MAX_VECTORS; i++) {
        drop_fd(&irqs->fd[i]);
    }
    irqs->type = -1;
    irqs->vectors = 0;
    irqs->intx_masked = false;
}

void uapi_irqs_release(struct uapi_device *dev)
{
    disable(&dev->irqs);
    drop_fd(&dev->irqs.err_fd);
    drop_fd(&dev->irqs.req_fd);
    dev->irqs.intx_pending = false;
}

static void signal_fd(int fd)
{
    if (fd >= 0) {
        eventfd_write(fd, 1);
    }
}

static unsigned irq_count(const struct uapi_device *dev, uint32_t index)
{
    switch (index) {
    case VFIO_PCI_MSI_IRQ_INDEX:
        return dev->conf.msi_vectors;
    case VFIO_PCI_MSIX_IRQ_INDEX:
        return dev->conf.flags & UAPI_DEV_MSIX ? dev->conf.msix_vectors : 0;
    default:
        return 1;
    }
}

int uapi_irq_info(struct uapi_device *dev, uint64_t arg)
{
    struct vfio_irq_info info;

    if (!uapi_copy_in(&info, arg, sizeof(info))) {
        return -EFAULT;
    }
    if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS) {
        return -EINVAL;
    }
    info.count = irq_count(dev, info.index);
    info.flags = VFIO_IRQ_INFO_EVENTFD;
    if (info.index == VFIO_PCI_INTX_IRQ_INDEX) {
        info.flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
    } else if (info.index != VFIO_PCI_MSIX_IRQ_INDEX) {
        info.flags |= VFIO_IRQ_INFO_NORESIZE;
    }
    return uapi_copy_out(arg, &info, sizeof(info)) ? 0 : -EFAULT;
}

/* An eventfd of the caller's becomes one of ours. -1 stays. */
static int take_eventfd(int fd, int *own)
{

    if (fd < 0) {
        *own = -1;
        return 0;
    }
    if (!uapi_is_eventfd(fd)) {
        return fcntl(fd, F_GETFD) < 0 ? -EBADF : -EINVAL;
    }
    *own = uapi_real_dup_cloexec(fd);
    return *own < 0 ? -errno : 0;
}

static int set_fds(struct uapi_irqs *irqs, uint32_t start, uint32_t count,
                   const int32_t *fds)
{
    for (uint32_t i = 0; i < count; i++) {
        int own, ret = take_eventfd(fds[i], &own);

        if (ret) {
            while (i--) {
                drop_fd(&irqs->fd[start + i]);
            }
            return ret;
        }
        drop_fd(&irqs->fd[start + i]);
        irqs->fd[start + i] = own;
    }
    return 0;
}

static void intx_update(struct uapi_device *dev)
{
    struct uapi_irqs *irqs = &dev->irqs;

    if (irqs->type == VFIO_PCI_INTX_IRQ_INDEX && irqs->intx_pending &&
        !irqs->intx_masked && !uapi_config_intx_disabled(&dev->config)) {
        irqs->intx_masked = true;
        signal_fd(irqs->fd[0]);
    }
}

static int set_intx_mask(struct uapi_device *dev,
                         const struct vfio_irq_set *set, const uint8_t *data)
{
    bool mask = set->flags & VFIO_IRQ_SET_ACTION_MASK;

    if (dev->irqs.type != VFIO_PCI_INTX_IRQ_INDEX || set->start ||
        set->count != 1) {
        return -EINVAL;
    }
    if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
        uapi_error("INTx masked by an eventfd is not modelled");
        return -ENOTTY;
    }
    if ((set->flags & VFIO_IRQ_SET_DATA_BOOL) && !data[0]) {
        return 0;
    }
    dev->irqs.intx_masked = mask;
    intx_update(dev);
    return 0;
}

static int set_intx_trigger(struct uapi_device *dev,
                            const struct vfio_irq_set *set,
                            const uint8_t *data)
{
    struct uapi_irqs *irqs = &dev->irqs;
    bool on = irqs->type == VFIO_PCI_INTX_IRQ_INDEX;
    int ret;

    if (on && !set->count && (set->flags & VFIO_IRQ_SET_DATA_NONE)) {
        disable(irqs);
        return 0;
    }
    if (!(on || irqs->type < 0) || set->start || set->count != 1) {
        return -EINVAL;
    }
    if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
        ret = set_fds(irqs, 0, 1, (const int32_t *)data);
        if (ret) {
            return ret;
        }
        irqs->type = VFIO_PCI_INTX_IRQ_INDEX;
        irqs->vectors = 1;
        intx_update(dev);
        return 0;
    }
    if (!on) {
        return -EINVAL;
    }
    if (!(set->flags & VFIO_IRQ_SET_DATA_BOOL) || data[0]) {
        signal_fd(irqs->fd[0]);
    }
    return 0;
}

static int set_msi_trigger(struct uapi_device *dev,
                           const struct vfio_irq_set *set, const uint8_t *data)
{
    struct uapi_irqs *irqs = &dev->irqs;
    bool on = irqs->type == (int)set->index;
    int ret;

    if (on && !set->count && (set->flags & VFIO_IRQ_SET_DATA_NONE)) {
        disable(irqs);
        return 0;
    }
    if (!(on || irqs->type < 0)) {
        return -EINVAL;
    }
    if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
        /* A blocking domain has no room for the doorbell */
        if (!on && !dev->hwpt) {
            return -ENOSPC;
        }
        if (on && set->index == VFIO_PCI_MSI_IRQ_INDEX &&
            set->start + set->count > irqs->vectors) {
            return -EINVAL;     /* VFIO_IRQ_INFO_NORESIZE */
        }
        ret = set_fds(irqs, set->start, set->count, (const int32_t *)data);
        if (ret) {
            if (!on) {
                disable(irqs);
            }
            return ret;
        }
        irqs->type = set->index;
        if (irqs->vectors < set->start + set->count) {
            irqs->vectors = set->start + set->count;
        }
        return 0;
    }
    if (!on) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        if (!(set->flags & VFIO_IRQ_SET_DATA_BOOL) || data[i]) {
            signal_fd(irqs->fd[set->start + i]);
        }
    }
    return 0;
}

/* The error and the unplug request: one eventfd each */
static int set_single(int *fd, const struct vfio_irq_set *set,
                      const uint8_t *data)
{
    int own, ret;

    if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
        if (!set->count) {
            return -EINVAL;
        }
        ret = take_eventfd(*(const int32_t *)data, &own);
        if (ret) {
            return ret;
        }
        drop_fd(fd);
        *fd = own;
        return 0;
    }
    if (*fd < 0) {
        return set->flags & VFIO_IRQ_SET_DATA_NONE ? -EINVAL : 0;
    }
    if (!set->count) {
        drop_fd(fd);
    } else if (!(set->flags & VFIO_IRQ_SET_DATA_BOOL) || data[0]) {
        signal_fd(*fd);
    }
    return 0;
}

static int set_irqs(struct uapi_device *dev, const struct vfio_irq_set *set,
                    const uint8_t *data)
{
    uint32_t action = set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
    bool trigger = action == VFIO_IRQ_SET_ACTION_TRIGGER;

    switch (set->index) {
    case VFIO_PCI_INTX_IRQ_INDEX:
        return trigger ? set_intx_trigger(dev, set, data)
                       : set_intx_mask(dev, set, data);
    case VFIO_PCI_MSI_IRQ_INDEX:
    case VFIO_PCI_MSIX_IRQ_INDEX:
        return trigger ? set_msi_trigger(dev, set, data) : -ENOTTY;
    case VFIO_PCI_ERR_IRQ_INDEX:
        return trigger ? set_single(&dev->irqs.err_fd, set, data) : -ENOTTY;
    case VFIO_PCI_REQ_IRQ_INDEX:
        return trigger ? set_single(&dev->irqs.req_fd, set, data) : -ENOTTY;
    default:
        return -ENOTTY;
    }
}

int uapi_irq_set(struct uapi_device *dev, uint64_t arg)
{
    struct vfio_irq_set set;
    uint8_t data[UAPI_MAX_VECTORS * sizeof(int32_t)] = { 0 };
    uint32_t type, max;
    size_t size;

    if (!uapi_copy_in(&set, arg, sizeof(set))) {
        return -EFAULT;
    }
    type = set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
    if (set.argsz < sizeof(set) || set.index >= VFIO_PCI_NUM_IRQS ||
        set.count >= UINT32_MAX - set.start ||
        (set.flags & ~(VFIO_IRQ_SET_DATA_TYPE_MASK |
                       VFIO_IRQ_SET_ACTION_TYPE_MASK)) ||
        !type || (type & (type - 1))) {
        return -EINVAL;
    }
    max = irq_count(dev, set.index);
    if (set.start >= max || set.start + set.count > max) {
        return -EINVAL;
    }
    size = type == VFIO_IRQ_SET_DATA_NONE ? 0 :
           type == VFIO_IRQ_SET_DATA_BOOL ? 1 : sizeof(int32_t);
    if (set.argsz - sizeof(set) < set.count * size) {
        return -EINVAL;
    }
    if (set.count > UAPI_MAX_VECTORS) {
        uapi_error("more vectors than are modelled");
        return -EINVAL;
    }
    if (!uapi_copy_in(data, arg + sizeof(set), set.count * size)) {
        return -EFAULT;
    }
    return set_irqs(dev, &set, data);
}

bool uapi_irq_msi_mapped(const struct uapi_device *dev)
{
    return dev->irqs.type == VFIO_PCI_MSI_IRQ_INDEX ||
           dev->irqs.type == VFIO_PCI_MSIX_IRQ_INDEX;
}

void uapi_irq_raise(struct uapi_device *dev, unsigned vector)
{
    struct uapi_irqs *irqs = &dev->irqs;

    if (!uapi_irq_msi_mapped(dev)) {
        irqs->intx_pending = true;
        intx_update(dev);
        return;
    }
    if (vector >= irqs->vectors) {
        vector = 0;
    }
    if (uapi_smmu_msi(dev, vector)) {
        signal_fd(irqs->fd[vector]);
    }
}

void uapi_irq_lower(struct uapi_device *dev)
{
    dev->irqs.intx_pending = false;
}

int uapi_irq_inject(struct uapi_device *dev, unsigned index, unsigned vector)
{
    struct uapi_irqs *irqs = &dev->irqs;
    int fd = -1;

    if (index == VFIO_PCI_ERR_IRQ_INDEX) {
        fd = irqs->err_fd;
    } else if (index == VFIO_PCI_REQ_IRQ_INDEX) {
        fd = irqs->req_fd;
    } else if (irqs->type == (int)index && vector < UAPI_MAX_VECTORS) {
        uapi_irq_raise(dev, vector);
        return 0;
    }
    if (fd < 0) {
        return -ENXIO;
    }
    signal_fd(fd);
    return 0;
}
