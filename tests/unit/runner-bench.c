/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `smmu-lab bench` plans, and what it makes of reports: statistics,
 * table, JSON, chart.
 */
#include "bench-collect.h"
#include "bench-output.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const BenchPlan two = { .qemus = 2, .rounds = 2, .passes = 2,
                               .divisor = 1 };

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        g_test_message("'%s' is not in:\n%s", part, text);
        g_assert_not_reached();
    }
}

static void test_median(void)
{
    const double values[] = { 9, 1, 5, 2 };

    g_assert_cmpfloat(bench_median(values, 3), ==, 5);
    g_assert_cmpfloat(bench_median(values, 4), ==, 3.5);
    g_assert_cmpfloat(bench_median(values, 1), ==, 9);
    g_assert_true(isnan(bench_median(values, 0)));
}

static void test_tags(void)
{
    guint config, workload;
    BenchPurpose purpose;

    for (guint c = 0; c < BENCH_CONFIGS; c++) {
        for (guint w = 0; w < BENCH_WORKLOADS; w++) {
            g_autofree char *tag = bench_tag(c, w, (c + w) % 3);
            g_autofree char *step = g_strdup_printf("guest read tag=%s bs=1",
                                                    tag);

            g_assert_true(bench_parse_tag(step, &config, &workload,
                                          &purpose));
            g_assert_cmpuint(config, ==, c);
            g_assert_cmpuint(workload, ==, w);
            g_assert_cmpuint(purpose, ==, (c + w) % 3);
        }
    }
    g_assert_false(bench_parse_tag("guest read bs=1", &config, &workload,
                                   &purpose));
    g_assert_false(bench_parse_tag("guest read tag=none/4k-1", &config,
                                   &workload, &purpose));
}

static void test_order(void)
{
    g_autoptr(GArray) runs = bench_runs(&two);
    g_autoptr(GString) order = g_string_new(NULL);

    for (guint n = 0; n < runs->len; n++) {
        g_autofree char *name =
            bench_run_name(&g_array_index(runs, BenchGuestRun, n));

        g_string_append_printf(order, "%s ", name);
    }
    g_assert_cmpstr(order->str, ==,
                    "1-A-boot-none 1-A-boot-smmu 1-A-reads "
                    "1-B-boot-none 1-B-boot-smmu 1-B-reads "
                    "2-B-boot-none 2-B-boot-smmu 2-B-reads "
                    "2-A-boot-none 2-A-boot-smmu 2-A-reads "
                    "1-A-routes 1-B-routes ");
}

static guint count_steps(const Scenario *s, const char *part)
{
    guint n = 0;

    for (char **step = s->steps; *step; step++) {
        n += strstr(*step, part) ? 1 : 0;
    }
    return n;
}

static void test_guests(void)
{
    g_autoptr(Scenario) reads = bench_guest(&two, BENCH_READS, 1);
    g_autoptr(Scenario) next = bench_guest(&two, BENCH_READS, 2);
    g_autoptr(Scenario) old = bench_guest(&two, BENCH_READS_OLD, 1);
    g_autoptr(Scenario) none = bench_guest(&two, BENCH_BOOT_NONE, 1);
    g_autofree char *args = g_strjoinv(" ", none->qemu_args);
    guint timed = BENCH_CONFIGS * BENCH_WORKLOADS * two.passes;

    g_assert_cmpuint(count_steps(reads, "/timed "), ==, timed);
    g_assert_cmpuint(count_steps(reads, "/count "), ==,
                     BENCH_CONFIGS * BENCH_WORKLOADS);
    g_assert_cmpuint(count_steps(reads, "/basis "), ==,
                     BENCH_CONFIGS * BENCH_WORKLOADS);
    g_assert_cmpuint(count_steps(next, "/count "), ==, 0);
    g_assert_cmpuint(count_steps(old, "tag=msi-off/"), ==, 0);
    g_assert_cmpuint(g_strv_length(old->devices), ==, BENCH_CONFIGS - 1);
    g_assert_null(strstr(args, "arm-smmuv3"));
    for (char **a = reads->steps, **b = next->steps; *a; a++, b++) {
        if (strstr(*a, "/timed ")) {
            /* another configuration is first */
            g_assert_nonnull(strstr(*a, "tag=none/"));
            g_assert_nonnull(strstr(*b, "tag=strict/"));
            break;
        }
    }
}

