/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interrupts.h"

#include <ctype.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

char *interrupts_table(void)
{
    char *table = NULL;

    g_file_get_contents("/proc/interrupts", &table, NULL, NULL);
    return table;
}

/*
 * Take one line "NUMBER: count count ... chip text". @irq is -1 for lines that
 * have a name instead of a number. Returns: where the next line begins.
 */
static const char *take_line(const char *p, long *irq, uint64_t *sum)
{
    const char *end = p + strcspn(p, "\n");
    const char *colon = memchr(p, ':', end - p);
    char *stop;

    *irq = -1;
    *sum = 0;
    if (colon) {
        long number = strtol(p, &stop, 10);

        *irq = stop == colon ? number : -1;
        p = colon + 1;
        for (;;) {
            while (*p == ' ') {
                p++;
            }
            if (!isdigit((unsigned char)*p)) {
                break;
            }
            *sum += strtoull(p, &stop, 10);
            p = stop;
        }
    }
    return *end ? end + 1 : end;
}

uint64_t interrupts_of(const char *table, const unsigned *irqs, size_t n)
{
    uint64_t total = 0;

    while (*table) {
        uint64_t sum;
        long irq;

        table = take_line(table, &irq, &sum);
        for (size_t i = 0; i < n; i++) {
            if (irq >= 0 && (unsigned long)irq == irqs[i]) {
                total += sum;
            }
        }
    }
    return total;
}

uint64_t interrupts_matching(const char *table, const char *part,
                             unsigned *lines, unsigned *fired)
{
    uint64_t total = 0;

    *lines = *fired = 0;
    while (*table) {
        const char *start = table;
        uint64_t sum;
        long irq;
        g_autofree char *line = NULL;

        table = take_line(table, &irq, &sum);
        line = g_strstrip(g_strndup(start, table - start));
        if (strchr(line, ':') && strstr(line, part)) {
            total += sum;
            *lines += 1;
            *fired += sum ? 1 : 0;
        }
    }
    return total;
}

bool interrupts_named(const char *table, const char *name, uint64_t *irqs)
{
    bool found = false;

    while (*table && !found) {
        const char *start = table;
        long irq;
        g_autofree char *line = NULL;
        const char *last;

        table = take_line(table, &irq, irqs);
        line = g_strstrip(g_strndup(start, table - start));
        last = strrchr(line, ' ');
        found = irq >= 0 && last && !strcmp(last + 1, name);
    }
    return found;
}
