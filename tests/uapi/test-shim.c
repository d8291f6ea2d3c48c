/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is the model's alone: descriptors, failures, the control block. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "bench.h"

/* Other paths and descriptors are the C library's, as ever */
static void test_others(void)
{
    struct bench b;
    char byte;
    int fd;

    bench_open(&b);
    fd = open("/dev/zero", O_RDWR);
    g_assert_true(fd >= 0);
    byte = 1;
    g_assert_cmpint(read(fd, &byte, 1), ==, 1);
    g_assert_cmpint(byte, ==, 0);
    close(fd);
    g_assert_cmpint(open("/dev/vfio/devices/vfio3", O_RDWR), ==, -1);
    g_assert_cmpint(errno, ==, ENOENT);
    g_assert_cmpint(open("/dev/vfio/devices/vfio0x", O_RDWR), ==, -1);
    g_assert_cmpint(read(b.iommu, &byte, 1), ==, -1);
    g_assert_cmpint(errno, ==, EINVAL);
    bench_close(&b);
}

static void test_dup(void)
{
    struct bench b;
    uint32_t id;
    int copy;

    bench_open(&b);
    copy = dup(b.iommu);
    close(b.iommu);
    b.iommu = copy;
    g_assert_cmpint(io_ioas(&b, &id), ==, 0);
    copy = fcntl(b.iommu, F_DUPFD_CLOEXEC, 100);
    g_assert_true(copy >= 100);
    g_assert_cmphex(dup2(b.iommu, copy), ==, copy);
    close(b.iommu);
    b.iommu = copy;
    g_assert_cmpint(io_destroy(&b, id), ==, 0);
    /* over an open one: that closes it */
    g_assert_cmphex(dup2(STDERR_FILENO, b.iommu), ==, b.iommu);
    g_assert_cmpint(io_ioas(&b, &id), ==, ENOTTY);
    bench_close(&b);
}

/* The device holds the iommufd open; what is left then has leaked */
static void test_leak(void)
{
    struct bench b;
    uint32_t id, vdev;
    _Atomic uint32_t *leaked;

    bench_open(&b);
    leaked = b.uapi->control->leaked;
    g_assert_cmpint(io_ioas(&b, &id), ==, 0);
    g_assert_cmpint(io_paging(&b, b.devid, id, IOMMU_HWPT_ALLOC_NEST_PARENT,
                              &id),
                    ==, 0);
    g_assert_cmpint(io_viommu(&b, b.devid, id, &id), ==, 0);
    g_assert_cmpint(io_vdevice(&b, b.devid, id, 1, &vdev), ==, 0);
    close(b.iommu);
    g_assert_cmpint(atomic_load(&b.uapi->control->contexts), ==, 1);
    g_assert_cmpint(atomic_load(&leaked[UAPI_OBJ_IOAS]), ==, 0);
    close(b.cdev);
    g_assert_cmpint(atomic_load(&b.uapi->control->contexts), ==, 0);
    g_assert_cmpint(atomic_load(&leaked[UAPI_OBJ_IOAS]), ==, 1);
    g_assert_cmpint(atomic_load(&leaked[UAPI_OBJ_HWPT_PAGING]), ==, 1);
    g_assert_cmpint(atomic_load(&leaked[UAPI_OBJ_VIOMMU]), ==, 1);
    g_assert_cmpint(atomic_load(&leaked[UAPI_OBJ_VDEVICE]), ==, 1);
    for (int i = 0; i < UAPI_OBJ_TYPES; i++) {
        g_assert_cmpint(atomic_load(&b.uapi->control->live[i]), ==, 0);
        atomic_store(&leaked[i], 0);
    }
}

