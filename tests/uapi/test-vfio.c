/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VFIO cdev of an `edu`: information, regions, interrupts, reset. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "bench.h"
#include "tap.h"

static uint64_t config_at(uint32_t at)
{
    return ((uint64_t)VFIO_PCI_CONFIG_REGION_INDEX << 40) + at;
}

static uint32_t config(struct bench *b, uint32_t at, size_t len)
{
    uint32_t value = 0;

    CHECK_EQ(pread(b->cdev, &value, len, config_at(at)), len);
    return value;
}

static uint32_t capability(struct bench *b, uint8_t id)
{
    uint32_t at = config(b, PCI_CAPABILITY_LIST, 1);

    while (at && config(b, at, 1) != id) {
        at = config(b, at + 1, 1);
    }
    return at;
}

static void test_bind(void)
{
    struct vfio_device_bind_iommufd cmd = { .argsz = sizeof(cmd) };
    struct vfio_device_info info = { .argsz = sizeof(info) };
    struct bench b;
    uint32_t value;
    int other;

    bench_open(&b);
    if (!b.uapi) {
        tap_skip("opens the model's path");
        bench_close(&b);
        return;
    }
    cmd.iommufd = b.iommu;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EINVAL);
    other = open("/dev/vfio/devices/vfio1", O_RDWR);
    CHECK_EQ(bench_ioctl(other, VFIO_DEVICE_GET_INFO, &info), EINVAL);
    CHECK_EQ(pread(other, &value, 4, config_at(0)), -1);
    CHECK_EQ(errno, EINVAL);
    cmd.iommufd = -1;
    CHECK_EQ(bench_ioctl(other, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EINVAL);
    cmd.iommufd = 999;
    CHECK_EQ(bench_ioctl(other, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EBADF);
    cmd.iommufd = other;
    CHECK_EQ(bench_ioctl(other, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EBADFD);
    cmd.iommufd = b.iommu;
    cmd.argsz = 4;
    CHECK_EQ(bench_ioctl(other, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EINVAL);
    cmd.argsz = sizeof(cmd);
    CHECK_EQ(bench_ioctl(other, VFIO_DEVICE_BIND_IOMMUFD, &cmd), 0);
    close(other);
    /* the same device once more: the first open file has it */
    other = open("/dev/vfio/devices/vfio0", O_RDWR);
    CHECK_EQ(bench_ioctl(other, VFIO_DEVICE_BIND_IOMMUFD, &cmd), EINVAL);
    close(other);
    bench_close(&b);
}

static void test_info(void)
{
    struct vfio_device_info info = { .argsz = sizeof(info) };
    struct vfio_region_info region = { .argsz = sizeof(region) };
    struct vfio_irq_info irq = { .argsz = sizeof(irq) };
    struct bench b;

    bench_open(&b);
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_INFO, &info), 0);
    CHECK(info.flags & VFIO_DEVICE_FLAGS_PCI);
    CHECK(info.num_regions >= VFIO_PCI_NUM_REGIONS);
    CHECK(info.num_irqs >= VFIO_PCI_NUM_IRQS);
    info.argsz = 8;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_INFO, &info), EINVAL);

    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_REGION_INFO, &region), 0);
    CHECK_EQ(region.size, 1 << 20);
    CHECK_EQ(region.offset, 0);
    region.index = VFIO_PCI_BAR1_REGION_INDEX;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_REGION_INFO, &region), 0);
    CHECK_EQ(region.size, 0);
    region.index = 99;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_REGION_INFO, &region), EINVAL);

    irq.index = VFIO_PCI_MSI_IRQ_INDEX;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_IRQ_INFO, &irq), 0);
    CHECK_EQ(irq.count, 1);
    CHECK_EQ(irq.flags & VFIO_IRQ_INFO_EVENTFD, VFIO_IRQ_INFO_EVENTFD);
    irq.index = VFIO_PCI_INTX_IRQ_INDEX;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_IRQ_INFO, &irq), 0);
    CHECK_EQ(irq.count, 1);
    CHECK(irq.flags & VFIO_IRQ_INFO_AUTOMASKED);
    irq.index = VFIO_PCI_MSIX_IRQ_INDEX;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_IRQ_INFO, &irq), 0);
    CHECK_EQ(irq.count, 0);
    irq.index = 99;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_IRQ_INFO, &irq), EINVAL);
    bench_close(&b);
}

