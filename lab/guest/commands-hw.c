/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands-hw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arguments.h"
#include "devices.h"
#include "edu.h"
#include "msi.h"
#include "ping.h"
#include "ram.h"
#include "smmu.h"
#include "words.h"

void commands_edu(const char *args, struct answer *a)
{
    struct edu edu = { .bdf = "" };
    struct edu_result result;
    char op[16];

    words_value(args, "bdf", edu.bdf, sizeof(edu.bdf));
    if (!arguments_text(args, "op", op, sizeof(op), a) ||
        !arguments_number(args, "iova", UINT64_MAX, &edu.iova, a) ||
        !arguments_number(args, "len", EDU_BUFFER, &edu.len, a) ||
        !arguments_number(args, "count", 1, &edu.count, a) ||
        !arguments_number(args, "seed", 1, &edu.seed, a)) {
        return;
    }
    if (!edu_parse_op(op, &edu.op)) {
        answer_error(a, "op= is read, write, loop or irq, not %s", op);
    } else if (edu_run(&edu, &result, a)) {
        answer_add(a, "bytes=%" PRIu64 " ios=%" PRIu64 " irqs=%" PRIu64
                   " usec=%" PRIu64 " bdf=%s sid=0x%x iova=0x%" PRIx64,
                   edu.op == EDU_IRQ ? 0 : result.ios * edu.len, result.ios,
                   result.irqs, result.usec, edu.bdf, edu_sid(edu.bdf),
                   edu.iova);
    }
}

void commands_msi(const char *args, struct answer *a)
{
    struct msi msi;
    char bdf[16];

    if (arguments_text(args, "bdf", bdf, sizeof(bdf), a) &&
        msi_address(bdf, &msi, a)) {
        answer_add(a, "kind=%s iova=0x%" PRIx64, msi.msix ? "msix" : "msi",
                   msi.address);
    }
}

/* gpa=, or the page that has the address of bdf='s MSIs if taken for a GPA */
static bool ram_place(const char *args, uint64_t *gpa, struct answer *a)
{
    struct msi msi;
    char bdf[16];

    if (words_value(args, "bdf", bdf, sizeof(bdf))) {
        if (!msi_address(bdf, &msi, a)) {
            return false;
        }
        *gpa = msi.address & ~0xfffULL;
        return true;
    }
    return arguments_number(args, "gpa", 0, gpa, a) &&
           (*gpa || answer_error(a, "gpa= or bdf= is missing"));
}

void commands_ram(const char *args, struct answer *a)
{
    uint64_t gpa, len, seed, changed, where;
    char op[16];

    if (!arguments_text(args, "op", op, sizeof(op), a) ||
        !arguments_number(args, "len", 4096, &len, a) ||
        !arguments_number(args, "seed", 1, &seed, a) ||
        !ram_place(args, &gpa, a)) {
        return;
    }
    if (!strcmp(op, "fill")) {
        if (ram_fill(gpa, len, seed, a)) {
            answer_add(a, "gpa=0x%" PRIx64 " bytes=%" PRIu64, gpa, len);
        }
    } else if (strcmp(op, "check")) {
        answer_error(a, "op= is fill or check, not %s", op);
    } else if (ram_check(gpa, len, seed, &changed, &where, a)) {
        answer_add(a, "changed=%" PRIu64 " gpa=0x%" PRIx64, changed,
                   changed ? where : gpa);
    }
}

void commands_ping(const char *args, struct answer *a)
{
    struct ping ping = { .len = 0 };
    struct ping_result result;
    char bdf[16], peer[32];
    struct in_addr address;
    uint64_t irqs;

    if (!arguments_text(args, "bdf", bdf, sizeof(bdf), a) ||
        !arguments_text(args, "peer", peer, sizeof(peer), a) ||
        !arguments_number(args, "count", 1, &ping.count, a) ||
        !arguments_number(args, "len", 1024, &ping.len, a) ||
        !arguments_number(args, "seed", 1, &ping.seed, a)) {
        return;
    }
    if (!inet_aton(peer, &address)) {
        answer_error(a, "peer= is an IPv4 address, not %s", peer);
        return;
    }
    ping.bdf = bdf;
    ping.peer = address.s_addr;
    irqs = devices_interrupts(bdf);
    if (ping_run(&ping, &result, a)) {
        answer_add(a, "bytes=%" PRIu64 " ios=%" PRIu64 " irqs=%" PRIu64
                   " usec=%" PRIu64 " bdf=%s", result.replies * ping.len,
                   result.replies, devices_interrupts(bdf) - irqs,
                   result.usec, bdf);
    }
}

