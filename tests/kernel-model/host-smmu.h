/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_SMMU_H
#define KM_SMMU_H

/*
 * The physical SMMUv3s. A transaction goes by the device's stream table entry
 * through the guest's stage 1, which is read from the guest's memory, and
 * stage 2. What was read is kept until a command invalidates it: context
 * descriptors in a configuration cache, translations in a TLB.
 */

#include "model.h"
#include "smmuv3.h"

struct km_context;
struct km_device;
struct km_hwpt;
struct km_ioas;

/* A physical STE, as far as it differs from device to device */
struct km_ste {
    enum km_ste_config config;
    struct km_hwpt *paging;     /* with S1, S2 and NESTED: whose tables */
    uint64_t vste[2];           /* with NESTED: dwords of the guest's STE */
    bool ats;                   /* with NESTED: it allows ATS */
};

struct km_access {
    uint64_t iova;
    uint32_t ssid;
    bool has_ssid;
    bool write;
};

/* What a transaction ended with: KM_DMA_OK, an event number, KM_DMA_* */
typedef uint32_t km_result;

/* ---- ID registers -------------------------------------------------------- */

const struct km_smmu_config *km_smmu_config(unsigned smmu);
bool km_smmu_can_nest(unsigned smmu);       /* both stages */
bool km_smmu_has_s2fwb(unsigned smmu);
bool km_smmu_coherent(unsigned smmu);       /* by firmware */
/* Last address that stage 2 can translate, and the kernel's own stage 1 */
uint64_t km_smmu_aperture(unsigned smmu);
#define KM_STAGE1_LAST ((UINT64_C(1) << 48) - 1)

/* ---- For the kernel's side ---------------------------------------------- */

/*
 * Write a device's STE. As the kernel's driver does, it is only invalidated
 * in the SMMU if it changed.
 */
void km_smmu_write_ste(struct km_device *dev, const struct km_ste *ste);

/* VMIDs: the lowest that is free, from 1 */
uint32_t km_smmu_get_vmid(unsigned smmu);
void km_smmu_put_vmid(unsigned smmu, uint32_t vmid);

/* Something is gone from @ioas: the driver invalidates what was built on it */
void km_smmu_stage2_unmapped(struct km_ioas *ioas);

/* Execute a command of the host's queue, as issued: physical SID, host VMID */
void km_smmu_command(unsigned smmu, const uint64_t cmd[2]);

/* ---- For the device ------------------------------------------------------ */

/* Move @len bytes between @buf and memory; whole, or up to the first fault */
km_result km_smmu_dma(struct km_device *dev,
                      const struct km_access *access, void *buf,
                      size_t len);
/* Write an MSI to the host's doorbell. Returns: whether it arrives */
bool km_smmu_msi(struct km_device *dev, unsigned vector);

#endif /* KM_SMMU_H */
