/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expect.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "util.h"
#include "words.h"

#define ANSWER "answer."
#define RUNNERS "disks_read"

const char *const expect_counters[] = {
    "irqs", "ios", "bytes", "boots", "polled", "guest_bad", "guest_events", "host_bad", "host_events", "doorbells",
    "doorbell", "walks", "guest_cmds", "cmd_syncs", "inval_ioctls", "inval_errors", "viommus", "vdevices",
    "hwpt_allocs", "allocs", "frees", "live", "free_errors", "ste_reads", "data_ok", "data_checked", RUNNERS,
    "mmio_exits", "monitor_max_ms", "exit_code", "device_back", "tests_passed", "tests_failed", "tests_skipped", NULL
};

static bool check_counter(const char *name, char **err)
{
    g_autofree char *all = NULL;

    if (g_strv_contains(expect_counters, name) || (g_str_has_prefix(name, "trace.") && name[strlen("trace.")])) {
        return true;
    }
    all = g_strjoinv(", ", (char **)expect_counters);
    return text_fail(err, "unknown counter '%s': there are %s, trace.EVENT", name, all);
}

/* Find the first operator. Returns: where it begins, or NULL. */
static const char *find_operator(const char *text, char op[3])
{
    static const char *const operators[] = { "==", "!=", ">=", "<=", "!~", ">", "<", "~" };

    for (; *text; text++) {
        for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
            if (g_str_has_prefix(text, operators[i])) {
                strcpy(op, operators[i]);
                return text;
            }
        }
    }
    return NULL;
}

/* @text follows `answer.`: KEY, or KEY.WORD. A key has no dot. */
static AnswerWord parse_answer(const char *text)
{
    const char *dot = strchr(text, '.');

    return (AnswerWord){
        .key = dot ? g_strndup(text, dot - text) : g_strdup(text),
        .word = dot && dot[1] ? g_strdup(dot + 1) : NULL,
    };
}

/* A counter or a number in an answer, and not a text to be searched */
static bool parse_left_number(Expect *e, const char *left, char **err)
{
    const char *minus = strstr(left, "-" ANSWER);
    g_autofree char *first = minus ? g_strndup(left, minus - left) : g_strdup(left);

    if (!strcmp(left, "stderr") || !strcmp(left, "guest")) {
        return text_fail(err, "%s is text: write %s ~ TEXT or %s !~ TEXT", left, left, left);
    }
    if (!g_str_has_prefix(left, ANSWER)) {
        e->left = g_strdup(left);
        return check_counter(left, err);
    }
    e->answer = parse_answer(first + strlen(ANSWER));
    if (minus) {
        e->minus = parse_answer(minus + 1 + strlen(ANSWER));
    }
    return (e->answer.word && !minus == !e->minus.word) ||
           text_fail(err, "%s is text: write answer.KEY ~ TEXT, or answer.KEY.WORD for a number in it", left);
}

static bool parse_search(Expect *e, const char *left, const char *right, char **err)
{
    g_auto(GStrv) words = *right == '"' ? words_split(right) : NULL;

    e->search = words && words[0] && !words[1] ? g_strdup(words[0]) : g_strdup(right);
    if (g_str_has_prefix(left, ANSWER)) {
        e->answer = (AnswerWord){ .key = g_strdup(left + strlen(ANSWER)) };
        return true;
    }
    e->left = g_strdup(left);
    return !strcmp(left, "stderr") || !strcmp(left, "guest") ||
           text_fail(err, "~ searches stderr, guest or answer.KEY, not '%s'", left);
}

/* NUMBER, COUNTER or NUMBER*COUNTER */
static bool parse_right(Expect *e, const char *right, char **err)
{
    const char *star = strchr(right, '*');
    g_autofree char *factor = star ? g_strstrip(g_strndup(right, star - right)) : NULL;

    e->value = 1;
    if (star ? !words_parse_number(factor, &e->value)
             : g_ascii_isdigit(*right) && !words_parse_number(right, &e->value)) {
        return text_fail(err, "'%s' is not a valid number", star ? factor : right);
    }
    if (!star && g_ascii_isdigit(*right)) {
        return true;
    }
    e->right = g_strstrip(g_strdup(star ? star + 1 : right));
    return check_counter(e->right, err);
}

