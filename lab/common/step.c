/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "step.h"

#include <string.h>

#include "json.h"
#include "util.h"
#include "words.h"

#define WORD G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_"

static const struct {
    const char *name;
    bool may_fail_allowed;
    unsigned words;     /* that it needs */
    const char *usage;  /* NULL: free text follows */
} verbs[] = {
    [STEP_BOOT] = { "boot", false, 0, "boot [timeout=S]" },
    [STEP_START] = { "start", false, 0, "start" },
    [STEP_GUEST] = { "guest", true, 0, NULL },
    [STEP_QMP] = { "qmp", true, 0, NULL },
    [STEP_EVENT] = { "event", false, 1, "event NAME [match=TEXT] [timeout=S]" },
    [STEP_MONITOR] = { "monitor", false, 1, "monitor SECONDS" },
    [STEP_EXPECT_BOOTS] = { "expect-boots", false, 1, "expect-boots N [timeout=S]" },
    [STEP_REPEAT] = { "repeat", false, 0, NULL },
    [STEP_HOST] = { "host", true, 0, NULL },
    [STEP_SLEEP] = { "sleep", false, 1, "sleep SECONDS" },
    [STEP_QTEST] = { "qtest", false, 1, "qtest PROGRAM [-p PATH] [-s PATH] [timeout=S]" },
    [STEP_EXIT] = { "exit", false, 0, "exit [code=0..255|nonzero] [timeout=S]" },
};

static bool find_verb(Step *step, char *word, char **err)
{
    g_autoptr(GString) known = g_string_new(NULL);
    size_t len = strlen(word);

    step->may_fail = len && word[len - 1] == '?';
    word[len - step->may_fail] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (!strcmp(verbs[i].name, word) && (!step->may_fail || verbs[i].may_fail_allowed)) {
            step->verb = i;
            return true;
        }
        g_string_append_printf(known, "%s%s%s", i ? ", " : "", verbs[i].name, verbs[i].may_fail_allowed ? "[?]" : "");
    }
    return text_fail(err, "unknown step '%s%s': there are %s", word, step->may_fail ? "?" : "", known->str);
}

/* A number of seconds of at least 0 */
static bool parse_seconds(const char *text, double *seconds)
{
    char *end;

    *seconds = g_ascii_strtod(text, &end);
    return g_ascii_isdigit(*text) && !*end;
}

static bool parse_count(const char *text, uint64_t *count)
{
    return g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT, count, NULL);
}

/* Where the first `;` is that stands outside of quotes and braces, or the end. */
static const char *find_separator(const char *p)
{
    bool quoted = false;
    int depth = 0;

    for (; *p; p++) {
        if (quoted && *p == '\\' && p[1]) {
            p++;
        } else if (*p == '"') {
            quoted = !quoted;
        } else if (!quoted && (*p == '{' || *p == '}')) {
            depth += *p == '{' ? 1 : -1;
        } else if (!quoted && !depth && *p == ';') {
            break;
        }
    }
    return p;
}

static bool add_child(Step *step, const char *text, char **err)
{
    g_autofree char *why = NULL;
    Step *child = step_parse(text, &why);

    if (!child) {
        return text_fail(err, "in its step '%s': %s", text, why);
    }
    g_ptr_array_add(step->children, child);
    return child->verb != STEP_QTEST || text_fail(err, "a test program is not repeated");
}

static bool parse_repeat(Step *step, char **err)
{
    const char *open = strchr(step->arg, '{');
    g_autofree char *number = NULL, *body = NULL;

    if (!open || !g_str_has_suffix(step->arg, "}")) {
        return text_fail(err, "no body: write repeat N { STEP ; STEP }");
    }
    number = g_strstrip(g_strndup(step->arg, open - step->arg));
    if (!parse_count(number, &step->count)) {
        return text_fail(err, "'%s' is not a valid number of repetitions", number);
    }
    step->children = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    body = g_strndup(open + 1, strlen(open) - 2);
    for (const char *p = body, *end; *p; p = *end ? end + 1 : end) {
        g_autofree char *one = NULL;

        end = find_separator(p);
        one = g_strstrip(g_strndup(p, end - p));
        if (*one && !add_child(step, one, err)) {
            return false;
        }
    }
    return step->children->len || text_fail(err, "nothing to repeat: write repeat N { STEP ; STEP }");
}

