/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool mapping_open(struct mapping *map, const char *path, uint64_t offset,
                  size_t len, struct answer *a)
{
    uint64_t inside = offset % sysconf(_SC_PAGESIZE);
    int fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);

    if (fd < 0) {
        return answer_error(a, "cannot open %s: %s", path, strerror(errno));
    }
    map->size = len + inside;
    map->base = mmap(NULL, map->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                     offset - inside);
    close(fd);
    if (map->base == MAP_FAILED) {
        return answer_error(a, "cannot map %s at 0x%" PRIx64 ": %s", path,
                            offset, strerror(errno));
    }
    map->at = (volatile uint8_t *)map->base + inside;
    return true;
}

void mapping_close(struct mapping *map)
{
    munmap(map->base, map->size);
}
