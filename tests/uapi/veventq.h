/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_VEVENTQ_H
#define UAPI_VEVENTQ_H

/* Events of the physical SMMU, and the queue in which a vIOMMU gets them. */

#include "translate.h"
#include "viommu.h"

int uapi_veventq_alloc(struct uapi_context *ctx, void *cmd);

/* A transaction of @dev failed: make the event, and report it */
void uapi_event_fault(struct uapi_device *dev,
                      const struct uapi_access *access,
                      const struct uapi_fault *fault);

/*
 * The SMMU has put @event, 4 dwords, into its queue; the StreamID in it is
 * that of @dev. The kernel takes it out: what guests may see goes to the
 * vEVENTQ, with their StreamID. Returns: whether it got there
 */
bool uapi_event_report(struct uapi_device *dev, const uint64_t event[4]);

#endif /* UAPI_VEVENTQ_H */
