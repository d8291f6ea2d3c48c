/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "needs.h"
#include "command.h"
#include "qtests.h"
#include "words.h"

#include <inttypes.h>
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

static char *check_host_kernel(const Scenario *s, const Options *o)
{
    g_autofree char *file = command_host_kernel(s, o);

    return s->host_kernel ? check_file("the emulated host's kernel", file,
                                       R_OK, "make host-kernels")
                          : NULL;
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

static char *check_host_kernels(const Options *o)
{
    return check_all(o, check_host_kernel);
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
    { "other kernels of the emulated host", check_host_kernels, FALSE },
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
    if (o->kernel_given && s->host_kernel) {
        return g_strdup_printf("it boots Linux %s on the emulated host, run "
                               "it without --kernel", s->host_kernel);
    }
    for (guint i = 0; i < G_N_ELEMENTS(needs); i++) {
        problem = needs[i].always ? needs[i].check(o) : NULL;
        if (problem) {
            return problem;
        }
    }
    problem = check_host_kernel(s, o);
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
