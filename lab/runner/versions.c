/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "versions.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* First line that @argv prints, or NULL. */
static char *first_line(const char *const *argv)
{
    g_autofree char *output = NULL;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                      NULL, &output, NULL, &status, NULL) ||
        !g_spawn_check_wait_status(status, NULL) || !*output) {
        return NULL;
    }
    output[strcspn(output, "\n")] = '\0';
    return g_utf8_make_valid(output, -1);
}

char *versions_banner(const char *image, gsize length)
{
    static const char mark[] = "Linux version ";
    const char *p = image, *end = image + length;

    /* The first hit may be a format string: a version has a digit. */
    while ((p = memmem(p, end - p, mark, strlen(mark))) != NULL) {
        gsize rest = end - p;
        const char *newline = memchr(p, '\n', rest);

        if (newline && rest > strlen(mark) &&
            g_ascii_isdigit(p[strlen(mark)])) {
            g_autofree char *line = g_strndup(p, newline - p);

            return g_utf8_make_valid(line, -1);
        }
        p++;
    }
    return NULL;
}

static char *kernel_banner(const char *file)
{
    g_autoptr(GMappedFile) map = g_mapped_file_new(file, FALSE, NULL);

    return map && g_mapped_file_get_contents(map)
        ? versions_banner(g_mapped_file_get_contents(map),
                          g_mapped_file_get_length(map))
        : NULL;
}

/* Meson notes the compilers of a build directory. */
static char *meson_compiler(const char *root)
{
    g_autofree char *file = g_build_filename(
        root, "build/qemu-arm64/meson-info/intro-compilers.json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(JsonNode) found = NULL;
    JsonArray *values;

    if (!json_parser_load_from_file(parser, file, NULL)) {
        return NULL;
    }
    found = json_path_query("$.host.c.full_version",
                            json_parser_get_root(parser), NULL);
    values = found ? json_node_get_array(found) : NULL;
    return values && json_array_get_length(values)
        ? g_strdup(json_array_get_string_element(values, 0)) : NULL;
}

static char *git_revision(const char *tree)
{
    g_autofree char *mark = g_build_filename(tree, ".git", NULL);
    const char *const argv[] = {
        "git", "-C", tree, "describe", "--always", "--dirty", "--tags",
        "--abbrev=12", NULL
    };

    return g_file_test(mark, G_FILE_TEST_EXISTS) ? first_line(argv) : NULL;
}

Versions *versions_collect(const Options *o)
{
    Versions *v = g_new0(Versions, 1);
    const char *const host_qemu[] = { o->host_qemu, "--version", NULL };
    g_autofree char *tree = g_build_filename(o->root, "build/qemu-v10.2",
                                             NULL);

    v->host_qemu = first_line(host_qemu);
    v->kernel = kernel_banner(o->kernel);
    v->qemu_compiler = o->qemu ? NULL : meson_compiler(o->root);
    v->runner_compiler = g_strdup(__VERSION__);
    v->revision = git_revision(o->root);
    v->qemu_revision = o->qemu ? NULL : git_revision(tree);
    return v;
}

void versions_free(Versions *v)
{
    g_free(v->host_qemu);
    g_free(v->kernel);
    g_free(v->qemu_compiler);
    g_free(v->runner_compiler);
    g_free(v->revision);
    g_free(v->qemu_revision);
    g_free(v);
}
