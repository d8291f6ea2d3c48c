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

/* What the emulated SMMUv3 of the lab's host has: both stages, S2FWB, RIL */
static const struct uapi_smmu_config default_smmu = {
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

static void set_device(struct uapi_device_config *dev, unsigned i)
{
    snprintf(dev->bdf, sizeof(dev->bdf), "0000:01:%02x.0", i & 0x1f);
    dev->dma_mask = (UINT64_C(1) << 28) - 1;
    dev->msi_vectors = 1;
    dev->msix_vectors = 4;
    dev->sid = 0x100 + 8 * i;
    dev->group = i + 1;
    dev->num_streams = 1;
}

static bool set_kernel(struct uapi_control *c)
{
    const char *text = getenv(UAPI_KERNEL_ENV);
    unsigned major, minor;
    char end;

    c->kernel = UAPI_KERNEL_DEFAULT;
    if (!text) {
        return true;
    }
    if (sscanf(text, "%u.%u%c", &major, &minor, &end) == 2 && minor < 256) {
        c->kernel = UAPI_KERNEL(major, minor);
        if (c->kernel >= UAPI_KERNEL_OLDEST) {
            return true;
        }
    }
    fprintf(stderr, UAPI_KERNEL_ENV "=%s: expected MAJOR.MINOR of Linux, 6.15 "
            "or later\n", text);
    errno = EINVAL;
    return false;
}

static bool map_block(struct uapi *u)
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

struct uapi *uapi_new(unsigned devices)
{
    const char *tmp = getenv("TMPDIR");
    struct uapi *u = calloc(1, sizeof(*u));
    struct uapi_control *c;

    if (!u || devices > UAPI_MAX_DEVICES) {
        free(u);
        errno = EINVAL;
        return NULL;
    }
    if ((size_t)snprintf(u->dir, sizeof(u->dir), "%s/uapi-XXXXXX",
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
    c->magic = UAPI_CONTROL_MAGIC;
    c->size = sizeof(*c);
    snprintf(c->sysfs, sizeof(c->sysfs), "%s/sys", u->dir);
    for (unsigned i = 0; i < UAPI_MAX_SMMUS; i++) {
        c->smmu[i] = default_smmu;
    }
    for (unsigned i = 0; i < devices; i++) {
        set_device(&c->device[i], i);
    }
    if (!set_kernel(c) || !uapi_write_tree(u)) {
        int error = errno;

        uapi_free(u);
        errno = error;
        return NULL;
    }
    return u;
}

/* BDF/iommu_group: a link to the directory of the group */
static bool write_group(struct uapi *u, unsigned i)
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
static bool write_device(struct uapi *u, unsigned i)
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
    /* The descriptor behind is one of /dev/null: 1:3 */
    fprintf(file, "1:3\n");
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

bool uapi_write_tree(struct uapi *u)
{
    if (access(u->control->sysfs, F_OK) == 0) {
        remove_tree(u->control->sysfs);
    }
    if (mkdir(u->control->sysfs, 0700) < 0) {
        return false;
    }
    for (unsigned i = 0; i < UAPI_MAX_DEVICES; i++) {
        if (u->control->device[i].bdf[0] && !write_device(u, i)) {
            return false;
        }
    }
    return true;
}

void uapi_free(struct uapi *u)
{
    if (u) {
        munmap(u->control, sizeof(*u->control));
        remove_tree(u->dir);    /* with what a test has put there, too */
        free(u);
    }
}

bool uapi_export(struct uapi *u, const char *library)
{
    const char *old = getenv("LD_PRELOAD");
    char list[4096];

    if (!uapi_write_tree(u) || setenv(UAPI_CONTROL_ENV, u->path, 1) < 0) {
        return false;
    }
    if (old && strstr(old, library)) {
        return true;
    }
    snprintf(list, sizeof(list), "%s%s%s", old ? old : "",
             old && *old ? ":" : "", library);
    return setenv("LD_PRELOAD", list, 1) == 0;
}

void uapi_unexport(struct uapi *u)
{
    const char *list = getenv("LD_PRELOAD");
    char *copy, *last;

    unsetenv(UAPI_CONTROL_ENV);
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

int uapi_iommu_fd(void)
{
    return memfd_create("uapi:iommu", 0);
}

int uapi_device_fd(unsigned device)
{
    char name[32];

    snprintf(name, sizeof(name), "uapi:vfio%u", device);
    return memfd_create(name, 0);
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
    struct timespec tick = { .tv_nsec = 10 * 1000 * 1000 };

    syscall(SYS_futex, word, FUTEX_WAIT, value, &tick, NULL, 0);
}

static int request(struct uapi *u, enum uapi_request_op op,
                   const uint64_t *args, unsigned n)
{
    struct uapi_request *req = &u->control->request;
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

static uint64_t request_dma(struct uapi *u, const uint64_t args[5], void *data)
{
    struct uapi_request *req = &u->control->request;
    int error;

    if (args[2] > sizeof(req->data)) {
        fprintf(stderr, "DMA of more than %zu bytes\n", sizeof(req->data));
        abort();
    }
    if (args[3]) {
        memcpy(req->data, data, args[2]);
    }
    error = request(u, UAPI_REQ_DMA, args, 5);
    if (error) {
        fprintf(stderr, "request for DMA: %s\n", strerror(error));
        abort();
    }
    if (!args[3]) {
        memcpy(data, req->data, args[2]);
    }
    return req->result;
}

uint64_t uapi_dma(struct uapi *u, unsigned device, uint64_t iova, void *data,
                  size_t len, bool write)
{
    const uint64_t args[] = { device, iova, len, write, 0 };

    return request_dma(u, args, data);
}

uint64_t uapi_dma_ssid(struct uapi *u, unsigned device, uint32_t ssid,
                       uint64_t iova, void *data, size_t len, bool write)
{
    const uint64_t args[] = { device, iova, len, write,
                              ssid | UINT64_C(1) << 32 };

    return request_dma(u, args, data);
}

int uapi_event(struct uapi *u, unsigned device, const uint64_t event[4])
{
    const uint64_t args[] = { device, event[0], event[1], event[2], event[3] };

    return request(u, UAPI_REQ_EVENT, args, 5);
}

int uapi_msi(struct uapi *u, unsigned device, unsigned vector)
{
    const uint64_t args[] = { device, vector };

    return request(u, UAPI_REQ_MSI, args, 2);
}

void uapi_fail(struct uapi *u, unsigned rule, enum uapi_call call, uint32_t n,
               int error)
{
    struct uapi_fail_rule *r = &u->control->fail[rule];

    r->at = 0;
    r->call = call;
    r->error = error;
    atomic_store(&r->seen, 0);
    atomic_store(&r->fired, 0);
    r->at = n;
}

uint64_t uapi_log_find(struct uapi *u, uint64_t from, enum uapi_log_type type,
                       struct uapi_log_entry *entry)
{
    uint64_t head = atomic_load(&u->control->log_head);

    if (head > UAPI_LOG_SIZE && from < head - UAPI_LOG_SIZE) {
        from = head - UAPI_LOG_SIZE;
    }
    for (; from < head; from++) {
        *entry = u->control->log[from % UAPI_LOG_SIZE];
        if (entry->type == type) {
            return from;
        }
    }
    return UINT64_MAX;
}

const char *uapi_check(struct uapi *u, char *buf, size_t size)
{
    struct uapi_control *c = u->control;

    if (atomic_load(&c->errors)) {
        snprintf(buf, size, "%u errors of the model, the first: %s",
                 atomic_load(&c->errors), c->first_error);
        return buf;
    }
    for (int i = 0; i < UAPI_OBJ_TYPES; i++) {
        if (atomic_load(&c->leaked[i])) {
            snprintf(buf, size, "%u leaked: %s", atomic_load(&c->leaked[i]),
                     uapi_object_name(i));
            return buf;
        }
    }
    return NULL;
}

const char *uapi_call_name(enum uapi_call call)
{
    static const char *const names[UAPI_CALLS] = {
        [UAPI_ANY] = "any",
        [UAPI_OPEN_IOMMU] = "open(/dev/iommu)",
        [UAPI_OPEN_CDEV] = "open(vfio cdev)",
        [UAPI_DESTROY] = "IOMMU_DESTROY",
        [UAPI_IOAS_ALLOC] = "IOMMU_IOAS_ALLOC",
        [UAPI_IOAS_IOVA_RANGES] = "IOMMU_IOAS_IOVA_RANGES",
        [UAPI_IOAS_MAP] = "IOMMU_IOAS_MAP",
        [UAPI_IOAS_UNMAP] = "IOMMU_IOAS_UNMAP",
        [UAPI_HWPT_ALLOC] = "IOMMU_HWPT_ALLOC",
        [UAPI_GET_HW_INFO] = "IOMMU_GET_HW_INFO",
        [UAPI_HWPT_INVALIDATE] = "IOMMU_HWPT_INVALIDATE",
        [UAPI_VIOMMU_ALLOC] = "IOMMU_VIOMMU_ALLOC",
        [UAPI_VDEVICE_ALLOC] = "IOMMU_VDEVICE_ALLOC",
        [UAPI_IOAS_CHANGE_PROCESS] = "IOMMU_IOAS_CHANGE_PROCESS",
        [UAPI_VEVENTQ_ALLOC] = "IOMMU_VEVENTQ_ALLOC",
        [UAPI_BIND_IOMMUFD] = "VFIO_DEVICE_BIND_IOMMUFD",
        [UAPI_ATTACH_PT] = "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
        [UAPI_DETACH_PT] = "VFIO_DEVICE_DETACH_IOMMUFD_PT",
        [UAPI_DEVICE_GET_INFO] = "VFIO_DEVICE_GET_INFO",
        [UAPI_GET_REGION_INFO] = "VFIO_DEVICE_GET_REGION_INFO",
        [UAPI_GET_IRQ_INFO] = "VFIO_DEVICE_GET_IRQ_INFO",
        [UAPI_SET_IRQS] = "VFIO_DEVICE_SET_IRQS",
        [UAPI_DEVICE_RESET] = "VFIO_DEVICE_RESET",
        [UAPI_GET_PCI_HOT_RESET_INFO] = "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO",
        [UAPI_PCI_HOT_RESET] = "VFIO_DEVICE_PCI_HOT_RESET",
        [UAPI_DEVICE_FEATURE] = "VFIO_DEVICE_FEATURE",
        [UAPI_REGION_READ] = "pread(region)",
        [UAPI_REGION_WRITE] = "pwrite(region)",
        [UAPI_VEVENTQ_READ] = "read(vEVENTQ)",
        [UAPI_EVENTFD] = "eventfd",
        [UAPI_EPOLL_CREATE] = "epoll_create1",
        [UAPI_EPOLL_ADD] = "epoll_ctl(vEVENTQ)",
        [UAPI_SET_NONBLOCK] = "fcntl(vEVENTQ)",
    };

    return call < UAPI_CALLS && names[call] ? names[call] : "?";
}

const char *uapi_object_name(enum uapi_object_type type)
{
    static const char *const names[UAPI_OBJ_TYPES] = {
        "device", "IOAS", "paging HWPT", "nested HWPT", "vIOMMU", "vDEVICE",
        "vEVENTQ",
    };

    return type < UAPI_OBJ_TYPES ? names[type] : "?";
}
