/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4): the agents compare data by it and link no library. */
#ifndef LAB_SHA256_H
#define LAB_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_HEX 65 /* digits and the terminating zero */

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);

/* Finish; @hex receives 64 lower-case digits and a zero. */
void sha256_hex(struct sha256 *s, char hex[SHA256_HEX]);

#endif
