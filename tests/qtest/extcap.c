/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "standard-headers/linux/pci_regs.h"
#include "extcap.h"

#define MAX_CAPS 64    /* more are a loop */

unsigned extcap_find(const PciFunction *pci, uint16_t id, bool *last)
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
