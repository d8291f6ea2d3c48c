/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of iommufd: what may be made from what, and when it may go. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "tap.h"

static void test_sizes(void)
{
    struct { struct iommu_destroy cmd; uint64_t more; } big = { { 0 }, 0 };
    struct bench b;
    uint32_t id;

    bench_open(&b);
    CHECK_EQ(io_ioas(&b, &id), 0);
    big.cmd.id = id;
    big.cmd.size = 4;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_DESTROY, &big), EINVAL);
    big.cmd.size = sizeof(big);
    big.more = 1;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_DESTROY, &big), E2BIG);
    big.more = 0;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_DESTROY, NULL), EFAULT);
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_DESTROY, &big), 0);
    big.cmd.size = sizeof(big.cmd);
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_DESTROY, &big), ENOENT);
    CHECK_EQ(io_destroy(&b, 0), ENOENT);
    CHECK_EQ(io_destroy(&b, b.devid), EBUSY);
    bench_close(&b);
}

static void test_map(void)
{
    struct bench b;
    uint32_t id;
    uint8_t *ram;

    bench_start(&b);
    ram = mmap(NULL, 0x10000, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_EQ(io_map(&b, b.ioas, RAM_IOVA, ram, 0x1000, true), EEXIST);
    CHECK_EQ(io_map(&b, b.ioas, 0x10000, ram, 0, true), EINVAL);
    CHECK_EQ(io_map(&b, b.ioas, 0x10800, ram, 0x1000, true), EINVAL);
    CHECK_EQ(io_map(&b, b.ioas, 0x10000, ram, 0x800, true), EINVAL);
    CHECK_EQ(io_map(&b, b.ioas, 0x10000, ram + 0x800, 0x1000, true), EINVAL);
    CHECK_EQ(io_map(&b, 0xffff, 0x10000, ram, 0x1000, true), ENOENT);
    /* the window of MSIs, and beyond what stage 2 can translate */
    CHECK_EQ(io_map(&b, b.ioas, 0x8000000, ram, 0x1000, true), EINVAL);
    CHECK_EQ(io_map(&b, b.ioas, 0x80ff000, ram, 0x1000, true), EINVAL);
    CHECK_EQ(io_map(&b, b.ioas, 0x8100000, ram, 0x1000, true), 0);
    CHECK_EQ(io_map(&b, b.ioas, 1ull << 52, ram, 0x1000, true), EINVAL);
    CHECK_EQ(io_unmap(&b, b.ioas, 0x8100000, 0x1000), 0);

    CHECK_EQ(io_map(&b, b.ioas, 0x10000, ram, 0x4000, true), 0);
    CHECK_EQ(io_unmap(&b, b.ioas, 0x10000, 0x1000), ENOENT);
    CHECK_EQ(io_unmap(&b, b.ioas, 0x20000, 0x1000), ENOENT);
    CHECK_EQ(io_unmap(&b, b.ioas, 0, 0x20000), 0);
    CHECK_EQ(io_unmap(&b, b.ioas, 0x10000, 0x4000), ENOENT);

    /* memory that is not there: only when an IOMMU wants it */
    munmap(ram, 0x10000);
    CHECK_EQ(io_map(&b, b.ioas, 0x10000, ram, 0x4000, true), EFAULT);
    CHECK_EQ(io_ioas(&b, &id), 0);
    CHECK_EQ(io_map(&b, id, 0x10000, ram, 0x4000, true), 0);
    CHECK_EQ(io_destroy(&b, id), 0);
    bench_close(&b);
}

static void test_ranges(void)
{
    struct iommu_iova_range r[4];
    struct iommu_ioas_iova_ranges cmd = {
        .size = sizeof(cmd), .allowed_iovas = (uintptr_t)r,
    };
    struct bench b;
    uint32_t plain;

    bench_start(&b);
    cmd.ioas_id = b.ioas;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_IOAS_IOVA_RANGES, &cmd), EMSGSIZE);
    CHECK_EQ(cmd.num_iovas, 2);
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_IOAS_IOVA_RANGES, &cmd), 0);
    CHECK_EQ(r[0].start, 0);
    CHECK_EQ(r[0].last, 0x7ffffff);
    CHECK_EQ(r[1].start, 0x8100000);
    CHECK(r[1].last >= (1ull << 39) - 1 && r[1].last < 1ull << 52);
    CHECK_EQ(cmd.out_iova_alignment, 4096);

    /* without stage 2's limit, and with neither */
    CHECK_EQ(io_ioas(&b, &cmd.ioas_id), 0);
    cmd.num_iovas = 4;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_IOAS_IOVA_RANGES, &cmd), 0);
    CHECK_EQ(cmd.num_iovas, 1);
    CHECK_EQ(r[0].last, UINT64_MAX);
    CHECK_EQ(cmd.out_iova_alignment, 1);
    CHECK_EQ(io_paging(&b, b.devid, cmd.ioas_id, 0, &plain), 0);
    cmd.num_iovas = 4;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_IOAS_IOVA_RANGES, &cmd), 0);
    CHECK_EQ(cmd.num_iovas, 1);
    CHECK_EQ(r[0].last, (1ull << 48) - 1);
    CHECK_EQ(io_destroy(&b, plain), 0);
    CHECK_EQ(io_destroy(&b, cmd.ioas_id), 0);
    bench_close(&b);
}

