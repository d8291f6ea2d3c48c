/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VFIO cdev of an `edu`: information, regions, interrupts, reset. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "fixture.h"

static uint64_t config_at(uint32_t at)
{
    return ((uint64_t)VFIO_PCI_CONFIG_REGION_INDEX << 40) + at;
}

static uint32_t config(struct fixture *b, uint32_t at, size_t len)
{
    uint32_t value = 0;

    g_assert_cmpint(pread(b->cdev, &value, len, config_at(at)), ==, len);
    return value;
}

static uint32_t capability(struct fixture *b, uint8_t id)
{
    uint32_t at = config(b, PCI_CAPABILITY_LIST, 1);

    while (at && config(b, at, 1) != id) {
        at = config(b, at + 1, 1);
    }
    return at;
}

static void test_info(void)
{
    struct vfio_device_info info = { .argsz = sizeof(info) };
    struct vfio_region_info region = { .argsz = sizeof(region) };
    struct vfio_irq_info irq = { .argsz = sizeof(irq) };
    struct fixture b;

    fixture_open(&b);
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_GET_INFO, &info), ==, 0);
    g_assert_true(info.flags & VFIO_DEVICE_FLAGS_PCI);
    g_assert_true(info.num_regions >= VFIO_PCI_NUM_REGIONS);
    g_assert_true(info.num_irqs >= VFIO_PCI_NUM_IRQS);

    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_GET_REGION_INFO, &region),
                    ==, 0);
    g_assert_cmphex(region.size, ==, 1 << 20);
    g_assert_cmpint(region.offset, ==, 0);
    region.index = VFIO_PCI_BAR1_REGION_INDEX;
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_GET_REGION_INFO, &region),
                    ==, 0);
    g_assert_cmpint(region.size, ==, 0);

    irq.index = VFIO_PCI_MSI_IRQ_INDEX;
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_GET_IRQ_INFO, &irq), ==,
                    0);
    g_assert_cmpint(irq.count, ==, 1);
    g_assert_cmphex(irq.flags & VFIO_IRQ_INFO_EVENTFD, ==,
                    VFIO_IRQ_INFO_EVENTFD);
    irq.index = VFIO_PCI_INTX_IRQ_INDEX;
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_GET_IRQ_INFO, &irq), ==,
                    0);
    g_assert_cmpint(irq.count, ==, 1);
    g_assert_true(irq.flags & VFIO_IRQ_INFO_AUTOMASKED);
    irq.index = VFIO_PCI_MSIX_IRQ_INDEX;
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_GET_IRQ_INFO, &irq), ==,
                    0);
    g_assert_cmpint(irq.count, ==, 0);
    fixture_close(&b);
}

