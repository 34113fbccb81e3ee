/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables: a real one, and such as no firmware should have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/event/parse.h"

#define S20 BASE_SBDF(0, 0, 4, 0)
#define S28 BASE_SBDF(0, 0, 5, 0)
#define HEADER_SIZE 36
#define PUT(bytes) put((bytes), sizeof(bytes) - 1)

/*
 * An SSDT as iasl makes it: Device (\_SB.NHI0); in Scope (\_SB.PCI0.S20) a _DSD with HotPlugSupportInD3 = 1,
 * ExternalFacingPort = 1, UID = 0, usb4-host-interface = \_SB.NHI0 and usb4-port-number = 0; in Scope (\_SB.PCI0.S38)
 * one with ExternalFacingPort = 1 and UID = 1.
 */
static const uint8_t marked[] = {
        0x53, 0x53, 0x44, 0x54, 0x91, 0x01, 0x00, 0x00, 0x02, 0x76, 0x53, 0x41, 0x4c, 0x4c, 0x59,
        0x50, 0x4d, 0x41, 0x52, 0x4b, 0x45, 0x44, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x49, 0x4e,
        0x54, 0x4c, 0x25, 0x09, 0x20, 0x20, 0xa0, 0x26, 0x00, 0x15, 0x5c, 0x2f, 0x03, 0x5f, 0x53,
        0x42, 0x5f, 0x50, 0x43, 0x49, 0x30, 0x53, 0x32, 0x30, 0x5f, 0x06, 0x00, 0x15, 0x5c, 0x2f,
        0x03, 0x5f, 0x53, 0x42, 0x5f, 0x50, 0x43, 0x49, 0x30, 0x53, 0x33, 0x38, 0x5f, 0x06, 0x00,
        0x10, 0x22, 0x5c, 0x5f, 0x53, 0x42, 0x5f, 0x5b, 0x82, 0x1a, 0x4e, 0x48, 0x49, 0x30, 0x08,
        0x5f, 0x48, 0x49, 0x44, 0x0d, 0x53, 0x41, 0x4c, 0x4c, 0x30, 0x30, 0x30, 0x31, 0x00, 0x08,
        0x5f, 0x53, 0x54, 0x41, 0x00, 0x10, 0x40, 0x0d, 0x5c, 0x2f, 0x03, 0x5f, 0x53, 0x42, 0x5f,
        0x50, 0x43, 0x49, 0x30, 0x53, 0x32, 0x30, 0x5f, 0x08, 0x5f, 0x44, 0x53, 0x44, 0x12, 0x49,
        0x0b, 0x06, 0x11, 0x13, 0x0a, 0x10, 0xc0, 0xe2, 0x11, 0x62, 0xa3, 0x58, 0xf3, 0x4a, 0x90,
        0xe1, 0x92, 0x7a, 0x4e, 0x0c, 0x55, 0xa4, 0x12, 0x1a, 0x01, 0x12, 0x17, 0x02, 0x0d, 0x48,
        0x6f, 0x74, 0x50, 0x6c, 0x75, 0x67, 0x53, 0x75, 0x70, 0x70, 0x6f, 0x72, 0x74, 0x49, 0x6e,
        0x44, 0x33, 0x00, 0x01, 0x11, 0x13, 0x0a, 0x10, 0xcc, 0x06, 0xcc, 0xef, 0xac, 0x73, 0xc3,
        0x4b, 0xbf, 0xf0, 0x76, 0x14, 0x38, 0x07, 0xc3, 0x89, 0x12, 0x23, 0x02, 0x12, 0x17, 0x02,
        0x0d, 0x45, 0x78, 0x74, 0x65, 0x72, 0x6e, 0x61, 0x6c, 0x46, 0x61, 0x63, 0x69, 0x6e, 0x67,
        0x50, 0x6f, 0x72, 0x74, 0x00, 0x01, 0x12, 0x08, 0x02, 0x0d, 0x55, 0x49, 0x44, 0x00, 0x00,
        0x11, 0x13, 0x0a, 0x10, 0x2f, 0x00, 0x4d, 0xc4, 0xf9, 0x69, 0x7d, 0x4e, 0xa9, 0x04, 0xa7,
        0xba, 0xab, 0xdf, 0x43, 0xf7, 0x12, 0x3a, 0x02, 0x12, 0x21, 0x02, 0x0d, 0x75, 0x73, 0x62,
        0x34, 0x2d, 0x68, 0x6f, 0x73, 0x74, 0x2d, 0x69, 0x6e, 0x74, 0x65, 0x72, 0x66, 0x61, 0x63,
        0x65, 0x00, 0x5c, 0x2e, 0x5f, 0x53, 0x42, 0x5f, 0x4e, 0x48, 0x49, 0x30, 0x12, 0x15, 0x02,
        0x0d, 0x75, 0x73, 0x62, 0x34, 0x2d, 0x70, 0x6f, 0x72, 0x74, 0x2d, 0x6e, 0x75, 0x6d, 0x62,
        0x65, 0x72, 0x00, 0x00, 0x10, 0x41, 0x05, 0x5c, 0x2f, 0x03, 0x5f, 0x53, 0x42, 0x5f, 0x50,
        0x43, 0x49, 0x30, 0x53, 0x33, 0x38, 0x5f, 0x08, 0x5f, 0x44, 0x53, 0x44, 0x12, 0x3a, 0x02,
        0x11, 0x13, 0x0a, 0x10, 0xcc, 0x06, 0xcc, 0xef, 0xac, 0x73, 0xc3, 0x4b, 0xbf, 0xf0, 0x76,
        0x14, 0x38, 0x07, 0xc3, 0x89, 0x12, 0x23, 0x02, 0x12, 0x17, 0x02, 0x0d, 0x45, 0x78, 0x74,
        0x65, 0x72, 0x6e, 0x61, 0x6c, 0x46, 0x61, 0x63, 0x69, 0x6e, 0x67, 0x50, 0x6f, 0x72, 0x74,
        0x00, 0x01, 0x12, 0x08, 0x02, 0x0d, 0x55, 0x49, 0x44, 0x00, 0x01,
};

