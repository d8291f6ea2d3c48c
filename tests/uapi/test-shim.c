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
#include "tap.h"

/* Other paths and descriptors are the C library's, as ever */
static void test_others(void)
{
    struct bench b;
    char byte;
    int fd;

    bench_open(&b);
    fd = open("/dev/zero", O_RDWR);
    CHECK(fd >= 0);
    byte = 1;
    CHECK_EQ(read(fd, &byte, 1), 1);
    CHECK_EQ(byte, 0);
    close(fd);
    CHECK_EQ(open("/dev/vfio/devices/vfio3", O_RDWR), -1);
    CHECK_EQ(errno, ENOENT);
    CHECK_EQ(open("/dev/vfio/devices/vfio0x", O_RDWR), -1);
    CHECK_EQ(read(b.iommu, &byte, 1), -1);
    CHECK_EQ(errno, EINVAL);
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
    CHECK_EQ(io_ioas(&b, &id), 0);
    copy = fcntl(b.iommu, F_DUPFD_CLOEXEC, 100);
    CHECK(copy >= 100);
    CHECK_EQ(dup2(b.iommu, copy), copy);
    close(b.iommu);
    b.iommu = copy;
    CHECK_EQ(io_destroy(&b, id), 0);
    /* over an open one: that closes it */
    CHECK_EQ(dup2(STDERR_FILENO, b.iommu), b.iommu);
    CHECK_EQ(io_ioas(&b, &id), ENOTTY);
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
    CHECK_EQ(io_ioas(&b, &id), 0);
    CHECK_EQ(io_paging(&b, b.devid, id, IOMMU_HWPT_ALLOC_NEST_PARENT, &id), 0);
    CHECK_EQ(io_viommu(&b, b.devid, id, &id), 0);
    CHECK_EQ(io_vdevice(&b, b.devid, id, 1, &vdev), 0);
    close(b.iommu);
    CHECK_EQ(atomic_load(&b.uapi->control->contexts), 1);
    CHECK_EQ(atomic_load(&leaked[UAPI_OBJ_IOAS]), 0);
    close(b.cdev);
    CHECK_EQ(atomic_load(&b.uapi->control->contexts), 0);
    CHECK_EQ(atomic_load(&leaked[UAPI_OBJ_IOAS]), 1);
    CHECK_EQ(atomic_load(&leaked[UAPI_OBJ_HWPT_PAGING]), 1);
    CHECK_EQ(atomic_load(&leaked[UAPI_OBJ_VIOMMU]), 1);
    CHECK_EQ(atomic_load(&leaked[UAPI_OBJ_VDEVICE]), 1);
    for (int i = 0; i < UAPI_OBJ_TYPES; i++) {
        CHECK_EQ(atomic_load(&b.uapi->control->live[i]), 0);
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
    CHECK_EQ(io_ioas(&b, &id), 0);
    CHECK_EQ(io_destroy(&b, id), 0);
    CHECK_EQ(atomic_load(&rule->seen), 2);
    uapi_fail(b.uapi, 0, UAPI_ANY, 2, ENOMEM);
    CHECK_EQ(io_ioas(&b, &id), 0);
    CHECK_EQ(io_destroy(&b, id), ENOMEM);
    CHECK_EQ(atomic_load(&rule->fired), 1);
    CHECK_EQ(rule->fired_call, UAPI_DESTROY);
    CHECK_EQ(io_destroy(&b, id), 0);

    uapi_fail(b.uapi, 0, UAPI_IOAS_ALLOC, 1, EINTR);
    rule->repeat = 1;
    CHECK_EQ(io_ioas(&b, &id), EINTR);
    CHECK_EQ(io_destroy(&b, 99), ENOENT);
    CHECK_EQ(io_ioas(&b, &id), EINTR);
    rule->repeat = 0;
    uapi_fail(b.uapi, 0, UAPI_OPEN_IOMMU, 1, EMFILE);
    CHECK_EQ(open("/dev/iommu", O_RDWR), -1);
    CHECK_EQ(errno, EMFILE);
    uapi_fail(b.uapi, 0, UAPI_REGION_READ, 1, EFAULT);
    CHECK_EQ(pread(b.cdev, &id, 4, (uint64_t)7 << 40), -1);
    CHECK_EQ(errno, EFAULT);
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
    CHECK_EQ(stat("/sys/bus/pci/devices/0000:01:00.0", &st), 0);
    snprintf(path, sizeof(path), "%s/0000:01:00.0", b.uapi->control->sysfs);
    CHECK_EQ(stat(path, &real), 0);
    CHECK_EQ(st.st_ino, real.st_ino);
    CHECK_EQ(stat("/sys/bus/pci/devices/0000:01:1f.0", &st), -1);
    dir = opendir("/sys/bus/pci/devices/0000:01:01.0/vfio-dev");
    CHECK(dir);
    while (dir && (entry = readdir(dir))) {
        found |= !strcmp(entry->d_name, "vfio1");
    }
    CHECK(found);
    closedir(dir);
    fd = open("/sys/bus/pci/devices/0000:01:00.0/vfio-dev/vfio0/dev",
              O_RDONLY);
    CHECK(read(fd, text, sizeof(text) - 1) > 0);
    close(fd);
    CHECK(!strcmp(text, "1:3\n"));
    CHECK_EQ(fstat(b.cdev, &st), 0);
    CHECK(S_ISCHR(st.st_mode));
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
    CHECK(uapi_write_tree(b.uapi));
    n = readlink(path, link, sizeof(link) - 1);
    CHECK(n > 0);
    link[n > 0 ? n : 0] = '\0';
    slash = strrchr(link, '/');
    CHECK(slash && !strcmp(slash, "/42"));
    CHECK(realpath(path, resolved));
    slash = strrchr(resolved, '/');
    CHECK(slash && !strcmp(slash, "/42"));
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
        CHECK_EQ(bench_ste(&b, stes[i], 0, &hwpt), 0);
    }
    *tries = atomic_load(&keep->tries) - before;
    for (unsigned page = 0; page < 2; page++) {
        uint64_t *data = bench_ram(&b, DATA_AT + 0x1000 * page);

        found |= *data == MARKER ? 1 << page : 0;
    }
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_RESET, NULL), 0);
    CHECK_EQ(atomic_load(&keep->on), 0);
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);
    CHECK_EQ(atomic_load(&keep->tries), before + *tries);
    CHECK_EQ(io_destroy(&b, hwpt), 0);
    atomic_store(&keep->on, 1);
    bench_close(&b);
    CHECK_EQ(atomic_load(&keep->on), 0);
    return found;
}