static void test_busy(void)
{
    struct bench b;
    uint32_t nested = 0;

    bench_start(&b);
    CHECK_EQ(io_destroy(&b, b.ioas), EBUSY);
    CHECK_EQ(io_destroy(&b, b.parent), EBUSY);
    CHECK_EQ(io_destroy(&b, b.viommu), EBUSY);  /* its vDEVICE */
    CHECK_EQ(bench_ste(&b, STE0_BYPASS, 0, &nested), 0);
    CHECK_EQ(io_destroy(&b, nested), EBUSY);    /* attached */
    CHECK_EQ(io_destroy(&b, b.vdev), 0);
    CHECK_EQ(io_destroy(&b, b.viommu), EBUSY);  /* the nested one */
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);
    CHECK_EQ(io_destroy(&b, nested), 0);
    CHECK_EQ(io_vdevice(&b, b.devid, b.viommu, VSID, &b.vdev), 0);
    bench_close(&b);
}

static void test_paging(void)
{
    struct bench b;
    uint32_t id;

    bench_start(&b);
    CHECK_EQ(io_paging(&b, b.devid, 0xffff, 0, &id), EINVAL);
    CHECK_EQ(io_paging(&b, 0xffff, b.ioas, 0, &id), ENOENT);
    CHECK_EQ(io_paging(&b, b.devid, b.ioas, 1u << 31, &id), EOPNOTSUPP);
    CHECK_EQ(io_paging(&b, b.devid, b.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT |
                       IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &id), EOPNOTSUPP);
    CHECK_EQ(io_paging(&b, b.devid, b.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT |
                       IOMMU_HWPT_ALLOC_PASID, &id), EOPNOTSUPP);
    CHECK_EQ(io_paging(&b, b.devid, b.devid, 0, &id), EINVAL);
    CHECK_EQ(io_paging(&b, b.devid, b.parent, 0, &id), EOPNOTSUPP);
    CHECK_EQ(io_paging(&b, b.devid, b.ioas, 0, &id), 0);
    CHECK_EQ(io_destroy(&b, id), 0);
    bench_close(&b);
}

