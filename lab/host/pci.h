/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI devices of the host: what sysfs says, and their way to vfio-pci and back. */
#ifndef HOST_PCI_H
#define HOST_PCI_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct pci_device {
    char bdf[16];         /* of a virtual function: pf until it is bound */
    char pf[16];          /* physical function, if this is a virtual one that exists only while it is bound; else "" */
    unsigned vf;          /* its number then */
    char driver[64];      /* it had before; "" if none; of @pf if that is set */
    GPtrArray *disks;     /* names of its block devices, without partitions; they may have other ones after
                             pci_restore() */
    bool bound;           /* to vfio-pci: its driver must be restored */
};

/* Bring a PCI address into full form: 1:0.0 becomes 0000:01:00.0.
 * Returns: false if @text is not one. @bdf holds 16 bytes at least. */
bool pci_parse_bdf(const char *text, char *bdf);

/* Split "BDF/vfN", with BDF in full form.
 * Returns: false if it is not of that form; @pf holds 16 bytes at least. */
bool pci_parse_vf(const char *text, char *pf, unsigned *index);

/* Look the device up, given as BDF or BDF/vfN.
 * Returns: false with a message in *@err. */
bool pci_find(const char *name, struct pci_device *dev, char **err);

/* The name of the driver that has the device now. Returns: false if none. */
bool pci_driver(const char *bdf, char *buf, size_t size);

/* The name of the IOMMU that translates for the device, such as smmu3.0x0000000009050000.
 * Returns: false if none does. */
bool pci_iommu(const char *bdf, char *buf, size_t size);

/* Does the host use the device: a mounted or otherwise held disk, a network interface that is up?
 * Returns: true with who uses it in *@who. */
bool pci_in_use(const struct pci_device *dev, char **who);

/* Other devices in its IOMMU group that have a driver other than vfio-pci.
 * Returns: their addresses in a new string, or NULL if there are none. */
char *pci_group_others(const char *bdf);

/* Unbind the device from its driver and bind it to vfio-pci; a virtual function is created. */
bool pci_bind_vfio(struct pci_device *dev, char **err);

/* /dev/vfio/devices/vfioN of a device on vfio-pci.
 * Returns: a new string, or NULL if VFIO has no character device for it. */
char *pci_vfio_cdev(const char *bdf);

/* Restore the device's driver, wait until its disks are there again; a virtual function that was created is removed.
 * Returns: false with a message in *@err. */
bool pci_restore(struct pci_device *dev, char **err);

void pci_clear(struct pci_device *dev);

#endif