/* A device that does not stop shows which STEs there are in between */
static void test_keep_dma(void)
{
    const uint64_t stes[] = { STE0_S1, STE0_ABORT, STE0_BYPASS };
    uint32_t tries;

    CHECK_EQ(dma_during(stes, 1, &tries), 1);       /* by the guest's tables */
    CHECK_EQ(tries, 1);
    CHECK_EQ(dma_during(stes + 1, 1, &tries), 0);
    CHECK_EQ(tries, 1);
    CHECK_EQ(dma_during(stes + 2, 1, &tries), 2);   /* by stage 2 alone */
    CHECK_EQ(dma_during(stes, 3, &tries), 3);
    CHECK_EQ(tries, 3);
}

/* Every ioctl that the model knows is counted, whether it works or not */
static void test_counted(void)
{
    uint32_t nothing = 0, before, known = 0;
    _Atomic uint32_t *calls;
    struct bench b;

    bench_open(&b);
    calls = b.uapi->control->calls;
    before = atomic_load(&calls[UAPI_ANY]);
    for (unsigned nr = 0x80; nr < 0xa0; nr++) {
        if (bench_ioctl(b.iommu, _IO(';', nr), &nothing) != ENOTTY) {
            known++;
        }
    }
    CHECK_EQ(known, UAPI_HW_QUEUE_ALLOC - UAPI_DESTROY + 1);
    CHECK_EQ(atomic_load(&calls[UAPI_ANY]) - before, known);
    for (enum uapi_call call = UAPI_DESTROY; call <= UAPI_HW_QUEUE_ALLOC;
         call++) {
        CHECK(atomic_load(&calls[call]) > 0);
    }
    CHECK(atomic_exchange(&b.uapi->control->errors, 0) > 0);   /* ENOTTY */
    bench_close(&b);
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
    CHECK_EQ(io_ioas(&b, &id), 0);
    cmd.iommufd = b.iommu;
    CHECK_EQ(bench_ioctl(b.cdev, VFIO_DEVICE_BIND_IOMMUFD, &cmd), 0);
    CHECK_EQ(io_attach(b.cdev, id), 0);
    CHECK_EQ(io_detach(b.cdev), 0);
    CHECK_EQ(io_destroy(&b, id), 0);
    bench_close(&b);
}

