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

#include "fixture.h"

/* Other paths and descriptors are the C library's, as ever */
static void test_others(void)
{
    struct fixture b;
    char byte;
    int fd;

    fixture_open(&b);
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
    fixture_close(&b);
}

static void test_dup(void)
{
    struct fixture b;
    uint32_t id;
    int copy;

    fixture_open(&b);
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
    fixture_close(&b);
}

/* The device holds the iommufd open; what is left then has leaked */
static void test_leak(void)
{
    struct fixture b;
    uint32_t id, vdev;
    _Atomic uint32_t *leaked;

    fixture_open(&b);
    leaked = b.model->control->leaked;
    g_assert_cmpint(io_ioas(&b, &id), ==, 0);
    g_assert_cmpint(io_paging(&b, b.devid, id, IOMMU_HWPT_ALLOC_NEST_PARENT,
                              &id),
                    ==, 0);
    g_assert_cmpint(io_viommu(&b, b.devid, id, &id), ==, 0);
    g_assert_cmpint(io_vdevice(&b, b.devid, id, 1, &vdev), ==, 0);
    close(b.iommu);
    g_assert_cmpint(atomic_load(&b.model->control->contexts), ==, 1);
    g_assert_cmpint(atomic_load(&leaked[KM_OBJ_IOAS]), ==, 0);
    close(b.cdev);
    g_assert_cmpint(atomic_load(&b.model->control->contexts), ==, 0);
    g_assert_cmpint(atomic_load(&leaked[KM_OBJ_IOAS]), ==, 1);
    g_assert_cmpint(atomic_load(&leaked[KM_OBJ_HWPT_PAGING]), ==, 1);
    g_assert_cmpint(atomic_load(&leaked[KM_OBJ_VIOMMU]), ==, 1);
    g_assert_cmpint(atomic_load(&leaked[KM_OBJ_VDEVICE]), ==, 1);
    for (int i = 0; i < KM_OBJ_TYPES; i++) {
        g_assert_cmpint(atomic_load(&b.model->control->live[i]), ==, 0);
        atomic_store(&leaked[i], 0);
    }
}

static void test_fail(void)
{
    struct km_fail_rule *rule;
    struct fixture b;
    uint32_t id;

    fixture_open(&b);
    rule = &b.model->control->fail[0];
    km_fail(b.model, 0, KM_ANY, 1, 0);       /* only counts */
    g_assert_cmpint(io_ioas(&b, &id), ==, 0);
    g_assert_cmpint(io_destroy(&b, id), ==, 0);
    g_assert_cmpint(atomic_load(&rule->seen), ==, 2);
    km_fail(b.model, 0, KM_ANY, 2, ENOMEM);
    g_assert_cmpint(io_ioas(&b, &id), ==, 0);
    g_assert_cmpint(io_destroy(&b, id), ==, ENOMEM);
    g_assert_cmpint(atomic_load(&rule->fired), ==, 1);
    g_assert_cmpint(io_destroy(&b, id), ==, 0);

    km_fail(b.model, 0, KM_IOAS_ALLOC, 1, EINTR);
    rule->repeat = 1;
    g_assert_cmpint(io_ioas(&b, &id), ==, EINTR);
    g_assert_cmpint(io_destroy(&b, b.devid), ==, EBUSY);
    g_assert_cmpint(io_ioas(&b, &id), ==, EINTR);
    rule->repeat = 0;
    km_fail(b.model, 0, KM_OPEN_IOMMU, 1, EMFILE);
    g_assert_cmpint(open("/dev/iommu", O_RDWR), ==, -1);
    g_assert_cmpint(errno, ==, EMFILE);
    km_fail(b.model, 0, KM_REGION_READ, 1, EFAULT);
    g_assert_cmpint(pread(b.cdev, &id, 4, (uint64_t)7 << 40), ==, -1);
    g_assert_cmpint(errno, ==, EFAULT);
    km_fail(b.model, 0, KM_ANY, 0, 0);
    fixture_close(&b);
}

