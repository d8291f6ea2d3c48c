/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firstirq.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_BYTES (64 * 1024)

/* `45:  0  12  ITS-MSI 0 Edge  vfio-msix[0](0000:00:08.0)`: a count a CPU */
static bool counts(const char *line)
{
    const char *p = strchr(line, ':');
    unsigned long long n = 0;
    char *end;

    for (p = p ? p + 1 : ""; !n; p = end) {
        n = strtoull(p, &end, 10);
        if (end == p) {
            return false;
        }
    }
    return true;
}

bool firstirq_in(const char *table)
{
    for (const char *line = table; *line;) {
        const char *end = line + strcspn(line, "\n");
        const char *name = strstr(line, "vfio-msi");

        if (!name) {
            return false;
        }
        if (name < end && counts(line)) {
            return true;
        }
        line = *end ? end + 1 : end;
    }
    return false;
}

bool firstirq_seen(void)
{
    static char table[TABLE_BYTES];
    int fd = open("/proc/interrupts", O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t n = 1;

    while (fd >= 0 && n > 0 && used < sizeof(table) - 1) {
        n = read(fd, table + used, sizeof(table) - 1 - used);
        used += n > 0 ? n : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    table[used] = '\0';
    return firstirq_in(table);
}
