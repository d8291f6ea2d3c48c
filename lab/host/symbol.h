/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a function of a running program is. */
#ifndef HOST_SYMBOL_H
#define HOST_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The address of the function @name as the 64-bit ELF file in @image has it:
 * from its symbol table, or from that of the dynamic linker if it was stripped.
 * Returns: false with a message in *@err (the caller frees it).
 */
bool symbol_in_image(const void *image, size_t size, const char *name,
                     uint64_t *address, char **err);

/* The same for process @pid, with the address that the program has there. */
bool symbol_in_process(pid_t pid, const char *name, uint64_t *address,
                       char **err);

#endif
