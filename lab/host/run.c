/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "counters.h"
#include "monitor.h"
#include "qtest.h"
#include "util.h"

/* How long the verbs wait unless timeout= says otherwise, in seconds; 0: as
 * long as the whole run may take. */
#define EXIT_SECONDS 60

bool run_fail(struct run *run, enum exit_code code, const char *fmt, ...)
{
    va_list ap;

    if (!run->reason) {
        va_start(ap, fmt);
        run->reason = g_strdup_vprintf(fmt, ap);
        va_end(ap);
        run->code = code;
    }
    return false;
}

/* Returns: the last line on QEMU's standard error, or ""; to be freed. */
static char *last_stderr_line(const struct run *run)
{
    g_autofree char *path = g_build_filename(run->config->output, "qemu-stderr.txt", NULL);
    g_autofree char *text = NULL;
    const char *newline;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return g_strdup("");
    }
    newline = strrchr(g_strchomp(text), '\n');
    return g_strdup(newline ? newline + 1 : text);
}

static bool fail_for_exit(struct run *run, const char *what)
{
    g_autofree char *line = last_stderr_line(run);

    return run_fail(run, EXIT_FAIL, "QEMU exited with status %d instead of %s%s%s", run->vm.exit_code, what,
                    *line ? ": " : "", line);
}

bool run_must_give_up(struct run *run, const char *what, double end)
{
    const struct config *config = run->config;
    double now = clock_seconds();

    if (run->vm.interrupted) {
        run_fail(run, EXIT_INTERRUPTED, "interrupted by signal %d (%s)",
                 run->vm.interrupted, strsignal(run->vm.interrupted));
    } else if (run->vm.started && run->vm.exited && !run->exit_wanted) {
        fail_for_exit(run, what);
    } else if (run->vm.console.panicked && !run->exit_wanted &&
               !run->panic_wanted) {
        run_fail(run, EXIT_FAIL, "the guest's kernel panicked: %s",
                 run->vm.console.first_bad);
    } else if (now > run->deadline) {
        run_fail(run, EXIT_TIMEOUT, "%g s (--timeout) are over while waiting "
                 "for %s", config->timeout, what);
    } else if (now > end) {
        run_fail(run, EXIT_FAIL, "waited too long for %s", what);
    } else if (run->vm.pid && now > run->vm.heard_at + config->silence) {
        run_fail(run, EXIT_TIMEOUT, "not a word from the guest for %g s "
                 "(--silence) while waiting for %s", config->silence, what);
    } else {
        return false;
    }
    return true;
}

bool run_wait_until(struct run *run, bool (*done)(const struct run *),
                    double seconds, const char *what)
{
    double end = seconds ? clock_seconds() + seconds : run->deadline + 1;

    while (!done(run)) {
        if (run_must_give_up(run, what, end)) {
            return false;
        }
        vm_turn(&run->vm, TURN_SECONDS);
    }
    return true;
}

static bool start(struct run *run)
{
    g_autofree char *err = NULL;

    if (run->vm.started && !run->vm.exited) {
        return run_fail(run, EXIT_FAIL, "QEMU runs already");
    }
    if (run->vm.started) {
        run_keep_trace(run);
    }
    run->exit_wanted = run->exit_done = false;
    if (!vm_start(&run->vm, run->config, &err)) {
        return run_fail(run, EXIT_FAIL, "%s", err);
    }
    return true;
}

static bool enough_boots(const struct run *run)
{
    return run->vm.console.boots >= run->boots_wanted;
}

static bool do_boot(struct run *run, const Step *step, char **answer)
{
    double begin = clock_seconds();

    run->boots_wanted = run->vm.console.boots + 1;
    if (!start(run) || !run_wait_until(run, enough_boots, step->timeout,
                                       "the guest's agent")) {
        return false;
    }
    report_phase(&run->report, "boot", clock_seconds() - begin);
    *answer = g_strdup(run->vm.console.ready);
    return true;
}

