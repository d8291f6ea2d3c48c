/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "step.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "words.h"

static const struct {
    const char *name;
    enum step_verb verb;
    bool may_fail_allowed;
} verbs[] = {
    { "boot", STEP_BOOT, false },
    { "start", STEP_START, false },
    { "guest", STEP_GUEST, true },
    { "qmp", STEP_QMP, true },
    { "event", STEP_EVENT, false },
    { "monitor", STEP_MONITOR, false },
    { "expect-boots", STEP_EXPECT_BOOTS, false },
    { "repeat", STEP_REPEAT, false },
    { "host", STEP_HOST, true },
    { "sleep", STEP_SLEEP, false },
    { "qtest", STEP_QTEST, false },
    { "exit", STEP_EXIT, false },
};

/* Of a program's name, its options and the paths of its tests */
#define QTEST_WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
                   "0123456789-_./"

#define KEY "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static bool find_verb(const char *word, struct step *step)
{
    size_t len = strlen(word);
    bool marked = len && word[len - 1] == '?';

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strlen(verbs[i].name) == len - (marked ? 1 : 0) &&
            !strncmp(verbs[i].name, word, strlen(verbs[i].name)) &&
            (!marked || verbs[i].may_fail_allowed)) {
            step->verb = verbs[i].verb;
            step->may_fail = marked;
            return true;
        }
    }
    return false;
}

static bool parse_seconds(const char *text, double *seconds)
{
    char *end;

    *seconds = strtod(text, &end);
    return end != text && !*end && *seconds >= 0;
}

static bool parse_count(const char *text, unsigned long *count)
{
    char *end;

    *count = strtoul(text, &end, 10);
    return isdigit((unsigned char)*text) && !*end && *count > 0;
}

/* Where the first `;` is that stands outside of quotes and braces, or NULL. */
static const char *find_separator(const char *p)
{
    int depth = 0;
    bool quoted = false;

    for (; *p; p++) {
        if (quoted && *p == '\\' && p[1]) {
            p++;
        } else if (*p == '"') {
            quoted = !quoted;
        } else if (!quoted && (*p == '{' || *p == '}')) {
            depth += *p == '{' ? 1 : -1;
        } else if (!quoted && !depth && *p == ';') {
            return p;
        }
    }
    return NULL;
}

static bool add_child(struct step *step, const char *text, char **err)
{
    struct step child;
    struct step *more;

    if (!step_parse(text, &child, err)) {
        return false;
    }
    more = realloc(step->children, (step->n_children + 1) * sizeof(*more));
    if (!more) {
        abort();
    }
    step->children = more;
    step->children[step->n_children++] = child;
    return true;
}

static bool parse_repeat(struct step *step, char **err)
{
    const char *open = strchr(step->arg, '{');
    size_t len = strlen(step->arg);
    char *number, *body;
    const char *p, *end;
    bool ok;

    if (!open || step->arg[len - 1] != '}') {
        return text_fail(err, "`%s`: write repeat N { step ; step }",
                         step->text);
    }
    number = text_strip(step->arg, open - step->arg);
    ok = parse_count(number, &step->count) ||
         text_fail(err, "`%s`: repeat how many times?", step->text);
    free(number);
    body = text_strip(open + 1, step->arg + len - 1 - (open + 1));
    for (p = body; ok && *p; p = end ? end + 1 : p + strlen(p)) {
        char *one;

        end = find_separator(p);
        one = text_strip(p, end ? (size_t)(end - p) : strlen(p));
        ok = !*one || add_child(step, one, err);
        free(one);
    }
    free(body);
    return ok && (step->n_children ||
                  text_fail(err, "`%s`: nothing to repeat", step->text));
}

static bool is_verb_word(const struct step *step, const char *word, bool first)
{
    switch (step->verb) {
    case STEP_EXIT:
        return !strcmp(word, "nonzero") || !strncmp(word, "code=", 5);
    case STEP_EVENT:
        return first || !strncmp(word, "match=", 6);
    case STEP_EXPECT_BOOTS:
    case STEP_MONITOR:
    case STEP_SLEEP:
        return first;
    case STEP_QTEST: /* for a shell, without quotes */
        return word[0] && !word[strspn(word, QTEST_WORD)] &&
               (!first || isalnum((unsigned char)word[0]));
    default:
        return false;
    }
}

