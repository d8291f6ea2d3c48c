/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After vfio_main.c, device_cdev.c and vfio_pci_core.c of Linux 7.2. */
#include <stdio.h>

#include <linux/vfio.h>

#include "attach.h"
#include "iommufd.h"
#include "usermem.h"
#include "vfio.h"

#define END(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))

/* What one open() of the cdev stands for */
struct cdev {
    struct uapi_device *dev;
    bool bound;     /* by this one: nothing else works before */
};

static int bind(struct cdev *cdev, uint64_t arg)
{
    struct uapi_device *dev = cdev->dev;
    struct vfio_device_bind_iommufd cmd;
    struct uapi_context *ctx;
    struct uapi_file *file;
    uint32_t size, id;
    int ret;

    if (!uapi_copy_in(&size, arg, sizeof(size))) {
        return -EFAULT;
    }
    if (size < END(struct vfio_device_bind_iommufd, out_devid)) {
        return -EINVAL;
    }
    ret = uapi_copy_struct(&cmd, sizeof(cmd), arg, size);
    if (ret) {
        return ret;
    }
    /* No flag is of use here: the device is no virtual function */
    if (cmd.flags || cmd.iommufd < 0 || cdev->bound) {
        return -EINVAL;
    }
    file = uapi_file_get_locked(cmd.iommufd);
    ctx = uapi_iommufd_context(file);
    if (!ctx) {
        ret = file ? -EBADFD : -EBADF;
    } else if (dev->ctx) {
        ret = -EINVAL;  /* another open file has it */
    } else {
        ret = uapi_device_bind(dev, ctx, &id);
    }
    if (file) {
        uapi_file_put_locked(file);
    }
    if (ret) {
        return ret;
    }
    cdev->bound = true;
    uapi_config_init(&dev->config, &dev->conf);
    uapi_device_reset(dev);
    uapi_irqs_init(&dev->irqs);
    return uapi_copy_out(arg + offsetof(struct vfio_device_bind_iommufd,
                                        out_devid), &id, sizeof(id)) ? 0
                                                                    : -EFAULT;
}

static int attach_pt(struct uapi_device *dev, uint64_t arg)
{
    struct vfio_device_attach_iommufd_pt cmd;
    const size_t min = END(struct vfio_device_attach_iommufd_pt, pt_id);
    uint32_t id;
    int ret;

    if (!uapi_copy_in(&cmd, arg, min)) {
        return -EFAULT;
    }
    if (cmd.argsz < min || (cmd.flags & ~VFIO_DEVICE_ATTACH_PASID)) {
        return -EINVAL;
    }
    if (cmd.flags & VFIO_DEVICE_ATTACH_PASID) {
        uapi_error("attaching a PASID is not modelled");
        return -EOPNOTSUPP;
    }
    id = cmd.pt_id;
    ret = uapi_device_attach(dev, &id);
    if (ret) {
        return ret;
    }
    return uapi_copy_out(arg + offsetof(struct vfio_device_attach_iommufd_pt,
                                        pt_id), &id, sizeof(id)) ? 0 : -EFAULT;
}

static int detach_pt(struct uapi_device *dev, uint64_t arg)
{
    struct vfio_device_detach_iommufd_pt cmd;
    const size_t min = END(struct vfio_device_detach_iommufd_pt, flags);

    if (!uapi_copy_in(&cmd, arg, min)) {
        return -EFAULT;
    }
    if (cmd.argsz < min || (cmd.flags & ~VFIO_DEVICE_DETACH_PASID)) {
        return -EINVAL;
    }
    if (cmd.flags & VFIO_DEVICE_DETACH_PASID) {
        uapi_error("detaching a PASID is not modelled");
        return -EOPNOTSUPP;
    }
    uapi_device_detach(dev);
    return 0;
}

static int get_info(struct uapi_device *dev, uint64_t arg)
{
    struct vfio_device_info info;
    const size_t min = END(struct vfio_device_info, num_irqs);

    if (!uapi_copy_in(&info, arg, min)) {
        return -EFAULT;
    }
    if (info.argsz < min) {
        return -EINVAL;
    }
    if (info.argsz > sizeof(info)) {
        info.argsz = sizeof(info);
    }
    info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
    info.num_regions = VFIO_PCI_NUM_REGIONS;
    info.num_irqs = VFIO_PCI_NUM_IRQS;
    info.cap_offset = 0;
    return uapi_copy_out(arg, &info, info.argsz) ? 0 : -EFAULT;
}