static struct event_acpi acpi;
static uint8_t table[4096];
static size_t at, opened[48], depth;

static void put(const char *bytes, size_t count)
{
        assert_true(at + count <= sizeof table);
        memcpy(table + at, bytes, count);
        at += count;
}

/* Begins what has a PkgLength; it is written as two bytes by its end. */
static void begin(const char *opcode)
{
        put(opcode, strlen(opcode));
        opened[depth++] = at;
        PUT("\x40\x00");
}

static void end(void)
{
        size_t start = opened[--depth], length = at - start;

        table[start] = (uint8_t)(0x40 | (length & 0xf));
        table[start + 1] = (uint8_t)(length >> 4);
}

static void table_begin(void)
{
        memset(table, 0, sizeof table);
        memcpy(table, "SSDT", 4);
        at = HEADER_SIZE;
        depth = 0;
}

static void port_look(uint32_t sbdf, const char *path)
{
        event_acpi_port_add(&acpi, sbdf, path, strlen(path));
}

/* Two ports, and nothing read yet. */
static void look(void)
{
        memset(&acpi, 0, sizeof acpi);
        port_look(S20, "\\_SB_.PCI0.S20_");
        port_look(S28, "\\_SB_.PCI0.S28_\n");
}

/* Parses a copy that ends where the table does, for the sanitizers. */
static void parse(const uint8_t *bytes, size_t length)
{
        uint8_t *copy = malloc(length ? length : 1);

        assert_non_null(copy);
        memcpy(copy, bytes, length);
        event_acpi_table_parse(copy, length, &acpi);
        free(copy);
}

static void table_end(void)
{
        assert_int_equal(depth, 0);
        table[4] = (uint8_t)at;
        table[5] = (uint8_t)(at >> 8);
        look();
        parse(table, at);
}

static struct event_firmware firmware(uint32_t sbdf)
{
        struct event_firmware result;

        event_acpi_firmware(&acpi, sbdf, &result);
        return result;
}

/* Name (name, Package () { ToUUID (of it), Package () { Package () { "ExternalFacingPort", value } } }) */
static void mark(const char *name, char value)
{
        PUT("\x08");
        put(name, strlen(name));
        begin("\x12");
        PUT("\x02");
        begin("\x11");
        PUT("\x0a\x10\xcc\x06\xcc\xef\xac\x73\xc3\x4b\xbf\xf0\x76\x14\x38\x07\xc3\x89");
        end();
        begin("\x12");
        PUT("\x01");
        begin("\x12");
        PUT("\x02\x0d"
            "ExternalFacingPort\0");
        put(&value, 1);
        end();
        end();
        end();
}

