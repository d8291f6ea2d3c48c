/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench: `smmu-lab bench`, one boot of the emulated host that measures.
 */
#ifndef RUNNER_BENCH_H
#define RUNNER_BENCH_H

#include "options.h"

/*
 * Runs it, prints the table, writes bench.md, bench.json and bench.svg.
 * Returns smmu-lab's exit code, or -1 with @error when it could not begin.
 */
int bench_run(const Options *o, GError **error);

#endif
