/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tap.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

const char *tap_result_name(enum tap_result result)
{
    static const char *const names[] = { "pass", "fail", "skip" };

    return names[result];
}

static const char *after_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* What GLib and libqtest say of themselves explains no failure. */
static bool is_chatter(const char *comment)
{
    static const char *const chatter[] = {
        "Start of ", "End of ", "random seed:", "starting QEMU:",
        "slow test ",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(chatter); i++) {
        if (g_str_has_prefix(comment, chatter[i])) {
            return true;
        }
    }
    return !*comment;
}

/* A plan is a number of tests, `1..N`, at the begin or at the end. */
static void take_plan(struct tap *tap, const char *number)
{
    char *end;
    unsigned long planned = strtoul(number, &end, 10);

    if (end != number && !*after_blanks(end)) {
        tap->has_plan = true;
        tap->planned = planned;
    }
}

/* `# SKIP why`, `# TODO why`, `- why`: in capitals or not */
static const char *directive(const char *rest, const char *word)
{
    const char *hash = strchr(rest, '#');

    hash = hash ? after_blanks(hash + 1) : "";
    return g_ascii_strncasecmp(hash, word, strlen(word)) ? NULL
        : after_blanks(hash + strlen(word));
}

/* @rest follows `ok` or `not ok`: [number] [-] name [- why] [# directive] */
static void take_test(struct tap *tap, bool ok, const char *rest)
{
    const char *why = directive(rest, "SKIP");
    size_t len;

    if (!why) {
        why = directive(rest, "TODO");
    }
    tap->result = why ? TAP_SKIP : ok ? TAP_PASS : TAP_FAIL;
    rest = after_blanks(rest);
    rest = after_blanks(rest + strspn(rest, "0123456789"));
    if (*rest == '-') {
        rest = after_blanks(rest + 1);
    }
    len = strcspn(rest, " \t#");
    g_free(tap->name);
    tap->name = g_strndup(rest, len);
    rest = after_blanks(rest + len);
    if (!why && *rest == '-') {
        why = after_blanks(rest + 1);
    }
    if (!why || !*why) {
        why = tap->result == TAP_FAIL && tap->comment ? tap->comment : "";
    }
    g_free(tap->why);
    tap->why = g_strdup(why);
    g_clear_pointer(&tap->comment, g_free);
    tap->count[tap->result]++;
}

bool tap_line(struct tap *tap, const char *line)
{
    if (*line == '#') {
        const char *comment = after_blanks(line + 1);

        if (!is_chatter(comment)) {
            g_free(tap->comment);
            tap->comment = g_strdup(comment);
        }
    } else if (g_str_has_prefix(line, "1..")) {
        take_plan(tap, line + 3);
    } else if (g_str_has_prefix(line, "Bail out!")) {
        g_free(tap->bail);
        tap->bail = g_strdup(after_blanks(line + 9));
    } else if (g_str_has_prefix(line, "ok ") || g_str_has_prefix(line, "not ok ")) {
        take_test(tap, *line == 'o', strstr(line, "ok") + 2);
        return true;
    }
    return false;
}

unsigned long tap_ended(const struct tap *tap)
{
    unsigned long n = 0;

    for (int i = 0; i < TAP_RESULTS; i++) {
        n += tap->count[i];
    }
    return n;
}

void tap_free(struct tap *tap)
{
    g_free(tap->bail);
    g_free(tap->comment);
    g_free(tap->name);
    g_free(tap->why);
    *tap = (struct tap){ 0 };
}
