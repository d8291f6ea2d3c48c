/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "smmu.h"

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

    qtest_memwrite(smmu->qts, SMMU_QUEUE + index * CMD_SIZE, entry,
                   sizeof(entry));
    smmu->prod = (smmu->prod + 1) & ((2u << smmu->log2size) - 1);
}

void smmu_ring(const Smmu *smmu)
{
    smmu_write(smmu, SMMU_CMDQ_PROD, smmu->prod);
}

/* Is there a command error that nobody has acknowledged? */
static bool command_error(const Smmu *smmu)
{
    return (smmu_read(smmu, SMMU_GERROR) ^ smmu_read(smmu, SMMU_GERRORN)) &
           GERROR_CMDQ_ERR;
}

void smmu_assert_done(const Smmu *smmu)
{
    g_assert_cmphex(smmu_read(smmu, SMMU_CMDQ_CONS) & 0xfffff, ==, smmu->prod);
    g_assert_false(command_error(smmu));
}

void smmu_assert_error(const Smmu *smmu, uint32_t cons, unsigned error)
{
    uint32_t value = smmu_read(smmu, SMMU_CMDQ_CONS);

    g_assert_cmphex(value & 0xfffff, ==, cons);
    g_assert_cmpuint(FIELD_GET(CONS_ERR, value), ==, error);
    g_assert_true(command_error(smmu));
}

void smmu_repair(Smmu *smmu, uint32_t cons)
{
    Smmu at = *smmu;

    at.prod = cons;
    smmu_queue(&at, CMD_SYNC, 0);
    smmu_write(smmu, SMMU_GERRORN, smmu_read(smmu, SMMU_GERROR));
    smmu_assert_done(smmu);
}

void smmu_start_eventq(Smmu *smmu, unsigned log2size)
{
    uint32_t cr0 = smmu_read(smmu, SMMU_CR0);

    smmu->log2events = log2size;
    smmu->events = 0;
    smmu_write(smmu, SMMU_CR0, cr0 & ~CR0_EVENTQEN);
    qtest_writeq(smmu->qts, smmu->base + SMMU_EVENTQ_BASE,
                 SMMU_EVENTS | log2size);
    smmu_write(smmu, SMMU_EVENTQ_PROD, 0);
    smmu_write(smmu, SMMU_EVENTQ_CONS, 0);
    smmu_write(smmu, SMMU_CR0, cr0 | CR0_EVENTQEN);
}

bool smmu_next_event(Smmu *smmu, SmmuEvent *event)
{
    uint32_t wrap = (2u << smmu->log2events) - 1;
    uint32_t prod = smmu_read(smmu, SMMU_EVENTQ_PROD);
    uint64_t entry = SMMU_EVENTS + (smmu->events & wrap >> 1) * EVENT_SIZE;

    if ((prod & wrap) == smmu->events) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        event->dword[i] = qtest_readq(smmu->qts, entry + i * 8);
    }
    event->type = event->dword[0];
    event->sid = FIELD_GET(EVENT0_SID, event->dword[0]);
    event->read = event->dword[1] & EVENT1_RNW;
    event->address = event->dword[2];
    smmu->events = (smmu->events + 1) & wrap;
    smmu_write(smmu, SMMU_EVENTQ_CONS, smmu->events | (prod & EVENTQ_OVFLG));
    return true;
}
