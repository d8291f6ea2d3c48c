/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_LEGAL_H
#define KM_LEGAL_H

/*
 * The oracle: what may reach the SMMU that all guests of a host share, by Arm
 * IHI 0070, whatever the kernel lets pass. Each function returns what is wrong,
 * beginning with the section, or NULL.
 */

#include "hwpt.h"

/*
 * A command of the Non-secure queue that raises CERROR_ILL, or that an SMMU is
 * permitted to refuse so (reserved bits). Such a command stops the queue.
 */
const char *km_illegal_command(unsigned smmu, const uint64_t cmd[2]);

/*
 * A command that is not illegal, but that software must not send: its effect
 * is ignored or UNPREDICTABLE. The host's StreamID must be in it.
 */
const char *km_misused_command(unsigned smmu, const uint64_t cmd[2]);

/* The STE of a nested HWPT that translates, as user space gave it for @dev */
const char *km_illegal_ste(const struct km_device *dev,
                           const struct km_hwpt *hwpt);

#endif /* KM_LEGAL_H */
