/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After vfio_main.c, device_cdev.c, vfio_pci_core.c and vfio_pci_rdwr.c of
 * Linux 7.2.
 */
#include <stdio.h>

#include <linux/vfio.h>

#include "device.h"
#include "file.h"

/* Where region @index is in the file */
#define REGION_SHIFT 40

/* What one open() of the cdev stands for */
struct cdev {
    struct km_device *dev;
    bool bound;     /* by this one: nothing else works before */
};

/* ---- Regions ------------------------------------------------------------- */

static uint64_t region_size(const struct km_device *dev, uint32_t index)
{
    switch (index) {
    case VFIO_PCI_BAR0_REGION_INDEX:
        return EDU_BAR_SIZE;
    case KM_CONFIG_MSIX_BAR:
        return dev->conf.flags & KM_DEV_MSIX ? KM_MSIX_BAR_SIZE : 0;
    case VFIO_PCI_CONFIG_REGION_INDEX:
        return KM_CONFIG_SIZE;
    default:
        return 0;
    }
}

static int get_region_info(struct km_device *dev, void *arg)
{
    struct vfio_region_info *info = arg;

    if (info->argsz < sizeof(*info) || info->index >= VFIO_PCI_NUM_REGIONS) {
        return km_error("GET_REGION_INFO of index %u", info->index);
    }
    if (info->index == VFIO_PCI_VGA_REGION_INDEX) {
        return -EINVAL;
    }
    info->argsz = sizeof(*info);
    info->cap_offset = 0;
    info->offset = (uint64_t)info->index << REGION_SHIFT;
    info->size = region_size(dev, info->index);
    info->flags = info->size ? VFIO_REGION_INFO_FLAG_READ |
                               VFIO_REGION_INFO_FLAG_WRITE : 0;
    return 0;
}

/* What BAR2 is for the device: the MSI-X table that QEMU emulates itself */
static uint8_t *msix_memory(struct km_device *dev)
{
    static uint8_t msix[KM_MAX_DEVICES][KM_MSIX_BAR_SIZE];

    return msix[dev->index];
}

/* Returns: bytes of the access that are in the region, or -errno */
static ssize_t check(struct km_device *dev, size_t len, off_t at,
                     uint32_t *index, uint64_t *offset)
{
    uint64_t size;

    *index = at >> REGION_SHIFT;
    *offset = at & ((UINT64_C(1) << REGION_SHIFT) - 1);
    size = *index < VFIO_PCI_NUM_REGIONS ? region_size(dev, *index) : 0;
    if (!size || *offset >= size ||
        (*index == VFIO_PCI_BAR0_REGION_INDEX && len > sizeof(uint64_t))) {
        return km_error("access of %zu bytes at 0x%llx of a VFIO cdev", len,
                        (unsigned long long)at);
    }
    if (*index != VFIO_PCI_CONFIG_REGION_INDEX &&
        !km_config_memory_enabled(&dev->config)) {
        return -EIO;
    }
    return len < size - *offset ? len : size - *offset;
}

static ssize_t region_read(struct km_device *dev, void *buf, size_t len,
                           off_t at)
{
    uint64_t offset, value;
    uint32_t index;
    ssize_t n = check(dev, len, at, &index, &offset);

    if (n < 0) {
        return n;
    }
    if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
        km_config_read(&dev->config, buf, n, offset);
    } else if (index == VFIO_PCI_BAR0_REGION_INDEX) {
        value = km_edu_read(dev, offset, n);
        memcpy(buf, &value, n);
    } else {
        memcpy(buf, msix_memory(dev) + offset, n);
    }
    return n;
}

static ssize_t region_write(struct km_device *dev, const void *buf,
                            size_t len, off_t at)
{
    uint64_t offset, value = 0;
    uint32_t index;
    ssize_t n = check(dev, len, at, &index, &offset);

    if (n < 0) {
        return n;
    }
    if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
        if (km_config_write(&dev->config, buf, n, offset)) {
            km_device_reset(dev);
        }
    } else if (index == VFIO_PCI_BAR0_REGION_INDEX) {
        memcpy(&value, buf, n);
        km_edu_write(dev, offset, value, n);
    } else {
        memcpy(msix_memory(dev) + offset, buf, n);
    }
    return n;
}

