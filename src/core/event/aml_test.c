/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AML that is cut, or says lengths and names that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/event/aml.h"

#define HEADER_SIZE 36
#define NAME(text)                                                 \
        {                                                          \
                {                                                  \
                        (text)[0], (text)[1], (text)[2], (text)[3] \
                }                                                  \
        }

static const struct event_acpi_path scope = { 2, { NAME("_SB_"), NAME("PCI0") } };

/* Is a table of these bytes, which ends where they do, understood? */
static bool understood(const char *bytes, size_t length)
{
        static struct event_acpi acpi;
        uint8_t *table = calloc(1, HEADER_SIZE + length);

        assert_non_null(table);
        memcpy(table, "SSDT", 4);
        table[4] = (uint8_t)(HEADER_SIZE + length);
        memcpy(table + HEADER_SIZE, bytes, length);
        memset(&acpi, 0, sizeof acpi);
        event_acpi_table_parse(table, HEADER_SIZE + length, &acpi);
        free(table);
        return !acpi.unclear;
}

static void test_malformed(void **state)
{
        static const struct {
                const char *bytes;
                size_t length;
        } wrong[] = {
#define WRONG(bytes) { (bytes), sizeof(bytes) - 1 }
                WRONG("\x10"),             /* no PkgLength */
                WRONG("\x10\x3f_SB_"),     /* longer than the table */
                WRONG("\x10\x00_SB_"),     /* shorter than itself */
                WRONG("\x10\x41\x00_SB_"), /* likewise, in two bytes */
                WRONG("\x10\x76\x00_SB_"), /* reserved bits */
                WRONG("\x10\xc9\x00\x00"), /* cut */
                WRONG("\x10\x03_SB_"),     /* the name leaves the block */
                WRONG("\x10\x06^_SB_"),    /* above the root */
                WRONG("\x10\x06_sb_"),     /* no such letters */
                WRONG("\x10\x05"
                      "1SB_"),                   /* begins with a digit */
                WRONG("\x10\x04\\\x2f\x00"),     /* no names at all */
                WRONG("\x10\x07\\\x2f\x09_SB_"), /* fewer names than said */
                WRONG("\x14\x05_SB"),            /* a method's name leaves it */
                WRONG("\x08X___"),               /* no value */
                WRONG("\x08X___\x0d"
                      "text"),                     /* a text without end */
                WRONG("\x08X___\x0c\x00\x00"),     /* cut */
                WRONG("\x08X___\x10\x05_SB_"),     /* a block is no value */
                WRONG("\x72X___\x01"),             /* Add without its target */
                WRONG("\x5b"),                     /* a prefix of nothing */
                WRONG("\x5b\x82\x05"),             /* cut */
                WRONG("\x5b\x84\x06P___\x00\x00"), /* fewer bytes than a power resource has */
                WRONG("\x01"),                     /* an operand of nothing */
        };

        (void)state;
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                if (understood(wrong[i].bytes, wrong[i].length))
                        print_error("not noticed: %zu\n", i);
                assert_false(understood(wrong[i].bytes, wrong[i].length));
        }
        assert_true(understood("\x10\x05_SB_", 6));
}