/* What is not known is an error, and is kept */
static void test_unknown(void)
{
    struct iommu_vfio_ioas cmd = { .size = sizeof(cmd) };
    struct uapi_control *c;
    struct bench b;
    char buf[300];

    bench_open(&b);
    c = b.uapi->control;
    CHECK(!uapi_check(b.uapi, buf, sizeof(buf)));
    CHECK_EQ(bench_ioctl(b.iommu, IOMMU_VFIO_IOAS, &cmd), ENOTTY);
    CHECK_EQ(bench_ioctl(b.iommu, _IO(';', 0xf0), &cmd), ENOTTY);
    CHECK_EQ(bench_ioctl(b.cdev, IOMMU_DESTROY, &cmd), ENOTTY);
    CHECK_EQ(atomic_load(&c->errors), 3);
    CHECK(uapi_check(b.uapi, buf, sizeof(buf)));
    CHECK(strstr(buf, "not modelled"));
    atomic_store(&c->errors, 0);
    bench_close(&b);
}

/* The log has what happened, in order */
static void test_log(void)
{
    const uint64_t cmds[2][2] = {
        { 0x30, 0 }, { 0x06 | (uint64_t)VSID << 32, 0 },
    };
    struct uapi_log_entry entry;
    struct bench b;
    uint64_t from;
    uint32_t num = 2;

    bench_start(&b);
    from = atomic_load(&b.uapi->control->log_head);
    CHECK_EQ(io_invalidate(&b, b.viommu, cmds, &num), 0);
    from = uapi_log_find(b.uapi, from, UAPI_LOG_COMMAND, &entry);
    CHECK_EQ(entry.arg[0], 0x30);
    CHECK_EQ(entry.arg[2], 0x10 | 1ull << 32);  /* NH_ALL, VMID 1 */
    CHECK_EQ(entry.arg[3], 1);
    from = uapi_log_find(b.uapi, from + 1, UAPI_LOG_COMMAND, &entry);
    CHECK_EQ(entry.arg[0], cmds[1][0]);
    CHECK_EQ(entry.arg[2] >> 32, b.uapi->control->device[0].sid);
    from = uapi_log_find(b.uapi, from + 1, UAPI_LOG_BATCH, &entry);
    CHECK_EQ(entry.arg[0], b.viommu);
    CHECK_EQ(entry.arg[1], 2);
    CHECK_EQ(entry.arg[2], 2);
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
        cmds[i][0] = i == 70 ? 0x46 : 0x30;
    }
    from = atomic_load(&b.uapi->control->log_head);
    CHECK_EQ(io_invalidate(&b, b.viommu, cmds, &num), EIO);
    CHECK_EQ(num, 70);
    while ((from = uapi_log_find(b.uapi, from, UAPI_LOG_COMMAND, &entry)) !=
           UINT64_MAX) {
        issued += entry.arg[3];
        seen++;
        from++;
    }
    CHECK_EQ(issued, 63);
    CHECK_EQ(seen, 71);
    bench_close(&b);
}