/* ---- ioctls -------------------------------------------------------------- */

static int bind(struct cdev *cdev, struct vfio_device_bind_iommufd *cmd)
{
    struct km_device *dev = cdev->dev;
    struct km_file *file = km_file_get_locked(cmd->iommufd);
    struct km_context *ctx = km_iommufd_context(file);
    int ret;

    if (!ctx || cmd->argsz < sizeof(*cmd) || cmd->flags || dev->ctx) {
        ret = km_error("BIND_IOMMUFD to descriptor %d, flags 0x%x%s",
                       cmd->iommufd, cmd->flags,
                       dev->ctx ? ", of a bound device" : "");
    } else {
        ret = km_device_bind(dev, ctx, &cmd->out_devid);
    }
    if (file) {
        km_file_put_locked(file);
    }
    if (ret) {
        return ret;
    }
    cdev->bound = true;
    km_config_init(&dev->config, &dev->conf);
    km_device_reset(dev);
    km_irqs_init(&dev->irqs);
    return 0;
}

static int attach_pt(struct km_device *dev, void *arg)
{
    struct vfio_device_attach_iommufd_pt *cmd = arg;

    /* before Linux 6.15 it ended with pt_id */
    if (cmd->argsz < offsetof(struct vfio_device_attach_iommufd_pt, pasid) ||
        cmd->flags) {
        return km_error("ATTACH_IOMMUFD_PT with flags 0x%x", cmd->flags);
    }
    return km_device_attach(dev, &cmd->pt_id);
}

static int detach_pt(struct km_device *dev, void *arg)
{
    struct vfio_device_detach_iommufd_pt *cmd = arg;

    if (cmd->argsz < offsetof(struct vfio_device_detach_iommufd_pt, pasid) ||
        cmd->flags) {
        return km_error("DETACH_IOMMUFD_PT with flags 0x%x", cmd->flags);
    }
    km_device_detach(dev);
    return 0;
}

static int get_info(struct km_device *dev, void *arg)
{
    struct vfio_device_info *info = arg;

    info->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
    info->num_regions = VFIO_PCI_NUM_REGIONS;
    info->num_irqs = VFIO_PCI_NUM_IRQS;
    info->cap_offset = 0;
    return 0;
}

static int reset(struct km_device *dev, void *arg)
{
    km_device_reset(dev);
    return 0;
}

/* The device is alone on its bus */
static int hot_reset_info(struct km_device *dev, void *arg)
{
    struct vfio_pci_hot_reset_info *info = arg;
    struct vfio_pci_dependent_device dep = { .devid = dev->idev->id };
    unsigned segment, bus, slot, fn;

    if (sscanf(dev->conf.bdf, "%x:%x:%x.%u", &segment, &bus, &slot, &fn) == 4) {
        dep.segment = segment;
        dep.bus = bus;
        dep.devfn = slot << 3 | fn;
    }
    info->flags = VFIO_PCI_HOT_RESET_FLAG_DEV_ID |
                  VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;
    info->count = 1;
    if (info->argsz < sizeof(*info) + sizeof(dep)) {
        return -ENOSPC;
    }
    memcpy(info->devices, &dep, sizeof(dep));
    return 0;
}

/* The device supports no feature */
static int feature(struct km_device *dev, void *arg)
{
    const struct vfio_device_feature *cmd = arg;
    uint32_t number = cmd->flags & VFIO_DEVICE_FEATURE_MASK;

    if (number != VFIO_DEVICE_FEATURE_PCI_VF_TOKEN &&
        number != VFIO_DEVICE_FEATURE_MIGRATION &&
        number != VFIO_DEVICE_FEATURE_DMA_LOGGING_START &&
        number != VFIO_DEVICE_FEATURE_MIG_DATA_SIZE) {
        km_error("VFIO_DEVICE_FEATURE %u is not modelled", number);
    }
    return -ENOTTY;
}

