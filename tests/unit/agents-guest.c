/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest agent: /proc/interrupts and answers. */
#include <glib.h>
#include <string.h>

#include "answer.h"
#include "interrupts.h"

static const char table[] =
    "           CPU0       CPU1       \n"
    " 11:       1512        933     GICv3  27 Level     arch_timer\n"
    " 24:          0          0     GICv3  34 Level     ACPI:Ged\n"
    " 26:         10          2  ITS-MSIX-0000:00:02.0   0 Edge      nvme0q0\n"
    " 27:        100          0  ITS-MSIX-0000:00:02.0   1 Edge      nvme0q1\n"
    " 28:          0          0  ITS-MSIX-0000:00:02.0   2 Edge      nvme0q2\n"
    " 37:          0          5  ITS-MSIX-0000:00:02.0  10 Edge      nvme0q10\n"
    "IPI0:       100        200       Rescheduling interrupts\n"
    "Err:          0\n";

static void test_by_number(void)
{
    const unsigned irqs[] = { 26, 27, 28 };
    const unsigned others[] = { 2, 7, 0, 100 };

    g_assert_cmpuint(interrupts_of(table, irqs, 3), ==, 112);
    g_assert_cmpuint(interrupts_of(table, irqs, 1), ==, 12);
    g_assert_cmpuint(interrupts_of(table, others, 4), ==, 0);
    g_assert_cmpuint(interrupts_of("", irqs, 3), ==, 0);
}

static void test_matching(void)
{
    unsigned lines, fired;

    g_assert_cmpuint(interrupts_matching(table, "0000:00:02.0", &lines,
                                         &fired), ==, 117);
    g_assert_cmpuint(lines, ==, 4);
    g_assert_cmpuint(fired, ==, 3);
    g_assert_cmpuint(interrupts_matching(table, "IPI0", &lines, &fired), ==,
                     300);
    /* the heading is no line of interrupts */
    g_assert_cmpuint(interrupts_matching(table, "CPU0", &lines, &fired), ==,
                     0);
    g_assert_cmpuint(lines, ==, 0);
}

static void test_by_name(void)
{
    uint64_t n;

    g_assert_true(interrupts_named(table, "nvme0q1", &n));
    g_assert_cmpuint(n, ==, 100);
    g_assert_true(interrupts_named(table, "nvme0q10", &n));
    g_assert_cmpuint(n, ==, 5);
    g_assert_false(interrupts_named(table, "nvme0q3", &n));
    g_assert_false(interrupts_named(table, "0q1", &n));
}

static void test_answer(void)
{
    struct answer a = { .len = 0 };

    answer_add(&a, "n=%d", 1);
    answer_add(&a, "m=%s", "two");
    answer_add_text(&a, "out", "a \"b\"\nc");
    g_assert_cmpstr(a.text, ==, "n=1 m=two out=\"a \\\"b\\\"\\nc\"");
    g_assert_false(answer_error(&a, "no %s", "disk"));
    g_assert_true(a.failed);
    g_assert_cmpstr(a.text, ==, "no disk");
}

static void test_full_answer(void)
{
    struct answer a = { .len = 0 };

    for (int i = 0; i < 1000; i++) {
        answer_add(&a, "word%d", i);
    }
    g_assert_cmpuint(a.len, <, sizeof(a.text));
    g_assert_cmpuint(strlen(a.text), ==, a.len);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/interrupts/number", test_by_number);
    g_test_add_func("/agents/interrupts/matching", test_matching);
    g_test_add_func("/agents/interrupts/name", test_by_name);
    g_test_add_func("/agents/answer/words", test_answer);
    g_test_add_func("/agents/answer/full", test_full_answer);
    return g_test_run();
}
