/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all scenarios of @dir, sorted. */
static GPtrArray *names_in(const char *dir, GError **error)
{
    g_autoptr(GDir) listing = g_dir_open(dir, 0, error);
    GPtrArray *names;
    const char *entry;

    if (!listing) {
        return NULL;
    }
    names = g_ptr_array_new_with_free_func(g_free);
    while ((entry = g_dir_read_name(listing)) != NULL) {
        if (g_str_has_suffix(entry, SCENARIO_SUFFIX)) {
            g_ptr_array_add(names, g_strndup(entry, strlen(entry) -
                                             strlen(SCENARIO_SUFFIX)));
        }
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

static gboolean wanted(const char *name, char **globs, gboolean *used)
{
    gboolean match = !globs[0];

    for (guint i = 0; globs[i]; i++) {
        if (g_pattern_match_simple(globs[i], name)) {
            used[i] = TRUE;
            match = TRUE;
        }
    }
    return match;
}

static gboolean check_used(const char *dir, GPtrArray *names, char **globs,
                           const gboolean *used, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (guint i = 0; i < names->len; i++) {
        g_string_append_printf(known, " %s",
                               (char *)g_ptr_array_index(names, i));
    }
    if (!names->len) {
        g_set_error(error, SCENARIO_ERROR, SCENARIO_ERROR_NOT_FOUND,
                    "no file NAME" SCENARIO_SUFFIX " in %s", dir);
        return FALSE;
    }
    for (guint i = 0; globs[i]; i++) {
        if (!used[i]) {
            g_set_error(error, SCENARIO_ERROR, SCENARIO_ERROR_NOT_FOUND,
                        "no scenario '%s' in %s; there are:%s", globs[i],
                        dir, known->str);
            return FALSE;
        }
    }
    return TRUE;
}

GPtrArray *scenario_find(const char *dir, char **globs, GError **error)
{
    g_autoptr(GPtrArray) names = names_in(dir, error);
    g_autofree gboolean *used = g_new0(gboolean, g_strv_length(globs) + 1);
    g_autoptr(GPtrArray) found = NULL;

    if (!names) {
        return NULL;
    }
    found = g_ptr_array_new_with_free_func((GDestroyNotify)scenario_free);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *entry = g_strconcat(name, SCENARIO_SUFFIX, NULL);
        g_autofree char *file = g_build_filename(dir, entry, NULL);
        Scenario *scenario;

        if (!wanted(name, globs, used)) {
            continue;
        }
        scenario = scenario_load(file, error);
        if (!scenario) {
            return NULL;
        }
        g_ptr_array_add(found, scenario);
    }
    if (!check_used(dir, names, globs, used, error)) {
        return NULL;
    }
    return g_steal_pointer(&found);
}
