/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <sys/random.h>

#define CHUNK (1024 * 1024)

static gboolean G_GNUC_PRINTF(3, 4)
fail(GError **error, int code, const char *format, ...)
{
    va_list args;
    g_autofree char *message = NULL;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "%s: %s",
                message, g_strerror(code));
    return FALSE;
}

/* SplitMix64: 64 MiB in a tenth of a second; getrandom takes far longer. */
static guint64 next_random(guint64 *state)
{
    guint64 z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

gboolean disk_create(const char *file, guint64 bytes, GError **error)
{
    g_autofree guint64 *chunk = g_malloc(CHUNK);
    guint64 state;
    FILE *stream;
    gboolean ok = TRUE;

    if (getrandom(&state, sizeof(state), 0) != sizeof(state)) {
        return fail(error, errno, "no random seed for %s", file);
    }
    stream = fopen(file, "we");
    if (!stream) {
        return fail(error, errno, "cannot create disk image %s", file);
    }
    while (ok && bytes) {
        gsize size = MIN(bytes, CHUNK);

        for (gsize i = 0; i < size / sizeof(*chunk); i++) {
            chunk[i] = next_random(&state);
        }
        ok = fwrite(chunk, 1, size, stream) == size;
        bytes -= size;
    }
    if (fclose(stream) || !ok) {
        return fail(error, errno, "cannot write disk image %s", file);
    }
    return TRUE;
}

char *disk_hash(const char *file, guint64 offset, guint64 length,
                GError **error)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *chunk = g_malloc(CHUNK);
    FILE *stream = fopen(file, "re");

    if (!stream || fseeko(stream, offset, SEEK_SET)) {
        fail(error, errno, "cannot read disk image %s", file);
        if (stream) {
            fclose(stream);
        }
        return NULL;
    }
    while (length) {
        gsize got = fread(chunk, 1, MIN(length, CHUNK), stream);

        if (!got) {
            break;
        }
        g_checksum_update(sum, chunk, got);
        length -= got;
    }
    fclose(stream);
    if (length) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "%s ends %" G_GUINT64_FORMAT " bytes before the range",
                    file, length);
        return NULL;
    }
    return g_strdup(g_checksum_get_string(sum));
}
