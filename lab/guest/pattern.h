/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data that looks random: the same seed gives the same data everywhere. */
#ifndef GUEST_PATTERN_H
#define GUEST_PATTERN_H

#include <stdint.h>

/* Fill @bytes, a multiple of 8, of @data. */
void pattern_fill(uint8_t *data, uint64_t bytes, uint64_t seed);

#endif
