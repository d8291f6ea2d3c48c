/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interrupts.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

char *interrupts_table(void)
{
    int fd = open("/proc/interrupts", O_RDONLY | O_CLOEXEC);
    size_t size = 64 * 1024;
    size_t used = 0;
    char *buf = malloc(size);
    ssize_t n;

    while (fd >= 0 && buf && used + 1 < size &&
           (n = read(fd, buf + used, size - used - 1)) > 0) {
        used += n;
    }
    if (fd < 0 || !buf) {
        free(buf);
        return NULL;
    }
    buf[used] = '\0';
    close(fd);
    return buf;
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
        char *line;

        table = take_line(table, &irq, &sum);
        line = text_strip(start, table - start);
        if (strchr(line, ':') && strstr(line, part)) {
            total += sum;
            *lines += 1;
            *fired += sum ? 1 : 0;
        }
        free(line);
    }
    return total;
}

bool interrupts_named(const char *table, const char *name, uint64_t *irqs)
{
    bool found = false;

    while (*table && !found) {
        const char *start = table;
        long irq;
        char *line, *last;

        table = take_line(table, &irq, irqs);
        line = text_strip(start, table - start);
        last = strrchr(line, ' ');
        found = irq >= 0 && last && !strcmp(last + 1, name);
        free(line);
    }
    return found;
}
