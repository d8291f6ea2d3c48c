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

#include "fixture.h"

static struct km *model;

static void free_model(void)
{
    km_free(model);
    model = NULL;
}

static void must(int error, const char *what)
{
    if (error) {
        free_model();
        g_error("%s: %s", what, g_strerror(error));
    }
}

/* As it is for a program: before anything is opened */
static void start_model(struct fixture *b)
{
    struct km *u = model;

    if (!u) {
        model = u = km_new(2);
        must(u ? 0 : errno, "control block");
        atexit(free_model);
        setenv(KM_CONTROL_ENV, u->path, 1);
    }
    u->control->kernel = KM_KERNEL_DEFAULT;
    u->control->device[0].dma_mask = ~0ull;
    u->control->device[1].dma_mask = ~0ull;
    b->model = u;
}

void fixture_init(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    g_test_set_nonfatal_assertions();
}

static uint32_t bind(struct fixture *b, int cdev)
{
    struct vfio_device_bind_iommufd cmd = {
        .argsz = sizeof(cmd), .iommufd = b->iommu,
    };

    must(fixture_ioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, &cmd), "bind");
    return cmd.out_devid;
}

/* Returns: path of the cdev of SMMU_QTEST_HOST, NULL if that is not set */
static const char *host_cdev(void)
{
    static char path[300];
    const char *bdf = getenv("SMMU_QTEST_HOST");
    glob_t found;

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

void fixture_open(struct fixture *b)
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

void fixture_start(struct fixture *b)
{
    fixture_open(b);
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
    fixture_config_write(b, PCI_COMMAND, PCI_COMMAND_MEMORY |
                         PCI_COMMAND_MASTER);
}

void fixture_close(struct fixture *b)
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
    if (!b->model) {
        return;
    }
    g_assert_cmpstr(km_check(b->model, buf, sizeof(buf)), ==, NULL);
    for (int i = 0; i < KM_OBJ_TYPES; i++) {
        g_assert_cmpint(atomic_load(&b->model->control->live[i]), ==, 0);
        atomic_store(&b->model->control->leaked[i], 0);
    }
    g_assert_cmpint(atomic_load(&b->model->control->contexts), ==, 0);
    atomic_store(&b->model->control->errors, 0);
}

int fixture_second(struct fixture *b, unsigned smmu, uint32_t *devid)
{
    int cdev;

    b->model->control->device[1].smmu = smmu;
    cdev = open("/dev/vfio/devices/vfio1", O_RDWR | O_CLOEXEC);
    must(cdev < 0 ? errno : 0, "second device");
    *devid = bind(b, cdev);
    return cdev;
}

int fixture_ioctl(int fd, unsigned long request, void *arg)
{
    return ioctl(fd, request, arg) < 0 ? errno : 0;
}

/* ---- The guest ----------------------------------------------------------- */

void *fixture_ram(struct fixture *b, uint64_t iova)
{
    if (iova - RAM_IOVA >= RAM_SIZE) {
        must(EFAULT, "address outside of RAM");
    }
    return b->ram + (iova - RAM_IOVA);
}

void fixture_cd(struct fixture *b, uint32_t ssid, uint16_t asid, uint64_t table)
{
    uint64_t *cd = fixture_ram(b, CD_AT + 64ull * ssid);

    memset(cd, 0, 64);
    cd[1] = table;
    cd[3] = CD_MAIR;
    __atomic_store_n(&cd[0], FIELD_PREP(CD0_T0SZ, 25) | CD_VALID | CD_IPS(2) |
                     CD_ASID(asid), __ATOMIC_RELEASE);
}

uint64_t fixture_table(struct fixture *b)
{
    uint64_t at = b->next_table;

    b->next_table += 4096;
    memset(fixture_ram(b, at), 0, 4096);
    return at;
}

