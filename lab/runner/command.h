/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command: the command line of the emulated host, and the arguments that
 * smmu-lab-host gets there, made from a scenario and the options.
 */
#ifndef RUNNER_COMMAND_H
#define RUNNER_COMMAND_H

#include "options.h"
#include "scenario.h"

/* Files of one run of a scenario. All paths are absolute. */
typedef struct RunFiles {
    char *dir;                  /* results/<time>/<scenario> */
    char *share;                /* the 9p share, /lab on the host */
    char *console;              /* console.log */
    char *host_stderr;          /* stderr of the emulated host's QEMU */
    char *report;               /* share/out/report.txt */
    char *out;                  /* share/out */
} RunFiles;

typedef enum {
    RUN_SCENARIO,
    RUN_SHELL_HOST,
    RUN_SHELL_GUEST,
} RunMode;

RunFiles *run_files_new(const char *dir);
void run_files_free(RunFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunFiles, run_files_free)

/* The disk image of device @n; caller owns. */
char *command_disk_file(const RunFiles *files, guint n);

/* The PCI address of device @n on the emulated host; caller owns. */
char *command_device_bdf(guint n);

/*
 * The arm64 QEMU binary to test, or NULL when it is the image's own. The
 * caller owns the string.
 */
char *command_test_qemu(const Scenario *s, const Options *o);

/*
 * The kernels of the emulated host and of the guest: the scenario's or the
 * options'. NULL for the guest means the image's own. The caller owns the
 * string.
 */
char *command_host_kernel(const Scenario *s, const Options *o);
char *command_guest_kernel(const Scenario *s, const Options *o);

/*
 * What is copied to the share: pairs of a file and its name there. The caller
 * owns the vector.
 */
char **command_copies(const Scenario *s, const Options *o);

/*
 * The file with the ID registers of the emulated host's SMMU, or NULL. The
 * caller owns the string.
 */
char *command_host_profile(const Scenario *s, const Options *o);

/* The emulated host's command line. The caller owns the vector. */
char **command_host_vm(const Scenario *s, const Options *o,
                       const RunFiles *files, RunMode mode);

/*
 * Arguments for smmu-lab-host, to be written to share/args one a line;
 * none contains a newline. The caller owns the vector.
 */
char **command_host_args(const Scenario *s, const Options *o, RunMode mode);

/*
 * @argv quoted for a shell, with a new line for each word that begins with
 * @option (`-` or `--`).
 */
char *command_quote(char **argv, const char *option);

/* The same on one line. */
char *command_quote_line(char **argv);

#endif
