/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between versions of Linux, on each side of the change. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"

static void set_kernel(struct fixture *b, uint32_t kernel)
{
    b->model->control->kernel = kernel;
}

/* Which nested HWPTs can be attached without a vDEVICE? */
static void check_without_vdevice(uint32_t kernel, int error)
{
    static const uint64_t bypassing[] = { STE_BYPASS, STE_ABORT, 0 };
    uint32_t hwpt = 0, s1;
    struct fixture b;

    fixture_start(&b);
    set_kernel(&b, kernel);
    g_assert_cmpint(io_destroy(&b, b.vdev), ==, 0);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpint(io_nested(&b, b.devid, b.viommu, bypassing[i], 0,
                                  &hwpt),
                        ==, 0);
        g_assert_cmpint(io_attach(b.cdev, hwpt), ==, error);
        g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
        g_assert_cmpint(io_destroy(&b, hwpt), ==, 0);
    }
    g_assert_cmpint(io_nested(&b, b.devid, b.viommu, STE_S1, 0, &s1), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, s1), ==, ENOENT);
    g_assert_cmpint(io_vdevice(&b, b.devid, b.viommu, VSID, &b.vdev), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, s1), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, s1), ==, 0);
    fixture_close(&b);
}

static void test_without_vdevice(void)
{
    check_without_vdevice(KM_KERNEL(6, 15), ENOENT);
    check_without_vdevice(KM_KERNEL(6, 18), ENOENT);
    check_without_vdevice(KM_KERNEL(6, 19), 0);
    check_without_vdevice(KM_KERNEL(7, 2), 0);
}

/*
 * The vDEVICE of an attached device may go. Its StreamID is unknown then, and
 * what is attached stays.
 */
static void check_vdevice_goes(uint32_t kernel)
{
    uint64_t cmd[1][2] = { { CMD_CFGI_CD_ALL | CMD_SID(VSID), 0 } };
    uint32_t hwpt = 0, num = 1;
    struct fixture b;

    fixture_start(&b);
    set_kernel(&b, kernel);
    g_assert_cmpint(fixture_ste(&b, STE_S1, 0, &hwpt), ==, 0);
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmd, &num), ==, 0);
    g_assert_cmpint(io_destroy(&b, b.vdev), ==, 0);
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmd, &num), ==, EIO);
    g_assert_cmphex(b.model->control->state[0].ste, ==, KM_STE_NESTED);
    g_assert_cmpint(io_vdevice(&b, b.devid, b.viommu, VSID, &b.vdev), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, hwpt), ==, 0);
    fixture_close(&b);
}

static void test_vdevice_goes(void)
{
    check_vdevice_goes(KM_KERNEL(6, 18));
    check_vdevice_goes(KM_KERNEL(7, 2));
}

static void check_streams(uint32_t kernel, int error)
{
    struct fixture b;
    uint32_t dev, id;
    int cdev;

    fixture_start(&b);
    set_kernel(&b, kernel);
    b.model->control->device[1].num_streams = 2;
    cdev = fixture_second(&b, 0, &dev);
    g_assert_cmpint(io_vdevice(&b, dev, b.viommu, VSID, &id), ==, EEXIST);
    g_assert_cmpint(io_vdevice(&b, dev, b.viommu, VSID + 1, &id), ==, error);
    if (!error) {
        g_assert_cmpint(io_destroy(&b, id), ==, 0);
    }
    close(cdev);
    b.model->control->device[1].num_streams = 1;
    fixture_close(&b);
}

static void test_streams(void)
{
    check_streams(KM_KERNEL(7, 1), 0);
    check_streams(KM_KERNEL(7, 2), EOPNOTSUPP);
}

/* @c: of the model; the device's flags count from the next open on */
static void check_no_ats(struct km_control *c, uint32_t kernel, bool smmu,
                         uint32_t flags, uint64_t expected)
{
    struct iommu_hw_info cmd = { .size = sizeof(cmd) };
    struct fixture b;

    c->smmu[0].idr[0] |= smmu ? IDR0_ATS : 0;
    c->device[0].flags = flags;
    fixture_open(&b);
    set_kernel(&b, kernel);
    cmd.dev_id = b.devid;
    g_assert_cmpint(fixture_ioctl(b.iommu, IOMMU_GET_HW_INFO, &cmd), ==, 0);
    g_assert_cmphex(cmd.out_capabilities, ==, expected);
    fixture_close(&b);
    c->smmu[0].idr[0] &= ~IDR0_ATS;
    c->device[0].flags = 0;
}

static void test_no_ats(void)
{
    const uint32_t before = KM_KERNEL(7, 0), since = KM_KERNEL(7, 1);
    struct km_control *c;
    struct fixture b;

    fixture_open(&b);
    fixture_close(&b);
    c = b.model->control;
    check_no_ats(c, before, false, 0, 0);
    check_no_ats(c, before, true, KM_DEV_NO_ATS, 0);
    check_no_ats(c, since, true, 0, 0);
    check_no_ats(c, since, false, 0, KM_HW_CAP_NO_ATS);
    check_no_ats(c, since, true, KM_DEV_NO_ATS, KM_HW_CAP_NO_ATS);
}

static uint32_t kernel_of(const char *text)
{
    struct km *u;
    uint32_t kernel;

    setenv(KM_KERNEL_ENV, text, 1);
    u = km_new(0);
    unsetenv(KM_KERNEL_ENV);
    kernel = u ? u->control->kernel : 0;
    km_free(u);
    return kernel;
}

static void test_environment(void)
{
    g_assert_cmphex(kernel_of("6.18"), ==, 0x0612);
    g_assert_cmphex(kernel_of("7.4"), ==, KM_KERNEL_NEXT);
    g_assert_cmpint(kernel_of("6.14"), ==, 0);
    g_assert_cmpint(errno, ==, EINVAL);
    g_assert_cmpint(kernel_of("6"), ==, 0);
    g_assert_cmpint(kernel_of("6.18.1"), ==, 0);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/kernel/without-vdevice", test_without_vdevice);
    g_test_add_func("/kernel/vdevice-goes", test_vdevice_goes);
    g_test_add_func("/kernel/streams", test_streams);
    g_test_add_func("/kernel/no-ats", test_no_ats);
    g_test_add_func("/kernel/environment", test_environment);
    return g_test_run();
}
