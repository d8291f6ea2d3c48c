/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest agent: echo packets, event queues, commands in the background. */
#include <glib.h>
#include <poll.h>
#include <string.h>

#include "background.h"
#include "ping.h"
#include "smmu.h"

#define LEN 64

/* What a peer makes of a request: its own IPv4 header, another type. */
static uint64_t reply_to(const uint8_t *request, uint8_t *data)
{
    uint16_t sum = request[2] << 8 | request[3];

    memset(data, 0, 20);
    data[0] = 0x45;
    memcpy(data + 20, request, PING_HEADER + LEN);
    data[20] = 0;
    /* the type was 8, in the upper byte: the complement grows by that */
    sum = sum + 0x800 > 0xffff ? sum + 0x801 : sum + 0x800;
    data[22] = sum >> 8;
    data[23] = sum;
    return 20 + PING_HEADER + LEN;
}

static void test_ping(void)
{
    uint8_t request[PING_HEADER + LEN], other_request[PING_HEADER + LEN];
    uint8_t data[20 + PING_HEADER + LEN];
    uint64_t size;
    bool other;

    for (unsigned seed = 1; seed < 200; seed++) {
        ping_build(request, 0x1234, seed, seed, LEN);
        size = reply_to(request, data);
        g_assert_true(ping_is_reply(data, size, request, LEN, &other));
        g_assert_false(other);
    }
    g_assert_cmphex(request[0], ==, 8);
    g_assert_cmpmem(request + 4, 4, "\x12\x34\x00\xc7", 4);

    ping_build(other_request, 0x1234, 7, 199, LEN);
    g_assert_false(ping_is_reply(data, size, other_request, LEN, &other));
    g_assert_false(other); /* to somebody else */
    g_assert_false(ping_is_reply(data, 27, request, LEN, &other));
    g_assert_false(ping_is_reply(data, 0, request, LEN, &other));

    data[20 + PING_HEADER + 5] ^= 1;
    g_assert_false(ping_is_reply(data, size, request, LEN, &other));
    g_assert_true(other);
    data[20 + PING_HEADER + 5] ^= 1;
    data[22] ^= 1;
    g_assert_false(ping_is_reply(data, size, request, LEN, &other));
    g_assert_true(other);
    data[22] ^= 1;
    g_assert_false(ping_is_reply(data, size - 8, request, LEN, &other));
    g_assert_true(other);
    data[20] = 8; /* our own request, on the loopback device */
    g_assert_false(ping_is_reply(data, size, request, LEN, &other));
    g_assert_false(other);
}

static void test_smmu_place(void)
{
    static const char iomem[] =
        "0c000000-0c01ffff : ARMH0011:00\n"
        "0c010000-0c010dff : arm-smmu-v3.0.auto arm-smmu-v3.0.auto\n"
        "0c020000-0c03ffff : arm-smmu-v3.0.auto\n"
        "  0c020000-0c020dff : arm-smmu-v3.0.auto arm-smmu-v3.0.auto\n"
        "0c040000-0c05ffff : arm-smmu-v3.1.auto\n";

    g_assert_cmphex(smmu_place(iomem), ==, 0xc020000);
    g_assert_cmphex(smmu_place("40000000-bbffffff : System RAM\n"), ==, 0);
    g_assert_cmphex(smmu_place(""), ==, 0);
}

static void test_queue(void)
{
    uint64_t ring[4 * 4] = { 0 };
    struct smmu_queue q;

    for (unsigned i = 0; i < 4; i++) {
        ring[4 * i] = (0x18ull + i) << 32 | 0x10;
        ring[4 * i + 2] = 0x1000 * i;
    }
    smmu_queue_parse(ring, 2, 0, 0, &q);
    g_assert_true(!q.count && !q.overflow);
    smmu_queue_parse(ring, 2, 4, 0, &q); /* full */
    g_assert_cmpuint(q.count, ==, 4);
    g_assert_cmphex(q.first.type, ==, 0x10);
    g_assert_cmphex(q.first.sid, ==, 0x18);
    g_assert_cmphex(q.last.address, ==, 0x3000);
    g_assert_false(q.overflow);
    smmu_queue_parse(ring, 2, 0x80000001, 7, &q); /* wrapped, and lost some */
    g_assert_cmpuint(q.count, ==, 2);
    g_assert_cmphex(q.first.address, ==, 0x3000);
    g_assert_cmphex(q.last.sid, ==, 0x18);
    g_assert_true(q.overflow);
    smmu_queue_parse(ring, 2, 0x80000001, 0x80000001, &q); /* acknowledged */
    g_assert_true(!q.count && !q.overflow);
}

static void test_flood(void)
{
    uint64_t ring[2 << 3];

    smmu_fill_commands(ring, 3, 0x18);
    g_assert_cmphex(ring[0], ==, 0x1800000003ull); /* CFGI_STE */
    g_assert_cmphex(ring[1], ==, 1);
    for (unsigned i = 0; i < 8; i++) {
        /* CMD_SYNCs without MSI in every other place */
        g_assert_cmpint(ring[2 * i] == 0x46 && !ring[2 * i + 1], ==, i % 2);
    }
}

static void echo(const char *command, struct answer *a)
{
    if (!strcmp(command, "fail")) {
        answer_error(a, "it failed");
    } else if (strcmp(command, "nothing")) {
        answer_add(a, "said=%s", command);
    } else {
        poll(NULL, 0, 200);
    }
}

static void test_background(void)
{
    struct answer a = { .len = 0 };

    g_assert_false(background_finish("one", &a));
    g_assert_cmpstr(a.text, ==, "nothing runs");

    a = (struct answer){ .len = 0 };
    g_assert_true(background_begin("nothing", echo, &a));
    background_running(&a);
    g_assert_cmpstr(a.text, ==, "running=1");
    g_assert_false(background_begin("two", echo, &a));
    g_assert_nonnull(strstr(a.text, "`nothing` has not been finished"));
    a = (struct answer){ .len = 0 };
    g_assert_false(background_finish("two", &a));
    g_assert_cmpstr(a.text, ==, "what runs is `nothing`");
    a = (struct answer){ .len = 0 };
    g_assert_true(background_finish("nothing", &a));
    g_assert_cmpstr(a.text, ==, "");
    background_running(&a);
    g_assert_cmpstr(a.text, ==, "running=0");

    a = (struct answer){ .len = 0 };
    g_assert_true(background_begin("this", echo, &a));
    g_assert_true(background_finish("this", &a));
    g_assert_cmpstr(a.text, ==, "said=this");
    a = (struct answer){ .len = 0 };
    g_assert_true(background_begin("fail", echo, &a));
    g_assert_false(background_finish("fail", &a));
    g_assert_true(a.failed);
    g_assert_cmpstr(a.text, ==, "it failed");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/ping/packets", test_ping);
    g_test_add_func("/agents/smmu/place", test_smmu_place);
    g_test_add_func("/agents/smmu/flood", test_flood);
    g_test_add_func("/agents/smmu/queue", test_queue);
    g_test_add_func("/agents/background", test_background);
    return g_test_run();
}
