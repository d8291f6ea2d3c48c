/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smmu-lab as the user calls it, with a script in place of the emulated
 * host's QEMU: verdicts, exit codes, files, time-outs, signals.
 */
#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>

typedef struct Fixture {
    char *dir;                  /* has a blank and a comma in its name */
    char *results;
    char *scenarios;
    char *dummy;                /* stands for the kernel and the image */
    char *out, *err;            /* of the last call */
    int code;
} Fixture;

static const char good[] =
    "[scenario]\ndescription=good one\ntimeout=100\nsilence=100\n"
    "[host]\ndevices=nvme;nvme\n"
    "[steps]\na=boot\nb=guest read dev=nvme0n1 bs=4096 count=4\n"
    "c=guest read dev=nvme1n1 bs=8K offset=1M\n"
    "[expect]\na=irqs >= ios\nb=disks_read == 2\nc=answer.b ~ ios=64\n";

static void write_scenario(Fixture *f, const char *name, const char *text)
{
    g_autofree char *file = g_strdup_printf("%s/%s.scenario", f->scenarios,
                                            name);

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autofree char *top = g_dir_make_tmp("cli-XXXXXX", NULL);

    f->dir = g_build_filename(top, "a b,c", NULL);
    f->results = g_build_filename(f->dir, "results", NULL);
    f->scenarios = g_build_filename(f->dir, "scenarios", NULL);
    f->dummy = g_build_filename(f->dir, "dummy", NULL);
    g_assert_cmpint(g_mkdir_with_parents(f->scenarios, 0755), ==, 0);
    g_assert_true(g_file_set_contents(f->dummy, "Linux version 7.2\n", -1,
                                      NULL));
    write_scenario(f, "good", good);
    g_setenv("FAKE_MODE", "pass", TRUE);
    g_unsetenv("NO_COLOR");
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_autofree char *top = g_path_get_dirname(f->dir);
    const char *argv[] = { "rm", "-rf", top, NULL };

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
                               G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                               NULL, NULL));
    g_free(f->dir);
    g_free(f->results);
    g_free(f->scenarios);
    g_free(f->dummy);
    g_free(f->out);
    g_free(f->err);
}

/* `smmu-lab @words` in the fixture's directories. */
static char **command_line(Fixture *f, const char *words)
{
    g_auto(GStrv) parsed = NULL;
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    const char *const fixed[] = {
        SMMU_LAB, "--host-qemu", FAKE_HOST, "--kernel", f->dummy,
        "--host-initrd", f->dummy, "--results", f->results,
        "--scenario-dir", f->scenarios, NULL
    };

    g_strv_builder_addv(argv, (const char **)fixed);
    if (*words) {
        g_assert_true(g_shell_parse_argv(words, NULL, &parsed, NULL));
        g_strv_builder_addv(argv, (const char **)parsed);
    }
    return g_strv_builder_end(argv);
}

static void call(Fixture *f, const char *words)
{
    g_auto(GStrv) argv = command_line(f, words);
    int status;

    g_clear_pointer(&f->out, g_free);
    g_clear_pointer(&f->err, g_free);
    g_assert_true(g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &f->out,
                               &f->err, &status, NULL));
    f->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    g_test_message("smmu-lab %s: %d\n%s%s", words, f->code, f->out, f->err);
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        g_test_message("'%s' is not in:\n%s", part, text);
        g_assert_not_reached();
    }
}

static char *read_result(Fixture *f, const char *name)
{
    g_autofree char *file = g_build_filename(f->results, "latest", name,
                                             NULL);
    char *text = NULL;

    g_file_get_contents(file, &text, NULL, NULL);
    return text;
}

