/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

/* As the scripts have it: its directories below build/ have plain names. */
#define DEFAULT_BASE "v10.2"

static const char summary[] =
    "Runs the lab: an emulated arm64 host, and in it a KVM guest that owns\n"
    "PCI devices behind an accelerated SMMUv3.\n"
    "\n"
    "Commands:\n"
    "  run [NAME|GLOB…]      run scenarios (all without a name)\n"
    "  list                  name every scenario and what it shows\n"
    "  shell NAME [--guest]  a shell on the emulated host, or in its guest\n"
    "  doctor                what is missing, and the command that brings it";

static const char description[] =
    "Exit codes: 0 all passed, 1 failures, 2 wrong usage, 77 all skipped,\n"
    "124 time-out, 130 interrupted. The lab is described in docs/lab.md.\n";

char *options_find_root(const char *start)
{
    g_autofree char *dir = g_canonicalize_filename(start, NULL);

    for (;;) {
        g_autofree char *mark = g_build_filename(dir, "lab", "scenarios",
                                                 NULL);
        char *parent;

        if (g_file_test(mark, G_FILE_TEST_IS_DIR)) {
            return g_steal_pointer(&dir);
        }
        parent = g_path_get_dirname(dir);
        if (!strcmp(parent, dir)) {
            g_free(parent);
            return NULL;
        }
        g_free(dir);
        dir = parent;
    }
}

/*
 * The program's own place decides, so that any working directory will do. If
 * build/ is a link to somewhere else: the project that it was built from.
 */
static char *find_root(GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *cwd = g_get_current_dir();
    char *root = self ? options_find_root(self) : NULL;

    if (!root) {
        root = options_find_root(cwd);
    }
    if (!root) {
        root = options_find_root(PROJECT_ROOT);
    }
    if (!root) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "no lab/scenarios above %s or %s: run smmu-lab from the "
                    "project's directory", self, cwd);
    }
    return root;
}

static void set_default(char **value, const char *root, const char *relative)
{
    if (*value) {
        char *absolute = g_canonicalize_filename(*value, NULL);

        g_free(*value);
        *value = absolute;
    } else {
        *value = g_build_filename(root, relative, NULL);
    }
}

static void make_absolute(char **value)
{
    if (*value) {
        set_default(value, NULL, NULL);
    }
}

char *options_base_path(const Options *o, const char *name)
{
    g_autofree char *own = strcmp(o->base, DEFAULT_BASE)
        ? g_strdup_printf("%s-%s", name, o->base) : g_strdup(name);

    return g_build_filename(o->root, "build", own, NULL);
}

static GKeyFile *load_base(const Options *o, GError **error)
{
    g_autofree char *file = g_build_filename(o->root, "bases", o->base, NULL);
    g_autoptr(GKeyFile) base = g_key_file_new();

    if (!g_key_file_load_from_file(base, file, G_KEY_FILE_NONE, error)) {
        g_prefix_error(error, "%s: ", file);
        return NULL;
    }
    return g_steal_pointer(&base);
}

char *options_base_skips(const Options *o, const char *name)
{
    static const char *const groups[] = { "not-applicable", "fails" };
    g_autofree char *path = g_strdup_printf("/scenario/%s", name);
    g_autoptr(GKeyFile) base = load_base(o, NULL);

    for (gsize i = 0; base && i < G_N_ELEMENTS(groups) - o->known_failures;
         i++) {
        g_autofree char *reason = g_key_file_get_string(base, groups[i], path,
                                                        NULL);

        if (reason) {
            return g_strdup_printf("%s: %s", groups[i], reason);
        }
    }
    return NULL;
}

char *options_base_alone(const Options *o, const char *word)
{
    g_autoptr(GKeyFile) base = load_base(o, NULL);
    g_autofree char *alone = base
        ? g_key_file_get_string(base, "arguments", "accel", NULL) : NULL;
    GString *result = g_string_new(word);

    if (alone) {
        g_string_replace(result, ",accel=on", alone, 0);
    }
    return g_string_free(result, FALSE);
}

static void set_base_default(Options *o, char **value, const char *name,
                             const char *rest)
{
    g_autofree char *dir = options_base_path(o, name);

    set_default(value, dir, rest);
}

static gboolean fill_defaults(Options *o, GError **error)
{
    g_autoptr(GKeyFile) base = NULL;

    o->root = find_root(error);
    if (!o->root) {
        return FALSE;
    }
    if (!o->base) {
        o->base = g_strdup(DEFAULT_BASE);
    }
    base = load_base(o, error);
    if (!base) {
        return FALSE;
    }
    o->kernel_given = o->kernel != NULL;
    make_absolute(&o->qemu);
    make_absolute(&o->junit);
    set_default(&o->host_qemu, o->root,
                "build/qemu-x86/qemu-system-aarch64");
    set_default(&o->kernel, o->root, "build/kernel/arch/arm64/boot/Image");
    set_base_default(o, &o->host_initrd, "images", "host.cpio");
    set_base_default(o, &o->variants, "variants", NULL);
    set_base_default(o, &o->qtests, "qtests-arm64", "out");
    set_default(&o->scenario_dir, o->root, "lab/scenarios");
    set_default(&o->results_dir, o->root, "results");
    return TRUE;
}

