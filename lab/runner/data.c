/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "data.h"
#include "disk.h"
#include "words.h"

#include <string.h>

typedef struct Range {
    guint64 offset, length;
} Range;

gboolean data_parse_size(const char *text, guint64 *bytes)
{
    static const char units[] = "KMG";
    char *end;
    const char *unit;

    if (!g_ascii_isdigit(*text)) {
        return FALSE;
    }
    *bytes = g_ascii_strtoull(text, &end, 0);
    if (*end && (unit = strchr(units, g_ascii_toupper(*end))) != NULL) {
        *bytes <<= 10 * (unit - units + 1);
        end++;
    }
    return !*end;
}

static gboolean get_size(const char *words, const char *key,
                         guint64 fallback, guint64 *value)
{
    g_autofree char *text = words_get(words, key);

    *value = fallback;
    return !text || data_parse_size(text, value);
}

/* The range that a read or write step names; defaults are the guest's. */
static gboolean parse_range(const char *step, Range *range)
{
    guint64 size, count;

    if (!get_size(step, "bs", 4096, &size) ||
        !get_size(step, "count", 1, &count) ||
        !get_size(step, "offset", 0, &range->offset) ||
        range->offset > DISK_BYTES || !size || count > DISK_BYTES / size) {
        return FALSE;
    }
    range->length = size * count;
    return TRUE;
}

static gboolean is_guest(const char *step, const char *command)
{
    g_auto(GStrv) words = words_split(step);
    guint verb = 1;

    if (!words || !words[0] || !words[1] ||
        (strcmp(words[0], "guest") && strcmp(words[0], "guest?"))) {
        return FALSE;
    }
    /* what was begun earlier is answered when it is finished */
    verb += !strcmp(words[1], "finish") ? 1 : 0;
    return !g_strcmp0(words[verb], command);
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

        if (!command_has_disk(s, n)) {
            continue;
        }
        own = disk_hash(file, range->offset, range->length, NULL);
        if (!g_strcmp0(own, hash)) {
            return n;
        }
    }
    return -1;
}

DataCheck data_check(const Scenario *s, const RunFiles *files,
                     const Report *report)
{
    g_autoptr(GArray) written = g_array_new(FALSE, FALSE, sizeof(Range));
    DataCheck check = { 0 };
    guint64 seen = 0;

    for (guint i = 0; i < report->records->len; i++) {
        const Record *record = g_ptr_array_index(report->records, i);
        const char *text = record_get(record, "text");
        const char *answer = record_get(record, "answer");
        g_autofree char *hash = answer ? words_get(answer, "sha256") : NULL;
        Range range;
        int disk;

        if (strcmp(record->kind, "step") || !text ||
            !parse_range(text, &range)) {
            continue;
        }
        if (is_guest(text, "write")) {
            g_array_append_val(written, range);
        }
        if (!hash || !is_guest(text, "read") || was_written(written, &range)) {
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
