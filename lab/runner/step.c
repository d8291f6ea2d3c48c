/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "step.h"
#include "words.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* What smmu-lab-host counts; docs/lab.md says what each one means. */
static const char *const counters[] = {
    "irqs", "ios", "bytes", "polled", "guest_bad", "guest_events",
    "host_bad", "host_events", "doorbells", "doorbell", "walks", "inval_ioctls",
    "hwpt_allocs", "allocs", "frees", "live", "viommus", "vdevices",
    "guest_cmds", "cmd_syncs", "boots", "exit_code", "data_ok",
    "tests_passed", "tests_failed", "tests_skipped",
    "mmio_exits", "monitor_max_ms", "device_back", "inval_errors",
    "free_errors", "data_checked", "ste_reads", NULL
};

static const char *const runner_counters[] = {
    "disks_read", NULL
};

#define ANSWER "answer."

static gboolean is_number(const char *text)
{
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, NULL,
                                      NULL);
}

static gboolean is_seconds(const char *text)
{
    char *end;

    return g_ascii_strtod(text, &end) >= 0 && end != text && !*end &&
           g_ascii_isdigit(*text);
}

/* @rest may have @bare words in front, then options of @keys only. */
static char *check_words(const char *rest, guint bare,
                         const char *const *keys)
{
    g_auto(GStrv) words = words_split(rest);

    if (!words) {
        return g_strdup_printf("'%s': a quote is left open", rest);
    }
    for (guint i = 0; words[i]; i++) {
        const char *equals = strchr(words[i], '=');
        g_autofree char *key = g_strndup(words[i], strcspn(words[i], "="));

        if (i < bare && !equals) {
            continue;
        }
        if (!g_strv_contains(keys, key)) {
            g_autofree char *known = g_strjoinv(", ", (char **)keys);

            return g_strdup_printf("unknown option '%s': there are %s",
                                   words[i], known);
        }
        if (!strcmp(key, "timeout") && (!equals || !is_seconds(equals + 1))) {
            return g_strdup_printf("'%s': write timeout=SECONDS", words[i]);
        }
    }
    return NULL;
}

static char *check_boot(const char *rest)
{
    static const char *const keys[] = { "timeout", NULL };

    return check_words(rest, 0, keys);
}

static char *check_start(const char *rest)
{
    return *rest ? g_strdup_printf("takes no argument '%s'", rest) : NULL;
}

static char *check_text(const char *rest)
{
    return *rest ? NULL : g_strdup("nothing follows it: write the command");
}

static char *check_qmp(const char *rest)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    JsonNode *root;

    if (!json_parser_load_from_data(parser, rest, -1, &error)) {
        return g_strdup_printf("not JSON (%s): write "
                               "{\"execute\":\"COMMAND\"}", error->message);
    }
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root) ||
        !json_object_has_member(json_node_get_object(root), "execute")) {
        return g_strdup("no \"execute\": write {\"execute\":\"COMMAND\"}");
    }
    return NULL;
}

static char *check_event(const char *rest)
{
    static const char *const keys[] = { "match", "timeout", NULL };

    if (!*rest || memchr(rest, '=', strcspn(rest, " "))) {
        return g_strdup("no event: write its name, such as DEVICE_DELETED");
    }
    return check_words(rest, 1, keys);
}

static char *check_boots(const char *rest)
{
    static const char *const keys[] = { "timeout", NULL };
    g_autofree char *count = g_strndup(rest, strcspn(rest, " "));

    return is_number(count) ? check_words(rest, 1, keys)
        : g_strdup_printf("'%s' is no number of boots", count);
}

static char *check_sleep(const char *rest)
{
    return is_seconds(rest) ? NULL
        : g_strdup_printf("'%s' is no number of seconds", rest);
}

static char *check_exit(const char *rest)
{
    static const char *const keys[] = { "code", "nonzero", "timeout", NULL };
    g_autofree char *code = words_get(rest, "code");

    if (code && strcmp(code, "nonzero") && !is_number(code)) {
        return g_strdup_printf("'code=%s': write a number or nonzero", code);
    }
    return check_words(rest, 0, keys);
}

/* The steps inside { }, split at `;` outside of strings and inner braces. */
static GPtrArray *split_body(const char *body, gsize length)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func(g_free);
    gboolean quoted = FALSE;
    gsize start = 0;
    int depth = 0;

    for (gsize i = 0; i <= length; i++) {
        char c = i < length ? body[i] : ';';

        if (c == '\\' && quoted) {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '{' || c == '}')) {
            depth += c == '{' ? 1 : -1;
        } else if (i == length || (c == ';' && !quoted && !depth)) {
            g_ptr_array_add(steps, g_strstrip(g_strndup(body + start,
                                                        i - start)));
            start = i + 1;
        }
    }
    return steps;
}

