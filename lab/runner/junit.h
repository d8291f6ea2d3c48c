/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JUnit: a run as the XML file that CI systems read.
 */
#ifndef RUNNER_JUNIT_H
#define RUNNER_JUNIT_H

#include "outcome.h"

/* The text of the file. The caller owns it. */
char *junit_to_xml(const GPtrArray *outcomes, double seconds);

gboolean junit_write(const char *file, const GPtrArray *outcomes,
                     double seconds, GError **error);

#endif