static void test_pass(Fixture *f, gconstpointer data)
{
    g_autofree char *disk = NULL;
    g_autofree char *console = NULL;
    g_autofree char *args = NULL;

    call(f, "run");
    g_assert_cmpint(f->code, ==, 0);
    assert_says(f->out, "PASS good ");
    assert_says(f->out, "1 passed, 0 failed, 0 skipped");
    assert_says(f->out, f->results);
    g_assert_null(strchr(f->out, '\033'));
    g_assert_null(strchr(f->out, '\r'));
    g_assert_null(strstr(f->out, "again:"));
    console = read_result(f, "good/console.log");
    assert_says(console, "Booting Linux");
    args = read_result(f, "good/share/args");
    assert_says(args, "--device\n0000:00:08.0\n--device\n0000:00:09.0\n");
    assert_says(args, "--kernel\n/lab/Image\n");
    /* the runner's own expectations are not for smmu-lab-host */
    g_assert_null(strstr(args, "disks_read"));
    assert_says(args, "--expect\nanswer.b ~ ios=64\n");
    assert_says(args, "--expect\ndevice_back == 1\n");
    disk = read_result(f, "good/disk0.img");
    g_assert_null(disk);
    call(f, "run good --keep");
    disk = read_result(f, "good/disk0.img");
    g_assert_nonnull(disk);
}

static void test_json(Fixture *f, gconstpointer data)
{
    g_autofree char *text = NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    JsonObject *root, *scenario, *measured, *versions;

    call(f, "run");
    text = read_result(f, "results.json");
    g_assert_true(json_parser_load_from_data(parser, text, -1, &error));
    g_assert_no_error(error);
    root = json_node_get_object(json_parser_get_root(parser));
    versions = json_object_get_object_member(
        json_object_get_object_member(root, "run"), "versions");
    g_assert_cmpstr(json_object_get_string_member(versions, "qemu"), ==,
                    "QEMU emulator version 10.2.2");
    g_assert_cmpstr(json_object_get_string_member(versions, "host_qemu"), ==,
                    "fake host QEMU 1.0");
    g_assert_cmpstr(json_object_get_string_member(versions, "kernel"), ==,
                    "Linux version 7.2");
    scenario = json_array_get_object_element(
        json_object_get_array_member(root, "scenarios"), 0);
    g_assert_cmpstr(json_object_get_string_member(scenario, "name"), ==,
                    "good");
    g_assert_cmpstr(json_object_get_string_member(scenario, "verdict"), ==,
                    "pass");
    g_assert_true(json_object_get_null_member(scenario, "reason"));
    measured = json_object_get_object_member(scenario, "measured");
    g_assert_cmpint(json_object_get_int_member(measured, "irqs"), ==, 128);
    g_assert_cmpint(json_object_get_int_member(measured, "disks_read"), ==,
                    2);
    g_assert_cmpstr(json_object_get_string_member(measured, "doorbell"), ==,
                    "0x8090040");
    g_assert_cmpfloat(json_object_get_double_member(
        json_object_get_object_member(scenario, "phases"), "boot"), ==, 1.5);
}

static const struct {
    const char *mode;
    int code;
    const char *says;
} modes[] = {
    { "fail", 1, "expected irqs >= ios, but 3 is \"less\"" },
    { "liar", 1, "ended with exit code 1" },
    { "wrong-data", 1, "is on no disk of this run" },
    { "lost-step", 1, "is of 0 steps" },
    { "lost-expect", 1, "does not say that 'irqs >= ios' holds" },
    { "warning", 1, "WARNING: CPU: 0" },
    { "smmu-event", 1, "F_TRANSLATION" },
    { "panic", 1, "Kernel panic - not syncing" },
    { "no-verdict", 1, "before smmu-lab-host gave a verdict" },
    { "cannot-start", 1, "status 1: qemu: -device nvme: no such thing" },
    { "lacks", 77, "no /dev/iommu" },
};

static void test_failures(Fixture *f, gconstpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_setenv("FAKE_MODE", modes[i].mode, TRUE);
        call(f, "run good");
        g_assert_cmpint(f->code, ==, modes[i].code);
        assert_says(f->out, modes[i].says);
        if (modes[i].code == 1) {
            assert_says(f->out, "FAIL good ");
            assert_says(f->out, "  console:   ");
            assert_says(f->out, " run good --host-qemu ");
        } else {
            assert_says(f->out, "SKIP good ");
        }
    }
    g_setenv("FAKE_MODE", "long", TRUE);
    call(f, "run good");
    assert_says(f->out, "line 49");
    g_assert_null(strstr(f->out, "line 29\n"));
}

