/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `smmu-lab bench` as the user calls it, with a script in place of the
 * emulated host's QEMU.
 */
#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <string.h>

typedef struct Fixture {
    char *dir;
    char *dummy;                /* stands for every file */
    const char *program;        /* NULL: smmu-lab */
    char *out, *err;            /* of the last call */
    int code;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp("bench-XXXXXX", NULL);
    f->dummy = g_build_filename(f->dir, "dummy", NULL);
    g_assert_true(g_file_set_contents(f->dummy, "Linux version 7.2\n", -1,
                                      NULL));
    g_setenv("FAKE_MODE", "pass", TRUE);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    const char *argv[] = { "rm", "-rf", f->dir, NULL };

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
                               G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                               NULL, NULL));
    g_free(f->dir);
    g_free(f->dummy);
    g_free(f->out);
    g_free(f->err);
}

/* smmu-lab with @words; DUMMY in them is a file. */
static void call(Fixture *f, const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, "DUMMY", -1);
    g_autofree char *given = g_strjoinv(f->dummy, parts);
    g_autofree char *line = g_strdup_printf(
        "%s --host-qemu %s --kernel %s --host-initrd %s --results %s %s",
        f->program ? f->program : SMMU_LAB, FAKE_BENCH, f->dummy, f->dummy, f->dir, given);
    int status;

    g_clear_pointer(&f->out, g_free);
    g_clear_pointer(&f->err, g_free);
    g_assert_true(g_spawn_command_line_sync(line, &f->out, &f->err, &status,
                                            NULL));
    f->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    g_test_message("%s: %d\n%s%s", line, f->code, f->out, f->err);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        g_test_message("'%s' is not in:\n%s", part, text);
        g_assert_not_reached();
    }
}

static char *result_dir(Fixture *f)
{
    char *line = strstr(f->out, "results: ");

    g_assert_nonnull(line);
    return g_strchomp(g_strdup(line + strlen("results: ")));
}

static void test_two(Fixture *f, gconstpointer data)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *dir = NULL;
    g_autofree char *json = NULL;
    g_autofree char *disk = NULL;

    call(f, "bench --rounds 2 --qemu DUMMY --qemu DUMMY");
    g_assert_cmpint(f->code, ==, 0);
    assert_has(f->out, "| 4 KiB, depth 1 | strict | 150 | 1.50 | 1.00 | "
               "1.00 | 300 | 1.50 | 1.00 | 1.00 | 0.50 |");
    assert_has(f->out, "| 128 KiB, depth 32 | no vIOMMU | 100 | 1.00 | "
               "0.00 | 0.00 | 200 |");
    assert_has(f->out, "no vIOMMU | 7.50 | 7.50 |");
    assert_has(f->out, "by callback | 100 | 100 |");
    assert_has(f->out, "by translation | 9000 | 9000 |");
    assert_has(f->out, "- not run: A, strict, msi=off: its arm-smmuv3 has "
               "no property msi");
    g_assert_null(strstr(f->out, "failed"));
    dir = result_dir(f);
    json = g_build_filename(dir, "bench.json", NULL);
    g_assert_true(json_parser_load_from_file(parser, json, NULL));
    disk = g_build_filename(dir, "disk0.img", NULL);
    g_assert_false(g_file_test(disk, G_FILE_TEST_EXISTS));
}

static void test_failures(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *mode, *says;
        int code;
    } cases[] = {
        { "fail", "- failed: 1-A-reads: fail", 1 },
        { "no-count", "- failed: 1-A-routes: no call of", 1 },
        { "stripped", "- not run: 1-A-routes: translation: no symbol", 0 },
        { "bad-exit", "- failed: emulated host: its QEMU exited with 3", 1 },
    };

    for (gsize n = 0; n < G_N_ELEMENTS(cases); n++) {
        g_setenv("FAKE_MODE", cases[n].mode, TRUE);
        call(f, "bench --quick --qemu DUMMY");
        g_assert_cmpint(f->code, ==, cases[n].code);
        assert_has(f->out, cases[n].says);
    }
}

/* A silent host is ended, and so is one of an interrupted bench. */
static void test_ends(Fixture *f, gconstpointer data)
{
    g_autofree char *timeout = NULL;

    g_setenv("FAKE_MODE", "endless", TRUE);
    call(f, "--timeout-multiplier 0.005 bench --quick --qemu DUMMY");
    g_assert_cmpint(f->code, ==, 124);
    assert_has(f->out, "- failed: emulated host: it said nothing for too "
               "long");
    timeout = g_strdup_printf("timeout -s INT 1 %s", SMMU_LAB);
    f->program = timeout;
    call(f, "bench --quick --qemu DUMMY");
    f->program = NULL;
    /* timeout's own: it had to send the signal */
    g_assert_cmpint(f->code, ==, 124);
    assert_has(f->err, "smmu-lab: interrupted; all files: ");
    g_assert_cmpstr(f->out, ==, "");
}

static void test_usage(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *words, *says;
    } cases[] = {
        { "bench --qemu DUMMY --qemu DUMMY --qemu DUMMY",
          "--qemu is given 3 times" },
        { "run --qemu DUMMY --qemu DUMMY", "--qemu is given 2 times" },
        { "run --quick", "--quick and --rounds go with bench only" },
        { "list --rounds 2", "--quick and --rounds go with bench only" },
        { "bench --rounds 101", "--rounds 101: give 1 to 100" },
        { "bench strict", "bench takes no argument 'strict'" },
        { "bench --dry-run", "--dry-run does not go with bench" },
        { "bench --qemu /none", "--qemu /none: there is no such file" },
    };

    for (gsize n = 0; n < G_N_ELEMENTS(cases); n++) {
        call(f, cases[n].words);
        g_assert_cmpint(f->code, ==, 2);
        assert_has(f->err, cases[n].says);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/bench/two", Fixture, NULL, set_up, test_two, tear_down);
    g_test_add("/bench/failures", Fixture, NULL, set_up, test_failures,
               tear_down);
    g_test_add("/bench/ends", Fixture, NULL, set_up, test_ends, tear_down);
    g_test_add("/bench/usage", Fixture, NULL, set_up, test_usage, tear_down);
    return g_test_run();
}