static char *check_repeat(const char *rest)
{
    const char *open = strchr(rest, '{');
    gsize length = strlen(rest);
    g_autofree char *count = NULL;
    g_autoptr(GPtrArray) steps = NULL;

    if (!open || rest[length - 1] != '}') {
        return g_strdup("no body: write repeat N { STEP ; STEP }");
    }
    count = g_strstrip(g_strndup(rest, open - rest));
    if (!is_number(count)) {
        return g_strdup_printf("'%s' is no number of repetitions", count);
    }
    steps = split_body(open + 1, rest + length - 1 - (open + 1));
    for (guint i = 0; i < steps->len; i++) {
        const char *step = g_ptr_array_index(steps, i);
        g_autofree char *program = step_qtest_program(step);
        g_autofree char *problem = program
            ? g_strdup("a test program is not repeated")
            : *step ? step_problem(step) : NULL;

        if (problem) {
            return g_strdup_printf("in its step '%s': %s", step, problem);
        }
    }
    return NULL;
}

/* Its words go to a shell as they are: nothing that one would look at. */
static char *check_qtest(const char *rest)
{
    g_auto(GStrv) words = words_split(rest);

    if (!words || !words[0] || !g_ascii_isalnum(words[0][0])) {
        return g_strdup("no program: write its name without qtest-, such as "
                        "qtest queue");
    }
    for (guint i = 0; words[i]; i++) {
        if (i && g_str_has_prefix(words[i], "timeout=") &&
            is_seconds(words[i] + strlen("timeout="))) {
            continue;
        }
        if (!*words[i] || strspn(words[i], G_CSET_a_2_z G_CSET_A_2_Z
                                 G_CSET_DIGITS "-_./") != strlen(words[i])) {
            return g_strdup_printf("'%s' is no name, option, path of a test or "
                                   "timeout=SECONDS", words[i]);
        }
    }
    return NULL;
}

char *step_qtest_program(const char *step)
{
    g_auto(GStrv) words = words_split(step);

    return words && words[0] && words[1] && !strcmp(words[0], "qtest")
        ? g_strconcat("qtest-", words[1], NULL) : NULL;
}

static const struct {
    const char *verb;
    char *(*check)(const char *rest);
} verbs[] = {
    { "boot", check_boot },
    { "start", check_start },
    { "guest", check_text },
    { "guest?", check_text },
    { "qmp", check_qmp },
    { "qmp?", check_qmp },
    { "event", check_event },
    { "monitor", check_sleep },
    { "expect-boots", check_boots },
    { "repeat", check_repeat },
    { "host", check_text },
    { "host?", check_text },
    { "sleep", check_sleep },
    { "exit", check_exit },
    { "qtest", check_qtest },
};

char *step_problem(const char *step)
{
    gsize length = strcspn(step, " ");
    g_autofree char *verb = g_strndup(step, length);
    g_autofree char *rest = g_strstrip(g_strdup(step + length));
    g_autoptr(GString) known = g_string_new(NULL);

    if (strchr(step, '\n')) {
        return g_strdup("a step is one line");
    }
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (!strcmp(verb, verbs[i].verb)) {
            return verbs[i].check(rest);
        }
        g_string_append_printf(known, "%s%s", i ? ", " : "", verbs[i].verb);
    }
    return g_strdup_printf("unknown step '%s': there are %s", verb,
                           known->str);
}

static gboolean is_counter(const char *name)
{
    return g_strv_contains(counters, name) ||
           g_strv_contains(runner_counters, name) ||
           (g_str_has_prefix(name, "trace.") && name[6]);
}

static char *unknown_counter(const char *name)
{
    g_autofree char *known = g_strjoinv(", ", (char **)counters);
    g_autofree char *ours = g_strjoinv(", ", (char **)runner_counters);

    return g_strdup_printf("unknown counter '%s': there are %s, %s, "
                           "trace.EVENT", name, known, ours);
}