/* Scope (\_SB.PCI0) { Device (S20) { Name (_ADR, 0x00040000) } Device (S28) { Name (_ADR, 0x00050000) } } */
static void devices(void)
{
        begin("\x10");
        PUT("\\\x2e_SB_PCI0");
        begin("\x5b\x82");
        PUT("S20_\x08_ADR\x0c\x00\x00\x04\x00");
        end();
        begin("\x5b\x82");
        PUT("S28_\x08_ADR\x0c\x00\x00\x05\x00");
        end();
        end();
}

static void test_real_table(void **state)
{
        struct event_firmware seen;

        (void)state;
        look();
        port_look(BASE_SBDF(0, 0, 7, 0), "\\_SB_.PCI0.S38_");
        parse(marked, sizeof marked);
        table_begin();
        devices();
        table[4] = (uint8_t)at;
        parse(table, at);
        assert_false(acpi.unclear);
        seen = firmware(S20);
        assert_true(seen.described && seen.external_facing && seen.hotplug_d3 && seen.usb4);
        assert_true(seen.others);
        assert_false(seen.unclear || seen.contradicts);
        seen = firmware(S28);
        assert_true(seen.described && seen.others);
        assert_false(seen.external_facing || seen.hotplug_d3 || seen.usb4);
        assert_false(seen.unclear || seen.contradicts);
        seen = firmware(BASE_SBDF(0, 0, 7, 0));
        assert_true(seen.external_facing);
        assert_false(seen.hotplug_d3 || seen.usb4);
        assert_true(seen.unclear); /* no table had its Device() */
}

/* Cut anywhere, it says so, and says no more than the whole. */
static void test_cut(void **state)
{
        (void)state;
        for (size_t length = 0; length < sizeof marked; length++) {
                look();
                parse(marked, length);
                assert_true(acpi.unclear);
                assert_true(firmware(S28).unclear);
                assert_false(firmware(S28).external_facing);
        }
        look();
        parse(marked, sizeof marked);
        assert_false(acpi.unclear);
}

/* Any byte may be anything: nothing breaks, whatever comes of it. */
static void test_damaged(void **state)
{
        uint8_t bytes[sizeof marked];

        (void)state;
        for (size_t i = 0; i < sizeof marked; i++)
                for (unsigned int value = 0; value < 256; value++) {
                        memcpy(bytes, marked, sizeof marked);
                        bytes[i] = (uint8_t)value;
                        look();
                        event_acpi_table_parse(bytes, sizeof bytes, &acpi);
                        assert_int_equal(acpi.count, 2);
                }
}

static void test_filled(void **state)
{
        (void)state;
        for (unsigned int value = 0; value < 256; value++) {
                table_begin();
                memset(table + at, (int)value, sizeof table - at);
                at = sizeof table;
                table_end();
                assert_false(firmware(S20).described || firmware(S20).external_facing);
                if (value <= 1 || value == 0xff) /* Zero, One, Ones: operands of nothing */
                        assert_true(acpi.unclear);
        }
        look();
        memset(table, 0xff, sizeof table);
        parse(table, sizeof table);
        assert_true(acpi.unclear);
}

static void test_said_length(void **state)
{
        (void)state;
        for (int difference = -1; difference <= 1; difference++) {
                table_begin();
                devices();
                look();
                table[4] = (uint8_t)(at + (size_t)difference);
                parse(table, at);
                assert_int_equal(acpi.unclear, difference != 0);
                assert_true(firmware(S28).described);
        }
        look();
        parse((const uint8_t *)"APIC", 4);
        assert_true(acpi.unclear);
        look();
        memcpy(table, "FACP", 4);
        parse(table, at);
        assert_true(acpi.unclear);
        assert_false(firmware(S20).described);
        look();
        memcpy(table, "DSDT", 4);
        parse(table, at);
        assert_true(firmware(S20).described);
}

