/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

char *command_replace(const struct config *config, const char *text,
                      char **err)
{
    char *out = text_copy(text);
    char *left;

    for (size_t i = 0; i < config->devices.n; i++) {
        char *name = text_printf("${dev%zu}", i);
        char *more = text_replace(out, name, config->devices.v[i]);

        free(name);
        free(out);
        out = more;
    }
    left = strstr(out, "${dev");
    if (left) {
        text_fail(err, "%.*s in `%s`: only %zu devices are given with "
                  "--device", (int)strcspn(left, "}") + 1, left, text,
                  config->devices.n);
        free(out);
        return NULL;
    }
    return out;
}

static void add(struct strlist *argv, ...) __attribute__((sentinel));

static void add(struct strlist *argv, ...)
{
    const char *word;
    va_list ap;

    va_start(ap, argv);
    while ((word = va_arg(ap, const char *))) {
        strlist_add(argv, word);
    }
    va_end(ap);
}

static void add_machine(const struct config *config, struct strlist *argv)
{
    add(argv, config->qemu, "-nodefaults", "-no-user-config", "-display",
        "none", "-machine", config->machine, "-accel", config->accel, "-cpu",
        config->cpu, "-m", config->memory, "-smp", NULL);
    strlist_take(argv, text_printf("%u", config->smp));
    if (config->firmware) {
        add(argv, "-bios", config->firmware, NULL);
    }
    add(argv, "-kernel", config->kernel, "-initrd", config->initrd, "-append",
        NULL);
    /* warnings reach the console: lost interrupts and WARN() are such */
    strlist_take(argv, text_printf("console=ttyAMA0 loglevel=5 panic=-1%s%s%s",
                                   *config->append ? " " : "", config->append,
                                   config->shell ? " lab.shell=guest" : ""));
}

static void add_channels(const struct config *config, const char *dir,
                         struct strlist *argv)
{
    strlist_add(argv, "-chardev");
    strlist_take(argv, text_printf("socket,id=labcon,path=%s/console", dir));
    add(argv, "-serial", "chardev:labcon", "-chardev", NULL);
    strlist_take(argv, text_printf("socket,id=labqmp,path=%s/qmp", dir));
    add(argv, "-mon", "chardev=labqmp,mode=control", "-D", NULL);
    strlist_take(argv, text_printf("%s/trace", dir));
    for (const char *const *p = trace_patterns; *p; p++) {
        add(argv, "-trace", *p, NULL);
    }
    for (size_t i = 0; i < config->traces.n; i++) {
        add(argv, "-trace", config->traces.v[i], NULL);
    }
}

bool command_build(const struct config *config, const char *dir,
                   struct strlist *argv, char **err)
{
    add_machine(config, argv);
    if (dir) {
        add_channels(config, dir, argv);
    } else {
        add(argv, "-serial", "mon:stdio", NULL);
    }
    for (size_t i = 0; i < config->qemu_args.n; i++) {
        char *word = command_replace(config, config->qemu_args.v[i], err);

        if (!word) {
            return false;
        }
        strlist_take(argv, word);
    }
    return true;
}