static void test_viommu(void)
{
    struct iommu_viommu_alloc cmd = { .size = sizeof(cmd) };
    struct bench b;
    uint32_t id, plain;

    bench_start(&b);
    CHECK_EQ(io_paging(&b, b.devid, b.ioas, 0, &plain), 0);
    CHECK_EQ(io_viommu(&b, b.devid, plain, &id), EINVAL);
    CHECK_EQ(io_viommu(&b, b.devid, b.ioas, &id), ENOENT);
    CHECK_EQ(io_viommu(&b, b.devid, 0xffff, &id), ENOENT);
    CHECK_EQ(io_viommu(&b, 0xffff, b.parent, &id), ENOENT);
    cmd.dev_id = b.devid;
    cmd.hwpt_id = b.parent;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_VIOMMU_ALLOC, &cmd), EOPNOTSUPP);
    cmd.type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3;
    cmd.flags = 1;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_VIOMMU_ALLOC, &cmd), EOPNOTSUPP);
    /* there may be several */
    CHECK_EQ(io_viommu(&b, b.devid, b.parent, &id), 0);
    CHECK_EQ(io_destroy(&b, id), 0);
    CHECK_EQ(io_destroy(&b, plain), 0);
    bench_close(&b);
}

static void test_vdevice(void)
{
    struct bench b;
    uint32_t id;

    bench_start(&b);
    CHECK_EQ(io_vdevice(&b, b.devid, b.viommu, VSID + 1, &id), EEXIST);
    CHECK_EQ(io_vdevice(&b, b.devid, b.parent, VSID, &id), ENOENT);
    CHECK_EQ(io_vdevice(&b, 0xffff, b.viommu, VSID, &id), ENOENT);
    CHECK_EQ(io_destroy(&b, b.vdev), 0);
    CHECK_EQ(io_vdevice(&b, b.devid, b.viommu, VSID + 1, &b.vdev), 0);
    bench_close(&b);
}

static void test_vste(void)
{
    static const struct { uint64_t ste0, ste1; int error; } cases[] = {
        { 0, 0, 0 },                            /* not valid: aborts */
        { ~1ull, ~0ull, 0 },                    /* so nobody looks */
        { STE0_ABORT, 0, 0 },
        { STE0_BYPASS, 0, 0 },
        { STE0_S1, 0, 0 },
        { 1ull | 6ull << 1, 0, EIO },           /* stage 2 */
        { 1ull | 7ull << 1, 0, EIO },           /* both */
        { 1ull | 1ull << 1, 0, EIO },           /* reserved */
        { STE0_S1 | 3ull << 4, 0, 0 },          /* S1Fmt */
        { STE0_S1 | 1ull << 52, 0, EIO },
        { STE0_S1 | 31ull << 59, 0, 0 },        /* S1CDMax */
        { STE0_S1, 0xff | 1ull << 27, 0 },      /* S1DSS to S1CSH, S1STALLD */
        { STE0_S1, 1ull << 28, 0 },             /* EATS: full ATS */
        { STE0_S1, 2ull << 28, EIO },
        { STE0_S1, 3ull << 28, EIO },
        { STE0_S1, 1ull << 19, EIO },           /* MEV */
        { STE0_S1, 1ull << 30, EIO },           /* STRW */
        { STE0_S1, 1ull << 44, EIO },           /* SHCFG */
    };
    struct bench b;
    uint32_t id;

    bench_start(&b);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int error = io_nested(&b, b.devid, b.viommu, cases[i].ste0,
                              cases[i].ste1, &id);

        CHECK_EQ(error, cases[i].error);
        if (!error) {
            CHECK_EQ(io_destroy(&b, id), 0);
        }
    }
    bench_close(&b);
}

