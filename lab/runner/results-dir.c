/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "results-dir.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

char *results_dir_make(const char *parent, GDateTime *now, GError **error)
{
    g_autofree char *stamp = g_date_time_format(now, "%Y%m%d-%H%M%S");

    if (g_mkdir_with_parents(parent, 0755)) {
        goto fail;
    }
    for (guint n = 1; n < 1000; n++) {
        g_autofree char *name = n == 1 ? g_strdup(stamp)
            : g_strdup_printf("%s-%u", stamp, n);
        g_autofree char *dir = g_build_filename(parent, name, NULL);

        if (!g_mkdir(dir, 0755)) {
            return g_steal_pointer(&dir);
        }
        if (errno != EEXIST) {
            break;
        }
    }
fail:
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                "cannot make a directory in %s: %s; name another by "
                "--results", parent, g_strerror(errno));
    return NULL;
}

/* Renamed into place, so that there is always one to look at. */
void results_dir_point_latest(const char *parent, const char *dir)
{
    g_autofree char *target = g_path_get_basename(dir);
    g_autofree char *latest = g_build_filename(parent, "latest", NULL);
    g_autofree char *fresh = g_strdup_printf("%s.%d", latest, getpid());

    if (symlink(target, fresh) || g_rename(fresh, latest)) {
        fprintf(stderr, "smmu-lab: warning: cannot point %s to %s: %s\n",
                latest, target, g_strerror(errno));
        g_unlink(fresh);
    }
}
