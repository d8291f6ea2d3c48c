/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are mapped and accessed like device registers. */
#ifndef GUEST_MAPPING_H
#define GUEST_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"

struct mapping {
    volatile uint8_t *at; /* of the byte asked for */
    void *base;           /* what mapping_close() unmaps */
    size_t size;
};

/*
 * Map @len bytes at @offset of @path for reading and writing; the offset need
 * not be aligned. To be undone with mapping_close().
 * Returns: false, with the error in @a.
 */
bool mapping_open(struct mapping *map, const char *path, uint64_t offset,
                  size_t len, struct answer *a);

void mapping_close(struct mapping *map);

#endif
