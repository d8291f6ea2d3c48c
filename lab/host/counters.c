/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counters.h"

#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.h"
#include "util.h"
#include "words.h"

#define KVM_MMIO_EXITS "/sys/kernel/debug/kvm/mmio_exit_user"
#define KVM_EXITS "/sys/kernel/debug/kvm/exits"
#define MAX_CPUS 256

static uint64_t kvm_count(const char *path)
{
    char text[32];
    uint64_t value;

    return file_read_line(path, text, sizeof(text)) &&
           words_parse_number(text, &value) ? value : UINT64_MAX;
}

/* QEMU's trace from @at on, or NULL. */
static FILE *open_trace(const struct run *run, long at)
{
    g_autofree char *path = g_build_filename(run->vm.dir, "trace", NULL);
    FILE *f = at < 0 ? NULL : fopen(path, "re");

    if (f && fseek(f, at, SEEK_SET)) {
        fclose(f);
        f = NULL;
    }
    return f;
}

static const char *const layers[ACCOUNT_LAYERS] = {
    [ACCOUNT_GUEST] = "guest-insns",
    [ACCOUNT_KERNEL] = "kernel-insns",
    [ACCOUNT_USER] = "user-insns",
};

/* A counter that stays open, or -1: an emulated host has one with -icount. */
static int open_counter(enum account_layer layer, int cpu)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof(attr),
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .exclude_host = layer == ACCOUNT_GUEST,
        .exclude_guest = layer != ACCOUNT_GUEST,
        .exclude_kernel = layer == ACCOUNT_USER,
        .exclude_user = layer == ACCOUNT_KERNEL,
    };

    return syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
                   PERF_FLAG_FD_CLOEXEC);
}

static uint64_t instructions(enum account_layer layer)
{
    static int fds[ACCOUNT_LAYERS][MAX_CPUS];
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t sum = 0;

    for (int cpu = 0; cpu < cpus; cpu++) {
        uint64_t value;

        if (cpu >= MAX_CPUS) {
            return UINT64_MAX;
        }
        if (!fds[layer][cpu]) {
            fds[layer][cpu] = open_counter(layer, cpu);
        }
        if (read(fds[layer][cpu], &value, sizeof(value)) != sizeof(value)) {
            return UINT64_MAX;
        }
        sum += value;
    }
    return sum;
}

void account_begin(const struct run *run, struct account *before)
{
    FILE *trace = open_trace(run, 0);

    for (int layer = 0; layer < ACCOUNT_LAYERS; layer++) {
        before->instructions[layer] = instructions(layer);
    }
    before->exits = kvm_count(KVM_MMIO_EXITS);
    before->vmexits = kvm_count(KVM_EXITS);
    before->trace_at = -1;
    if (trace && !fseek(trace, 0, SEEK_END)) {
        before->trace_at = ftell(trace);
    }
    if (trace) {
        fclose(trace);
    }
}

static void add_word(const char *answer, const char *key, uint64_t *sum)
{
    uint64_t value;

    if (words_number(answer, key, 0, &value)) {
        *sum += value;
    }
}

bool account_is_io(const Step *step)
{
    return step->guest == GUEST_READ || step->guest == GUEST_WRITE ||
           step->guest == GUEST_EDU || step->guest == GUEST_DMA_MAP;
}

static void append(char **answer, const char *key, uint64_t value)
{
    g_autofree char *old = *answer;

    *answer = g_strdup_printf("%s %s=%" PRIu64, old, key, value);
}

static void append_exits(struct run *run, char **answer,
                         const struct account *before)
{
    uint64_t exits = kvm_count(KVM_MMIO_EXITS);
    uint64_t vmexits = kvm_count(KVM_EXITS);

    if (before->exits != UINT64_MAX && exits != UINT64_MAX) {
        append(answer, "exits", exits - before->exits);
        run->mmio_exits += exits - before->exits;
        run->mmio_known = true;
    }
    if (before->vmexits != UINT64_MAX && vmexits != UINT64_MAX) {
        append(answer, "vmexits", vmexits - before->vmexits);
    }
}

static void append_instructions(char **answer, const struct account *before)
{
    for (int layer = 0; layer < ACCOUNT_LAYERS; layer++) {
        uint64_t now = instructions(layer);

        if (before->instructions[layer] != UINT64_MAX && now != UINT64_MAX) {
            append(answer, layers[layer], now - before->instructions[layer]);
        }
    }
}

static void append_traced(const struct run *run, char **answer, long at)
{
    FILE *f = open_trace(run, at);
    struct trace trace = { 0 };
    char line[1024];

    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        trace_line(&trace, line);
    }
    if (f) {
        fclose(f);
        append(answer, "ioctls",
               trace_count(&trace, "iommufd_backend_invalidate_cache"));
        append(answer, "cmds", trace_count(&trace, "smmuv3_cmdq_opcode"));
        append(answer, "syncs", trace.cmd_syncs);
    }
    trace_free(&trace);
}

void account_io(struct run *run, const Step *step, char **answer,
                const struct account *before)
{
    add_word(*answer, "irqs", &run->irqs);
    add_word(*answer, "ios", &run->ios);
    add_word(*answer, "bytes", &run->bytes);
    if (step->guest == GUEST_READ) {
        references_guest_read(&run->refs, step->guest_args, *answer);
    } else if (step->guest == GUEST_WRITE) {
        references_guest_wrote(&run->refs, step->guest_args, *answer,
                               run->n_devices);
    }
    append_exits(run, answer, before);
    append_instructions(answer, before);
    append_traced(run, answer, before->trace_at);
}

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

    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
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

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
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
    g_autofree char *path = g_build_filename(run->config->output, "qemu-trace.txt", NULL);

    return trace_count_word(path, what, value);
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
    for (size_t i = 0; i < G_N_ELEMENTS(traced); i++) {
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
    g_autofree char *path = g_build_filename(run->config->output, !strcmp(name, "stderr") ? "qemu-stderr.txt"
                                             : "guest-console.txt", NULL);
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