static void test_address(void **state)
{
        (void)state;
        table_begin();
        devices();
        table_end();
        assert_false(firmware(S20).contradicts || firmware(S28).contradicts);
        for (size_t i = HEADER_SIZE; i < at; i++)
                if (memcmp(table + i, "_ADR\x0c\x00\x00\x05", 8) == 0)
                        table[i + 5] = 1; /* function 1 */
        look();
        parse(table, at);
        assert_false(firmware(S20).contradicts);
        assert_true(firmware(S28).contradicts);
        assert_false(firmware(S28).unclear);
}

/* The second function of a device; and a _DSD of the host bridge above, which is nobody's. */
static void test_second_function(void **state)
{
        (void)state;
        table_begin();
        devices();
        PUT("\x08\\\x2f\x04_SB_PCI0S32__ADR\x0c\x02\x00\x06\x00");
        mark("\\\x2f\x03_SB_PCI0_DSD", 1);
        table[4] = (uint8_t)at;
        look();
        port_look(BASE_SBDF(0, 0, 6, 2), "\\_SB_.PCI0.S32_");
        parse(table, at);
        assert_false(acpi.unclear);
        assert_false(firmware(BASE_SBDF(0, 0, 6, 2)).contradicts);
        assert_false(firmware(S20).external_facing || firmware(S20).others);
}

static void test_said_twice(void **state)
{
        (void)state;
        for (int second = 0; second < 2; second++)
                for (int first = 0; first < 2; first++) {
                        table_begin();
                        devices();
                        mark("\\\x2f\x04_SB_PCI0S20__DSD", (char)first);
                        mark("\\\x2f\x04_SB_PCI0S20__DSD", (char)second);
                        table_end();
                        assert_false(firmware(S20).unclear);
                        assert_int_equal(firmware(S20).contradicts, first != second);
                        assert_int_equal(firmware(S20).external_facing, first || second);
                        /* What contradicts itself marks nothing clearly. */
                        assert_int_equal(firmware(S28).others, first && second);
                        assert_false(firmware(S20).others);
                }
}

/* If (LAnd (LEqual (\FLAG, One), CondRefOf (X___, Local0))) { ... } Else { ... } */
static void test_conditional(void **state)
{
        (void)state;
        for (int branch = 0; branch < 2; branch++) {
                table_begin();
                devices();
                begin("\xa0");
                PUT("\x90\x93\\FLAG\x01\x5b\x12X___\x60");
                if (branch) {
                        end();
                        begin("\xa1");
                }
                begin("\x10");
                PUT("\\\x2f\x03_SB_PCI0S20_");
                mark("_DSD", 1);
                end();
                end();
                table_end();
                assert_false(acpi.unclear);
                assert_true(firmware(S20).external_facing && firmware(S20).unclear);
                assert_false(firmware(S28).unclear || firmware(S28).others);
        }
        /* A predicate that is not understood takes its block with it, not what comes after. */
        table_begin();
        begin("\xa0");
        PUT("\x5b\xff");
        mark("\\\x2f\x04_SB_PCI0S28__DSD", 1);
        end();
        devices();
        table_end();
        assert_true(acpi.unclear);
        assert_true(firmware(S20).described);
        assert_false(firmware(S28).external_facing);
}

/* What gives a _DSD, but not by Name(), cannot be read. */
static void test_opaque(void **state)
{
        (void)state;
        table_begin();
        devices();
        begin("\x14");
        PUT("\\\x2f\x04_SB_PCI0S20__DSD\x00\xa4\x5b\xff");
        end();
        table_end();
        assert_false(acpi.unclear);
        assert_true(firmware(S20).unclear);
        assert_false(firmware(S28).unclear);
        table_begin();
        devices();
        PUT("\x06XDSD\\\x2f\x04_SB_PCI0S28__DSD");
        table_end();
        assert_true(firmware(S28).unclear);
        assert_false(firmware(S20).unclear);
        table_begin();
        devices();
        PUT("\x08\\\x2f\x04_SB_PCI0S20__DSD\x0d"
            "text\0");
        table_end();
        assert_false(acpi.unclear);
        assert_true(firmware(S20).unclear);
}

