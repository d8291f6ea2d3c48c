/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translate.h"

/* Larger than what a test maps, so that it never evicts */
#define TLB_SIZE 8192
#define CD_CACHE_SIZE 256

struct cd_entry {
    unsigned smmu;
    uint32_t sid, ssid;
    uint64_t cd[8];
};

static struct km_tlb_entry tlb[TLB_SIZE];
static unsigned tlb_used;
static unsigned tlb_victim;
static struct cd_entry cds[CD_CACHE_SIZE];
static unsigned cds_used;
static unsigned cd_victim;

const struct km_tlb_entry *km_tlb_find(unsigned smmu, uint32_t vmid,
                                       uint32_t asid, uint64_t va)
{
    for (unsigned i = 0; i < tlb_used; i++) {
        const struct km_tlb_entry *e = &tlb[i];

        if (e->smmu == smmu && e->vmid == vmid &&
            (e->global || e->asid == asid) &&
            va >> e->bits == e->va >> e->bits) {
            return e;
        }
    }
    return NULL;
}

void km_tlb_add(const struct km_tlb_entry *entry)
{
    unsigned at = tlb_used;

    if (tlb_used < TLB_SIZE) {
        tlb_used++;
    } else {
        at = tlb_victim++ % TLB_SIZE;
    }
    tlb[at] = *entry;
}

static void tlb_remove(unsigned at)
{
    tlb[at] = tlb[--tlb_used];
}

void km_tlb_drop_vmid(unsigned smmu, uint32_t vmid)
{
    for (unsigned i = tlb_used; i-- > 0;) {
        if (tlb[i].smmu == smmu && tlb[i].vmid == vmid) {
            tlb_remove(i);
        }
    }
}

void km_tlb_drop_asid(unsigned smmu, uint32_t vmid, uint32_t asid)
{
    for (unsigned i = tlb_used; i-- > 0;) {
        if (tlb[i].smmu == smmu && tlb[i].vmid == vmid && !tlb[i].global &&
            tlb[i].asid == asid) {
            tlb_remove(i);
        }
    }
}

void km_tlb_drop_range(unsigned smmu, uint32_t vmid, int64_t asid,
                       uint64_t va, uint64_t last, unsigned level)
{
    for (unsigned i = tlb_used; i-- > 0;) {
        const struct km_tlb_entry *e = &tlb[i];
        uint64_t e_last = e->va + (UINT64_C(1) << e->bits) - 1;

        if (e->smmu == smmu && e->vmid == vmid && e->va <= last &&
            e_last >= va && (asid < 0 || e->global || e->asid == asid) &&
            (!level || level == e->level)) {
            tlb_remove(i);
        }
    }
}

const uint64_t *km_cd_find(unsigned smmu, uint32_t sid, uint32_t ssid)
{
    for (unsigned i = 0; i < cds_used; i++) {
        if (cds[i].smmu == smmu && cds[i].sid == sid && cds[i].ssid == ssid) {
            return cds[i].cd;
        }
    }
    return NULL;
}

void km_cd_add(unsigned smmu, uint32_t sid, uint32_t ssid,
               const uint64_t cd[8])
{
    unsigned at = cds_used;

    if (cds_used < CD_CACHE_SIZE) {
        cds_used++;
    } else {
        at = cd_victim++ % CD_CACHE_SIZE;
    }
    cds[at].smmu = smmu;
    cds[at].sid = sid;
    cds[at].ssid = ssid;
    memcpy(cds[at].cd, cd, sizeof(cds[at].cd));
}

void km_cd_drop(unsigned smmu, uint32_t sid, int64_t ssid)
{
    for (unsigned i = cds_used; i-- > 0;) {
        if (cds[i].smmu == smmu && cds[i].sid == sid &&
            (ssid < 0 || cds[i].ssid == ssid)) {
            cds[i] = cds[--cds_used];
        }
    }
}
