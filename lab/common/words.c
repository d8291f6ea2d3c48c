/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

/* What stands for these in quotes, in the same order */
static const char plain[] = "\n\r\t\"\\";
static const char escaped[] = "nrt\"\\";

static char unescape(char c)
{
    const char *hit = strchr(escaped, c);

    return hit ? plain[hit - escaped] : c;
}

char **words_split(const char *line)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autoptr(GString) word = g_string_new(NULL);
    bool quoted = false, inside = false;

    for (const char *p = line; *p; p++) {
        if (*p == '"') {
            quoted = !quoted;
            inside = true;
        } else if (quoted && *p == '\\' && p[1]) {
            g_string_append_c(word, unescape(*++p));
        } else if (quoted || !g_ascii_isspace(*p)) {
            g_string_append_c(word, *p);
            inside = true;
        } else if (inside) {
            g_strv_builder_add(words, word->str);
            g_string_truncate(word, 0);
            inside = false;
        }
    }
    if (quoted) {
        return NULL;
    }
    if (inside) {
        g_strv_builder_add(words, word->str);
    }
    return g_strv_builder_end(words);
}

char *words_get(const char *line, const char *key)
{
    g_auto(GStrv) words = words_split(line);
    size_t len = strlen(key);

    for (char **word = words; word && *word; word++) {
        if (!strncmp(*word, key, len) && (*word)[len] == '=') {
            return g_strdup(*word + len + 1);
        }
    }
    return NULL;
}

bool words_value(const char *line, const char *key, char *buf, size_t size)
{
    g_autofree char *value = words_get(line, key);

    if (value) {
        g_strlcpy(buf, value, size);
    }
    return value;
}

bool words_parse_number(const char *s, uint64_t *value)
{
    bool hex = g_str_has_prefix(s, "0x");
    const char *digits = hex ? s + 2 : s;
    static const char units[] = "KMG";
    const char *unit;
    unsigned shift = 0;
    char *end;

    if (!g_ascii_isxdigit(*digits)) {
        return false;
    }
    errno = 0;
    *value = g_ascii_strtoull(digits, &end, hex ? 16 : 10);
    if (errno || end == digits) {
        return false;
    }
    if (*end && (unit = strchr(units, *end))) {
        shift = 10 * (unit - units + 1);
        end++;
    }
    if (*end || *value > UINT64_MAX >> shift) {
        return false;
    }
    *value <<= shift;
    return true;
}

bool words_number(const char *line, const char *key, uint64_t fallback, uint64_t *value)
{
    g_autofree char *text = words_get(line, key);

    *value = fallback;
    return !text || words_parse_number(text, value);
}

char *words_quote(const char *s)
{
    GString *out = g_string_new("\"");

    for (; *s; s++) {
        const char *hit = strchr(plain, *s);

        if (hit) {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, hit ? escaped[hit - plain] : *s);
    }
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}
