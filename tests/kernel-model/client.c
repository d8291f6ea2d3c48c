/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "smmuv3.h"

#define REQUEST_SECONDS 5

static const struct km_cdev cdevs[KM_MAX_DEVICES] = KM_CDEVS;

/* What the emulated SMMUv3 of the lab's host has: both stages, S2FWB, RIL */
static const struct km_smmu_config default_smmu = {
    .idr = {
        IDR0_S1P | IDR0_S2P | FIELD_PREP(IDR0_TTF, 2) | IDR0_COHACC |
            IDR0_ASID16 | IDR0_VMID16 | FIELD_PREP(IDR0_TTENDIAN, 2) |
            FIELD_PREP(IDR0_STALL_MODEL, 1) | IDR0_TERM_MODEL |
            FIELD_PREP(IDR0_STLEVEL, 1),
        FIELD_PREP(IDR1_SIDSIZE, 16) | FIELD_PREP(IDR1_EVENTQS, 19) |
            FIELD_PREP(IDR1_CMDQS, 19),
        0,
        IDR3_HAD | IDR3_FWB | IDR3_RIL | FIELD_PREP(IDR3_BBML, 2),
        0,
        FIELD_PREP(IDR5_OAS, 4) | IDR5_GRAN4K | IDR5_GRAN16K | IDR5_GRAN64K,
    },
    .s2_bits = 44,
    .coherent = 1,
};

static void set_device(struct km_device_config *dev, unsigned i)
{
    snprintf(dev->bdf, sizeof(dev->bdf), "0000:01:%02x.0", i & 0x1f);
    dev->dma_mask = (UINT64_C(1) << 28) - 1;
    dev->msi_vectors = 1;
    dev->msix_vectors = 4;
    dev->sid = 0x100 + 8 * i;
    dev->group = i + 1;
    dev->num_streams = 1;
}

static bool set_kernel(struct km_control *c)
{
    const char *text = getenv(KM_KERNEL_ENV);
    unsigned major, minor;
    char end;

    c->kernel = KM_KERNEL_DEFAULT;
    if (!text) {
        return true;
    }
    if (sscanf(text, "%u.%u%c", &major, &minor, &end) == 2 && minor < 256) {
        c->kernel = KM_KERNEL(major, minor);
        if (c->kernel >= KM_KERNEL_OLDEST) {
            return true;
        }
    }
    fprintf(stderr, KM_KERNEL_ENV "=%s: expected MAJOR.MINOR of Linux, 6.15 "
            "or later\n", text);
    errno = EINVAL;
    return false;
}

static bool map_block(struct km *u)
{
    int fd = open(u->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return false;
    }
    if (ftruncate(fd, sizeof(*u->control)) == 0) {
        u->control = mmap(NULL, sizeof(*u->control), PROT_READ | PROT_WRITE,
                          MAP_SHARED, fd, 0);
    } else {
        u->control = MAP_FAILED;
    }
    close(fd);
    return u->control != MAP_FAILED;
}

struct km *km_new(unsigned devices)
{
    const char *tmp = getenv("TMPDIR");
    struct km *u = calloc(1, sizeof(*u));
    struct km_control *c;

    if (!u || devices > KM_MAX_DEVICES) {
        free(u);
        errno = EINVAL;
        return NULL;
    }
    if ((size_t)snprintf(u->dir, sizeof(u->dir), "%s/kernel-model-XXXXXX",
                         tmp ? tmp : "/tmp") >= sizeof(u->dir)) {
        free(u);
        errno = ENAMETOOLONG;
        return NULL;
    }
    if (!mkdtemp(u->dir)) {
        free(u);
        return NULL;
    }
    snprintf(u->path, sizeof(u->path), "%s/control", u->dir);
    if (!map_block(u)) {
        rmdir(u->dir);
        free(u);
        return NULL;
    }
    c = u->control;
    c->magic = KM_CONTROL_MAGIC;
    c->size = sizeof(*c);
    snprintf(c->sysfs, sizeof(c->sysfs), "%s/sys", u->dir);
    for (unsigned i = 0; i < KM_MAX_SMMUS; i++) {
        c->smmu[i] = default_smmu;
    }
    for (unsigned i = 0; i < devices; i++) {
        set_device(&c->device[i], i);
    }
    if (!set_kernel(c) || !km_write_tree(u)) {
        int error = errno;

        km_free(u);
        errno = error;
        return NULL;
    }
    return u;
}