/* The command that a failure names does the same again. */
static void test_again(Fixture *f, gconstpointer data)
{
    g_auto(GStrv) argv = NULL;
    g_autofree char *again = NULL;
    const char *line;
    int status;

    g_setenv("FAKE_MODE", "panic", TRUE);
    call(f, "run good --timeout-multiplier 2");
    line = strstr(f->out, "again:");
    g_assert_nonnull(line);
    again = g_strndup(line + strlen("again:"),
                      strcspn(line + strlen("again:"), "\n"));
    assert_says(again, "--timeout-multiplier 2");
    g_assert_true(g_shell_parse_argv(again, NULL, &argv, NULL));
    g_assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL,
                               NULL, NULL, NULL, NULL, &status, NULL));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
}

static void test_timeouts(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *mode;
        const char *scenario;
        const char *says;
    } runs[] = {
        { "silent", "quick-silence", "no sign of life" },
        { "stubborn", "quick-silence", "no sign of life" },
        { "endless", "quick-timeout", "not done after" },
    };

    /* (1 + 15) s and (1 + 30) s, twentyfold faster */
    write_scenario(f, "quick-silence",
                   "[scenario]\ndescription=x\nsilence=1\n"
                   "[host]\ndevices=nvme\n[steps]\na=boot\n"
                   "[expect]\na=irqs == 0\n");
    write_scenario(f, "quick-timeout",
                   "[scenario]\ndescription=x\ntimeout=1\nsilence=100\n"
                   "[host]\ndevices=nvme\n[steps]\na=boot\n"
                   "[expect]\na=irqs == 0\n");
    for (guint i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autofree char *words = g_strdup_printf(
            "run %s --timeout-multiplier 0.05", runs[i].scenario);

        g_setenv("FAKE_MODE", runs[i].mode, TRUE);
        call(f, words);
        g_assert_cmpint(f->code, ==, 124);
        assert_says(f->out, runs[i].scenario);
        assert_says(f->out, runs[i].says);
        assert_says(f->out, ": boot\n");
    }
}

static void test_junit(Fixture *f, gconstpointer data)
{
    g_autofree char *file = g_build_filename(f->dir, "junit.xml", NULL);
    g_autofree char *words = g_strdup_printf("run --junit '%s'", file);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    GMarkupParser nothing = { 0 };
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&nothing, 0, NULL, NULL);

    g_setenv("FAKE_MODE", "fail", TRUE);
    call(f, words);
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    g_assert_true(g_markup_parse_context_parse(context, text, -1, &error));
    g_assert_true(g_markup_parse_context_end_parse(context, &error));
    assert_says(text, "tests=\"1\" failures=\"1\" skipped=\"0\"");
    assert_says(text, "3 is &quot;less&quot;");
}

static const struct {
    const char *words;
    const char *says;
} wrong[] = {
    { "", "no command" },
    { "rum", "unknown command 'rum'" },
    { "run nothing", "no scenario 'nothing'" },
    { "run --timeout-multiplier 0", "above 0" },
    { "run --qemu /nowhere", "--qemu /nowhere: there is no such file" },
    { "run --frob", "--frob" },
    { "shell", "exactly one" },
    { "list good", "takes no argument" },
    { "run --guest", "--guest goes with shell" },
    { "run --scenario-dir /nowhere", "/nowhere" },
    { "run --results /proc/none", "/proc/none" },
};

static void test_usage(Fixture *f, gconstpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        call(f, wrong[i].words);
        g_assert_cmpint(f->code, ==, 2);
        assert_says(f->err, wrong[i].says);
        g_assert_cmpstr(f->out, ==, "");
    }
    write_scenario(f, "bad", "[scenario]\ndescription=x\ntimeout=x\n");
    call(f, "run");
    g_assert_cmpint(f->code, ==, 2);
    assert_says(f->err, "bad.scenario: [scenario] timeout: 'x'");
    call(f, "run good");
    g_assert_cmpint(f->code, ==, 0);
}

static void test_missing_variant(Fixture *f, gconstpointer data)
{
    g_autofree char *text = g_strconcat(good, "[vm]\nqemu=not-there\n",
                                        NULL);

    write_scenario(f, "other", text);
    call(f, "run other");
    g_assert_cmpint(f->code, ==, 77);
    assert_says(f->out, "qemu-system-aarch64.not-there");
    assert_says(f->out, "make qemu");
    call(f, "run");
    g_assert_cmpint(f->code, ==, 0);
    assert_says(f->out, "1 passed, 0 failed, 1 skipped");
    call(f, "run --no-skip");
    g_assert_cmpint(f->code, ==, 1);
    /* a QEMU of the user's is not the variant */
    call(f, "run other --qemu /bin/true");
    g_assert_cmpint(f->code, ==, 77);
    assert_says(f->out, "it tests the variant 'not-there'");
}

