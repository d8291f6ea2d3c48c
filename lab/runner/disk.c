/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"
#include "util.h"
#include "words.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
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

typedef struct Range {
    uint64_t offset, length;
} Range;

/* The range that a step reads or writes. FALSE: it does neither. */
static gboolean parse_range(const char *text, GuestVerb *verb,
                            Range *range)
{
    g_autoptr(Step) step = step_parse(text, NULL);

    *verb = step ? step->guest : GUEST_VERBS;
    return (*verb == GUEST_READ || *verb == GUEST_WRITE) &&
           guest_command_range(step->guest_args, &range->offset,
                               &range->length);
}

static gboolean was_written(const GArray *written, const Range *range)
{
    for (guint i = 0; i < written->len; i++) {
        const Range *w = &g_array_index(written, Range, i);

        if (range->offset < w->offset + w->length &&
            w->offset < range->offset + range->length) {
            return TRUE;
        }
    }
    return FALSE;
}

/* The device whose image has @hash at @range, or -1. */
static int find_disk(const Scenario *s, const RunFiles *files,
                     const Range *range, const char *hash)
{
    for (guint n = 0; s->devices[n]; n++) {
        g_autofree char *file = command_disk_file(files, n);
        g_autofree char *own = NULL;

        if (!scenario_has_disk(s, n)) {
            continue;
        }
        own = file_hash(file, range->offset, range->length);
        if (!g_strcmp0(own, hash)) {
            return n;
        }
    }
    return -1;
}

static gboolean has_images(const Scenario *s)
{
    for (guint n = 0; s->devices[n]; n++) {
        if (scenario_has_disk(s, n)) {
            return TRUE;
        }
    }
    return FALSE;
}

DiskCheck disk_check(const Scenario *s, const RunFiles *files,
                     const Report *report)
{
    g_autoptr(GArray) written = g_array_new(FALSE, FALSE, sizeof(Range));
    DiskCheck check = { 0 };
    guint64 seen = 0;

    for (guint i = 0; has_images(s) && i < report->records->len; i++) {
        const Record *record = g_ptr_array_index(report->records, i);
        const char *text = record_get(record, "text");
        const char *answer = record_get(record, "answer");
        g_autofree char *hash = answer ? words_get(answer, "sha256") : NULL;
        GuestVerb verb;
        Range range;
        int disk;

        if (strcmp(record->kind, "step") || !text ||
            !parse_range(text, &verb, &range)) {
            continue;
        }
        if (verb == GUEST_WRITE) {
            g_array_append_val(written, range);
        }
        if (!hash || verb != GUEST_READ || was_written(written, &range)) {
            continue;
        }
        check.reads++;
        disk = find_disk(s, files, &range, hash);
        if (disk >= 0) {
            seen |= 1ull << disk;
        } else if (!check.problem) {
            check.problem = g_strdup_printf("the data of '%s' is on no disk "
                                            "of this run", text);
        }
    }
    for (; seen; seen &= seen - 1) {
        check.disks_read++;
    }
    return check;
}