/* What is not understood ends its block; the next one is read. */
static void test_unknown(void **state)
{
        (void)state;
        table_begin();
        begin("\x10");
        PUT("\\\x2f\x03_SB_PCI0S20_");
        PUT("\x5b\xff");
        mark("_DSD", 1);
        end();
        devices();
        mark("\\\x2f\x04_SB_PCI0S28__DSD", 1);
        table_end();
        assert_true(acpi.unclear);
        assert_false(firmware(S20).external_facing);
        assert_true(firmware(S28).external_facing && firmware(S28).unclear);
}

static void test_depth(void **state)
{
        (void)state;
        for (size_t deep = 31; deep <= 32; deep++) {
                table_begin();
                for (size_t i = 0; i < deep; i++) {
                        begin("\x10");
                        PUT("\\\0");
                }
                mark("\\\x2f\x04_SB_PCI0S20__DSD", 1);
                for (size_t i = 0; i < deep; i++)
                        end();
                table_end();
                assert_int_equal(acpi.unclear, deep == 32);
                assert_int_equal(firmware(S20).external_facing, deep == 31);
        }
}

/* Everything that can stand between devices, with a call whose arguments cannot be counted. */
static void between(void)
{
        PUT("\x15\\FLAG\x01\x00"); /* External */
        /* OperationRegion (REG_, PCI_Config, 16, Add (MTHD (5), 1)) */
        PUT("\x5b\x80REG_\x02\x0a\x10\x72MTHD\x0a\x05\x01\x00");
        begin("\x5b\x81");
        PUT("REG_\x01XXXX\x08");
        end();
        PUT("\x5b\x01MUTX\x00");
        PUT("\x5b\x02"
            "EVNT");
        PUT("\x08_HID\x0c\x41\xd0\x0a\x03\x08LONG\x0e\x01\x02\x03\x04\x05\x06\x07\x08");
        PUT("\x8aREG_\x00"
            "FLD0\x5b\x13REG_\x00\x0b\x08\x00"
            "FLD1");
        PUT("\x5b\x88"
            "DREG\x0dx\0\x0dy\0\x0dz\0");
        begin("\x5b\x83");
        PUT("CPU0\x01\x10\x18\x00\x00\x06");
        end();
        begin("\x5b\x84");
        PUT("PWR_\x00\x00\x00");
        end();
        begin("\x5b\x85");
        PUT("TZ__");
        end();
        PUT("\x70\x0a\x05\\FLAG\xa3");
}

static void test_stepped_over(void **state)
{
        (void)state;
        table_begin();
        between();
        devices();
        begin("\xa2"); /* While (MTHD (1, 2)) { Device (\D___) { } } */
        PUT("MTHD\x01\x0a\x02");
        begin("\x5b\x82");
        PUT("\\D___");
        end();
        end();
        table_end();
        assert_false(acpi.unclear);
        assert_true(firmware(S20).described && firmware(S28).described);
        /* Arguments come behind a name; what a block began with does not excuse what comes behind it. */
        PUT("\x01");
        table[4] = (uint8_t)at;
        table[5] = (uint8_t)(at >> 8);
        look();
        parse(table, at);
        assert_true(acpi.unclear);
}

/* Scope (S28_) within Device (\_SB.PCI0.S20_): the one below, which nobody knows, or the one beside? */
static void test_searched_scope(void **state)
{
        (void)state;
        for (int own = 0; own < 2; own++) {
                table_begin();
                devices();
                begin("\x10");
                PUT("\\\x2f\x03_SB_PCI0S20_");
                begin("\x10");
                put(own ? "^S28_" : "S28_", own ? 5 : 4);
                mark("_DSD", 1);
                end();
                end();
                table_end();
                assert_int_equal(acpi.unclear, !own);
                assert_int_equal(firmware(S28).external_facing, own);
        }
        table_begin();
        begin("\x10");
        PUT("_SB_");
        begin("\x10");
        PUT("PCI0");
        begin("\x10");
        PUT("S28_");
        mark("_DSD", 1);
        end();
        end();
        end();
        devices();
        table_end();
        assert_false(acpi.unclear);
        assert_true(firmware(S28).external_facing);
        assert_true(firmware(S20).others);
}

