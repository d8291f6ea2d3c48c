/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <string.h>

static char unescape(char c)
{
    return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
}

char **words_split(const char *line)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autoptr(GString) word = g_string_new(NULL);
    gboolean quoted = FALSE, inside = FALSE;

    for (const char *p = line; *p; p++) {
        if (*p == '"') {
            quoted = !quoted;
            inside = TRUE;
        } else if (quoted && *p == '\\' && p[1]) {
            g_string_append_c(word, unescape(*++p));
        } else if (quoted || !strchr(" \t\r", *p)) {
            g_string_append_c(word, *p);
            inside = TRUE;
        } else if (inside) {
            g_strv_builder_add(words, word->str);
            g_string_truncate(word, 0);
            inside = FALSE;
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
    gsize length = strlen(key);

    for (char **word = words; word && *word; word++) {
        if (!strncmp(*word, key, length) && (*word)[length] == '=') {
            return g_strdup(*word + length + 1);
        }
    }
    return NULL;
}