static void test_config(void)
{
    uint32_t ones = ~0u, value, msi;
    struct fixture b;

    fixture_open(&b);
    g_assert_cmphex(config(&b, PCI_VENDOR_ID, 4), ==, 0x11e81234);
    g_assert_true(config(&b, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
    g_assert_cmpint(pwrite(b.cdev, &ones, 4, config_at(PCI_VENDOR_ID)), ==, 4);
    g_assert_cmphex(config(&b, PCI_VENDOR_ID, 4), ==, 0x11e81234);
    g_assert_cmpint(pwrite(b.cdev, &ones, 4, config_at(PCI_BASE_ADDRESS_0)), ==,
                    4);
    g_assert_cmphex(config(&b, PCI_BASE_ADDRESS_0, 4), ==, 0xfff00000);
    msi = capability(&b, PCI_CAP_ID_MSI);
    g_assert_true(msi);
    g_assert_true(config(&b, msi + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_64BIT);
    g_assert_cmpint(capability(&b, PCI_CAP_ID_MSIX), ==, 0);

    /* BARs answer while memory is enabled */
    fixture_config_write(&b, PCI_COMMAND, 0);
    g_assert_cmpint(pread(b.cdev, &value, 4, 0), ==, -1);
    g_assert_cmpint(errno, ==, EIO);
    fixture_config_write(&b, PCI_COMMAND, PCI_COMMAND_MEMORY);
    g_assert_cmphex(fixture_read(&b, EDU_ID), ==, EDU_ID_VALUE);
    fixture_close(&b);
}

/* A chain of extended capabilities, as the test made it up */
static void test_ext_caps(void)
{
    struct km_device_config *conf;
    struct fixture b;
    int other;

    fixture_open(&b);
    if (!b.model) {
        g_test_skip("needs the model");
        fixture_close(&b);
        return;
    }
    conf = &b.model->control->device[1];
    conf->ext_cap[0] = (struct km_ext_cap){ .at = 0x100, .id = 3,
                                              .version = 1, .words = { 7 } };
    conf->ext_cap[1] = (struct km_ext_cap){ .at = 0xff8, .id = 0x1b,
                                              .version = 2, .words = { 9 } };
    conf->ext_fill = 0xff;
    other = b.cdev;
    b.cdev = fixture_second(&b, 0, &b.devid);
    g_assert_cmphex(config(&b, 0x100, 4), ==, 0xff810003);
    g_assert_cmpint(config(&b, 0x104, 4), ==, 7);
    g_assert_cmphex(config(&b, 0x114, 4), ==, ~0u);
    g_assert_cmphex(config(&b, 0xff8, 4), ==, 0x0002001b);
    g_assert_cmpint(config(&b, 0xffc, 4), ==, 9);
    close(other);
    memset(conf->ext_cap, 0, sizeof(conf->ext_cap));
    conf->ext_fill = 0;
    fixture_close(&b);
}

static void test_registers(void)
{
    struct fixture b;

    fixture_open(&b);
    fixture_config_write(&b, PCI_COMMAND, PCI_COMMAND_MEMORY);
    fixture_write(&b, EDU_LIVENESS, 0x12345678, 4);
    g_assert_cmphex(fixture_read(&b, EDU_LIVENESS), ==, ~0x12345678u);
    fixture_write(&b, EDU_DMA_SRC, 0x123456789abcdef0, 8);
    g_assert_cmphex(fixture_read(&b, EDU_DMA_SRC), ==, 0x9abcdef0);
    g_assert_cmphex(fixture_read(&b, EDU_DMA_SRC + 4), ==, ~0u);
    fixture_close(&b);
}

static int set_irqs(struct fixture *b, uint32_t index, uint32_t flags,
                    uint32_t start, uint32_t count, int fd)
{
    struct { struct vfio_irq_set set; int32_t fd[4]; } cmd = {
        .set = { .argsz = sizeof(cmd), .flags = flags, .index = index,
                 .start = start, .count = count },
        .fd = { fd, fd, fd, fd },
    };

    return fixture_ioctl(b->cdev, VFIO_DEVICE_SET_IRQS, &cmd);
}

#define TRIGGER_FD (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define TRIGGER_NONE (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)

/* Returns: how often @fd was signalled, waiting a moment for the first time */
static uint64_t signals(int fd, int milliseconds)
{
    struct pollfd pfd = { .fd = fd, .events = POLLIN };
    eventfd_t n;

    return poll(&pfd, 1, milliseconds) == 1 && !eventfd_read(fd, &n) ? n : 0;
}

/* One kind at a time, and MSIs are not resized */
static void test_irq_kinds(void)
{
    struct fixture b;
    int fd = eventfd(0, 0);

    fixture_start(&b);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_INTX_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
                    ==, 0);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
                    ==, EINVAL);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_NONE, 0, 0,
                             fd),
                    ==, EINVAL);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_INTX_IRQ_INDEX, TRIGGER_NONE, 0, 0,
                             fd),
                    ==, 0);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
                    ==, 0);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_INTX_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
                    ==, EINVAL);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_NONE, 0, 0,
                             fd),
                    ==, 0);
    fixture_close(&b);
    close(fd);
}

/* The doorbell is the host's: what translates has to lead there */
static void test_msi(void)
{
    struct fixture b;
    uint32_t hwpt = 0;
    uint64_t table;
    int fd = eventfd(0, EFD_NONBLOCK);

    fixture_start(&b);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
                    ==, 0);
    fixture_write(&b, EDU_IRQ_RAISE, 1, 4);
    g_assert_cmpint(signals(fd, 1000), ==, 1);

    g_assert_cmpint(fixture_ste(&b, STE_BYPASS, 0, &hwpt), ==, 0);
    fixture_write(&b, EDU_IRQ_RAISE, 1, 4);
    g_assert_cmpint(signals(fd, 1000), ==, 1);

    g_assert_cmpint(fixture_ste(&b, STE_ABORT, 0, &hwpt), ==, 0);
    fixture_write(&b, EDU_IRQ_RAISE, 1, 4);
    g_assert_cmpint(signals(fd, 100), ==, 0);

    table = fixture_table(&b);
    fixture_cd(&b, 0, 1, table);
    g_assert_cmpint(fixture_ste(&b, STE_S1, 0, &hwpt), ==, 0);
    fixture_write(&b, EDU_IRQ_RAISE, 1, 4);
    g_assert_cmpint(signals(fd, 100), ==, 0);
    fixture_map(&b, table, KM_SW_MSI_BASE, KM_SW_MSI_BASE, PTE_PAGE);
    fixture_write(&b, EDU_IRQ_RAISE, 1, 4);
    g_assert_cmpint(signals(fd, 1000), ==, 1);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, -1),
                    ==, 0);
    fixture_write(&b, EDU_IRQ_RAISE, 1, 4);
    g_assert_cmpint(signals(fd, 50), ==, 0);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_NONE, 0, 0,
                             fd),
                    ==, 0);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, hwpt), ==, 0);
    fixture_close(&b);
    close(fd);
}

