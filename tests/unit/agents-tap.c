/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What test programs print, as smmu-lab-host understands it. */
#include <glib.h>

#include "tap.h"

static void feed(struct tap *tap, const char *const *lines)
{
    for (; *lines; lines++) {
        tap_line(tap, *lines);
    }
}

static void assert_last(const struct tap *tap, const char *name,
                        const char *result, const char *why)
{
    g_assert_cmpstr(tap->name, ==, name);
    g_assert_cmpstr(tap_result_name(tap->result), ==, result);
    g_assert_cmpstr(tap->why, ==, why);
}

static void test_results(void)
{
    struct tap tap = { 0 };

    g_assert_false(tap_line(&tap, "# random seed: R02S1"));
    g_assert_false(tap_line(&tap, "1..5"));
    g_assert_false(tap_line(&tap, "# Start of queue tests"));
    g_assert_true(tap_line(&tap, "ok 1 /queue/wrap"));
    assert_last(&tap, "/queue/wrap", "pass", "");
    g_assert_true(tap_line(&tap, "ok 2 /queue/leak # SKIP needs the model: x"));
    assert_last(&tap, "/queue/leak", "skip", "needs the model: x");
    g_assert_true(tap_line(&tap, "not ok 3 /queue/later # TODO not yet"));
    assert_last(&tap, "/queue/later", "skip", "not yet");
    g_assert_true(tap_line(&tap, "not ok 4 - /queue/bad - no CONS"));
    assert_last(&tap, "/queue/bad", "fail", "no CONS");
    g_assert_true(tap_line(&tap, "not ok /queue/no-number"));
    assert_last(&tap, "/queue/no-number", "fail", "");
    g_assert_true(tap.has_plan);
    g_assert_cmpuint(tap.planned, ==, 5);
    g_assert_cmpuint(tap_ended(&tap), ==, 5);
    g_assert_cmpuint(tap.count[TAP_PASS], ==, 1);
    g_assert_cmpuint(tap.count[TAP_SKIP], ==, 2);
    g_assert_cmpuint(tap.count[TAP_FAIL], ==, 2);
    tap_free(&tap);
}

/* The message before a failure is its reason; one of an earlier test is not */
static void test_comment(void)
{
    static const char *const lines[] = {
        "# IDR0 0x1", "ok 1 /a", "# starting QEMU: exec qemu", "not ok 2 /b",
        NULL
    };
    static const char *const more[] = {
        "# IDR0 0x2, expected 0x3", "# End of b tests", "#", "not ok 3 /c", NULL
    };
    struct tap tap = { 0 };

    feed(&tap, lines);
    assert_last(&tap, "/b", "fail", "");
    feed(&tap, more);
    assert_last(&tap, "/c", "fail", "IDR0 0x2, expected 0x3");
    tap_free(&tap);
}

static void test_bail(void)
{
    static const char *const lines[] = {
        "1..2", "ok 1 /a", "Bail out! ERROR:msi.c:12:test: not so", NULL
    };
    struct tap tap = { 0 };

    feed(&tap, lines);
    g_assert_cmpstr(tap.bail, ==, "ERROR:msi.c:12:test: not so");
    g_assert_cmpuint(tap_ended(&tap), ==, 1);
    tap_free(&tap);
}

/* QEMU's own words are in between */
static void test_noise(void)
{
    static const char *const noise[] = {
        "", "qemu-system-aarch64: warning: 1..3", "okay", "not okay", "1..x",
        "1..3 tests", "  ok 1 /indented", NULL
    };
    struct tap tap = { 0 };

    feed(&tap, noise);
    g_assert_false(tap.has_plan);
    g_assert_cmpuint(tap_ended(&tap), ==, 0);
    g_assert_null(tap.name);
    g_assert_null(tap.bail);
    tap_free(&tap);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tap/results", test_results);
    g_test_add_func("/tap/comment", test_comment);
    g_test_add_func("/tap/bail", test_bail);
    g_test_add_func("/tap/noise", test_noise);
    return g_test_run();
}
