/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the runner and the two agents share: words, numbers, commands for the guest, the kernel's lines. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "guest-command.h"
#include "kernel-log.h"
#include "util.h"
#include "words.h"

static void test_words(void)
{
    g_auto(GStrv) words = words_split("7 read  dev=nvme0n1\ta=\"x y\" \"q\\\"\\\\\\n\" end empty=\"\" \"\" ");
    const char *const expected[] = { "7", "read", "dev=nvme0n1", "a=x y", "q\"\\\n", "end", "empty=", "", NULL };

    g_assert_cmpuint(g_strv_length(words), ==, G_N_ELEMENTS(expected) - 1);
    g_assert_true(g_strv_equal((const char *const *)words, expected));
    g_assert_null(words_split("text=\"open"));
}

static void test_value(void)
{
    const char *line = "bs=4096 xcount=1 count=64 text=\"a b\"";
    g_autofree char *none = words_get(line, "coun");
    g_autofree char *text = words_get(line, "text");
    char value[3];

    g_assert_null(none);
    g_assert_cmpstr(text, ==, "a b");
    g_assert_true(words_value(line, "count", value, sizeof(value)));
    g_assert_cmpstr(value, ==, "64");
    g_assert_true(words_value(line, "bs", value, sizeof(value)));
    g_assert_cmpstr(value, ==, "40");
    g_assert_false(words_value(line, "offset", value, sizeof(value)));
}

static void test_number(void)
{
    const char *line = "a=0x1000 b=4K c=2M d=-1 e=5x f= g=1G h=0x";
    guint64 n;

    g_assert_true(words_number(line, "a", 0, &n));
    g_assert_cmphex(n, ==, 0x1000);
    g_assert_true(words_number(line, "b", 0, &n));
    g_assert_cmpuint(n, ==, 4096);
    g_assert_true(words_number(line, "c", 0, &n));
    g_assert_cmpuint(n, ==, 2097152);
    g_assert_true(words_number(line, "g", 0, &n));
    g_assert_cmpuint(n, ==, 1073741824);
    g_assert_true(words_number(line, "none", 17, &n));
    g_assert_cmpuint(n, ==, 17);
    g_assert_false(words_number(line, "d", 0, &n));
    g_assert_false(words_number(line, "e", 0, &n));
    g_assert_false(words_number(line, "f", 0, &n));
    g_assert_false(words_number(line, "h", 0, &n));
    g_assert_false(words_parse_number("99999999999999999999", &n));
    g_assert_false(words_parse_number("17179869184G", &n));
}

static void test_quote(void)
{
    const char *original = "a \"b\" \\ \n\t end";
    g_autofree char *quoted = words_quote(original);
    g_auto(GStrv) back = words_split(quoted);

    g_assert_null(strchr(quoted, '\n'));
    g_assert_cmpuint(g_strv_length(back), ==, 1);
    g_assert_cmpstr(back[0], ==, original);
}

static void test_first_failure_stays(void)
{
    char *err = NULL;

    g_assert_false(text_fail(&err, "first %d", 1));
    g_assert_false(text_fail(&err, "second"));
    g_assert_cmpstr(err, ==, "first 1");
    free(err);
}

