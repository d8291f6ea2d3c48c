/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Echo requests to a peer on the network, one after the other, each with
 * content of its own that must come back byte for byte.
 */
#ifndef GUEST_PING_H
#define GUEST_PING_H

#include <stdint.h>

#include "answer.h"

#define PING_MAX_LEN 1472 /* bytes; with the headers an Ethernet frame's 1500 */
#define PING_HEADER 8

struct ping {
    const char *bdf;  /* of the network device */
    uint32_t peer;    /* IPv4, network byte order */
    uint64_t count;
    uint64_t len;     /* bytes of content of each request */
    uint64_t seed;    /* of the content */
};

struct ping_result {
    uint64_t replies; /* that had the right content */
    uint64_t usec;
};

/* An ICMP echo request of PING_HEADER + @len bytes with content made of @seed,
 * with its checksum. @packet holds as many bytes. */
void ping_build(uint8_t *packet, uint16_t id, uint16_t seq, uint64_t seed,
                uint64_t len);

/* Is @data (@size bytes, IPv4 header included) the reply to @request
 * (PING_HEADER + @len bytes), with the same content? @other is set when it is
 * a reply to it, but with other content. */
bool ping_is_reply(const uint8_t *data, uint64_t size, const uint8_t *request,
                   uint64_t len, bool *other);

/* Wait for the link, then ask and wait for each reply.
 * Returns: false with the error in @a when one does not come, or is wrong. */
bool ping_run(const struct ping *ping, struct ping_result *result,
              struct answer *a);

#endif
