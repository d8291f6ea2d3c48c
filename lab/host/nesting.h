/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the physical SMMUv3 can do for a guest, asked through iommufd. */
#ifndef HOST_NESTING_H
#define HOST_NESTING_H

#include <stdbool.h>
#include <stdint.h>

struct nesting {
    uint32_t idr[6];      /* ID registers as the host kernel shows them */
    bool stage1, stage2;
    bool s2fwb;           /* without it the kernel needs CANWBS (IORT) */
};

/* Does this kernel's iommufd have all the calls that nesting needs? The last one
 * came with Linux 6.15. */
bool nesting_kernel_knows(void);

/*
 * Ask about the SMMUv3 above the device behind @cdev (/dev/vfio/devices/...),
 * which nobody else may have open, and try to allocate what nesting needs.
 * Returns: false with a message in *@err: no iommufd, no SMMUv3, an old kernel,
 * or one that does not nest behind this SMMU.
 */
bool nesting_ask(const char *cdev, struct nesting *nesting, char **err);

#endif
