/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of dumps: of lspci, of acpidump, of our own, and of neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/event/parse.h"

#define SIXTEEN "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"

static struct event_dump_line parse(const char *text)
{
        struct event_dump_line line;

        event_dump_parse(text, strlen(text), &line);
        return line;
}

static void test_functions(void **state)
{
        (void)state;
        assert_int_equal(parse("00:1c.4 PCI bridge: Intel (rev f1)").kind, DUMP_FUNCTION);
        assert_int_equal(parse("00:1c.4 PCI bridge").sbdf, BASE_SBDF(0, 0, 0x1c, 4));
        assert_int_equal(parse("0001:03:00.0 0108: 8086:f1a5").sbdf, BASE_SBDF(1, 3, 0, 0));
        assert_int_equal(parse("10000:e1:00.0 Non-Volatile memory controller").kind, DUMP_FUNCTION);
        assert_int_equal(parse("10000:e1:00.0 Non-Volatile memory").sbdf, BASE_SBDF_NONE);
        assert_int_equal(parse("00:1c.8 no function").kind, DUMP_SKIPPED);
        assert_int_equal(parse("00:1c.4").kind, DUMP_SKIPPED);
        assert_int_equal(parse("00000:zz:00.0 x").kind, DUMP_SKIPPED);
        assert_int_equal(parse("\tSubsystem: Lenovo Device 22be").kind, DUMP_SKIPPED);
        assert_int_equal(parse("").kind, DUMP_SKIPPED);
}

static void test_config(void **state)
{
        struct event_dump_line line = parse("40: " SIXTEEN);

        (void)state;
        assert_int_equal(line.kind, DUMP_CONFIG);
        assert_int_equal(line.offset, 0x40);
        assert_int_equal(line.count, 16);
        assert_int_equal(line.bytes[15], 15);
        line = parse("ff0: " SIXTEEN "\r");
        assert_int_equal(line.kind, DUMP_CONFIG);
        assert_int_equal(line.offset, 0xff0);
        /* Cut or wrapped by whatever it was sent through. */
        line = parse("40: 00 01 02");
        assert_int_equal(line.kind, DUMP_BAD);
        assert_int_equal(line.column, 13);
        assert_int_equal(parse("40: " SIXTEEN " 10").kind, DUMP_BAD);
        line = parse("40: 00 0x " SIXTEEN);
        assert_int_equal(line.kind, DUMP_BAD);
        assert_int_equal(line.column, 9);
        assert_int_equal(parse("41: " SIXTEEN).kind, DUMP_BAD);
        assert_int_equal(parse("1000: " SIXTEEN).kind, DUMP_SKIPPED);
}

static void test_tables(void **state)
{
        struct event_dump_line line = parse("SSDT @ 0x0000000000000000");

        (void)state;
        assert_int_equal(line.kind, DUMP_TABLE);
        assert_memory_equal(line.signature, "SSDT", 4);
        line = parse("   10A0: 41 42 43                                         ABC");
        assert_int_equal(line.kind, DUMP_ACPI);
        assert_int_equal(line.offset, 0x10a0);
        assert_int_equal(line.count, 3);
        assert_memory_equal(line.bytes, "ABC", 3);
        line = parse("    0000: " SIXTEEN "  ....");
        assert_int_equal(line.kind, DUMP_ACPI);
        assert_int_equal(line.count, 16);
        /* lspci's own indented prose. */
        assert_int_equal(parse("    Bus: primary=00").kind, DUMP_SKIPPED);
        assert_int_equal(parse("    0000: zz").kind, DUMP_SKIPPED);
        assert_int_equal(parse("    0000: 4").kind, DUMP_SKIPPED);
        assert_int_equal(parse("    0000:").kind, DUMP_SKIPPED);
        assert_int_equal(parse("SSDT @ 0").kind, DUMP_SKIPPED);
}

static void test_facts(void **state)
{
        struct event_dump_line line = parse("@driver nvme");

        (void)state;
        assert_int_equal(line.kind, DUMP_FACT);
        assert_int_equal(line.fact, DUMP_DRIVER);
        assert_int_equal(line.length, 4);
        assert_memory_equal(line.value, "nvme", 4);
        line = parse("@kernel-id 8086:15ef 0c0340");
        assert_int_equal(line.kind, DUMP_FACT);
        assert_int_equal(line.vendor, 0x8086);
        assert_int_equal(line.device, 0x15ef);
        assert_int_equal(line.class, 0x0c0340);
        assert_int_equal(parse("@sallyport-dump 1").kind, DUMP_FACT);
        assert_int_equal(parse("@uses complete").kind, DUMP_FACT);
        assert_int_equal(parse("@uses incomplete").fact, DUMP_USES);
        for (enum event_use_kind i = 0; i < USE_MAX; i++) {
                char text[64];

                if (i == USE_NETWORKS) {
                        assert_null(event_dump_use(i));
                        continue;
                }
                (void)snprintf(text, sizeof text, "@use %s", event_dump_use(i));
                assert_int_equal(parse(text).kind, DUMP_FACT);
                assert_int_equal(parse(text).use, i);
        }
        for (enum event_dump_fact i = DUMP_VERSION; i < DUMP_FACT_MAX; i++)
                assert_true(strlen(event_dump_key(i)) > 0);
}

static void test_bad_facts(void **state)
{
        static const struct {
                const char *text;
                uint32_t column;
        } lines[] = {
                { "@drivers nvme", 1 },
                { "@", 1 },
                { "@driver", 8 },
                { "@driver ", 9 },
                { "@driver a\tb", 10 },
                { "@driver a\x7f", 10 },
                { "@sallyport-dump 2", 17 },
                { "@kernel-id 8086:15ef", 12 },
                { "@kernel-id 8086:15ef 0c03401", 12 },
                { "@kernel-id 8086 15ef 0c0340", 12 },
                { "@boot-vga yes", 11 },
                { "@pciehp 2", 9 },
                { "@uses all", 7 },
                { "@use only-network", 6 },
                { "@use systems", 6 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
                struct event_dump_line line = parse(lines[i].text);

                if (line.kind != DUMP_BAD || line.column != lines[i].column)
                        print_error("wrong: %s\n", lines[i].text);
                assert_int_equal(line.kind, DUMP_BAD);
                assert_int_equal(line.column, lines[i].column);
                assert_non_null(line.expected);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_functions), cmocka_unit_test(test_config),
                cmocka_unit_test(test_tables),    cmocka_unit_test(test_facts),
                cmocka_unit_test(test_bad_facts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
