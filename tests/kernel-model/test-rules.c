/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of iommufd: what may be made from what, and when it may go. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static void test_map(void)
{
    struct fixture b;
    uint8_t *ram;

    fixture_start(&b);
    ram = b.ram;
    g_assert_cmpint(io_map(&b, b.ioas, RAM_IOVA, ram, 0x1000, true), ==,
                    EEXIST);
    /* the window of MSIs, and beyond what stage 2 can translate */
    g_assert_cmpint(io_map(&b, b.ioas, 0x8000000, ram, 0x1000, true), ==,
                    EINVAL);
    g_assert_cmpint(io_map(&b, b.ioas, 0x80ff000, ram, 0x1000, true), ==,
                    EINVAL);
    g_assert_cmpint(io_map(&b, b.ioas, 0x8100000, ram, 0x1000, true), ==, 0);
    g_assert_cmpint(io_map(&b, b.ioas, 1ull << 52, ram, 0x1000, true), ==,
                    EINVAL);
    g_assert_cmpint(io_unmap(&b, b.ioas, 0x8100000, 0x1000), ==, 0);

    g_assert_cmpint(io_map(&b, b.ioas, 0x10000, ram, 0x4000, true), ==, 0);
    g_assert_cmpint(io_unmap(&b, b.ioas, 0x20000, 0x1000), ==, ENOENT);
    g_assert_cmpint(io_unmap(&b, b.ioas, 0, 0x20000), ==, 0);
    g_assert_cmpint(io_unmap(&b, b.ioas, 0x10000, 0x4000), ==, ENOENT);
    fixture_close(&b);
}

static void test_ranges(void)
{
    struct iommu_iova_range r[4];
    struct iommu_ioas_iova_ranges cmd = {
        .size = sizeof(cmd), .allowed_iovas = (uintptr_t)r,
    };
    struct fixture b;
    uint32_t plain;

    fixture_start(&b);
    cmd.ioas_id = b.ioas;
    g_assert_cmpint(fixture_ioctl(b.iommu, IOMMU_IOAS_IOVA_RANGES, &cmd), ==,
                    EMSGSIZE);
    g_assert_cmpint(cmd.num_iovas, ==, 2);
    g_assert_cmpint(fixture_ioctl(b.iommu, IOMMU_IOAS_IOVA_RANGES, &cmd), ==,
                    0);
    g_assert_cmpint(r[0].start, ==, 0);
    g_assert_cmphex(r[0].last, ==, 0x7ffffff);
    g_assert_cmphex(r[1].start, ==, 0x8100000);
    g_assert_true(r[1].last >= (1ull << 39) - 1 && r[1].last < 1ull << 52);
    g_assert_cmpint(cmd.out_iova_alignment, ==, 4096);

    /* without stage 2's limit, and with neither */
    g_assert_cmpint(io_ioas(&b, &cmd.ioas_id), ==, 0);
    cmd.num_iovas = 4;
    g_assert_cmpint(fixture_ioctl(b.iommu, IOMMU_IOAS_IOVA_RANGES, &cmd), ==,
                    0);
    g_assert_cmpint(cmd.num_iovas, ==, 1);
    g_assert_cmphex(r[0].last, ==, UINT64_MAX);
    g_assert_cmpint(io_paging(&b, b.devid, cmd.ioas_id, 0, &plain), ==, 0);
    cmd.num_iovas = 4;
    g_assert_cmpint(fixture_ioctl(b.iommu, IOMMU_IOAS_IOVA_RANGES, &cmd), ==,
                    0);
    g_assert_cmpint(cmd.num_iovas, ==, 1);
    g_assert_cmphex(r[0].last, ==, (1ull << 48) - 1);
    g_assert_cmpint(io_destroy(&b, plain), ==, 0);
    g_assert_cmpint(io_destroy(&b, cmd.ioas_id), ==, 0);
    fixture_close(&b);
}

static void test_busy(void)
{
    struct fixture b;
    uint32_t nested = 0;

    fixture_start(&b);
    g_assert_cmpint(io_destroy(&b, b.devid), ==, EBUSY);
    g_assert_cmpint(io_destroy(&b, b.ioas), ==, EBUSY);
    g_assert_cmpint(io_destroy(&b, b.parent), ==, EBUSY);
    g_assert_cmpint(io_destroy(&b, b.viommu), ==, EBUSY); /* its vDEVICE */
    g_assert_cmpint(fixture_ste(&b, STE_BYPASS, 0, &nested), ==, 0);
    g_assert_cmpint(io_destroy(&b, nested), ==, EBUSY); /* attached */
    g_assert_cmpint(io_destroy(&b, b.vdev), ==, 0);
    g_assert_cmpint(io_destroy(&b, b.viommu), ==, EBUSY); /* the nested one */
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, nested), ==, 0);
    g_assert_cmpint(io_vdevice(&b, b.devid, b.viommu, VSID, &b.vdev), ==, 0);
    fixture_close(&b);
}

