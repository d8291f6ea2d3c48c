/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pattern.h"

#include <string.h>

/* xorshift64* */
void pattern_fill(uint8_t *data, uint64_t bytes, uint64_t seed)
{
    uint64_t x = seed * 0x9e3779b97f4a7c15 | 1;

    for (uint64_t i = 0; i + 8 <= bytes; i += 8) {
        uint64_t v;

        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        v = x * 0x2545f4914f6cdd1d;
        memcpy(data + i, &v, 8);
    }
}