static void test_fail(void)
{
    struct uapi_fail_rule *rule;
    struct bench b;
    uint32_t id;

    bench_open(&b);
    rule = &b.uapi->control->fail[0];
    uapi_fail(b.uapi, 0, UAPI_ANY, 1, 0);   /* only counts */
    g_assert_cmpint(io_ioas(&b, &id), ==, 0);
    g_assert_cmpint(io_destroy(&b, id), ==, 0);
    g_assert_cmpint(atomic_load(&rule->seen), ==, 2);
    uapi_fail(b.uapi, 0, UAPI_ANY, 2, ENOMEM);
    g_assert_cmpint(io_ioas(&b, &id), ==, 0);
    g_assert_cmpint(io_destroy(&b, id), ==, ENOMEM);
    g_assert_cmpint(atomic_load(&rule->fired), ==, 1);
    g_assert_cmpint(io_destroy(&b, id), ==, 0);

    uapi_fail(b.uapi, 0, UAPI_IOAS_ALLOC, 1, EINTR);
    rule->repeat = 1;
    g_assert_cmpint(io_ioas(&b, &id), ==, EINTR);
    g_assert_cmpint(io_destroy(&b, b.devid), ==, EBUSY);
    g_assert_cmpint(io_ioas(&b, &id), ==, EINTR);
    rule->repeat = 0;
    uapi_fail(b.uapi, 0, UAPI_OPEN_IOMMU, 1, EMFILE);
    g_assert_cmpint(open("/dev/iommu", O_RDWR), ==, -1);
    g_assert_cmpint(errno, ==, EMFILE);
    uapi_fail(b.uapi, 0, UAPI_REGION_READ, 1, EFAULT);
    g_assert_cmpint(pread(b.cdev, &id, 4, (uint64_t)7 << 40), ==, -1);
    g_assert_cmpint(errno, ==, EFAULT);
    uapi_fail(b.uapi, 0, UAPI_ANY, 0, 0);
    bench_close(&b);
}

/* Names of the host's, and sysfs: as QEMU looks for `host=` */
static void test_sysfs(void)
{
    char path[400], text[16] = "";
    struct stat st, real;
    struct dirent *entry;
    struct bench b;
    bool found = false;
    DIR *dir;
    int fd;

    bench_open(&b);
    g_assert_cmpint(stat("/sys/bus/pci/devices/0000:01:00.0", &st), ==, 0);
    snprintf(path, sizeof(path), "%s/0000:01:00.0", b.uapi->control->sysfs);
    g_assert_cmpint(stat(path, &real), ==, 0);
    g_assert_cmphex(st.st_ino, ==, real.st_ino);
    g_assert_cmpint(stat("/sys/bus/pci/devices/0000:01:1f.0", &st), ==, -1);
    dir = opendir("/sys/bus/pci/devices/0000:01:01.0/vfio-dev");
    g_assert_true(dir);
    while (dir && (entry = readdir(dir))) {
        found |= !strcmp(entry->d_name, "vfio1");
    }
    g_assert_true(found);
    closedir(dir);
    fd = open("/sys/bus/pci/devices/0000:01:00.0/vfio-dev/vfio0/dev",
              O_RDONLY);
    g_assert_true(read(fd, text, sizeof(text) - 1) > 0);
    close(fd);
    g_assert_true(!strcmp(text, "1:3\n"));
    g_assert_cmpint(fstat(b.cdev, &st), ==, 0);
    g_assert_true(S_ISCHR(st.st_mode));
    bench_close(&b);
}

/* As VFIO's user finds the number of the group */
static void test_iommu_group(void)
{
    const char *path = "/sys/bus/pci/devices/0000:01:01.0/iommu_group";
    char link[100], resolved[PATH_MAX], *slash;
    struct bench b;
    ssize_t n;

    bench_open(&b);
    b.uapi->control->device[1].group = 42;
    g_assert_true(uapi_write_tree(b.uapi));
    n = readlink(path, link, sizeof(link) - 1);
    g_assert_true(n > 0);
    link[n > 0 ? n : 0] = '\0';
    slash = strrchr(link, '/');
    g_assert_true(slash && !strcmp(slash, "/42"));
    g_assert_true(realpath(path, resolved));
    slash = strrchr(resolved, '/');
    g_assert_true(slash && !strcmp(slash, "/42"));
    b.uapi->control->device[1].group = 2;
    bench_close(&b);
}

