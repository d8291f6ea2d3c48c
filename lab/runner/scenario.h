/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenario: one file of lab/scenarios, checked completely when read, so
 * that nothing is booted for a typing error. Format: docs/lab.md.
 */
#ifndef RUNNER_SCENARIO_H
#define RUNNER_SCENARIO_H

#include "plan.h"

#include <glib.h>

#define SCENARIO_SUFFIX ".scenario"

/* Every error names the file, the group, the key and what to write. */
#define SCENARIO_ERROR scenario_error_quark()
GQuark scenario_error_quark(void);
typedef enum {
    SCENARIO_ERROR_INVALID,
    SCENARIO_ERROR_NOT_FOUND,
} ScenarioError;

typedef struct Scenario {
    char *name;                 /* the file's name without its suffix */
    char *file;
    char *description;
    double timeout;             /* seconds, whole run */
    double silence;             /* seconds without any output */

    /* The emulated host. Device n is ${devN} in other arguments. */
    char **devices;             /* `model` or `model,property=value...` */
    guint host_cpus;
    char *host_memory;          /* as QEMU's -m takes it */
    char *host_kernel;          /* build/kernel-NAME; NULL: the lab's own */
    char *host_profile;         /* whose ID registers its SMMU has, or NULL */
    char *host_append;          /* kernel arguments, may be NULL */
    char **host_qemu_args;
    gboolean host_events;       /* events of its SMMU are not a failure */

    /* The guest's machine; a NULL means smmu-lab-host's default. */
    char *qemu;                 /* "series" or the name of a variant */
    char *kernel;               /* as host_kernel */
    char *machine;
    char *accel;
    char *cpu;
    char *smp;
    char *memory;
    char *append;
    gboolean firmware;
    char **qemu_args;           /* words in order; empty: the default pair */

    Plan *plan;          /* steps and expectations */
} Scenario;

/* Reads @file. The caller owns the result; NULL and @error when bad. */
Scenario *scenario_load(const char *file, GError **error);

/* Whether device @n has a disk image. */
gboolean scenario_has_disk(const Scenario *s, guint n);

void scenario_free(Scenario *scenario);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scenario, scenario_free)

/*
 * The scenarios of @dir whose names match one of @globs (all when empty),
 * by name. Fails on an unreadable directory, a bad file among those
 * wanted, and a glob that matches nothing.
 * Returns: an array that owns its Scenario elements.
 */
GPtrArray *scenario_find(const char *dir, char **globs, GError **error);

#endif
