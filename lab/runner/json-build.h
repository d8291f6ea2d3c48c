/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of JSON that the runner writes have in common, beyond what
 * json-glib's builder offers.
 */
#ifndef RUNNER_JSON_BUILD_H
#define RUNNER_JSON_BUILD_H

#include <json-glib/json-glib.h>

/* The member @name of the open object: a string, or null for NULL. */
void json_build_string(JsonBuilder *b, const char *name, const char *value);

/* Open the array @name; to be closed by json_builder_end_array(). */
void json_build_array(JsonBuilder *b, const char *name);

/*
 * The text of what was built, in lines, without a newline at its end. The
 * caller owns it.
 */
char *json_build_text(JsonBuilder *b);

#endif