#define MARKER 0x6d61726b6d61726bull

/* Attach each of @stes in turn, during DMA. Returns: where it has written */
static uint64_t dma_during(const uint64_t *stes, unsigned n, uint32_t *tries)
{
    const uint64_t iova = DATA_AT + 0x1000;   /* mapped to DATA_AT */
    struct uapi_keep_dma *keep;
    uint32_t hwpt = 0, before;
    uint64_t table, found = 0;
    struct bench b;

    bench_start(&b);
    keep = &b.uapi->control->keep_dma[0];
    table = bench_table(&b);
    bench_map(&b, table, iova, DATA_AT, PTE_PAGE);
    bench_cd(&b, 0, 1, table);
    keep->iova = iova;
    keep->marker = MARKER;
    before = atomic_load(&keep->tries);
    atomic_store(&keep->on, 1);
    for (unsigned i = 0; i < n; i++) {
        g_assert_cmpint(bench_ste(&b, stes[i], 0, &hwpt), ==, 0);
    }
    *tries = atomic_load(&keep->tries) - before;
    for (unsigned page = 0; page < 2; page++) {
        uint64_t *data = bench_ram(&b, DATA_AT + 0x1000 * page);

        found |= *data == MARKER ? 1 << page : 0;
    }
    g_assert_cmpint(bench_ioctl(b.cdev, VFIO_DEVICE_RESET, NULL), ==, 0);
    g_assert_cmpint(atomic_load(&keep->on), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(atomic_load(&keep->tries), ==, before + *tries);
    g_assert_cmpint(io_destroy(&b, hwpt), ==, 0);
    atomic_store(&keep->on, 1);
    bench_close(&b);
    g_assert_cmpint(atomic_load(&keep->on), ==, 0);
    return found;
}

/* A device that does not stop shows which STEs there are in between */
static void test_keep_dma(void)
{
    const uint64_t stes[] = { STE_S1, STE_ABORT, STE_BYPASS };
    uint32_t tries;

    g_assert_cmpint(dma_during(stes, 1, &tries), ==,
                    1); /* by the guest's tables */
    g_assert_cmpint(tries, ==, 1);
    g_assert_cmpint(dma_during(stes + 1, 1, &tries), ==, 0);
    g_assert_cmpint(tries, ==, 1);
    g_assert_cmpint(dma_during(stes + 2, 1, &tries), ==,
                    2); /* by stage 2 alone */
    g_assert_cmpint(dma_during(stes, 3, &tries), ==, 3);
    g_assert_cmpint(tries, ==, 3);
}

/* Descriptors that another process passes on */
static void test_passed(void)
{
    struct vfio_device_bind_iommufd cmd = { .argsz = sizeof(cmd) };
    struct bench b;
    uint32_t id;

    bench_open(&b);
    close(b.cdev);
    close(b.iommu);
    b.iommu = uapi_iommu_fd();
    b.cdev = uapi_device_fd(0);
    g_assert_cmpint(io_ioas(&b, &id), ==, 0);
    cmd.iommufd = b.iommu;
    g_assert_cmpint(bench_ioctl(b.cdev, VFIO_DEVICE_BIND_IOMMUFD, &cmd), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, id), ==, 0);
    g_assert_cmpint(io_detach(b.cdev), ==, 0);
    g_assert_cmpint(io_destroy(&b, id), ==, 0);
    bench_close(&b);
}

static void check_misuse(struct bench *b, const char *text)
{
    char buf[300];
    const char *found = uapi_check(b->uapi, buf, sizeof(buf));

    g_assert_true(found && strstr(found, text));
    g_assert_cmpint(atomic_exchange(&b->uapi->control->errors, 0), ==, 1);
}

