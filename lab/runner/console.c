/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console.h"

#include <string.h>

static const struct {
    const char *text;
    gboolean panic;
} troubles[] = {
    { "Kernel panic - not syncing", TRUE },
    { "Internal error: ", FALSE },
    { "Unable to handle kernel ", FALSE },
    { "BUG: ", FALSE },
    { "kernel BUG at ", FALSE },
    { "WARNING: ", FALSE },
    { "Oops: ", FALSE },
    { "soft lockup", FALSE },
    { "rcu_sched detected stalls", FALSE },
    { "rcu_preempt detected stalls", FALSE },
};

static const struct {
    const char *text;
    const char *milestone;
} milestones[] = {
    { "Booting Linux on physical CPU", "the host's kernel started" },
    { "Run /init as init process", "the host's init started" },
};

void console_init(Console *c)
{
    *c = (Console) { .agent_exit = -1 };
    g_queue_init(&c->tail);
}

void console_clear(Console *c)
{
    g_queue_clear_full(&c->tail, g_free);
    g_clear_pointer(&c->first_bad, g_free);
}

/*
 * What the kernel says on @line, after its time stamp; "" when it is not
 * the kernel that speaks: smmu-lab-host may quote what it looked for.
 */
static const char *kernel_message(const char *line)
{
    const char *p = line;

    while ((p = strchr(p, '[')) != NULL) {
        p += 1 + strspn(p + 1, " ");
        if (g_ascii_isdigit(*p)) {
            p += strspn(p, G_CSET_DIGITS);
            if (*p == '.') {
                p += strspn(p, G_CSET_DIGITS ".");
                return *p == ']' ? p + 1 : "";
            }
        }
    }
    return "";
}

/* Events of the SMMU: `arm-smmu-v3 9050000.smmuv3: event: F_TRANSLATION…` */
static gboolean is_smmu_event(const char *message)
{
    const char *driver = strstr(message, "arm-smmu-v3 ");

    return driver && !strstr(driver, "allocated ") &&
           (strstr(driver, "event") || strstr(driver, "gerror") ||
            strstr(driver, "CMDQ error") || strstr(driver, "timeout"));
}

gboolean console_is_bad(const char *line)
{
    const char *message = kernel_message(line);

    for (guint i = 0; i < G_N_ELEMENTS(troubles); i++) {
        if (strstr(message, troubles[i].text)) {
            return TRUE;
        }
    }
    return is_smmu_event(message);
}

static void look_for_panic(Console *c, const char *line)
{
    for (guint i = 0; i < G_N_ELEMENTS(troubles); i++) {
        if (troubles[i].panic && strstr(line, troubles[i].text)) {
            c->panicked = TRUE;
            c->milestone = "the host's kernel panicked";
        }
    }
}

void console_line(Console *c, const char *line, double seconds)
{
    static const char ended[] = "lab: smmu-lab-host exit ";
    const char *end = strstr(line, ended);

    g_queue_push_tail(&c->tail, g_strdup(line));
    if (c->tail.length > CONSOLE_TAIL) {
        g_free(g_queue_pop_head(&c->tail));
    }
    if (!c->kernel_seconds && *line) {
        c->kernel_seconds = seconds;
    }
    for (guint i = 0; i < G_N_ELEMENTS(milestones); i++) {
        if (strstr(line, milestones[i].text)) {
            c->milestone = milestones[i].milestone;
        }
    }
    if (end) {
        c->agent_exit = g_ascii_strtoll(end + strlen(ended), NULL, 10);
        c->milestone = "smmu-lab-host ended";
    }
    if (console_is_bad(line)) {
        c->bad++;
        if (!c->first_bad) {
            c->first_bad = g_strstrip(g_strdup(line));
        }
        look_for_panic(c, line);
    }
}
