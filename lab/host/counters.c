/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counters.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"

/* Counters that are trace events, by the name of the event. */
static const struct {
    const char *name, *event;
} traced[] = {
    { "inval_ioctls", "iommufd_backend_invalidate_cache" },
    { "hwpt_allocs", "iommufd_backend_alloc_hwpt" },
    { "frees", "iommufd_backend_free_id" },
    { "viommus", "iommufd_backend_alloc_viommu" },
    { "vdevices", "iommufd_backend_alloc_vdev" },
    { "guest_cmds", "smmuv3_cmdq_opcode" },
    { "ste_reads", "smmuv3_get_ste" },
};

/* All that iommufd_backend_free_id has to free in the end */
static uint64_t count_allocs(const struct run *run)
{
    static const char *const events[] = {
        "iommufd_backend_alloc_ioas", "iommufd_backend_alloc_hwpt",
        "iommufd_backend_alloc_viommu", "iommufd_backend_alloc_vdev",
        "iommufd_backend_alloc_veventq",
    };
    uint64_t n = 0;

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        n += trace_count(&run->trace, events[i]);
    }
    return n;
}

static bool get_counted(const struct run *run, const char *name,
                        uint64_t *value)
{
    const struct references *refs = &run->refs;
    uint64_t allocs = count_allocs(run);
    uint64_t frees = trace_count(&run->trace, "iommufd_backend_free_id");
    const struct {
        const char *name;
        uint64_t value;
        bool known;
    } all[] = {
        { "irqs", run->irqs, true },
        { "ios", run->ios, true },
        { "bytes", run->bytes, true },
        { "boots", run->vm.console.boots, true },
        { "polled", run->vm.console.polled, true },
        { "guest_bad", run->vm.console.bad, true },
        { "guest_events", run->vm.console.events, true },
        { "host_bad", run->host_bad, true },
        { "host_events", run->host_events, true },
        { "doorbells", run->trace.doorbells, true },
        { "doorbell", run->trace.doorbell, true },
        { "walks", trace_walks(&run->trace), true },
        { "cmd_syncs", run->trace.cmd_syncs, true },
        { "inval_errors", run->trace.inval_errors, true },
        { "free_errors", run->trace.free_errors, true },
        { "allocs", allocs, true },
        { "live", allocs > frees ? allocs - frees : 0, true },
        { "data_ok", refs->checked && !refs->wrong, true },
        { "data_checked", refs->checked, true },
        { "mmio_exits", run->mmio_exits, run->mmio_known },
        { "monitor_max_ms", run->monitor_max_ms, run->monitor_known },
        { "exit_code", run->vm.exit_code, run->vm.exited },
        { "device_back", run->device_back, true },
        { "tests_passed", run->tests[TAP_PASS], true },
        { "tests_failed", run->tests[TAP_FAIL], true },
        { "tests_skipped", run->tests[TAP_SKIP], true },
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (!strcmp(all[i].name, name)) {
            *value = all[i].value;
            return all[i].known;
        }
    }
    return false;
}

static bool count_word(const struct run *run, const char *what,
                       uint64_t *value)
{
    char *path = text_printf("%s/qemu-trace.txt", run->config->output);
    bool known = trace_count_word(path, what, value);

    free(path);
    return known;
}

bool counters_get(const struct run *run, const char *name, uint64_t *value)
{
    if (!strncmp(name, "trace.", 6) && strchr(name + 6, '.')) {
        return count_word(run, name + 6, value);
    }
    if (!strncmp(name, "trace.", 6)) {
        *value = trace_count(&run->trace, name + 6);
        return true;
    }
    for (size_t i = 0; i < sizeof(traced) / sizeof(traced[0]); i++) {
        if (!strcmp(traced[i].name, name)) {
            *value = trace_count(&run->trace, traced[i].event);
            return true;
        }
    }
    return get_counted(run, name, value);
}

void counters_report(struct run *run)
{
    uint64_t value;

    for (const char *const *name = expect_counters; *name; name++) {
        if (counters_get(run, *name, &value)) {
            report_count(&run->report, *name, value);
        }
    }
}

static bool counter_of_run(void *opaque, const char *name, uint64_t *value)
{
    return counters_get(opaque, name, value);
}

static const char *answer_of_run(void *opaque, const char *key)
{
    const struct run *run = opaque;

    return run->answers ? g_hash_table_lookup(run->answers, key) : NULL;
}

static bool text_of_run(void *opaque, const char *name, const char *text)
{
    const struct run *run = opaque;
    g_autofree char *path = text_printf("%s/%s", run->config->output,
                                        !strcmp(name, "stderr") ? "qemu-stderr.txt" : "guest-console.txt");
    g_autofree char *content = NULL;

    return g_file_get_contents(path, &content, NULL, NULL) && strstr(content, text);
}

void counters_expect(struct run *run)
{
    const ExpectSource source = {
        .opaque = run, .counter = counter_of_run, .answer = answer_of_run,
        .contains = text_of_run,
    };
    const GPtrArray *expects = run->config->plan->expects;

    for (unsigned i = 0; i < expects->len; i++) {
        const Expect *expect = g_ptr_array_index(expects, i);
        g_autofree char *err = NULL;
        uint64_t left, right;
        bool ok = expect_holds(expect, &source, &left, &right, &err);

        report_expect(&run->report, ok, expect->text, left, right);
        if (!ok) {
            run_fail(run, EXIT_FAIL, "%s", err);
        }
    }
}
