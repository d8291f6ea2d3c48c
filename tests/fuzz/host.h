/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <stdbool.h>

/*
 * The host's kernel: the preloaded model of iommufd and VFIO (tests/kernel-model), in
 * this very process.
 */

/* Make the control block. Before QEMU opens a device; exits on an error. */
void host_start(void);

/*
 * Abort unless QEMU has used the kernel correctly so far, and has the same
 * objects in it as when @remember was last set: a reset has just happened.
 */
void host_check(bool remember);

#endif /* FUZZ_HOST_H */
