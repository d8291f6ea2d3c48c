/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smmu-lab-host's reading of QEMU's trace. */
#include <glib.h>
#include <glib/gstdio.h>

#include "trace.h"

static void feed(struct trace *trace, const char *const *lines)
{
    for (; *lines; lines++) {
        trace_line(trace, *lines);
    }
}

static void test_doorbell(void)
{
    static const char *const lines[] = {
        "kvm_arm_fixup_msi_route MSI iova = 0xfffff040 is translated into "
        "0x8090040",
        "kvm_arm_msi_direct_gpa MSI iova = 0xfffef040 doorbell gpa = "
        "0x8080040",
        "kvm_arm_fixup_msi_route_other iova = 0x1 is translated into 0x2",
        NULL
    };
    struct trace trace = { 0 };

    feed(&trace, lines);
    g_assert_cmpuint(trace.doorbells, ==, 2);
    g_assert_cmphex(trace.doorbell, ==, 0x8080040);
    trace_free(&trace);
}

static void test_stamped(void)
{
    struct trace trace = { 0 };

    trace_line(&trace, "77@1700000000.123456:iommufd_backend_invalidate_cache "
               " iommufd=9 id=4 (0)");
    trace_line(&trace, "iommufd_backend_invalidate_cache  iommufd=9 (-22)");
    g_assert_cmpuint(trace_count(&trace, "iommufd_backend_invalidate_cache"),
                     ==, 2);
    g_assert_cmpuint(trace.inval_errors, ==, 1);
    trace_line(&trace, "iommufd_backend_free_id  iommufd=9 id=4 (0)");
    trace_line(&trace, "iommufd_backend_free_id  iommufd=9 id=7 (-16)");
    g_assert_cmpuint(trace.free_errors, ==, 1);
    trace_free(&trace);
}

static void test_words(void)
{
    static const char text[] =
        "smmuv3_accel_update sid=0x18 config=2 ste=0x1,0x2 hwpt=7 ok=1\n"
        "7@17.5:smmuv3_accel_update sid=0x18 config=0 ste=0x0,0x0 ok=1\n"
        "smmuv3_accel_update sid=0x1 config=2 ok=0\n"
        "smmuv3_accel_updated sid=0x18 config=2 ok=1\n";
    g_autofree char *path = g_build_filename(g_get_tmp_dir(),
                                             "agents-trace-words", NULL);
    uint64_t n = 99;

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_true(trace_count_word(path, "smmuv3_accel_update.config.2", &n));
    g_assert_cmpuint(n, ==, 2);
    g_assert_true(trace_count_word(path, "smmuv3_accel_update.config.0", &n));
    g_assert_cmpuint(n, ==, 1);
    g_assert_true(trace_count_word(path, "smmuv3_accel_update.sid.0x1", &n));
    g_assert_cmpuint(n, ==, 1); /* not 0x18 */
    g_assert_true(trace_count_word(path, "smmuv3_accel_update.ok.0", &n));
    g_assert_cmpuint(n, ==, 1); /* at the end of the line */
    g_assert_true(trace_count_word(path, "smmuv3_accel.config.2", &n));
    g_assert_cmpuint(n, ==, 0);
    g_assert_false(trace_count_word(path, "smmuv3_accel_update.config", &n));
    g_unlink(path);
    g_assert_false(trace_count_word(path, "smmuv3_accel_update.ok.1", &n));
}

static void test_commands(void)
{
    static const char *const lines[] = {
        "smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_VA",
        "smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC",
        "smmuv3_cmdq_opcode <--- SMMU_CMD_CFGI_STE",
        "smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC",
        NULL
    };
    struct trace trace = { 0 };

    feed(&trace, lines);
    g_assert_cmpuint(trace_count(&trace, "smmuv3_cmdq_opcode"), ==, 4);
    g_assert_cmpuint(trace.cmd_syncs, ==, 2);
    trace_free(&trace);
}

static void test_walks(void)
{
    static const char *const none[] = {
        "smmuv3_translate_disable smmuv3-iommu-memory-region sid=0x8 bypass",
        "smmuv3_get_ste STE addr: 0x1000",
        "smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC",
        NULL
    };
    static const char *const walks[] = {
        "smmuv3_translate_success x sid=0x8 iova=0x1 translated=0x2",
        "smmu_ptw_level stage=1 level=3 iova=0x1",
        "smmuv3_get_cd CD addr: 0x1000",
        NULL
    };
    struct trace trace = { 0 };

    feed(&trace, none);
    g_assert_cmpuint(trace_walks(&trace), ==, 0);
    feed(&trace, walks);
    g_assert_cmpuint(trace_walks(&trace), ==, 3);
    trace_free(&trace);
}

static void test_odd_lines(void)
{
    static const char *const lines[] = {
        "", " ", "no event at all", "12@", "12@34", "@",
        "kvm_arm_fixup_msi_route",
        "kvm_arm_fixup_msi_route iova without number", NULL
    };
    struct trace trace = { 0 };

    feed(&trace, lines);
    g_assert_cmpuint(trace.doorbells, ==, 0);
    g_assert_cmpuint(trace_count(&trace, "kvm_arm_fixup_msi_route"), ==, 2);
    g_assert_cmpuint(trace_count(&trace, "kvm_arm"), ==, 0);
    trace_free(&trace);
}

static void test_file(void)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("trace-XXXXXX", &path, NULL);
    struct trace trace = { 0 };

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, "a 1\nb 2\na 3", -1, NULL));
    g_assert_true(trace_file(&trace, path));
    g_assert_cmpuint(trace_count(&trace, "a"), ==, 2);
    g_assert_cmpuint(trace_count(&trace, "b"), ==, 1);
    g_assert_false(trace_file(&trace, "/nonexistent"));
    g_remove(path);
    trace_free(&trace);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/trace/doorbell", test_doorbell);
    g_test_add_func("/agents/trace/stamped", test_stamped);
    g_test_add_func("/agents/trace/words", test_words);
    g_test_add_func("/agents/trace/commands", test_commands);
    g_test_add_func("/agents/trace/walks", test_walks);
    g_test_add_func("/agents/trace/odd-lines", test_odd_lines);
    g_test_add_func("/agents/trace/file", test_file);
    return g_test_run();
}
