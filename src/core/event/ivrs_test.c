/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IVRS tables, one entry at a time; and the sets that are made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/event/coverage.h"
#include "core/event/parse.h"

static uint8_t table[4096];
static size_t length;
static struct event_coverage coverage;

static void bytes_add(const void *bytes, size_t count)
{
        assert_true(length + count <= sizeof table);
        memcpy(table + length, bytes, count);
        length += count;
}

static void table_begin(void)
{
        memset(table, 0, sizeof table);
        memcpy(table, "IVRS", 4);
        length = 48;
}

/* A hardware definition with these device entries; the IOMMU is 00:00.2. */
static void hardware_add(uint8_t type, uint16_t segment, const void *entries, size_t count)
{
        uint8_t header[40] = { type, 0, 0, 0, 2, 0 };
        size_t size = type == 0x10 ? 24 : 40;

        header[2] = (uint8_t)(size + count);
        header[3] = (uint8_t)((size + count) >> 8);
        header[16] = (uint8_t)segment;
        header[17] = (uint8_t)(segment >> 8);
        bytes_add(header, size);
        bytes_add(entries, count);
}

static void table_end(void)
{
        uint8_t sum = 0;

        table[4] = (uint8_t)length;
        table[5] = (uint8_t)(length >> 8);
        table[9] = 0;
        for (size_t i = 0; i < length; i++)
                sum = (uint8_t)(sum + table[i]);
        table[9] = (uint8_t)-sum;
}

static bool parse(void)
{
        table_end();
        memset(&coverage, 0x55, sizeof coverage);
        return event_ivrs_parse(table, length, &coverage);
}

static bool parse_entries(const void *entries, size_t count)
{
        table_begin();
        hardware_add(0x10, 0, entries, count);
        return parse();
}

static void assert_range(uint32_t index, uint32_t first, uint32_t last)
{
        assert_true(index < coverage.count);
        assert_int_equal(coverage.ranges[index].first, first);
        assert_int_equal(coverage.ranges[index].last, last);
}

#define ENTRIES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static void test_each_entry(void **state)
{
        (void)state;
        assert_true(parse_entries(ENTRIES(0, 0, 0, 0, 2, 0x34, 0x12, 0)));
        assert_true(coverage.known);
        assert_int_equal(coverage.count, 1);
        assert_range(0, 0x1234, 0x1234);
        assert_true(parse_entries(ENTRIES(3, 0x00, 0x01, 0, 4, 0xff, 0x2a, 0)));
        assert_range(0, 0x0100, 0x2aff);
        assert_true(parse_entries(ENTRIES(64, 0, 0, 0, 0, 0, 0, 0, 70, 8, 1, 0, 0, 0, 0, 0x80)));
        assert_int_equal(coverage.count, 1);
        assert_range(0, 0x0108, 0x0108);
        assert_true(parse_entries(ENTRIES(71, 0, 3, 0, 0, 0, 0, 0, 4, 0xff, 3, 0)));
        assert_range(0, 0x0300, 0x03ff);
        assert_true(parse_entries(ENTRIES(1, 0, 0, 0)));
        assert_int_equal(coverage.count, 2); /* all but the IOMMU itself */
        assert_range(0, 0, 1);
        assert_range(1, 3, 0xffff);
}

/* Their entries are shared, or not a function's: not even where a range has them too. */
static void test_tangled(void **state)
{
        (void)state;
        assert_true(
                parse_entries(ENTRIES(3, 0, 1, 0, 4, 0xff, 1, 0, 66, 0x10, 1, 0, 0, 0x20, 1, 0)));
        assert_int_equal(coverage.count, 3);
        assert_range(0, 0x0100, 0x010f);
        assert_range(1, 0x0111, 0x011f);
        assert_range(2, 0x0121, 0x01ff);
        assert_true(parse_entries(
                ENTRIES(67, 0, 2, 0, 0, 0x08, 0, 0, 4, 0xff, 2, 0, 3, 0, 0, 0, 4, 0x80, 2, 0)));
        assert_int_equal(coverage.count, 3); /* without 00:00.2, 00:01.0, and 02:00.0 to 02:1f.7 */
        assert_range(0, 0, 1);
        assert_range(1, 3, 7);
        assert_range(2, 9, 0x01ff);
        assert_true(parse_entries(ENTRIES(72, 0, 0, 0, 0, 0xa0, 0, 1, 2, 0xa0, 0, 0)));
        assert_int_equal(coverage.count, 0);
        assert_true(coverage.known);
        table_begin();
        hardware_add(0x40, 0,
                     ENTRIES(2, 0xa5, 0, 0, 240, 0xa5, 0, 0, 'A', 'M', 'D', 'I', '0', '0', '4', '0',
                             0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 'a', 'b', 'c'));
        assert_true(parse());
        assert_int_equal(coverage.count, 0);
}