/* As Linux 6.18 and 7.2 print them, with a time stamp or without */
static const char *const bad_lines[] = {
    "[    1.0] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
    "Internal error: Oops: 0000000096000004 [#1]  SMP",
    "Internal error: synchronous external abort: 0000000096000010 [#1]  SMP",
    "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008",
    "Unhandled 64-bit el1h sync exception on CPU0, ESR 0x0000000002000000 -- BTI",
    "kernel BUG at mm/slub.c:634!",
    "BUG: spinlock bad magic on CPU#0, swapper/0/1",
    "BUG: KASAN: slab-use-after-free in arm_smmu_attach_dev+0x1c/0x230",
    "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kworker/1:1:35]",
    "NMI watchdog: CPU0: Watchdog detected hard LOCKUP on cpu 0",
    "WARNING: CPU: 0 PID: 1 at drivers/iommu/iommu.c:123 iommu_group_add_device+0x1c/0x230",
    "WARNING: drivers/iommu/iommu.c:123 at iommu_group_add_device+0x1c/0x230, CPU#0: swapper/0/1",
    "UBSAN: array-index-out-of-bounds in drivers/vfio/pci/vfio_pci_core.c:77:8",
    "list_add corruption. next->prev should be prev (ffff0000), but was 0000. (next=ffff0000).",
    "irq 27: nobody cared (try booting with the \"irqpoll\" option)",
    "INFO: task kworker/0:2:41 blocked for more than 120 seconds.",
    "INFO: task nvme:97 blocked in I/O wait for more than 120 seconds.",
    "rcu: INFO: rcu_preempt self-detected stall on CPU",
    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
    "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-...D } 21 jiffies s: 77 root: 0x2/.",
    "rcu: rcu_preempt kthread starved for 5250 jiffies! g1421 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=0",
    "INFO: rcu_tasks detected stalls on tasks:",
    "arm-smmu-v3 arm-smmu-v3.0.auto: CMDQ error (cons 0x01000005): Illegal command",
    "arm-smmu-v3 arm-smmu-v3.0.auto: CMDQ error (cons 0x02000005): Abort on command fetch",
    "arm-smmu-v3 arm-smmu-v3.0.auto: skipping command in error state:",
    "arm-smmu-v3 arm-smmu-v3.0.auto: retrying command fetch",
    "arm-smmu-v3 arm-smmu-v3.0.auto: CMD_SYNC timeout at 0x00000012 [hwprod 0x00000013, hwcons 0x00000012]",
    "arm-smmu-v3 arm-smmu-v3.0.auto: CMDQ timeout",
    "arm-smmu-v3 arm-smmu-v3.0.auto: ignoring unknown CMDQ opcode 0x77",
    "arm-smmu-v3 arm-smmu-v3.0.auto: unexpected global error reported (0x00000001), this could be serious",
    "arm-smmu-v3 arm-smmu-v3.0.auto: device has entered Service Failure Mode!",
    "arm-smmu-v3 arm-smmu-v3.0.auto: GERROR MSI write aborted",
    "arm-smmu-v3 arm-smmu-v3.0.auto: PRIQ MSI write aborted",
    "arm-smmu-v3 arm-smmu-v3.0.auto: EVTQ MSI write aborted",
    "arm-smmu-v3 arm-smmu-v3.0.auto: CMDQ MSI write aborted",
    "arm-smmu-v3 arm-smmu-v3.0.auto: EVTQ write aborted -- events may have been lost",
    "arm-smmu-v3 arm-smmu-v3.0.auto: EVTQ overflow detected -- events lost",
    "arm-smmu-v3 arm-smmu-v3.0.auto: unexpected PRI request received:",
    "arm-smmu-v3 arm-smmu-v3.0.auto: GBPA not responding to update",
    "arm-smmu-v3 arm-smmu-v3.0.auto: failed to enable event queue",
    "[   35.9] arm-smmu-v3 9050000.smmuv3: CMDQ error (cons 0x01000005): Illegal command",
};

static const char *const good_lines[] = {
    "arm-smmu-v3 9050000.smmuv3: ias 44-bit, oas 44-bit (features 0x00008305)",
    "arm-smmu-v3 9050000.smmuv3: allocated 262144 entries for cmdq",
    "arm-smmu-v3 9050000.smmuv3: allocated 131072 entries for evtq",
    "arm-smmu-v3 9050000.smmuv3: msi_domain absent - falling back to wired irqs",
    "arm-smmu-v3 9050000.smmuv3: SMMU currently enabled! Resetting...",
    "arm-smmu-v3 9050000.smmuv3: \t0x0000000800000010",
    "arm-smmu-v3 9050000.smmuv3: unpriv data write s1 \"Input address caused fault\" stag: 0x0",
    "nvme nvme0: I/O tag 3 (1003) QID 1 timeout, completion polled", /* that is `polled` */
    "rcu: Hierarchical RCU implementation.",
    "Tasks-RCU CPU stall warnings timeout set to 0 (rcu_task_stall_timeout).",
    "Kernel command line: console=ttyAMA0 loglevel=5 panic=-1",
    "Warning: unable to open an initial console.", "event: something", "Run /init as init process", "",
};

