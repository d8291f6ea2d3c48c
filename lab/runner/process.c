/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TICK_MS 200
#define LOOK_TICKS 5            /* look at the watched files every second */
#define KILL_AFTER_MS 3000      /* from SIGTERM to SIGKILL */
#define LONGEST_LINE 4096

typedef struct Run {
    const ProcessPlan *plan;
    GMainLoop *loop;
    GSubprocess *child;
    pid_t pid;                  /* also its process group */
    GInputStream *output;
    FILE *console;
    GString *partial;           /* line not yet complete */
    char buffer[4096];
    gboolean exited, drained, ending;
    ProcessEnd end;
    gint64 started, last_sign;  /* monotonic, microseconds */
    guint64 watched_bytes;
    guint ticks;
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
    signal_group(data, SIGKILL);
    return G_SOURCE_REMOVE;
}

static void end_child(Run *run, ProcessEnd why)
{
    if (!run->ending) {
        run->ending = TRUE;
        run->end = why;
        signal_group(run, SIGTERM);
        g_timeout_add(KILL_AFTER_MS, kill_hard, run);
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

static void on_exit_of_child(GObject *source, GAsyncResult *result,
                             gpointer data)
{
    Run *run = data;

    g_subprocess_wait_finish(run->child, result, NULL);
    signal_group(run, SIGKILL);
    run->exited = TRUE;
    finish_if_done(run);
}

static GSubprocess *spawn(const ProcessPlan *plan, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = NULL;

    /* Its input stays open and empty: a console nobody types on. */
    launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                         G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_subprocess_launcher_set_child_setup(launcher, set_up_child,
                                          GINT_TO_POINTER(TRUE), NULL);
    if (plan->errors) {
        g_subprocess_launcher_set_stderr_file_path(launcher, plan->errors);
    }
    return g_subprocess_launcher_spawnv(launcher,
                                        (const char *const *)plan->argv,
                                        error);
}

static void fill_result(const Run *run, ProcessResult *result)
{
    gboolean exited = g_subprocess_get_if_exited(run->child);

    result->seconds = (g_get_monotonic_time() - run->started) / 1e6;
    result->status = exited ? g_subprocess_get_exit_status(run->child)
                            : g_subprocess_get_term_sig(run->child);
    result->end = run->ending ? run->end
                : exited ? PROCESS_EXITED : PROCESS_SIGNALED;
}

gboolean process_run(const ProcessPlan *plan, ProcessResult *result,
                     GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GString) partial = g_string_new(NULL);
    g_autoptr(GSubprocess) child = NULL;
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
    run.child = child = spawn(plan, error);
    if (!child) {
        fclose(run.console);
        return FALSE;
    }
    run.pid = atoi(g_subprocess_get_identifier(child));
    run.output = g_subprocess_get_stdout_pipe(child);
    tick = g_timeout_add(TICK_MS, on_tick, &run);
    read_more(&run);
    g_subprocess_wait_async(child, NULL, on_exit_of_child, &run);
    g_main_loop_run(loop);
    g_source_remove(tick);
    g_source_remove_by_user_data(&run);
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
