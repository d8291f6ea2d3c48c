/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "bench.h"

static void must(int error, const char *what)
{
    if (error) {
        g_error("%s: %s", what, g_strerror(error));
    }
}

static struct uapi *model;

static void free_model(void)
{
    uapi_free(model);
}

/* As it is for a program: before anything is opened */
static void start_model(struct bench *b)
{
    struct uapi *u = model;

    if (!u) {
        model = u = uapi_new(2);
        must(u ? 0 : errno, "control block");
        atexit(free_model);
        setenv(UAPI_CONTROL_ENV, u->path, 1);
    }
    u->control->kernel = UAPI_KERNEL_DEFAULT;
    u->control->device[0].dma_mask = ~0ull;
    u->control->device[1].dma_mask = ~0ull;
    b->uapi = u;
}

void bench_init(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    g_test_set_nonfatal_assertions();
}

static uint32_t bind(struct bench *b, int cdev)
{
    struct vfio_device_bind_iommufd cmd = {
        .argsz = sizeof(cmd), .iommufd = b->iommu,
    };

    must(bench_ioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, &cmd), "bind");
    return cmd.out_devid;
}

/* Returns: path of the cdev of UAPI_HOST's device, NULL if it is not set */
static const char *host_cdev(void)
{
    static char path[300];
    const char *bdf = getenv("UAPI_HOST");
    glob_t found;

    bdf = bdf ? bdf : getenv("SMMU_QTEST_HOST");
    if (!bdf) {
        return NULL;
    }
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/vfio-dev/vfio*",
             bdf);
    must(glob(path, 0, NULL, &found) ? ENODEV : 0, path);
    snprintf(path, sizeof(path), "/dev/vfio/devices/%.100s",
             strrchr(found.gl_pathv[0], '/') + 1);
    globfree(&found);
    return path;
}

void bench_open(struct bench *b)
{
    const char *cdev = host_cdev();

    memset(b, 0, sizeof(*b));
    if (!cdev) {
        start_model(b);
        cdev = "/dev/vfio/devices/vfio0";
    }
    b->iommu = open("/dev/iommu", O_RDWR | O_CLOEXEC);
    must(b->iommu < 0 ? errno : 0, "/dev/iommu");
    b->cdev = open(cdev, O_RDWR | O_CLOEXEC);
    must(b->cdev < 0 ? errno : 0, cdev);
    b->devid = bind(b, b->cdev);
}

void bench_start(struct bench *b)
{
    bench_open(b);
    b->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(b->ram == MAP_FAILED ? errno : 0, "mmap");
    b->next_table = TABLE_AT;
    must(io_ioas(b, &b->ioas), "IOAS");
    must(io_map(b, b->ioas, RAM_IOVA, b->ram, RAM_SIZE, true), "map");
    must(io_paging(b, b->devid, b->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT,
                   &b->parent), "nesting parent");
    must(io_attach(b->cdev, b->parent), "attach");
    must(io_viommu(b, b->devid, b->parent, &b->viommu), "vIOMMU");
    must(io_vdevice(b, b->devid, b->viommu, VSID, &b->vdev), "vDEVICE");
    bench_config_write(b, PCI_COMMAND, PCI_COMMAND_MEMORY |
                       PCI_COMMAND_MASTER);
}

void bench_close(struct bench *b)
{
    char buf[300];

    if (b->vdev) {
        must(io_attach(b->cdev, b->parent), "attach at the end");
        g_assert_cmpint(io_destroy(b, b->vdev), ==, 0);
        g_assert_cmpint(io_destroy(b, b->viommu), ==, 0);
        g_assert_cmpint(io_detach(b->cdev), ==, 0);
        g_assert_cmpint(io_destroy(b, b->parent), ==, 0);
        g_assert_cmpint(io_destroy(b, b->ioas), ==, 0);
    }
    close(b->cdev);
    close(b->iommu);
    if (b->ram) {
        munmap(b->ram, RAM_SIZE);
    }
    if (!b->uapi) {
        return;
    }
    g_assert_cmpstr(uapi_check(b->uapi, buf, sizeof(buf)), ==, NULL);
    for (int i = 0; i < UAPI_OBJ_TYPES; i++) {
        g_assert_cmpint(atomic_load(&b->uapi->control->live[i]), ==, 0);
        atomic_store(&b->uapi->control->leaked[i], 0);
    }
    g_assert_cmpint(atomic_load(&b->uapi->control->contexts), ==, 0);
    atomic_store(&b->uapi->control->errors, 0);
}

int bench_second(struct bench *b, unsigned smmu, uint32_t *devid)
{
    int cdev;

    b->uapi->control->device[1].smmu = smmu;
    cdev = open("/dev/vfio/devices/vfio1", O_RDWR | O_CLOEXEC);
    must(cdev < 0 ? errno : 0, "second device");
    *devid = bind(b, cdev);
    return cdev;
}

