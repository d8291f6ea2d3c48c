/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host must have; each thing it lacks with the way to get it. */
#ifndef HOST_CHECKS_H
#define HOST_CHECKS_H

#include "args.h"
#include "pci.h"

/*
 * Add to @lacks a sentence for everything missing that can be seen without
 * touching the devices. @devices are those pci_find() found.
 */
void checks_host(const struct config *config, const struct pci_device *devices,
                 size_t n_devices, GPtrArray *lacks);

/*
 * The same for what shows only with the device on vfio-pci. @fact receives
 * what the SMMU can do, for the report, or NULL; the caller frees it.
 */
void checks_bound_device(const struct config *config,
                         const struct pci_device *dev, GPtrArray *lacks,
                         char **fact);

#endif
