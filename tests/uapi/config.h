/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_CONFIG_H
#define UAPI_CONFIG_H

/*
 * PCI configuration space as vfio-pci shows it: an endpoint with power
 * management, MSI, PCI Express with FLR, and MSI-X if asked for. BARs and the
 * MSI capabilities are virtual, as in the kernel: writing them has no effect
 * on the device.
 */

#include "model.h"

#define UAPI_CONFIG_SIZE 4096u
#define UAPI_CONFIG_MSIX_BAR 2

#define UAPI_MSIX_BAR_SIZE 4096u

struct uapi_config {
    uint8_t value[UAPI_CONFIG_SIZE];
    uint8_t writable[UAPI_CONFIG_SIZE];
};

/* As it is when vfio-pci has enabled the device */
void uapi_config_init(struct uapi_config *config,
                      const struct uapi_device_config *conf);
void uapi_config_read(struct uapi_config *config, void *buf, size_t len,
                      uint32_t at);
/* Returns: true if a function level reset was asked for */
bool uapi_config_write(struct uapi_config *config, const void *buf, size_t len,
                       uint32_t at);

/* Bits of the command register */
bool uapi_config_memory_enabled(const struct uapi_config *config);
bool uapi_config_bus_master(const struct uapi_config *config);

#endif /* UAPI_CONFIG_H */
