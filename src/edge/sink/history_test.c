/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of each port, in which order, and what is given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/sbdf.h"
#include "edge/sink/history.h"

#define PORT BASE_SBDF(0, 0, 4, 0)
#define OTHER BASE_SBDF(0, 0, 6, 0)
#define FUNCTION BASE_SBDF(0, 1, 0, 0)

static struct sink_history history; /* too large for the stack */

static int setup(void **state)
{
        (void)state;
        memset(&history, 0, sizeof history);
        return 0;
}

static void add(uint32_t port, uint32_t function, uint32_t count)
{
        const struct record record = { .time_ms = 1000 + count,
                                       .kind = RECORD_ARRIVAL,
                                       .port = port,
                                       .function = function,
                                       .count = count };

        sink_history_add(&history, &record);
}

/* The counts of what comes, "1 2 3 " */
static void assert_history(uint32_t port, uint32_t function, const char *expected)
{
        const struct sink_history_entry *entry;
        uint64_t sequence = 0;
        char text[256] = "";
        size_t length = 0;

        while ((entry = sink_history_next(&history, port, function, &sequence))) {
                assert_true(length + 4 < sizeof text);
                text[length++] = (char)('0' + entry->record.count % 10);
                if (entry->times > 1)
                        text[length++] = '*';
                text[length] = '\0';
        }
        assert_string_equal(text, expected);
}

/* What is about all ports stands among what is about this one, as it came. */
static void test_order(void **state)
{
        (void)state;
        assert_history(PORT, BASE_SBDF_NONE, "");
        add(BASE_SBDF_NONE, BASE_SBDF_NONE, 1);
        add(PORT, BASE_SBDF_NONE, 2);
        add(OTHER, BASE_SBDF_NONE, 3);
        add(PORT, FUNCTION, 4);
        add(BASE_SBDF_NONE, BASE_SBDF_NONE, 5);
        add(PORT, FUNCTION + 1, 6);
        assert_history(PORT, BASE_SBDF_NONE, "12456");
        assert_history(OTHER, BASE_SBDF_NONE, "135");
        assert_history(PORT, FUNCTION, "1245");
        assert_history(PORT, FUNCTION + 1, "1256");
        assert_history(BASE_SBDF_NONE, BASE_SBDF_NONE, "15");
}

static void test_port_of(void **state)
{
        (void)state;
        add(PORT, FUNCTION, 1);
        assert_int_equal(sink_history_port(&history, FUNCTION), PORT);
        add(OTHER, FUNCTION, 2);
        assert_int_equal(sink_history_port(&history, FUNCTION), OTHER); /* the last one counts */
        assert_int_equal(sink_history_port(&history, PORT), PORT);
        assert_int_equal(sink_history_port(&history, FUNCTION + 1), BASE_SBDF_NONE);
        assert_int_equal(sink_history_port(&history, BASE_SBDF_NONE), BASE_SBDF_NONE);
}

static uint32_t kept(uint32_t port, uint32_t *ret_first)
{
        const struct sink_history_entry *entry;
        uint64_t sequence = 0;
        uint32_t count = 0;

        while ((entry = sink_history_next(&history, port, BASE_SBDF_NONE, &sequence))) {
                if (count++ == 0)
                        *ret_first = entry->record.count;
                assert_int_equal(entry->record.count, *ret_first + count - 1);
        }
        return count;
}

static void test_dropped(void **state)
{
        uint32_t first = 0;

        (void)state;
        for (uint32_t i = 0; i < SINK_HISTORY_RECORDS; i++)
                add(PORT, BASE_SBDF_NONE, i);
        assert_int_equal(sink_history_dropped(&history, PORT), 0);
        assert_int_equal(kept(PORT, &first), SINK_HISTORY_RECORDS);
        assert_int_equal(first, 0);
        for (uint32_t i = 0; i < 700; i++)
                add(PORT, BASE_SBDF_NONE, SINK_HISTORY_RECORDS + i);
        assert_int_equal(sink_history_dropped(&history, PORT), 700);
        assert_int_equal(kept(PORT, &first), SINK_HISTORY_RECORDS);
        assert_int_equal(first, 700);
        assert_int_equal(sink_history_dropped(&history, OTHER), 0);
}

