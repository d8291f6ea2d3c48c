/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that the guest understands. */
#ifndef GUEST_COMMANDS_H
#define GUEST_COMMANDS_H

#include "answer.h"

enum command_end {
    COMMAND_GO_ON,
    COMMAND_POWEROFF,
    COMMAND_REBOOT,
    COMMAND_KEXEC, /* jump to the kernel that was loaded */
    COMMAND_CRASH, /* the same by a panic */
};

/*
 * Run one command, without its number.
 * @a: the answer, empty when called.
 * Returns: what the guest does after it has answered.
 */
enum command_end commands_run(const char *line, struct answer *a);

/* Make busybox's applets callable by name; cheap when done before.
 * Returns: false if there is no busybox. */
bool commands_install_busybox(void);

#endif
