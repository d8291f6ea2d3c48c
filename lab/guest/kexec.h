/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another kernel is loaded, to be jumped to without the firmware. */
#ifndef GUEST_KEXEC_H
#define GUEST_KEXEC_H

#include "answer.h"

/*
 * Load kernel and initrd from block devices (names in /dev), with the command
 * line of the running kernel.
 * @crash: for the jump that a panic makes, without any driver's shutdown;
 *         booted with crashkernel=.
 * Returns: false with the error in @a.
 */
bool kexec_load(const char *kernel, const char *initrd, bool crash,
                struct answer *a);

/* Jump; returns only when that fails (errno). @crash: as it was loaded. */
void kexec_jump(bool crash);

#endif