static void test_kernel_lines(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(bad_lines); i++) {
        g_test_message("%s", bad_lines[i]);
        g_assert_cmpint(kernel_line_classify(bad_lines[i]), ==, KERNEL_LINE_BAD);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(good_lines); i++) {
        g_test_message("%s", good_lines[i]);
        g_assert_cmpint(kernel_line_classify(good_lines[i]), ==, KERNEL_LINE_GOOD);
    }
    g_assert_cmpint(kernel_line_classify("arm-smmu-v3 arm-smmu-v3.0.auto: event 0x10 received:"), ==,
                    KERNEL_LINE_EVENT_DATA);
    g_assert_cmpint(kernel_line_classify("arm-smmu-v3 arm-smmu-v3.0.auto: event: F_TRANSLATION client: 0000:00:03.0 "
                                         "sid: 0x18 ssid: 0x0 iova: 0xdead0000 ipa: 0x0"), ==, KERNEL_LINE_EVENT);
}

static void test_guest_commands(void)
{
    static const struct {
        const char *line, *says; /* NULL: it is good */
    } cases[] = {
        { "read dev=nvme0n1 bs=4096 count=64 offset=1M", NULL },
        { "  finish read bdf=0000:21:00.0", NULL }, { "begin smmu op=flood gpa=1 sid=0x18 seconds=5", NULL },
        { "sh echo a=b c > /d; e", NULL }, { "log match=\"event: x=y\"", NULL }, { "iommu", NULL },
        { "dma-map bdf=0000:21:00.0 granule=16", NULL },
        { "read ofset=1M", "unknown word 'ofset=1M': read takes dev bdf bs count offset jobs loops" },
        { "read seed=1", "'seed=1'" }, { "read dev", "'dev'" }, { "read =1", "'=1'" },
        { "read dev=\"x", "quote" }, { "iommu n=1", "iommu takes none" },
        { "ping bdf=x", "unknown command 'ping'" }, { "smmu op=look n=4", "'n=4'" },
        { "begin read dv=x", "'dv=x'" }, { "finish", "unknown command ''" },
        { "begin begin reed", "unknown command 'reed'" }, { "poweroff now", "'now'" },
        { "rea dev=x", "unknown command 'rea': there are read, write, " }, { "", "unknown command ''" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        GuestVerb verb;
        const char *args;
        char *err = NULL;
        bool good = guest_command_parse(cases[i].line, &verb, &args, &err);

        g_test_message("%s: %s", cases[i].line, err);
        g_assert_cmpint(good, ==, !cases[i].says);
        g_assert_true(good ? !err : strstr(err, cases[i].says) != NULL);
        free(err);
    }
}

static void test_files(void)
{
    g_autofree char *dir = g_dir_make_tmp("common-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(dir, "file", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    g_auto(GStrv) names = NULL, none = file_names("/nonexistent");
    char text[6];

    g_assert_false(file_write(file, "x"));
    g_assert_true(g_file_set_contents(file, "first\nsecond\n", -1, NULL));
    g_assert_true(file_write(file, "one\n"));
    g_assert_true(file_read_line(file, text, sizeof(text)));
    g_assert_cmpstr(text, ==, "one");
    g_assert_false(file_read_line("/nonexistent", text, sizeof(text)));
    g_assert_cmpint(symlink("../bus/pci", link), ==, 0);
    g_assert_true(file_link_name(link, text, sizeof(text)));
    g_assert_cmpstr(text, ==, "pci");
    g_assert_false(file_link_name(file, text, sizeof(text)));
    names = file_names(dir);
    g_assert_cmpuint(g_strv_length(names), ==, 2);
    g_assert_cmpuint(g_strv_length(none), ==, 0);
    g_assert_cmpint(g_unlink(link) || g_unlink(file) || g_rmdir(dir), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/common/words/next", test_words);
    g_test_add_func("/common/words/value", test_value);
    g_test_add_func("/common/words/number", test_number);
    g_test_add_func("/common/words/quote", test_quote);
    g_test_add_func("/common/util/first-failure", test_first_failure_stays);
    g_test_add_func("/common/util/files", test_files);
    g_test_add_func("/common/kernel-log", test_kernel_lines);
    g_test_add_func("/common/guest-command", test_guest_commands);
    return g_test_run();
}
