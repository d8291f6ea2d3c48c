/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest RAM that the guest's kernel does not use (boot with mem=): to see
 * whether somebody writes into it.
 */
#ifndef GUEST_RAM_H
#define GUEST_RAM_H

#include <stdbool.h>
#include <stdint.h>

#include "answer.h"

/* Is any of [@first, @last] System RAM in @iomem, the text of /proc/iomem? */
bool ram_is_kernels(const char *iomem, uint64_t first, uint64_t last);

/* Fill @len bytes of RAM at @gpa from @seed. Returns: false, with the error in
 * @a: among others if the kernel uses them, or if they do not keep data. */
bool ram_fill(uint64_t gpa, uint64_t len, uint64_t seed, struct answer *a);

/* Count bytes that changed since ram_fill() in *@changed, the first of them
 * being at *@where. Returns: false, with the error in @a. */
bool ram_check(uint64_t gpa, uint64_t len, uint64_t seed, uint64_t *changed,
               uint64_t *where, struct answer *a);

#endif