/* Names of the host's, and sysfs: as QEMU looks for `host=` */
static void test_sysfs(void)
{
    char path[400], text[16] = "";
    struct stat st, real;
    struct dirent *entry;
    struct fixture b;
    bool found = false;
    DIR *dir;
    int fd;

    fixture_open(&b);
    g_assert_cmpint(stat("/sys/bus/pci/devices/0000:01:00.0", &st), ==, 0);
    snprintf(path, sizeof(path), "%s/0000:01:00.0", b.model->control->sysfs);
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
    g_assert_cmpint(stat("/sys/dev/char/1:5/device/vfio-dev/vfio1", &st), ==,
                    0);
    g_assert_cmpint(stat("/sys/dev/char/1:5/device/vfio-dev/vfio0", &st), ==,
                    -1);
    g_assert_cmpint(stat("/sys/dev/char/1:7/device", &st), ==, -1);
    fixture_close(&b);
}

/* As VFIO's user finds the number of the group */
static void test_iommu_group(void)
{
    const char *path = "/sys/bus/pci/devices/0000:01:01.0/iommu_group";
    char link[100], resolved[PATH_MAX], *slash;
    struct fixture b;
    ssize_t n;

    fixture_open(&b);
    b.model->control->device[1].group = 42;
    g_assert_true(km_write_tree(b.model));
    n = readlink(path, link, sizeof(link) - 1);
    g_assert_true(n > 0);
    link[n > 0 ? n : 0] = '\0';
    slash = strrchr(link, '/');
    g_assert_true(slash && !strcmp(slash, "/42"));
    g_assert_true(realpath(path, resolved));
    slash = strrchr(resolved, '/');
    g_assert_true(slash && !strcmp(slash, "/42"));
    b.model->control->device[1].group = 2;
    fixture_close(&b);
}

#define MARKER 0x6d61726b6d61726bull

/* Attach each of @stes in turn, during DMA. Returns: where it has written */
static uint64_t dma_during(const uint64_t *stes, unsigned n, uint32_t *tries)
{
    const uint64_t iova = DATA_AT + 0x1000;   /* mapped to DATA_AT */
    struct km_keep_dma *keep;
    uint32_t hwpt = 0, before;
    uint64_t table, found = 0;
    struct fixture b;

    fixture_start(&b);
    keep = &b.model->control->keep_dma[0];
    table = fixture_table(&b);
    fixture_map(&b, table, iova, DATA_AT, PTE_PAGE);
    fixture_cd(&b, 0, 1, table);
    keep->iova = iova;
    keep->marker = MARKER;
    before = atomic_load(&keep->tries);
    atomic_store(&keep->on, 1);
    for (unsigned i = 0; i < n; i++) {
        g_assert_cmpint(fixture_ste(&b, stes[i], 0, &hwpt), ==, 0);
    }
    *tries = atomic_load(&keep->tries) - before;
    for (unsigned page = 0; page < 2; page++) {
        uint64_t *data = fixture_ram(&b, DATA_AT + 0x1000 * page);

        found |= *data == MARKER ? 1 << page : 0;
    }
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_RESET, NULL), ==, 0);
    g_assert_cmpint(atomic_load(&keep->on), ==, 0);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(atomic_load(&keep->tries), ==, before + *tries);
    g_assert_cmpint(io_destroy(&b, hwpt), ==, 0);
    atomic_store(&keep->on, 1);
    fixture_close(&b);
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
    struct fixture b;
    uint32_t id;

    fixture_open(&b);
    close(b.cdev);
    close(b.iommu);
    b.iommu = km_iommu_fd();
    b.cdev = km_device_fd(0);
    g_assert_cmpint(io_ioas(&b, &id), ==, 0);
    cmd.iommufd = b.iommu;
    g_assert_cmpint(fixture_ioctl(b.cdev, VFIO_DEVICE_BIND_IOMMUFD, &cmd), ==,
                    0);
    g_assert_cmpint(io_attach(b.cdev, id), ==, 0);
    g_assert_cmpint(io_detach(b.cdev), ==, 0);
    g_assert_cmpint(io_destroy(&b, id), ==, 0);
    fixture_close(&b);
}

