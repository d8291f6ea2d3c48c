/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_CONTROL_H
#define KM_CONTROL_H

/*
 * The control block: what a test configures in the model of /dev/iommu and
 * VFIO, and what it finds out about it. It is a file that the test and the
 * process under test both map. The model looks for it when the first modelled
 * path is opened, so everything in `smmu`, `device` and `fail` can be set
 * before QEMU starts; `fail` and `event` can be changed at any time.
 *
 *   struct km *u = km_new(1);   // client.h: makes it, with defaults
 *   u->control->smmu[0].idr[3] &= ~...;
 *   km_export(u, LIBRARY);                 // LD_PRELOAD, the block
 *   qts = qtest_initf("... -object iommufd,id=i -device arm-smmuv3,accel=on,"
 *                     "primary-bus=pcie.0 -device vfio-pci,host=%s,iommufd=i",
 *                     u->control->device[0].bdf);
 *   ...
 *   km_check(u)                            // no errors, no leaks
 *
 * All integers are of the process's byte order. Addresses are guest-physical
 * or I/O virtual as said. Times do not occur.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Path of the file with the block */
#define KM_CONTROL_ENV "KERNEL_MODEL_CONTROL"
#define KM_CONTROL_MAGIC 0x4c444d4bu    /* "KMDL" */

/*
 * Version of the kernel that is modelled: KM_KERNEL(6, 18). km_new() sets
 * 7.2, or what the environment's KERNEL_MODEL_VERSION=MAJOR.MINOR has. kernel.c
 * lists what depends on it. The oldest is 6.15, the first with vEVENTQs.
 */
#define KM_KERNEL(major, minor) ((uint32_t)(major) << 8 | (minor))
#define KM_KERNEL_ENV "KERNEL_MODEL_VERSION"
#define KM_KERNEL_OLDEST KM_KERNEL(6, 15)
#define KM_KERNEL_DEFAULT KM_KERNEL(7, 2)
#define KM_KERNEL_NEXT KM_KERNEL(7, 4)      /* what is queued upstream */

#define KM_MAX_SMMUS 2
#define KM_MAX_DEVICES 4
#define KM_MAX_RULES 4

/*
 * A descriptor of device n's cdev is one of the n-th of these, so that it has a
 * device number of its own, which sysfs has, too: 1 and this minor.
 */
#define KM_CDEVS { { "/dev/null", 3 }, { "/dev/zero", 5 }, { "/dev/full", 7 }, \
                   { "/dev/random", 8 } }
struct km_cdev { const char *path; unsigned minor; };

/* Where the host kernel puts physical MSIs, and the doorbell in there */
#define KM_SW_MSI_BASE 0x8000000u
#define KM_SW_MSI_SIZE 0x100000u
#define KM_SW_MSI_DOORBELL (KM_SW_MSI_BASE + 0x40u)

/* ---- Configuration: set by the test before the model is used ------------ */

/* A physical SMMUv3. Defaults: stage 1 and 2, S2FWB, RIL, 44 bits, 4K + 64K */
struct km_smmu_config {
    uint32_t idr[6];
    uint32_t iidr;
    uint32_t aidr;
    uint32_t s2_bits;       /* bits of stage 2's input: IOVA ranges */
    uint32_t coherent;      /* as firmware reports it, not IDR0.COHACC */
};

enum km_device_flags {
    KM_DEV_NO_HW_INFO = 1 << 0,     /* IOMMU is of no type that reports */
    KM_DEV_MSIX = 1 << 1,           /* has MSI-X (BAR2), too */
    KM_DEV_CANWBS = 1 << 2,         /* coherent root complex: no S2FWB needed */
    KM_DEV_NO_ATS = 1 << 3,         /* cannot use ATS even if its SMMU can */
    KM_DEV_OTHER_IOMMU = 1 << 4,    /* IOMMU is of a type unknown to QEMU */
};

#define KM_MAX_EXT_CAPS 6

/* A PCIe extended capability. They are chained in the order of the array. */
struct km_ext_cap {
    uint16_t at;            /* the first at 0x100; 0: not used */
    uint16_t id;
    uint32_t version;
    uint32_t words[4];      /* behind the header */
};

