/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buses and addresses that are somebody else's, and those that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/event/parse.h"

#define PORT BASE_SBDF(0, 0, 4, 0)

static struct event_inventory inventory;
static struct event_ranges ranges[LIMIT_PORT_FUNCTIONS];
static struct event_above above;

static void start(void)
{
        memset(&inventory, 0, sizeof inventory);
        memset(ranges, 0, sizeof ranges);
        above = (struct event_above){ .secondary = 1, .subordinate = 8 };
}

static struct event_function *function_add(uint32_t sbdf, uint32_t parent)
{
        struct event_function *function = &inventory.functions[inventory.count++];

        function->sbdf = sbdf;
        function->parent = parent;
        function->readable = true;
        return function;
}

static struct event_function *bridge_add(uint32_t sbdf, uint32_t parent, uint8_t secondary,
                                         uint8_t subordinate)
{
        struct event_function *function = function_add(sbdf, parent);

        function->kind = FUNCTION_BRIDGE;
        function->secondary = secondary;
        function->subordinate = subordinate;
        return function;
}

static void judge(void)
{
        event_hierarchy_judge(&inventory, ranges, &above);
}

/* Is this bridge on bus 1, with these numbers, found out? */
static bool wrong(uint8_t secondary, uint8_t subordinate)
{
        start();
        (void)bridge_add(BASE_SBDF(0, 1, 0, 0), PORT, secondary, subordinate);
        judge();
        return inventory.functions[0].buses_wrong;
}

static void test_bus_window(void **state)
{
        (void)state;
        assert_false(wrong(2, 2));
        assert_false(wrong(2, 8));
        assert_false(wrong(8, 8));
        assert_false(wrong(0, 0)); /* it got none */
        assert_true(wrong(2, 9));
        assert_true(wrong(9, 9));
        assert_true(wrong(1, 2)); /* the bus that it is on */
        assert_true(wrong(0, 2));
        assert_true(wrong(3, 2));
        assert_true(wrong(3, 0));
        start();
        above = (struct event_above){ 0 };
        (void)bridge_add(BASE_SBDF(0, 1, 0, 0), PORT, 2, 200);
        (void)bridge_add(BASE_SBDF(0, 1, 1, 0), PORT, 201, 200);
        judge();
        assert_false(inventory.functions[0].buses_wrong);
        assert_true(inventory.functions[1].buses_wrong);
}

static void test_bus_siblings(void **state)
{
        (void)state;
        start();
        (void)bridge_add(BASE_SBDF(0, 1, 0, 0), PORT, 2, 4);
        (void)bridge_add(BASE_SBDF(0, 2, 0, 0), BASE_SBDF(0, 1, 0, 0), 3, 3);
        (void)bridge_add(BASE_SBDF(0, 2, 1, 0), BASE_SBDF(0, 1, 0, 0), 4, 4);
        (void)bridge_add(BASE_SBDF(0, 1, 1, 0), PORT, 5, 6);
        judge();
        for (uint32_t i = 0; i < 4; i++)
                assert_false(inventory.functions[i].buses_wrong);
        inventory.functions[3].secondary =
                4; /* of the first's, and of its child's, which is no sibling */
        judge();
        assert_true(inventory.functions[0].buses_wrong);
        assert_false(inventory.functions[1].buses_wrong);
        assert_false(inventory.functions[2].buses_wrong);
        assert_true(inventory.functions[3].buses_wrong);
        inventory.functions[3].readable = false;
        judge();
        assert_false(inventory.functions[0].buses_wrong);
        assert_false(inventory.functions[3].buses_wrong);
        inventory.functions[2].subordinate = 5; /* beyond the bridge above, inside the port */
        judge();
        assert_true(inventory.functions[2].buses_wrong);
}

/* The kernel dealt the number of the bus below: a bridge that says another now has changed it. */
static void test_bus_of_children(void **state)
{
        (void)state;
        start();
        (void)bridge_add(BASE_SBDF(0, 1, 0, 0), PORT, 2, 3);
        (void)function_add(BASE_SBDF(0, 2, 0, 0), BASE_SBDF(0, 1, 0, 0));
        (void)function_add(BASE_SBDF(0, 3, 0, 0), BASE_SBDF(0, 1, 0, 0)); /* a virtual function */
        judge();
        assert_false(inventory.functions[0].buses_wrong);
        inventory.functions[0].secondary = 3;
        judge();
        assert_true(inventory.functions[0].buses_wrong);
        inventory.functions[0].secondary = inventory.functions[0].subordinate = 0;
        judge();
        assert_true(inventory.functions[0].buses_wrong);
        inventory.functions[0].readable = false;
        judge();
        assert_false(inventory.functions[0].buses_wrong);
}

