/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

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

struct nesting {
    uint32_t idr[6];      /* ID registers as the host kernel shows them */
    bool stage1, stage2;
    bool s2fwb;           /* without it the kernel needs CANWBS (IORT) */
};

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

static bool query(int iommu, int device, struct nesting *nesting, char **err)
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
        return text_fail(err, "the IOMMU above the device is not an SMMUv3 that "
                         "the kernel offers for nesting (type %u): it needs "
                         "ARM_SMMU_V3_IOMMUFD", info.out_data_type);
    }
    memcpy(nesting->idr, smmu.idr, sizeof(nesting->idr));
    nesting->stage2 = smmu.idr[0] & 1;
    nesting->stage1 = smmu.idr[0] >> 1 & 1;
    nesting->s2fwb = smmu.idr[3] >> 8 & 1;
    return try_nesting(iommu, info.dev_id, err);
}

/* Does this kernel's iommufd have all the calls that nesting needs? The last one came with Linux 6.15. */
static bool kernel_can_nest(void)
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

/*
 * Query the SMMUv3 above the device behind @cdev (/dev/vfio/devices/...), which nobody else may have open, and try to
 * allocate what nesting needs.
 * Returns: false with a message in *@err: no iommufd, no SMMUv3, an old kernel, or one that does not nest behind this
 * SMMU.
 */
static bool query_nesting(const char *cdev, struct nesting *nesting, char **err)
{
    int iommu = open("/dev/iommu", O_RDWR | O_CLOEXEC);
    int device = open(cdev, O_RDWR | O_CLOEXEC);
    bool ok = false;

    if (iommu < 0 || device < 0) {
        text_fail(err, "cannot open %s: %s", iommu < 0 ? "/dev/iommu" : cdev,
                  strerror(errno));
    } else {
        ok = query(iommu, device, nesting, err);
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

static void G_GNUC_PRINTF(2, 3) lacks_one(GPtrArray *lacks, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_ptr_array_add(lacks, g_strdup_vprintf(fmt, ap));
    va_end(ap);
}

static void load_module(const char *name)
{
    pid_t pid = fork();

    if (!pid) {
        close(2); /* built in, or no modules: the checks below report it */
        execlp("modprobe", "modprobe", "-q", name, (char *)NULL);
        _exit(127);
    }
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
}

static void check_file(const char *option, const char *path, int mode,
                       GPtrArray *lacks)
{
    if (path && access(path, mode)) {
        lacks_one(lacks, "%s %s: %s", option, path,
                                        strerror(errno));
    }
}

static void check_files(const struct config *config, GPtrArray *lacks)
{
    check_file("--qemu", config->qemu, X_OK, lacks);
    check_file("--kernel", config->kernel, R_OK, lacks);
    check_file("--initrd", config->initrd, R_OK, lacks);
    check_file("--firmware", config->firmware, R_OK, lacks);
}

static void check_machine(const struct config *config, GPtrArray *lacks)
{
    struct utsname u;

    uname(&u);
    if (strcmp(u.machine, "aarch64")) {
        lacks_one(lacks, "this is %s: KVM guests for arm64 "
                     "need an arm64 host", u.machine);
    }
    if (geteuid()) {
        lacks_one(lacks, "root: binding devices to vfio-pci needs it");
    }
    if (strstr(config->accel, "kvm") && access("/dev/kvm", R_OK | W_OK)) {
        lacks_one(lacks, "/dev/kvm (%s): the kernel needs KVM "
                     "and must have been entered at EL2 (dmesg | grep kvm)",
                     strerror(errno));
    }
}

static void check_vfio(GPtrArray *lacks)
{
    if (access("/dev/iommu", R_OK | W_OK)) {
        load_module("iommufd");
    }
    if (access("/dev/iommu", R_OK | W_OK)) {
        lacks_one(lacks, "/dev/iommu (%s): the kernel needs "
                     "CONFIG_IOMMUFD (as module: modprobe iommufd)",
                     strerror(errno));
    }
    if (access("/sys/bus/pci/drivers/vfio-pci", F_OK)) {
        load_module("vfio-pci");
    }
    if (access("/sys/bus/pci/drivers/vfio-pci", F_OK)) {
        lacks_one(lacks, "the driver vfio-pci: the kernel needs "
                    "CONFIG_VFIO_PCI (as module: modprobe vfio-pci)");
    }
}

static bool needs_nesting(const struct config *config)
{
    for (char **arg = config->qemu_args; *arg; arg++) {
        if (strstr(*arg, "accel=on")) {
            return true;
        }
    }
    return false;
}

static void check_kernel(GPtrArray *lacks)
{
    struct utsname u;

    uname(&u);
    if (!access("/dev/iommu", R_OK | W_OK) && !kernel_can_nest()) {
        lacks_one(lacks, "Linux 6.15 or later: iommufd of this "
                     "one, %s, has no event queues for guests. Run so far: "
                     "6.18.15 and 7.2", u.release);
    }
}

static void check_device(const struct pci_device *dev, GPtrArray *lacks)
{
    g_autofree char *who = NULL, *others = NULL;
    char iommu[128];

    if (!pci_iommu(dev->bdf, iommu, sizeof(iommu))) {
        lacks_one(lacks, "an SMMUv3 above %s: firmware must "
                     "describe it (IORT) and the kernel needs "
                     "CONFIG_ARM_SMMU_V3", dev->bdf);
    } else if (strncmp(iommu, "smmu3", 5)) {
        lacks_one(lacks, "an SMMUv3 above %s: what is there is "
                     "%s", dev->bdf, iommu);
    }
    if (*dev->pf) {
        return; /* the physical function may be in use, the other is not made */
    }
    if (pci_in_use(dev, &who)) {
        lacks_one(lacks, "%s for itself: %s", dev->bdf, who);
    }
    others = pci_group_others(dev->bdf);
    if (others) {
        lacks_one(lacks, "the whole IOMMU group of %s: also in "
                     "it are %s; unbind them, or use a device with a group of "
                     "its own", dev->bdf, others);
    }
}

void checks_host(const struct config *config, const struct pci_device *devices,
                 size_t n_devices, GPtrArray *lacks)
{
    check_machine(config, lacks);
    check_files(config, lacks);
    if (!geteuid()) {
        check_vfio(lacks);
        if (needs_nesting(config)) {
            check_kernel(lacks);
        }
    }
    for (size_t i = 0; i < n_devices; i++) {
        check_device(&devices[i], lacks);
    }
}

void checks_bound_device(const struct config *config,
                         const struct pci_device *dev, GPtrArray *lacks,
                         char **fact)
{
    g_autofree char *cdev = pci_vfio_cdev(dev->bdf), *why = NULL;
    struct nesting n = { .stage1 = false };

    *fact = NULL;
    if (!cdev) {
        lacks_one(lacks, "a character device below "
                     "/dev/vfio/devices for %s: the kernel needs "
                     "CONFIG_VFIO_DEVICE_CDEV", dev->bdf);
    } else if (!query_nesting(cdev, &n, &why)) {
        if (needs_nesting(config)) {
            lacks_one(lacks, "nested translation for %s: %s",
                                            dev->bdf, why);
        }
    } else {
        *fact = g_strdup_printf("idr0=0x%08x idr1=0x%08x idr3=0x%08x idr5=0x%08x "
                            "stage1=%d stage2=%d s2fwb=%d", n.idr[0],
                            n.idr[1], n.idr[3], n.idr[5], n.stage1, n.stage2,
                            n.s2fwb);
    }
}
