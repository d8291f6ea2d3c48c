/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smmu-lab-guest: what it reads of the kernel and of registers, answers, commands in the background. */
#include <glib.h>
#include <poll.h>
#include <string.h>

#include "background.h"
#include "edu.h"
#include "interrupts.h"
#include "memory.h"
#include "msi.h"
#include "smmu.h"

static const char table[] =
    "           CPU0       CPU1       \n"
    " 11:       1512        933     GICv3  27 Level     arch_timer\n"
    " 24:          0          0     GICv3  34 Level     ACPI:Ged\n"
    " 26:         10          2  ITS-MSIX-0000:00:02.0   0 Edge      nvme0q0\n"
    " 27:        100          0  ITS-MSIX-0000:00:02.0   1 Edge      nvme0q1\n"
    " 28:          0          0  ITS-MSIX-0000:00:02.0   2 Edge      nvme0q2\n"
    " 37:          0          5  ITS-MSIX-0000:00:02.0  10 Edge      nvme0q10\n"
    "IPI0:       100        200       Rescheduling interrupts\n"
    "Err:          0\n";

static void test_by_number(void)
{
    const unsigned irqs[] = { 26, 27, 28 };
    const unsigned others[] = { 2, 7, 0, 100 };

    g_assert_cmpuint(interrupts_of(table, irqs, 3), ==, 112);
    g_assert_cmpuint(interrupts_of(table, irqs, 1), ==, 12);
    g_assert_cmpuint(interrupts_of(table, others, 4), ==, 0);
    g_assert_cmpuint(interrupts_of("", irqs, 3), ==, 0);
}

static void test_matching(void)
{
    unsigned lines, fired;

    g_assert_cmpuint(interrupts_matching(table, "0000:00:02.0", &lines,
                                         &fired), ==, 117);
    g_assert_cmpuint(lines, ==, 4);
    g_assert_cmpuint(fired, ==, 3);
    g_assert_cmpuint(interrupts_matching(table, "IPI0", &lines, &fired), ==,
                     300);
    /* the heading is no line of interrupts */
    g_assert_cmpuint(interrupts_matching(table, "CPU0", &lines, &fired), ==,
                     0);
    g_assert_cmpuint(lines, ==, 0);
}

static void test_by_name(void)
{
    uint64_t n;

    g_assert_true(interrupts_named(table, "nvme0q1", &n));
    g_assert_cmpuint(n, ==, 100);
    g_assert_true(interrupts_named(table, "nvme0q10", &n));
    g_assert_cmpuint(n, ==, 5);
    g_assert_false(interrupts_named(table, "nvme0q3", &n));
    g_assert_false(interrupts_named(table, "0q1", &n));
}

static void test_answer(void)
{
    struct answer a = { .len = 0 };

    answer_add(&a, "n=%d", 1);
    answer_add(&a, "m=%s", "two");
    answer_add_text(&a, "out", "a \"b\"\nc");
    g_assert_cmpstr(a.text, ==, "n=1 m=two out=\"a \\\"b\\\"\\nc\"");
    g_assert_false(answer_error(&a, "no %s", "disk"));
    g_assert_true(a.failed);
    g_assert_cmpstr(a.text, ==, "no disk");
}

/* A configuration space with capabilities at 0x40 and 0x60. */
static void make_config(uint8_t *config, uint8_t first, uint8_t second)
{
    memset(config, 0, 256);
    config[6] = 0x10;
    config[0x34] = 0x40;
    config[0x40] = first;
    config[0x41] = 0x60;
    config[0x60] = second;
}

static void test_msi(void)
{
    uint8_t config[256];
    struct msi msi;

    make_config(config, 0x10, 0x05);
    g_assert_true(msi_parse(config, sizeof(config), &msi));
    g_assert_false(msi.enabled);
    memcpy(config + 0x62, "\x81\x00\x40\xe0\xff\xff\x01", 7);
    g_assert_true(msi_parse(config, sizeof(config), &msi));
    g_assert_true(msi.enabled && !msi.msix);
    g_assert_cmphex(msi.address, ==, 0x1ffffe040);
    config[0x62] = 0x01; /* 32 bits: what follows is the data */
    g_assert_true(msi_parse(config, sizeof(config), &msi));
    g_assert_cmphex(msi.address, ==, 0xffffe040);
}

