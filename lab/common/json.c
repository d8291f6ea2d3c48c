/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A document nested deeper than this is not QMP's. */
#define MAX_DEPTH 64

static const char *blanks(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

/* Each of these returns what follows the thing at @p, or NULL. */
static const char *skip_value(const char *p, int depth);

static const char *skip_string(const char *p)
{
    if (*p++ != '"') {
        return NULL;
    }
    for (; *p && *p != '"'; p++) {
        if (*p == '\\' && !*++p) {
            return NULL;
        }
    }
    return *p ? p + 1 : NULL;
}

/* Members of an object or, without keys, elements of an array. */
static const char *skip_container(const char *p, bool keys, int depth)
{
    char end = keys ? '}' : ']';

    p = blanks(p + 1);
    if (*p == end) {
        return p + 1;
    }
    for (;;) {
        if (keys) {
            p = skip_string(p);
            p = p ? blanks(p) : NULL;
            if (!p || *p != ':') {
                return NULL;
            }
            p = blanks(p + 1);
        }
        p = skip_value(p, depth + 1);
        if (!p) {
            return NULL;
        }
        p = blanks(p);
        if (*p == end) {
            return p + 1;
        }
        if (*p != ',') {
            return NULL;
        }
        p = blanks(p + 1);
    }
}

static const char *skip_value(const char *p, int depth)
{
    if (depth > MAX_DEPTH) {
        return NULL;
    }
    if (*p == '{' || *p == '[') {
        return skip_container(p, *p == '{', depth);
    }
    if (*p == '"') {
        return skip_string(p);
    }
    if (isalnum((unsigned char)*p) || *p == '-') {
        return p + strcspn(p, ",]} \t\r\n");
    }
    return NULL;
}

bool json_is_object(const char *text)
{
    const char *p = blanks(text);

    p = *p == '{' ? skip_value(p, 0) : NULL;
    return p && !*blanks(p);
}

bool json_member(const char *text, const char *key, const char **value,
                 size_t *len)
{
    const char *p = blanks(text);
    size_t key_len = strlen(key);

    if (!json_is_object(text)) {
        return false;
    }
    for (p = blanks(p + 1); *p == '"'; p = blanks(p + 1)) {
        const char *name = p + 1;
        const char *start;

        p = skip_string(p);
        start = blanks(blanks(p) + 1);
        bool hit = (size_t)(p - 1 - name) == key_len &&
                   !strncmp(name, key, key_len);

        p = skip_value(start, 1);
        if (hit) {
            *value = start;
            *len = p - start;
            return true;
        }
        p = blanks(p);
        if (*p != ',') {
            break;
        }
    }
    return false;
}

bool json_string(const char *text, const char *key, char *buf, size_t size)
{
    const char *value;
    size_t len, n = 0;

    if (!json_member(text, key, &value, &len) || *value != '"') {
        return false;
    }
    for (const char *p = value + 1; p < value + len - 1; p++) {
        char c = *p;

        if (c == '\\') {
            static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
            const char *hit = strchr(from, *++p);

            c = hit ? to[hit - from] : *p;
            if (c == 'u') {
                c = '?';
                p += p + 4 < value + len - 1 ? 4 : 0;
            }
        }
        if (n + 1 < size) {
            buf[n++] = c;
        }
    }
    buf[n] = '\0';
    return true;
}
