/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_SMMU_H
#define UAPI_SMMU_H

/*
 * The physical SMMUv3s. A transaction goes by the device's stream table entry
 * through the guest's stage 1, which is read from the guest's memory, and
 * stage 2. What was read is kept until a command invalidates it: context
 * descriptors in a configuration cache, translations in a TLB.
 */

#include "model.h"
#include "smmuv3.h"

struct uapi_context;
struct uapi_device;
struct uapi_hwpt;
struct uapi_ioas;

/* A physical STE, as far as it differs from device to device */
struct uapi_ste {
    enum uapi_ste_config config;
    struct uapi_hwpt *paging;   /* with S1, S2 and NESTED: whose tables */
    uint64_t vste[2];           /* with NESTED: dwords of the guest's STE */
    bool ats;                   /* with NESTED: it allows ATS */
};

struct uapi_access {
    uint64_t iova;
    uint32_t ssid;
    bool has_ssid;
    bool write;
};

/* What a transaction ended with: UAPI_DMA_OK, an event number, UAPI_DMA_* */
typedef uint32_t uapi_result;

/* ---- ID registers -------------------------------------------------------- */

const struct uapi_smmu_config *uapi_smmu_config(unsigned smmu);
bool uapi_smmu_can_nest(unsigned smmu);     /* both stages */
bool uapi_smmu_has_s2fwb(unsigned smmu);
bool uapi_smmu_coherent(unsigned smmu);     /* by firmware */
/* Last address that stage 2 can translate, and the kernel's own stage 1 */
uint64_t uapi_smmu_aperture(unsigned smmu);
#define UAPI_STAGE1_LAST ((UINT64_C(1) << 48) - 1)

/* ---- For the kernel's side ---------------------------------------------- */

/*
 * Write a device's STE. As the kernel's driver does, it is only invalidated
 * in the SMMU if it changed.
 */
void uapi_smmu_write_ste(struct uapi_device *dev, const struct uapi_ste *ste);

/* VMIDs: the lowest that is free, from 1 */
uint32_t uapi_smmu_get_vmid(unsigned smmu);
void uapi_smmu_put_vmid(unsigned smmu, uint32_t vmid);

/* Something is gone from @ioas: the driver invalidates what was built on it */
void uapi_smmu_stage2_unmapped(struct uapi_ioas *ioas);

/* Execute a command of the host's queue, as issued: physical SID, host VMID */
void uapi_smmu_command(unsigned smmu, const uint64_t cmd[2]);

/* ---- For the device ------------------------------------------------------ */

/* Move @len bytes between @buf and memory; whole, or up to the first fault */
uapi_result uapi_smmu_dma(struct uapi_device *dev,
                          const struct uapi_access *access, void *buf,
                          size_t len);
/* Write an MSI to the host's doorbell. Returns: whether it arrives */
bool uapi_smmu_msi(struct uapi_device *dev, unsigned vector);

#endif /* UAPI_SMMU_H */
