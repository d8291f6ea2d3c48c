/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-log.h"

#include <stddef.h>
#include <string.h>

/* Of any part of the kernel */
static const char *const troubles[] = {
    "Kernel panic", "Oops", "Internal error:", "Unable to handle kernel", "Unhandled ", "kernel BUG at", "BUG:",
    "WARNING:", "UBSAN:", "corruption", "nobody cared", "hard LOCKUP",
    /* RCU: of rcu_preempt, rcu_sched or rcu_tasks; self-detected, of others, of tasks, expedited */
    "detected stall", "detected expedited stall", "kthread starved for",
    /* of the hung task detector */
    "blocked for more than", "blocked in I/O wait for more than", NULL
};

/*
 * Of the SMMUv3's driver: what it prints with dev_err() and dev_warn() once it runs. CMDQ and GERROR are how an SMMU
 * reports that it has refused a command: the driver goes on, so nothing else may show it.
 */
static const char *const smmu_troubles[] = {
    "event", "error", "timeout", "overflow", "aborted", "Service Failure Mode", "not responding", "failed to ",
    "unexpected ", "unknown CMDQ opcode", "skipping command", "retrying command", NULL
};

static bool contains_any(const char *line, const char *const *signs)
{
    while (*signs && !strstr(line, *signs)) {
        signs++;
    }
    return *signs;
}

KernelLine kernel_line_classify(const char *line)
{
    const char *smmu = strstr(line, "arm-smmu-v3");

    if (contains_any(line, troubles)) {
        return KERNEL_LINE_BAD;
    }
    if (!smmu || !contains_any(smmu, smmu_troubles)) {
        return KERNEL_LINE_GOOD;
    }
    return strstr(smmu, ": event: ") ? KERNEL_LINE_EVENT :
           strstr(smmu, ": event 0x") ? KERNEL_LINE_EVENT_DATA : KERNEL_LINE_BAD;
}
