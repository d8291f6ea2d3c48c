/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions through the ECAM of -machine virt, as firmware and driver see
 * them. libqos knows bus 0 and the first 256 bytes only.
 */
#ifndef TESTS_QTEST_PCI_H
#define TESTS_QTEST_PCI_H

#include "machine.h"

typedef struct PciFunction {
    QTestState *qts;
    uint8_t bus;
    uint8_t devfn;
} PciFunction;

#define PCI_SLOT_DEVFN(slot) ((slot) << 3)

uint8_t pci_readb(const PciFunction *pci, unsigned offset);
uint16_t pci_readw(const PciFunction *pci, unsigned offset);
uint32_t pci_readl(const PciFunction *pci, unsigned offset);
void pci_writeb(const PciFunction *pci, unsigned offset, uint8_t value);
void pci_writew(const PciFunction *pci, unsigned offset, uint16_t value);
void pci_writel(const PciFunction *pci, unsigned offset, uint32_t value);

/* Returns: the offset of capability @id. The function must have it. */
unsigned pci_capability(const PciFunction *pci, uint8_t id);

/*
 * Returns: the offset of extended capability @id, 0 if there is none. @last
 * (out parameter, may be NULL): nothing follows it.
 */
unsigned pci_ext_cap(const PciFunction *pci, uint16_t id, bool *last);

/*
 * Places memory BAR 0 (32-bit) at @address, and enables memory and mastering.
 */
void pci_enable(const PciFunction *pci, uint64_t address);

/* Enables MSI with one vector. */
void pci_enable_msi(const PciFunction *pci, uint64_t address, uint16_t data);

void pci_disable_msi(const PciFunction *pci);

/*
 * Enables MSI-X with @count vectors of the same address and data. The table
 * is in BAR 0, that pci_enable() placed at @bar.
 */
void pci_enable_msix(const PciFunction *pci, uint64_t bar, unsigned count,
                     uint64_t address, uint32_t data);

#endif