/* Requests: DMA and interrupts without the device's registers */
static void test_requests(void)
{
    const uint64_t lookup[] = { 0, 0x5000 };
    uint64_t value = 0x1234, table;
    struct bench b;
    uint32_t hwpt = 0;

    bench_start(&b);
    CHECK_EQ(uapi_ping(b.uapi), 0);
    CHECK_EQ(uapi_dma(b.uapi, 0, DATA_AT, &value, 8, true), UAPI_DMA_OK);
    CHECK_EQ(*(uint64_t *)bench_ram(&b, DATA_AT), 0x1234);
    CHECK_EQ(uapi_dma(b.uapi, 0, 0x1000, &value, 8, true),
             UAPI_DMA_HOST_FAULT);
    /* the doorbell is mapped with the first MSI */
    CHECK_EQ(uapi_dma(b.uapi, 0, UAPI_SW_MSI_DOORBELL, &value, 4, true),
             UAPI_DMA_HOST_FAULT);
    table = bench_table(&b);
    bench_cd(&b, 0, 1, table);
    CHECK_EQ(bench_ste(&b, STE0_S1, 0, &hwpt), 0);
    CHECK_EQ(uapi_dma(b.uapi, 0, 0x5000, &value, 8, true), 0x10);
    CHECK_EQ(b.uapi->control->state[0].ste, UAPI_STE_NESTED);
    CHECK_EQ(b.uapi->control->state[0].vste[0], STE0_S1);
    CHECK_EQ(b.uapi->control->state[0].ats, 0);
    b.uapi->control->smmu[0].idr[0] |= 1 << 10;     /* ATS */
    CHECK_EQ(bench_ste(&b, STE0_S1, 1ull << 28, &hwpt), 0);
    b.uapi->control->smmu[0].idr[0] &= ~(1u << 10);
    CHECK_EQ(b.uapi->control->state[0].ats, 1);
    CHECK_EQ(b.uapi->control->state[0].vste[1], 0);
    bench_map(&b, table, 0x5000, DATA_AT, PTE_PAGE);
    CHECK_EQ(uapi_dma(b.uapi, 0, 0x5000, &value, 8, false), UAPI_DMA_OK);
    CHECK_EQ(uapi_request(b.uapi, UAPI_REQ_TLB_LOOKUP, lookup, 2), 0);
    CHECK_EQ(b.uapi->control->request.result[0], 1);
    CHECK_EQ(b.uapi->control->request.result[1], DATA_AT);
    CHECK_EQ(uapi_request(b.uapi, UAPI_REQ_TLB_CLEAR, lookup, 0), 0);
    CHECK_EQ(uapi_request(b.uapi, UAPI_REQ_TLB_LOOKUP, lookup, 2), 0);
    CHECK_EQ(b.uapi->control->request.result[0], 0);
    /* a substream, of which there is none */
    CHECK_EQ(uapi_dma_ssid(b.uapi, 0, 1, 0x5000, &value, 8, false), 0x08);
    CHECK_EQ(uapi_irq(b.uapi, 0, VFIO_PCI_REQ_IRQ_INDEX, 0), ENXIO);
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);
    CHECK_EQ(io_destroy(&b, hwpt), 0);
    bench_close(&b);
}

static const struct tap_test tests[] = {
    { "shim/others", test_others },
    { "shim/dup", test_dup },
    { "shim/leak", test_leak },
    { "shim/fail", test_fail },
    { "shim/sysfs", test_sysfs },
    { "shim/iommu-group", test_iommu_group },
    { "shim/keep-dma", test_keep_dma },
    { "shim/counted", test_counted },
    { "shim/passed", test_passed },
    { "shim/unknown", test_unknown },
    { "shim/log", test_log },
    { "shim/log-of-failure", test_log_of_failure },
    { "shim/requests", test_requests },
};

TAP_MAIN(tests)