/* A read: @usec for 100 reads, and @exits. */
static void add_read(GString *report, const char *tag, guint ios, guint usec,
                     guint exits)
{
    g_string_append_printf(report, "step n=1 ok=1 text=\"guest read tag=%s "
                           "bs=4096\" answer=\"ios=%u irqs=%u usec=%u "
                           "exits=%u vmexits=%u ioctls=%u cmds=%u "
                           "syncs=%u\"\n", tag, ios, ios, usec, exits,
                           2 * exits, ios, 2 * ios, ios);
}

static void collect(GString *text, guint qemu, guint round, BenchResults *r)
{
    g_autoptr(Report) report = NULL;

    g_string_append(text, "step n=2 ok=1 text=\"guest iommu\" answer=\""
                    "0000:41:00.0=DMA-FQ 0000:61:00.0=DMA "
                    "0000:81:00.0=DMA\"\n"
                    "verdict result=pass reason=\"\"\n");
    report = report_parse(text->str);
    bench_collect_reads(report, "run", qemu, round, r);
    g_string_truncate(text, 0);
}

static BenchResults *some_results(void)
{
    BenchResults *r = bench_results_new(2);
    g_autoptr(GString) text = g_string_new(NULL);

    /* the machine is slow in the second pass, strict in the third */
    add_read(text, "none/4k-1/timed", 100, 1000, 0);
    add_read(text, "strict/4k-1/timed", 100, 2000, 0);
    add_read(text, "none/4k-1/timed", 100, 4000, 0);
    add_read(text, "strict/4k-1/timed", 100, 8000, 0);
    add_read(text, "none/4k-1/timed", 100, 1000, 0);
    add_read(text, "strict/4k-1/timed", 100, 9000, 0);
    add_read(text, "strict/4k-1/basis", 10, 1, 401);
    add_read(text, "strict/4k-1/count", 110, 9, 401 + 105);
    collect(text, 0, 1, r);
    add_read(text, "strict/4k-1/timed", 100, 8000, 0);
    add_read(text, "strict/4k-1/timed", 100, 32000, 0);
    collect(text, 1, 1, r);
    return r;
}

static void test_statistics(void)
{
    g_autoptr(BenchResults) r = some_results();
    g_autoptr(GArray) times = bench_times(r, 0, BENCH_STRICT, BENCH_4K_1);

    g_assert_false(bench_has_failed(r));
    g_assert_cmpuint(times->len, ==, 3);
    g_assert_cmpfloat(bench_median_of(times), ==, 80);
    g_assert_cmpfloat(bench_ratio(r, 0, BENCH_STRICT, BENCH_4K_1, 0,
                                  BENCH_NONE), ==, 2);
    g_assert_cmpfloat(bench_ratio(r, 0, BENCH_STRICT, BENCH_4K_1, 1,
                                  BENCH_STRICT), ==, 0.25);
    g_assert_true(isnan(bench_ratio(r, 1, BENCH_STRICT, BENCH_4K_1, 1,
                                    BENCH_NONE)));
    g_assert_cmpfloat(bench_per_read(r, 0, BENCH_STRICT, BENCH_4K_1,
                                     BENCH_EXITS), ==, 1.05);
    g_assert_cmpfloat(bench_per_read(r, 0, BENCH_STRICT, BENCH_4K_1,
                                     BENCH_IOCTLS), ==, 1);
    g_assert_true(isnan(bench_per_read(r, 0, BENCH_NONE, BENCH_4K_1,
                                       BENCH_EXITS)));
    g_assert_cmpfloat(bench_irq_rate(r, 1, BENCH_STRICT, BENCH_4K_1), ==,
                      (12500 + 3125) / 2.0);
}

