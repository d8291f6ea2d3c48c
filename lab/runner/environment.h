/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Environment: the files and programs a run takes, the command that brings
 * each that is missing, and the versions of everything a result depends on.
 */
#ifndef RUNNER_ENVIRONMENT_H
#define RUNNER_ENVIRONMENT_H

#include "options.h"
#include "scenario.h"

/*
 * What running @s lacks, with the command that brings it, or NULL. The
 * caller owns the string.
 */
char *needs_missing(const Scenario *s, const Options *o);

/*
 * Prints a line for everything the lab needs; also what only building
 * takes. Returns whether a run of all scenarios is possible.
 */
gboolean needs_doctor(const Options *o);

typedef struct Versions {
    char *host_qemu;            /* first line of its --version */
    char *kernel;               /* the banner in the kernel's image */
    char *qemu_compiler;        /* that built the QEMU under test */
    char *runner_compiler;
    char *revision;             /* git revision of the project */
    char *qemu_revision;        /* git revision of the QEMU tree */
} Versions;

/* Whatever cannot be found out is NULL. The caller owns the result. */
Versions *versions_collect(const Options *o);

void versions_free(Versions *versions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Versions, versions_free)

/* `Linux version …` of an uncompressed image in memory, or NULL. */
char *versions_banner(const char *image, gsize length);

#endif
