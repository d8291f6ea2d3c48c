/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <stdarg.h>
#include <string.h>

#include "trace.h"
#include "util.h"

char *command_replace(const struct config *config, const char *text, char **err)
{
    GString *out = g_string_new(text);
    const char *left;

    for (unsigned i = 0; i < config->devices->len; i++) {
        g_autofree char *name = g_strdup_printf("${dev%u}", i);

        g_string_replace(out, name, g_ptr_array_index(config->devices, i), 0);
    }
    left = strstr(out->str, "${dev");
    if (left) {
        text_fail(err, "%.*s in `%s`: only %u devices are given with --device", (int)strcspn(left, "}") + 1, left, text,
                  config->devices->len);
    }
    return g_string_free(out, left != NULL);
}

static void add(GStrvBuilder *argv, ...) G_GNUC_NULL_TERMINATED;

static void add(GStrvBuilder *argv, ...)
{
    const char *word;
    va_list ap;

    va_start(ap, argv);
    while ((word = va_arg(ap, const char *))) {
        g_strv_builder_add(argv, word);
    }
    va_end(ap);
}

static void add_machine(const struct config *config, GStrvBuilder *argv)
{
    g_autofree char *smp = g_strdup_printf("%d", config->smp);
    /* warnings reach the console: lost interrupts and WARN() are such */
    g_autofree char *append = g_strdup_printf("console=ttyAMA0 loglevel=5 panic=-1%s%s%s", *config->append ? " " : "",
                                              config->append, config->shell ? " lab.shell=guest" : "");

    add(argv, config->qemu, "-nodefaults", "-no-user-config", "-display", "none", "-machine", config->machine, "-accel",
        config->accel, "-cpu", config->cpu, "-m", config->memory, "-smp", smp, NULL);
    if (config->firmware) {
        add(argv, "-bios", config->firmware, NULL);
    }
    add(argv, "-kernel", config->kernel, "-initrd", config->initrd, "-append", append, NULL);
}

static void add_channels(const struct config *config, const char *dir, GStrvBuilder *argv)
{
    g_autofree char *console = g_strdup_printf("socket,id=labcon,path=%s/console", dir);
    g_autofree char *qmp = g_strdup_printf("socket,id=labqmp,path=%s/qmp", dir);
    g_autofree char *trace = g_strdup_printf("%s/trace", dir);

    add(argv, "-chardev", console, "-serial", "chardev:labcon", "-chardev", qmp, "-mon", "chardev=labqmp,mode=control",
        "-D", trace, NULL);
    for (const char *const *p = trace_patterns; *p; p++) {
        add(argv, "-trace", *p, NULL);
    }
    for (char **p = config->traces; p && *p; p++) {
        add(argv, "-trace", *p, NULL);
    }
}

char **command_build(const struct config *config, const char *dir, char **err)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();

    add_machine(config, argv);
    if (dir) {
        add_channels(config, dir, argv);
    } else {
        add(argv, "-serial", "mon:stdio", NULL);
    }
    for (char **arg = config->qemu_args; *arg; arg++) {
        g_autofree char *word = command_replace(config, *arg, err);

        if (!word) {
            return NULL;
        }
        g_strv_builder_add(argv, word);
    }
    return g_strv_builder_end(argv);
}
