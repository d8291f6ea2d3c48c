/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tap.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const char *tap_result_name(enum tap_result result)
{
    static const char *const names[] = { "pass", "fail", "skip" };

    return names[result];
}

static void set(char **string, char *value)
{
    free(*string);
    *string = value;
}

static bool starts(const char *line, const char *word)
{
    return !strncmp(line, word, strlen(word));
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

    for (size_t i = 0; i < sizeof(chatter) / sizeof(chatter[0]); i++) {
        if (starts(comment, chatter[i])) {
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
    return strncasecmp(hash, word, strlen(word)) ? NULL
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
    set(&tap->name, text_strip(rest, len));
    rest = after_blanks(rest + len);
    if (!why && *rest == '-') {
        why = after_blanks(rest + 1);
    }
    if (!why || !*why) {
        why = tap->result == TAP_FAIL && tap->comment ? tap->comment : "";
    }
    set(&tap->why, text_copy(why));
    set(&tap->comment, NULL);
    tap->count[tap->result]++;
}

bool tap_line(struct tap *tap, const char *line)
{
    if (*line == '#') {
        const char *comment = after_blanks(line + 1);

        if (!is_chatter(comment)) {
            set(&tap->comment, text_copy(comment));
        }
    } else if (starts(line, "1..")) {
        take_plan(tap, line + 3);
    } else if (starts(line, "Bail out!")) {
        set(&tap->bail, text_copy(after_blanks(line + 9)));
    } else if (starts(line, "ok ") || starts(line, "not ok ")) {
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
    free(tap->bail);
    free(tap->comment);
    free(tap->name);
    free(tap->why);
    *tap = (struct tap){ 0 };
}
