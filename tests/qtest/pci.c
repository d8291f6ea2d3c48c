/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "standard-headers/linux/pci_regs.h"
#include "pci.h"

#define MSIX_ENTRY_SIZE 16
#define MAX_CAPS 64    /* more are a loop */

static uint64_t ecam(const PciFunction *pci, unsigned offset)
{
    return VIRT_ECAM + ((uint64_t)pci->bus << 20) +
           ((uint64_t)pci->devfn << 12) + offset;
}

uint8_t pci_readb(const PciFunction *pci, unsigned offset)
{
    return qtest_readb(pci->qts, ecam(pci, offset));
}

uint16_t pci_readw(const PciFunction *pci, unsigned offset)
{
    return qtest_readw(pci->qts, ecam(pci, offset));
}

uint32_t pci_readl(const PciFunction *pci, unsigned offset)
{
    return qtest_readl(pci->qts, ecam(pci, offset));
}

void pci_writeb(const PciFunction *pci, unsigned offset, uint8_t value)
{
    qtest_writeb(pci->qts, ecam(pci, offset), value);
}

void pci_writew(const PciFunction *pci, unsigned offset, uint16_t value)
{
    qtest_writew(pci->qts, ecam(pci, offset), value);
}

void pci_writel(const PciFunction *pci, unsigned offset, uint32_t value)
{
    qtest_writel(pci->qts, ecam(pci, offset), value);
}

unsigned pci_capability(const PciFunction *pci, uint8_t id)
{
    unsigned offset = pci_readb(pci, PCI_CAPABILITY_LIST);

    while (offset && pci_readb(pci, offset) != id) {
        offset = pci_readb(pci, offset + PCI_CAP_LIST_NEXT);
    }
    g_assert_cmphex(offset, !=, 0);
    return offset;
}

unsigned pci_ext_cap(const PciFunction *pci, uint16_t id, bool *last)
{
    unsigned offset = PCI_CFG_SPACE_SIZE;

    for (unsigned i = 0; offset && i < MAX_CAPS; i++) {
        uint32_t header = pci_readl(pci, offset);

        if (!header || header == ~0u) {
            return 0;
        }
        if (PCI_EXT_CAP_ID(header) == id) {
            if (last) {
                *last = !PCI_EXT_CAP_NEXT(header);
            }
            return offset;
        }
        offset = PCI_EXT_CAP_NEXT(header);
    }
    return 0;
}

void pci_enable(const PciFunction *pci, uint64_t address)
{
    pci_writel(pci, PCI_BASE_ADDRESS_0, address);
    pci_writew(pci, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void pci_enable_msi(const PciFunction *pci, uint64_t address, uint16_t data)
{
    unsigned cap = pci_capability(pci, PCI_CAP_ID_MSI);
    uint16_t flags = pci_readw(pci, cap + PCI_MSI_FLAGS);
    bool wide = flags & PCI_MSI_FLAGS_64BIT;

    pci_writel(pci, cap + PCI_MSI_ADDRESS_LO, address);
    if (wide) {
        pci_writel(pci, cap + PCI_MSI_ADDRESS_HI, address >> 32);
    } else {
        g_assert_cmphex(address >> 32, ==, 0);
    }
    pci_writew(pci, cap + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), data);
    pci_writew(pci, cap + PCI_MSI_FLAGS, flags | PCI_MSI_FLAGS_ENABLE);
}

void pci_disable_msi(const PciFunction *pci)
{
    unsigned flags = pci_capability(pci, PCI_CAP_ID_MSI) + PCI_MSI_FLAGS;

    pci_writew(pci, flags, pci_readw(pci, flags) & ~PCI_MSI_FLAGS_ENABLE);
}

void pci_enable_msix(const PciFunction *pci, uint64_t bar, unsigned count,
                     uint64_t address, uint32_t data)
{
    unsigned cap = pci_capability(pci, PCI_CAP_ID_MSIX);
    uint32_t table = pci_readl(pci, cap + PCI_MSIX_TABLE);

    g_assert_cmphex(table & PCI_MSIX_TABLE_BIR, ==, 0);
    for (unsigned i = 0; i < count; i++) {
        uint64_t entry = bar + (table & PCI_MSIX_TABLE_OFFSET) +
                         i * MSIX_ENTRY_SIZE;

        qtest_writel(pci->qts, entry + PCI_MSIX_ENTRY_LOWER_ADDR, address);
        qtest_writel(pci->qts, entry + PCI_MSIX_ENTRY_UPPER_ADDR,
                     address >> 32);
        qtest_writel(pci->qts, entry + PCI_MSIX_ENTRY_DATA, data);
        qtest_writel(pci->qts, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    }
    pci_writew(pci, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
}
