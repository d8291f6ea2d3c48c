/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console.h"

#include <string.h>

#define INIT_STARTS "Run /init as init process"

static const struct {
    const char *text;
    const char *milestone;
} milestones[] = {
    { "Booting Linux on physical CPU", "the host's kernel started" },
    { INIT_STARTS, "the host's init started" },
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

/* What follows the time stamp on @line, or "" when there is none. */
static const char *stamped_message(const char *line)
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

KernelLine console_classify(const char *line, gboolean user_land)
{
    return kernel_line_classify(user_land ? stamped_message(line) : line);
}

void console_line(Console *c, const char *line)
{
    static const char ended[] = "lab: smmu-lab-host exit ";
    const char *end = strstr(line, ended);
    KernelLine kind;

    g_queue_push_tail(&c->tail, g_strdup(line));
    if (c->tail.length > CONSOLE_TAIL) {
        g_free(g_queue_pop_head(&c->tail));
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
    kind = console_classify(line, c->user_land);
    if (kind == KERNEL_LINE_BAD || (kind != KERNEL_LINE_GOOD && !c->events_expected)) {
        c->bad++;
        if (!c->first_bad) {
            c->first_bad = g_strstrip(g_strdup(line));
        }
    }
    c->user_land = c->user_land || strstr(line, INIT_STARTS);
}
