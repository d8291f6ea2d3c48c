/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 * 1024)

bool text_fail(char **err, const char *fmt, ...)
{
    va_list ap;

    if (err && !*err) {
        va_start(ap, fmt);
        *err = g_strdup_vprintf(fmt, ap);
        va_end(ap);
    }
    return false;
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
    g_autofree char *target = g_file_read_link(path, NULL);
    g_autofree char *name = target ? g_path_get_basename(target) : NULL;

    if (name) {
        g_strlcpy(buf, name, size);
    }
    return name;
}

char **file_names(const char *dir)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
    const char *name;

    while (listing && (name = g_dir_read_name(listing))) {
        if (name[0] != '.') {
            g_strv_builder_add(names, name);
        }
    }
    return g_strv_builder_end(names);
}

char *file_hash(const char *path, uint64_t offset, uint64_t bytes)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *chunk = g_malloc(CHUNK);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 1;

    while (fd >= 0 && bytes && n > 0) {
        n = pread(fd, chunk, MIN(bytes, CHUNK), offset);
        if (n > 0) {
            g_checksum_update(sum, chunk, n);
            offset += n;
            bytes -= n;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 && !bytes ? g_strdup(g_checksum_get_string(sum)) : NULL;
}

double clock_seconds(void)
{
    return g_get_monotonic_time() / 1e6;
}