/* MSIs have to be mapped somewhere: not for a device whose DMA is blocked */
static void test_msi_blocked(void)
{
    struct fixture b;
    int fd = eventfd(0, 0);

    fixture_start(&b);
    if (b.model) {
        g_assert_cmpint(io_detach(b.cdev), ==, 0);
        g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1,
                                 fd),
                        ==, ENOSPC);
        g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
        g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1,
                                 fd),
                        ==, 0);
    } else {
        g_test_skip("Linux 7.2 loses the interrupt for good");
    }
    fixture_close(&b);
    close(fd);
}

/* Without bus mastering a device sends nothing */
static void test_bus_master(void)
{
    struct fixture b;
    int fd = eventfd(0, EFD_NONBLOCK);

    fixture_start(&b);
    g_assert_cmpint(set_irqs(&b, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER_FD, 0, 1, fd),
                    ==, 0);
    *(uint32_t *)fixture_ram(&b, DATA_AT) = 5;
    g_assert_cmpint(fixture_peek(&b, DATA_AT), ==, 5);
    fixture_config_write(&b, PCI_COMMAND, PCI_COMMAND_MEMORY);
    g_assert_cmphex(fixture_peek(&b, DATA_AT), ==, NO_WRITE);
    fixture_write(&b, EDU_IRQ_RAISE, 1, 4);
    g_assert_cmpint(signals(fd, 50), ==, 0);
    fixture_close(&b);
    close(fd);
}

static void test_reset(void)
{
    union {
        struct vfio_pci_hot_reset_info info;
        uint8_t room[256];
    } hot = { .info = { .argsz = sizeof(hot.info) } };
    struct vfio_device_info info = { .argsz = sizeof(info) };
    struct fixture b;
    int error;

    fixture_open(&b);
    fixture_config_write(&b, PCI_COMMAND, PCI_COMMAND_MEMORY);
    fixture_write(&b, EDU_LIVENESS, 1, 4);
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_GET_INFO, &info), ==, 0);
    if (info.flags & VFIO_DEVICE_FLAGS_RESET) {
        g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_RESET, NULL), ==, 0);
        g_assert_cmpint(fixture_read(&b, EDU_LIVENESS), ==,
                        0); /* and memory is still enabled */
    }
    error = fixture_ioctl(b.cdev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &hot);
    if (error != ENODEV) {
        g_assert_cmpint(error, ==, ENOSPC);
        g_assert_true(hot.info.count >= 1);
        g_assert_true(hot.info.flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID);
        hot.info.argsz = sizeof(hot);
        g_assert_cmpint(fixture_ioctl(b.cdev,
                                      VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &hot),
                        ==, 0);
    }
    fixture_close(&b);
}

static void test_feature(void)
{
    struct vfio_device_feature cmd = {
        .argsz = sizeof(cmd),
        .flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIGRATION,
    };
    struct fixture b;

    fixture_open(&b);
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_FEATURE, &cmd), ==,
                    ENOTTY);
    fixture_close(&b);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/vfio/info", test_info);
    g_test_add_func("/vfio/config", test_config);
    g_test_add_func("/vfio/ext-caps", test_ext_caps);
    g_test_add_func("/vfio/registers", test_registers);
    g_test_add_func("/vfio/irq-kinds", test_irq_kinds);
    g_test_add_func("/vfio/msi", test_msi);
    g_test_add_func("/vfio/msi-blocked", test_msi_blocked);
    g_test_add_func("/vfio/bus-master", test_bus_master);
    g_test_add_func("/vfio/reset", test_reset);
    g_test_add_func("/vfio/feature", test_feature);
    return g_test_run();
}