/* BDF/iommu_group: a link to the directory of the group */
static bool write_group(struct km *u, unsigned i)
{
    const char *sysfs = u->control->sysfs;
    uint32_t group = u->control->device[i].group;
    char path[400], to[64];

    snprintf(path, sizeof(path), "%.256s/iommu_groups", sysfs);
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
        return false;
    }
    snprintf(path, sizeof(path), "%.256s/iommu_groups/%u", sysfs, group);
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
        return false;
    }
    snprintf(to, sizeof(to), "../iommu_groups/%u", group);
    snprintf(path, sizeof(path), "%.256s/%.16s/iommu_group", sysfs,
             u->control->device[i].bdf);
    return symlink(to, path) == 0;
}

/* Directory BDF/vfio-dev/vfioN with the file `dev`: what QEMU looks for */
static bool write_device(struct km *u, unsigned i)
{
    char path[400];
    size_t at;
    FILE *file;

    at = snprintf(path, 300, "%s/%.16s", u->control->sysfs,
                  u->control->device[i].bdf);
    for (int n = 0; n < 3; n++) {
        if (n) {
            at += snprintf(path + at, sizeof(path) - at,
                           n == 1 ? "/vfio-dev" : "/vfio%u", i);
        }
        if (mkdir(path, 0700) < 0 && errno != EEXIST) {
            return false;
        }
    }
    snprintf(path + at, sizeof(path) - at, "/dev");
    file = fopen(path, "w");
    if (!file) {
        return false;
    }
    fprintf(file, "1:%u\n", cdevs[i].minor);
    return fclose(file) == 0 && write_group(u, i);
}

static int remove_file(const char *path, const struct stat *st, int type,
                       struct FTW *at)
{
    return remove(path);
}

static void remove_tree(const char *path)
{
    if (nftw(path, remove_file, 8, FTW_DEPTH | FTW_PHYS) < 0) {
        perror(path);
    }
}

bool km_write_tree(struct km *u)
{
    if (access(u->control->sysfs, F_OK) == 0) {
        remove_tree(u->control->sysfs);
    }
    if (mkdir(u->control->sysfs, 0700) < 0) {
        return false;
    }
    for (unsigned i = 0; i < KM_MAX_DEVICES; i++) {
        if (u->control->device[i].bdf[0] && !write_device(u, i)) {
            return false;
        }
    }
    return true;
}

void km_free(struct km *u)
{
    if (u) {
        munmap(u->control, sizeof(*u->control));
        remove_tree(u->dir);    /* with what a test has put there, too */
        free(u);
    }
}

bool km_export(struct km *u, const char *library)
{
    const char *old = getenv("LD_PRELOAD");
    char list[4096];

    if (!km_write_tree(u) || setenv(KM_CONTROL_ENV, u->path, 1) < 0) {
        return false;
    }
    if (old && strstr(old, library)) {
        return true;
    }
    snprintf(list, sizeof(list), "%s%s%s", old ? old : "",
             old && *old ? ":" : "", library);
    return setenv("LD_PRELOAD", list, 1) == 0;
}

void km_unexport(struct km *u)
{
    const char *list = getenv("LD_PRELOAD");
    char *copy, *last;

    unsetenv(KM_CONTROL_ENV);
    if (!list || !(copy = strdup(list))) {
        return;
    }
    last = strrchr(copy, ':');
    if (last) {
        *last = '\0';
        setenv("LD_PRELOAD", copy, 1);
    } else {
        unsetenv("LD_PRELOAD");
    }
    free(copy);
}