static void tell_queue(bool empty, struct answer *a)
{
    struct smmu_queue q;

    if (smmu_queue_look(empty, &q, a)) {
        answer_add(a, "events=%u overflow=%d first-type=0x%x first-sid=0x%x "
                   "first-iova=0x%" PRIx64 " last-iova=0x%" PRIx64, q.count,
                   q.overflow, q.first.type, q.first.sid, q.first.address,
                   q.last.address);
    }
}

static void own_queue(const char *args, struct answer *a)
{
    uint64_t gpa, log2size;

    if (arguments_number(args, "gpa", 0, &gpa, a) &&
        arguments_number(args, "log2size", 0, &log2size, a) &&
        smmu_queue_own(gpa, log2size, a)) {
        answer_add(a, "gpa=0x%" PRIx64 " entries=%u", gpa,
                   1u << (unsigned)log2size);
    }
}

static void flood(const char *args, struct answer *a)
{
    uint64_t gpa, log2size, sid, seconds;
    struct smmu_flood result;

    if (arguments_number(args, "gpa", 0, &gpa, a) &&
        arguments_number(args, "log2size", 8, &log2size, a) &&
        arguments_number(args, "sid", 0, &sid, a) &&
        arguments_number(args, "seconds", 1, &seconds, a) &&
        smmu_flood(gpa, log2size, sid, seconds, &result, a)) {
        answer_add(a, "commands=%" PRIu64 " max-usec=%" PRIu64,
                   result.commands, result.max_usec);
    }
}

void commands_smmu(const char *args, struct answer *a)
{
    uint64_t abort;
    char op[16];

    if (!arguments_text(args, "op", op, sizeof(op), a) ||
        !arguments_number(args, "abort", 0, &abort, a)) {
        return;
    }
    if (!strcmp(op, "on") || !strcmp(op, "off")) {
        smmu_enable(!strcmp(op, "on"), abort, a);
    } else if (!strcmp(op, "own-queue")) {
        own_queue(args, a);
    } else if (!strcmp(op, "look") || !strcmp(op, "empty")) {
        tell_queue(!strcmp(op, "empty"), a);
    } else if (!strcmp(op, "driver-queue")) {
        smmu_queue_back(a);
    } else if (!strcmp(op, "flood")) {
        flood(args, a);
    } else {
        answer_error(a, "op= is on, off, own-queue, look, empty, "
                     "driver-queue or flood, not %s", op);
    }
}

/* Linux, uapi/linux/map_benchmark.h, newer than the C library's headers */
struct map_benchmark {
    uint64_t avg_map_100ns, map_stddev, avg_unmap_100ns, unmap_stddev;
    uint32_t threads, seconds;
    int32_t node;
    uint32_t dma_bits, dma_dir, dma_trans_ns, granule;
    uint8_t map_mode, expansion[75];
};

#define DMA_MAP_BENCHMARK _IOWR('d', 1, struct map_benchmark)
#define DMA_MAP_FROM_DEVICE 2

static void run_dma_map(struct map_benchmark *b, struct answer *a)
{
    static const char path[] = "/sys/kernel/debug/dma_map_benchmark";
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0 || ioctl(fd, DMA_MAP_BENCHMARK, b)) {
        answer_error(a, "%s: %s", path, strerror(errno));
    } else {
        answer_add(a, "map-ns=%" PRIu64 " unmap-ns=%" PRIu64
                   " map-stddev-ns=%" PRIu64 " unmap-stddev-ns=%" PRIu64,
                   b->avg_map_100ns * 100, b->avg_unmap_100ns * 100,
                   b->map_stddev * 100, b->unmap_stddev * 100);
    }
    if (fd >= 0) {
        close(fd);
    }
}

/* The device has the benchmark's driver meanwhile, then its own again. */
void commands_dma_map(const char *args, struct answer *a)
{
    struct map_benchmark b = { .node = -1, .dma_bits = 64,
                               .dma_dir = DMA_MAP_FROM_DEVICE };
    uint64_t threads, seconds, granule;
    char bdf[16], driver[64];

    if (!arguments_text(args, "bdf", bdf, sizeof(bdf), a) ||
        !arguments_number(args, "threads", 1, &threads, a) ||
        !arguments_number(args, "seconds", 1, &seconds, a) ||
        !arguments_number(args, "granule", 1, &granule, a) ||
        !devices_driver(bdf, driver, sizeof(driver), a) ||
        !devices_rebind(bdf, "dma_map_benchmark", a)) {
        return;
    }
    b.threads = threads;
    b.seconds = seconds;
    b.granule = granule;
    run_dma_map(&b, a);
    if (!a->failed) {
        devices_rebind(bdf, driver, a);
    }
}
