/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "account.h"

#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text.h"
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
    char *path = text_printf("%s/trace", run->vm.dir);
    FILE *f = at < 0 ? NULL : fopen(path, "re");

    free(path);
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
           step->guest == GUEST_EDU || step->guest == GUEST_PING ||
           step->guest == GUEST_DMA_MAP;
}

static void append(char **answer, const char *key, uint64_t value)
{
    char *more = text_printf("%s %s=%" PRIu64, *answer, key, value);

    free(*answer);
    *answer = more;
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
