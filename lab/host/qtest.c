/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qtest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"
#include "util.h"

/* SMMU_QTEST_HOST is the first device, SMMU_QTEST_HOST1 the second... */
static char *environment(const struct config *config)
{
    g_autofree char *qemu = g_shell_quote(config->qemu);
    g_autofree char *data = g_build_filename(config->qtests, "data", NULL);
    g_autofree char *quoted_data = g_shell_quote(data);
    GString *all = g_string_new(NULL);

    g_string_printf(all, "QTEST_QEMU_BINARY=%s SMMU_QTEST_DATA=%s", qemu, quoted_data);
    for (unsigned i = 0; i < config->devices->len; i++) {
        g_string_append(all, " SMMU_QTEST_HOST");
        if (i) {
            g_string_append_printf(all, "%u", i);
        }
        g_string_append_printf(all, "=%s", (char *)g_ptr_array_index(config->devices, i));
    }
    return g_string_free(all, FALSE);
}

/* For a shell; NULL with a message if there is no such program. */
static char *command_of(const struct config *config, const Step *step, char **err)
{
    g_autofree char *file = g_strdup_printf("%s/qtest-%s", config->qtests ? config->qtests : "--qtests DIR",
                                            step->words[0]);
    g_autofree char *variables = NULL, *quoted = NULL, *arguments = NULL;

    if (access(file, X_OK)) {
        text_fail(err, "no program %s: %s", file, strerror(errno));
        return NULL;
    }
    variables = environment(config);
    quoted = g_shell_quote(file);
    /* its words are plain (step.c sees to it): no need for quotes */
    arguments = g_strjoinv(" ", step->words + 1);
    return g_strdup_printf("cd /tmp && %s exec %s --tap -k %s", variables, quoted, arguments);
}

/* A file for each step */
static char *output_of(const struct run *run, const Step *step)
{
    return g_strdup_printf("%s/%02u-qtest-%s.tap", run->config->output,
                       run->step_no + 1, step->words[0]);
}

/* Report each test in @path. */
static bool read_output(struct run *run, const char *program, const char *path, struct tap *tap, char **failed)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        return run_fail(run, EXIT_FAIL, "%s", error->message);
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!tap_line(tap, *line)) {
            continue;
        }
        report_test(&run->report, program, tap->name, tap_result_name(tap->result), tap->why);
        run->tests[tap->result]++;
        if (tap->result == TAP_FAIL && !*failed) {
            *failed = g_strdup_printf("%s%s%s", tap->name, *tap->why ? ": " : "", tap->why);
        }
    }
    return true;
}

/* A program that dies says so, or leaves tests out, or both. */
static bool evaluate_end(struct run *run, const char *program,
                      const struct tap *tap, int status)
{
    unsigned long ended = tap_ended(tap);
    const char *last = tap->name ? tap->name : "its start";

    if (tap->bail) {
        return run_fail(run, EXIT_FAIL, "qtest-%s gave up after %s: %s",
                        program, last, tap->bail);
    }
    if (status) {
        return run_fail(run, EXIT_FAIL, "qtest-%s ended with status %d after "
                        "%s", program, status, last);
    }
    if (!tap->has_plan || ended != tap->planned) {
        return run_fail(run, EXIT_FAIL, "qtest-%s ended after %s, with %lu "
                        "of %lu tests", program, last, ended, tap->planned);
    }
    return ended || run_fail(run, EXIT_FAIL, "qtest-%s has run no test: is "
                             "there one with that path?", program);
}

static bool evaluate(struct run *run, const char *program, const char *path, int status, char **answer)
{
    struct tap tap = { 0 };
    g_autofree char *failed = NULL;
    bool ok = read_output(run, program, path, &tap, &failed);

    *answer = g_strdup_printf("passed=%lu failed=%lu skipped=%lu planned=%lu status=%d", tap.count[TAP_PASS],
                              tap.count[TAP_FAIL], tap.count[TAP_SKIP], tap.planned, status);
    if (ok && failed) {
        ok = run_fail(run, EXIT_FAIL, "qtest-%s: %s failed", program, failed);
    } else if (ok) {
        ok = evaluate_end(run, program, &tap, status);
    }
    tap_free(&tap);
    return ok;
}

bool qtest_step(struct run *run, const Step *step, char **answer)
{
    g_autofree char *output = output_of(run, step), *err = NULL;
    g_autofree char *command = command_of(run->config, step, &err);
    bool ok;

    unlink(output); /* of an earlier run */
    if (!command || !vm_start_helper(&run->vm, command, output, &err)) {
        return run_fail(run, EXIT_FAIL, "%s", err);
    }
    ok = run_wait_for_helper(run, step->timeout, "the end of a test program");
    vm_kill_helper(&run->vm);
    return evaluate(run, step->words[0], output, run->vm.helper_status, answer) && ok;
}
