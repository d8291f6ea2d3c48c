/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of smmu-lab-host. */
#include "report.h"

static void test_report(void)
{
    g_autoptr(Report) report = report_parse(
        "phase name=boot seconds=12.3\n"
        "\n"
        "count name=irqs value=128\n"
        "count name=doorbell value=0x8090040\n"
        "count name=odd value=12x\n"
        "expect ok=1 expr=\"irqs>=ios\" left=128 right=64\r\n"
        "verdict result=pass reason=\"\"\n");
    guint64 value;

    g_assert_cmpuint(report->records->len, ==, 6);
    g_assert_cmpuint(report->bad_lines, ==, 0);
    g_assert_true(report_count(report, "irqs", &value));
    g_assert_cmpuint(value, ==, 128);
    g_assert_true(report_count(report, "doorbell", &value));
    g_assert_cmphex(value, ==, 0x8090040);
    g_assert_false(report_count(report, "odd", &value));
    g_assert_false(report_count(report, "none", &value));
    g_assert_cmpstr(record_get(report_last(report, "expect", NULL), "expr"),
                    ==, "irqs>=ios");
}

/* A line without its end is still being written. */
static void test_growing(void)
{
    g_autoptr(Report) none = report_parse("");
    g_autoptr(Report) half = report_parse("phase name=boot seconds=1\n"
                                          "step n=1 ok=1 text=\"guest re");
    g_autofree char *milestone = report_milestone(half);

    g_assert_null(report_milestone(none));
    g_assert_cmpuint(half->records->len, ==, 1);
    g_assert_cmpuint(half->bad_lines, ==, 0);
    g_assert_cmpstr(milestone, ==, "boot done");
}

static void test_bad_lines(void)
{
    g_autoptr(Report) report = report_parse("name=irqs value=1\n"
                                            "step text=\"open\n"
                                            "\xff\xfe=1\n");

    g_assert_cmpuint(report->records->len, ==, 0);
    g_assert_cmpuint(report->bad_lines, ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/report/records", test_report);
    g_test_add_func("/report/growing", test_growing);
    g_test_add_func("/report/bad-lines", test_bad_lines);
    return g_test_run();
}