static struct event_ranges parsed(const char *text, const uint8_t *bytes, size_t length)
{
        struct event_ranges result;

        memset(&result, 0xff, sizeof result);
        event_ranges_parse(text, strlen(text), bytes, length, &result);
        return result;
}

#define NO_LINE "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"

static const char endpoint_lines[] =
        "0x00000000fe000000 0x00000000fe003fff 0x0000000000140204\n" NO_LINE
        "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n"
        "0x0000000010000000 0x0000000010000fff 0x0000000020040200\n" NO_LINE NO_LINE
        "0x00000000fe010000 0x00000000fe01ffff 0x0000000000046200\n";

static void test_lines(void **state)
{
        struct event_ranges found = parsed(endpoint_lines, NULL, 0);

        (void)state;
        assert_true(found.known);
        assert_int_equal(found.bar_count, 3);
        assert_int_equal(found.window_count, 0);
        assert_true(found.bars[0].first == 0xfe000000 && found.bars[0].last == 0xfe003fff);
        assert_false(found.bars[0].io);
        assert_true(found.bars[1].io && found.bars[1].last == 0xc01f);
        assert_true(found.bars[2].first == 0xfe010000);
        /* boot VGA: what stands for its ROM is a copy in RAM */
        found = parsed(NO_LINE NO_LINE NO_LINE NO_LINE NO_LINE NO_LINE
                       "0x00000000000c0000 0x00000000000dffff 0x0000000000000212\n",
                       NULL, 0);
        assert_true(found.known);
        assert_int_equal(found.bar_count, 0);
}

static void test_lines_of_bridge(void **state)
{
        static const char windows[] =
                "0x000000000000c000 0x000000000000cfff 0x0000000000000101\n"
                "0x00000000fe000000 0x00000000fe1fffff 0x0000000000000200\n" NO_LINE NO_LINE;
        static const char virtual[] = "0x00000000aa000000 0x00000000aa0fffff 0x0000000000040200\n";
        char text[2048];
        struct event_ranges found;

        (void)state;
        (void)snprintf(text, sizeof text, "%s%s", endpoint_lines, windows);
        found = parsed(text, NULL, 0);
        assert_int_equal(found.bar_count, 3);
        assert_int_equal(found.window_count, 2);
        assert_true(found.windows[0].io && found.windows[1].last == 0xfe1fffff);
        /* with six lines of virtual functions between, which are no BARs of it */
        (void)snprintf(text, sizeof text, "%s%s%s%s%s%s%s%s", endpoint_lines, virtual, virtual,
                       virtual, virtual, virtual, virtual, windows);
        found = parsed(text, NULL, 0);
        assert_int_equal(found.bar_count, 3);
        assert_int_equal(found.window_count, 2);
        (void)snprintf(text, sizeof text, "%s%s%s%s%s%s%s", endpoint_lines, virtual, virtual,
                       virtual, virtual, virtual, virtual);
        found = parsed(text, NULL, 0);
        assert_int_equal(found.bar_count, 3);
        assert_int_equal(found.window_count, 0);
}

static void test_lines_that_are_none(void **state)
{
        static const char *const texts[] = {
                "",
                "\n",
                "0x1 0x2\n",
                "1 2 3\n",
                "0x1 0x2 0x3 0x4\n",
                "0x00000000000000001 0x2 0x200\n",
                "0x 0x2 0x200\n",
                "0x0000000000000000 0x0000000000000000 0x0000000000000000\nx\n",
        };
        char text[18 * sizeof NO_LINE] = "";

        (void)state;
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_false(parsed(texts[i], NULL, 0).known);
        for (size_t i = 0; i < 18; i++)
                memcpy(text + i * strlen(NO_LINE), NO_LINE, sizeof NO_LINE);
        assert_false(parsed(text, NULL, 0).known); /* more than any function has */
        assert_true(parsed("0x1 0x2 0x200", NULL, 0).known);
}

