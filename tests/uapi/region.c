/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After vfio_pci_core.c and vfio_pci_rdwr.c of Linux 7.2. */
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "shim.h"
#include "usermem.h"
#include "vfio.h"

static uint64_t region_size(const struct uapi_device *dev, uint32_t index)
{
    switch (index) {
    case VFIO_PCI_BAR0_REGION_INDEX:
        return UAPI_EDU_BAR_SIZE;
    case UAPI_CONFIG_MSIX_BAR:
        return dev->conf.flags & UAPI_DEV_MSIX ? UAPI_MSIX_BAR_SIZE : 0;
    case UAPI_CONFIG_RAM_BAR:
        return dev->conf.flags & UAPI_DEV_MMAP ? UAPI_RAM_BAR_SIZE : 0;
    case VFIO_PCI_CONFIG_REGION_INDEX:
        return UAPI_CONFIG_SIZE;
    default:
        return 0;
    }
}

int uapi_region_info(struct uapi_device *dev, uint64_t arg)
{
    struct vfio_region_info info;

    if (!uapi_copy_in(&info, arg, sizeof(info))) {
        return -EFAULT;
    }
    if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS ||
        info.index == VFIO_PCI_VGA_REGION_INDEX) {
        return -EINVAL;
    }
    info.argsz = sizeof(info);
    info.cap_offset = 0;
    info.offset = (uint64_t)info.index << UAPI_REGION_SHIFT;
    info.size = region_size(dev, info.index);
    info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ |
                             VFIO_REGION_INFO_FLAG_WRITE : 0;
    if (info.index == UAPI_CONFIG_RAM_BAR && info.size) {
        info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
    }
    return uapi_copy_out(arg, &info, sizeof(info)) ? 0 : -EFAULT;
}

/* Memory of BAR4, and of the MSI-X table, which QEMU emulates itself */
static uint8_t *bar_memory(struct uapi_device *dev, uint32_t index)
{
    static uint8_t *ram[UAPI_MAX_DEVICES];
    static uint8_t msix[UAPI_MAX_DEVICES][UAPI_MSIX_BAR_SIZE];

    if (index == UAPI_CONFIG_MSIX_BAR) {
        return msix[dev->index];
    }
    if (!ram[dev->index]) {
        int fd = uapi_ram_fd(dev->index, UAPI_RAM_BAR_SIZE);

        ram[dev->index] = uapi_real_mmap(NULL, UAPI_RAM_BAR_SIZE,
                                         PROT_READ | PROT_WRITE, MAP_SHARED,
                                         fd, 0);
    }
    return ram[dev->index];
}

/* Returns: bytes of the access that are in the region, or -errno */
static ssize_t check(struct uapi_device *dev, size_t len, off_t at,
                     uint32_t *index, uint64_t *offset)
{
    uint64_t size;

    *index = at >> UAPI_REGION_SHIFT;
    *offset = at & ((UINT64_C(1) << UAPI_REGION_SHIFT) - 1);
    size = *index < VFIO_PCI_NUM_REGIONS ? region_size(dev, *index) : 0;
    if (!size || *offset >= size) {
        return -EINVAL;
    }
    if (*index != VFIO_PCI_CONFIG_REGION_INDEX &&
        !uapi_config_memory_enabled(&dev->config)) {
        return -EIO;
    }
    return len < size - *offset ? len : size - *offset;
}

ssize_t uapi_region_read(struct uapi_device *dev, void *buf, size_t len,
                         off_t at)
{
    uint64_t offset, value;
    uint32_t index;
    ssize_t n = check(dev, len, at, &index, &offset);

    if (n < 0) {
        return n;
    }
    if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
        uapi_config_read(&dev->config, buf, n, offset);
    } else if (index == VFIO_PCI_BAR0_REGION_INDEX) {
        if (n > (ssize_t)sizeof(value)) {
            uapi_error("read of %zd bytes from BAR0", n);
            return -EIO;
        }
        value = uapi_edu_read(dev, offset, n);
        memcpy(buf, &value, n);
    } else {
        memcpy(buf, bar_memory(dev, index) + offset, n);
    }
    return n;
}

ssize_t uapi_region_write(struct uapi_device *dev, const void *buf, size_t len,
                          off_t at)
{
    uint64_t offset, value = 0;
    uint32_t index;
    ssize_t n = check(dev, len, at, &index, &offset);

    if (n < 0) {
        return n;
    }
    if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
        if (uapi_config_write(&dev->config, buf, n, offset)) {
            uapi_device_reset(dev);
        }
    } else if (index == VFIO_PCI_BAR0_REGION_INDEX) {
        if (n > (ssize_t)sizeof(value)) {
            uapi_error("write of %zd bytes to BAR0", n);
            return -EIO;
        }
        memcpy(&value, buf, n);
        uapi_edu_write(dev, offset, value, n);
    } else {
        memcpy(bar_memory(dev, index) + offset, buf, n);
    }
    return n;
}

int uapi_region_mmap(struct uapi_device *dev, size_t len, int prot, int flags,
                     off_t *at)
{
    uint32_t index = *at >> UAPI_REGION_SHIFT;
    uint64_t offset = *at & ((UINT64_C(1) << UAPI_REGION_SHIFT) - 1);

    if (index != UAPI_CONFIG_RAM_BAR || !region_size(dev, index) ||
        !(flags & MAP_SHARED) || offset + len > UAPI_RAM_BAR_SIZE) {
        return -EINVAL;
    }
    *at = offset;
    return uapi_ram_fd(dev->index, UAPI_RAM_BAR_SIZE);
}