static const struct ioctl {
    unsigned long request;
    enum km_call call;
    int (*fn)(struct km_device *dev, void *arg);
} ioctls[] = {
    { VFIO_DEVICE_ATTACH_IOMMUFD_PT, KM_ATTACH_PT, attach_pt },
    { VFIO_DEVICE_DETACH_IOMMUFD_PT, KM_DETACH_PT, detach_pt },
    { VFIO_DEVICE_GET_INFO, KM_DEVICE_GET_INFO, get_info },
    { VFIO_DEVICE_GET_REGION_INFO, KM_GET_REGION_INFO, get_region_info },
    { VFIO_DEVICE_GET_IRQ_INFO, KM_GET_IRQ_INFO, km_irq_info },
    { VFIO_DEVICE_SET_IRQS, KM_SET_IRQS, km_irq_set },
    { VFIO_DEVICE_RESET, KM_DEVICE_RESET, reset },
    { VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, KM_GET_PCI_HOT_RESET_INFO,
      hot_reset_info },
    { VFIO_DEVICE_PCI_HOT_RESET, KM_PCI_HOT_RESET, reset },
    { VFIO_DEVICE_FEATURE, KM_DEVICE_FEATURE, feature },
};

static const struct ioctl *find_ioctl(unsigned long request)
{
    for (size_t i = 0; i < ARRAY_SIZE(ioctls); i++) {
        if (ioctls[i].request == request) {
            return &ioctls[i];
        }
    }
    return NULL;
}

static int cdev_ioctl(struct km_file *file, unsigned long request, void *arg)
{
    bool binds = request == VFIO_DEVICE_BIND_IOMMUFD;
    const struct ioctl *op = find_ioctl(request);
    struct cdev *cdev = file->opaque;
    enum km_call call = binds ? KM_BIND_IOMMUFD : op ? op->call : KM_ANY;
    int ret;

    if (call == KM_ANY || cdev->bound == binds) {
        km_error("ioctl 0x%lx of a VFIO cdev is not modelled, or not for one "
                 "that is %s", request, cdev->bound ? "bound" : "not bound");
        return -ENOTTY;
    }
    ret = km_enter(call);
    if (!ret) {
        ret = binds ? bind(cdev, arg) : op->fn(cdev->dev, arg);
        km_leave(call, ret);
    }
    return ret;
}

static ssize_t cdev_pread(struct km_file *file, void *buf, size_t len,
                          off_t at)
{
    struct cdev *cdev = file->opaque;
    ssize_t ret = km_enter(KM_REGION_READ);

    if (ret) {
        return ret;
    }
    ret = cdev->bound ? region_read(cdev->dev, buf, len, at)
                      : km_error("read of a device that is not bound");
    if (ret < 0) {
        km_leave(KM_REGION_READ, ret);
    }
    return ret;
}

static ssize_t cdev_pwrite(struct km_file *file, const void *buf, size_t len,
                           off_t at)
{
    struct cdev *cdev = file->opaque;
    ssize_t ret = km_enter(KM_REGION_WRITE);

    if (ret) {
        return ret;
    }
    ret = cdev->bound ? region_write(cdev->dev, buf, len, at)
                      : km_error("write to a device that is not bound");
    if (ret < 0) {
        km_leave(KM_REGION_WRITE, ret);
    }
    return ret;
}

static void cdev_release(struct km_file *file)
{
    struct cdev *cdev = file->opaque;

    if (cdev->bound) {
        km_irqs_release(&cdev->dev->irqs);
        km_config_init(&cdev->dev->config, &cdev->dev->conf);
        km_device_reset(cdev->dev);     /* no DMA from here on */
        km_device_unbind(cdev->dev);
    }
    atomic_fetch_sub(&cdev->dev->state->open, 1);
    free(cdev);
}

static const struct km_file_ops cdev_ops = {
    .ioctl = cdev_ioctl,
    .pread = cdev_pread,
    .pwrite = cdev_pwrite,
    .release = cdev_release,
};

void km_vfio_open(int fd, struct km_device *dev)
{
    struct cdev *cdev = km_zalloc(sizeof(*cdev));

    cdev->dev = dev;
    atomic_fetch_add(&dev->state->open, 1);
    km_file_install(fd, KM_FILE_CDEV, &cdev_ops, cdev);
}
