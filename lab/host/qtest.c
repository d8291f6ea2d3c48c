/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qtest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static char *quote(const char *text)
{
    char *inner = text_replace(text, "'", "'\\''");
    char *quoted = text_printf("'%s'", inner);

    free(inner);
    return quoted;
}

/* SMMU_QTEST_HOST is the first device, SMMU_QTEST_HOST1 the second... */
static char *environment(const struct config *config)
{
    char *qemu = quote(config->qemu);
    char *data = text_printf("%s/data", config->qtests);
    char *quoted_data = quote(data);
    char *all = text_printf("QTEST_QEMU_BINARY=%s SMMU_QTEST_DATA=%s", qemu,
                            quoted_data);

    for (size_t i = 0; i < config->devices.n; i++) {
        char *number = i ? text_printf("%zu", i) : text_copy("");
        char *more = text_printf("%s SMMU_QTEST_HOST%s=%s", all, number,
                                 config->devices.v[i]);

        free(number);
        free(all);
        all = more;
    }
    free(quoted_data);
    free(data);
    free(qemu);
    return all;
}

/* For a shell; NULL with a message if there is no such program. */
static char *command_of(const struct config *config, const Step *step,
                        char **err)
{
    char *file = text_printf("%s/qtest-%s",
                             config->qtests ? config->qtests : "--qtests DIR",
                             step->words[0]);
    char *command = NULL;

    if (access(file, X_OK)) {
        text_fail(err, "no program %s: %s", file, strerror(errno));
    } else {
        char *variables = environment(config);
        char *quoted = quote(file);
        /* its words are plain (step.c sees to it): no need for quotes */
        char *arguments = g_strjoinv(" ", step->words + 1);

        command = text_printf("cd /tmp && %s exec %s --tap -k %s", variables,
                              quoted, arguments);
        free(arguments);
        free(quoted);
        free(variables);
    }
    free(file);
    return command;
}

/* A file for each step */
static char *output_of(const struct run *run, const Step *step)
{
    return text_printf("%s/%02u-qtest-%s.tap", run->config->output,
                       run->step_no + 1, step->words[0]);
}

/* Report each test in @path. */
static bool read_output(struct run *run, const char *program,
                        const char *path, struct tap *tap, char **failed)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    if (!f) {
        return run_fail(run, EXIT_FAIL, "cannot read %s: %s", path,
                        strerror(errno));
    }
    while (getline(&line, &size, f) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (!tap_line(tap, line)) {
            continue;
        }
        report_test(&run->report, program, tap->name,
                    tap_result_name(tap->result), tap->why);
        run->tests[tap->result]++;
        if (tap->result == TAP_FAIL && !*failed) {
            *failed = text_printf("%s%s%s", tap->name, *tap->why ? ": " : "",
                                  tap->why);
        }
    }
    free(line);
    fclose(f);
    return true;
}

/* A program that dies says so, or leaves tests out, or both. */
static bool judge_end(struct run *run, const char *program,
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

static bool judge(struct run *run, const char *program, const char *path,
                  int status, char **answer)
{
    struct tap tap = { 0 };
    char *failed = NULL;
    bool ok = read_output(run, program, path, &tap, &failed);

    *answer = text_printf("passed=%lu failed=%lu skipped=%lu planned=%lu "
                          "status=%d", tap.count[TAP_PASS],
                          tap.count[TAP_FAIL], tap.count[TAP_SKIP],
                          tap.planned, status);
    if (ok && failed) {
        ok = run_fail(run, EXIT_FAIL, "qtest-%s: %s failed", program, failed);
    } else if (ok) {
        ok = judge_end(run, program, &tap, status);
    }
    free(failed);
    tap_free(&tap);
    return ok;
}

bool qtest_step(struct run *run, const Step *step, char **answer)
{
    char *output = output_of(run, step);
    char *err = NULL;
    char *command = command_of(run->config, step, &err);
    bool ok;

    unlink(output); /* of an earlier run */
    if (!command || !vm_start_helper(&run->vm, command, output, &err)) {
        ok = run_fail(run, EXIT_FAIL, "%s", err);
    } else {
        ok = run_wait_for_helper(run, step->timeout,
                                 "the end of a test program");
        vm_kill_helper(&run->vm);
        ok = judge(run, step->words[0], output, run->vm.helper_status, answer) &&
             ok;
    }
    free(command);
    free(output);
    free(err);
    return ok;
}
