/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nesting.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

/*
 * The kernel's interface, as in <linux/iommufd.h> and <linux/vfio.h>, spelled
 * out: the headers of a build machine are often older than this part of it.
 */
#define GET_HW_INFO _IO(';', 0x8a)
#define BIND_IOMMUFD _IO(';', 100 + 18)
#define HW_INFO_ARM_SMMUV3 2

struct bind_iommufd {
    uint32_t argsz;
    uint32_t flags;
    int32_t iommufd;
    uint32_t out_devid;
};

struct get_hw_info {
    uint32_t size;
    uint32_t flags;
    uint32_t dev_id;
    uint32_t data_len;
    uint64_t data_uptr;
    uint32_t out_data_type;
    uint32_t reserved;
    uint64_t out_capabilities;
};

struct smmuv3_info {
    uint32_t flags;
    uint32_t reserved;
    uint32_t idr[6];
    uint32_t iidr;
    uint32_t aidr;
};

static bool ask(int iommu, int device, struct nesting *nesting, char **err)
{
    struct bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommu };
    struct smmuv3_info smmu = { .flags = 0 };
    struct get_hw_info info = {
        .size = sizeof(info), .data_len = sizeof(smmu),
        .data_uptr = (uintptr_t)&smmu,
    };

    if (ioctl(device, BIND_IOMMUFD, &bind)) {
        return text_fail(err, "cannot bind the device to iommufd: %s",
                         strerror(errno));
    }
    info.dev_id = bind.out_devid;
    if (ioctl(iommu, GET_HW_INFO, &info)) {
        return text_fail(err, "the kernel tells nothing about the IOMMU (%s): "
                         "Linux 6.15 with ARM_SMMU_V3_IOMMUFD does",
                         strerror(errno));
    }
    if (info.out_data_type != HW_INFO_ARM_SMMUV3) {
        return text_fail(err, "the IOMMU above the device is no SMMUv3 that "
                         "the kernel offers for nesting (type %u): it needs "
                         "ARM_SMMU_V3_IOMMUFD", info.out_data_type);
    }
    memcpy(nesting->idr, smmu.idr, sizeof(nesting->idr));
    nesting->stage2 = smmu.idr[0] & 1;
    nesting->stage1 = smmu.idr[0] >> 1 & 1;
    nesting->s2fwb = smmu.idr[3] >> 8 & 1;
    return true;
}

bool nesting_ask(const char *cdev, struct nesting *nesting, char **err)
{
    int iommu = open("/dev/iommu", O_RDWR | O_CLOEXEC);
    int device = open(cdev, O_RDWR | O_CLOEXEC);
    bool ok = false;

    if (iommu < 0 || device < 0) {
        text_fail(err, "cannot open %s: %s", iommu < 0 ? "/dev/iommu" : cdev,
                  strerror(errno));
    } else {
        ok = ask(iommu, device, nesting, err);
    }
    /* the device first: it is bound to the other */
    if (device >= 0) {
        close(device);
    }
    if (iommu >= 0) {
        close(iommu);
    }
    return ok;
}
