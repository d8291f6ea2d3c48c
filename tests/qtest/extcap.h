/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCIe extended capabilities, as a driver finds them. */
#ifndef TESTS_QTEST_EXTCAP_H
#define TESTS_QTEST_EXTCAP_H

#include "pci.h"

/*
 * Returns: the offset of extended capability @id, 0 if there is none. @last
 * (out parameter, may be NULL): nothing follows it.
 */
unsigned extcap_find(const PciFunction *pci, uint16_t id, bool *last);

#endif
