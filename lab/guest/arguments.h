/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The `key=value` words of a command. */
#ifndef GUEST_ARGUMENTS_H
#define GUEST_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "answer.h"

/* The number of @key, @fallback if it is absent. Returns: false, with the error
 * in @a, if it is there and no number. */
bool arguments_number(const char *args, const char *key, uint64_t fallback,
                      uint64_t *value, struct answer *a);

/* The text of @key. Returns: false, with the error in @a, if it is absent. */
bool arguments_text(const char *args, const char *key, char *buf, size_t size,
                    struct answer *a);

#endif
