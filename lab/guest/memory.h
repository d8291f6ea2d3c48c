/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory past the kernel's drivers: registers that are mapped, and guest RAM that the guest's kernel does not use (boot
 * with mem=), to see whether somebody writes into it.
 */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include "answer.h"

/* A file that is mapped and accessed like device registers */
struct mapping {
    volatile uint8_t *at; /* of the byte asked for */
    void *base;           /* what mapping_close() unmaps */
    size_t size;
};

/*
 * Map @len bytes at @offset of @path for reading and writing; the offset need not be aligned. To be undone with
 * mapping_close().
 * Returns: false, with the error in @a.
 */
bool mapping_open(struct mapping *map, const char *path, uint64_t offset, size_t len, struct answer *a);

void mapping_close(struct mapping *map);

/* Fill @bytes, a multiple of 8, of @data with what looks random: the same seed gives the same data everywhere. */
void pattern_fill(uint8_t *data, uint64_t bytes, uint64_t seed);

/* Call @visit with each line of the text of /proc/iomem until it returns true. Returns: whether it did. */
bool iomem_find(const char *iomem, bool (*visit)(uint64_t first, uint64_t last, const char *name, void *opaque),
                void *opaque);

/* Is any of [@first, @last] System RAM in @iomem, the text of /proc/iomem? */
bool ram_is_kernels(const char *iomem, uint64_t first, uint64_t last);

/* Fill @len bytes of RAM at @gpa from @seed.
 * Returns: false, with the error in @a: among others if the kernel uses them, or if they do not keep data. */
bool ram_fill(uint64_t gpa, uint64_t len, uint64_t seed, struct answer *a);

/* The command `ram` with its arguments */
void ram_command(const char *args, struct answer *a);

#endif
