/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nesting.h"

static void load_module(const char *name)
{
    pid_t pid = fork();

    if (!pid) {
        close(2); /* built in, or no modules: the checks below tell */
        execlp("modprobe", "modprobe", "-q", name, (char *)NULL);
        _exit(127);
    }
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
}

static void check_file(const char *option, const char *path, int mode,
                       struct strlist *lacks)
{
    if (path && access(path, mode)) {
        strlist_take(lacks, text_printf("%s %s: %s", option, path,
                                        strerror(errno)));
    }
}

static void check_files(const struct config *config, struct strlist *lacks)
{
    check_file("--qemu", config->qemu, X_OK, lacks);
    check_file("--kernel", config->kernel, R_OK, lacks);
    check_file("--initrd", config->initrd, R_OK, lacks);
    check_file("--firmware", config->firmware, R_OK, lacks);
}

static void check_machine(const struct config *config, struct strlist *lacks)
{
    struct utsname u;

    uname(&u);
    if (strcmp(u.machine, "aarch64")) {
        strlist_take(lacks, text_printf("this is %s: KVM guests for arm64 "
                     "need an arm64 host", u.machine));
    }
    if (geteuid()) {
        strlist_add(lacks, "root: binding devices to vfio-pci needs it");
    }
    if (strstr(config->accel, "kvm") && access("/dev/kvm", R_OK | W_OK)) {
        strlist_take(lacks, text_printf("/dev/kvm (%s): the kernel needs KVM "
                     "and must have been entered at EL2 (dmesg | grep kvm)",
                     strerror(errno)));
    }
}

static void check_vfio(struct strlist *lacks)
{
    if (access("/dev/iommu", R_OK | W_OK)) {
        load_module("iommufd");
    }
    if (access("/dev/iommu", R_OK | W_OK)) {
        strlist_take(lacks, text_printf("/dev/iommu (%s): the kernel needs "
                     "CONFIG_IOMMUFD (as module: modprobe iommufd)",
                     strerror(errno)));
    }
    if (access("/sys/bus/pci/drivers/vfio-pci", F_OK)) {
        load_module("vfio-pci");
    }
    if (access("/sys/bus/pci/drivers/vfio-pci", F_OK)) {
        strlist_add(lacks, "the driver vfio-pci: the kernel needs "
                    "CONFIG_VFIO_PCI (as module: modprobe vfio-pci)");
    }
}

static bool wants_nesting(const struct config *config)
{
    for (size_t i = 0; i < config->qemu_args.n; i++) {
        if (strstr(config->qemu_args.v[i], "accel=on")) {
            return true;
        }
    }
    return false;
}

static void check_kernel(struct strlist *lacks)
{
    struct utsname u;

    uname(&u);
    if (!access("/dev/iommu", R_OK | W_OK) && !nesting_kernel_knows()) {
        strlist_take(lacks, text_printf("Linux 6.15 or later: iommufd of this "
                     "one, %s, has no event queues for guests. Run so far: "
                     "6.18.15 and 7.2", u.release));
    }
}

static void check_device(const struct pci_device *dev, struct strlist *lacks)
{
    char iommu[128];
    char *who = NULL;
    char *others;

    if (!pci_iommu(dev->bdf, iommu, sizeof(iommu))) {
        strlist_take(lacks, text_printf("an SMMUv3 above %s: firmware must "
                     "describe it (IORT) and the kernel needs "
                     "CONFIG_ARM_SMMU_V3", dev->bdf));
    } else if (strncmp(iommu, "smmu3", 5)) {
        strlist_take(lacks, text_printf("an SMMUv3 above %s: what is there is "
                     "%s", dev->bdf, iommu));
    }
    if (*dev->pf) {
        return; /* the physical function may be in use, the other is not made */
    }
    if (pci_in_use(dev, &who)) {
        strlist_take(lacks, text_printf("%s for itself: %s", dev->bdf, who));
    }
    others = pci_group_others(dev->bdf);
    if (others) {
        strlist_take(lacks, text_printf("the whole IOMMU group of %s: also in "
                     "it are %s; unbind them, or use a device with a group of "
                     "its own", dev->bdf, others));
    }
    free(others);
    free(who);
}

void checks_host(const struct config *config, const struct pci_device *devices,
                 size_t n_devices, struct strlist *lacks)
{
    check_machine(config, lacks);
    check_files(config, lacks);
    if (!geteuid()) {
        check_vfio(lacks);
        if (wants_nesting(config)) {
            check_kernel(lacks);
        }
    }
    for (size_t i = 0; i < n_devices; i++) {
        check_device(&devices[i], lacks);
    }
}

void checks_taken_device(const struct config *config,
                         const struct pci_device *dev, struct strlist *lacks,
                         char **fact)
{
    char *cdev = pci_vfio_cdev(dev->bdf);
    char *why = NULL;
    struct nesting n;

    *fact = NULL;
    if (!cdev) {
        strlist_take(lacks, text_printf("a character device below "
                     "/dev/vfio/devices for %s: the kernel needs "
                     "CONFIG_VFIO_DEVICE_CDEV", dev->bdf));
    } else if (!nesting_ask(cdev, &n, &why)) {
        if (wants_nesting(config)) {
            strlist_take(lacks, text_printf("nested translation for %s: %s",
                                            dev->bdf, why));
        }
    } else {
        *fact = text_printf("idr0=0x%08x idr1=0x%08x idr3=0x%08x idr5=0x%08x "
                            "stage1=%d stage2=%d s2fwb=%d", n.idr[0],
                            n.idr[1], n.idr[3], n.idr[5], n.stage1, n.stage2,
                            n.s2fwb);
    }
    free(why);
    free(cdev);
}