int km_iommu_fd(void)
{
    return memfd_create("kernel-model:iommu", 0);
}

int km_device_fd(unsigned device)
{
    return open(cdevs[device].path, O_RDWR);
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
    struct timespec tick = { .tv_nsec = 10 * 1000 * 1000 };

    syscall(SYS_futex, word, FUTEX_WAIT, value, &tick, NULL, 0);
}

static int request(struct km *u, enum km_request_op op,
                   const uint64_t *args, unsigned n)
{
    struct km_request *req = &u->control->request;
    uint32_t posted = atomic_load(&req->posted), served;
    time_t end = time(NULL) + REQUEST_SECONDS;

    if (!atomic_load(&u->control->attached)) {
        return ENOTCONN;
    }
    req->op = op;
    req->error = 0;
    memset(req->arg, 0, sizeof(req->arg));
    memcpy(req->arg, args, n * sizeof(*args));
    atomic_store(&req->posted, posted + 1);
    syscall(SYS_futex, &req->posted, FUTEX_WAKE, 1, NULL, NULL, 0);
    while ((served = atomic_load(&req->served)) != posted + 1) {
        if (time(NULL) > end) {
            return ETIMEDOUT;
        }
        futex_wait(&req->served, served);
    }
    return req->error;
}

static uint64_t request_dma(struct km *u, const uint64_t args[5], void *data)
{
    struct km_request *req = &u->control->request;
    int error;

    if (args[2] > sizeof(req->data)) {
        fprintf(stderr, "DMA of more than %zu bytes\n", sizeof(req->data));
        abort();
    }
    if (args[3]) {
        memcpy(req->data, data, args[2]);
    }
    error = request(u, KM_REQ_DMA, args, 5);
    if (error) {
        fprintf(stderr, "request for DMA: %s\n", strerror(error));
        abort();
    }
    if (!args[3]) {
        memcpy(data, req->data, args[2]);
    }
    return req->result;
}

uint64_t km_dma(struct km *u, unsigned device, uint64_t iova, void *data,
                size_t len, bool write)
{
    const uint64_t args[] = { device, iova, len, write, 0 };

    return request_dma(u, args, data);
}

uint64_t km_dma_ssid(struct km *u, unsigned device, uint32_t ssid,
                     uint64_t iova, void *data, size_t len, bool write)
{
    const uint64_t args[] = { device, iova, len, write,
                              ssid | UINT64_C(1) << 32 };

    return request_dma(u, args, data);
}

int km_event(struct km *u, unsigned device, const uint64_t event[4])
{
    const uint64_t args[] = { device, event[0], event[1], event[2], event[3] };

    return request(u, KM_REQ_EVENT, args, 5);
}

int km_msi(struct km *u, unsigned device, unsigned vector)
{
    const uint64_t args[] = { device, vector };

    return request(u, KM_REQ_MSI, args, 2);
}

void km_fail(struct km *u, unsigned rule, enum km_call call, uint32_t n,
             int error)
{
    struct km_fail_rule *r = &u->control->fail[rule];

    r->at = 0;
    r->call = call;
    r->error = error;
    atomic_store(&r->seen, 0);
    atomic_store(&r->fired, 0);
    r->at = n;
}

uint64_t km_log_find(struct km *u, uint64_t from, enum km_log_type type,
                     struct km_log_entry *entry)
{
    uint64_t head = atomic_load(&u->control->log_head);

    if (head > KM_LOG_SIZE && from < head - KM_LOG_SIZE) {
        from = head - KM_LOG_SIZE;
    }
    for (; from < head; from++) {
        *entry = u->control->log[from % KM_LOG_SIZE];
        if (entry->type == type) {
            return from;
        }
    }
    return UINT64_MAX;
}

