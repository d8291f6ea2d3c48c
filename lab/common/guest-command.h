/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of smmu-lab-guest, as text: a verb and the words it takes. The guest checks each command by this table
 * before it runs it, and who sends one can do so before anything boots.
 */
#ifndef LAB_GUEST_COMMAND_H
#define LAB_GUEST_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

typedef enum GuestVerb {
    GUEST_READ, GUEST_WRITE, GUEST_WAIT, GUEST_GONE, GUEST_REBIND, GUEST_IRQS, GUEST_QUEUES, GUEST_LOG, GUEST_RESERVED,
    GUEST_IOMMU, GUEST_CPUS, GUEST_MSI, GUEST_EDU, GUEST_RAM, GUEST_SMMU, GUEST_DMA_MAP, GUEST_BEGIN, GUEST_RUNNING,
    GUEST_FINISH, GUEST_KEXEC, GUEST_SH, GUEST_REBOOT, GUEST_POWEROFF, GUEST_VERBS,
} GuestVerb;

/*
 * Which command @line is. @args receives what follows the verb.
 * Returns: false with a message in *@err, which the caller frees, if the verb or one of the words is unknown.
 */
bool guest_command_parse(const char *line, GuestVerb *verb, const char **args, char **err);

/* The range of a disk that the arguments of a `read` or `write` name, in bytes.
 * Returns: false if it is empty or not valid. */
bool guest_command_range(const char *args, uint64_t *offset, uint64_t *bytes);

#endif
