/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "smmu.h"

#define ENTRY_SIZE 16

Smmu smmu_start(const char *args)
{
    return (Smmu) {
        .qts = machine_start("%s", args), .base = VIRT_PLATFORM_BUS
    };
}

uint32_t smmu_read(const Smmu *smmu, unsigned offset)
{
    return qtest_readl(smmu->qts, smmu->base + offset);
}

void smmu_write(const Smmu *smmu, unsigned offset, uint32_t value)
{
    qtest_writel(smmu->qts, smmu->base + offset, value);
}

void smmu_start_queue(Smmu *smmu, unsigned log2size)
{
    smmu->log2size = log2size;
    smmu->prod = 0;
    smmu_write(smmu, SMMU_CR0, 0);
    qtest_writeq(smmu->qts, smmu->base + SMMU_CMDQ_BASE,
                 SMMU_QUEUE | log2size);
    smmu_write(smmu, SMMU_CMDQ_PROD, 0);
    smmu_write(smmu, SMMU_CMDQ_CONS, 0);
    smmu_write(smmu, SMMU_CR0, CR0_CMDQEN);
    g_assert_cmphex(smmu_read(smmu, SMMU_CR0ACK), ==, CR0_CMDQEN);
}

void smmu_queue(Smmu *smmu, uint64_t word0, uint64_t word1)
{
    uint64_t entry[2] = { cpu_to_le64(word0), cpu_to_le64(word1) };
    uint32_t index = smmu->prod & ((1u << smmu->log2size) - 1);

    qtest_memwrite(smmu->qts, SMMU_QUEUE + index * ENTRY_SIZE, entry,
                   sizeof(entry));
    smmu->prod = (smmu->prod + 1) & ((2u << smmu->log2size) - 1);
}

void smmu_ring(const Smmu *smmu)
{
    smmu_write(smmu, SMMU_CMDQ_PROD, smmu->prod);
}
