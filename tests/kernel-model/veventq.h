/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_VEVENTQ_H
#define KM_VEVENTQ_H

/* Events of the physical SMMU, and the queue in which a vIOMMU gets them. */

#include "translate.h"
#include "viommu.h"

int km_veventq_alloc(struct km_context *ctx, void *cmd);

/* A transaction of @dev failed: make the event, and report it */
void km_event_fault(struct km_device *dev,
                    const struct km_access *access,
                    const struct km_fault *fault);

/*
 * The SMMU has put @event, 4 dwords, into its queue; the StreamID in it is
 * that of @dev. The kernel takes it out: what guests may see goes to the
 * vEVENTQ, with their StreamID. Returns: whether it got there
 */
bool km_event_report(struct km_device *dev, const uint64_t event[4]);

#endif /* KM_VEVENTQ_H */
