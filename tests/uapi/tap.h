/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_TAP_H
#define UAPI_TAP_H

/*
 * The least that a test program needs to report by the Test Anything Protocol.
 * No GLib, so that one static program runs on any host.
 */

#include <stdbool.h>
#include <stdint.h>

struct tap_test {
    const char *name;
    void (*run)(void);
};

/*
 * Run all tests, or only -p PATH, and not -s PATH, as GLib's test programs do.
 * Other options are passed over. Returns: exit status
 */
int tap_run(const struct tap_test *tests, unsigned n, int argc, char **argv);

/* The running test fails, and goes on */
void tap_check(bool ok, const char *text, const char *file, int line);
void tap_check_eq(int64_t left, int64_t right, const char *text,
                  const char *file, int line);
/* The running test is not for here. Returns: to be returned from it */
void tap_skip(const char *why);

#define CHECK(expr) tap_check(expr, #expr, __FILE__, __LINE__)
#define CHECK_EQ(left, right)                                               \
    tap_check_eq((int64_t)(left), (int64_t)(right), #left " == " #right,    \
                 __FILE__, __LINE__)
#define TAP_MAIN(tests)                                                     \
    int main(int argc, char **argv)                                         \
    {                                                                       \
        return tap_run(tests, sizeof(tests) / sizeof((tests)[0]), argc,     \
                       argv);                                               \
    }

#endif /* UAPI_TAP_H */
