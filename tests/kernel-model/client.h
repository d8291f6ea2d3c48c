/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_CLIENT_H
#define KM_CLIENT_H

/*
 * The test's side of the model: makes the control block and the little sysfs
 * tree, and talks to the model. No GLib, so that a fuzzer can use it, too.
 * Functions that return bool report an error in errno.
 */

#include <stddef.h>
#include "control.h"

struct km {
    struct km_control *control;
    char dir[200];     /* temporary directory with the block and the tree */
    char path[220];    /* of the block */
};

/*
 * Make a control block with @devices devices behind SMMU 0, all defaults set.
 * Device n has BDF 0000:01:0n.0. To be freed with km_free().
 * Returns: NULL on error (errno).
 */
struct km *km_new(unsigned devices);
void km_free(struct km *u);

/*
 * Write the sysfs tree again, after a device's `bdf` or `group` was changed.
 * km_new() and km_export() do it as well.
 */
bool km_write_tree(struct km *u);

/*
 * Put the model before the programs that this process starts from now on:
 * LD_PRELOAD (what is there already, as an ASan runtime, stays first) and
 * KM_CONTROL_ENV. km_unexport() takes both back.
 */
bool km_export(struct km *u, const char *library);
void km_unexport(struct km *u);

/*
 * Descriptors for `-object iommufd,fd=` and `-device vfio-pci,fd=`: not the
 * model itself, but marks that it knows. Inherited by children; close() them
 * when the child is there. Returns: -1 on error (errno).
 */
int km_iommu_fd(void);
int km_device_fd(unsigned device);

/* Requests to the running model, which answers within 5 s; 0, or an errno. */

/*
 * DMA of @device; @data is read or written. Returns: KM_DMA_OK, the number
 * of the event that ended it, or another KM_DMA_*
 */
uint64_t km_dma(struct km *u, unsigned device, uint64_t iova, void *data,
                size_t len, bool write);
/* The same for one with a substream (PASID) */
uint64_t km_dma_ssid(struct km *u, unsigned device, uint32_t ssid,
                     uint64_t iova, void *data, size_t len, bool write);
/* The SMMU finds @event (4 dwords) for @device */
int km_event(struct km *u, unsigned device, const uint64_t event[4]);
/* @device sends an MSI; ENXIO: MSIs are off */
int km_msi(struct km *u, unsigned device, unsigned vector);

/*
 * Let the n-th matching call from now fail, in rule @rule; n = 0: no more.
 * Its `repeat` stays as it is.
 */
void km_fail(struct km *u, unsigned rule, enum km_call call, uint32_t n,
             int error);

/*
 * Find entries of the log. @from: number of the first to look at, usually
 * control->log_head as it was before. Returns: the number of the next entry
 * of @type, or UINT64_MAX; *entry is a copy. Overwritten ones are skipped.
 */
uint64_t km_log_find(struct km *u, uint64_t from, enum km_log_type type,
                     struct km_log_entry *entry);

/* Returns: what is wrong (errors, leaks), in @buf, or NULL if nothing is */
const char *km_check(struct km *u, char *buf, size_t size);

const char *km_call_name(enum km_call call);
const char *km_object_name(enum km_object_type type);

#endif /* KM_CLIENT_H */