uint64_t *fixture_leaf(struct fixture *b, uint64_t table, uint64_t va)
{
    for (int level = 1; level < 3; level++) {
        uint64_t *entry = (uint64_t *)fixture_ram(b, table) +
                          (va >> (39 - 9 * level) & 0x1ff);

        if (!*entry) {
            *entry = fixture_table(b) | PTE_TO_TABLE;
        }
        table = *entry & PTE_ADDRESS;
    }
    return (uint64_t *)fixture_ram(b, table) + (va >> 12 & 0x1ff);
}

void fixture_map(struct fixture *b, uint64_t table, uint64_t va, uint64_t ipa,
                 uint64_t attributes)
{
    __atomic_store_n(fixture_leaf(b, table, va), ipa | attributes,
                     __ATOMIC_RELEASE);
}

int fixture_ste(struct fixture *b, uint64_t ste0, uint64_t ste1, uint32_t *id)
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

void fixture_config_write(struct fixture *b, uint32_t at, uint16_t value)
{
    ssize_t n = pwrite(b->cdev, &value, sizeof(value),
                       region(VFIO_PCI_CONFIG_REGION_INDEX) + at);

    must(n == sizeof(value) ? 0 : EIO, "configuration space");
}

uint32_t fixture_read(struct fixture *b, uint32_t at)
{
    uint32_t value;
    ssize_t n = pread(b->cdev, &value, sizeof(value), region(0) + at);

    must(n == sizeof(value) ? 0 : EIO, "read of BAR0");
    return value;
}

void fixture_write(struct fixture *b, uint32_t at, uint64_t value, size_t len)
{
    ssize_t n = pwrite(b->cdev, &value, len, region(0) + at);

    must(n == (ssize_t)len ? 0 : EIO, "write of BAR0");
}

static void edu_dma(struct fixture *b, uint64_t src, uint64_t dst, uint32_t cmd)
{
    fixture_write(b, EDU_DMA_SRC, src, 8);
    fixture_write(b, EDU_DMA_DST, dst, 8);
    fixture_write(b, EDU_DMA_COUNT, 4, 8);
    fixture_write(b, EDU_DMA_CMD, cmd | EDU_DMA_RUN, 8);
    for (int i = 0; fixture_read(b, EDU_DMA_CMD) & EDU_DMA_RUN; i++) {
        must(i > 5000 ? ETIMEDOUT : 0, "DMA");
        usleep(1000);
    }
}

/* The device's buffer is not visible, but what it writes from there is */
uint32_t fixture_peek(struct fixture *b, uint64_t iova)
{
    _Atomic uint32_t *scratch = fixture_ram(b, SCRATCH);

    atomic_store(scratch, NO_WRITE);
    edu_dma(b, iova, EDU_MEMORY, 0);
    edu_dma(b, EDU_MEMORY, SCRATCH, EDU_DMA_TO_BUS);
    return atomic_load(scratch);
}

void fixture_poke(struct fixture *b, uint64_t iova, uint32_t value)
{
    _Atomic uint32_t *scratch = fixture_ram(b, SCRATCH);

    atomic_store(scratch, value);
    edu_dma(b, SCRATCH, EDU_MEMORY, 0);
    edu_dma(b, EDU_MEMORY, iova, EDU_DMA_TO_BUS);
}

/* ---- One function for each ioctl that the tests use ---------------------- */

int io_destroy(struct fixture *b, uint32_t id)
{
    struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

    return fixture_ioctl(b->iommu, IOMMU_DESTROY, &cmd);
}

int io_ioas(struct fixture *b, uint32_t *id)
{
    struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
    int error = fixture_ioctl(b->iommu, IOMMU_IOAS_ALLOC, &cmd);

    *id = cmd.out_ioas_id;
    return error;
}

int io_map(struct fixture *b, uint32_t ioas, uint64_t iova, void *va,
           uint64_t len, bool write)
{
    struct iommu_ioas_map cmd = {
        .size = sizeof(cmd),
        .flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
                 (write ? IOMMU_IOAS_MAP_WRITEABLE : 0),
        .ioas_id = ioas, .user_va = (uintptr_t)va, .length = len, .iova = iova,
    };

    return fixture_ioctl(b->iommu, IOMMU_IOAS_MAP, &cmd);
}