const char *km_check(struct km *u, char *buf, size_t size)
{
    struct km_control *c = u->control;

    if (atomic_load(&c->errors)) {
        snprintf(buf, size, "%u errors of the model, the first: %s",
                 atomic_load(&c->errors), c->first_error);
        return buf;
    }
    for (int i = 0; i < KM_OBJ_TYPES; i++) {
        if (atomic_load(&c->leaked[i])) {
            snprintf(buf, size, "%u leaked: %s", atomic_load(&c->leaked[i]),
                     km_object_name(i));
            return buf;
        }
    }
    return NULL;
}

const char *km_call_name(enum km_call call)
{
    static const char *const names[KM_CALLS] = {
        [KM_ANY] = "any",
        [KM_OPEN_IOMMU] = "open(/dev/iommu)",
        [KM_OPEN_CDEV] = "open(vfio cdev)",
        [KM_DESTROY] = "IOMMU_DESTROY",
        [KM_IOAS_ALLOC] = "IOMMU_IOAS_ALLOC",
        [KM_IOAS_IOVA_RANGES] = "IOMMU_IOAS_IOVA_RANGES",
        [KM_IOAS_MAP] = "IOMMU_IOAS_MAP",
        [KM_IOAS_UNMAP] = "IOMMU_IOAS_UNMAP",
        [KM_HWPT_ALLOC] = "IOMMU_HWPT_ALLOC",
        [KM_GET_HW_INFO] = "IOMMU_GET_HW_INFO",
        [KM_HWPT_INVALIDATE] = "IOMMU_HWPT_INVALIDATE",
        [KM_VIOMMU_ALLOC] = "IOMMU_VIOMMU_ALLOC",
        [KM_VDEVICE_ALLOC] = "IOMMU_VDEVICE_ALLOC",
        [KM_IOAS_CHANGE_PROCESS] = "IOMMU_IOAS_CHANGE_PROCESS",
        [KM_VEVENTQ_ALLOC] = "IOMMU_VEVENTQ_ALLOC",
        [KM_BIND_IOMMUFD] = "VFIO_DEVICE_BIND_IOMMUFD",
        [KM_ATTACH_PT] = "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
        [KM_DETACH_PT] = "VFIO_DEVICE_DETACH_IOMMUFD_PT",
        [KM_DEVICE_GET_INFO] = "VFIO_DEVICE_GET_INFO",
        [KM_GET_REGION_INFO] = "VFIO_DEVICE_GET_REGION_INFO",
        [KM_GET_IRQ_INFO] = "VFIO_DEVICE_GET_IRQ_INFO",
        [KM_SET_IRQS] = "VFIO_DEVICE_SET_IRQS",
        [KM_DEVICE_RESET] = "VFIO_DEVICE_RESET",
        [KM_GET_PCI_HOT_RESET_INFO] = "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO",
        [KM_PCI_HOT_RESET] = "VFIO_DEVICE_PCI_HOT_RESET",
        [KM_DEVICE_FEATURE] = "VFIO_DEVICE_FEATURE",
        [KM_REGION_READ] = "pread(region)",
        [KM_REGION_WRITE] = "pwrite(region)",
        [KM_VEVENTQ_READ] = "read(vEVENTQ)",
        [KM_EVENTFD] = "eventfd",
        [KM_EPOLL_CREATE] = "epoll_create1",
        [KM_EPOLL_ADD] = "epoll_ctl(vEVENTQ)",
        [KM_SET_NONBLOCK] = "fcntl(vEVENTQ)",
    };

    return call < KM_CALLS && names[call] ? names[call] : "?";
}

const char *km_object_name(enum km_object_type type)
{
    static const char *const names[KM_OBJ_TYPES] = {
        "device", "IOAS", "paging HWPT", "nested HWPT", "vIOMMU", "vDEVICE",
        "vEVENTQ",
    };

    return type < KM_OBJ_TYPES ? names[type] : "?";
}