static int reset(struct uapi_device *dev, uint64_t arg)
{
    uapi_device_reset(dev);
    return 0;
}

/* The device is alone on its bus */
static int hot_reset_info(struct uapi_device *dev, uint64_t arg)
{
    struct vfio_pci_hot_reset_info info;
    struct vfio_pci_dependent_device dep = { .devid = dev->idev->id };
    const size_t min = END(struct vfio_pci_hot_reset_info, count);
    unsigned segment, bus, slot, fn;

    if (!uapi_copy_in(&info, arg, min)) {
        return -EFAULT;
    }
    if (info.argsz < min) {
        return -EINVAL;
    }
    if (sscanf(dev->conf.bdf, "%x:%x:%x.%u", &segment, &bus, &slot, &fn) == 4) {
        dep.segment = segment;
        dep.bus = bus;
        dep.devfn = slot << 3 | fn;
    }
    info.flags = VFIO_PCI_HOT_RESET_FLAG_DEV_ID |
                 VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;
    info.count = 1;
    if (!uapi_copy_out(arg, &info, min)) {
        return -EFAULT;
    }
    if (info.argsz < min + sizeof(dep)) {
        return -ENOSPC;
    }
    return uapi_copy_out(arg + min, &dep, sizeof(dep)) ? 0 : -EFAULT;
}

static int hot_reset(struct uapi_device *dev, uint64_t arg)
{
    struct vfio_pci_hot_reset cmd;

    if (!uapi_copy_in(&cmd, arg, sizeof(cmd))) {
        return -EFAULT;
    }
    if (cmd.argsz < sizeof(cmd) || cmd.flags) {
        return -EINVAL;
    }
    if (cmd.count) {
        return -EINVAL;     /* groups, which a cdev has not */
    }
    uapi_device_reset(dev);
    return 0;
}

/* The device has none of the features that one can ask for */
static int feature(struct uapi_device *dev, uint64_t arg)
{
    struct vfio_device_feature cmd;
    const uint32_t ops = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET |
                         VFIO_DEVICE_FEATURE_PROBE;

    if (!uapi_copy_in(&cmd, arg, sizeof(cmd))) {
        return -EFAULT;
    }
    if (cmd.argsz < sizeof(cmd) ||
        (cmd.flags & ~(VFIO_DEVICE_FEATURE_MASK | ops)) ||
        (!(cmd.flags & VFIO_DEVICE_FEATURE_PROBE) &&
         (cmd.flags & (ops & ~VFIO_DEVICE_FEATURE_PROBE)) ==
         (ops & ~VFIO_DEVICE_FEATURE_PROBE))) {
        return -EINVAL;
    }
    switch (cmd.flags & VFIO_DEVICE_FEATURE_MASK) {
    case VFIO_DEVICE_FEATURE_PCI_VF_TOKEN:
    case VFIO_DEVICE_FEATURE_MIGRATION:
    case VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
    case VFIO_DEVICE_FEATURE_MIG_DATA_SIZE:
        return -ENOTTY;
    default:
        uapi_error("VFIO_DEVICE_FEATURE %u is not modelled",
                   cmd.flags & VFIO_DEVICE_FEATURE_MASK);
        return -ENOTTY;
    }
}

static int not_modelled(struct uapi_device *dev, uint64_t arg)
{
    uapi_error("this ioctl of VFIO is not modelled");
    return -ENOTTY;
}

static const struct ioctl {
    unsigned long request;
    enum uapi_call call;
    int (*fn)(struct uapi_device *dev, uint64_t arg);
} ioctls[] = {
    { VFIO_DEVICE_ATTACH_IOMMUFD_PT, UAPI_ATTACH_PT, attach_pt },
    { VFIO_DEVICE_DETACH_IOMMUFD_PT, UAPI_DETACH_PT, detach_pt },
    { VFIO_DEVICE_GET_INFO, UAPI_DEVICE_GET_INFO, get_info },
    { VFIO_DEVICE_GET_REGION_INFO, UAPI_GET_REGION_INFO, uapi_region_info },
    { VFIO_DEVICE_GET_IRQ_INFO, UAPI_GET_IRQ_INFO, uapi_irq_info },
    { VFIO_DEVICE_SET_IRQS, UAPI_SET_IRQS, uapi_irq_set },
    { VFIO_DEVICE_RESET, UAPI_DEVICE_RESET, reset },
    { VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, UAPI_GET_PCI_HOT_RESET_INFO,
      hot_reset_info },
    { VFIO_DEVICE_PCI_HOT_RESET, UAPI_PCI_HOT_RESET, hot_reset },
    { VFIO_DEVICE_FEATURE, UAPI_DEVICE_FEATURE, feature },
    { VFIO_DEVICE_IOEVENTFD, UAPI_DEVICE_IOEVENTFD, not_modelled },
};