static void test_config(void)
{
    uint32_t ones = ~0u, value, msi;
    struct bench b;

    bench_open(&b);
    CHECK_EQ(config(&b, PCI_VENDOR_ID, 4), 0x11e81234);
    CHECK(config(&b, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
    CHECK_EQ(pwrite(b.cdev, &ones, 4, config_at(PCI_VENDOR_ID)), 4);
    CHECK_EQ(config(&b, PCI_VENDOR_ID, 4), 0x11e81234);
    CHECK_EQ(pwrite(b.cdev, &ones, 4, config_at(PCI_BASE_ADDRESS_0)), 4);
    CHECK_EQ(config(&b, PCI_BASE_ADDRESS_0, 4), 0xfff00000);
    msi = capability(&b, PCI_CAP_ID_MSI);
    CHECK(msi);
    CHECK(config(&b, msi + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_64BIT);
    CHECK_EQ(capability(&b, PCI_CAP_ID_MSIX), 0);

    /* BARs answer while memory is enabled */
    bench_config_write(&b, PCI_COMMAND, 0);
    CHECK_EQ(pread(b.cdev, &value, 4, 0), -1);
    CHECK_EQ(errno, EIO);
    bench_config_write(&b, PCI_COMMAND, PCI_COMMAND_MEMORY);
    CHECK_EQ(bench_read(&b, 0), 0x010000ed);
    CHECK_EQ(pread(b.cdev, &value, 4, (uint64_t)1 << 40), -1);
    CHECK_EQ(errno, EINVAL);
    bench_close(&b);
}

/* A chain of extended capabilities, as the test made it up */
static void test_ext_caps(void)
{
    struct uapi_device_config *conf;
    struct bench b;
    int other;

    bench_open(&b);
    if (!b.uapi) {
        tap_skip("needs the model");
        bench_close(&b);
        return;
    }
    conf = &b.uapi->control->device[1];
    conf->ext_cap[0] = (struct uapi_ext_cap){ .at = 0x100, .id = 3,
                                              .version = 1, .words = { 7 } };
    conf->ext_cap[1] = (struct uapi_ext_cap){ .at = 0xff8, .id = 0x1b,
                                              .version = 2, .words = { 9 } };
    conf->ext_fill = 0xff;
    other = b.cdev;
    b.cdev = bench_second(&b, 0, &b.devid);
    CHECK_EQ(config(&b, 0x100, 4), 0xff810003);
    CHECK_EQ(config(&b, 0x104, 4), 7);
    CHECK_EQ(config(&b, 0x114, 4), ~0u);
    CHECK_EQ(config(&b, 0xff8, 4), 0x0002001b);
    CHECK_EQ(config(&b, 0xffc, 4), 9);
    close(other);
    memset(conf->ext_cap, 0, sizeof(conf->ext_cap));
    conf->ext_fill = 0;
    bench_close(&b);
}

/* A BAR that is memory: the same by all ways, and nothing for an IOAS */
static void test_mmap(void)
{
    struct uapi_device_config *conf;
    uint64_t bar4 = 4ull << 40, value = 0x5566;
    struct bench b;
    uint64_t *map;
    uint32_t id;
    int other;

    bench_start(&b);
    if (!b.uapi) {
        tap_skip("needs the model");
        bench_close(&b);
        return;
    }
    conf = &b.uapi->control->device[1];
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, b.cdev, 0) == MAP_FAILED);
    conf->flags = UAPI_DEV_MMAP;
    other = bench_second(&b, 0, &id);
    map = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, other, bar4);
    CHECK(map != MAP_FAILED);
    map[16] = 0x1234;
    CHECK_EQ(pread(other, &value, 8, bar4 + 128), 8);
    CHECK_EQ(value, 0x1234);
    value = 0x4321;
    CHECK_EQ(pwrite(other, &value, 8, bar4 + 128), 8);
    CHECK_EQ(map[16], 0x4321);
    CHECK_EQ(io_map(&b, b.ioas, 0x10000, map, 16384, true), EFAULT);
    munmap(map, 16384);
    close(other);
    conf->flags = 0;
    bench_close(&b);
}

