/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 200
#define LOOK_TICKS 5            /* look at the watched files every second */
#define KILL_AFTER_MS 3000      /* from SIGTERM to SIGKILL */
#define LONGEST_LINE 4096

typedef struct Run {
    const ProcessPlan *plan;
    GMainLoop *loop;
    GPid pid;                   /* also its process group */
    int input;                  /* a console nobody types on */
    int wait_status;
    GInputStream *output;
    FILE *console;
    GString *partial;           /* line not yet complete */
    char buffer[4096];
    gboolean exited, drained, ending;
    ProcessEnd end;
    gint64 started, last_sign;  /* monotonic, microseconds */
    guint64 watched_bytes;
    guint ticks;
    guint killer;               /* source of kill_hard(), or 0 */
} Run;

static gboolean interrupted;

static gboolean on_signal(gpointer data)
{
    interrupted = TRUE;
    return G_SOURCE_CONTINUE;
}

void process_catch_signals(void)
{
    g_unix_signal_add(SIGINT, on_signal, NULL);
    g_unix_signal_add(SIGTERM, on_signal, NULL);
    g_unix_signal_add(SIGHUP, on_signal, NULL);
}

gboolean process_interrupted(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
        ;
    }
    return interrupted;
}

/*
 * In the child. SIGKILL when the runner dies, so nothing can leave QEMU
 * behind; a process group of its own, so that Ctrl-C reaches the runner
 * alone and the order of things is kept.
 */
static void set_up_child(gpointer own_group)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (own_group) {
        setpgid(0, 0);
    }
}

static guint64 bytes_below(const char *dir)
{
    g_autoptr(GDir) listing = dir ? g_dir_open(dir, 0, NULL) : NULL;
    const char *name;
    guint64 bytes = 0;

    while (listing && (name = g_dir_read_name(listing)) != NULL) {
        g_autofree char *file = g_build_filename(dir, name, NULL);
        GStatBuf info;

        if (!g_lstat(file, &info) && S_ISREG(info.st_mode)) {
            bytes += info.st_size;
        }
    }
    return bytes;
}

/* The whole group: a wrapper around QEMU may have children. */
static void signal_group(const Run *run, int signal)
{
    kill(-run->pid, signal);
}

static gboolean kill_hard(gpointer data)
{
    Run *run = data;

    run->killer = 0;
    signal_group(run, SIGKILL);
    return G_SOURCE_REMOVE;
}

static void end_child(Run *run, ProcessEnd why)
{
    if (!run->ending) {
        run->ending = TRUE;
        run->end = why;
        signal_group(run, SIGTERM);
        run->killer = g_timeout_add(KILL_AFTER_MS, kill_hard, run);
    }
}

static gboolean on_tick(gpointer data)
{
    Run *run = data;
    gint64 now = g_get_monotonic_time();
    double seconds = (now - run->started) / 1e6;

    if (run->plan->tick) {
        run->plan->tick(seconds, run->plan->data);
    }
    if (run->ticks++ % LOOK_TICKS == 0) {
        guint64 bytes = bytes_below(run->plan->watched);

        if (bytes != run->watched_bytes) {
            run->watched_bytes = bytes;
            run->last_sign = now;
        }
    }
    if (interrupted) {
        end_child(run, PROCESS_INTERRUPTED);
    } else if (seconds > run->plan->timeout) {
        end_child(run, PROCESS_TIMED_OUT);
    } else if ((now - run->last_sign) / 1e6 > run->plan->silence) {
        end_child(run, PROCESS_SILENT);
    }
    return G_SOURCE_CONTINUE;
}

static void give_line(Run *run)
{
    g_autofree char *line = g_utf8_make_valid(run->partial->str,
                                              run->partial->len);

    if (run->plan->line) {
        run->plan->line(line, run->plan->data);
    }
    g_string_truncate(run->partial, 0);
}

static void take_output(Run *run, const char *bytes, gsize length)
{
    fwrite(bytes, 1, length, run->console);
    fflush(run->console);
    for (gsize i = 0; i < length; i++) {
        if (bytes[i] == '\n' || run->partial->len >= LONGEST_LINE) {
            give_line(run);
        }
        if (bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\0') {
            g_string_append_c(run->partial, bytes[i]);
        }
    }
}

