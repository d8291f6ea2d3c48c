/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_CLIENT_H
#define UAPI_CLIENT_H

/*
 * The test's side of the model: makes the control block and the little sysfs
 * tree, and talks to the model. No GLib, so that a fuzzer can use it, too.
 * Functions that return bool tell of an error in errno.
 */

#include <stddef.h>
#include "control.h"

struct uapi {
    struct uapi_control *control;
    char dir[200];     /* temporary directory with the block and the tree */
    char path[220];    /* of the block */
};

/*
 * Make a control block with @devices devices behind SMMU 0, all defaults set.
 * Device n has BDF 0000:01:0n.0. To be freed with uapi_free().
 * Returns: NULL on error (errno).
 */
struct uapi *uapi_new(unsigned devices);
void uapi_free(struct uapi *u);

/*
 * Write the sysfs tree again, after a device's `bdf` or `group` was changed.
 * uapi_new() and uapi_export() do it as well.
 */
bool uapi_write_tree(struct uapi *u);

/*
 * Put the model before the programs that this process starts from now on:
 * LD_PRELOAD (what is there already, as an ASan runtime, stays first) and
 * UAPI_CONTROL. uapi_unexport() takes both back.
 */
bool uapi_export(struct uapi *u, const char *library);
void uapi_unexport(struct uapi *u);

/*
 * Descriptors for `-object iommufd,fd=` and `-device vfio-pci,fd=`: not the
 * model itself, but marks that it knows. Inherited by children; close() them
 * when the child is there. Returns: -1 on error (errno).
 */
int uapi_iommu_fd(void);
int uapi_device_fd(unsigned device);

/* Requests to the running model, which answers within 5 s; 0, or an errno. */

/*
 * DMA of @device; @data is read or written. Returns: UAPI_DMA_OK, the number
 * of the event that ended it, or another UAPI_DMA_*
 */
uint64_t uapi_dma(struct uapi *u, unsigned device, uint64_t iova, void *data,
                  size_t len, bool write);
/* The same for one with a substream (PASID) */
uint64_t uapi_dma_ssid(struct uapi *u, unsigned device, uint32_t ssid,
                       uint64_t iova, void *data, size_t len, bool write);
/* The SMMU finds @event (4 dwords) for @device */
int uapi_event(struct uapi *u, unsigned device, const uint64_t event[4]);
/* @device sends an MSI; ENXIO: MSIs are off */
int uapi_msi(struct uapi *u, unsigned device, unsigned vector);

/*
 * Let the n-th matching call from now fail, in rule @rule; n = 0: no more.
 * Its `repeat` stays as it is.
 */
void uapi_fail(struct uapi *u, unsigned rule, enum uapi_call call, uint32_t n,
               int error);

/*
 * Find entries of the log. @from: number of the first to look at, usually
 * control->log_head as it was before. Returns: the number of the next entry
 * of @type, or UINT64_MAX; *entry is a copy. Overwritten ones are skipped.
 */
uint64_t uapi_log_find(struct uapi *u, uint64_t from, enum uapi_log_type type,
                       struct uapi_log_entry *entry);

/* Returns: what is wrong (errors, leaks), in @buf, or NULL if nothing is */
const char *uapi_check(struct uapi *u, char *buf, size_t size);

const char *uapi_call_name(enum uapi_call call);
const char *uapi_object_name(enum uapi_object_type type);

#endif /* UAPI_CLIENT_H */
