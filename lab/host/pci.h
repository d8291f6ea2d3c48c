/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI devices of the host: what sysfs says, and their way to vfio-pci and
 * back. */
#ifndef HOST_PCI_H
#define HOST_PCI_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct pci_device {
    char bdf[16];         /* of a virtual function: pf until it is taken */
    char pf[16];          /* physical function, if this is a virtual one that
                             is made when taken; else "" */
    unsigned vf;          /* its number then */
    char driver[64];      /* it had before; "" if none; of @pf if that is set */
    struct strlist disks; /* its block devices, without partitions; they may
                             have other names after pci_give_back() */
    bool taken;           /* from its driver: it must be given back */
};

/* Look the device up, given as BDF or BDF/vfN.
 * Returns: false with a message in *@err. */
bool pci_find(const char *name, struct pci_device *dev, char **err);

/* The name of the driver that has the device now. Returns: false if none. */
bool pci_driver(const char *bdf, char *buf, size_t size);

/* The name of the IOMMU that translates for the device, such as
 * smmu3.0x0000000009050000. Returns: false if none does. */
bool pci_iommu(const char *bdf, char *buf, size_t size);

/* Does the host use the device: a mounted or otherwise held disk, a network
 * interface that is up? Returns: true with who uses it in *@who. */
bool pci_in_use(const struct pci_device *dev, char **who);

/* Other devices in its IOMMU group that have a driver other than vfio-pci.
 * Returns: their addresses in a new string, or NULL if there are none. */
char *pci_group_others(const char *bdf);

/* Unbind the device from its driver and bind it to vfio-pci. */
bool pci_take(struct pci_device *dev, char **err);

/* /dev/vfio/devices/vfioN of a device on vfio-pci.
 * Returns: a new string, or NULL if VFIO has no character device for it. */
char *pci_vfio_cdev(const char *bdf);

/* Give the device back, wait until its driver and its disks are there again;
 * a virtual function that was made goes away.
 * Returns: false with a message in *@err. */
bool pci_give_back(struct pci_device *dev, char **err);

void pci_free(struct pci_device *dev);

#endif
