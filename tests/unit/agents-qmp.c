/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smmu-lab-host's QMP and JSON reading. */
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "json.h"
#include "qmp.h"

static void test_member(void)
{
    const char *text = " { \"data\": {\"event\": \"inner\"}, "
                       "\"list\":[1,{\"a\":\"]}\"}],"
                       "\"event\" : \"OUTER\\n\\\"q\\\"\", \"n\":-1.5e3}";
    const char *value;
    char buf[32];
    size_t len;

    g_assert_true(json_is_object(text));
    g_assert_true(json_string(text, "event", buf, sizeof(buf)));
    g_assert_cmpstr(buf, ==, "OUTER\n\"q\"");
    g_assert_true(json_member(text, "n", &value, &len));
    g_assert_cmpmem(value, len, "-1.5e3", 6);
    g_assert_true(json_member(text, "list", &value, &len));
    g_assert_cmpmem(value, len, "[1,{\"a\":\"]}\"}]", 14);
    g_assert_false(json_member(text, "a", &value, &len));
    g_assert_false(json_string(text, "n", buf, sizeof(buf)));
}

static void test_not_objects(void)
{
    static const char *const bad[] = {
        "", "[]", "\"x\"", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
        "{\"a\":\"x}", "{\"a\":1} x", "{\"a\":[1}", "{\"a\":\"\\",
    };
    g_autoptr(GString) deep = g_string_new("{\"a\":");

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i]);
        g_assert_false(json_is_object(bad[i]));
    }
    for (int i = 0; i < 100000; i++) {
        g_string_append_c(deep, '[');
    }
    g_assert_false(json_is_object(deep->str)); /* nor a stack overflow */
    g_assert_true(json_is_object("{}"));
}

typedef struct {
    struct qmp qmp;
    int peer;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    f->qmp = (struct qmp){ .fd = fds[0] };
    f->peer = fds[1];
}

static void tear_down(Fixture *f, gconstpointer data)
{
    close(f->qmp.fd);
    close(f->peer);
    qmp_free(&f->qmp);
}

static void feed(Fixture *f, const char *text)
{
    /* byte by byte: a message may come in any pieces */
    for (; *text; text++) {
        qmp_feed(&f->qmp, text, 1);
    }
}

static void assert_sent(Fixture *f, const char *expected)
{
    char buf[256];
    ssize_t n = read(f->peer, buf, sizeof(buf));

    g_assert_cmpmem(buf, n, expected, strlen(expected));
}

static void negotiate(Fixture *f)
{
    feed(f, "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
    assert_sent(f, "{\"execute\":\"qmp_capabilities\"}\r\n");
    g_assert_false(f->qmp.ready);
    feed(f, "{\"return\": {}}\r\n");
    g_assert_true(f->qmp.ready);
    g_assert_false(f->qmp.replied);
}

static void test_replies(Fixture *f, gconstpointer data)
{
    negotiate(f);
    g_assert_true(qmp_send(&f->qmp, "{\"execute\":\"stop\"}"));
    assert_sent(f, "{\"execute\":\"stop\"}\r\n");
    feed(f, "{\"event\": \"STOP\"}\r\n{\"return\": {\"a\": 1}}\r\n");
    g_assert_true(f->qmp.replied);
    g_assert_false(f->qmp.failed);
    g_assert_cmpstr(f->qmp.reply, ==, "{\"a\": 1}");

    g_assert_true(qmp_send(&f->qmp, "{\"execute\":\"device_del\"}"));
    g_assert_false(f->qmp.replied);
    feed(f, "{\"error\": {\"class\": \"DeviceNotFound\", \"desc\": "
            "\"Device 'x' not found\"}}\r\n");
    g_assert_true(f->qmp.replied);
    g_assert_true(f->qmp.failed);
    g_assert_cmpstr(f->qmp.reply, ==, "Device 'x' not found");
}

static void test_events(Fixture *f, gconstpointer data)
{
    char *message;

    negotiate(f);
    feed(f, "{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"/m/a\"}}\r\n"
            "{\"event\":\"RESET\"}\r\n"
            "{\"event\":\"DEVICE_DELETED\","
            "\"data\":{\"device\":\"dev0\"}}\r\n");
    g_assert_null(qmp_take_event(&f->qmp, "SHUTDOWN", NULL));
    message = qmp_take_event(&f->qmp, "DEVICE_DELETED", "dev0");
    g_assert_nonnull(strstr(message, "dev0"));
    free(message);
    /* each event is taken once */
    g_assert_null(qmp_take_event(&f->qmp, "DEVICE_DELETED", "dev0"));
    message = qmp_take_event(&f->qmp, "DEVICE_DELETED", NULL);
    g_assert_nonnull(strstr(message, "/m/a"));
    free(message);
    message = qmp_take_event(&f->qmp, "RESET", NULL);
    g_assert_nonnull(message);
    free(message);
    g_assert_cmpuint(f->qmp.events->len, ==, 0);
}

static void test_long_message(Fixture *f, gconstpointer data)
{
    g_autofree char *x = g_strnfill(100000, 'x');
    g_autofree char *text = g_strdup_printf("{\"return\":\"%s\"}\n", x);

    negotiate(f);
    qmp_send(&f->qmp, "{\"execute\":\"query-x\"}");
    feed(f, text);
    g_assert_true(f->qmp.replied);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/json/member", test_member);
    g_test_add_func("/agents/json/not-objects", test_not_objects);
    g_test_add("/agents/qmp/replies", Fixture, NULL, set_up, test_replies,
               tear_down);
    g_test_add("/agents/qmp/events", Fixture, NULL, set_up, test_events,
               tear_down);
    g_test_add("/agents/qmp/long-message", Fixture, NULL, set_up,
               test_long_message, tear_down);
    return g_test_run();
}
