/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dma-map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "devices.h"

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

void dma_map_command(const char *args, struct answer *a)
{
    struct map_benchmark b = { .node = -1, .dma_bits = 64,
                               .dma_dir = DMA_MAP_FROM_DEVICE };
    uint64_t threads, seconds, granule;
    char bdf[16], driver[64];

    if (!argument_text(args, "bdf", bdf, sizeof(bdf), a) ||
        !argument_number(args, "threads", 1, &threads, a) ||
        !argument_number(args, "seconds", 1, &seconds, a) ||
        !argument_number(args, "granule", 1, &granule, a) ||
        !devices_driver(bdf, driver, sizeof(driver), a) ||
        !devices_rebind(bdf, "dma_map_benchmark", NULL, a)) {
        return;
    }
    b.threads = threads;
    b.seconds = seconds;
    b.granule = granule;
    run_dma_map(&b, a);
    if (!a->failed) {
        devices_rebind(bdf, driver, NULL, a);
    }
}
