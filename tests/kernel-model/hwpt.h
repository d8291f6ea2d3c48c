/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_HWPT_H
#define KM_HWPT_H

/*
 * Page tables of the hardware. A paging one belongs to an IOAS and has its
 * contents; with NEST_PARENT it is a stage 2. A nested one is a guest's STE on
 * top of it.
 */

#include "ioas.h"

struct km_viommu;

struct km_hwpt {
    struct km_object obj;
    unsigned smmu;

    /* paging */
    struct km_ioas *ioas;       /* one of its users */
    bool nest_parent;
    bool auto_domain;           /* made by attaching to the IOAS */
    uint32_t vmid;              /* with NEST_PARENT */

    /* nested */
    struct km_viommu *viommu;   /* one of its users */
    uint64_t vste[2];           /* as validated, without EATS */
    bool ats;
};

int km_hwpt_alloc(struct km_context *ctx, void *cmd);

/* A paging HWPT as attaching to an IOAS makes it. Returns: 0, or -errno */
struct km_device;
int km_hwpt_auto(struct km_device *dev, struct km_ioas *ioas,
                 struct km_hwpt **hwpt);

/* Config field of a nested HWPT's STE; 0 (abort) if the STE is not valid */
unsigned km_hwpt_ste_config(const struct km_hwpt *hwpt);

#endif /* KM_HWPT_H */
