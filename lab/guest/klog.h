/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's kernel log. The agent speaks through it: a record reaches the
 * console whole, where a terminal's output mixes with kernel messages.
 */
#ifndef GUEST_KLOG_H
#define GUEST_KLOG_H

#include <glib.h>

/* Lift the limit on records from user space; once, with /proc mounted. */
void klog_init(void);

/* Print `@lab ` and the message as one record. */
void klog_say(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/* Returns: lines in the kernel log that have @part in them and were not
 * written by klog_say(); -1 (and errno) if the log cannot be read. */
int klog_count(const char *part);

#endif