static void test_length(void **state)
{
        static const struct {
                uint8_t bytes[4];
                size_t end;
        } lengths[] = {
                { { 0x01 }, 1 },
                { { 0x3f }, 0x3f },
                { { 0x4f, 0xff }, 0xfff },
                { { 0x82, 0x34, 0x12 }, 0x12342 },
                { { 0xc5, 0x01, 0x00, 0x10 }, 0x1000015 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
                struct event_aml aml = { lengths[i].bytes, 0, lengths[i].end };
                size_t end = 0;

                assert_true(event_aml_length_take(&aml, &end));
                assert_int_equal(end, lengths[i].end);
                aml.at = 0;
                aml.end--; /* one byte too few */
                assert_false(event_aml_length_take(&aml, &end));
        }
}

static void test_names(void **state)
{
        struct event_acpi_path path = { 0 };
        struct event_aml aml;
        char many[3 + 4 * (LIMIT_ACPI_DEPTH + 1)] = "\\\x2f";

        (void)state;
        aml = (struct event_aml){ (const uint8_t *)"^^AB1_", 0, 6 };
        assert_true(event_aml_name_take(&aml, &scope, &path));
        assert_int_equal(path.depth, 1);
        assert_memory_equal(path.names[0].text, "AB1_", 4);
        aml = (struct event_aml){ (const uint8_t *)"\x2eS20__DSD", 0, 9 };
        assert_true(event_aml_name_take(&aml, &scope, &path));
        assert_int_equal(path.depth, 4);
        assert_memory_equal(path.names[3].text, "_DSD", 4);
        aml = (struct event_aml){ (const uint8_t *)"^\0", 0, 2 };
        assert_true(event_aml_name_take(&aml, &scope, &path));
        assert_int_equal(path.depth, 1);
        aml = (struct event_aml){ (const uint8_t *)"^^^", 0, 3 };
        assert_false(event_aml_name_take(&aml, &scope, &path));
        memset(many + 3, 'A', sizeof many - 3);
        for (int count = LIMIT_ACPI_DEPTH; count <= LIMIT_ACPI_DEPTH + 1; count++) {
                many[2] = (char)count;
                aml = (struct event_aml){ (const uint8_t *)many, 0, sizeof many };
                assert_int_equal(event_aml_name_take(&aml, &scope, &path),
                                 count == LIMIT_ACPI_DEPTH);
        }
}

static void test_integers(void **state)
{
        static const struct {
                uint8_t bytes[9];
                size_t length;
                uint64_t value;
        } integers[] = {
                { { 0x00 }, 1, 0 },
                { { 0x01 }, 1, 1 },
                { { 0xff }, 1, UINT64_MAX },
                { { 0x0a, 0x81 }, 2, 0x81 },
                { { 0x0b, 0x34, 0x82 }, 3, 0x8234 },
                { { 0x0c, 0x78, 0x56, 0x34, 0x82 }, 5, 0x82345678 },
                { { 0x0e, 1, 2, 3, 4, 5, 6, 7, 0x88 }, 9, 0x8807060504030201 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
                struct event_aml aml = { integers[i].bytes, 0, integers[i].length };
                uint64_t value = 7;

                assert_true(event_aml_integer_take(&aml, &value));
                assert_true(value == integers[i].value);
                assert_int_equal(aml.at, aml.end);
                aml = (struct event_aml){ integers[i].bytes, 0, integers[i].length - 1 };
                assert_false(event_aml_integer_take(&aml, &value));
        }
}

/* Each ends where its last operand does; a called method's arguments are left. */
static void test_expressions(void **state)
{
        static const struct {
                const char *bytes;
                size_t length;
                size_t taken;
                bool named;
        } expressions[] = {
                { "\x72\x01\x0a\x05\x60\x01", 6, 5, false },   /* Add (1, 5, Local0) */
                { "\x92\x93\x5cX___\x01\x01", 9, 8, true },    /* LNot (LEqual (\X, 1)) */
                { "\x78\x01\x01\x00\x00\x01", 6, 5, false },   /* Divide (1, 1, , ) */
                { "MTHD\x01", 5, 4, true },                    /* MTHD (1) */
                { "\x0dtext\0\x01", 7, 6, false },             /* a text */
                { "\x12\x05\x02\x01\x01\x01", 6, 6, false },   /* a package */
                { "\x5b\x12^X___\x00\x01", 9, 8, true },       /* CondRefOf (^X, ) */
                { "\x5b\x20X___\x60\x01", 8, 7, true },        /* Load */
                { "\x9e\x0d\0\x00\x01\x60\x01", 7, 6, false }, /* Mid */
                { "\xa5\x01", 2, 1, false },                   /* Break */
        };

        (void)state;
        for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
                struct event_aml aml = { (const uint8_t *)expressions[i].bytes, 0,
                                         expressions[i].length };
                bool named = false, understood_all;

                understood_all = event_aml_expressions_skip(&aml, &scope, 1, &named);
                if (!understood_all || aml.at != expressions[i].taken)
                        print_error("expression %zu\n", i);
                assert_true(understood_all);
                assert_int_equal(aml.at, expressions[i].taken);
                assert_int_equal(named, expressions[i].named);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_malformed),   cmocka_unit_test(test_length),
                cmocka_unit_test(test_names),       cmocka_unit_test(test_integers),
                cmocka_unit_test(test_expressions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