static void test_registers(void)
{
    struct bench b;

    bench_open(&b);
    bench_config_write(&b, PCI_COMMAND, PCI_COMMAND_MEMORY);
    bench_write(&b, 0x04, 0x12345678, 4);
    CHECK_EQ(bench_read(&b, 0x04), ~0x12345678u);
    bench_write(&b, 0x80, 0x123456789abcdef0, 8);
    CHECK_EQ(bench_read(&b, 0x80), 0x9abcdef0);
    CHECK_EQ(bench_read(&b, 0x84), ~0u);
    bench_close(&b);
}

static int set_irqs(struct bench *b, uint32_t index, uint32_t flags,
                    uint32_t start, uint32_t count, int fd)
{
    struct { struct vfio_irq_set set; int32_t fd[4]; } cmd = {
        .set = { .argsz = sizeof(cmd), .flags = flags, .index = index,
                 .start = start, .count = count },
        .fd = { fd, fd, fd, fd },
    };

    return bench_ioctl(b->cdev, VFIO_DEVICE_SET_IRQS, &cmd);
}

#define TRIGGER_FD (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define TRIGGER_NONE (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)
#define UNMASK (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK)
#define MASK (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK)

/* Returns: how often @fd was signalled, waiting a moment for the first time */
static uint64_t signals(int fd, int milliseconds)
{
    struct pollfd pfd = { .fd = fd, .events = POLLIN };
    eventfd_t n;

    return poll(&pfd, 1, milliseconds) == 1 && !eventfd_read(fd, &n) ? n : 0;
}

static void test_irq_arguments(void)
{
    struct bench b;
    int fd = eventfd(0, 0);

    bench_start(&b);
    CHECK_EQ(set_irqs(&b, 99, TRIGGER_FD, 0, 1, fd), EINVAL);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 2, fd),
             EINVAL);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 1, 1, fd),
             EINVAL);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_NONE, 0, 1, fd),
             EINVAL);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, b.iommu),
             EINVAL);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, 9999),
             EBADF);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, UNMASK, 0, 1, fd), ENOTTY);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_INTX_IRQ_INDEX, UNMASK, 0, 1, fd), EINVAL);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSIX_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
             EINVAL);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, 0x1000 | TRIGGER_FD, 0, 1,
                      fd), EINVAL);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, fd), 0);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_INTX_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
             EINVAL);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_NONE, 0, 0, fd), 0);
    bench_close(&b);
    close(fd);
}

static void test_intx(void)
{
    struct bench b;
    int fd = eventfd(0, EFD_NONBLOCK);

    bench_start(&b);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_INTX_IRQ_INDEX, TRIGGER_FD, 0, 1, fd), 0);
    bench_write(&b, 0x60, 1, 4);
    CHECK_EQ(signals(fd, 1000), 1);
    CHECK_EQ(bench_read(&b, 0x24), 1);
    bench_write(&b, 0x60, 2, 4);    /* masked by itself */
    CHECK_EQ(signals(fd, 50), 0);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_INTX_IRQ_INDEX, UNMASK, 0, 1, fd), 0);
    CHECK_EQ(signals(fd, 1000), 1);
    bench_write(&b, 0x64, 3, 4);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_INTX_IRQ_INDEX, UNMASK, 0, 1, fd), 0);
    CHECK_EQ(signals(fd, 50), 0);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_INTX_IRQ_INDEX, TRIGGER_NONE, 0, 0, fd), 0);
    bench_close(&b);
    close(fd);
}

/* The doorbell is the host's: what translates has to lead there */
static void test_msi(void)
{
    struct bench b;
    uint32_t hwpt = 0;
    uint64_t table;
    int fd = eventfd(0, EFD_NONBLOCK);

    bench_start(&b);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, fd), 0);
    bench_write(&b, 0x60, 1, 4);
    CHECK_EQ(signals(fd, 1000), 1);

    CHECK_EQ(bench_ste(&b, STE0_BYPASS, 0, &hwpt), 0);
    bench_write(&b, 0x60, 1, 4);
    CHECK_EQ(signals(fd, 1000), 1);

    CHECK_EQ(bench_ste(&b, STE0_ABORT, 0, &hwpt), 0);
    bench_write(&b, 0x60, 1, 4);
    CHECK_EQ(signals(fd, 100), 0);

    table = bench_table(&b);
    bench_cd(&b, 0, 1, table);
    CHECK_EQ(bench_ste(&b, STE0_S1, 0, &hwpt), 0);
    bench_write(&b, 0x60, 1, 4);
    CHECK_EQ(signals(fd, 100), 0);
    bench_map(&b, table, UAPI_SW_MSI_BASE, UAPI_SW_MSI_BASE, PTE_PAGE);
    bench_write(&b, 0x60, 1, 4);
    CHECK_EQ(signals(fd, 1000), 1);

    /* software may ring as well */
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_NONE, 0, 1, fd), 0);
    CHECK_EQ(signals(fd, 1000), 1);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, -1), 0);
    bench_write(&b, 0x60, 1, 4);
    CHECK_EQ(signals(fd, 50), 0);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_NONE, 0, 0, fd), 0);
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);
    CHECK_EQ(io_destroy(&b, hwpt), 0);
    bench_close(&b);
    close(fd);
}