/* The right side of a comparison: N, COUNTER or N*COUNTER. */
static char *parse_right(Expect *e, const char *right)
{
    const char *star = strchr(right, '*');
    g_autofree char *factor = star ? g_strndup(right, star - right) : NULL;
    const char *counter = star ? star + 1 : right;

    if (g_ascii_isdigit(*right) && !star) {
        char *end;

        e->value = g_ascii_strtoull(right, &end, 0);
        return *end ? g_strdup_printf("'%s' is no number", right) : NULL;
    }
    e->value = 1;
    if (factor && !g_ascii_string_to_unsigned(factor, 10, 0, G_MAXUINT64,
                                              &e->value, NULL)) {
        return g_strdup_printf("'%s' is no number", factor);
    }
    if (!is_counter(counter)) {
        return unknown_counter(counter);
    }
    e->counter = g_strdup(counter);
    return NULL;
}

/* Takes answer.STEP.WORD apart. */
static gboolean parse_word(const char *text, AnswerWord *w)
{
    const char *step = text + strlen(ANSWER);
    const char *dot = strrchr(step, '.');

    if (!dot || dot == step || !dot[1]) {
        return FALSE;
    }
    w->step = g_strndup(step, dot - step);
    w->word = g_strdup(dot + 1);
    return TRUE;
}

/* answer.STEP to search in; else answer.STEP.WORD[-answer.STEP.WORD] */
static char *parse_answer(Expect *e, gboolean search)
{
    const char *minus = strstr(e->left, "-" ANSWER);
    g_autofree char *first = minus ? g_strndup(e->left, minus - e->left)
                                   : g_strdup(e->left);

    if (search) {
        e->answer.step = g_strdup(e->left + strlen(ANSWER));
        return NULL;
    }
    if (!parse_word(first, &e->answer) ||
        (minus && !parse_word(minus + 1, &e->minus))) {
        return g_strdup_printf("%s is text: write %s ~ TEXT, or %s.WORD for "
                               "a number in it", e->left, e->left, e->left);
    }
    return NULL;
}

static char *parse_sides(Expect *e, const char *right)
{
    gboolean answer = g_str_has_prefix(e->left, ANSWER);
    gboolean text = !strcmp(e->left, "stderr") || !strcmp(e->left, "guest");
    gboolean search = strchr(e->op, '~') != NULL;
    char *problem = answer ? parse_answer(e, search) : NULL;

    if (problem) {
        return problem;
    }
    if (text && !search) {
        return g_strdup_printf("%s is text: write %s ~ TEXT or %s !~ TEXT",
                               e->left, e->left, e->left);
    }
    text = text || answer;
    if (search && !text) {
        return g_strdup_printf("~ searches stderr, guest or answer.STEP, not "
                               "'%s'", e->left);
    }
    if (!*right) {
        return g_strdup("nothing to compare with on the right");
    }
    if (search) {
        e->text = g_strdup(right);
        return NULL;
    }
    return answer || is_counter(e->left) ? parse_right(e, right)
                                         : unknown_counter(e->left);
}

Expect *expect_parse(const char *expr, char **problem)
{
    g_autoptr(Expect) e = g_new0(Expect, 1);
    const char *p = expr;
    gsize length;

    length = strcspn(p, " =!<>~");
    e->left = g_strndup(p, length);
    p += length;
    p += strspn(p, " ");
    length = strspn(p, "=!<>~");
    e->op = g_strndup(p, length);
    if (!*e->left || !g_strv_contains(
            (const char *[]) { "==", "!=", ">=", "<=", ">", "<", "~", "!~",
                               NULL }, e->op)) {
        *problem = g_strdup("not an expectation: write COUNTER OP VALUE, "
                            "with OP one of == != >= <= > <, or "
                            "stderr ~ TEXT");
        return NULL;
    }
    p += length;
    p += strspn(p, " ");
    *problem = parse_sides(e, p);
    return *problem ? NULL : g_steal_pointer(&e);
}

void expect_free(Expect *e)
{
    g_free(e->left);
    g_free(e->op);
    g_free(e->text);
    g_free(e->counter);
    g_free(e->answer.step);
    g_free(e->answer.word);
    g_free(e->minus.step);
    g_free(e->minus.word);
    g_free(e);
}

gboolean expect_compare(guint64 left, const char *op, guint64 right)
{
    if (op[1] == '=') {
        return op[0] == '=' ? left == right
             : op[0] == '!' ? left != right
             : op[0] == '>' ? left >= right : left <= right;
    }
    return op[0] == '>' ? left > right : left < right;
}

gboolean expect_is_runners(const Expect *e)
{
    return e->answer.step || g_strv_contains(runner_counters, e->left);
}