/* Another base has builds of its own, and scenarios that do not apply. */
static void test_base(Fixture *f, gconstpointer data)
{
    write_scenario(f, "other", "[scenario]\ndescription=other\n"
                   "[host]\ndevices=nvme\n[vm]\nqemu=not-there\n"
                   "[steps]\na=boot\n");
    write_scenario(f, "no-doorbell", good);
    call(f, "run other --base v11.1");
    g_assert_cmpint(f->code, ==, 77);
    assert_says(f->out, "build/variants-v11.1/qemu-system-aarch64.not-there");
    call(f, "run no-doorbell --base v11.1 --no-skip");
    g_assert_cmpint(f->code, ==, 77);
    assert_says(f->out, "not-applicable: ");
    call(f, "run no-doorbell --base v10.2");
    g_assert_cmpint(f->code, ==, 0);
    write_scenario(f, "plug", "[scenario]\ndescription=other\n"
                   "[host]\ndevices=nvme\n[qemu-args]\n"
                   "a=-device arm-smmuv3,accel=on\n[steps]\na=boot\n");
    call(f, "run plug --dry-run --base v11.1");
    assert_says(f->out, "arm-smmuv3,accel=on,ril=on");
    call(f, "run --base v9");
    g_assert_cmpint(f->code, ==, 2);
    assert_says(f->err, "bases/v9: ");
}

/* --kernel is for host and guest, which is not what such a scenario shows. */
static void test_own_kernels(Fixture *f, gconstpointer data)
{
    write_scenario(f, "other", "[scenario]\ndescription=other\n"
                   "[host]\nkernel=0.1\ndevices=nvme\n[steps]\na=boot\n");
    call(f, "run other");
    g_assert_cmpint(f->code, ==, 77);
    assert_says(f->out, "run it without --kernel");
    call(f, "run other --dry-run");
    assert_says(f->out, "/build/kernel-0.1/arch/arm64/boot/Image");
    call(f, "doctor");
    assert_says(f->out, "MISSING  the emulated host's kernel is missing (");
    assert_says(f->out, "kernel-0.1/arch/arm64/boot/Image): "
                "make kernels");
    write_scenario(f, "other", "[scenario]\ndescription=other\nlike=good\n"
                   "[vm]\nkernel=debian-0.1\n");
    call(f, "run other");
    g_assert_cmpint(f->code, ==, 77);
    assert_says(f->out, "run it without --kernel");
    call(f, "run other --dry-run");
    assert_says(f->out, "/build/kernel-debian-0.1/arch/arm64/boot/Image'");
    assert_says(f->out, "--kernel /lab/Image");
    call(f, "doctor");
    assert_says(f->out, "MISSING  the guest's kernel is missing (");
}

/* What --dry-run prints can be pasted into a shell. */
static void test_dry_run(Fixture *f, gconstpointer data)
{
    g_autofree char *script = NULL;
    g_autofree char *output = NULL;
    g_autofree char *args = NULL;
    const char *argv[] = { "bash", "-euc", NULL, NULL };
    int status;

    call(f, "run good --dry-run");
    g_assert_cmpint(f->code, ==, 0);
    g_assert_false(g_file_test(f->results, G_FILE_TEST_EXISTS));
    argv[2] = script = g_strdup(f->out);
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
                               G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                               NULL, &status, NULL));
    g_assert_cmpint(status, ==, 0);
    assert_says(output, "lab: smmu-lab-host exit 0");
    g_free(f->out);
    f->out = g_build_filename(f->results, "dry-run/good/share/args", NULL);
    g_assert_true(g_file_get_contents(f->out, &args, NULL, NULL));
    assert_says(args, "--step\nb=guest read dev=nvme0n1 bs=4096 count=4\n");
}