/* MSIs have to be mapped somewhere: not for a device whose DMA is blocked */
static void test_msi_blocked(void)
{
    struct bench b;
    int fd = eventfd(0, 0);

    bench_start(&b);
    if (b.uapi) {
        CHECK_EQ(io_detach(b.cdev), 0);
        CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
                 ENOSPC);
        CHECK_EQ(io_attach(b.cdev, b.parent), 0);
        CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
                 0);
    } else {
        tap_skip("Linux 7.2 loses the interrupt for good, ENOSPC ever after");
    }
    bench_close(&b);
    close(fd);
}

/* Without bus mastering a device sends nothing */
static void test_bus_master(void)
{
    struct bench b;
    int fd = eventfd(0, EFD_NONBLOCK);

    bench_start(&b);
    CHECK_EQ(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, fd), 0);
    *(uint32_t *)bench_ram(&b, DATA_AT) = 5;
    CHECK_EQ(bench_peek(&b, DATA_AT), 5);
    bench_config_write(&b, PCI_COMMAND, PCI_COMMAND_MEMORY);
    CHECK_EQ(bench_peek(&b, DATA_AT), NO_WRITE);
    bench_write(&b, 0x60, 1, 4);
    CHECK_EQ(signals(fd, 50), 0);
    bench_close(&b);
    close(fd);
}

static void test_reset(void)
{
    union {
        struct vfio_pci_hot_reset_info info;
        uint8_t room[256];
    } hot = { .info = { .argsz = sizeof(hot.info) } };
    struct vfio_device_info info = { .argsz = sizeof(info) };
    struct bench b;
    int error;

    bench_open(&b);
    bench_config_write(&b, PCI_COMMAND, PCI_COMMAND_MEMORY);
    bench_write(&b, 0x04, 1, 4);
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_INFO, &info), 0);
    if (info.flags & VFIO_DEVICE_FLAGS_RESET) {
        CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_RESET, NULL), 0);
        CHECK_EQ(bench_read(&b, 0x04), 0);  /* and memory is still enabled */
    }
    error = bench_ioctl(b.cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &hot);
    if (error != ENODEV) {
        CHECK_EQ(error, ENOSPC);
        CHECK(hot.info.count >= 1);
        CHECK(hot.info.flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID);
        hot.info.argsz = sizeof(hot);
        CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &hot),
                 0);
    }
    bench_close(&b);
}

static void test_feature(void)
{
    struct vfio_device_feature cmd = {
        .argsz = sizeof(cmd),
        .flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIGRATION,
    };
    struct bench b;

    bench_open(&b);
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_FEATURE, &cmd), ENOTTY);
    cmd.argsz = 4;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_FEATURE, &cmd), EINVAL);
    bench_close(&b);
}

static const struct tap_test tests[] = {
    { "vfio/bind", test_bind },
    { "vfio/info", test_info },
    { "vfio/config", test_config },
    { "vfio/ext-caps", test_ext_caps },
    { "vfio/mmap", test_mmap },
    { "vfio/registers", test_registers },
    { "vfio/irq-arguments", test_irq_arguments },
    { "vfio/intx", test_intx },
    { "vfio/msi", test_msi },
    { "vfio/msi-blocked", test_msi_blocked },
    { "vfio/bus-master", test_bus_master },
    { "vfio/reset", test_reset },
    { "vfio/feature", test_feature },
};

TAP_MAIN(tests)
