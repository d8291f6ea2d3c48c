/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options: the command line of smmu-lab, with the defaults filled in.
 */
#ifndef RUNNER_OPTIONS_H
#define RUNNER_OPTIONS_H

#include <glib.h>

/* Exit codes of smmu-lab. */
enum {
    EXIT_PASS = 0,
    EXIT_FAIL = 1,
    EXIT_USAGE = 2,
    EXIT_ALL_SKIPPED = 77,
    EXIT_TIMEOUT = 124,
    EXIT_INTERRUPTED = 130,
};

typedef struct Options {
    char *program;              /* as it was called */
    char *command;              /* run, list, shell, doctor */
    char **arguments;           /* what follows the command */
    char *root;                 /* the project's directory */
    char *base;                 /* a file of bases/, see options_base() */
    char *qemu;                 /* arm64 QEMU under test; NULL: the image's */
    char *host_qemu;            /* QEMU that emulates the arm64 host */
    char *kernel;               /* kernel of the emulated host */
    gboolean kernel_given;      /* --kernel: the guest boots it too */
    char *host_initrd;          /* the emulated host's initramfs */
    char *variants;             /* directory of the builds made to fail */
    char *qtests;               /* directory of test programs for arm64 */
    char *scenario_dir;
    char *results_dir;
    char *junit;                /* NULL: no JUnit file */
    double timeout_multiplier;  /* > 0 */
    char **given;               /* options that change a run, as words */
    gboolean keep;
    gboolean no_skip;
    gboolean known_failures;    /* run what fails on the base as is known */
    gboolean dry_run;
    gboolean guest;
    gboolean version;
} Options;

/*
 * Parses the command line. The caller owns the result. Returns NULL and
 * sets @error on wrong usage; `--help` prints and exits.
 */
Options *options_parse(int argc, char **argv, GError **error);

void options_free(Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)

/*
 * What is built for @o's base as build/@name, and for other bases than the
 * default under a name of its own. The caller owns the string.
 */
char *options_base_path(const Options *o, const char *name);

/*
 * Why scenario @name does not run on @o's base: it does not apply, or is known
 * to fail. The caller owns the string; NULL: it runs.
 */
char *options_base_skips(const Options *o, const char *name);

/*
 * @word, an argument of the QEMU under test that starts without a device of
 * the host, as @o's base needs it. The caller owns the string.
 */
char *options_base_alone(const Options *o, const char *word);

/*
 * The command line that runs scenario @name with these options; the
 * caller owns the vector.
 */
char **options_command_line(const Options *options, const char *name);

/*
 * The directory that holds lab/scenarios: the nearest one above @start,
 * or NULL. The caller owns the string.
 */
char *options_find_root(const char *start);

#endif