Expect *expect_parse(const char *text, char **err)
{
    g_autoptr(Expect) e = g_new0(Expect, 1);
    const char *op = find_operator(text, e->op);
    g_autofree char *left = g_strstrip(g_strndup(text, op ? op - text : 0));
    g_autofree char *right = g_strstrip(g_strdup(op ? op + strlen(e->op) : ""));
    bool ok;

    e->text = g_strstrip(g_strdup(text));
    if (!*left) {
        ok = text_fail(err, "not an expectation: write COUNTER OP VALUE, with OP one of == != >= <= > <, or "
                       "stderr ~ TEXT");
    } else if (!*right) {
        ok = text_fail(err, "nothing to compare with on the right");
    } else if (strchr(e->op, '~')) {
        ok = parse_search(e, left, right, err);
    } else {
        ok = parse_left_number(e, left, err) && parse_right(e, right, err);
    }
    return ok ? g_steal_pointer(&e) : NULL;
}

void expect_free(Expect *e)
{
    g_free(e->text);
    g_free(e->left);
    g_free(e->answer.key);
    g_free(e->answer.word);
    g_free(e->minus.key);
    g_free(e->minus.word);
    g_free(e->search);
    g_free(e->right);
    g_free(e);
}

bool expect_is_runners(const Expect *e)
{
    return !g_strcmp0(e->left, RUNNERS);
}

static bool compare(const char *op, uint64_t left, uint64_t right)
{
    bool equal = left == right;

    switch (op[0]) {
    case '=':
        return equal;
    case '!':
        return !equal;
    case '>':
        return left > right || (op[1] && equal);
    default:
        return left < right || (op[1] && equal);
    }
}

/* Returns: the answer, or NULL with a message in *@err. */
static const char *find_answer(const Expect *e, const ExpectSource *source, const char *key, char **err)
{
    const char *answer = source->answer(source->opaque, key);

    if (!answer) {
        text_fail(err, "expected %s, but step '%s' has no answer", e->text, key);
    }
    return answer;
}

static bool number_in(const Expect *e, const ExpectSource *source, const AnswerWord *w,
                      uint64_t *value, char **err)
{
    const char *answer = find_answer(e, source, w->key, err);
    g_autofree char *text = answer ? words_get(answer, w->word) : NULL;

    if (!answer) {
        return false;
    }
    return (text && words_parse_number(text, value)) ||
           text_fail(err, "expected %s, but the answer of '%s' is '%s'", e->text, w->key, answer);
}

static bool counter(const Expect *e, const ExpectSource *source, const char *name, uint64_t *value,
                    char **err)
{
    return source->counter(source->opaque, name, value) ||
           text_fail(err, "expected %s, but %s was not measured", e->text, name);
}

/* @minus: what is to be subtracted */
static bool left_side(const Expect *e, const ExpectSource *source, uint64_t *value, uint64_t *minus, char **err)
{
    *minus = 0;

    if (e->left) {
        return counter(e, source, e->left, value, err);
    }
    return number_in(e, source, &e->answer, value, err) &&
           (!e->minus.key || number_in(e, source, &e->minus, minus, err));
}

static bool search_holds(const Expect *e, const ExpectSource *source, uint64_t *left, uint64_t *right,
                         char **err)
{
    const char *answer = e->left ? NULL : find_answer(e, source, e->answer.key, err);

    if (!e->left && !answer) {
        return false;
    }
    *left = answer ? strstr(answer, e->search) != NULL : source->contains(source->opaque, e->left, e->search);
    *right = e->op[0] == '~';
    if (*left == *right) {
        return true;
    }
    return answer ? text_fail(err, "expected %s, but the answer of '%s' is '%s'", e->text, e->answer.key, answer)
                  : text_fail(err, "expected %s, but it is%s there", e->text, *left ? "" : " not");
}

bool expect_holds(const Expect *e, const ExpectSource *source, uint64_t *left, uint64_t *right,
                  char **err)
{
    uint64_t factor = 1, minus;

    *left = *right = 0;
    if (e->search) {
        return search_holds(e, source, left, right, err);
    }
    if (!left_side(e, source, left, &minus, err) || (e->right && !counter(e, source, e->right, &factor, err))) {
        return false;
    }
    *right = e->value * factor;
    if (*left < minus) { /* a negative difference is less than any number */
        return compare(e->op, 0, 1) ||
               text_fail(err, "expected %s, but %" PRIu64 " is less than %" PRIu64, e->text, *left, minus);
    }
    *left -= minus;
    return compare(e->op, *left, *right) ||
           text_fail(err, "expected %s, but %" PRIu64 " is on the left and %" PRIu64 " on the right", e->text, *left,
                     *right);
}
