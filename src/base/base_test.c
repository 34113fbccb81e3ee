/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and bounded text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/digest.h"
#include "base/sbdf.h"
#include "base/text.h"

static void test_sbdf_round_trip(void **state)
{
        char text[BASE_SBDF_TEXT_SIZE];
        uint32_t sbdf = 0;

        (void)state;
        assert_true(base_sbdf_parse("0000:0a:1f.7", 12, &sbdf));
        assert_int_equal(sbdf, BASE_SBDF(0, 0x0a, 0x1f, 7));
        assert_string_equal(base_sbdf_format(sbdf, text), "0000:0a:1f.7");
        assert_true(base_sbdf_parse("0A:00.1", 7, &sbdf));
        assert_string_equal(base_sbdf_format(sbdf, text), "0000:0a:00.1");
        assert_true(base_sbdf_parse(&"10001:e1:00.0"[1], 12, &sbdf));
        assert_int_equal(base_sbdf_segment(sbdf), 1);
}

/* The published vectors of FNV-1a. */
static void test_digest(void **state)
{
        uint64_t digest = BASE_DIGEST_BEGIN;

        (void)state;
        for (const char *at = "foobar"; *at; at++)
                digest = base_digest_add(digest, (uint8_t)*at);
        assert_true(digest == 0x85944171f73967e8u);
        assert_true(base_digest_add(BASE_DIGEST_BEGIN, 'a') == 0xaf63dc4c8601ec8cu);
}

static void test_sbdf_rejects(void **state)
{
        static const char *const bad[] = { "",        "00:00",         "00:00.8",
                                           "00:20.0", "0000:00:00.0x", "000:00:00.0",
                                           "00:0g.0", "0000:00:00",    "ffff:ff:1f.7",
                                           "00-00.0", "0000:000:0.0" };
        uint32_t sbdf = 42;

        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_false(base_sbdf_parse(bad[i], strlen(bad[i]), &sbdf));
        assert_int_equal(sbdf, 42);
}

static void test_text_never_overruns(void **state)
{
        char buffer[8];
        struct base_text text = base_text_on(buffer, sizeof buffer);

        (void)state;
        base_text_add(&text, "1234567");
        assert_false(text.truncated);
        base_text_add(&text, "8");
        assert_true(text.truncated);
        assert_string_equal(buffer, "1234567");
}

static void test_text_numbers(void **state)
{
        char buffer[64];
        struct base_text text = base_text_on(buffer, sizeof buffer);

        (void)state;
        base_text_add_u64(&text, 0);
        base_text_add_char(&text, ' ');
        base_text_add_u64(&text, UINT64_MAX);
        base_text_add_char(&text, ' ');
        base_text_add_hex(&text, 0x1f, 4);
        base_text_add_char(&text, ' ');
        base_text_add_hex(&text, 0x12345, 2);
        assert_string_equal(buffer, "0 18446744073709551615 001f 12345");
}

static void test_text_escapes(void **state)
{
        char buffer[64];
        struct base_text text = base_text_on(buffer, sizeof buffer);

        (void)state;
        base_text_add_escaped(&text, "a\033[2J\\\x7f\xc3", 8);
        assert_string_equal(buffer, "a\\x1b[2J\\x5c\\x7f\\xc3");
}

static void test_text_quoted(void **state)
{
        static const char long_text[] = "0123456789012345678901234567890123456789abcdefgh";
        char buffer[128];
        struct base_text text = base_text_on(buffer, sizeof buffer);

        (void)state;
        base_text_add_quoted(&text, "a\033", 2);
        base_text_add_quoted(&text, "", 0);
        assert_string_equal(buffer, "'a\\x1b'''");
        text = base_text_on(buffer, sizeof buffer);
        base_text_add_quoted(&text, long_text, 47);
        assert_string_equal(buffer, "'0123456789012345678901234567890123456789abcdefg'");
        text = base_text_on(buffer, sizeof buffer);
        base_text_add_quoted(&text, long_text, 48);
        assert_string_equal(buffer, "'0123456789012345678901234567890123456789abcdefg...'");
}

static void test_text_copy(void **state)
{
        char buffer[4] = "zzz";

        (void)state;
        assert_true(base_text_copy("abc", 3, buffer, sizeof buffer));
        assert_string_equal(buffer, "abc");
        assert_false(base_text_copy("abcd", 4, buffer, sizeof buffer));
        assert_string_equal(buffer, "");
        assert_false(base_text_copy("a\0b", 3, buffer, sizeof buffer));
        assert_memory_equal(buffer, "\0\0\0\0", 4);
}

static void test_text_lines(void **state)
{
        static const char lines[] = "one\n\ntwo=2\nthree=\n=4\ntwo=5";
        static const char *const all[] = { "one", "", "two=2", "three=", "=4", "two=5" };
        const char *text = lines, *line;
        size_t left = sizeof lines - 1, length;

        (void)state;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                assert_true(base_text_line_take(&text, &left, &line, &length));
                assert_true(base_text_is(line, length, all[i]));
        }
        assert_false(base_text_line_take(&text, &left, &line, &length));
        assert_true(base_text_value_find(lines, sizeof lines - 1, "two", &line, &length));
        assert_true(base_text_is(line, length, "2"));
        assert_true(base_text_value_find(lines, sizeof lines - 1, "three", &line, &length));
        assert_int_equal(length, 0);
        assert_false(base_text_value_find(lines, sizeof lines - 1, "one", &line, &length));
        assert_false(base_text_value_find(lines, 3, "two", &line, &length));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sbdf_round_trip), cmocka_unit_test(test_digest),
                cmocka_unit_test(test_sbdf_rejects),    cmocka_unit_test(test_text_never_overruns),
                cmocka_unit_test(test_text_numbers),    cmocka_unit_test(test_text_escapes),
                cmocka_unit_test(test_text_quoted),     cmocka_unit_test(test_text_copy),
                cmocka_unit_test(test_text_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
