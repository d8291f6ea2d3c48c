/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void count(struct trace *trace, const char *name, size_t len)
{
    g_autofree char *key = g_strndup(name, len);
    uint64_t *n;

    if (!trace->events) {
        trace->events = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    n = g_hash_table_lookup(trace->events, key);
    if (!n) {
        n = g_new0(uint64_t, 1);
        g_hash_table_insert(trace->events, g_steal_pointer(&key), n);
    }
    ++*n;
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

static bool is_event(const char *name, size_t len, const char *event)
{
    return len == strlen(event) && !strncmp(name, event, len);
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
    if (is_event(name, len, "kvm_arm_fixup_msi_route") || is_event(name, len, "kvm_arm_msi_direct_gpa")) {
        if (last_hex(args, &gpa)) {
            trace->doorbells++;
            trace->doorbell = gpa;
        }
    } else if (is_event(name, len, "smmuv3_cmdq_opcode")) {
        trace->cmd_syncs += strstr(args, "SYNC") != NULL;
    } else if (is_event(name, len, "iommufd_backend_invalidate_cache")) {
        trace->inval_errors += ended_in_error(args);
    } else if (is_event(name, len, "iommufd_backend_free_id")) {
        trace->free_errors += ended_in_error(args);
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
    const uint64_t *n = trace->events ? g_hash_table_lookup(trace->events, name) : NULL;

    return n ? *n : 0;
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
    g_autofree char *word = NULL;

    if (!f) {
        return false;
    }
    word = g_strdup_printf("%.*s=%s", (int)(value - key - 1), key + 1, value + 1);
    *count = 0;
    while (fgets(line, sizeof(line), f)) {
        const char *name = skip_stamp(line);

        line[strcspn(line, "\n")] = '\0';
        *count += !strncmp(name, what, len) && name[len] == ' ' &&
                  has_word(name + len, word);
    }
    fclose(f);
    return true;
}

uint64_t trace_walks(const struct trace *trace)
{
    uint64_t walks = 0;
    GHashTableIter iter;
    gpointer name, n;

    if (!trace->events) {
        return 0;
    }
    g_hash_table_iter_init(&iter, trace->events);
    while (g_hash_table_iter_next(&iter, &name, &n)) {
        bool translation = g_str_has_prefix(name, "smmuv3_translate_") && strcmp(name, "smmuv3_translate_disable");

        if (translation || g_str_has_prefix(name, "smmu_ptw_") || !strcmp(name, "smmuv3_get_cd")) {
            walks += *(uint64_t *)n;
        }
    }
    return walks;
}

void trace_free(struct trace *trace)
{
    g_clear_pointer(&trace->events, g_hash_table_unref);
    *trace = (struct trace){ 0 };
}
