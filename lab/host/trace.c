/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const char *const trace_patterns[] = {
    "kvm_arm_fixup_msi_route",
    "kvm_arm_msi_direct*", /* exact names QEMU lacks make it warn */
    "iommufd_backend_alloc_*",
    "iommufd_backend_free_id",
    "iommufd_backend_invalidate_cache",
    "smmuv3_accel*",
    "smmuv3_send_msi*",
    "pci_msi_direct*",
    "kvm_irqchip_add_msi_route",
    "smmuv3_cmdq_opcode",
    "smmuv3_translate*",
    "smmuv3_get_ste",
    "smmuv3_get_cd",
    "smmu_ptw*",
    NULL,
};

static const char *skip_stamp(const char *line)
{
    const char *p = line;

    while (isdigit((unsigned char)*p)) {
        p++;
    }
    if (p == line || *p != '@') {
        return line;
    }
    p++;
    while (isdigit((unsigned char)*p) || *p == '.') {
        p++;
    }
    return *p == ':' ? p + 1 : line;
}

static struct trace_event *find(const struct trace *trace, const char *name,
                                size_t len)
{
    for (size_t i = 0; i < trace->n; i++) {
        if (!strncmp(trace->events[i].name, name, len) &&
            !trace->events[i].name[len]) {
            return &trace->events[i];
        }
    }
    return NULL;
}

static void count(struct trace *trace, const char *name, size_t len)
{
    struct trace_event *event = find(trace, name, len);

    if (!event) {
        trace->events = realloc(trace->events,
                                (trace->n + 1) * sizeof(*trace->events));
        if (!trace->events) {
            abort();
        }
        event = &trace->events[trace->n++];
        *event = (struct trace_event){ .name = text_strip(name, len) };
    }
    event->count++;
}

/* The number behind the last "0x" in the arguments. */
static bool last_hex(const char *args, uint64_t *value)
{
    const char *hit = NULL;

    for (const char *p = args; (p = strstr(p, "0x")); p += 2) {
        hit = p;
    }
    return hit && sscanf(hit, "%" SCNx64, value) == 1;
}

/* A wrapper's event ends with its result in parentheses: "(-22)". */
static bool ended_in_error(const char *args)
{
    const char *open = strrchr(args, '(');

    return open && atoi(open + 1) != 0;
}

void trace_line(struct trace *trace, const char *line)
{
    const char *name = skip_stamp(line);
    size_t len = strcspn(name, " \t\r\n");
    const char *args = name + len;
    uint64_t gpa;

    if (!len) {
        return;
    }
    count(trace, name, len);
    if ((len == strlen("kvm_arm_fixup_msi_route") &&
         !strncmp(name, "kvm_arm_fixup_msi_route", len)) ||
        (len == strlen("kvm_arm_msi_direct_gpa") &&
         !strncmp(name, "kvm_arm_msi_direct_gpa", len))) {
        if (last_hex(args, &gpa)) {
            trace->doorbells++;
            trace->doorbell = gpa;
        }
    } else if (!strncmp(name, "smmuv3_cmdq_opcode ", len + 1)) {
        trace->cmd_syncs += strstr(args, "SYNC") ? 1 : 0;
    } else if (!strncmp(name, "iommufd_backend_invalidate_cache ", len + 1)) {
        trace->inval_errors += ended_in_error(args) ? 1 : 0;
    } else if (!strncmp(name, "iommufd_backend_free_id ", len + 1)) {
        trace->free_errors += ended_in_error(args) ? 1 : 0;
    }
}

bool trace_file(struct trace *trace, const char *path)
{
    FILE *f = fopen(path, "re");
    char line[1024];

    if (!f) {
        return false;
    }
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        trace_line(trace, line);
    }
    fclose(f);
    return true;
}

uint64_t trace_count(const struct trace *trace, const char *name)
{
    const struct trace_event *event = find(trace, name, strlen(name));

    return event ? event->count : 0;
}

static bool has_word(const char *args, const char *word)
{
    size_t len = strlen(word);

    for (const char *p = args; (p = strstr(p, word)); p++) {
        if (p > args && p[-1] == ' ' && (!p[len] || p[len] == ' ')) {
            return true;
        }
    }
    return false;
}

bool trace_count_word(const char *path, const char *what, uint64_t *count)
{
    const char *key = strchr(what, '.');
    const char *value = key ? strchr(key + 1, '.') : NULL;
    FILE *f = value ? fopen(path, "re") : NULL;
    size_t len = key ? key - what : 0;
    char line[1024];
    char *word;

    if (!f) {
        return false;
    }
    word = text_printf("%.*s=%s", (int)(value - key - 1), key + 1, value + 1);
    *count = 0;
    while (fgets(line, sizeof(line), f)) {
        const char *name = skip_stamp(line);

        line[strcspn(line, "\n")] = '\0';
        *count += !strncmp(name, what, len) && name[len] == ' ' &&
                  has_word(name + len, word);
    }
    free(word);
    fclose(f);
    return true;
}

uint64_t trace_walks(const struct trace *trace)
{
    uint64_t walks = 0;

    for (size_t i = 0; i < trace->n; i++) {
        const char *name = trace->events[i].name;
        bool translation = !strncmp(name, "smmuv3_translate_", 17) &&
                           strcmp(name, "smmuv3_translate_disable");

        if (translation || !strncmp(name, "smmu_ptw_", 9) ||
            !strcmp(name, "smmuv3_get_cd")) {
            walks += trace->events[i].count;
        }
    }
    return walks;
}

void trace_free(struct trace *trace)
{
    for (size_t i = 0; i < trace->n; i++) {
        free(trace->events[i].name);
    }
    free(trace->events);
    *trace = (struct trace){ 0 };
}