int io_unmap(struct fixture *b, uint32_t ioas, uint64_t iova, uint64_t len)
{
    struct iommu_ioas_unmap cmd = {
        .size = sizeof(cmd), .ioas_id = ioas, .iova = iova, .length = len,
    };

    return fixture_ioctl(b->iommu, IOMMU_IOAS_UNMAP, &cmd);
}

int io_paging(struct fixture *b, uint32_t dev, uint32_t ioas, uint32_t flags,
              uint32_t *id)
{
    struct iommu_hwpt_alloc cmd = {
        .size = sizeof(cmd), .flags = flags, .dev_id = dev, .pt_id = ioas,
    };
    int error = fixture_ioctl(b->iommu, IOMMU_HWPT_ALLOC, &cmd);

    *id = cmd.out_hwpt_id;
    return error;
}

int io_nested(struct fixture *b, uint32_t dev, uint32_t viommu, uint64_t ste0,
              uint64_t ste1, uint32_t *id)
{
    struct iommu_hwpt_arm_smmuv3 data = { .ste = { ste0, ste1 } };
    struct iommu_hwpt_alloc cmd = {
        .size = sizeof(cmd), .dev_id = dev, .pt_id = viommu,
        .data_type = IOMMU_HWPT_DATA_ARM_SMMUV3, .data_len = sizeof(data),
        .data_uptr = (uintptr_t)&data,
    };
    int error = fixture_ioctl(b->iommu, IOMMU_HWPT_ALLOC, &cmd);

    *id = cmd.out_hwpt_id;
    return error;
}

int io_viommu(struct fixture *b, uint32_t dev, uint32_t parent, uint32_t *id)
{
    struct iommu_viommu_alloc cmd = {
        .size = sizeof(cmd), .type = IOMMU_VIOMMU_TYPE_ARM_SMMUV3,
        .dev_id = dev, .hwpt_id = parent,
    };
    int error = fixture_ioctl(b->iommu, IOMMU_VIOMMU_ALLOC, &cmd);

    *id = cmd.out_viommu_id;
    return error;
}

int io_vdevice(struct fixture *b, uint32_t dev, uint32_t viommu, uint64_t vsid,
               uint32_t *id)
{
    struct iommu_vdevice_alloc cmd = {
        .size = sizeof(cmd), .viommu_id = viommu, .dev_id = dev,
        .virt_id = vsid,
    };
    int error = fixture_ioctl(b->iommu, IOMMU_VDEVICE_ALLOC, &cmd);

    *id = cmd.out_vdevice_id;
    return error;
}

int io_veventq(struct fixture *b, uint32_t viommu, uint32_t depth, uint32_t *id,
               int *fd)
{
    struct iommu_veventq_alloc cmd = {
        .size = sizeof(cmd), .viommu_id = viommu,
        .type = IOMMU_VEVENTQ_TYPE_ARM_SMMUV3, .veventq_depth = depth,
    };
    int error = fixture_ioctl(b->iommu, IOMMU_VEVENTQ_ALLOC, &cmd);

    *id = cmd.out_veventq_id;
    *fd = cmd.out_veventq_fd;
    return error;
}

int io_invalidate(struct fixture *b, uint32_t id, const uint64_t (*cmds)[2],
                  uint32_t *num)
{
    struct iommu_hwpt_invalidate cmd = {
        .size = sizeof(cmd), .hwpt_id = id, .data_uptr = (uintptr_t)cmds,
        .data_type = IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3,
        .entry_len = sizeof(*cmds), .entry_num = *num,
    };
    int error = fixture_ioctl(b->iommu, IOMMU_HWPT_INVALIDATE, &cmd);

    *num = cmd.entry_num;
    return error;
}

int io_attach(int cdev, uint32_t pt)
{
    struct vfio_device_attach_iommufd_pt cmd = {
        .argsz = sizeof(cmd), .pt_id = pt,
    };

    return fixture_ioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd);
}

int io_detach(int cdev)
{
    struct vfio_device_detach_iommufd_pt cmd = { .argsz = sizeof(cmd) };

    return fixture_ioctl(cdev, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd);
}
