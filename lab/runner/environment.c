/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "environment.h"
#include "command.h"
#include "qtests.h"
#include "words.h"

#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define QEMU_MIB 428             /* beside the memory of the emulated host */
#define FREE_DISK_MIB 1024

/* A file the project builds. */
static char *check_file(const char *what, const char *file, int mode,
                        const char *command)
{
    if (!access(file, mode)) {
        return NULL;
    }
    return g_strdup_printf("%s is missing (%s): %s", what, file, command);
}

static char *check_host_qemu(const Options *o)
{
    return check_file("QEMU for the emulated host", o->host_qemu, X_OK,
                      "make qemu");
}

static char *check_kernel(const Options *o)
{
    return check_file("the arm64 kernel", o->kernel, R_OK, "make kernel");
}

static char *check_own_kernels(const Scenario *s, const Options *o)
{
    g_autofree char *host = command_host_kernel(s, o);
    g_autofree char *guest = command_guest_kernel(s, o);
    char *problem = NULL;

    if (s->host_kernel) {
        problem = check_file("the emulated host's kernel", host, R_OK,
                             "make kernels");
    }
    if (!problem && s->kernel) {
        problem = check_file("the guest's kernel", guest, R_OK,
                             "make kernels");
    }
    return problem;
}

static char *check_variant(const Scenario *s, const Options *o)
{
    g_autofree char *file = command_test_qemu(s, o);

    return file ? check_file("the QEMU under test", file, R_OK, "make qemu")
                : NULL;
}

static char *check_host_memory(const Scenario *s, const Options *o)
{
    g_autofree char *text = NULL;
    const char *line;
    guint64 mib;
    uint64_t needed;

    if (!words_parse_number(s->host_memory, &needed) ||
        !g_file_get_contents("/proc/meminfo", &text, NULL, NULL) ||
        !(line = strstr(text, "MemAvailable:"))) {
        return NULL;
    }
    mib = g_ascii_strtoull(line + strlen("MemAvailable:"), NULL, 10) / 1024;
    if (g_ascii_isalpha(s->host_memory[strlen(s->host_memory) - 1])) {
        needed >>= 20;          /* else QEMU takes it for MiB */
    }
    needed += QEMU_MIB;
    return mib >= needed ? NULL
        : g_strdup_printf("only %" G_GUINT64_FORMAT " MiB of memory are free, "
                          "the emulated host of '%s' needs %" PRIu64
                          ": end other programs", mib, s->name, needed);
}

/* The first problem that @check has with any scenario */
static char *check_all(const Options *o,
                       char *(*check)(const Scenario *, const Options *))
{
    char *all[] = { NULL };
    g_autoptr(GPtrArray) scenarios = scenario_find(o->scenario_dir, all, NULL);
    char *problem = NULL;

    for (guint i = 0; scenarios && i < scenarios->len && !problem; i++) {
        problem = check(g_ptr_array_index(scenarios, i), o);
    }
    return problem;
}

static char *check_memory(const Options *o)
{
    return check_all(o, check_host_memory);
}

static char *check_kernels(const Options *o)
{
    return check_all(o, check_own_kernels);
}

static char *check_variants(const Options *o)
{
    return check_all(o, check_variant);
}

static char *check_image(const Options *o)
{
    return check_file("the emulated host's image", o->host_initrd, R_OK,
                      "make images");
}

static char *check_qtests(const Options *o)
{
    return check_file("the test programs for arm64", o->qtests, R_OK,
                      "make lab");
}

static char *check_disk(const Options *o)
{
    struct statvfs info;
    guint64 mib;

    if (statvfs(o->root, &info)) {
        return NULL;
    }
    mib = (guint64)info.f_bavail * info.f_frsize >> 20;
    return mib >= FREE_DISK_MIB ? NULL
        : g_strdup_printf("only %" G_GUINT64_FORMAT " MiB are free below "
                          "%s: runs take up to %d MiB, remove old results "
                          "or make clean", mib, o->root, FREE_DISK_MIB);
}

static const struct {
    const char *what;
    char *(*check)(const Options *o);
    gboolean always;            /* every scenario needs it */
} needs[] = {
    { "QEMU for the emulated host", check_host_qemu, TRUE },
    { "arm64 kernel", check_kernel, TRUE },
    { "kernels of single scenarios", check_kernels, FALSE },
    { "image of the emulated host", check_image, TRUE },
    { "QEMU without one of the patches", check_variants, FALSE },
    { "test programs for arm64", check_qtests, FALSE },
    { "free memory", check_memory, FALSE },
    { "free disk space", check_disk, FALSE },
};

char *needs_missing(const Scenario *s, const Options *o)
{
    g_autofree char *program = qtests_missing(s, o);
    g_autofree char *profile = command_host_profile(s, o);
    char *problem;

    if (o->qemu && strcmp(s->qemu, "series")) {
        return g_strdup_printf("it tests the variant '%s', run it without "
                               "--qemu", s->qemu);
    }
    if (o->kernel_given && (s->host_kernel || s->kernel)) {
        return g_strdup_printf("it boots kernel-%s on the emulated host or in "
                               "the guest, run it without --kernel",
                               s->host_kernel ? s->host_kernel : s->kernel);
    }
    for (guint i = 0; i < G_N_ELEMENTS(needs); i++) {
        problem = needs[i].always ? needs[i].check(o) : NULL;
        if (problem) {
            return problem;
        }
    }
    problem = check_own_kernels(s, o);
    if (!problem) {
        problem = check_host_memory(s, o);
    }
    if (problem) {
        return problem;
    }
    if (profile && access(profile, R_OK)) {
        return g_strdup_printf("there is no profile %s", profile);
    }
    if (program) {
        return check_file("a test program for arm64", program, X_OK,
                          "make lab");
    }
    return check_variant(s, o);
}

gboolean needs_doctor(const Options *o)
{
    gboolean complete = TRUE;

    for (guint i = 0; i < G_N_ELEMENTS(needs); i++) {
        g_autofree char *problem = needs[i].check(o);

        printf("%-8s %s\n", problem ? "MISSING" : "ok",
               problem ? problem : needs[i].what);
        complete = complete && !problem;
    }
    return complete;
}

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
static char *meson_compiler(const Options *o)
{
    g_autofree char *build = options_base_path(o, "qemu-arm64");
    g_autofree char *file = g_build_filename(
        build, "meson-info/intro-compilers.json", NULL);
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
    g_autofree char *name = g_strdup_printf("qemu-%s", o->base);
    g_autofree char *tree = g_build_filename(o->root, "build", name, NULL);

    v->host_qemu = first_line(host_qemu);
    v->kernel = kernel_banner(o->kernel);
    v->qemu_compiler = o->qemu ? NULL : meson_compiler(o);
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