/* What Xen takes is one of the types: what counts is in each. Segments are told apart. */
static void test_blocks(void **state)
{
        static const uint8_t memory[32] = { 0x22, 0, 32, 0 };

        (void)state;
        table_begin();
        hardware_add(0x10, 0, ENTRIES(3, 0, 1, 0, 4, 0xff, 4, 0));
        bytes_add(memory, sizeof memory);
        hardware_add(0x11, 0, ENTRIES(3, 0, 3, 0, 4, 0xff, 5, 0));
        hardware_add(0x11, 0, ENTRIES(2, 0, 1, 0));
        assert_true(parse());
        assert_int_equal(coverage.count, 2);
        assert_range(0, 0x0100, 0x0100);
        assert_range(1, 0x0300, 0x04ff);
        hardware_add(0x40, 0, ENTRIES(3, 0, 4, 0, 4, 0xff, 4, 0));
        assert_true(parse());
        assert_int_equal(coverage.count, 1);
        assert_range(0, 0x0400, 0x04ff);
        table_begin();
        hardware_add(0x10, 1, ENTRIES(2, 0, 1, 0));
        hardware_add(0x10, 0x8000, ENTRIES(2, 0, 1, 0));
        assert_true(parse());
        assert_int_equal(coverage.count, 2);
        assert_range(0, 0x00010100, 0x00010100);
        assert_range(1, 0x80000100, 0x80000100);
}

static void test_unknown_or_broken(void **state)
{
        static const struct {
                size_t count;
                uint8_t bytes[24];
        } broken[] = {
                { 4, { 4, 0, 1, 0 } },                        /* an end alone */
                { 4, { 5, 0, 1, 0 } },                        /* no type */
                { 8, { 65, 0, 1, 0 } },                       /* reserved */
                { 4, { 3, 0, 1, 0 } },                        /* a beginning alone */
                { 8, { 3, 0, 1, 0, 2, 0xff, 1, 0 } },         /* ends by something else */
                { 8, { 3, 0, 1, 0, 4, 0, 1, 0 } },            /* of one */
                { 8, { 3, 8, 1, 0, 4, 0, 1, 0 } },            /* backwards */
                { 8, { 67, 0, 1, 0, 0, 0, 2, 0 } },           /* no end */
                { 4, { 66, 0, 1, 0 } },                       /* cut short */
                { 3, { 2, 0, 1 } },                           /* cut short */
                { 12, { 71, 0, 1, 0, 0, 0, 0, 0, 2, 9, 1 } }, /* ends by something else */
                { 22, { 240, 0, 1, [21] = 1 } },              /* its UID is missing */
                { 21, { 240, 0, 1 } },
        };

        (void)state;
        for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
                assert_false(parse_entries(broken[i].bytes, broken[i].count));
                assert_int_equal(coverage.count, 0x55555555); /* untouched */
        }
}