/* Whose ID registers the emulated SMMU is to have. */
static void test_profile(Fixture *f, gconstpointer data)
{
    write_scenario(f, "grace", "[scenario]\ndescription=x\n"
                   "[host]\nprofile=grace\ndevices=nvme\n[steps]\na=boot\n");
    write_scenario(f, "none", "[scenario]\ndescription=x\n"
                   "[host]\nprofile=none-such\ndevices=nvme\n[steps]\na=boot\n");
    call(f, "run grace --dry-run");
    g_assert_cmpint(f->code, ==, 0);
    for (guint i = 0; i <= 5; i++) {
        g_autofree char *part = g_strdup_printf("arm-smmuv3.x-lab-idr%u=", i);

        assert_says(f->out, part);
    }
    call(f, "run none");
    g_assert_cmpint(f->code, ==, 77);
    assert_says(f->out, "hosts/none-such.ini");
}

/* The whole card is plugged, and its function asked for. */
static void test_virtual_function(Fixture *f, gconstpointer data)
{
    write_scenario(f, "vf", "[scenario]\ndescription=vf\n"
                   "[host]\ndevices=igb/vf3,x-y=z\n[steps]\na=boot\n"
                   "[expect]\na=boots == 1\n");
    call(f, "run vf --dry-run");
    g_assert_cmpint(f->code, ==, 0);
    assert_says(f->out, "igb,id=dev0,bus=pcie.0,addr=0x8,x-y=z");
    assert_says(f->out, "0000:00:08.0/vf3");
}

/* Waits until the fake host has written its pid; returns it. */
static int wait_for_host(Fixture *f)
{
    for (guint i = 0; i < 200; i++) {
        g_autofree char *pid = read_result(f, "good/share/pid");

        if (pid && *pid) {
            return atoi(pid);
        }
        g_usleep(50000);
    }
    g_assert_not_reached();
}

static void assert_gone(int pid)
{
    for (guint i = 0; i < 100 && !kill(pid, 0); i++) {
        g_usleep(50000);
    }
    g_assert_cmpint(kill(pid, 0), ==, -1);
    g_assert_cmpint(errno, ==, ESRCH);
}

static void test_signals(Fixture *f, gconstpointer data)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGKILL };

    g_setenv("FAKE_MODE", "silent", TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        g_auto(GStrv) argv = command_line(f, "run good");
        g_autoptr(GSubprocess) lab = NULL;
        const char *rm[] = { "rm", "-rf", f->results, NULL };
        int host;

        lab = g_subprocess_newv((const char *const *)argv,
                                G_SUBPROCESS_FLAGS_STDOUT_SILENCE, NULL);
        host = wait_for_host(f);
        g_assert_cmpint(kill(host, 0), ==, 0);
        g_subprocess_send_signal(lab, signals[i]);
        g_assert_true(g_subprocess_wait(lab, NULL, NULL));
        if (signals[i] != SIGKILL) {
            g_autofree char *json = read_result(f, "results.json");

            g_assert_cmpint(g_subprocess_get_exit_status(lab), ==, 130);
            assert_says(json, "\"interrupted\" : 1");
        }
        assert_gone(host);
        g_spawn_sync(NULL, (char **)rm, NULL, G_SPAWN_SEARCH_PATH, NULL,
                     NULL, NULL, NULL, NULL, NULL);
    }
}

static void test_others(Fixture *f, gconstpointer data)
{
    call(f, "list");
    g_assert_cmpint(f->code, ==, 0);
    g_assert_cmpstr(f->out, ==, "good  good one\n");
    call(f, "--version");
    g_assert_cmpint(f->code, ==, 0);
    assert_says(f->out, "smmu-lab ");
    call(f, "doctor");
    assert_says(f->out, "ok       QEMU for the emulated host");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(Fixture *, gconstpointer);
    } tests[] = {
        { "/cli/pass", test_pass },
        { "/cli/json", test_json },
        { "/cli/failures", test_failures },
        { "/cli/again", test_again },
        { "/cli/timeouts", test_timeouts },
        { "/cli/junit", test_junit },
        { "/cli/usage", test_usage },
        { "/cli/missing-variant", test_missing_variant },
        { "/cli/base", test_base },
        { "/cli/own-kernels", test_own_kernels },
        { "/cli/profile", test_profile },
        { "/cli/dry-run", test_dry_run },
        { "/cli/virtual-function", test_virtual_function },
        { "/cli/signals", test_signals },
        { "/cli/others", test_others },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].run,
                   tear_down);
    }
    return g_test_run();
}