static void check_misuse(struct fixture *b, const char *text)
{
    char buf[300];
    const char *found = km_check(b->model, buf, sizeof(buf));

    g_assert_true(found && strstr(found, text));
    g_assert_cmpint(atomic_exchange(&b->model->control->errors, 0), ==, 1);
}

/* What is not modelled, and what only a wrong QEMU does, fails the test */
static void test_misuse(void)
{
    struct iommu_vfio_ioas unknown = { .size = sizeof(unknown) };
    struct vfio_device_info info = { .argsz = sizeof(info) };
    struct iommu_destroy small = { .size = 4 };
    const uint64_t cmd[1][2] = { { CMD_TLBI_NSNH_ALL } };
    uint32_t num = 1, id;
    struct fixture b;
    int other;

    fixture_start(&b);
    g_assert_null(km_check(b.model, NULL, 0));
    g_assert_cmpint(fixture_ioctl(b.iommu, IOMMU_VFIO_IOAS, &unknown), ==,
                    ENOTTY);
    check_misuse(&b, "not modelled");
    g_assert_cmpint(fixture_ioctl(b.cdev, IOMMU_DESTROY, &small), ==, ENOTTY);
    check_misuse(&b, "not modelled");
    g_assert_true(fixture_ioctl(b.iommu, IOMMU_DESTROY, &small));
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
    g_assert_cmpint(atomic_exchange(&b.model->control->errors, 0), ==, 2);
    other = open("/dev/vfio/devices/vfio1", O_RDWR);
    g_assert_cmpint(fixture_ioctl(other, VFIO_DEVICE_GET_INFO, &info), ==,
                    ENOTTY);
    check_misuse(&b, "not bound");
    g_assert_cmpint(pread(b.cdev, &id, 4, (uint64_t)1 << 40), ==, -1);
    check_misuse(&b, "access of 4 bytes");
    close(other);
    fixture_close(&b);
}

/* The log has what happened, in order */
static void test_log(void)
{
    const uint64_t cmds[2][2] = {
        { CMD_TLBI_NSNH_ALL }, { CMD_CFGI_CD_ALL | CMD_SID(VSID) },
    };
    struct km_log_entry entry;
    struct fixture b;
    uint64_t from;
    uint32_t num = 2;

    fixture_start(&b);
    from = atomic_load(&b.model->control->log_head);
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmds, &num), ==, 0);
    from = km_log_find(b.model, from, KM_LOG_COMMAND, &entry);
    g_assert_cmphex(entry.arg[0], ==, CMD_TLBI_NSNH_ALL);
    g_assert_cmphex(entry.arg[2], ==,
                    CMD_TLBI_NH_ALL | FIELD_PREP(CMD0_VMID, 1));
    g_assert_cmpint(entry.arg[3], ==, 1);
    from = km_log_find(b.model, from + 1, KM_LOG_COMMAND, &entry);
    g_assert_cmphex(entry.arg[0], ==, cmds[1][0]);
    g_assert_cmphex(entry.arg[2] >> 32, ==, b.model->control->device[0].sid);
    from = km_log_find(b.model, from + 1, KM_LOG_BATCH, &entry);
    g_assert_cmphex(entry.arg[0], ==, b.viommu);
    g_assert_cmpint(entry.arg[1], ==, 2);
    g_assert_cmpint(entry.arg[2], ==, 2);
    fixture_close(&b);
}