/* The words of verbs that take no free text; nothing unknown among them. */
static bool parse_words(struct step *step, char **err)
{
    const char *cur = step->arg;
    char word[256];
    bool first = true;

    while (words_next(&cur, word, sizeof(word))) {
        if (!strncmp(word, "timeout=", 8)) {
            if (!parse_seconds(word + 8, &step->timeout) || !step->timeout) {
                return text_fail(err, "`%s`: timeout= takes seconds",
                                 step->text);
            }
        } else if (!is_verb_word(step, word, first)) {
            return text_fail(err, "`%s`: what is %s?", step->text, word);
        }
        first = false;
    }
    return true;
}

static bool parse_exit(struct step *step, char **err)
{
    char code[16];
    char *end;

    if (strstr(step->arg, "nonzero")) {
        step->code = STEP_NONZERO;
    } else if (words_value(step->arg, "code", code, sizeof(code))) {
        step->code = strtol(code, &end, 10);
        if (end == code || *end || step->code < 0 || step->code > 255) {
            return text_fail(err, "`%s`: code= takes 0 to 255", step->text);
        }
    }
    return true;
}

static bool parse_event(struct step *step, char **err)
{
    const char *cur = step->arg;
    char name[64], match[256];

    if (!words_next(&cur, name, sizeof(name)) || strchr(name, '=')) {
        return text_fail(err, "`%s`: which event?", step->text);
    }
    if (words_value(step->arg, "match", match, sizeof(match))) {
        step->match = text_copy(match);
    }
    free(step->arg);
    step->arg = text_copy(name);
    return true;
}

static bool parse_argument(struct step *step, char **err)
{
    const char *cur = step->arg;
    char word[64] = "";

    switch (step->verb) {
    case STEP_GUEST:
    case STEP_QMP:
    case STEP_HOST:
        return *step->arg || text_fail(err, "`%s`: what?", step->text);
    case STEP_REPEAT:
        return parse_repeat(step, err);
    default:
        break;
    }
    if (!parse_words(step, err)) {
        return false;
    }
    words_next(&cur, word, sizeof(word));
    switch (step->verb) {
    case STEP_EVENT:
        return parse_event(step, err);
    case STEP_EXIT:
        return parse_exit(step, err);
    case STEP_EXPECT_BOOTS:
        return parse_count(word, &step->count) ||
               text_fail(err, "`%s`: how many boots?", step->text);
    case STEP_MONITOR:
    case STEP_SLEEP:
        return parse_seconds(word, &step->seconds) ||
               text_fail(err, "`%s`: how many seconds?", step->text);
    case STEP_QTEST:
        return (*word && !strchr(word, '=')) ||
               text_fail(err, "`%s`: which program?", step->text);
    default:
        return true;
    }
}

bool step_parse(const char *text, struct step *step, char **err)
{
    char word[32];
    const char *whole = text, *cur;
    size_t len = strspn(text, KEY);

    *step = (struct step){ 0 };
    if (len && text[len] == '=') {
        step->key = text_strip(text, len);
        text += len + 1;
    }
    cur = text;
    if (!words_next(&cur, word, sizeof(word)) || !find_verb(word, step)) {
        step_free(step);
        return text_fail(err, "`%s` is no step: it must begin with boot, "
                         "start, guest, qmp, event, monitor, expect-boots, "
                         "repeat, host, sleep, qtest or exit", whole);
    }
    step->text = text_strip(text, strlen(text));
    step->arg = text_strip(cur, strlen(cur));
    if (!parse_argument(step, err)) {
        step_free(step);
        return false;
    }
    return true;
}

void step_free(struct step *step)
{
    for (size_t i = 0; i < step->n_children; i++) {
        step_free(&step->children[i]);
    }
    free(step->children);
    free(step->key);
    free(step->text);
    free(step->arg);
    free(step->match);
    *step = (struct step){ 0 };
}
