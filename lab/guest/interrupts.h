/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table in /proc/interrupts, given as text. */
#ifndef GUEST_INTERRUPTS_H
#define GUEST_INTERRUPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns: the table as it is now, or NULL; the caller frees it. */
char *interrupts_table(void);

/* Returns: interrupts of all CPUs on the lines whose numbers are in
 * @irqs[0..@n-1]. */
uint64_t interrupts_of(const char *table, const unsigned *irqs, size_t n);

/*
 * Returns: interrupts of all CPUs on the lines whose text has @part in it.
 * @lines: how many lines these are; @fired: how many of them counted any.
 */
uint64_t interrupts_matching(const char *table, const char *part,
                             unsigned *lines, unsigned *fired);

/*
 * Interrupts of all CPUs on the line whose last word is @name.
 * Returns: false if there is no such line.
 */
bool interrupts_named(const char *table, const char *name, uint64_t *irqs);

#endif