int bench_ioctl(int fd, unsigned long request, void *arg)
{
    return ioctl(fd, request, arg) < 0 ? errno : 0;
}

/* ---- The guest ----------------------------------------------------------- */

void *bench_ram(struct bench *b, uint64_t iova)
{
    if (iova - RAM_IOVA >= RAM_SIZE) {
        must(EFAULT, "address outside of RAM");
    }
    return b->ram + (iova - RAM_IOVA);
}

void bench_cd(struct bench *b, uint32_t ssid, uint16_t asid, uint64_t table)
{
    uint64_t *cd = bench_ram(b, CD_AT + 64ull * ssid);

    memset(cd, 0, 64);
    cd[1] = table;
    cd[3] = CD_MAIR;
    __atomic_store_n(&cd[0], FIELD_PREP(CD0_T0SZ, 25) | CD_VALID | CD_IPS(2) |
                     CD_ASID(asid), __ATOMIC_RELEASE);
}

uint64_t bench_table(struct bench *b)
{
    uint64_t at = b->next_table;

    b->next_table += 4096;
    memset(bench_ram(b, at), 0, 4096);
    return at;
}

uint64_t *bench_leaf(struct bench *b, uint64_t table, uint64_t va)
{
    for (int level = 1; level < 3; level++) {
        uint64_t *entry = (uint64_t *)bench_ram(b, table) +
                          (va >> (39 - 9 * level) & 0x1ff);

        if (!*entry) {
            *entry = bench_table(b) | PTE_TO_TABLE;
        }
        table = *entry & PTE_ADDRESS;
    }
    return (uint64_t *)bench_ram(b, table) + (va >> 12 & 0x1ff);
}

void bench_map(struct bench *b, uint64_t table, uint64_t va, uint64_t ipa,
               uint64_t attributes)
{
    __atomic_store_n(bench_leaf(b, table, va), ipa | attributes,
                     __ATOMIC_RELEASE);
}

int bench_ste(struct bench *b, uint64_t ste0, uint64_t ste1, uint32_t *id)
{
    uint32_t old = *id, hwpt;
    int error = io_nested(b, b->devid, b->viommu, ste0, ste1, &hwpt);

    if (error) {
        return error;
    }
    error = io_attach(b->cdev, hwpt);
    if (error) {
        io_destroy(b, hwpt);
        return error;
    }
    *id = hwpt;
    return old ? io_destroy(b, old) : 0;
}

/* ---- The device ---------------------------------------------------------- */

static uint64_t region(unsigned index)
{
    return (uint64_t)index << 40;   /* as vfio-pci has it */
}

void bench_config_write(struct bench *b, uint32_t at, uint16_t value)
{
    ssize_t n = pwrite(b->cdev, &value, sizeof(value),
                       region(VFIO_PCI_CONFIG_REGION_INDEX) + at);

    must(n == sizeof(value) ? 0 : EIO, "configuration space");
}

uint32_t bench_read(struct bench *b, uint32_t at)
{
    uint32_t value;
    ssize_t n = pread(b->cdev, &value, sizeof(value), region(0) + at);

    must(n == sizeof(value) ? 0 : EIO, "read of BAR0");
    return value;
}

void bench_write(struct bench *b, uint32_t at, uint64_t value, size_t len)
{
    ssize_t n = pwrite(b->cdev, &value, len, region(0) + at);

    must(n == (ssize_t)len ? 0 : EIO, "write of BAR0");
}

static void edu_dma(struct bench *b, uint64_t src, uint64_t dst, uint32_t cmd)
{
    bench_write(b, EDU_DMA_SRC, src, 8);
    bench_write(b, EDU_DMA_DST, dst, 8);
    bench_write(b, EDU_DMA_COUNT, 4, 8);
    bench_write(b, EDU_DMA_CMD, cmd | EDU_DMA_RUN, 8);
    for (int i = 0; bench_read(b, EDU_DMA_CMD) & EDU_DMA_RUN; i++) {
        must(i > 5000 ? ETIMEDOUT : 0, "DMA");
        usleep(1000);
    }
}

/* The device's buffer is not visible, but what it writes from there is */
uint32_t bench_peek(struct bench *b, uint64_t iova)
{
    _Atomic uint32_t *scratch = bench_ram(b, SCRATCH);

    atomic_store(scratch, NO_WRITE);
    edu_dma(b, iova, EDU_MEMORY, 0);
    edu_dma(b, EDU_MEMORY, SCRATCH, EDU_DMA_TO_BUS);
    return atomic_load(scratch);
}

void bench_poke(struct bench *b, uint64_t iova, uint32_t value)
{
    _Atomic uint32_t *scratch = bench_ram(b, SCRATCH);

    atomic_store(scratch, value);
    edu_dma(b, SCRATCH, EDU_MEMORY, 0);
    edu_dma(b, EDU_MEMORY, iova, EDU_DMA_TO_BUS);
}
