/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expr.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "words.h"

struct parts {
    char *left, *op, *right;
};

static const char *const operators[] = {
    "==", "!=", ">=", "<=", "!~", ">", "<", "~",
};

/* Returns: the operator that begins at @p, or NULL. */
static const char *operator_at(const char *p)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (!strncmp(p, operators[i], strlen(operators[i]))) {
            return operators[i];
        }
    }
    return NULL;
}

static bool split(const char *text, struct parts *parts, char **err)
{
    const char *p, *op = NULL;

    for (p = text; *p && !(op = operator_at(p)); p++) {
    }
    if (!op) {
        return text_fail(err, "`%s` is no expectation: it has none of == != "
                         ">= <= > < ~ !~", text);
    }
    parts->left = text_strip(text, p - text);
    parts->op = text_copy(op);
    p += strlen(op);
    parts->right = text_strip(p, strlen(p));
    return (*parts->left && *parts->right) ||
           text_fail(err, "`%s` has nothing on one side of %s", text, op);
}

static bool counter(const char *text, const char *name,
                    const struct expr_source *source, uint64_t *value,
                    char **err)
{
    return source->counter(source->opaque, name, value) ||
           text_fail(err, "`%s`: there is no counter %s in this run", text,
                     name);
}

static bool right_side(const char *text, const char *right,
                       const struct expr_source *source, uint64_t *value,
                       char **err)
{
    const char *star = strchr(right, '*');
    uint64_t factor = 1;
    char *name;
    bool ok;

    if (words_parse_number(right, value)) {
        return true;
    }
    if (star) {
        char *number = text_strip(right, star - right);

        ok = words_parse_number(number, &factor);
        free(number);
        if (!ok) {
            return text_fail(err, "`%s`: before * must be a number", text);
        }
    }
    name = star ? text_strip(star + 1, strlen(star + 1)) : text_copy(right);
    ok = counter(text, name, source, value, err);
    free(name);
    *value *= factor;
    return ok;
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

static bool eval_text(const char *text, const struct parts *parts,
                      const struct expr_source *source,
                      struct expr_result *result, char **err)
{
    const char *cur = parts->right;
    char *wanted = text_copy(parts->right);
    bool found = false;
    bool ok;

    if (*cur == '"') {
        words_next(&cur, wanted, strlen(parts->right) + 1);
    }
    ok = source->contains(source->opaque, parts->left, wanted, &found) ||
         text_fail(err, "`%s`: %s is no text; stderr and guest are", text,
                   parts->left);
    result->left = found;
    result->right = parts->op[0] == '~';
    result->ok = result->left == result->right;
    free(wanted);
    return ok;
}

bool expr_eval(const char *text, const struct expr_source *source,
               struct expr_result *result, char **err)
{
    struct parts parts = { 0 };
    bool ok = split(text, &parts, err);

    *result = (struct expr_result){ 0 };
    if (ok && strchr(parts.op, '~')) {
        ok = eval_text(text, &parts, source, result, err);
    } else if (ok) {
        ok = counter(text, parts.left, source, &result->left, err) &&
             right_side(text, parts.right, source, &result->right, err);
        result->ok = ok && compare(parts.op, result->left, result->right);
    }
    free(parts.left);
    free(parts.op);
    free(parts.right);
    return ok;
}