static int call(struct cdev *cdev, enum uapi_call id,
                int (*fn)(struct uapi_device *dev, uint64_t arg), uint64_t arg)
{
    struct uapi_device *dev = cdev->dev;
    int ret = uapi_enter(id);

    if (ret) {
        return ret;
    }
    if (id == UAPI_BIND_IOMMUFD) {
        ret = bind(cdev, arg);
    } else {
        ret = cdev->bound ? fn(dev, arg) : -EINVAL;
    }
    uapi_leave(id, ret);
    return ret;
}

static int cdev_ioctl(struct uapi_file *file, unsigned long request, void *arg)
{
    if (request == VFIO_DEVICE_BIND_IOMMUFD) {
        return call(file->opaque, UAPI_BIND_IOMMUFD, NULL, (uintptr_t)arg);
    }
    for (size_t i = 0; i < ARRAY_SIZE(ioctls); i++) {
        if (ioctls[i].request == request) {
            return call(file->opaque, ioctls[i].call, ioctls[i].fn,
                        (uintptr_t)arg);
        }
    }
    uapi_error("ioctl 0x%lx is none of a VFIO cdev", request);
    return -ENOTTY;
}

static ssize_t cdev_pread(struct uapi_file *file, void *buf, size_t len,
                          off_t at)
{
    struct cdev *cdev = file->opaque;
    ssize_t ret = uapi_enter(UAPI_REGION_READ);

    if (ret) {
        return ret;
    }
    ret = cdev->bound ? uapi_region_read(cdev->dev, buf, len, at) : -EINVAL;
    if (ret < 0) {
        uapi_leave(UAPI_REGION_READ, ret);
    }
    return ret;
}

static ssize_t cdev_pwrite(struct uapi_file *file, const void *buf, size_t len,
                           off_t at)
{
    struct cdev *cdev = file->opaque;
    ssize_t ret = uapi_enter(UAPI_REGION_WRITE);

    if (ret) {
        return ret;
    }
    ret = cdev->bound ? uapi_region_write(cdev->dev, buf, len, at) : -EINVAL;
    if (ret < 0) {
        uapi_leave(UAPI_REGION_WRITE, ret);
    }
    return ret;
}

static int cdev_mmap(struct uapi_file *file, size_t len, int prot, int flags,
                     off_t *at)
{
    struct cdev *cdev = file->opaque;
    int ret = uapi_enter(UAPI_REGION_MMAP);

    if (ret) {
        return ret;
    }
    ret = cdev->bound ? uapi_region_mmap(cdev->dev, len, prot, flags, at)
                      : -EINVAL;
    uapi_leave(UAPI_REGION_MMAP, ret);
    return ret;
}

static void cdev_release(struct uapi_file *file)
{
    struct cdev *cdev = file->opaque;

    if (cdev->bound) {
        uapi_irqs_release(cdev->dev);
        uapi_config_init(&cdev->dev->config, &cdev->dev->conf);
        uapi_device_reset(cdev->dev);   /* no DMA from here on */
        uapi_device_unbind(cdev->dev);
    }
    atomic_fetch_sub(&cdev->dev->state->open, 1);
    free(cdev);
}

static const struct uapi_file_ops cdev_ops = {
    .ioctl = cdev_ioctl,
    .pread = cdev_pread,
    .pwrite = cdev_pwrite,
    .mmap = cdev_mmap,
    .release = cdev_release,
};

void uapi_vfio_open(int fd, struct uapi_device *dev)
{
    struct cdev *cdev = uapi_zalloc(sizeof(*cdev));

    cdev->dev = dev;
    atomic_fetch_add(&dev->state->open, 1);
    uapi_file_install(fd, UAPI_FILE_CDEV, &cdev_ops, cdev);
}