static void finish_if_done(Run *run)
{
    if (run->exited && run->drained) {
        g_main_loop_quit(run->loop);
    }
}

static void read_more(Run *run);

static void on_output(GObject *source, GAsyncResult *result, gpointer data)
{
    Run *run = data;
    gssize length = g_input_stream_read_finish(run->output, result, NULL);

    if (length > 0) {
        run->last_sign = g_get_monotonic_time();
        take_output(run, run->buffer, length);
        read_more(run);
        return;
    }
    if (run->partial->len) {
        give_line(run);
    }
    run->drained = TRUE;
    finish_if_done(run);
}

static void read_more(Run *run)
{
    g_input_stream_read_async(run->output, run->buffer, sizeof(run->buffer),
                              G_PRIORITY_DEFAULT, NULL, on_output, run);
}

static void on_exit_of_child(GPid pid, int wait_status, gpointer data)
{
    Run *run = data;

    signal_group(run, SIGKILL);
    run->wait_status = wait_status;
    run->exited = TRUE;
    finish_if_done(run);
}

/*
 * Not GSubprocess: it does not report the process group of a child that has
 * already ended, and that may have left something running.
 */
static gboolean spawn(Run *run, GError **error)
{
    const ProcessPlan *plan = run->plan;
    int errors = open(plan->errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                      0644);
    int output;
    gboolean ok;

    if (errors < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "cannot write %s: %s", plan->errors, g_strerror(errno));
        return FALSE;
    }
    ok = g_spawn_async_with_pipes_and_fds(
        NULL, (const char *const *)plan->argv, NULL,
        G_SPAWN_DO_NOT_REAP_CHILD, set_up_child, GINT_TO_POINTER(TRUE), -1,
        -1, errors, NULL, NULL, 0, &run->pid, &run->input, &output, NULL,
        error);
    close(errors);
    if (ok) {
        run->output = g_unix_input_stream_new(output, TRUE);
        g_child_watch_add(run->pid, on_exit_of_child, run);
    }
    return ok;
}

static void fill_result(const Run *run, ProcessResult *result)
{
    gboolean exited = WIFEXITED(run->wait_status);

    result->seconds = (g_get_monotonic_time() - run->started) / 1e6;
    result->status = exited ? WEXITSTATUS(run->wait_status)
                            : WTERMSIG(run->wait_status);
    result->end = run->ending ? run->end
                : exited ? PROCESS_EXITED : PROCESS_SIGNALED;
}

gboolean process_run(const ProcessPlan *plan, ProcessResult *result,
                     GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GString) partial = g_string_new(NULL);
    gint64 now = g_get_monotonic_time();
    Run run = { .plan = plan, .loop = loop, .partial = partial,
                .started = now, .last_sign = now };
    guint tick;

    run.console = fopen(plan->console, "we");
    if (!run.console) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "cannot write %s: %s", plan->console,
                    g_strerror(errno));
        return FALSE;
    }
    if (!spawn(&run, error)) {
        fclose(run.console);
        return FALSE;
    }
    tick = g_timeout_add(TICK_MS, on_tick, &run);
    read_more(&run);
    g_main_loop_run(loop);
    g_source_remove(tick);
    if (run.killer) {
        g_source_remove(run.killer);
    }
    close(run.input);
    g_object_unref(run.output);
    fill_result(&run, result);
    if (fclose(run.console)) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "cannot write %s: %s", plan->console,
                    g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

int process_interactive(char **argv, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_INHERIT);
    g_autoptr(GSubprocess) child = NULL;

    g_subprocess_launcher_set_child_setup(launcher, set_up_child, NULL,
                                          NULL);
    child = g_subprocess_launcher_spawnv(launcher,
                                         (const char *const *)argv, error);
    if (!child || !g_subprocess_wait(child, NULL, error)) {
        return -1;
    }
    return g_subprocess_get_if_exited(child)
        ? g_subprocess_get_exit_status(child) : EXIT_FAILURE;
}