/* A _DSD that is not made as one is. `at`: where in the real table; what stands there instead. */
static void test_properties(void **state)
{
        static const struct {
                const char *before;
                size_t offset;
                uint8_t value;
                bool unclear, hotplug_d3;
        } changes[] = {
                { "HotPlugSupportInD3", 0, 'h', false, false },   /* another name */
                { "HotPlugSupportInD3", 19, 0x00, false, false }, /* Zero */
                { "HotPlugSupportInD3", 19, 0xff, false, true },  /* Ones */
                { "HotPlugSupportInD3", 19, 0x60, true, false },  /* Local0 */
                { "\xc0\xe2\x11\x62", 0, 0xc1, false, false },    /* another UUID */
                { "\x0a\x10\xc0\xe2", 1, 0x0f, true, false },     /* of 15 bytes */
                { "\x0a\x10\xc0\xe2", 0, 0x0d, true, false },     /* a text */
                { "\x12\x49\x0b\x06", 3, 0x05, true, false },     /* not in pairs */
                { "\x12\x49\x0b\x06", 3, 0x08, true, true },      /* fewer than said */
                { "\x12\x49\x0b\x06", 3, 0x04, true, true },      /* more than said */
                { "_DSD\x12", 4, 0x11, true, false },             /* a buffer */
        };
        uint8_t bytes[sizeof marked];

        (void)state;
        for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
                const uint8_t *place =
                        memmem(marked, sizeof marked, changes[i].before, strlen(changes[i].before));

                assert_non_null(place);
                memcpy(bytes, marked, sizeof marked);
                bytes[(size_t)(place - marked) + changes[i].offset] = changes[i].value;
                look();
                parse(bytes, sizeof bytes);
                if (acpi.ports[0].firmware.unclear != changes[i].unclear ||
                    acpi.ports[0].firmware.hotplug_d3 != changes[i].hotplug_d3)
                        print_error("change %zu\n", i);
                assert_int_equal(acpi.ports[0].firmware.unclear, changes[i].unclear);
                assert_int_equal(acpi.ports[0].firmware.hotplug_d3, changes[i].hotplug_d3);
        }
}

static void test_ports(void **state)
{
        static const char *const wrong[] = { "_SB_.PCI0",  "\\_SB_.", "\\_SB_PCI0",
                                             "\\_SB_.PCI", "\\;CMS",  "\\_SB_.;CMS",
                                             "\\",         "\n\n",    "\\_SB_.PCI0 " };

        (void)state;
        look();
        assert_int_equal(acpi.ports[0].path.depth, 3);
        assert_int_equal(acpi.ports[1].path.depth, 3);
        assert_memory_equal(&acpi.ports[1].path.names[2], "S28_", 4);
        /* Without tables nothing is known of them. */
        assert_true(firmware(S20).unclear);
        assert_false(acpi.unclear);
        assert_true(firmware(BASE_SBDF(0, 0, 9, 0)).unclear);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                port_look(BASE_SBDF(0, 1, i, 0), wrong[i]);
                assert_true(firmware(BASE_SBDF(0, 1, i, 0)).unclear);
        }
        /* The kernel knows no ACPI device for it: firmware has not spoken of it. */
        port_look(BASE_SBDF(0, 2, 0, 0), "");
        assert_false(firmware(BASE_SBDF(0, 2, 0, 0)).unclear);
        while (acpi.count < LIMIT_PORTS)
                port_look(BASE_SBDF(0, 3, acpi.count, 0), "");
        port_look(BASE_SBDF(0, 4, 0, 0), "");
        assert_int_equal(acpi.count, LIMIT_PORTS);
        assert_true(firmware(BASE_SBDF(0, 4, 0, 0)).unclear);
        acpi.unclear = true;
        assert_true(firmware(BASE_SBDF(0, 2, 0, 0)).unclear);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_real_table),      cmocka_unit_test(test_cut),
                cmocka_unit_test(test_damaged),         cmocka_unit_test(test_filled),
                cmocka_unit_test(test_said_length),     cmocka_unit_test(test_address),
                cmocka_unit_test(test_second_function), cmocka_unit_test(test_said_twice),
                cmocka_unit_test(test_conditional),     cmocka_unit_test(test_opaque),
                cmocka_unit_test(test_unknown),         cmocka_unit_test(test_depth),
                cmocka_unit_test(test_stepped_over),    cmocka_unit_test(test_searched_scope),
                cmocka_unit_test(test_properties),      cmocka_unit_test(test_ports),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