/* Where it answers is what its own register says. */
static void test_register(void **state)
{
        uint8_t bytes[64] = { 0 };
        struct event_ranges found;

        (void)state;
        memcpy(bytes + 0x10, (const uint8_t[]){ 0x04, 0x00, 0x00, 0xaa, 0x01 }, 5);
        memcpy(bytes + 0x18, (const uint8_t[]){ 0x01, 0xd0 }, 2);
        found = parsed(endpoint_lines, bytes, sizeof bytes);
        assert_true(found.bars[0].first == 0x1aa000000 && found.bars[0].last == 0x1aa003fff);
        assert_true(found.bars[1].first == 0xd000 && found.bars[1].last == 0xd01f);
        assert_true(found.bars[2].first == 0xfe010000); /* the ROM's register is another */
        memset(bytes + 0x10, 0xff, 8); /* it would reach round the end of the address space */
        found = parsed(endpoint_lines, bytes, sizeof bytes);
        assert_true(found.bars[0].first == 0xfffffffffffffff0 && found.bars[0].last == UINT64_MAX);
        found = parsed(endpoint_lines, bytes, 0x16); /* cut short: the kernel's word stands */
        assert_true(found.bars[0].first == 0xfe000000);
}

static void range_set(struct event_address_range *range, uint64_t first, uint64_t last)
{
        *range = (struct event_address_range){ .first = first, .last = last };
}

static void bars_make(void)
{
        start();
        (void)bridge_add(BASE_SBDF(0, 1, 0, 0), PORT, 2, 2);
        (void)function_add(BASE_SBDF(0, 2, 0, 0), BASE_SBDF(0, 1, 0, 0));
        (void)function_add(BASE_SBDF(0, 1, 1, 0), PORT);
        above.ranges.known = true;
        above.ranges.window_count = 1;
        range_set(&above.ranges.windows[0], 0x1000, 0x8fff);
        for (uint32_t i = 0; i < 3; i++) {
                ranges[i].known = true;
                ranges[i].bar_count = i ? 1 : 0;
                range_set(&ranges[i].bars[0], UINT64_C(0x1000) * i, UINT64_C(0x1000) * i + 0xfff);
        }
        ranges[0].window_count = 1;
        range_set(&ranges[0].windows[0], 0x1000, 0x1fff);
}

static void test_bars(void **state)
{
        (void)state;
        bars_make();
        judge();
        for (uint32_t i = 0; i < 3; i++) {
                assert_false(inventory.functions[i].bars_overlap);
                assert_false(inventory.functions[i].bars_outside);
        }
        ranges[1].bars[0].last =
                0x2000; /* one byte too many: its bridge does not forward it, and it is another's */
        judge();
        assert_true(inventory.functions[1].bars_overlap && inventory.functions[2].bars_overlap);
        assert_false(inventory.functions[0].bars_overlap);
        assert_true(inventory.functions[1].bars_outside);
        assert_false(inventory.functions[2].bars_outside);
        ranges[1].bars[0].io = true; /* another space */
        judge();
        assert_false(inventory.functions[1].bars_overlap);
        assert_true(inventory.functions[1].bars_outside);
        ranges[0].known = false;
        judge();
        assert_false(inventory.functions[1].bars_outside);
        bars_make();
        range_set(&ranges[2].bars[0], 0x0fff, 0x2000); /* begins too early */
        judge();
        assert_true(inventory.functions[2].bars_outside);
        inventory.functions[2].readable = false;
        judge();
        assert_false(inventory.functions[2].bars_outside);
}

static void test_bars_of_one(void **state)
{
        (void)state;
        bars_make();
        ranges[2].bar_count = 2;
        range_set(&ranges[2].bars[1], 0x3000, 0x3fff);
        judge();
        assert_false(inventory.functions[2].bars_overlap);
        range_set(&ranges[2].bars[1], 0x2fff, 0x3fff);
        judge();
        assert_true(inventory.functions[2].bars_overlap);
        assert_false(inventory.functions[1].bars_overlap);
}

/* What decodes subtractively forwards what it has no window for. */
static void test_bars_subtractive(void **state)
{
        (void)state;
        bars_make();
        range_set(&ranges[1].bars[0], 0x5000, 0x5fff);
        judge();
        assert_true(inventory.functions[1].bars_outside);
        inventory.functions[0].class = 0x060401;
        judge();
        assert_false(inventory.functions[1].bars_outside);
        range_set(&ranges[1].bars[0], 0x9000, 0x9fff);
        judge();
        assert_true(inventory.functions[1].bars_outside);
        inventory.functions[0].parent = BASE_SBDF(0, 2, 0, 0); /* they are each other's parents */
        inventory.functions[1].class = 0x060401;
        judge();
        assert_true(inventory.functions[1].bars_outside);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bus_window),      cmocka_unit_test(test_bus_siblings),
                cmocka_unit_test(test_bus_of_children), cmocka_unit_test(test_lines),
                cmocka_unit_test(test_lines_of_bridge), cmocka_unit_test(test_lines_that_are_none),
                cmocka_unit_test(test_register),        cmocka_unit_test(test_bars),
                cmocka_unit_test(test_bars_of_one),     cmocka_unit_test(test_bars_subtractive),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