/* A PCIe function that behaves like QEMU's `edu` */
struct km_device_config {
    char bdf[16];           /* "0000:01:00.0"; empty: there is none */
    uint32_t smmu;          /* index of the SMMU above it */
    uint32_t flags;         /* enum km_device_flags */
    uint64_t dma_mask;      /* default (1 << 28) - 1, as edu's */
    uint64_t hw_caps;       /* IOMMU_HW_CAP_* that GET_HW_INFO reports, without
                               KM_HW_CAP_NO_ATS, which follows from IDR0.ATS
                               and KM_DEV_NO_ATS */
    uint32_t max_pasid_log2;
    uint32_t msi_vectors;   /* 1, 2, 4 ... 32 */
    uint32_t msix_vectors;
    uint32_t sid;           /* physical StreamID; default from the BDF */
    struct km_ext_cap ext_cap[KM_MAX_EXT_CAPS];
    uint8_t ext_fill;       /* all other bytes from 0x100 on */
    uint32_t group;         /* number of the IOMMU group; default: its own */
    uint32_t num_streams;   /* default 1; more: a device with DMA aliases */
};

/* IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED, which QEMU 10.2's headers lack */
#define KM_HW_CAP_NO_ATS (UINT64_C(1) << 3)

/* ---- Calls: counted, and made to fail ----------------------------------- */

/* Every modelled call. ANY matches all of them but EVENTFD. */
enum km_call {
    KM_ANY,
    /* paths and descriptors */
    KM_OPEN_IOMMU,
    KM_OPEN_CDEV,
    /* /dev/iommu */
    KM_DESTROY,
    KM_IOAS_ALLOC,
    KM_IOAS_IOVA_RANGES,
    KM_IOAS_MAP,
    KM_IOAS_UNMAP,
    KM_HWPT_ALLOC,
    KM_GET_HW_INFO,
    KM_HWPT_INVALIDATE,
    KM_VIOMMU_ALLOC,
    KM_VDEVICE_ALLOC,
    KM_IOAS_CHANGE_PROCESS,
    KM_VEVENTQ_ALLOC,
    /* VFIO cdev */
    KM_BIND_IOMMUFD,
    KM_ATTACH_PT,
    KM_DETACH_PT,
    KM_DEVICE_GET_INFO,
    KM_GET_REGION_INFO,
    KM_GET_IRQ_INFO,
    KM_SET_IRQS,
    KM_DEVICE_RESET,
    KM_GET_PCI_HOT_RESET_INFO,
    KM_PCI_HOT_RESET,
    KM_DEVICE_FEATURE,
    KM_REGION_READ,
    KM_REGION_WRITE,
    /* vEVENTQ */
    KM_VEVENTQ_READ,
    /* the C library's, counted and failed only while a modelled file is open */
    KM_EVENTFD,
    KM_EPOLL_CREATE,
    KM_EPOLL_ADD,           /* of a vEVENTQ */
    KM_SET_NONBLOCK,        /* fcntl(F_SETFL) of a vEVENTQ */
    KM_CALLS,
};

/*
 * Make calls fail. A rule is armed by setting `error`, last; it counts the
 * calls that match from then on, and fails the `at`-th (from 1), or that and
 * all later ones. With error = 0 nothing fails, but `seen` still counts when
 * `at` is not 0: fault injection runs once that way to count its points.
 */
struct km_fail_rule {
    uint32_t call;          /* enum km_call */
    uint32_t at;            /* 0: the rule is not in use */
    int32_t error;          /* an errno, positive */
    uint32_t repeat;        /* 1: fail all from there on */
    _Atomic uint32_t seen;  /* calls that matched */
    _Atomic uint32_t fired; /* calls that failed by it */
    uint32_t delay_ms;      /* how long a call takes before it fails */
};

/* ---- What the model sees ------------------------------------------------- */

enum km_object_type {
    KM_OBJ_DEVICE,          /* bound, by VFIO */
    KM_OBJ_IOAS,
    KM_OBJ_HWPT_PAGING,
    KM_OBJ_HWPT_NESTED,
    KM_OBJ_VIOMMU,
    KM_OBJ_VDEVICE,
    KM_OBJ_VEVENTQ,
    KM_OBJ_TYPES,
};

enum km_log_type {
    KM_LOG_BATCH = 1,  /* HWPT_INVALIDATE; arg: vIOMMU, entries, converted,
                          errno */
    KM_LOG_COMMAND,    /* one command; arg: dword 0, 1 as given, 0 as issued,
                          1 if it was issued and not only looked at */
    KM_LOG_STE,        /* arg: device, dword 0, 1 of the vSTE, config of the
                          physical STE (KM_STE_*) */
};

/* Physical STE; what KM_LOG_STE and km_device_state.ste report */
enum km_ste_config {
    KM_STE_ABORT,
    KM_STE_BYPASS,       /* of both stages: blocked while owned, else DMA API */
    KM_STE_S1,           /* an HWPT without NEST_PARENT: the kernel's tables */
    KM_STE_S2,           /* a nesting parent, or a nested HWPT that bypasses */
    KM_STE_NESTED,       /* the guest's tables on top of stage 2 */
};