static void test_viommu(void)
{
    struct fixture b;
    uint32_t id, plain;

    fixture_start(&b);
    g_assert_cmpint(io_paging(&b, b.devid, b.ioas, 0, &plain), ==, 0);
    g_assert_cmpint(io_viommu(&b, b.devid, plain, &id), ==, EINVAL);
    /* there may be several */
    g_assert_cmpint(io_viommu(&b, b.devid, b.parent, &id), ==, 0);
    g_assert_cmpint(io_destroy(&b, id), ==, 0);
    g_assert_cmpint(io_destroy(&b, plain), ==, 0);
    fixture_close(&b);
}

static void test_vdevice(void)
{
    struct fixture b;
    uint32_t id;

    fixture_start(&b);
    g_assert_cmpint(io_vdevice(&b, b.devid, b.viommu, VSID + 1, &id), ==,
                    EEXIST);
    g_assert_cmpint(io_destroy(&b, b.vdev), ==, 0);
    g_assert_cmpint(io_vdevice(&b, b.devid, b.viommu, VSID + 1, &b.vdev), ==,
                    0);
    fixture_close(&b);
}

static void test_vste(void)
{
    static const struct { uint64_t ste0, ste1; int error; } cases[] = {
        { 0, 0, 0 },                            /* not valid: aborts */
        { ~1ull, ~0ull, 0 },                    /* so nobody looks */
        { STE_ABORT, 0, 0 },
        { STE_BYPASS, 0, 0 },
        { STE_S1, 0, 0 },
        { STE_STAGE2, 0, EIO },
        { STE0_V | STE0_CONFIG, 0, EIO },       /* both stages */
        { STE0_V | 1ull << 1, 0, EIO },         /* reserved */
        { STE_S1 | STE0_S1FMT, 0, 0 },
        { STE_S1 | 1ull << 52, 0, EIO },
        { STE_S1 | STE0_S1CDMAX, 0, 0 },
        { STE_S1, STE1_S1DSS | STE1_ATTRS | STE1_S1STALLD, 0 },
        { STE_S1, STE_EATS(1), 0 },
        { STE_S1, STE_EATS(2), EIO },
        { STE_S1, STE_EATS(3), EIO },
        { STE_S1, STE1_MEV, EIO },
        { STE_S1, STE1_STRW, EIO },
        { STE_S1, STE1_SHCFG, EIO },
    };
    struct fixture b;
    uint32_t id;

    fixture_start(&b);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int error = io_nested(&b, b.devid, b.viommu, cases[i].ste0,
                              cases[i].ste1, &id);

        g_assert_cmphex(error, ==, cases[i].error);
        if (!error) {
            g_assert_cmpint(io_destroy(&b, id), ==, 0);
        }
    }
    fixture_close(&b);
}

static void test_attach(void)
{
    struct fixture b;
    uint32_t s1, bypass;

    fixture_start(&b);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0); /* the same again */
    g_assert_cmpint(io_nested(&b, b.devid, b.viommu, STE_S1, 0, &s1), ==, 0);
    g_assert_cmpint(io_nested(&b, b.devid, b.viommu, STE_BYPASS, 0, &bypass),
                    ==, 0);
    /* without a StreamID of the guest's only what needs none */
    g_assert_cmpint(io_destroy(&b, b.vdev), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, bypass), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, s1), ==, ENOENT);
    g_assert_cmpint(io_destroy(&b, bypass), ==,
                    EBUSY); /* still attached to it */
    g_assert_cmpint(io_vdevice(&b, b.devid, b.viommu, VSID, &b.vdev), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, s1), ==, 0);
    g_assert_cmpint(io_destroy(&b, bypass), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, s1), ==, 0);
    fixture_close(&b);
}

/* To an IOAS: the kernel makes the HWPT, and takes it away */
static void test_attach_ioas(void)
{
    struct vfio_device_attach_iommufd_pt cmd = { .argsz = sizeof(cmd) };
    struct fixture b;

    fixture_start(&b);
    g_assert_cmpint(io_detach(b.cdev), ==, 0);
    g_assert_cmpint(io_detach(b.cdev), ==, 0);
    cmd.pt_id = b.ioas;
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd),
                    ==, 0);
    g_assert_true(cmd.pt_id != b.ioas);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    if (b.model) {
        g_assert_cmpint(b.model->control->live[KM_OBJ_HWPT_PAGING], ==, 1);
    }
    fixture_close(&b);
}

