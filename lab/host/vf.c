/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "text.h"

#define DEVICES "/sys/bus/pci/devices"
#define MAX_INDEX 255

bool vf_parse(const char *text, char *pf, unsigned *index)
{
    const char *slash = strchr(text, '/');
    char bdf[32], rest;
    int used = 0;

    if (!slash || (size_t)(slash - text) >= sizeof(bdf) ||
        sscanf(slash, "/vf%3u%n%c", index, &used, &rest) != 1 ||
        *index > MAX_INDEX) {
        return false;
    }
    snprintf(bdf, sizeof(bdf), "%.*s", (int)(slash - text), text);
    return args_parse_bdf(bdf, pf);
}

static bool set(const char *pf, const char *file, unsigned value)
{
    char path[128], text[16];

    snprintf(path, sizeof(path), DEVICES "/%s/%s", pf, file);
    snprintf(text, sizeof(text), "%u", value);
    return file_write(path, text);
}

static bool get(const char *pf, const char *file, unsigned *value)
{
    char path[128], text[16];

    snprintf(path, sizeof(path), DEVICES "/%s/%s", pf, file);
    if (!file_read_line(path, text, sizeof(text))) {
        return false;
    }
    *value = strtoul(text, NULL, 10);
    return true;
}

static bool make(const char *pf, unsigned index, char **err)
{
    unsigned total = 0, now = 0;
    bool ok;

    if (!get(pf, "sriov_totalvfs", &total) || !get(pf, "sriov_numvfs", &now)) {
        return text_fail(err, "%s has no virtual functions (SR-IOV)", pf);
    }
    if (index >= total) {
        return text_fail(err, "%s can have %u virtual functions: the last is "
                         "vf%u", pf, total, total - 1);
    }
    if (now) {
        return text_fail(err, "%s has %u virtual functions already: give one "
                         "of them by its own address, or remove them (echo 0 "
                         "> " DEVICES "/%s/sriov_numvfs)", pf, now, pf);
    }
    set(pf, "sriov_drivers_autoprobe", 0);
    ok = set(pf, "sriov_numvfs", index + 1) ||
         text_fail(err, "the driver of %s makes no virtual functions: %s", pf,
                   strerror(errno));
    set(pf, "sriov_drivers_autoprobe", 1);
    return ok;
}

bool vf_create(const char *pf, unsigned index, char *bdf, char **err)
{
    char link[128], name[32];

    if (!make(pf, index, err)) {
        return false;
    }
    snprintf(link, sizeof(link), DEVICES "/%s/virtfn%u", pf, index);
    if (!file_link_name(link, name, sizeof(name)) ||
        !args_parse_bdf(name, bdf)) {
        text_fail(err, "%s has no virtual function %u", pf, index);
        vf_remove(pf, err);
        return false;
    }
    return true;
}

bool vf_remove(const char *pf, char **err)
{
    return set(pf, "sriov_numvfs", 0) ||
           text_fail(err, "cannot remove the virtual functions of %s: %s", pf,
                     strerror(errno));
}
