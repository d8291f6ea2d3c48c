/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupts.h"
#include "util.h"
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
    g_autofree char *link = g_build_filename("/sys/class/block", name, "device", NULL);
    g_autofree char *path = realpath(link, NULL);
    g_auto(GStrv) parts = path ? g_strsplit(path, "/", -1) : NULL;
    bool found = false;

    /* the innermost component that is a PCI address */
    for (char **part = parts; part && *part; part++) {
        if (is_bdf(*part)) {
            g_strlcpy(bdf, *part, size);
            found = true;
        }
    }
    return found;
}

static bool block_of_bdf(const char *bdf, char *name, size_t size)
{
    g_auto(GStrv) names = file_names("/sys/class/block");

    for (char **block = names; *block; block++) {
        g_autofree char *partition = g_build_filename("/sys/class/block", *block, "partition", NULL);
        char other[16];

        if (access(partition, F_OK) && devices_bdf_of_block(*block, other, sizeof(other)) && !strcmp(bdf, other)) {
            g_strlcpy(name, *block, size);
            return true;
        }
    }
    return false;
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

uint64_t devices_interrupts(const char *bdf)
{
    g_autofree char *path = g_build_filename(PCI_DEVICES, bdf, "msi_irqs", NULL);
    g_auto(GStrv) names = file_names(path);
    g_autofree char *table = interrupts_table();
    unsigned irqs[MAX_IRQS];
    size_t n = 0;

    for (char **name = names; *name && n < MAX_IRQS; name++) {
        n += sscanf(*name, "%u", &irqs[n]) == 1;
    }
    return table ? interrupts_of(table, irqs, n) : 0;
}

bool devices_driver(const char *bdf, char *driver, size_t size,
                    struct answer *a)
{
    g_autofree char *link = g_build_filename(PCI_DEVICES, bdf, "driver", NULL);

    return file_link_name(link, driver, size) || answer_error(a, "PCI device %s has no driver", bdf);
}

static bool bind_to(const char *bdf, const char *driver, struct answer *a)
{
    g_autofree char *override = g_build_filename(PCI_DEVICES, bdf, "driver_override", NULL);
    g_autofree char *link = g_build_filename(PCI_DEVICES, bdf, "driver", NULL);
    char now[64] = "none";

    file_write(override, driver);
    if (!file_write("/sys/bus/pci/drivers_probe", bdf)) {
        answer_error(a, "cannot probe %s: %s", bdf, strerror(errno));
    } else if (!file_link_name(link, now, sizeof(now)) ||
               strcmp(now, driver)) {
        answer_error(a, "driver of %s is %s after the probe", bdf, now);
    }
    file_write(override, "\n");
    return !a->failed;
}

bool devices_rebind(const char *bdf, const char *driver, const char *type, struct answer *a)
{
    g_autofree char *dir = g_build_filename(PCI_DEVICES, bdf, NULL);
    g_autofree char *unbind = g_build_filename(dir, "driver/unbind", NULL);
    g_autofree char *domain = g_build_filename(dir, "iommu_group/type", NULL);

    if (access(dir, F_OK)) {
        answer_error(a, "no PCI device %s", bdf);
    } else if (!file_write(unbind, bdf) && errno != ENOENT) {
        answer_error(a, "cannot unbind %s: %s", bdf, strerror(errno));
    } else if (type && !file_write(domain, type)) {
        answer_error(a, "cannot write %s to %s: %s", type, domain, strerror(errno));
    } else {
        bind_to(bdf, driver, a);
    }
    return !a->failed;
}

static void add_direct_ranges(struct answer *a, const char *group)
{
    g_autofree char *path = g_build_filename(GROUPS, group, "reserved_regions", NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return;
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        uint64_t first, last;
        char type[32], word[64];

        if (sscanf(*line, "%" SCNx64 " %" SCNx64 " %31s", &first, &last, type) == 3 && !strcmp(type, "direct")) {
            snprintf(word, sizeof(word), "direct=0x%" PRIx64 "-0x%" PRIx64, first, last);
            if (!strstr(a->text, word)) {
                answer_add(a, "%s", word);
            }
        }
    }
}

static void add_group_types(struct answer *a, const char *group)
{
    g_autofree char *path = g_build_filename(GROUPS, group, "type", NULL);
    g_autofree char *devices = g_build_filename(GROUPS, group, "devices", NULL);
    g_auto(GStrv) names = file_names(devices);
    char type[32] = "unknown";

    file_read_line(path, type, sizeof(type));
    for (char **name = names; *name; name++) {
        answer_add(a, "%s=%s", *name, type);
    }
}

static void for_each_group(struct answer *a, void (*visit)(struct answer *, const char *))
{
    g_auto(GStrv) groups = file_names(GROUPS);

    for (char **group = groups; *group; group++) {
        visit(a, *group);
    }
    answer_add(a, "groups=%u", g_strv_length(groups));
}

void devices_reserved(struct answer *a)
{
    for_each_group(a, add_direct_ranges);
}

void devices_iommu(struct answer *a)
{
    for_each_group(a, add_group_types);
}
