/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qtests.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

/* What all programs take, beside them */
static const char *const common[] = { "lib", "data", NULL };

/* Their file names, each once; the caller owns the vector. */
static char **wanted(const Scenario *s)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < s->plan->steps->len; i++) {
        const Step *step = g_ptr_array_index(s->plan->steps, i);
        char *name = step->verb == STEP_QTEST
            ? g_strconcat("qtest-", step->words[0], NULL) : NULL;

        if (name && g_ptr_array_find_with_equal_func(names, name, g_str_equal,
                                                     NULL)) {
            g_free(name);
        } else if (name) {
            g_ptr_array_add(names, name);
        }
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_steal(names, NULL);
}

gboolean qtests_wanted(const Scenario *s)
{
    g_auto(GStrv) names = wanted(s);

    return names[0] != NULL;
}

char *qtests_missing(const Scenario *s, const Options *o)
{
    g_auto(GStrv) names = wanted(s);

    for (char **name = names; *name; name++) {
        g_autofree char *file = g_build_filename(o->qtests, *name, NULL);

        if (!g_file_test(file, G_FILE_TEST_IS_EXECUTABLE)) {
            return g_steal_pointer(&file);
        }
    }
    return NULL;
}

static gboolean copy(const char *from_dir, const char *name,
                     const char *to_dir, GError **error)
{
    g_autofree char *from = g_build_filename(from_dir, name, NULL);
    g_autofree char *to = g_build_filename(to_dir, name, NULL);
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(to);
    g_autoptr(GDir) dir = NULL;

    if (!g_file_test(from, G_FILE_TEST_IS_DIR)) {
        return g_file_copy(source, target, G_FILE_COPY_OVERWRITE, NULL, NULL,
                           NULL, error);
    }
    g_mkdir_with_parents(to, 0755);
    dir = g_dir_open(from, 0, error);
    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        if (!copy(from, name, to, error)) {
            return FALSE;
        }
    }
    return dir != NULL;
}

gboolean qtests_copy(const Scenario *s, const Options *o, const char *share,
                     GError **error)
{
    g_auto(GStrv) names = wanted(s);
    g_autofree char *to = g_build_filename(share, QTESTS_IN_SHARE, NULL);

    if (!names[0]) {
        return TRUE;
    }
    g_mkdir_with_parents(to, 0755);
    for (char **name = names; *name; name++) {
        if (!copy(o->qtests, *name, to, error)) {
            return FALSE;
        }
    }
    for (const char *const *name = common; *name; name++) {
        if (!copy(o->qtests, *name, to, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL
        : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_remove(path);
}

void qtests_remove(const char *share)
{
    g_autofree char *path = g_build_filename(share, QTESTS_IN_SHARE, NULL);

    remove_tree(path);
}

char *qtests_copy_commands(const Scenario *s, const Options *o,
                           const char *share)
{
    g_auto(GStrv) names = wanted(s);
    g_autofree char *from = g_shell_quote(o->qtests);
    g_autofree char *path = g_build_filename(share, QTESTS_IN_SHARE, NULL);
    g_autofree char *to = g_shell_quote(path);
    g_autofree char *list = g_strjoinv(",", names);

    if (!names[0]) {
        return g_strdup("");
    }
    return g_strdup_printf("mkdir -p %s\ncp -r %s/{%s,lib,data} %s\n", to,
                           from, list, to);
}
