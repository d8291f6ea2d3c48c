/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel-log.h"

enum { ESCAPE_NONE, ESCAPE_START, ESCAPE_SEQUENCE };

static void take_answer(struct console *con, const char *text)
{
    char *rest;
    unsigned long n = strtoul(text, &rest, 10);
    bool ok = !strncmp(rest, " ok", 3);

    if (rest == text || (!ok && strncmp(rest, " error", 6))) {
        return;
    }
    con->answered = n;
    con->answer_ok = ok;
    rest += ok ? 3 : 6;
    rest += strspn(rest, " ");
    snprintf(con->answer, sizeof(con->answer), "%s", rest);
}

static void take_line(struct console *con)
{
    KernelLine kind;
    const char *said;

    con->line[con->used] = '\0';
    con->used = 0;
    if (con->log) {
        fprintf(con->log, "%s\n", con->line);
        fflush(con->log);
    }
    said = strstr(con->line, "@lab ");
    if (said) {
        said += 5;
        if (!strncmp(said, "ready", 5)) {
            con->boots++;
            snprintf(con->ready, sizeof(con->ready), "%s",
                     said + 5 + strspn(said + 5, " "));
        } else if (isdigit((unsigned char)*said)) {
            take_answer(con, said);
        }
        return; /* an answer may quote the kernel's log */
    }
    if (strstr(con->line, "completion polled")) {
        con->polled++;
    }
    if (strstr(con->line, "Kernel panic")) {
        con->panicked = true;
    }
    kind = kernel_line_classify(con->line);
    con->events += kind == KERNEL_LINE_EVENT;
    if (kind != KERNEL_LINE_GOOD) {
        if (!con->bad++) {
            snprintf(con->first_bad, sizeof(con->first_bad), "%.255s",
                     con->line);
        }
    }
}

/* Firmware paints with escape sequences: leave them out. */
static bool in_escape(struct console *con, char c)
{
    if (c == '\033') {
        con->escape = ESCAPE_START;
        return true;
    }
    if (con->escape == ESCAPE_START) {
        con->escape = c == '[' ? ESCAPE_SEQUENCE : ESCAPE_NONE;
        return true;
    }
    if (con->escape == ESCAPE_SEQUENCE) {
        con->escape = c >= '@' && c <= '~' ? ESCAPE_NONE : ESCAPE_SEQUENCE;
        return true;
    }
    return false;
}

void console_feed(struct console *con, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = data[i];

        if (in_escape(con, c) || (!isprint((unsigned char)c) && c != '\n' &&
                                  c != '\t')) {
            continue;
        }
        if (c == '\n' || con->used == sizeof(con->line) - 1) {
            take_line(con);
        }
        if (c != '\n') {
            con->line[con->used++] = c;
        }
    }
}

void console_end(struct console *con)
{
    if (con->used) {
        take_line(con);
    }
}

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