/* What is not modelled, and what only a wrong QEMU does, fails the test */
static void test_misuse(void)
{
    struct iommu_vfio_ioas unknown = { .size = sizeof(unknown) };
    struct vfio_device_info info = { .argsz = sizeof(info) };
    struct iommu_destroy small = { .size = 4 };
    const uint64_t cmd[1][2] = { { CMD_TLBI_NSNH_ALL } };
    uint32_t num = 1, id;
    struct bench b;
    int other;

    bench_start(&b);
    g_assert_null(uapi_check(b.uapi, NULL, 0));
    g_assert_cmpint(bench_ioctl(b.iommu, IOMMU_VFIO_IOAS, &unknown), ==,
                    ENOTTY);
    check_misuse(&b, "not modelled");
    g_assert_cmpint(bench_ioctl(b.cdev, IOMMU_DESTROY, &small), ==, ENOTTY);
    check_misuse(&b, "not modelled");
    g_assert_true(bench_ioctl(b.iommu, IOMMU_DESTROY, &small));
    check_misuse(&b, "size of 4");
    g_assert_true(io_destroy(&b, 99));
    check_misuse(&b, "99 does not exist");
    g_assert_true(io_map(&b, b.ioas, 0x10800, b.ram, 0x1000, true));
    check_misuse(&b, "IOAS_MAP");
    g_assert_true(io_unmap(&b, b.ioas, RAM_IOVA, 0x1000));
    check_misuse(&b, "part of a mapping");
    g_assert_true(io_paging(&b, b.devid, b.ioas, 1u << 31, &id));
    check_misuse(&b, "flags 0x80000000");
    g_assert_true(io_attach(b.cdev, b.viommu));
    check_misuse(&b, "attached to object");
    g_assert_true(io_invalidate(&b, b.parent, cmd, &num));
    g_assert_cmpint(atomic_exchange(&b.uapi->control->errors, 0), ==, 2);
    other = open("/dev/vfio/devices/vfio1", O_RDWR);
    g_assert_cmpint(bench_ioctl(other, VFIO_DEVICE_GET_INFO, &info), ==,
                    ENOTTY);
    check_misuse(&b, "not bound");
    g_assert_cmpint(pread(b.cdev, &id, 4, (uint64_t)1 << 40), ==, -1);
    check_misuse(&b, "access of 4 bytes");
    close(other);
    bench_close(&b);
}

/* The log has what happened, in order */
static void test_log(void)
{
    const uint64_t cmds[2][2] = {
        { CMD_TLBI_NSNH_ALL }, { CMD_CFGI_CD_ALL | CMD_SID(VSID) },
    };
    struct uapi_log_entry entry;
    struct bench b;
    uint64_t from;
    uint32_t num = 2;

    bench_start(&b);
    from = atomic_load(&b.uapi->control->log_head);
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmds, &num), ==, 0);
    from = uapi_log_find(b.uapi, from, UAPI_LOG_COMMAND, &entry);
    g_assert_cmphex(entry.arg[0], ==, CMD_TLBI_NSNH_ALL);
    g_assert_cmphex(entry.arg[2], ==,
                    CMD_TLBI_NH_ALL | FIELD_PREP(CMD0_VMID, 1));
    g_assert_cmpint(entry.arg[3], ==, 1);
    from = uapi_log_find(b.uapi, from + 1, UAPI_LOG_COMMAND, &entry);
    g_assert_cmphex(entry.arg[0], ==, cmds[1][0]);
    g_assert_cmphex(entry.arg[2] >> 32, ==, b.uapi->control->device[0].sid);
    from = uapi_log_find(b.uapi, from + 1, UAPI_LOG_BATCH, &entry);
    g_assert_cmphex(entry.arg[0], ==, b.viommu);
    g_assert_cmpint(entry.arg[1], ==, 2);
    g_assert_cmpint(entry.arg[2], ==, 2);
    bench_close(&b);
}

