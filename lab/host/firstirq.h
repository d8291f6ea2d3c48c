/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a device that vfio holds has raised an interrupt. */
#ifndef HOST_FIRSTIRQ_H
#define HOST_FIRSTIRQ_H

#include <stdbool.h>

/* Does a line of @table, in the format of /proc/interrupts, that belongs to a
 * MSI of vfio's count more than none? */
bool firstirq_in(const char *table);

/* The same of this host. */
bool firstirq_seen(void);

#endif
