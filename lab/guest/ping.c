/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ping.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pattern.h"

#define ECHO_REPLY 0
#define ECHO_REQUEST 8
#define LINK_SECONDS 20
#define REPLY_SECONDS 5
#define FIRST_REPLY_SECONDS 15 /* the peer's address must be found first */

static uint16_t checksum(const uint8_t *data, uint64_t len)
{
    uint32_t sum = 0;

    for (uint64_t i = 0; i < len; i++) {
        sum += i & 1 ? data[i] : data[i] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum;
}

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = value >> 8;
    at[1] = value;
}

void ping_build(uint8_t *packet, uint16_t id, uint16_t seq, uint64_t seed,
                uint64_t len)
{
    memset(packet, 0, PING_HEADER);
    packet[0] = ECHO_REQUEST;
    put16(packet + 4, id);
    put16(packet + 6, seq);
    pattern_fill(packet + PING_HEADER, len, seed);
    put16(packet + 2, checksum(packet, PING_HEADER + len));
}

bool ping_is_reply(const uint8_t *data, uint64_t size, const uint8_t *request,
                   uint64_t len, bool *other)
{
    uint64_t ip = size ? (data[0] & 0xf) * 4 : 0;
    const uint8_t *icmp = data + ip;

    *other = false;
    if (ip < 20 || size < ip + PING_HEADER || icmp[0] != ECHO_REPLY ||
        icmp[1] || memcmp(icmp + 4, request + 4, 4)) {
        return false;
    }
    *other = size != ip + PING_HEADER + len ||
             memcmp(icmp + PING_HEADER, request + PING_HEADER, len) ||
             checksum(icmp, PING_HEADER + len);
    return !*other;
}

/* Returns: the name of the device's network interface, or NULL; the caller
 * frees it. */
static char *interface_of(const char *bdf)
{
    char *path = text_printf("/sys/bus/pci/devices/%s/net", bdf);
    DIR *dir = opendir(path);
    char *name = NULL;
    struct dirent *d;

    while (dir && !name && (d = readdir(dir))) {
        name = d->d_name[0] == '.' ? NULL : text_copy(d->d_name);
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    return name;
}

static bool wait_for_link(const char *name, struct answer *a)
{
    char *path = text_printf("/sys/class/net/%s/carrier", name);
    double end = clock_seconds() + LINK_SECONDS;
    char carrier[8] = "";

    while ((!file_read_line(path, carrier, sizeof(carrier)) ||
            strcmp(carrier, "1")) && clock_seconds() < end) {
        poll(NULL, 0, 50);
    }
    free(path);
    return !strcmp(carrier, "1") || answer_error(a, "%s has no link", name);
}

/* Returns: a socket, or -1 with the error in @a. */
static int open_socket(const struct ping *ping, const char *name,
                       struct answer *a)
{
    struct sockaddr_in peer = { .sin_family = AF_INET,
                                .sin_addr.s_addr = ping->peer };
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
                             strlen(name) + 1) ||
        connect(fd, (struct sockaddr *)&peer, sizeof(peer))) {
        answer_error(a, "no socket on %s: %s", name, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static bool ask(const struct ping *ping, int fd, uint64_t n, struct answer *a)
{
    uint8_t request[PING_HEADER + PING_MAX_LEN], data[2048];
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    double end = clock_seconds() + (n ? REPLY_SECONDS : FIRST_REPLY_SECONDS);
    bool other = false;

    ping_build(request, getpid(), n, ping->seed + n, ping->len);
    if (send(fd, request, PING_HEADER + ping->len, 0) < 0) {
        return answer_error(a, "cannot send request %" PRIu64 ": %s", n,
                            strerror(errno));
    }
    while (clock_seconds() < end) {
        ssize_t size;

        if (poll(&readable, 1, 100) <= 0) {
            continue;
        }
        size = recv(fd, data, sizeof(data), 0);
        if (size > 0 && ping_is_reply(data, size, request, ping->len,
                                      &other)) {
            return true;
        }
        if (other) {
            return answer_error(a, "the reply to request %" PRIu64
                                " has other content", n);
        }
    }
    return answer_error(a, "no reply to request %" PRIu64, n);
}

bool ping_run(const struct ping *ping, struct ping_result *result,
              struct answer *a)
{
    char *name;
    double begin;
    int fd;

    *result = (struct ping_result){ 0 };
    if (!ping->len || ping->len % 8 || ping->len > PING_MAX_LEN ||
        !ping->count || ping->count > UINT16_MAX) {
        return answer_error(a, "len= is a multiple of 8 up to %d, count= 1 to "
                            "%d", PING_MAX_LEN, UINT16_MAX);
    }
    name = interface_of(ping->bdf);
    if (!name) {
        return answer_error(a, "%s has no network interface", ping->bdf);
    }
    fd = wait_for_link(name, a) ? open_socket(ping, name, a) : -1;
    begin = clock_seconds();
    while (fd >= 0 && result->replies < ping->count &&
           ask(ping, fd, result->replies, a)) {
        result->replies++;
    }
    result->usec = (clock_seconds() - begin) * 1e6;
    if (fd >= 0) {
        close(fd);
    }
    free(name);
    return !a->failed;
}