/* When one of many is refused, some before it have been issued already */
static void test_log_of_failure(void)
{
    uint64_t cmds[100][2] = { { 0 } };
    struct uapi_log_entry entry;
    unsigned issued = 0, seen = 0;
    struct bench b;
    uint64_t from;
    uint32_t num = 100;

    bench_start(&b);
    for (int i = 0; i < 100; i++) {
        cmds[i][0] = i == 70 ? CMD_SYNC : CMD_TLBI_NSNH_ALL;
    }
    from = atomic_load(&b.uapi->control->log_head);
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmds, &num), ==, EIO);
    g_assert_cmpint(num, ==, 70);
    while ((from = uapi_log_find(b.uapi, from, UAPI_LOG_COMMAND, &entry)) !=
           UINT64_MAX) {
        issued += entry.arg[3];
        seen++;
        from++;
    }
    g_assert_cmpint(issued, ==, 63);
    g_assert_cmpint(seen, ==, 71);
    bench_close(&b);
}

/* Requests: DMA and interrupts without the device's registers */
static void test_requests(void)
{
    uint64_t value = 0x1234, table;
    struct bench b;
    uint32_t hwpt = 0;

    bench_start(&b);
    g_assert_cmphex(uapi_dma(b.uapi, 0, DATA_AT, &value, 8, true), ==,
                    UAPI_DMA_OK);
    g_assert_cmphex(*(uint64_t *)bench_ram(&b, DATA_AT), ==, 0x1234);
    g_assert_cmphex(uapi_dma(b.uapi, 0, 0x1000, &value, 8, true), ==,
                    UAPI_DMA_HOST_FAULT);
    /* the doorbell is mapped with the first MSI */
    g_assert_cmphex(uapi_dma(b.uapi, 0, UAPI_SW_MSI_DOORBELL, &value, 4, true),
                    ==, UAPI_DMA_HOST_FAULT);
    table = bench_table(&b);
    bench_cd(&b, 0, 1, table);
    g_assert_cmpint(bench_ste(&b, STE_S1, 0, &hwpt), ==, 0);
    g_assert_cmphex(uapi_dma(b.uapi, 0, 0x5000, &value, 8, true), ==, 0x10);
    g_assert_cmphex(b.uapi->control->state[0].ste, ==, UAPI_STE_NESTED);
    g_assert_cmphex(b.uapi->control->state[0].vste[0], ==, STE_S1);
    g_assert_cmpint(b.uapi->control->state[0].ats, ==, 0);
    b.uapi->control->smmu[0].idr[0] |= IDR0_ATS;
    g_assert_cmpint(bench_ste(&b, STE_S1, STE_EATS(1), &hwpt), ==, 0);
    b.uapi->control->smmu[0].idr[0] &= ~IDR0_ATS;
    g_assert_cmpint(b.uapi->control->state[0].ats, ==, 1);
    g_assert_cmpint(b.uapi->control->state[0].vste[1], ==, 0);
    bench_map(&b, table, 0x5000, DATA_AT, PTE_PAGE);
    g_assert_cmphex(uapi_dma(b.uapi, 0, 0x5000, &value, 8, false), ==,
                    UAPI_DMA_OK);
    /* a substream, of which there is none */
    g_assert_cmphex(uapi_dma_ssid(b.uapi, 0, 1, 0x5000, &value, 8, false), ==,
                    0x08);
    g_assert_cmpint(uapi_msi(b.uapi, 0, 0), ==, ENXIO);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, hwpt), ==, 0);
    bench_close(&b);
}

int main(int argc, char **argv)
{
    bench_init(&argc, &argv);
    g_test_add_func("/shim/others", test_others);
    g_test_add_func("/shim/dup", test_dup);
    g_test_add_func("/shim/leak", test_leak);
    g_test_add_func("/shim/fail", test_fail);
    g_test_add_func("/shim/sysfs", test_sysfs);
    g_test_add_func("/shim/iommu-group", test_iommu_group);
    g_test_add_func("/shim/keep-dma", test_keep_dma);
    g_test_add_func("/shim/passed", test_passed);
    g_test_add_func("/shim/misuse", test_misuse);
    g_test_add_func("/shim/log", test_log);
    g_test_add_func("/shim/log-of-failure", test_log_of_failure);
    g_test_add_func("/shim/requests", test_requests);
    return g_test_run();
}
