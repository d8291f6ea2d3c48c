/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "tap.h"

static unsigned failures;
static const char *skipped;

void tap_check(bool ok, const char *text, const char *file, int line)
{
    if (!ok) {
        printf("# %s:%d: not true: %s\n", file, line, text);
        failures++;
    }
}

void tap_check_eq(int64_t left, int64_t right, const char *text,
                  const char *file, int line)
{
    if (left != right) {
        printf("# %s:%d: %s: %lld (0x%llx) and %lld (0x%llx)\n", file, line,
               text, (long long)left, (long long)left, (long long)right,
               (long long)right);
        failures++;
    }
}

void tap_skip(const char *why)
{
    skipped = why;
}

/* Is @path, as "/rules/map" or a part of it from the left, that of @name? */
static bool matches(const char *path, const char *name)
{
    path += path[0] == '/';
    return !strncmp(path, name, strlen(path));
}

/* The options of GLib's test programs, those that make sense here */
static bool wanted(const char *name, int argc, char **argv)
{
    bool any = false, picked = false;

    for (int i = 1; i + 1 < argc; i++) {
        if (!strcmp(argv[i], "-s") && matches(argv[i + 1], name)) {
            return false;
        }
        if (!strcmp(argv[i], "-p")) {
            any = true;
            picked |= matches(argv[i + 1], name);
        }
    }
    return !any || picked;
}

int tap_run(const struct tap_test *tests, unsigned n, int argc, char **argv)
{
    unsigned bad = 0, done = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned i = 0; i < n; i++) {
        if (!wanted(tests[i].name, argc, argv)) {
            continue;
        }
        failures = 0;
        skipped = NULL;
        tests[i].run();
        done++;
        printf("%sok %u /%s%s%s\n", failures ? "not " : "", done,
               tests[i].name, skipped ? " # SKIP " : "",
               skipped ? skipped : "");
        bad += failures != 0;
    }
    printf("1..%u\n", done);
    return bad ? 1 : 0;
}
