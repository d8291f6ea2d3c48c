/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Just enough JSON for QMP: one object a line. */
#ifndef LAB_JSON_H
#define LAB_JSON_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Find the member @key of the object that @text is, not of objects inside it.
 * @value: where its value begins in @text; @len: bytes of it.
 * Returns: false if @text is no complete object or has no such member.
 */
bool json_member(const char *text, const char *key, const char **value,
                 size_t *len);

/* Like json_member(), for a string: @buf receives it without quotes and with
 * its escapes resolved (\u as `?`), cut to @size - 1 bytes. */
bool json_string(const char *text, const char *key, char *buf, size_t size);

/* Returns: whether @text is one complete object. */
bool json_is_object(const char *text);

#endif
