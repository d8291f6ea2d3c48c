/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-command.h"

#include <glib.h>
#include <string.h>

#include "util.h"
#include "words.h"

/* The keys of the words that each takes; NULL: what follows is not for this table */
static const struct {
    const char *name, *keys;
} verbs[GUEST_VERBS] = {
    [GUEST_READ] = { "read", "dev bdf bs count offset jobs loops" },
    [GUEST_WRITE] = { "write", "dev bdf bs count offset jobs loops seed" },
    [GUEST_WAIT] = { "wait", "dev timeout" },
    [GUEST_GONE] = { "gone", "dev timeout" },
    [GUEST_REBIND] = { "rebind", "dev driver type" },
    [GUEST_IRQS] = { "irqs", "match" },
    [GUEST_QUEUES] = { "queues", "dev" },
    [GUEST_LOG] = { "log", "match" },
    [GUEST_RESERVED] = { "reserved", "" },
    [GUEST_IOMMU] = { "iommu", "" },
    [GUEST_CPUS] = { "cpus", "" },
    [GUEST_MSI] = { "msi", "bdf" },
    [GUEST_EDU] = { "edu", "op bdf iova len count seed" },
    [GUEST_RAM] = { "ram", "op gpa bdf len seed" },
    [GUEST_SMMU] = { "smmu", "op abort gpa log2size sid seconds" },
    [GUEST_DMA_MAP] = { "dma-map", "bdf granule threads seconds" },
    [GUEST_BEGIN] = { "begin", NULL },
    [GUEST_RUNNING] = { "running", "" },
    [GUEST_FINISH] = { "finish", NULL },
    [GUEST_KEXEC] = { "kexec", "kernel initrd crash" },
    [GUEST_SH] = { "sh", NULL },
    [GUEST_REBOOT] = { "reboot", "" },
    [GUEST_POWEROFF] = { "poweroff", "" },
};

static bool unknown_verb(const char *name, char **err)
{
    g_autoptr(GString) all = g_string_new(NULL);

    for (int i = 0; i < GUEST_VERBS; i++) {
        g_string_append_printf(all, "%s%s", i ? ", " : "", verbs[i].name);
    }
    return text_fail(err, "unknown command '%s': there are %s", name, all->str);
}

/* Each word is KEY=VALUE, with a key that the command takes. */
static bool check_words(GuestVerb verb, const char *args, char **err)
{
    g_auto(GStrv) keys = g_strsplit(verbs[verb].keys, " ", -1);
    g_auto(GStrv) words = words_split(args);

    if (!words) {
        return text_fail(err, "a quote is left open");
    }
    for (char **word = words; *word; word++) {
        g_autofree char *key = g_strndup(*word, strcspn(*word, "="));

        if (!strchr(*word, '=') || !g_strv_contains((const char *const *)keys, key)) {
            return text_fail(err, "unknown word '%s': %s takes %s", *word, verbs[verb].name,
                             *keys ? verbs[verb].keys : "none");
        }
    }
    return true;
}

bool guest_command_parse(const char *line, GuestVerb *verb, const char **args, char **err)
{
    const char *name = line + strspn(line, " ");
    size_t len = strcspn(name, " ");

    *args = name + len + strspn(name + len, " ");
    for (*verb = 0; *verb < GUEST_VERBS; (*verb)++) {
        if (strlen(verbs[*verb].name) == len && !strncmp(verbs[*verb].name, name, len)) {
            break;
        }
    }
    if (*verb == GUEST_VERBS) {
        g_autofree char *unknown = g_strndup(name, len);

        return unknown_verb(unknown, err);
    }
    if (*verb == GUEST_BEGIN || *verb == GUEST_FINISH) {
        GuestVerb inner;
        const char *rest;

        return guest_command_parse(*args, &inner, &rest, err);
    }
    return !verbs[*verb].keys || check_words(*verb, *args, err);
}

bool guest_command_range(const char *args, uint64_t *offset, uint64_t *bytes)
{
    uint64_t bs, count;

    if (!words_number(args, "bs", 4096, &bs) || !words_number(args, "count", 1, &count) ||
        !words_number(args, "offset", 0, offset) || !bs || !count || count > UINT64_MAX / bs) {
        return false;
    }
    *bytes = bs * count;
    return *offset <= UINT64_MAX - *bytes;
}
