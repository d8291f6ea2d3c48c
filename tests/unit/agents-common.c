/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both agents share: words, numbers, strings, SHA-256. */
#include <glib.h>
#include <string.h>

#include "sha256.h"
#include "text.h"
#include "words.h"

static void test_words(void)
{
    const char *line = "7 read  dev=nvme0n1 a=\"x y\" \"q\\\"\\\\\\n\" end";
    const char *const expected[] = { "7", "read", "dev=nvme0n1", "a=x y",
                                     "q\"\\\n", "end" };
    char word[32];

    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_true(words_next(&line, word, sizeof(word)));
        g_assert_cmpstr(word, ==, expected[i]);
    }
    g_assert_false(words_next(&line, word, sizeof(word)));
}

static void test_long_word(void)
{
    const char *line = "abcdefgh next";
    char word[4];

    g_assert_true(words_next(&line, word, sizeof(word)));
    g_assert_cmpstr(word, ==, "abc");
    g_assert_true(words_next(&line, word, sizeof(word)));
    g_assert_cmpstr(word, ==, "nex");
}

static void test_value(void)
{
    const char *line = "bs=4096 xcount=1 count=64 text=\"a b\"";
    char value[32];

    g_assert_true(words_value(line, "count", value, sizeof(value)));
    g_assert_cmpstr(value, ==, "64");
    g_assert_true(words_value(line, "text", value, sizeof(value)));
    g_assert_cmpstr(value, ==, "a b");
    g_assert_false(words_value(line, "coun", value, sizeof(value)));
    g_assert_false(words_value(line, "offset", value, sizeof(value)));
}

static void test_number(void)
{
    const char *line = "a=0x1000 b=4K c=2M d=-1 e=5x f= g=1G h=0x";
    guint64 n;

    g_assert_true(words_number(line, "a", 0, &n));
    g_assert_cmphex(n, ==, 0x1000);
    g_assert_true(words_number(line, "b", 0, &n));
    g_assert_cmpuint(n, ==, 4096);
    g_assert_true(words_number(line, "c", 0, &n));
    g_assert_cmpuint(n, ==, 2097152);
    g_assert_true(words_number(line, "g", 0, &n));
    g_assert_cmpuint(n, ==, 1073741824);
    g_assert_true(words_number(line, "none", 17, &n));
    g_assert_cmpuint(n, ==, 17);
    g_assert_false(words_number(line, "d", 0, &n));
    g_assert_false(words_number(line, "e", 0, &n));
    g_assert_false(words_number(line, "f", 0, &n));
    g_assert_false(words_number(line, "h", 0, &n));
    g_assert_false(words_parse_number("99999999999999999999", &n));
    g_assert_false(words_parse_number("17179869184G", &n));
}

static void test_quote(void)
{
    const char *original = "a \"b\" \\ \n\t end";
    char *quoted = words_quote(original);
    const char *cur = quoted;
    char back[64];

    g_assert_null(strchr(quoted, '\n'));
    g_assert_true(words_next(&cur, back, sizeof(back)));
    g_assert_cmpstr(back, ==, original);
    g_assert_cmpstr(cur, ==, "");
    free(quoted);
}

static void test_replace(void)
{
    char *s = text_replace("host=${dev0},x=${dev0}", "${dev0}", "0:1.0");

    g_assert_cmpstr(s, ==, "host=0:1.0,x=0:1.0");
    free(s);
}

static void test_first_failure_stays(void)
{
    char *err = NULL;

    g_assert_false(text_fail(&err, "first %d", 1));
    g_assert_false(text_fail(&err, "second"));
    g_assert_cmpstr(err, ==, "first 1");
    free(err);
}

static void test_sha256(void)
{
    /* any length, in any pieces, against GLib's own */
    guint8 data[300];
    char hex[SHA256_HEX];

    for (gsize i = 0; i < sizeof(data); i++) {
        data[i] = i * 7;
    }
    for (gsize len = 0; len <= sizeof(data); len++) {
        g_autofree char *expected =
            g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, len);
        gsize cut = len / 3;
        struct sha256 s;

        sha256_init(&s);
        sha256_add(&s, data, cut);
        sha256_add(&s, data + cut, len - cut);
        sha256_hex(&s, hex);
        g_assert_cmpstr(hex, ==, expected);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agents/words/next", test_words);
    g_test_add_func("/agents/words/long", test_long_word);
    g_test_add_func("/agents/words/value", test_value);
    g_test_add_func("/agents/words/number", test_number);
    g_test_add_func("/agents/words/quote", test_quote);
    g_test_add_func("/agents/text/replace", test_replace);
    g_test_add_func("/agents/text/first-failure", test_first_failure_stays);
    g_test_add_func("/agents/sha256", test_sha256);
    return g_test_run();
}
