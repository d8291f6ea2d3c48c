/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "msi.h"
#include "words.h"

#define MAX_BYTES (1 << 20)

bool mapping_open(struct mapping *map, const char *path, uint64_t offset, size_t len, struct answer *a)
{
    uint64_t inside = offset % sysconf(_SC_PAGESIZE);
    int fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);

    if (fd < 0) {
        return answer_error(a, "cannot open %s: %s", path, strerror(errno));
    }
    map->size = len + inside;
    map->base = mmap(NULL, map->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset - inside);
    close(fd);
    if (map->base == MAP_FAILED) {
        return answer_error(a, "cannot map %s at 0x%" PRIx64 ": %s", path, offset, strerror(errno));
    }
    map->at = (volatile uint8_t *)map->base + inside;
    return true;
}

void mapping_close(struct mapping *map)
{
    munmap(map->base, map->size);
}

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

bool iomem_find(const char *iomem, bool (*visit)(uint64_t first, uint64_t last, const char *name, void *opaque),
                void *opaque)
{
    g_auto(GStrv) lines = g_strsplit(iomem, "\n", -1);

    for (char **line = lines; *line; line++) {
        uint64_t first, last;
        char name[64];

        if (sscanf(*line, " %" SCNx64 "-%" SCNx64 " : %63[^\n]", &first, &last, name) == 3 &&
            visit(first, last, name, opaque)) {
            return true;
        }
    }
    return false;
}

static bool is_ram_in(uint64_t first, uint64_t last, const char *name, void *opaque)
{
    const uint64_t *range = opaque;

    return !strcmp(name, "System RAM") && range[0] <= last && range[1] >= first;
}

bool ram_is_kernels(const char *iomem, uint64_t first, uint64_t last)
{
    uint64_t range[] = { first, last };

    return iomem_find(iomem, is_ram_in, range);
}

static bool open_ram(struct mapping *map, uint64_t gpa, uint64_t len, struct answer *a)
{
    g_autofree char *iomem = NULL;

    if (!len || len > MAX_BYTES || len % 8 || gpa % 8) {
        return answer_error(a, "gpa= and len= must be multiples of 8, len= at most %d", MAX_BYTES);
    }
    if (!g_file_get_contents("/proc/iomem", &iomem, NULL, NULL) || ram_is_kernels(iomem, gpa, gpa + len - 1)) {
        return answer_error(a, "the kernel uses RAM at 0x%" PRIx64 ": boot it with mem=", gpa);
    }
    return mapping_open(map, "/dev/mem", gpa, len, a);
}

/* Count bytes that changed since ram_fill() in *@changed, the first of them being at *@where. Returns: false, with the
 * error in @a. */
static bool ram_check(uint64_t gpa, uint64_t len, uint64_t seed, uint64_t *changed, uint64_t *where, struct answer *a)
{
    g_autofree uint8_t *data = NULL;
    struct mapping map;

    *changed = *where = 0;
    if (!open_ram(&map, gpa, len, a)) {
        return false;
    }
    data = g_malloc0(len);
    pattern_fill(data, len, seed);
    for (uint64_t i = 0; i < len; i++) {
        if (map.at[i] != data[i] && !(*changed)++) {
            *where = gpa + i;
        }
    }
    mapping_close(&map);
    return true;
}

bool ram_fill(uint64_t gpa, uint64_t len, uint64_t seed, struct answer *a)
{
    g_autofree uint64_t *data = NULL;
    uint64_t changed, where;
    struct mapping map;

    if (!open_ram(&map, gpa, len, a)) {
        return false;
    }
    data = g_malloc0(len);
    pattern_fill((uint8_t *)data, len, seed);
    for (uint64_t i = 0; i < len / 8; i++) {
        ((volatile uint64_t *)map.at)[i] = data[i];
    }
    mapping_close(&map);
    return ram_check(gpa, len, seed, &changed, &where, a) &&
           (!changed || answer_error(a, "there is no RAM at 0x%" PRIx64, gpa));
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
    return argument_number(args, "gpa", 0, gpa, a) && (*gpa || answer_error(a, "gpa= or bdf= is missing"));
}

void ram_command(const char *args, struct answer *a)
{
    uint64_t gpa, len, seed, changed, where;
    char op[16];

    if (!argument_text(args, "op", op, sizeof(op), a) || !argument_number(args, "len", 4096, &len, a) ||
        !argument_number(args, "seed", 1, &seed, a) || !ram_place(args, &gpa, a)) {
        return;
    }
    if (!strcmp(op, "fill")) {
        if (ram_fill(gpa, len, seed, a)) {
            answer_add(a, "gpa=0x%" PRIx64 " bytes=%" PRIu64, gpa, len);
        }
    } else if (strcmp(op, "check")) {
        answer_error(a, "op= is fill or check, not %s", op);
    } else if (ram_check(gpa, len, seed, &changed, &where, a)) {
        answer_add(a, "changed=%" PRIu64 " gpa=0x%" PRIx64, changed, changed ? where : gpa);
    }
}
