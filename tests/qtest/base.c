/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "base.h"
#include "machine.h"

static GKeyFile *base(void)
{
    static GKeyFile *file;

    if (!file) {
        g_autofree char *name = getenv("SMMU_QTEST_DATA")
            ? machine_data("base") : g_strdup(QTEST_BASE);
        g_autoptr(GError) error = NULL;

        file = g_key_file_new();
        g_key_file_load_from_file(file, name, G_KEY_FILE_NONE, &error);
        g_assert_no_error(error);
    }
    return file;
}

static void skip(const void *reason)
{
    g_test_skip(reason);
}

/* @group has reasons by patterns of paths */
static bool skip_by(const char *group, const char *path)
{
    g_auto(GStrv) keys = g_key_file_get_keys(base(), group, NULL, NULL);

    for (char **key = keys; key && *key; key++) {
        if (g_pattern_match_simple(*key, path)) {
            char *value = g_key_file_get_string(base(), group, *key, NULL);
            char *reason = g_strdup_printf("%s: %s", group, value);

            g_test_add_data_func_full(path, reason, skip, g_free);
            g_free(value);
            return true;
        }
    }
    return false;
}

bool base_skips(const char *path)
{
    return skip_by("not-applicable", path) ||
           (!getenv("SMMU_QTEST_FAILS") && skip_by("fails", path));
}

void base_test(const char *path, GTestFunc func)
{
    if (!base_skips(path)) {
        g_test_add_func(path, func);
    }
}

void base_data_test(const char *path, const void *data, GTestDataFunc func)
{
    if (!base_skips(path)) {
        g_test_add_data_func(path, data, func);
    }
}

bool base_says(const char *text, const char *message)
{
    g_auto(GStrv) keys = g_key_file_get_keys(base(), "messages", NULL, NULL);

    for (char **key = keys; key && *key; key++) {
        g_autofree char *value = g_key_file_get_string(base(), "messages",
                                                       *key, NULL);
        g_auto(GStrv) pair = g_strsplit(value, " => ", 2);

        if (strstr(message, pair[0])) {
            return g_regex_match_simple(pair[1], text, 0, 0);
        }
    }
    return strstr(text, message);
}

char *base_args(const char *args)
{
    g_autofree char *alone = g_key_file_get_string(base(), "arguments",
                                                   "accel", NULL);
    GString *result = g_string_new(args);

    /* a device of the host may decide the properties */
    if (alone && !strstr(args, "vfio-pci")) {
        g_string_replace(result, ",accel=on", alone, 0);
    }
    return g_string_free(result, false);
}
