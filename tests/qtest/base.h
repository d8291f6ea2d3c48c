/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Base: how the QEMU under test differs from the one that the tests are
 * written for: what a file of bases/ says, of which bases/v10.2 has the
 * format. On a machine without the sources it is the test data's `base`.
 */
#ifndef TESTS_QTEST_BASE_H
#define TESTS_QTEST_BASE_H

#include <glib.h>
#include <stdbool.h>

/*
 * As g_test_add_func() and the like, but a test that does not apply to the
 * base, or fails there as is known, is skipped with the file's reason. With
 * SMMU_QTEST_FAILS in the environment known failures run.
 */
void base_test(const char *path, GTestFunc func);
void base_data_test(const char *path, const void *data, GTestDataFunc func);

/* Is there such a test that is skipped? Then it has been added. */
bool base_skips(const char *path);

/* Does @text have @message, or what the base has for it? */
bool base_says(const char *text, const char *message);

/* QEMU's arguments @args for this base; to be freed */
char *base_args(const char *args);

#endif