/* What repeats itself is counted, and drives nothing out. */
static void test_repeated(void **state)
{
        const struct sink_history_entry *entry;
        uint64_t sequence = 0;

        (void)state;
        add(PORT, BASE_SBDF_NONE, 1);
        for (int i = 0; i < 1000; i++) {
                add(PORT, BASE_SBDF_NONE, 2);
                add(PORT, BASE_SBDF_NONE, 3);
        }
        assert_history(PORT, BASE_SBDF_NONE, "12*3*");
        add(PORT, FUNCTION, 3); /* about another */
        for (int i = 0; i < 50; i++)
                for (uint32_t j = 4; j < 12; j++)
                        add(PORT, BASE_SBDF_NONE, j);
        assert_history(PORT, BASE_SBDF_NONE, "12*3*34*5*6*7*8*9*0*1*");
        assert_int_equal(sink_history_dropped(&history, PORT), 0);
        (void)sink_history_next(&history, PORT, BASE_SBDF_NONE, &sequence);
        entry = sink_history_next(&history, PORT, BASE_SBDF_NONE, &sequence);
        assert_int_equal(entry->times, 1000);
        assert_int_equal(entry->last_ms, 1002);
}

/* The repetition of a full ring: what it overwrote is gone, and nothing else is shown in its place. */
static void test_repeated_full(void **state)
{
        uint32_t first = 0;

        (void)state;
        for (uint32_t i = 0; i < SINK_HISTORY_RECORDS; i++)
                add(PORT, BASE_SBDF_NONE, i);
        add(PORT, BASE_SBDF_NONE, SINK_HISTORY_RECORDS - 2);
        add(PORT, BASE_SBDF_NONE, SINK_HISTORY_RECORDS - 1);
        assert_int_equal(kept(PORT, &first), SINK_HISTORY_RECORDS - 2);
        assert_int_equal(first, 2);
        assert_int_equal(sink_history_dropped(&history, PORT), 2);
}

/* More ports than rings: that of the one with the longest silence goes. */
static void test_many_ports(void **state)
{
        (void)state;
        add(BASE_SBDF_NONE, BASE_SBDF_NONE, 9);
        for (uint32_t i = 0; i < LIMIT_PORTS; i++)
                add(PORT + i, BASE_SBDF_NONE, 1);
        add(PORT, BASE_SBDF_NONE, 2);
        add(PORT + LIMIT_PORTS, BASE_SBDF_NONE, 3);
        assert_history(PORT, BASE_SBDF_NONE, "912");
        assert_history(PORT + 1, BASE_SBDF_NONE, "9");
        assert_history(PORT + 2, BASE_SBDF_NONE, "91");
        assert_history(PORT + LIMIT_PORTS, BASE_SBDF_NONE, "93");
}

static void router_add(uint64_t route, uint64_t instance, uint8_t id, const char *told)
{
        struct record record = { .kind = RECORD_ROUTER_HELD,
                                 .port = PORT,
                                 .function = BASE_SBDF_NONE,
                                 .router = { .any = true, .route = route, .instance = instance } };

        record.router.unique_id[15] = id;
        (void)snprintf(record.told, sizeof record.told, "%s", told);
        sink_history_add(&history, &record);
}

/* How many entries there are, whatever they are about. */
static unsigned int entries_count(void)
{
        uint64_t sequence = 0;
        unsigned int count = 0;

        while (sink_history_next(&history, BASE_SBDF_NONE, BASE_SBDF_NONE, &sequence))
                count++;
        return count;
}

/* Only what says the same of the same router repeats itself; all of it is kept with what is about all ports. */
static void test_routers(void **state)
{
        (void)state;
        router_add(1, 10, 7, "Dell");
        router_add(1, 10, 7, "Dell");
        assert_int_equal(entries_count(), 1);
        router_add(3, 10, 7, "Dell");
        assert_int_equal(entries_count(), 2);
        router_add(3, 11, 7, "Dell"); /* its successor */
        assert_int_equal(entries_count(), 3);
        router_add(3, 11, 8, "Dell");
        assert_int_equal(entries_count(), 4);
        router_add(3, 11, 8, "Dill");
        assert_int_equal(entries_count(), 5);
        assert_history(PORT, BASE_SBDF_NONE, "0*0000");
}

static void test_about(void **state)
{
        const struct record none = { .kind = RECORD_ARRIVAL };
        struct record record = { .router = { .any = true, .domain = 1, .route = 3 } };
        struct record_router router = { .any = true, .domain = 1, .route = 3 };

        (void)state;
        record.router.unique_id[0] = 7;
        assert_true(sink_history_about(&record, &router));
        assert_false(sink_history_about(&none, &router));
        router.domain = 0;
        assert_false(sink_history_about(&record, &router));
        router = (struct record_router){ .any = true, .domain = 1, .route = 1 };
        assert_false(sink_history_about(&record, &router));
        router = (struct record_router){ .any = true, .unique_id = { 7 } };
        assert_true(sink_history_about(&record, &router));
        router.unique_id[0] = 8;
        assert_false(sink_history_about(&record, &router));
        assert_false(sink_history_about(&record, &none.router));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_order),    TEST(test_port_of),       TEST(test_dropped),
                TEST(test_repeated), TEST(test_repeated_full), TEST(test_many_ports),
                TEST(test_routers),  TEST(test_about),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