static void test_msix(void)
{
    uint8_t config[256];
    struct msi msi;

    make_config(config, 0x05, 0x11); /* the MSI is there, but off */
    memcpy(config + 0x62, "\x03\x80\x02\x20\x00\x00", 6);
    g_assert_true(msi_parse(config, sizeof(config), &msi));
    g_assert_true(msi.enabled && msi.msix);
    g_assert_cmpuint(msi.bar, ==, 2);
    g_assert_cmphex(msi.offset, ==, 0x2000);
    g_assert_false(msi_parse(config, 0x3f, &msi));
    make_config(config, 0x10, 0x10);
    config[0x61] = 0x40; /* a list that does not end */
    g_assert_false(msi_parse(config, sizeof(config), &msi));
    config[6] = 0;
    config[0x40] = 0x05;
    g_assert_false(msi_parse(config, sizeof(config), &msi));
}

static void test_ram(void)
{
    static const char iomem[] =
        "08000000-0800ffff : GICD\n"
        "40000000-bbffffff : System RAM\n"
        "  40210000-40f5ffff : Kernel code\n"
        "11aeb0000-11aff6fff : System RAM\n";

    g_assert_true(ram_is_kernels(iomem, 0x40000000, 0x40000000));
    g_assert_true(ram_is_kernels(iomem, 0x3ffff000, 0x40000007));
    g_assert_true(ram_is_kernels(iomem, 0xbbfff000, 0xbbffffff));
    g_assert_true(ram_is_kernels(iomem, 0x11aeb0000, 0x11aeb0fff));
    g_assert_false(ram_is_kernels(iomem, 0xfffff000, 0xffffffff));
    g_assert_false(ram_is_kernels(iomem, 0xbc000000, 0xbc000fff));
    g_assert_false(ram_is_kernels(iomem, 0x8000000, 0x8000fff));
}

static void test_pattern(void)
{
    uint8_t a[64], b[64];

    pattern_fill(a, sizeof(a), 1);
    pattern_fill(b, sizeof(b), 1);
    g_assert_cmpmem(a, sizeof(a), b, sizeof(b));
    pattern_fill(b, sizeof(b), 2);
    g_assert_true(memcmp(a, b, sizeof(a)));
}

static void test_edu_words(void)
{
    enum edu_op op;

    g_assert_true(edu_parse_op("loop", &op));
    g_assert_cmpint(op, ==, EDU_LOOP);
    g_assert_true(edu_parse_op("irq", &op));
    g_assert_cmpint(op, ==, EDU_IRQ);
    g_assert_false(edu_parse_op("", &op));
    g_assert_false(edu_parse_op("loops", &op));
    g_assert_cmphex(edu_sid("0000:00:01.0"), ==, 0x8);
    g_assert_cmphex(edu_sid("0000:21:1f.7"), ==, 0x21ff);
}

static void test_full_answer(void)
{
    struct answer a = { .len = 0 };

    for (int i = 0; i < 1000; i++) {
        answer_add(&a, "word%d", i);
    }
    g_assert_cmpuint(a.len, <, sizeof(a.text));
    g_assert_cmpuint(strlen(a.text), ==, a.len);
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
    g_test_add_func("/agents/interrupts/number", test_by_number);
    g_test_add_func("/agents/interrupts/matching", test_matching);
    g_test_add_func("/agents/interrupts/name", test_by_name);
    g_test_add_func("/agents/answer/words", test_answer);
    g_test_add_func("/agents/answer/full", test_full_answer);
    g_test_add_func("/agents/msi/msi", test_msi);
    g_test_add_func("/agents/msi/msix", test_msix);
    g_test_add_func("/agents/ram/kernels", test_ram);
    g_test_add_func("/agents/pattern", test_pattern);
    g_test_add_func("/agents/edu/words", test_edu_words);
    g_test_add_func("/agents/smmu/place", test_smmu_place);
    g_test_add_func("/agents/smmu/flood", test_flood);
    g_test_add_func("/agents/smmu/queue", test_queue);
    g_test_add_func("/agents/background", test_background);
    return g_test_run();
}
