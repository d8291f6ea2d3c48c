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
#define IOAS_ALLOC _IO(';', 0x81)
#define HWPT_ALLOC _IO(';', 0x89)
#define HWPT_NEST_PARENT 1
#define GET_HW_INFO _IO(';', 0x8a)
#define VIOMMU_ALLOC _IO(';', 0x90)
#define VIOMMU_ARM_SMMUV3 1
#define VEVENTQ_ALLOC _IO(';', 0x93)
#define VEVENTQ_ARM_SMMUV3 1
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

struct ioas_alloc {
    uint32_t size;
    uint32_t flags;
    uint32_t out_ioas_id;
};

struct hwpt_alloc {
    uint32_t size;
    uint32_t flags;
    uint32_t dev_id;
    uint32_t pt_id;
    uint32_t out_hwpt_id;
    uint32_t reserved;
    uint32_t data_type;
    uint32_t data_len;
    uint64_t data_uptr;
};

struct viommu_alloc {
    uint32_t size;
    uint32_t flags;
    uint32_t type;
    uint32_t dev_id;
    uint32_t hwpt_id;
    uint32_t out_viommu_id;
};

struct veventq_alloc {
    uint32_t size;
    uint32_t flags;
    uint32_t viommu_id;
    uint32_t type;
    uint32_t depth;
    uint32_t out_veventq_id;
    uint32_t out_veventq_fd;
    uint32_t reserved;
};

/*
 * Allocate what QEMU will need: the registers do not show what the kernel has
 * disabled, nor what it is too old for. All is freed with the file.
 */
static bool try_nesting(int iommu, uint32_t dev_id, char **err)
{
    struct ioas_alloc ioas = { .size = sizeof(ioas) };
    struct hwpt_alloc s2 = {
        .size = sizeof(s2), .flags = HWPT_NEST_PARENT, .dev_id = dev_id,
    };
    struct viommu_alloc viommu = {
        .size = sizeof(viommu), .type = VIOMMU_ARM_SMMUV3, .dev_id = dev_id,
    };
    struct veventq_alloc events = {
        .size = sizeof(events), .type = VEVENTQ_ARM_SMMUV3, .depth = 1,
    };

    if (ioctl(iommu, IOAS_ALLOC, &ioas)) {
        return text_fail(err, "cannot allocate an IOAS: %s", strerror(errno));
    }
    s2.pt_id = ioas.out_ioas_id;
    if (ioctl(iommu, HWPT_ALLOC, &s2)) {
        return text_fail(err, "the kernel does not nest behind this SMMUv3 "
                         "(%s): it has one stage only, or an erratum for "
                         "which the kernel disables nesting (IIDR)",
                         strerror(errno));
    }
    viommu.hwpt_id = s2.out_hwpt_id;
    if (ioctl(iommu, VIOMMU_ALLOC, &viommu)) {
        return text_fail(err, "the kernel allocates no vIOMMU (%s): the SMMUv3 "
                         "needs S2FWB, or firmware must report CANWBS (IORT)",
                         strerror(errno));
    }
    events.viommu_id = viommu.out_viommu_id;
    if (ioctl(iommu, VEVENTQ_ALLOC, &events)) {
        return text_fail(err, "the kernel allocates no event queue: %s",
                         strerror(errno));
    }
    close(events.out_veventq_fd);
    return true;
}

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
        return text_fail(err, "the kernel reports nothing about the IOMMU "
                         "(%s): Linux 6.15 with ARM_SMMU_V3_IOMMUFD does",
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
    return try_nesting(iommu, info.dev_id, err);
}

bool nesting_kernel_knows(void)
{
    struct veventq_alloc none = { .size = sizeof(none) };
    int iommu = open("/dev/iommu", O_RDWR | O_CLOEXEC);
    bool known = iommu >= 0 && ioctl(iommu, VEVENTQ_ALLOC, &none) &&
                 errno != ENOTTY;

    if (iommu >= 0) {
        close(iommu);
    }
    return known;
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
