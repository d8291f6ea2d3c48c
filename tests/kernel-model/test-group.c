/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two devices in one IOMMU group: one owner, one translation. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fixture.h"

static void start(struct fixture *b, uint32_t group)
{
    fixture_open(b);
    fixture_close(b);     /* only to have the control block */
    b->model->control->device[1].group = group;
    fixture_start(b);
}

static void end(struct fixture *b)
{
    fixture_close(b);
    b->model->control->device[1].group = 2;
}

static uint32_t ste(struct fixture *b, unsigned device)
{
    return atomic_load(&b->model->control->state[device].ste);
}

static void test_own(void)
{
    struct fixture b;

    start(&b, 2);
    g_assert_cmphex(ste(&b, 0), ==, KM_STE_S2);
    g_assert_true(ste(&b, 1) != KM_STE_S2);
    end(&b);
}

/* A member that nobody opened follows, too */
static void test_follow(void)
{
    struct fixture b;
    uint32_t dev;
    int cdev;

    start(&b, 1);
    g_assert_cmphex(ste(&b, 1), ==, KM_STE_S2);
    cdev = fixture_second(&b, 0, &dev);
    g_assert_cmphex(ste(&b, 1), ==, KM_STE_S2);
    g_assert_cmpint(io_detach(b.cdev), ==, 0);
    g_assert_cmphex(ste(&b, 0), ==, KM_STE_ABORT);
    g_assert_cmphex(ste(&b, 1), ==, KM_STE_ABORT);
    g_assert_cmpint(io_attach(cdev, b.parent), ==, 0);
    g_assert_cmphex(ste(&b, 0), ==, KM_STE_S2);
    close(cdev);
    g_assert_cmphex(ste(&b, 0), ==, KM_STE_ABORT);
    g_assert_cmphex(ste(&b, 1), ==, KM_STE_ABORT);
    end(&b);
    g_assert_cmphex(ste(&b, 0), ==, KM_STE_BYPASS);
    g_assert_cmphex(ste(&b, 1), ==, KM_STE_BYPASS);
}

/* The second may attach to what the group has, and to nothing else */
static void test_second(void)
{
    struct fixture b;
    uint32_t dev, other;
    int cdev;

    start(&b, 1);
    g_assert_cmpint(io_paging(&b, b.devid, b.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT,
                              &other),
                    ==, 0);
    cdev = fixture_second(&b, 0, &dev);
    g_assert_cmpint(io_attach(cdev, other), ==, EINVAL);
    g_assert_cmpint(io_attach(cdev, b.parent), ==, 0);
    /* both move by the replace of one */
    g_assert_cmpint(io_attach(cdev, other), ==, 0);
    g_assert_cmphex(b.model->control->state[0].hwpt, ==, other);
    g_assert_cmphex(b.model->control->state[1].hwpt, ==, other);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmphex(b.model->control->state[1].hwpt, ==, b.parent);
    g_assert_cmpint(io_destroy(&b, other), ==, 0);
    /* one leaves, and is translated as long as the other is attached */
    g_assert_cmpint(io_detach(b.cdev), ==, 0);
    g_assert_cmphex(ste(&b, 0), ==, KM_STE_S2);
    g_assert_cmpint(io_detach(cdev), ==, 0);
    g_assert_cmphex(ste(&b, 0), ==, KM_STE_ABORT);
    close(cdev);
    end(&b);
}

/* Translation requires a vDEVICE of each member; without it nothing moves */
static void test_nested(void)
{
    struct fixture b;
    uint32_t dev, s1, vdev;
    int cdev;

    start(&b, 1);
    cdev = fixture_second(&b, 0, &dev);
    g_assert_cmpint(io_nested(&b, b.devid, b.viommu, STE_S1, 0, &s1), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, s1), ==, ENOENT);
    g_assert_cmphex(ste(&b, 0), ==, KM_STE_S2);
    g_assert_cmphex(ste(&b, 1), ==, KM_STE_S2);
    g_assert_cmphex(b.model->control->state[0].hwpt, ==, b.parent);
    g_assert_cmpint(io_vdevice(&b, dev, b.viommu, VSID + 1, &vdev), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, s1), ==, 0);
    g_assert_cmphex(ste(&b, 0), ==, KM_STE_NESTED);
    g_assert_cmphex(ste(&b, 1), ==, KM_STE_NESTED);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, vdev), ==, 0);
    g_assert_cmpint(io_destroy(&b, s1), ==, 0);
    close(cdev);
    end(&b);
}

static void test_owner(void)
{
    struct vfio_device_bind_iommufd cmd = { .argsz = sizeof(cmd) };
    struct fixture b;
    int cdev;

    start(&b, 1);
    cmd.iommufd = open("/dev/iommu", O_RDWR);
    cdev = open("/dev/vfio/devices/vfio1", O_RDWR);
    g_assert_cmpint(fixture_ioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, &cmd), ==,
                    EPERM);
    close(cdev);
    b.model->control->device[1].group = 2;
    cdev = open("/dev/vfio/devices/vfio1", O_RDWR);
    g_assert_cmpint(fixture_ioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, &cmd), ==, 0);
    close(cdev);
    close(cmd.iommufd);
    end(&b);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/group/own", test_own);
    g_test_add_func("/group/follow", test_follow);
    g_test_add_func("/group/second", test_second);
    g_test_add_func("/group/nested", test_nested);
    g_test_add_func("/group/owner", test_owner);
    return g_test_run();
}
