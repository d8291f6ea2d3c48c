/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hostlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel-log.h"

int hostlog_open(void)
{
    int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0) {
        lseek(fd, 0, SEEK_END);
    }
    return fd;
}

uint64_t hostlog_bad(int fd, const char *path, uint64_t *events)
{
    FILE *out = path ? fopen(path, "we") : NULL;
    char record[8192];
    uint64_t bad = 0;

    *events = 0;
    while (fd >= 0) {
        ssize_t n = read(fd, record, sizeof(record) - 1);
        KernelLine kind;
        char *text;

        if (n < 0 && errno == EPIPE) {
            continue; /* records were overwritten; the next read goes on */
        }
        if (n <= 0) {
            break;
        }
        record[n] = '\0';
        text = strchr(record, ';'); /* level,number,time,flags;text */
        text = text ? text + 1 : record;
        kind = kernel_line_classify(text);
        bad += kind != KERNEL_LINE_GOOD;
        *events += kind == KERNEL_LINE_EVENT;
        if (out) {
            fputs(text, out);
        }
    }
    if (out) {
        fclose(out);
    }
    return bad;
}