static gboolean check_usage(const Options *o, GError **error)
{
    static const char *const commands[] = {
        "run", "list", "shell", "doctor", NULL
    };
    guint arguments = g_strv_length(o->arguments);

    if (!o->command) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "no command: name one of run, list, shell, doctor");
    } else if (!g_strv_contains(commands, o->command)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "unknown command '%s': there are run, list, shell, "
                    "doctor", o->command);
    } else if (!strcmp(o->command, "shell") && arguments != 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "shell needs exactly one scenario's name: "
                    "smmu-lab shell smoke");
    } else if (strcmp(o->command, "run") && strcmp(o->command, "shell") &&
               arguments) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "%s takes no argument '%s'", o->command,
                    o->arguments[0]);
    } else if (o->guest && strcmp(o->command, "shell")) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--guest goes with shell only");
    } else if (!(o->timeout_multiplier > 0)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--timeout-multiplier %g: give a number above 0",
                    o->timeout_multiplier);
    } else {
        return TRUE;
    }
    return FALSE;
}

static void note_given(Options *o)
{
    const struct {
        const char *option;
        const char *value;
    } files[] = {
        { "--base", o->base }, { "--qemu", o->qemu },
        { "--host-qemu", o->host_qemu },
        { "--kernel", o->kernel }, { "--host-initrd", o->host_initrd },
        { "--qtests", o->qtests },
        { "--scenario-dir", o->scenario_dir },
        { "--results", o->results_dir },
    };
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        if (files[i].value) {
            g_strv_builder_add(words, files[i].option);
            g_strv_builder_add(words, files[i].value);
        }
    }
    if (o->timeout_multiplier != 1) {
        g_autofree char *number = g_strdup_printf("%g",
                                                  o->timeout_multiplier);

        g_strv_builder_add(words, "--timeout-multiplier");
        g_strv_builder_add(words, number);
    }
    o->given = g_strv_builder_end(words);
}

char **options_command_line(const Options *o, const char *name)
{
    g_autoptr(GStrvBuilder) line = g_strv_builder_new();

    g_strv_builder_add(line, o->program);
    g_strv_builder_add(line, "run");
    g_strv_builder_add(line, name);
    g_strv_builder_addv(line, (const char **)o->given);
    g_strv_builder_add(line, "--keep");
    return g_strv_builder_end(line);
}

static void parse_words(Options *o, char **words)
{
    if (words && words[0]) {
        o->command = g_strdup(words[0]);
        o->arguments = g_strdupv(words + 1);
    } else {
        o->arguments = g_new0(char *, 1);
    }
}

Options *options_parse(int argc, char **argv, GError **error)
{
    g_autoptr(Options) o = g_new0(Options, 1);
    g_auto(GStrv) words = NULL;
    const GOptionEntry entries[] = {
        { "base", 0, 0, G_OPTION_ARG_STRING, &o->base,
          "The base of the QEMU under test, a file of bases/", "NAME" },
        { "qemu", 0, 0, G_OPTION_ARG_FILENAME, &o->qemu,
          "Test this arm64 QEMU instead of the image's", "FILE" },
        { "host-qemu", 0, 0, G_OPTION_ARG_FILENAME, &o->host_qemu,
          "QEMU that emulates the arm64 host", "FILE" },
        { "kernel", 0, 0, G_OPTION_ARG_FILENAME, &o->kernel,
          "arm64 kernel, for the emulated host and the guest", "FILE" },
        { "host-initrd", 0, 0, G_OPTION_ARG_FILENAME, &o->host_initrd,
          "The emulated host's initramfs", "FILE" },
        { "qtests", 0, 0, G_OPTION_ARG_FILENAME, &o->qtests,
          "Test programs for the emulated host", "DIR" },
        { "scenario-dir", 0, 0, G_OPTION_ARG_FILENAME, &o->scenario_dir,
          "Where the scenarios are", "DIR" },
        { "results", 0, 0, G_OPTION_ARG_FILENAME, &o->results_dir,
          "Where results go", "DIR" },
        { "junit", 0, 0, G_OPTION_ARG_FILENAME, &o->junit,
          "Write a JUnit file as well", "FILE" },
        { "timeout-multiplier", 0, 0, G_OPTION_ARG_DOUBLE,
          &o->timeout_multiplier, "Multiply every time-out", "N" },
        { "keep", 0, 0, G_OPTION_ARG_NONE, &o->keep,
          "Keep disk images and copied binaries after a PASS", NULL },
        { "no-skip", 0, 0, G_OPTION_ARG_NONE, &o->no_skip,
          "A scenario that cannot run here is a failure", NULL },
        { "known-failures", 0, 0, G_OPTION_ARG_NONE, &o->known_failures,
          "Run what is known to fail on the base, too", NULL },
        { "dry-run", 0, 0, G_OPTION_ARG_NONE, &o->dry_run,
          "Print the commands instead of running them", NULL },
        { "guest", 0, 0, G_OPTION_ARG_NONE, &o->guest,
          "With shell: the guest's console", NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &o->version,
          "Print the version", NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words,
          NULL, "COMMAND" },
        G_OPTION_ENTRY_NULL
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    o->program = g_strdup(argv[0]);
    o->timeout_multiplier = 1;
    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return NULL;
    }
    parse_words(o, words);
    note_given(o);
    if (o->version) {
        return g_steal_pointer(&o);
    }
    if (!check_usage(o, error) || !fill_defaults(o, error)) {
        return NULL;
    }
    return g_steal_pointer(&o);
}

void options_free(Options *o)
{
    g_free(o->program);
    g_strfreev(o->given);
    g_free(o->command);
    g_strfreev(o->arguments);
    g_free(o->root);
    g_free(o->base);
    g_free(o->qemu);
    g_free(o->host_qemu);
    g_free(o->kernel);
    g_free(o->host_initrd);
    g_free(o->variants);
    g_free(o->qtests);
    g_free(o->scenario_dir);
    g_free(o->results_dir);
    g_free(o->junit);
    g_free(o);
}