static bool do_expect_boots(struct run *run, const Step *step,
                            char **answer)
{
    run->boots_wanted = step->count;
    if (!run_wait_until(run, enough_boots, step->timeout,
                        "the guest's reboot")) {
        return false;
    }
    if (run->panic_wanted) {
        run->panic_wanted = run->vm.console.panicked = false;
    }
    *answer = g_strdup_printf("boots=%lu", run->vm.console.boots);
    return run->vm.console.boots == step->count ||
           run_fail(run, EXIT_FAIL, "the guest booted %lu times instead of "
                    "%" PRIu64, run->vm.console.boots, step->count);
}

static bool answered(const struct run *run)
{
    return run->vm.console.answered == run->command_no;
}

static bool do_guest(struct run *run, const Step *step, char **answer)
{
    struct console *con = &run->vm.console;
    bool io = account_is_io(step);
    g_autofree char *line = g_strdup_printf("%lu %s", ++run->command_no, step->arg);
    struct account before;
    bool sent;

    account_begin(run, &before);
    if (step->guest == GUEST_POWEROFF) {
        run->exit_wanted = true;
    }
    if (step->guest == GUEST_KEXEC && strstr(step->guest_args, "crash=1")) {
        run->panic_wanted = true;
    }
    run->vm.heard_at = clock_seconds();
    sent = run->vm.pid && vm_say(&run->vm, line);
    if (!sent) {
        return run_fail(run, EXIT_FAIL, "no guest to send `%s` to", step->arg);
    }
    if (!run_wait_until(run, answered, step->timeout, "the guest's answer")) {
        return false;
    }
    *answer = g_strdup(con->answer);
    if (con->answer_ok && io) {
        account_io(run, step, answer, &before);
    }
    return con->answer_ok ||
           run_fail(run, EXIT_FAIL, "guest: %s: %s", step->arg, con->answer);
}

static bool helper_has_ended(const struct run *run)
{
    return !run->vm.helper;
}

bool run_wait_for_helper(struct run *run, double seconds, const char *what)
{
    return run_wait_until(run, helper_has_ended, seconds, what);
}

static bool do_host(struct run *run, const Step *step, char **answer)
{
    g_autofree char *output = g_build_filename(run->config->output, "host-commands.txt", NULL);
    g_autofree char *err = NULL;
    g_autofree char *command = command_replace(run->config, step->arg, &err);

    if (!command || !vm_start_helper(&run->vm, command, output, &err)) {
        return run_fail(run, EXIT_FAIL, "%s", err);
    }
    if (!run_wait_for_helper(run, 0, "the host's command")) {
        return false;
    }
    *answer = g_strdup_printf("status=%d", run->vm.helper_status);
    return !run->vm.helper_status ||
           run_fail(run, EXIT_FAIL, "host: `%s` ended with status %d (its output is in host-commands.txt)", command,
                    run->vm.helper_status);
}

static bool do_sleep(struct run *run, const Step *step)
{
    double end = clock_seconds() + step->seconds;

    while (clock_seconds() < end) {
        run->vm.heard_at = clock_seconds();
        if (run_must_give_up(run, "the end of a sleep", end + 1)) {
            return false;
        }
        vm_turn(&run->vm, end - clock_seconds());
    }
    return true;
}

static bool qemu_has_exited(const struct run *run)
{
    return run->vm.exited;
}

static bool do_exit(struct run *run, const Step *step, char **answer)
{
    double seconds = step->timeout ? step->timeout : EXIT_SECONDS;
    int code;

    if (!run->vm.started && !start(run)) {
        return false;
    }
    run->exit_wanted = true;
    if (!run_wait_until(run, qemu_has_exited, seconds, "QEMU's exit")) {
        return false;
    }
    run->exit_done = true;
    code = run->vm.exit_code;
    *answer = g_strdup_printf("code=%d", code);
    if (step->code == STEP_NONZERO ? code != 0 : code == step->code) {
        return true;
    }
    return fail_for_exit(run, step->code == STEP_NONZERO
                         ? "refusing to start" : "exiting as expected");
}

