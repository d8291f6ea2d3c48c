/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupts.h"
#include "words.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define GROUPS "/sys/kernel/iommu_groups"
#define MAX_IRQS 64

static bool is_bdf(const char *s)
{
    unsigned domain, bus, slot, function;
    char rest;

    return sscanf(s, "%4x:%2x:%2x.%1x%c", &domain, &bus, &slot, &function,
                  &rest) == 4;
}

bool devices_bdf_of_block(const char *name, char *bdf, size_t size)
{
    char *link = text_printf("/sys/class/block/%s/device", name);
    char *path = realpath(link, NULL);
    bool found = false;

    /* the innermost component that is a PCI address */
    for (char *part = path ? strtok(path, "/") : NULL; part;
         part = strtok(NULL, "/")) {
        if (is_bdf(part)) {
            snprintf(bdf, size, "%s", part);
            found = true;
        }
    }
    free(path);
    free(link);
    return found;
}

static bool block_of_bdf(const char *bdf, char *name, size_t size)
{
    DIR *dir = opendir("/sys/class/block");
    struct dirent *d;
    bool found = false;

    while (dir && !found && (d = readdir(dir))) {
        char other[16];
        char *partition = text_printf("/sys/class/block/%s/partition",
                                      d->d_name);

        if (access(partition, F_OK) &&
            devices_bdf_of_block(d->d_name, other, sizeof(other)) &&
            !strcmp(bdf, other)) {
            snprintf(name, size, "%.63s", d->d_name);
            found = true;
        }
        free(partition);
    }
    if (dir) {
        closedir(dir);
    }
    return found;
}

bool devices_block(const char *args, char *name, char *bdf, struct answer *a)
{
    if (words_value(args, "dev", name, 64)) {
        return devices_bdf_of_block(name, bdf, 16) ||
               answer_error(a, "no block device %s on PCI", name);
    }
    if (words_value(args, "bdf", bdf, 16)) {
        return block_of_bdf(bdf, name, 64) ||
               answer_error(a, "no block device on PCI device %s", bdf);
    }
    return answer_error(a, "dev=NAME or bdf=BDF is missing");
}

/* Numbers of the MSI lines of the PCI device. Returns: how many. */
static size_t msi_irqs(const char *bdf, unsigned irqs[MAX_IRQS])
{
    char *path = text_printf(PCI_DEVICES "/%s/msi_irqs", bdf);
    DIR *dir = opendir(path);
    struct dirent *d;
    size_t n = 0;

    while (dir && n < MAX_IRQS && (d = readdir(dir))) {
        if (sscanf(d->d_name, "%u", &irqs[n]) == 1) {
            n++;
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    return n;
}

uint64_t devices_interrupts(const char *bdf)
{
    unsigned irqs[MAX_IRQS];
    size_t n = msi_irqs(bdf, irqs);
    char *table = interrupts_table();
    uint64_t sum = table ? interrupts_of(table, irqs, n) : 0;

    free(table);
    return sum;
}

bool devices_driver(const char *bdf, char *driver, size_t size,
                    struct answer *a)
{
    char *link = text_printf(PCI_DEVICES "/%s/driver", bdf);
    bool ok = file_link_name(link, driver, size) ||
              answer_error(a, "PCI device %s has no driver", bdf);

    free(link);
    return ok;
}

static bool bind_to(const char *bdf, const char *driver, struct answer *a)
{
    char *override = text_printf(PCI_DEVICES "/%s/driver_override", bdf);
    char *link = text_printf(PCI_DEVICES "/%s/driver", bdf);
    char now[64] = "none";

    file_write(override, driver);
    if (!file_write("/sys/bus/pci/drivers_probe", bdf)) {
        answer_error(a, "cannot probe %s: %s", bdf, strerror(errno));
    } else if (!file_link_name(link, now, sizeof(now)) ||
               strcmp(now, driver)) {
        answer_error(a, "driver of %s is %s after the probe", bdf, now);
    }
    file_write(override, "\n");
    free(override);
    free(link);
    return !a->failed;
}

bool devices_rebind(const char *bdf, const char *driver, struct answer *a)
{
    char *dir = text_printf(PCI_DEVICES "/%s", bdf);
    char *unbind = text_printf("%s/driver/unbind", dir);

    if (access(dir, F_OK)) {
        answer_error(a, "no PCI device %s", bdf);
    } else if (!file_write(unbind, bdf) && errno != ENOENT) {
        answer_error(a, "cannot unbind %s: %s", bdf, strerror(errno));
    } else {
        bind_to(bdf, driver, a);
    }
    free(unbind);
    free(dir);
    return !a->failed;
}

static void add_direct_ranges(struct answer *a, const char *group)
{
    char *path = text_printf(GROUPS "/%s/reserved_regions", group);
    FILE *f = fopen(path, "re");
    char line[160];

    while (f && fgets(line, sizeof(line), f)) {
        uint64_t first, last;
        char type[32], word[64];

        if (sscanf(line, "%" SCNx64 " %" SCNx64 " %31s", &first, &last,
                   type) == 3 && !strcmp(type, "direct")) {
            snprintf(word, sizeof(word), "direct=0x%" PRIx64 "-0x%" PRIx64,
                     first, last);
            if (!strstr(a->text, word)) {
                answer_add(a, "%s", word);
            }
        }
    }
    if (f) {
        fclose(f);
    }
    free(path);
}

static void add_group_types(struct answer *a, const char *group)
{
    char *path = text_printf(GROUPS "/%s/type", group);
    char *devices = text_printf(GROUPS "/%s/devices", group);
    char type[32] = "unknown";
    DIR *dir = opendir(devices);
    struct dirent *d;

    file_read_line(path, type, sizeof(type));
    while (dir && (d = readdir(dir))) {
        if (d->d_name[0] != '.') {
            answer_add(a, "%s=%s", d->d_name, type);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(devices);
    free(path);
}

static void for_each_group(struct answer *a,
                           void (*visit)(struct answer *, const char *))
{
    DIR *dir = opendir(GROUPS);
    struct dirent *d;
    int groups = 0;

    while (dir && (d = readdir(dir))) {
        if (d->d_name[0] != '.') {
            visit(a, d->d_name);
            groups++;
        }
    }
    if (dir) {
        closedir(dir);
    }
    answer_add(a, "groups=%d", groups);
}

void devices_reserved(struct answer *a)
{
    for_each_group(a, add_direct_ranges);
}

void devices_iommu(struct answer *a)
{
    for_each_group(a, add_group_types);
}
