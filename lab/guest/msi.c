/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "msi.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

#define STATUS_CAP_LIST 0x10
#define CAP_MSI 0x05
#define CAP_MSIX 0x11
#define MSI_ENABLE 0x0001
#define MSI_64BIT 0x0080
#define MSIX_ENABLE 0x8000
#define MAX_CAPABILITIES 48

static uint32_t get(const uint8_t *config, unsigned at, unsigned bytes)
{
    uint32_t value = 0;

    while (bytes--) {
        value = value << 8 | config[at + bytes];
    }
    return value;
}

static void parse_msi(const uint8_t *config, unsigned at, struct msi *msi)
{
    unsigned flags = get(config, at + 2, 2);

    *msi = (struct msi){ .enabled = flags & MSI_ENABLE };
    msi->address = get(config, at + 4, 4);
    if (flags & MSI_64BIT) {
        msi->address |= (uint64_t)get(config, at + 8, 4) << 32;
    }
}

static void parse_msix(const uint8_t *config, unsigned at, struct msi *msi)
{
    uint32_t table = get(config, at + 4, 4);

    *msi = (struct msi){ .msix = true };
    msi->enabled = get(config, at + 2, 2) & MSIX_ENABLE;
    msi->bar = table & 7;
    msi->offset = table & ~7u;
}

bool msi_parse(const uint8_t *config, size_t size, struct msi *msi)
{
    bool found = false;
    unsigned at;

    *msi = (struct msi){ 0 };
    if (size < 0x40 || !(config[6] & STATUS_CAP_LIST)) {
        return false;
    }
    at = config[0x34] & ~3u;
    for (unsigned n = 0; n < MAX_CAPABILITIES && at >= 0x40 &&
         at + 12 <= size && !msi->enabled; n++) {
        if (config[at] == CAP_MSI) {
            parse_msi(config, at, msi);
            found = true;
        } else if (config[at] == CAP_MSIX) {
            parse_msix(config, at, msi);
            found = true;
        }
        at = config[at + 1] & ~3u;
    }
    return found;
}

static bool read_table(const char *bdf, struct msi *msi, struct answer *a)
{
    g_autofree char *path = g_strdup_printf("/sys/bus/pci/devices/%s/resource%u", bdf, msi->bar);
    struct mapping table;
    bool ok = mapping_open(&table, path, msi->offset, 16, a);

    if (ok) {
        const volatile uint32_t *entry = (const volatile uint32_t *)table.at;

        msi->address = (uint64_t)entry[1] << 32 | entry[0];
        mapping_close(&table);
    }
    return ok;
}

bool msi_address(const char *bdf, struct msi *msi, struct answer *a)
{
    g_autofree char *path = g_strdup_printf("/sys/bus/pci/devices/%s/config", bdf);
    FILE *f = fopen(path, "re");
    uint8_t config[256];
    size_t size = 0;

    if (!f) {
        return answer_error(a, "no PCI device %s: %s", bdf, strerror(errno));
    }
    size = fread(config, 1, sizeof(config), f);
    fclose(f);
    if (!msi_parse(config, size, msi) || !msi->enabled) {
        return answer_error(a, "%s has no MSI in use", bdf);
    }
    return !msi->msix || read_table(bdf, msi, a);
}

void msi_command(const char *args, struct answer *a)
{
    struct msi msi;
    char bdf[16];

    if (argument_text(args, "bdf", bdf, sizeof(bdf), a) &&
        msi_address(bdf, &msi, a)) {
        answer_add(a, "kind=%s iova=0x%" PRIx64, msi.msix ? "msix" : "msi",
                   msi.address);
    }
}