static bool do_step(struct run *run, const Step *step);

static bool do_verb(struct run *run, const Step *step, char **answer)
{
    switch (step->verb) {
    case STEP_BOOT:
        return do_boot(run, step, answer);
    case STEP_START:
        return start(run);
    case STEP_GUEST:
        return do_guest(run, step, answer);
    case STEP_QMP:
        return monitor_qmp(run, step, answer);
    case STEP_EVENT:
        return monitor_event(run, step, answer);
    case STEP_MONITOR:
        return monitor_ask(run, step, answer);
    case STEP_EXPECT_BOOTS:
        return do_expect_boots(run, step, answer);
    case STEP_HOST:
        return do_host(run, step, answer);
    case STEP_SLEEP:
        return do_sleep(run, step);
    case STEP_QTEST:
        return qtest_step(run, step, answer);
    case STEP_EXIT:
        return do_exit(run, step, answer);
    case STEP_REPEAT:
        break;
    }
    return false;
}

/* A step marked `?` may fail by its answer, not by the end of the run. */
static bool forgive(struct run *run, const Step *step,
                    const char *answer)
{
    if (!step->may_fail || !answer) {
        return false;
    }
    g_clear_pointer(&run->reason, g_free);
    run->code = EXIT_PASS;
    return true;
}

static bool do_repeat(struct run *run, const Step *step)
{
    for (uint64_t n = 0; n < step->count; n++) {
        for (unsigned i = 0; i < step->children->len; i++) {
            if (!do_step(run, g_ptr_array_index(step->children, i))) {
                return false;
            }
        }
    }
    return true;
}

static bool do_step(struct run *run, const Step *step)
{
    double begin = clock_seconds();
    g_autofree char *answer = NULL;
    bool ok;

    if (step->verb == STEP_REPEAT) {
        return do_repeat(run, step);
    }
    ok = do_verb(run, step, &answer);
    report_step(&run->report, ++run->step_no, ok, step->key, step->text,
                clock_seconds() - begin,
                answer ? answer : ok ? "" : run->reason);
    if (step->key) {
        g_hash_table_replace(run->answers, g_strdup(step->key),
                             g_strdup(answer ? answer : ""));
    }
    if (!ok) {
        ok = forgive(run, step, answer);
    }
    return ok;
}

static bool do_text(struct run *run, const char *text)
{
    g_autoptr(Step) step = step_parse(text, NULL);

    return do_step(run, step);
}

/* Without an `exit` step the guest is powered off and QEMU must end well. */
static bool end_well(struct run *run)
{
    bool ok = true;

    if (run->vm.started && !run->vm.exited && !run->exit_wanted) {
        ok = do_text(run, "guest poweroff");
    }
    if (ok && run->vm.started && !run->exit_done) {
        ok = do_text(run, "exit code=0");
    }
    return ok;
}

bool run_steps(struct run *run)
{
    const GPtrArray *steps = run->config->plan->steps;
    bool tests_ok = true;

    run->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         g_free);
    for (unsigned i = 0; i < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);

        if (do_step(run, step)) {
            continue;
        }
        /* a test that fails keeps no other program from its turn */
        if (step->verb != STEP_QTEST || run->code != EXIT_FAIL) {
            return false;
        }
        tests_ok = false;
    }
    return end_well(run) && tests_ok;
}

void run_keep_trace(struct run *run)
{
    g_autofree char *from = g_build_filename(run->vm.dir, "trace", NULL);
    g_autofree char *to = g_build_filename(run->config->output, "qemu-trace.txt", NULL);
    FILE *in = fopen(from, "re");
    FILE *out = fopen(to, "ae");
    char buf[65536];
    size_t n;

    while (in && out && (n = fread(buf, 1, sizeof(buf), in)) > 0) {
        fwrite(buf, 1, n, out);
    }
    if (in) {
        fclose(in);
        trace_file(&run->trace, from);
        unlink(from);
    }
    if (out) {
        fclose(out);
    }
}
