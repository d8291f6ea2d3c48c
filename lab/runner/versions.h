/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Versions: of everything a result depends on.
 */
#ifndef RUNNER_VERSIONS_H
#define RUNNER_VERSIONS_H

#include "options.h"

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
