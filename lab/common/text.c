/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void *checked(void *p)
{
    if (!p) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return p;
}

static char *text_vprintf(const char *fmt, va_list ap)
{
    char *s = NULL;

    if (vasprintf(&s, fmt, ap) < 0) {
        s = NULL;
    }
    return checked(s);
}

char *text_printf(const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    s = text_vprintf(fmt, ap);
    va_end(ap);
    return s;
}

char *text_copy(const char *s)
{
    return checked(strdup(s));
}

char *text_strip(const char *s, size_t len)
{
    while (len && isspace((unsigned char)*s)) {
        s++;
        len--;
    }
    while (len && isspace((unsigned char)s[len - 1])) {
        len--;
    }
    return checked(strndup(s, len));
}

bool text_fail(char **err, const char *fmt, ...)
{
    va_list ap;

    if (err && !*err) {
        va_start(ap, fmt);
        *err = text_vprintf(fmt, ap);
        va_end(ap);
    }
    return false;
}

void strlist_take(struct strlist *list, char *s)
{
    list->v = checked(realloc(list->v, (list->n + 2) * sizeof(*list->v)));
    list->v[list->n++] = s;
    list->v[list->n] = NULL;
}

void strlist_add(struct strlist *list, const char *s)
{
    strlist_take(list, text_copy(s));
}

void strlist_clear(struct strlist *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->v[i]);
    }
    free(list->v);
    *list = (struct strlist){ 0 };
}

char *text_replace(const char *s, const char *from, const char *to)
{
    char *out = text_copy("");
    const char *hit;

    while ((hit = strstr(s, from))) {
        char *more = text_printf("%s%.*s%s", out, (int)(hit - s), s, to);

        free(out);
        out = more;
        s = hit + strlen(from);
    }
    hit = out;
    out = text_printf("%s%s", hit, s);
    free((char *)hit);
    return out;
}

bool file_read_line(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;
    int saved;

    if (fd < 0) {
        return false;
    }
    n = read(fd, buf, size - 1);
    saved = errno;
    close(fd);
    errno = saved;
    if (n < 0) {
        return false;
    }
    buf[n] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
    return true;
}

bool file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n;
    int saved;

    if (fd < 0) {
        return false;
    }
    n = write(fd, text, strlen(text));
    saved = errno;
    close(fd);
    errno = saved;
    return n == (ssize_t)strlen(text);
}

bool file_link_name(const char *path, char *buf, size_t size)
{
    char target[4096];
    ssize_t n = readlink(path, target, sizeof(target) - 1);
    const char *slash;

    if (n < 0) {
        return false;
    }
    target[n] = '\0';
    slash = strrchr(target, '/');
    snprintf(buf, size, "%s", slash ? slash + 1 : target);
    return true;
}

double clock_seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}