static bool parse_qmp(const Step *step, char **err)
{
    const char *value;
    size_t len;

    return (json_is_object(step->arg) && json_member(step->arg, "execute", &value, &len)) ||
           text_fail(err, "not a command of the monitor: write {\"execute\":\"COMMAND\"}");
}

static bool parse_guest(Step *step, char **err)
{
    const char *rest;

    if (!guest_command_parse(step->arg, &step->guest, &step->guest_args, err)) {
        return false;
    }
    if (step->guest == GUEST_FINISH) {
        rest = step->guest_args;
        return guest_command_parse(rest, &step->guest, &step->guest_args, err);
    }
    return true;
}

/* One word of a step that takes no free text. @first: of those but timeout=. */
static bool parse_word(Step *step, const char *word, bool first)
{
    uint64_t code;

    switch (step->verb) {
    case STEP_EVENT:
        return first ? !strchr(word, '=') : g_str_has_prefix(word, "match=");
    case STEP_EXPECT_BOOTS:
        return first && parse_count(word, &step->count);
    case STEP_MONITOR:
    case STEP_SLEEP:
        return first && parse_seconds(word, &step->seconds);
    case STEP_QTEST: /* goes to a shell, without quotes */
        return *word && !word[strspn(word, WORD "./")] && (!first || g_ascii_isalnum(*word));
    case STEP_EXIT:
        if (!strcmp(word, "nonzero")) {
            step->code = STEP_NONZERO;
            return first;
        }
        if (!g_str_has_prefix(word, "code=") ||
            !g_ascii_string_to_unsigned(word + strlen("code="), 10, 0, 255, &code, NULL)) {
            return false;
        }
        step->code = code;
        return first;
    default:
        return false;
    }
}

static bool parse_words(Step *step, char **err)
{
    const char *usage = verbs[step->verb].usage;
    g_auto(GStrv) all = words_split(step->arg);
    g_autoptr(GStrvBuilder) others = g_strv_builder_new();

    if (!all) {
        return text_fail(err, "a quote is left open");
    }
    for (char **word = all; *word; word++) {
        if (!g_str_has_prefix(*word, "timeout=")) {
            g_strv_builder_add(others, *word);
        } else if (!strstr(usage, "timeout=") || !parse_seconds(*word + strlen("timeout="), &step->timeout) ||
                   !step->timeout) {
            return text_fail(err, "'%s': write %s, with S seconds", *word, usage);
        }
    }
    step->words = g_strv_builder_end(others);
    for (size_t i = 0; step->words[i]; i++) {
        if (!parse_word(step, step->words[i], i == 0)) {
            return text_fail(err, "'%s': write %s", step->words[i], usage);
        }
    }
    return g_strv_length(step->words) >= verbs[step->verb].words || text_fail(err, "write %s", usage);
}

static bool parse_argument(Step *step, char **err)
{
    if (verbs[step->verb].usage) {
        return parse_words(step, err);
    }
    if (!*step->arg) {
        return text_fail(err, "nothing follows %s: write its command", verbs[step->verb].name);
    }
    return step->verb == STEP_GUEST ? parse_guest(step, err) :
           step->verb == STEP_QMP ? parse_qmp(step, err) :
           step->verb == STEP_REPEAT ? parse_repeat(step, err) : true;
}

Step *step_parse(const char *text, char **err)
{
    g_autoptr(Step) step = g_new0(Step, 1);
    size_t len = strspn(text, WORD);
    g_autofree char *verb = NULL;

    if (len && text[len] == '=') {
        step->key = g_strndup(text, len);
        text += len + 1;
    }
    step->guest = GUEST_VERBS;
    step->text = g_strstrip(g_strdup(text));
    len = strcspn(step->text, " ");
    verb = g_strndup(step->text, len);
    step->arg = g_strstrip(g_strdup(step->text + len));
    if (strchr(step->text, '\n')) {
        text_fail(err, "a step is one line");
    } else if (find_verb(step, verb, err) && parse_argument(step, err)) {
        return g_steal_pointer(&step);
    }
    return NULL;
}

void step_free(Step *step)
{
    if (step->children) {
        g_ptr_array_unref(step->children);
    }
    g_strfreev(step->words);
    g_free(step->key);
    g_free(step->text);
    g_free(step->arg);
    g_free(step);
}
