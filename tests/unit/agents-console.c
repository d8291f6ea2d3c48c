/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smmu-lab-host's reading of the guest's console. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "console.h"

static void feed(struct console *con, const char *text)
{
    console_feed(con, text, strlen(text));
}

static void test_ready(void)
{
    struct console con = { 0 };

    feed(&con, "EFI stub: Booting\r\n[    1.5] @lab ready kernel=7.2 cpus=1\r");
    g_assert_cmpuint(con.boots, ==, 0);
    feed(&con, "\n");
    g_assert_cmpuint(con.boots, ==, 1);
    g_assert_cmpstr(con.ready, ==, "kernel=7.2 cpus=1");
    feed(&con, "@lab ready kernel=7.2\n");
    g_assert_cmpuint(con.boots, ==, 2);
}

static void test_answers(void)
{
    struct console con = { 0 };

    feed(&con, "[ 2.0] @lab 7 ok bytes=1 sha256=ab\n");
    g_assert_cmpuint(con.answered, ==, 7);
    g_assert_true(con.answer_ok);
    g_assert_cmpstr(con.answer, ==, "bytes=1 sha256=ab");
    feed(&con, "[ 2.1] @lab 8 error no block device\n");
    g_assert_cmpuint(con.answered, ==, 8);
    g_assert_false(con.answer_ok);
    g_assert_cmpstr(con.answer, ==, "no block device");
    feed(&con, "@lab 9 ok\n");
    g_assert_cmpuint(con.answered, ==, 9);
    g_assert_cmpstr(con.answer, ==, "");
    feed(&con, "@lab 10 perhaps\n@lab x ok\n@lab note hello\n");
    g_assert_cmpuint(con.answered, ==, 9);
}

static void test_counts(void)
{
    struct console con = { 0 };

    feed(&con, "nvme nvme0: I/O tag 3 (1003) QID 1 timeout, completion polled\n"
               "WARNING: first\nWARNING: second\n"
               "@lab 3 ok out=\"WARNING: completion polled\"\n");
    g_assert_cmpuint(con.polled, ==, 1);
    g_assert_cmpuint(con.bad, ==, 2);
    g_assert_cmpstr(con.first_bad, ==, "WARNING: first");
    g_assert_false(con.panicked);
    feed(&con, "Kernel panic - not syncing");
    g_assert_false(con.panicked);
    console_end(&con); /* QEMU has gone, the line is not finished */
    g_assert_true(con.panicked);
}

/* What Linux prints for one event: two bad lines, but one event. */
static void test_events(void)
{
    struct console con = { 0 };

    feed(&con, "arm-smmu-v3 arm-smmu-v3.0.auto: event 0x10 received:\n"
               "arm-smmu-v3 arm-smmu-v3.0.auto: \t0x0000000800000010\n"
               "arm-smmu-v3 arm-smmu-v3.0.auto: event: F_TRANSLATION client: "
               "0000:00:01.0 sid: 0x8 ssid: 0x0 iova: 0xdead0000 ipa: 0x0\n"
               "arm-smmu-v3 arm-smmu-v3.0.auto: unpriv data write s1 \"Input "
               "address caused fault\" stag: 0x0\n"
               "@lab 3 ok out=\"arm-smmu-v3 x: event: y\"\n");
    g_assert_cmpuint(con.events, ==, 1);
    g_assert_cmpuint(con.bad, ==, 2);
    feed(&con, "WARNING: event: x\n");
    g_assert_cmpuint(con.events, ==, 1);
    g_assert_cmpuint(con.bad, ==, 3);
    feed(&con, "arm-smmu-v3 arm-smmu-v3.0.auto: CMDQ error (cons 0x01000005): Illegal command\n");
    g_assert_cmpuint(con.events, ==, 1);
    g_assert_cmpuint(con.bad, ==, 4);
}

static void test_escapes(void)
{
    struct console con = { 0 };

    feed(&con, "\033[2J\033[01;01H\033[=3h@l\033[1mab re\001ady a=b\r\n");
    g_assert_cmpuint(con.boots, ==, 1);
    g_assert_cmpstr(con.ready, ==, "a=b");
}

static void test_endless_line(void)
{
    g_autofree char *x = g_strnfill(10000, 'x');
    struct console con = { 0 };

    feed(&con, x);
    feed(&con, "\n@lab ready\n");
    g_assert_cmpuint(con.boots, ==, 1);
}

static void test_log(void)
{
    g_autofree char *path = NULL, *text = NULL;
    int fd = g_file_open_tmp("console-XXXXXX", &path, NULL);
    struct console con = { .log = fdopen(fd, "w") };

    feed(&con, "one\r\ntwo\r\nthr");
    /* flushed by line: a run that is killed loses nothing */
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "one\ntwo\n");
    fclose(con.log);
    g_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/console/ready", test_ready);
    g_test_add_func("/agents/console/answers", test_answers);
    g_test_add_func("/agents/console/counts", test_counts);
    g_test_add_func("/agents/console/events", test_events);
    g_test_add_func("/agents/console/escapes", test_escapes);
    g_test_add_func("/agents/console/endless-line", test_endless_line);
    g_test_add_func("/agents/console/log", test_log);
    return g_test_run();
}