/* How far did it get: the count is that of conversion */
static void test_invalidate(void)
{
    uint64_t cmds[130][2];
    struct fixture b;
    uint32_t num;

    fixture_start(&b);
    for (int i = 0; i < 130; i++) {
        cmds[i][0] = CMD_TLBI_NSNH_ALL;
        cmds[i][1] = 0;
    }
    num = 130;
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmds, &num), ==, 0);
    g_assert_cmpint(num, ==, 130);
    cmds[70][0] = CMD_CFGI_CD_ALL | CMD_SID(VSID + 1);    /* not its StreamID */
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmds, &num), ==, EIO);
    g_assert_cmpint(num, ==, 70);
    num = 130;
    cmds[70][0] = CMD_CFGI_CD_ALL | CMD_SID(VSID);
    cmds[3][0] = CMD_SYNC;
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmds, &num), ==, EIO);
    g_assert_cmpint(num, ==, 3);
    fixture_close(&b);
}

static void test_hw_info(void)
{
    struct { struct iommu_hw_info_arm_smmuv3 smmu; uint64_t more; } data;
    struct iommu_hw_info cmd = {
        .size = sizeof(cmd), .data_len = sizeof(data),
        .data_uptr = (uintptr_t)&data,
    };
    struct fixture b;

    fixture_open(&b);
    memset(&data, 0xff, sizeof(data));
    cmd.dev_id = b.devid;
    g_assert_cmpint(fixture_ioctl(b.iommu, IOMMU_GET_HW_INFO, &cmd), ==, 0);
    g_assert_cmphex(cmd.out_data_type, ==, IOMMU_HW_INFO_TYPE_ARM_SMMUV3);
    g_assert_cmphex(cmd.data_len, ==, sizeof(data.smmu));
    g_assert_cmpint(data.smmu.idr[0] & (IDR0_S1P | IDR0_S2P), ==, 3);
    g_assert_cmpint(data.more, ==, 0);
    data.more = 0x55;
    cmd.data_len = 8;
    g_assert_cmpint(fixture_ioctl(b.iommu, IOMMU_GET_HW_INFO, &cmd), ==, 0);
    g_assert_cmphex(cmd.data_len, ==, sizeof(data.smmu));
    g_assert_cmphex(data.more, ==, 0x55);
    fixture_close(&b);
}

/* Two devices: the guest's StreamIDs, and two physical SMMUs */
static void test_two_devices(void)
{
    struct fixture b;
    uint32_t dev, id;
    int cdev;

    fixture_start(&b);
    if (!b.model) {
        g_test_skip("one device only");
        fixture_close(&b);
        return;
    }
    cdev = fixture_second(&b, 0, &dev);
    g_assert_cmpint(io_vdevice(&b, dev, b.viommu, VSID, &id), ==, EEXIST);
    g_assert_cmpint(io_vdevice(&b, dev, b.viommu, VSID + 1, &id), ==, 0);
    g_assert_cmpint(io_attach(cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, id), ==, 0);
    g_assert_cmpint(io_detach(cdev), ==, 0);
    close(cdev);

    cdev = fixture_second(&b, 1, &dev);
    g_assert_cmpint(io_attach(cdev, b.parent), ==, EINVAL);
    g_assert_cmpint(io_vdevice(&b, dev, b.viommu, VSID + 1, &id), ==, EINVAL);
    g_assert_cmpint(io_viommu(&b, dev, b.parent, &id), ==, EINVAL);
    g_assert_cmpint(io_nested(&b, dev, b.viommu, STE_BYPASS, 0, &id), ==,
                    EINVAL);
    close(cdev);
    fixture_close(&b);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/rules/map", test_map);
    g_test_add_func("/rules/iova-ranges", test_ranges);
    g_test_add_func("/rules/busy", test_busy);
    g_test_add_func("/rules/viommu", test_viommu);
    g_test_add_func("/rules/vdevice", test_vdevice);
    g_test_add_func("/rules/vste", test_vste);
    g_test_add_func("/rules/attach", test_attach);
    g_test_add_func("/rules/attach-ioas", test_attach_ioas);
    g_test_add_func("/rules/invalidate", test_invalidate);
    g_test_add_func("/rules/hw-info", test_hw_info);
    g_test_add_func("/rules/two-devices", test_two_devices);
    return g_test_run();
}