static void test_problems(void)
{
    g_autoptr(BenchResults) r = bench_results_new(1);
    g_autoptr(Report) failed = report_parse(
        "step n=1 ok=1 text=\"guest read tag=none/4k-1/timed\" "
        "answer=\"ios=1 usec=1\"\nverdict result=fail reason=\"it broke\"\n");
    g_autoptr(Report) wrong = report_parse(
        "step n=1 ok=1 text=\"guest iommu\" answer=\"0000:41:00.0=DMA "
        "0000:61:00.0=DMA 0000:81:00.0=DMA\"\nverdict result=pass\n");
    const BenchProblem *problem;

    bench_not_run(r, "A", "no property");
    g_assert_false(bench_has_failed(r));
    bench_collect_reads(failed, "1-A-reads", 0, 1, r);
    g_assert_true(bench_has_failed(r));
    g_assert_cmpuint(r->samples->len, ==, 0);
    problem = g_ptr_array_index(r->problems, 1);
    g_assert_cmpstr(problem->reason, ==, "it broke");
    bench_collect_reads(wrong, "1-A-reads", 0, 1, r);
    problem = g_ptr_array_index(r->problems, 2);
    assert_has(problem->reason, "lazy is not what it should be");
}

static void test_counts(void)
{
    g_autoptr(BenchResults) r = bench_results_new(1);

    bench_collect_counts("instructions=40\ninstructions=44\ninstructions=41"
                         "\n", "run", 0, BENCH_CALLBACK, r);
    bench_collect_counts("error=\"no symbol x\"\n", "run", 0,
                         BENCH_TRANSLATION, r);
    g_assert_cmpfloat(bench_median_of(r->qemu[0].instructions[0]), ==, 41);
    g_assert_cmpuint(r->qemu[0].instructions[1]->len, ==, 0);
    g_assert_cmpuint(r->problems->len, ==, 1);
    g_assert_false(bench_has_failed(r));
}

static void test_output(void)
{
    g_autoptr(BenchResults) r = some_results();
    g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 1, 2, 3, 4, 5);
    g_autoptr(JsonParser) parser = json_parser_new();
    Options options = { .quick = TRUE };
    const BenchRun run = { .plan = &two, .options = &options,
                           .started = now, .seconds = 7 };
    g_autofree char *table = bench_table(&run, r);
    g_autofree char *json = bench_json(&run, r);
    g_autofree char *chart = bench_chart(r, "/tmp/it's.svg");

    assert_has(table, "| 4 KiB, depth 1 | strict | 80 | 2.00 | 1.05 | 1.00 "
               "| 200 | - | - | - | 0.25 |");
    g_assert_true(json_parser_load_from_data(parser, json, -1, NULL));
    assert_has(json, "\"to_no_viommu\" : 2.0");
    assert_has(json, "\"to_no_viommu\" : null");
    g_assert_null(strstr(json, "nan"));
    assert_has(chart, "set output '/tmp/it''s.svg'");
    assert_has(chart, "\"4 KiB, depth 1\" 1.000 ? ? ? 2.000 ?");
    assert_has(chart, "title 'A: strict'");
    g_assert_null(strstr(chart, "lazy"));
}

static void test_no_gnuplot(void)
{
    g_autoptr(BenchResults) r = some_results();
    g_autofree char *dir = g_dir_make_tmp("bench-XXXXXX", NULL);
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autofree char *file = g_build_filename(dir, "bench.gnuplot", NULL);
    g_autoptr(GError) error = NULL;

    g_setenv("PATH", dir, TRUE);
    g_assert_false(bench_draw(r, dir, &error));
    g_setenv("PATH", path, TRUE);
    assert_has(error->message, "apt-get install gnuplot-nox");
    g_assert_cmpint(remove(file), ==, 0);
    g_assert_cmpint(remove(dir), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bench/median", test_median);
    g_test_add_func("/bench/tags", test_tags);
    g_test_add_func("/bench/order", test_order);
    g_test_add_func("/bench/guests", test_guests);
    g_test_add_func("/bench/statistics", test_statistics);
    g_test_add_func("/bench/problems", test_problems);
    g_test_add_func("/bench/counts", test_counts);
    g_test_add_func("/bench/output", test_output);
    g_test_add_func("/bench/no-gnuplot", test_no_gnuplot);
    return g_test_run();
}