/* What DMA ended with, if not with an event */
enum km_dma_result {
    KM_DMA_OK = 0,
    KM_DMA_ABORTED = 0x100,   /* by an STE that aborts, silently */
    KM_DMA_NO_MASTER,         /* bus mastering is off */
    KM_DMA_HOST_FAULT,        /* stage 2 or a walk's access failed: host only */
};

#define KM_LOG_SIZE 4096u

struct km_log_entry {
    uint32_t type;          /* enum km_log_type */
    uint64_t arg[4];
};

/* What a device's state is now */
struct km_device_state {
    _Atomic uint32_t open;      /* descriptors of the cdev */
    _Atomic uint32_t hwpt;      /* ID of what it is attached to, or 0 */
    _Atomic uint32_t ste;       /* enum km_ste_config */
    _Atomic uint32_t vsid_set;  /* has a vDEVICE */
    _Atomic uint64_t vste[2];   /* words of the nested HWPT */
    _Atomic uint32_t ats;       /* EATS of the nested HWPT: full ATS */
};

/*
 * A device that does not stop. While `on`, it writes the 8 bytes of `marker`
 * to `iova` right after each change of its STE, that is between the calls of
 * an unplug, as DMA in flight would. Bus mastering off, or a reset of the
 * device (which clears `on`), ends it; closing the cdev resets.
 *
 * Unplug under I/O: let the guest map `iova` to a page, set `on`, unplug, check
 * that `tries` has grown and that guest RAM at the guest-physical address
 * `iova` does not have the marker.
 */
struct km_keep_dma {
    uint64_t iova, marker;      /* set before `on` */
    _Atomic uint32_t on;
    _Atomic uint32_t tries;     /* writes so far */
};

/* ---- Requests: the test asks the running model --------------------------- */

enum km_request_op {
    KM_REQ_NONE,
    KM_REQ_EVENT,       /* SMMU event; arg: device, dwords 0-3 without SID:
                           StreamIDs are filled in as the kernel does */
    KM_REQ_MSI,         /* arg: device, vector */
    KM_REQ_DMA,         /* one access; arg: device, IOVA, bytes (<= 4096),
                           1: write, ssid | valid << 32; data in `data` */
};

struct km_request {
    _Atomic uint32_t posted;   /* futex: the test has asked so many times */
    _Atomic uint32_t served;   /* futex: the model has answered so many */
    uint32_t op;               /* enum km_request_op */
    int32_t error;             /* errno of the request itself, 0: was done */
    uint64_t arg[8];
    uint64_t result;           /* of DMA: event number or KM_DMA_* */
    uint8_t data[4096];
};

#define KM_SET_SEQUENCE 0x80000000u

/* ---- The block ----------------------------------------------------------- */

struct km_control {
    uint32_t magic;
    uint32_t size;             /* of the struct */
    _Atomic uint32_t attached; /* the model has mapped it: its process ID */
    char sysfs[256];           /* directory with an entry BDF for each device,
                                  and iommu_groups/N */
    uint32_t kernel;           /* KM_KERNEL(); may change between calls */

    struct km_smmu_config smmu[KM_MAX_SMMUS];
    struct km_device_config device[KM_MAX_DEVICES];

    struct km_fail_rule fail[KM_MAX_RULES];
    _Atomic uint32_t calls[KM_CALLS];        /* by call; [KM_ANY]: all */
    _Atomic uint32_t failures[KM_CALLS];     /* of them failed */

    /*
     * vEVENTQs: pretend that the queue is full for so many events to come, as
     * if a storm of others had filled it. The sequence goes on.
     */
    _Atomic uint32_t lose_events;
    /*
     * No kernel of today does this: let the sequence jump over so many numbers
     * before the next event, with no header that reports it.
     */
    _Atomic uint32_t skip_events;
    /* The number of the next event, with KM_SET_SEQUENCE; then it goes on */
    _Atomic uint32_t next_sequence;

    _Atomic uint32_t live[KM_OBJ_TYPES];     /* objects that exist */
    _Atomic uint32_t made[KM_OBJ_TYPES];     /* that were ever made */
    _Atomic uint32_t leaked[KM_OBJ_TYPES];   /* that were left to the last
                                                close of the iommufd */
    _Atomic uint32_t contexts;               /* iommufds that are open */

    /*
     * Calls that no correct user of the kernel makes, or that the model does
     * not know. Each is reported on stderr; the first is kept here.
     */
    _Atomic uint32_t errors;
    char first_error[256];

    struct km_device_state state[KM_MAX_DEVICES];
    struct km_keep_dma keep_dma[KM_MAX_DEVICES];

    struct km_request request;

    _Atomic uint64_t log_head; /* entries ever written; n is at n % SIZE */
    struct km_log_entry log[KM_LOG_SIZE];
};

#endif /* KM_CONTROL_H */