/* When one of many is refused, some before it have been issued already */
static void test_log_of_failure(void)
{
    uint64_t cmds[100][2] = { { 0 } };
    struct km_log_entry entry;
    unsigned issued = 0, seen = 0;
    struct fixture b;
    uint64_t from;
    uint32_t num = 100;

    fixture_start(&b);
    for (int i = 0; i < 100; i++) {
        cmds[i][0] = i == 70 ? CMD_SYNC : CMD_TLBI_NSNH_ALL;
    }
    from = atomic_load(&b.model->control->log_head);
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmds, &num), ==, EIO);
    g_assert_cmpint(num, ==, 70);
    while ((from = km_log_find(b.model, from, KM_LOG_COMMAND, &entry)) !=
           UINT64_MAX) {
        issued += entry.arg[3];
        seen++;
        from++;
    }
    g_assert_cmpint(issued, ==, 63);
    g_assert_cmpint(seen, ==, 71);
    fixture_close(&b);
}

/* Requests: DMA and interrupts without the device's registers */
static void test_requests(void)
{
    uint64_t value = 0x1234, table;
    struct fixture b;
    uint32_t hwpt = 0;

    fixture_start(&b);
    g_assert_cmphex(km_dma(b.model, 0, DATA_AT, &value, 8, true), ==,
                    KM_DMA_OK);
    g_assert_cmphex(*(uint64_t *)fixture_ram(&b, DATA_AT), ==, 0x1234);
    g_assert_cmphex(km_dma(b.model, 0, 0x1000, &value, 8, true), ==,
                    KM_DMA_HOST_FAULT);
    /* the doorbell is mapped with the first MSI */
    g_assert_cmphex(km_dma(b.model, 0, KM_SW_MSI_DOORBELL, &value, 4, true),
                    ==, KM_DMA_HOST_FAULT);
    table = fixture_table(&b);
    fixture_cd(&b, 0, 1, table);
    g_assert_cmpint(fixture_ste(&b, STE_S1, 0, &hwpt), ==, 0);
    g_assert_cmphex(km_dma(b.model, 0, 0x5000, &value, 8, true), ==, 0x10);
    g_assert_cmphex(b.model->control->state[0].ste, ==, KM_STE_NESTED);
    g_assert_cmphex(b.model->control->state[0].vste[0], ==, STE_S1);
    g_assert_cmpint(b.model->control->state[0].ats, ==, 0);
    b.model->control->smmu[0].idr[0] |= IDR0_ATS;
    g_assert_cmpint(fixture_ste(&b, STE_S1, STE_EATS(1), &hwpt), ==, 0);
    b.model->control->smmu[0].idr[0] &= ~IDR0_ATS;
    g_assert_cmpint(b.model->control->state[0].ats, ==, 1);
    g_assert_cmpint(b.model->control->state[0].vste[1], ==, 0);
    fixture_map(&b, table, 0x5000, DATA_AT, PTE_PAGE);
    g_assert_cmphex(km_dma(b.model, 0, 0x5000, &value, 8, false), ==,
                    KM_DMA_OK);
    /* a substream, of which there is none */
    g_assert_cmphex(km_dma_ssid(b.model, 0, 1, 0x5000, &value, 8, false), ==,
                    0x08);
    g_assert_cmpint(km_msi(b.model, 0, 0), ==, ENXIO);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, hwpt), ==, 0);
    fixture_close(&b);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/interpose/others", test_others);
    g_test_add_func("/interpose/dup", test_dup);
    g_test_add_func("/interpose/leak", test_leak);
    g_test_add_func("/interpose/fail", test_fail);
    g_test_add_func("/interpose/sysfs", test_sysfs);
    g_test_add_func("/interpose/iommu-group", test_iommu_group);
    g_test_add_func("/interpose/keep-dma", test_keep_dma);
    g_test_add_func("/interpose/passed", test_passed);
    g_test_add_func("/interpose/misuse", test_misuse);
    g_test_add_func("/interpose/log", test_log);
    g_test_add_func("/interpose/log-of-failure", test_log_of_failure);
    g_test_add_func("/interpose/requests", test_requests);
    return g_test_run();
}
