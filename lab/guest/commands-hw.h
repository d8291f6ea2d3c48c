/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that reach past the kernel's drivers: devices, memory, the SMMU. */
#ifndef GUEST_COMMANDS_HW_H
#define GUEST_COMMANDS_HW_H

#include "answer.h"

/* Each takes what follows its verb and fills @a, which is empty. */
void commands_dma_map(const char *args, struct answer *a);
void commands_edu(const char *args, struct answer *a);
void commands_msi(const char *args, struct answer *a);
void commands_ping(const char *args, struct answer *a);
void commands_ram(const char *args, struct answer *a);
void commands_smmu(const char *args, struct answer *a);

#endif
