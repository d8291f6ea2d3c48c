/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host agent's expectations. */
#include <glib.h>

#include "expr.h"

static bool counter(void *opaque, const char *name, uint64_t *value)
{
    *value = !strcmp(name, "irqs") ? 128 : !strcmp(name, "ios") ? 64 : 0;
    return !strcmp(name, "irqs") || !strcmp(name, "ios") ||
           !strcmp(name, "zero");
}

static bool contains(void *opaque, const char *source, const char *text,
                     bool *found)
{
    *found = strstr("QEMU: needs iommufd = yes", text);
    return !strcmp(source, "stderr");
}

static const struct expr_source source = {
    .counter = counter, .contains = contains,
};

static struct expr_result eval(const char *text)
{
    struct expr_result result;
    char *err = NULL;

    if (!expr_eval(text, &source, &result, &err)) {
        g_test_message("%s", err);
        g_assert_not_reached();
    }
    return result;
}

static void test_compare(void)
{
    g_assert_true(eval("irqs >= ios").ok);
    g_assert_true(eval("irqs>=128").ok);
    g_assert_false(eval("irqs > 128").ok);
    g_assert_true(eval("irqs > 127").ok);
    g_assert_true(eval("ios <= 0x40").ok);
    g_assert_false(eval("ios < 64").ok);
    g_assert_true(eval("ios < irqs").ok);
    g_assert_true(eval("zero == 0").ok);
    g_assert_false(eval("irqs == 64").ok);
    g_assert_true(eval("irqs != ios").ok);
    g_assert_false(eval("irqs != 128").ok);
}

static void test_factor(void)
{
    struct expr_result result = eval("irqs >= 2*ios");

    g_assert_true(result.ok);
    g_assert_cmpuint(result.left, ==, 128);
    g_assert_cmpuint(result.right, ==, 128);
    g_assert_false(eval("irqs >= 3 * ios").ok);
}

static void test_text(void)
{
    g_assert_true(eval("stderr ~ needs iommufd").ok);
    g_assert_true(eval("stderr ~ \"iommufd = yes\"").ok);
    g_assert_false(eval("stderr ~ needs vfio").ok);
    g_assert_true(eval("stderr !~ needs vfio").ok);
    g_assert_false(eval("stderr !~ needs iommufd").ok);
}

static void test_refused(void)
{
    static const char *const bad[] = {
        "irqs", "", ">= 3", "irqs >=", "nothing == 0", "irqs == nothing",
        "irqs == x*ios", "irqs == 2*nothing", "irqs ~ text", "irqs == 5x",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct expr_result result;
        char *err = NULL;

        g_test_message("%s", bad[i]);
        g_assert_false(expr_eval(bad[i], &source, &result, &err));
        g_assert_nonnull(strstr(err, bad[i]));
        g_assert_false(result.ok);
        free(err);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/expr/compare", test_compare);
    g_test_add_func("/agents/expr/factor", test_factor);
    g_test_add_func("/agents/expr/text", test_text);
    g_test_add_func("/agents/expr/refused", test_refused);
    return g_test_run();
}
