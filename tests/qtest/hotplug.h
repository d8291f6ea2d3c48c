/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hot-plug of devN behind the root port rp0, with the guest's part in it.
 */
#ifndef TESTS_QTEST_HOTPLUG_H
#define TESTS_QTEST_HOTPLUG_H

#include "dut.h"

/*
 * device_add of the @n-th device of the backend; @host: another name of it on
 * the host, or NULL. Returns: NULL if QEMU took it, else QEMU's message, to be
 * freed.
 */
char *hotplug_add(Dut *dut, unsigned n, const char *host);

/* The guest powers the slot on, and gives the device its BAR. */
void hotplug_power_on(Dut *dut);

/* hotplug_add() of device 0, which must succeed, and hotplug_power_on() */
void hotplug(Dut *dut);

/* device_del of devN, the guest lets go of it, QEMU says that it is gone. */
void hotplug_remove(Dut *dut, unsigned n);

#endif
