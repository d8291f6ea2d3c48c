/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_CONFIG_H
#define KM_CONFIG_H

/*
 * PCI configuration space as vfio-pci shows it: an endpoint with power
 * management, MSI, PCI Express with FLR, and MSI-X if asked for. BARs and the
 * MSI capabilities are virtual, as in the kernel: writing them has no effect
 * on the device.
 */

#include "model.h"

#define KM_CONFIG_SIZE 4096u
#define KM_CONFIG_MSIX_BAR 2

#define KM_MSIX_BAR_SIZE 4096u

struct km_config {
    uint8_t value[KM_CONFIG_SIZE];
    uint8_t writable[KM_CONFIG_SIZE];
};

/* As it is when vfio-pci has enabled the device */
void km_config_init(struct km_config *config,
                    const struct km_device_config *conf);
void km_config_read(struct km_config *config, void *buf, size_t len,
                    uint32_t at);
/* Returns: true if a function level reset was asked for */
bool km_config_write(struct km_config *config, const void *buf, size_t len,
                     uint32_t at);

/* Bits of the command register */
bool km_config_memory_enabled(const struct km_config *config);
bool km_config_bus_master(const struct km_config *config);

#endif /* KM_CONFIG_H */