static void test_nested_arguments(void)
{
    uint64_t ste[4] = { STE0_S1 };
    struct iommu_hwpt_alloc cmd = {
        .size = sizeof(cmd), .data_type = IOMMU_HWPT_DATA_ARM_SMMUV3,
        .data_uptr = (uintptr_t)ste,
    };
    struct bench b;

    bench_start(&b);
    cmd.dev_id = b.devid;
    cmd.pt_id = b.viommu;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_HWPT_ALLOC, &cmd), EINVAL);
    cmd.data_len = 8;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_HWPT_ALLOC, &cmd), EINVAL);
    cmd.data_len = sizeof(ste);
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_HWPT_ALLOC, &cmd), EINVAL);
    cmd.data_len = 16;
    cmd.flags = IOMMU_HWPT_ALLOC_NEST_PARENT;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_HWPT_ALLOC, &cmd), EOPNOTSUPP);
    cmd.flags = 0;
    cmd.data_type = IOMMU_HWPT_DATA_VTD_S1;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_HWPT_ALLOC, &cmd), EINVAL);
    cmd.data_type = IOMMU_HWPT_DATA_ARM_SMMUV3;
    cmd.data_uptr = 0;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_HWPT_ALLOC, &cmd), EFAULT);
    cmd.data_type = IOMMU_HWPT_DATA_NONE;
    cmd.data_len = 0;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_HWPT_ALLOC, &cmd), EOPNOTSUPP);
    bench_close(&b);
}

static void test_attach(void)
{
    struct bench b;
    uint32_t s1, bypass;

    bench_start(&b);
    CHECK_EQ(io_attach(b.cdev, 0xffff), ENOENT);
    CHECK_EQ(io_attach(b.cdev, b.viommu), EINVAL);
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);   /* the same again */
    CHECK_EQ(io_nested(&b, b.devid, b.viommu, STE0_S1, 0, &s1), 0);
    CHECK_EQ(io_nested(&b, b.devid, b.viommu, STE0_BYPASS, 0, &bypass), 0);
    /* without a StreamID of the guest's only what needs none */
    CHECK_EQ(io_destroy(&b, b.vdev), 0);
    CHECK_EQ(io_attach(b.cdev, bypass), 0);
    CHECK_EQ(io_attach(b.cdev, s1), ENOENT);
    CHECK_EQ(io_destroy(&b, bypass), EBUSY);    /* still attached to it */
    CHECK_EQ(io_vdevice(&b, b.devid, b.viommu, VSID, &b.vdev), 0);
    CHECK_EQ(io_attach(b.cdev, s1), 0);
    CHECK_EQ(io_destroy(&b, bypass), 0);
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);
    CHECK_EQ(io_destroy(&b, s1), 0);
    bench_close(&b);
}

/* To an IOAS: the kernel makes the HWPT, and takes it away */
static void test_attach_ioas(void)
{
    struct vfio_device_attach_iommufd_pt cmd = { .argsz = sizeof(cmd) };
    struct bench b;

    bench_start(&b);
    CHECK_EQ(io_detach(b.cdev), 0);
    CHECK_EQ(io_detach(b.cdev), 0);
    cmd.pt_id = b.ioas;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd), 0);
    CHECK(cmd.pt_id != b.ioas);
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);
    CHECK_EQ(io_destroy(&b, cmd.pt_id), ENOENT);
    bench_close(&b);
}

/* How far did it get: the count is that of conversion */
static void test_invalidate(void)
{
    uint64_t cmds[130][2];
    struct bench b;
    uint32_t num;

    bench_start(&b);
    for (int i = 0; i < 130; i++) {
        cmds[i][0] = 0x30;
        cmds[i][1] = 0;
    }
    num = 130;
    CHECK_EQ(io_invalidate(&b, b.viommu, cmds, &num), 0);
    CHECK_EQ(num, 130);
    cmds[70][0] = 0x06 | (uint64_t)(VSID + 1) << 32;    /* not its StreamID */
    CHECK_EQ(io_invalidate(&b, b.viommu, cmds, &num), EIO);
    CHECK_EQ(num, 70);
    num = 130;
    cmds[70][0] = 0x06 | (uint64_t)VSID << 32;
    cmds[3][0] = 0x46;                                  /* CMD_SYNC */
    CHECK_EQ(io_invalidate(&b, b.viommu, cmds, &num), EIO);
    CHECK_EQ(num, 3);
    num = 0;
    CHECK_EQ(io_invalidate(&b, b.viommu, cmds, &num), EINVAL);
    num = 1;
    CHECK_EQ(io_invalidate(&b, b.parent, cmds, &num), EINVAL);
    CHECK_EQ(num, 0);
    num = 1;
    CHECK_EQ(io_invalidate(&b, 0xffff, cmds, &num), ENOENT);
    num = 1;
    CHECK_EQ(io_invalidate(&b, b.viommu, (void *)16, &num), EFAULT);
    bench_close(&b);
}

