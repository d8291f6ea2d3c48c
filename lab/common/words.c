/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

bool words_next(const char **cur, char *buf, size_t size)
{
    const char *p = *cur;
    size_t n = 0;
    bool quoted = false;

    while (isspace((unsigned char)*p)) {
        p++;
    }
    if (!*p) {
        *cur = p;
        return false;
    }
    for (; *p && (quoted || !isspace((unsigned char)*p)); p++) {
        char c = *p;

        if (c == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && c == '\\' && p[1]) {
            c = unescape(*++p);
        }
        if (n + 1 < size) {
            buf[n++] = c;
        }
    }
    buf[n] = '\0';
    *cur = p;
    return true;
}

bool words_value(const char *line, const char *key, char *buf, size_t size)
{
    size_t len = strlen(key);
    size_t room = size + len + 1;
    char *word = malloc(room);
    bool found = false;

    while (word && !found && words_next(&line, word, room)) {
        if (!strncmp(word, key, len) && word[len] == '=') {
            strcpy(buf, word + len + 1);
            found = true;
        }
    }
    free(word);
    return found;
}

bool words_parse_number(const char *s, uint64_t *value)
{
    unsigned shift = 0;
    char *end;

    if (!isdigit((unsigned char)*s)) {
        return false;
    }
    errno = 0;
    *value = strtoull(s, &end, strncmp(s, "0x", 2) ? 10 : 16);
    if (errno || end == s || (!strncmp(s, "0x", 2) && end < s + 3)) {
        return false;
    }
    switch (*end) {
    case 'K':
        shift = 10;
        break;
    case 'M':
        shift = 20;
        break;
    case 'G':
        shift = 30;
        break;
    }
    end += shift ? 1 : 0;
    if (*end || *value > UINT64_MAX >> shift) {
        return false;
    }
    *value <<= shift;
    return true;
}

bool words_number(const char *line, const char *key, uint64_t fallback,
                  uint64_t *value)
{
    char buf[64];

    *value = fallback;
    if (!words_value(line, key, buf, sizeof(buf))) {
        return true;
    }
    return words_parse_number(buf, value);
}

char *words_quote(const char *s)
{
    char *out = malloc(2 * strlen(s) + 3);
    char *p = out;

    if (!out) {
        abort();
    }
    *p++ = '"';
    for (; *s; s++) {
        const char *plain = "\n\r\t\"\\";
        const char *hit = strchr(plain, *s);

        if (hit) {
            *p++ = '\\';
            *p++ = "nrt\"\\"[hit - plain];
        } else {
            *p++ = *s;
        }
    }
    *p++ = '"';
    *p = '\0';
    return out;
}
