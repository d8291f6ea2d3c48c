/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include <gio/gio.h>
#include "machine.h"

/* Far more than QEMU takes to come up, on a loaded machine too */
#define TRY_SECONDS 60

static char *qemu_binary;

void machine_test_init(int *argc, char ***argv)
{
    const char *qemu = getenv("QTEST_QEMU_BINARY");

    g_test_init(argc, argv, NULL);
    if (!qemu || !g_file_test(qemu, G_FILE_TEST_IS_EXECUTABLE)) {
        fprintf(stderr, "QTEST_QEMU_BINARY=%s is no QEMU to test; `meson test` "
                "sets it, see tests/qtest/README.md\n", qemu ? qemu : "");
        exit(1);
    }
    qemu_binary = g_strdup(qemu);
}

const char *machine_qemu(void)
{
    return qemu_binary;
}

const char *machine_baseline(void)
{
    const char *qemu = getenv("BASELINE_QEMU");

    return qemu && *qemu ? qemu : NULL;
}

char *machine_data(const char *name)
{
    const char *dir = getenv("SMMU_QTEST_DATA");

    return g_build_filename(dir ? dir : QTEST_DATA, name, NULL);
}

char *machine_args(const char *args)
{
    g_autofree char *firmware = machine_data("firmware");
    g_autofree char *quoted = g_shell_quote(firmware);
    g_autofree char *rest = base_args(args);

    return g_strdup_printf("-machine virt,gic-version=3 -cpu cortex-a57 "
                           "-m 128 -nodefaults -bios %s %s", quoted, rest);
}

QTestState *machine_start_qemu(const char *qemu, const char *args)
{
    g_autofree char *all = machine_args(args);
    /* libqtest puts the name in a line for the shell */
    g_autofree char *quoted = g_shell_quote(qemu);

    g_setenv("QTEST_QEMU_BINARY", quoted, true);
    return qtest_init(all);
}

QTestState *machine_start(const char *fmt, ...)
{
    g_autofree char *args = NULL;
    va_list ap;

    va_start(ap, fmt);
    args = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    return machine_start_qemu(qemu_binary, args);
}

static gboolean try_too_long(gpointer data)
{
    GSubprocess *process = data;

    g_subprocess_force_exit(process);
    return G_SOURCE_REMOVE;
}

typedef struct TryResult {
    GMainLoop *loop;
    char *err;
} TryResult;

static void try_done(GObject *source, GAsyncResult *result, gpointer data)
{
    TryResult *done = data;

    g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, NULL,
                                         &done->err, NULL);
    g_main_loop_quit(done->loop);
}

/*
 * Starts QEMU with what makes it quit waiting on its standard input: written
 * before, since a QEMU that refuses may be gone at any time.
 */
static GSubprocess *start_to_quit(const char *const *argv)
{
    static const char quit[] = "{\"execute\":\"qmp_capabilities\"}\n"
                               "{\"execute\":\"quit\"}\n";
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                                  G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr(GError) error = NULL;
    GSubprocess *process;
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    g_assert_cmpint(write(fds[1], quit, strlen(quit)), ==, strlen(quit));
    close(fds[1]);
    g_subprocess_launcher_take_stdin_fd(launcher, fds[0]);
    process = g_subprocess_launcher_spawnv(launcher, argv, &error);
    g_assert_no_error(error);
    return process;
}

int machine_try(const char *args, char **message)
{
    g_autofree char *quoted = g_shell_quote(qemu_binary);
    g_autofree char *line = g_strdup_printf("%s -display none -audio none "
                                            "-qmp stdio %s", quoted, args);
    g_autoptr(GSubprocess) process = NULL;
    g_auto(GStrv) argv = NULL;
    TryResult done = { .loop = g_main_loop_new(NULL, false) };
    guint timer;
    int status;

    /* enough to repeat it by hand */
    g_test_message("%s", line);
    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    process = start_to_quit((const char *const *)argv);
    timer = g_timeout_add_seconds(TRY_SECONDS, try_too_long, process);
    g_subprocess_communicate_utf8_async(process, NULL, NULL, try_done, &done);
    g_main_loop_run(done.loop);
    g_source_remove(timer);
    g_main_loop_unref(done.loop);

    g_assert_true(g_subprocess_get_if_exited(process));
    status = g_subprocess_get_exit_status(process);
    g_test_message("exit status %d, stderr: %s", status, done.err);
    if (message) {
        *message = done.err;
    } else {
        g_free(done.err);
    }
    return status;
}

/* The machine of machine_start(), which libqtest would start with qtest */
static int try_machine(const char *args, char **message)
{
    g_autofree char *more = g_strdup_printf("%s -accel qtest", args);
    g_autofree char *all = machine_args(more);

    return machine_try(all, message);
}

void machine_assert_refused(const char *args, const char *message)
{
    g_autofree char *err = NULL;
    int status = try_machine(args, &err);

    if (status != 1 || !base_says(err, message)) {
        g_test_message("exit status must be 1, with: %s", message);
        g_test_fail();
    }
}

/*
 * Is there nothing on stderr but what VFIO reports for any real device,
 * with or without an SMMU?
 */
static bool is_silent(const char *err)
{
    static const char *const usual[] = {
        "no available reset mechanism", "PCI BAR?", "(Bad address)",
        "PCI peer-to-peer transactions on BARs are not supported",
    };
    g_auto(GStrv) lines = g_strsplit(err, "\n", -1);
    bool silent = true;

    for (char **line = lines; *line; line++) {
        bool known = !**line;

        for (size_t i = 0; i < G_N_ELEMENTS(usual); i++) {
            known |= getenv("SMMU_QTEST_HOST") && strstr(*line, usual[i]);
        }
        silent &= known;
    }
    return silent;
}

void machine_assert_accepted(const char *args)
{
    g_autofree char *err = NULL;

    if (try_machine(args, &err) != 0 || !is_silent(err)) {
        g_test_message("must be accepted silently");
        g_test_fail();
    }
}