static void test_hw_info(void)
{
    struct { struct iommu_hw_info_arm_smmuv3 smmu; uint64_t more; } data;
    struct iommu_hw_info cmd = {
        .size = sizeof(cmd), .data_len = sizeof(data),
        .data_uptr = (uintptr_t)&data,
    };
    struct bench b;

    bench_open(&b);
    memset(&data, 0xff, sizeof(data));
    cmd.dev_id = b.devid;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_GET_HW_INFO, &cmd), 0);
    CHECK_EQ(cmd.out_data_type, IOMMU_HW_INFO_TYPE_ARM_SMMUV3);
    CHECK_EQ(cmd.data_len, sizeof(data.smmu));
    CHECK_EQ(data.smmu.idr[0] & 3, 3);
    CHECK_EQ(data.more, 0);
    data.more = 0x55;
    cmd.data_len = 8;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_GET_HW_INFO, &cmd), 0);
    CHECK_EQ(cmd.data_len, sizeof(data.smmu));
    CHECK_EQ(data.more, 0x55);
    cmd.flags = 2;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_GET_HW_INFO, &cmd), EOPNOTSUPP);
    cmd.flags = 0;
    cmd.dev_id = 0xffff;
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_GET_HW_INFO, &cmd), ENOENT);
    bench_close(&b);
}

/* Two devices: the guest's StreamIDs, and two physical SMMUs */
static void test_two_devices(void)
{
    struct bench b;
    uint32_t dev, id;
    int cdev;

    bench_start(&b);
    if (!b.uapi) {
        tap_skip("one device only");
        bench_close(&b);
        return;
    }
    cdev = bench_second(&b, 0, &dev);
    CHECK_EQ(io_vdevice(&b, dev, b.viommu, VSID, &id), EEXIST);
    CHECK_EQ(io_vdevice(&b, dev, b.viommu, VSID + 1, &id), 0);
    CHECK_EQ(io_attach(cdev, b.parent), 0);
    CHECK_EQ(io_destroy(&b, id), 0);
    CHECK_EQ(io_detach(cdev), 0);
    close(cdev);

    cdev = bench_second(&b, 1, &dev);
    CHECK_EQ(io_attach(cdev, b.parent), EINVAL);
    CHECK_EQ(io_vdevice(&b, dev, b.viommu, VSID + 1, &id), EINVAL);
    CHECK_EQ(io_viommu(&b, dev, b.parent, &id), EINVAL);
    CHECK_EQ(io_nested(&b, dev, b.viommu, STE0_BYPASS, 0, &id), EINVAL);
    close(cdev);
    bench_close(&b);
}

static const struct tap_test tests[] = {
    { "rules/sizes", test_sizes },
    { "rules/map", test_map },
    { "rules/iova-ranges", test_ranges },
    { "rules/busy", test_busy },
    { "rules/paging", test_paging },
    { "rules/viommu", test_viommu },
    { "rules/vdevice", test_vdevice },
    { "rules/vste", test_vste },
    { "rules/nested-arguments", test_nested_arguments },
    { "rules/attach", test_attach },
    { "rules/attach-ioas", test_attach_ioas },
    { "rules/invalidate", test_invalidate },
    { "rules/hw-info", test_hw_info },
    { "rules/two-devices", test_two_devices },
};

TAP_MAIN(tests)
