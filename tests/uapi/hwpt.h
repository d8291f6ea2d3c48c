/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_HWPT_H
#define UAPI_HWPT_H

/*
 * Page tables of the hardware. A paging one belongs to an IOAS and has its
 * contents; with NEST_PARENT it is a stage 2. A nested one is a guest's STE on
 * top of it.
 */

#include "ioas.h"

struct uapi_viommu;

struct uapi_hwpt {
    struct uapi_object obj;
    unsigned smmu;

    /* paging */
    struct uapi_ioas *ioas;     /* one of its users */
    bool nest_parent;
    bool auto_domain;           /* made by attaching to the IOAS */
    uint32_t vmid;              /* with NEST_PARENT */

    /* nested */
    struct uapi_viommu *viommu; /* one of its users */
    uint64_t vste[2];           /* as validated, without EATS */
    bool ats;
};

int uapi_hwpt_alloc(struct uapi_context *ctx, void *cmd);

/* A paging HWPT as attaching to an IOAS makes it. Returns: 0, or -errno */
struct uapi_device;
int uapi_hwpt_auto(struct uapi_device *dev, struct uapi_ioas *ioas,
                   struct uapi_hwpt **hwpt);

/* Config field of a nested HWPT's STE; 0 (abort) if the STE is not valid */
unsigned uapi_hwpt_ste_config(const struct uapi_hwpt *hwpt);

#endif /* UAPI_HWPT_H */
