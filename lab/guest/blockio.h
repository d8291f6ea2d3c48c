/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Direct I/O on a block device by several threads, checked by hash. */
#ifndef GUEST_BLOCKIO_H
#define GUEST_BLOCKIO_H

#include "answer.h"

struct blockio {
    const char *path; /* /dev/... */
    bool write;
    uint64_t bs;      /* bytes of one request */
    uint64_t count;   /* requests in all */
    uint64_t offset;  /* bytes */
    uint64_t jobs;    /* threads, spread over the CPUs */
    uint64_t seed;    /* of the data to write */
    uint64_t loops;   /* how often it is all done, without a pause */
};

struct blockio_result {
    uint64_t bytes;   /* of all loops */
    uint64_t usec;    /* of the I/O alone */
    char sha256[65];  /* in hex, of all data, in the order of its offsets */
};

/* Do it. Returns: false with the error in @a; a short transfer is one. */
bool blockio_run(const struct blockio *io, struct blockio_result *result,
                 struct answer *a);

#endif
