/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of smmu-lab-host in a directory of its own, for its tests. */
#ifndef UNIT_RUN_FIXTURE_H
#define UNIT_RUN_FIXTURE_H

#include <glib.h>

#include "run.h"

typedef struct {
    struct run run;
    struct config config;
    char *dir;             /* --output; removed with the files in it */
} Fixture;

/* @name: of the directory; what the test needs beyond goes to f->config. */
void fixture_set_up(Fixture *f, const char *name);
void fixture_tear_down(Fixture *f);

/* Do @steps. Returns: what run_steps() does; a failure has its reason. */
bool fixture_run(Fixture *f, const char *const *steps);

#endif
