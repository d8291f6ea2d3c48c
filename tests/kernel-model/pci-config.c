/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/pci_regs.h>

#include "edu-registers.h"
#include "pci-config.h"

#define CAP_PM 0x40
#define CAP_MSI 0x50
#define CAP_EXP 0x70
#define CAP_MSIX 0xb0

static void put(struct km_config *c, uint32_t at, uint32_t value,
                uint32_t writable, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        c->value[at + i] = value >> (8 * i);
        c->writable[at + i] = writable >> (8 * i);
    }
}

static uint32_t get(const struct km_config *c, uint32_t at, int bytes)
{
    uint32_t value = 0;

    for (int i = 0; i < bytes; i++) {
        value |= (uint32_t)c->value[at + i] << (8 * i);
    }
    return value;
}

static void put_header(struct km_config *c)
{
    put(c, PCI_VENDOR_ID, EDU_VENDOR_ID, 0, 2);
    put(c, PCI_DEVICE_ID, EDU_DEVICE_ID, 0, 2);
    put(c, PCI_COMMAND, PCI_COMMAND_MEMORY,
        PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
        PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE, 2);
    put(c, PCI_STATUS, PCI_STATUS_CAP_LIST, 0, 2);
    put(c, PCI_REVISION_ID, 0x10, 0, 1);
    put(c, PCI_CLASS_DEVICE, 0x00ff, 0, 2);
    put(c, PCI_CACHE_LINE_SIZE, 0, 0xff, 1);
    put(c, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_SPACE_MEMORY,
        ~(EDU_BAR_SIZE - 1), 4);
    put(c, PCI_SUBSYSTEM_VENDOR_ID, 0x1af4, 0, 2);
    put(c, PCI_SUBSYSTEM_ID, 0x1100, 0, 2);
    put(c, PCI_INTERRUPT_LINE, 0, 0xff, 1);
    put(c, PCI_INTERRUPT_PIN, 1, 0, 1);
}

/* Each capability is put before those there are */
static void add_cap(struct km_config *c, uint32_t at, uint8_t id)
{
    put(c, at, id, 0, 1);
    put(c, at + 1, get(c, PCI_CAPABILITY_LIST, 1), 0, 1);
    put(c, PCI_CAPABILITY_LIST, at, 0, 1);
}

static void put_msi(struct km_config *c, uint32_t vectors)
{
    unsigned log2 = vectors > 1 ? 32 - __builtin_clz(vectors - 1) : 0;

    add_cap(c, CAP_MSI, PCI_CAP_ID_MSI);
    put(c, CAP_MSI + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT | log2 << 1,
        PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE, 2);
    put(c, CAP_MSI + PCI_MSI_ADDRESS_LO, 0, ~3u, 4);
    put(c, CAP_MSI + PCI_MSI_ADDRESS_HI, 0, ~0u, 4);
    put(c, CAP_MSI + PCI_MSI_DATA_64, 0, 0xffff, 2);
}

static void put_msix(struct km_config *c, uint32_t vectors)
{
    add_cap(c, CAP_MSIX, PCI_CAP_ID_MSIX);
    put(c, CAP_MSIX + PCI_MSIX_FLAGS, vectors - 1,
        PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
    put(c, CAP_MSIX + PCI_MSIX_TABLE, KM_CONFIG_MSIX_BAR, 0, 4);
    put(c, CAP_MSIX + PCI_MSIX_PBA, 0x800 | KM_CONFIG_MSIX_BAR, 0, 4);
    put(c, PCI_BASE_ADDRESS_2, PCI_BASE_ADDRESS_SPACE_MEMORY,
        ~(KM_MSIX_BAR_SIZE - 1), 4);
}

static void put_exp(struct km_config *c)
{
    add_cap(c, CAP_EXP, PCI_CAP_ID_EXP);
    put(c, CAP_EXP + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 0, 2);
    put(c, CAP_EXP + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR,
        0, 4);
    put(c, CAP_EXP + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_RELAX_EN |
        PCI_EXP_DEVCTL_NOSNOOP_EN | 2 << 12, 0x7fff, 2);
    put(c, CAP_EXP + PCI_EXP_LNKCAP, 1 | 1 << 4, 0, 4);
    put(c, CAP_EXP + PCI_EXP_LNKSTA, 1 | 1 << 4, 0, 2);
}

/* The space is one the test made up; a chain that leaves it is its mistake */
static void put_ext_caps(struct km_config *c,
                         const struct km_device_config *conf)
{
    memset(c->value + PCI_CFG_SPACE_SIZE, conf->ext_fill,
           KM_CONFIG_SIZE - PCI_CFG_SPACE_SIZE);
    for (int i = 0; i < KM_MAX_EXT_CAPS && conf->ext_cap[i].at; i++) {
        const struct km_ext_cap *cap = &conf->ext_cap[i];
        uint32_t next = i + 1 < KM_MAX_EXT_CAPS ? cap[1].at : 0;

        if (cap->at < PCI_CFG_SPACE_SIZE || cap->at % 4 ||
            cap->at > KM_CONFIG_SIZE - 4) {
            km_error("extended capability at 0x%x", cap->at);
            return;
        }
        put(c, cap->at, cap->id | cap->version << 16 | next << 20, 0, 4);
        for (unsigned n = 0; n < ARRAY_SIZE(cap->words); n++) {
            uint32_t at = cap->at + 4 + 4 * n;

            if (at <= KM_CONFIG_SIZE - 4) {
                put(c, at, cap->words[n], 0, 4);
            }
        }
    }
}

void km_config_init(struct km_config *c,
                    const struct km_device_config *conf)
{
    memset(c, 0, sizeof(*c));
    put_ext_caps(c, conf);
    put_header(c);
    if (conf->flags & KM_DEV_MSIX) {
        put_msix(c, conf->msix_vectors ? conf->msix_vectors : 1);
    }
    put_exp(c);
    put_msi(c, conf->msi_vectors);
    add_cap(c, CAP_PM, PCI_CAP_ID_PM);
    put(c, CAP_PM + PCI_PM_PMC, 3, 0, 2);
    put(c, CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET,
        PCI_PM_CTRL_STATE_MASK, 2);
}

void km_config_read(struct km_config *c, void *buf, size_t len,
                    uint32_t at)
{
    memcpy(buf, c->value + at, len);
}

bool km_config_write(struct km_config *c, const void *buf, size_t len,
                     uint32_t at)
{
    const uint8_t *bytes = buf;
    const uint32_t flr = CAP_EXP + PCI_EXP_DEVCTL + 1;

    for (size_t i = 0; i < len; i++) {
        uint8_t mask = c->writable[at + i];

        c->value[at + i] = (c->value[at + i] & ~mask) | (bytes[i] & mask);
    }
    return at <= flr && flr < at + len &&
           (bytes[flr - at] & (PCI_EXP_DEVCTL_BCR_FLR >> 8));
}

static bool command_bit(const struct km_config *c, uint16_t bit)
{
    return get(c, PCI_COMMAND, 2) & bit;
}

bool km_config_memory_enabled(const struct km_config *c)
{
    return command_bit(c, PCI_COMMAND_MEMORY);
}

bool km_config_bus_master(const struct km_config *c)
{
    return command_bit(c, PCI_COMMAND_MASTER);
}