static void test_bad_table(void **state)
{
        static const uint8_t odd[4] = { 0x30, 0, 4, 0 }, tiny[4] = { 0x20, 0, 3, 0 },
                             large[4] = { 0x20, 0, 5, 0 }, none[4] = { 0x20, 0, 0, 0 },
                             head[4] = { 0x11, 0, 4, 0 };
        const uint8_t *const blocks[] = { odd, tiny, large, none, head };

        (void)state;
        table_begin();
        assert_false(parse()); /* no hardware at all */
        for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
                table_begin();
                hardware_add(0x10, 0, ENTRIES(2, 0, 1, 0));
                bytes_add(blocks[i], 4);
                assert_false(parse());
        }
        table_begin();
        hardware_add(0x10, 0, ENTRIES(2, 0, 1, 0));
        bytes_add(odd, 3);
        assert_false(parse());
        assert_true(parse_entries(ENTRIES(2, 0, 1, 0)));
        assert_false(event_ivrs_parse(table, length - 1, &coverage));
        assert_false(event_ivrs_parse(table, 47, &coverage));
        assert_false(event_ivrs_parse(NULL, 0, &coverage));
        bytes_add((const uint8_t[]){ 0x21, 0, 8, 0, 0, 0, 0, 0xd7 }, 8); /* sums up to 0 */
        assert_true(parse());
        assert_false(event_ivrs_parse(table, length - 8, &coverage));
        table[9]++;
        assert_false(event_ivrs_parse(table, length, &coverage)); /* its checksum */
        assert_true(parse());
        table[0] = 'J';
        assert_false(parse()); /* no IVRS */
}

static void test_too_many(void **state)
{
        (void)state;
        table_begin();
        for (uint32_t i = 0; i <= LIMIT_COVERAGE; i++) {
                hardware_add(0x10, 0, (uint8_t[]){ 2, 0, (uint8_t)(i + 1), 0 }, 4);
                assert_true(parse() == (i < LIMIT_COVERAGE));
        }
}

static void test_sets(void **state)
{
        struct event_coverage set = { .known = true }, other = { 0 };
        uint64_t bus[LIMIT_BUS_WORDS];

        (void)state;
        assert_true(event_coverage_add(&set, 20, 29));
        assert_true(event_coverage_add(&set, 0, 5));
        assert_true(event_coverage_add(&set, 40, UINT32_MAX));
        assert_int_equal(set.count, 3);
        assert_true(event_coverage_add(&set, 30, 38)); /* touches */
        assert_int_equal(set.count, 3);
        assert_int_equal(set.ranges[1].last, 38);
        assert_int_equal(event_coverage_count(&set, 0, UINT32_MAX), 6 + 19 + (UINT32_MAX - 39u));
        assert_int_equal(event_coverage_count(&set, 5, 20), 2);
        assert_true(event_coverage_has(&set, 38) && !event_coverage_has(&set, 39));
        assert_true(event_coverage_add(&other, 3, 25));
        assert_true(event_coverage_add(&other, 38, 39));
        assert_true(event_coverage_intersect(&set, &other));
        assert_int_equal(set.count, 3);
        assert_int_equal(set.ranges[0].first, 3);
        assert_int_equal(set.ranges[1].last, 25);
        assert_int_equal(set.ranges[2].first, 38);
        assert_true(event_coverage_remove(&set, 5, 38));
        assert_true(set.known);
        assert_int_equal(set.count, 1);
        assert_int_equal(set.ranges[0].last, 4);
        assert_true(event_coverage_add(&set, 0, 9)); /* swallows */
        assert_int_equal(set.count, 1);
        assert_int_equal(set.ranges[0].last, 9);
        memset(&set, 0, sizeof set);
        assert_true(event_coverage_add(&set, BASE_SBDF(1, 1, 31, 7), BASE_SBDF(1, 2, 8, 0)));
        event_coverage_bus(&set, 1, 2, bus);
        assert_true(bus[0] == UINT64_MAX && bus[1] == 1 && bus[2] == 0 && bus[3] == 0);
        event_coverage_bus(&set, 1, 1, bus);
        assert_true(bus[0] == 0 && bus[3] == UINT64_C(1) << 63);
        event_coverage_bus(&set, 0, 2, bus);
        assert_true(bus[0] == 0 && bus[1] == 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_entry), cmocka_unit_test(test_tangled),
                cmocka_unit_test(test_blocks),     cmocka_unit_test(test_unknown_or_broken),
                cmocka_unit_test(test_bad_table),  cmocka_unit_test(test_too_many),
                cmocka_unit_test(test_sets),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
