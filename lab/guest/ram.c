/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ram.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapping.h"
#include "pattern.h"

#define MAX_BYTES (1 << 20)

bool ram_is_kernels(const char *iomem, uint64_t first, uint64_t last)
{
    for (const char *p = iomem; p && *p; p = strchr(p, '\n')) {
        uint64_t begin, end;
        char name[32];

        if (sscanf(p, " %" SCNx64 "-%" SCNx64 " : %31[^\n]", &begin, &end,
                   name) == 3 && !strcmp(name, "System RAM") &&
            first <= end && last >= begin) {
            return true;
        }
        p += *p == '\n' ? 1 : 0;
    }
    return false;
}

static bool is_free(uint64_t gpa, uint64_t len, struct answer *a)
{
    char iomem[16384];
    FILE *f = fopen("/proc/iomem", "re");
    size_t n = f ? fread(iomem, 1, sizeof(iomem) - 1, f) : 0;

    if (f) {
        fclose(f);
    }
    iomem[n] = '\0';
    if (!n || ram_is_kernels(iomem, gpa, gpa + len - 1)) {
        return answer_error(a, "the kernel uses RAM at 0x%" PRIx64
                            ": boot it with mem=", gpa);
    }
    return true;
}

static bool open_ram(struct mapping *map, uint64_t gpa, uint64_t len,
                     struct answer *a)
{
    if (!len || len > MAX_BYTES || len % 8 || gpa % 8) {
        return answer_error(a, "gpa= and len= must be multiples of 8, len= "
                            "at most %d", MAX_BYTES);
    }
    return is_free(gpa, len, a) && mapping_open(map, "/dev/mem", gpa, len, a);
}

bool ram_fill(uint64_t gpa, uint64_t len, uint64_t seed, struct answer *a)
{
    uint64_t changed, where;
    struct mapping map;
    uint64_t *data;

    if (!open_ram(&map, gpa, len, a)) {
        return false;
    }
    data = calloc(1, len);
    if (!data) {
        abort();
    }
    pattern_fill((uint8_t *)data, len, seed);
    for (uint64_t i = 0; i < len / 8; i++) {
        ((volatile uint64_t *)map.at)[i] = data[i];
    }
    free(data);
    mapping_close(&map);
    return ram_check(gpa, len, seed, &changed, &where, a) &&
           (!changed || answer_error(a, "there is no RAM at 0x%" PRIx64, gpa));
}

bool ram_check(uint64_t gpa, uint64_t len, uint64_t seed, uint64_t *changed,
               uint64_t *where, struct answer *a)
{
    struct mapping map;
    uint8_t *data;

    *changed = *where = 0;
    if (!open_ram(&map, gpa, len, a)) {
        return false;
    }
    data = calloc(1, len);
    if (!data) {
        abort();
    }
    pattern_fill(data, len, seed);
    for (uint64_t i = 0; i < len; i++) {
        if (map.at[i] != data[i] && !(*changed)++) {
            *where = gpa + i;
        }
    }
    free(data);
    mapping_close(&map);
    return true;
}
