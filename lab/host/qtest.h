/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A step that runs one of the programs of tests/qtest on this host. */
#ifndef HOST_QTEST_H
#define HOST_QTEST_H

#include "run.h"

/*
 * Run the program that @step names, from --qtests. Its environment names the
 * QEMU under test and the devices; what it prints goes to a file of its own in
 * --output, and each test to the report. The totals are in *@answer, which the
 * caller frees.
 * Returns: false with the run's reason, which names the first test that failed;
 * also if the program ended without all the tests it had announced, or any.
 */
bool qtest_step(struct run *run, const Step *step, char **answer);

#endif
