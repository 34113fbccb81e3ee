/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory's entries: what was written is read back; every byte that is missing or wrong is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/event/parse.h"

static const uint8_t boot[EVENT_MEMORY_BOOT_SIZE] = "this boot's name";
static uint8_t file[4 * EVENT_MEMORY_ENTRY_MAX];
static size_t file_size, ends[4];
static struct event_memory memory;

static void memory_make(uint32_t port, uint32_t count)
{
        memset(&memory, 0, sizeof memory);
        memory.port = port;
        memory.ejected = count == 0;
        memory.tainted = count == 2;
        memory.leaving = count == 2;
        memory.count = count;
        for (uint32_t i = 0; i < count; i++)
                memory.functions[i] =
                        (struct event_memory_function){ .instance = 0x100000000ull + i,
                                                        .digest = 7 + i,
                                                        .sbdf = 0x100 + i,
                                                        .at_boot = i % 2,
                                                        .given = i == 0,
                                                        .rights = i == 1 ? 0x7fef : 0,
                                                        .taken = i == 1 };
        if (count != 1)
                return;
        memory.withheld = true;
        memory.domid = 0x1234;
        memory.guest[0] = 'w';
}

/* The last entry of the file, with one function, has a guest there. */
#define GUEST_AT 72u

/* Three entries of 2, 0 and 1 functions; ends[i]: where the i-th ends. */
static int setup(void **state)
{
        static const uint32_t counts[] = { 2, 0, 1 };

        (void)state;
        memset(file, 0, sizeof file);
        event_memory_head_write(file);
        file_size = ends[0] = EVENT_MEMORY_HEAD_SIZE;
        for (uint32_t i = 0; i < 3; i++) {
                memory_make(i + 1, counts[i]);
                file_size += event_memory_entry_write(&memory, i + 1, boot, file + file_size);
                ends[i + 1] = file_size;
        }
        return 0;
}

static struct event_memory_cursor read_all(const uint8_t *bytes, size_t length, uint32_t *ret_count)
{
        static struct event_memory last;
        struct event_memory_cursor cursor;

        *ret_count = 0;
        event_memory_begin(bytes, length, &cursor);
        while (event_memory_next(bytes, length, boot, &cursor, &last))
                (*ret_count)++;
        return cursor;
}

static void test_round_trip(void **state)
{
        static struct event_memory back;
        struct event_memory_cursor cursor;
        uint32_t counts[] = { 2, 0, 1 };

        (void)state;
        event_memory_begin(file, file_size, &cursor);
        for (uint32_t i = 0; i < 3; i++) {
                assert_true(event_memory_next(file, file_size, boot, &cursor, &back));
                memory_make(i + 1, counts[i]);
                memory.this_boot = true;
                assert_memory_equal(&back, &memory, sizeof back);
                assert_int_equal(cursor.sequence, i + 1);
        }
        assert_false(event_memory_next(file, file_size, boot, &cursor, &back));
        assert_int_equal(cursor.status, MEMORY_GOOD);
        assert_int_equal(cursor.at, file_size);
}

static void test_largest(void **state)
{
        uint32_t count;
        size_t size;

        (void)state;
        memory_make(1, LIMIT_PORT_FUNCTIONS);
        size = event_memory_entry_write(&memory, 1, boot, file + EVENT_MEMORY_HEAD_SIZE);
        assert_true(size <= EVENT_MEMORY_ENTRY_MAX);
        assert_int_equal(read_all(file, EVENT_MEMORY_HEAD_SIZE + size, &count).status, MEMORY_GOOD);
        assert_int_equal(count, 1);
}

static void test_other_boot(void **state)
{
        static const uint8_t other[EVENT_MEMORY_BOOT_SIZE] = "another boot....";
        struct event_memory_cursor cursor;

        (void)state;
        event_memory_begin(file, file_size, &cursor);
        assert_true(event_memory_next(file, file_size, other, &cursor, &memory));
        assert_false(memory.this_boot);
}

/* An append that was cut short anywhere: what came before it counts, and nothing of it. */
static void test_torn(void **state)
{
        (void)state;
        for (size_t length = 0; length < file_size; length++) {
                uint32_t count, whole = 0;
                struct event_memory_cursor cursor = read_all(file, length, &count);

                if (length < EVENT_MEMORY_HEAD_SIZE) {
                        assert_int_equal(cursor.status, MEMORY_DAMAGED);
                        continue;
                }
                while (ends[whole + 1] <= length)
                        whole++;
                assert_int_equal(count, whole);
                assert_int_equal(cursor.at, ends[whole]);
                assert_int_equal(cursor.status, length == ends[whole] ? MEMORY_GOOD : MEMORY_TORN);
        }
}

/* Space without bytes, as a file system may leave behind the end. */
static void test_zeros(void **state)
{
        uint32_t count;

        (void)state;
        assert_int_equal(read_all(file, file_size + 100, &count).status, MEMORY_TORN);
        assert_int_equal(count, 3);
        file[file_size + 90] = 1;
        assert_int_equal(read_all(file, file_size + 100, &count).status, MEMORY_DAMAGED);
}

static void test_flipped(void **state)
{
        (void)state;
        for (size_t bit = 0; bit < 8 * file_size; bit++) {
                struct event_memory_cursor cursor;
                uint32_t count;

                file[bit / 8] ^= (uint8_t)(1u << bit % 8);
                cursor = read_all(file, file_size, &count);
                if (bit / 8 < EVENT_MEMORY_HEAD_SIZE)
                        assert_true(cursor.status == MEMORY_DAMAGED ||
                                    cursor.status == MEMORY_NEWER);
                else
                        assert_int_equal(cursor.status, MEMORY_DAMAGED);
                file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
}

/* CRC-32C, bit by bit, as anybody would write it: what is changed on purpose gets its checksums right. */
static void sum(uint8_t *bytes, size_t length)
{
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < 8 * length; i++) {
                uint32_t bit = (crc ^ (uint32_t)bytes[i / 8] >> i % 8) & 1;

                crc = crc >> 1 ^ (bit ? 0x82f63b78u : 0);
        }
        for (size_t i = 0; i < 4; i++)
                bytes[length + i] = (uint8_t)(~crc >> 8 * i);
}

/* The last entry, with one number of it replaced and its checksums right. */
static enum event_memory_status last_with(size_t offset, uint8_t value)
{
        uint8_t *entry = file + ends[2];
        size_t size = file_size - ends[2];
        uint32_t count;

        (void)setup(NULL);
        entry[offset] = value;
        sum(entry, 32);
        sum(entry, size - 4);
        return read_all(file, file_size, &count).status;
}

static void test_guest_name(void **state)
{
        uint32_t count;
        size_t size;

        (void)state;
        memory_make(1, 1);
        memset(memory.guest, 'x', sizeof memory.guest - 1);
        size = event_memory_entry_write(&memory, 1, boot, file + EVENT_MEMORY_HEAD_SIZE);
        assert_int_equal(read_all(file, EVENT_MEMORY_HEAD_SIZE + size, &count).status, MEMORY_GOOD);
        memory.guest[sizeof memory.guest - 1] = 'x'; /* no end */
        size = event_memory_entry_write(&memory, 1, boot, file + EVENT_MEMORY_HEAD_SIZE);
        assert_int_equal(read_all(file, EVENT_MEMORY_HEAD_SIZE + size, &count).status,
                         MEMORY_NEWER);
        memory_make(1, 1);
        memory.domid = 0; /* dom0 is no guest */
        size = event_memory_entry_write(&memory, 1, boot, file + EVENT_MEMORY_HEAD_SIZE);
        assert_int_equal(read_all(file, EVENT_MEMORY_HEAD_SIZE + size, &count).status,
                         MEMORY_NEWER);
}

static void test_newer(void **state)
{
        uint32_t count;

        (void)state;
        assert_int_equal(last_with(4, 2), MEMORY_GOOD);
        assert_int_equal(last_with(4, 1), MEMORY_NEWER); /* another type, with another size */
        assert_int_equal(last_with(4, 3), MEMORY_NEWER); /* type */
        assert_int_equal(last_with(40, 15), MEMORY_GOOD);
        assert_int_equal(last_with(40, 16), MEMORY_NEWER); /* flags of the port */
        assert_int_equal(last_with(44, 2), MEMORY_NEWER);  /* functions, but no room for them */
        assert_int_equal(last_with(44, 0), MEMORY_NEWER);
        assert_int_equal(last_with(47, 1), MEMORY_NEWER); /* more than we have room for */
        assert_int_equal(last_with(68, 7), MEMORY_GOOD);
        assert_int_equal(last_with(68, 8), MEMORY_NEWER); /* flags of the function */
        assert_int_equal(last_with(69, 1), MEMORY_NEWER);
        assert_int_equal(last_with(71, 0x7f), MEMORY_GOOD);
        assert_int_equal(last_with(71, 0x80), MEMORY_NEWER); /* its number is no guest's */
        assert_int_equal(last_with(8, 4), MEMORY_DAMAGED);   /* an entry is missing before it */
        assert_int_equal(last_with(GUEST_AT + 1, 0x80), MEMORY_NEWER); /* 0x8034 is no guest's */
        assert_int_equal(last_with(GUEST_AT + 2, 1), MEMORY_NEWER);
        assert_int_equal(last_with(GUEST_AT + 4, 0), MEMORY_NEWER);  /* a name that is empty */
        assert_int_equal(last_with(GUEST_AT + 12, 1), MEMORY_NEWER); /* bytes behind it */
        (void)setup(NULL);
        file[EVENT_MEMORY_HEAD_SIZE - 2] = '2';
        assert_int_equal(read_all(file, file_size, &count).status, MEMORY_NEWER);
        assert_int_equal(count, 0);
}

/* "123456789" has a CRC-32C that everybody knows (RFC 3720 B.4 uses the same polynomial). */
static void test_checksum(void **state)
{
        static uint8_t bytes[13] = "123456789";

        (void)state;
        sum(bytes, 9);
        assert_memory_equal(bytes + 9, "\x83\x92\x06\xe3", 4);
}

static void test_boot_parse(void **state)
{
        static const char text[] = "00112233-4455-6677-8899-aabbccddeeff\n";
        uint8_t parsed[EVENT_MEMORY_BOOT_SIZE];

        (void)state;
        assert_true(event_memory_boot_parse(text, sizeof text - 1, parsed));
        assert_memory_equal(parsed,
                            "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
                            sizeof parsed);
        assert_true(event_memory_boot_parse(text, sizeof text - 2, parsed));
        assert_false(event_memory_boot_parse(text, sizeof text - 3, parsed));
        assert_false(event_memory_boot_parse("", 0, parsed));
        assert_false(event_memory_boot_parse("00112233445566778899aabbccddeeff0", 33, parsed));
        assert_false(event_memory_boot_parse("0011223344556677889_aabbccddeeff", 32, parsed));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

static void routers_make(uint32_t count)
{
        memset(&memory, 0, sizeof memory);
        memory.port = BASE_SBDF_NONE;
        memory.router_count = count;
        for (uint32_t i = 0; i < count; i++) {
                struct event_memory_router *router = &memory.routers[i];

                router->route = 0x0102030405060708ull + i;
                router->instance = 0x200000000ull + i;
                router->digest = 9 + i;
                memset(router->unique_id, (int)i + 1, sizeof router->unique_id);
                router->domain = i % 8;
                router->port = i % 2 ? BASE_SBDF_NONE : i;
                router->word = (enum event_word)(i % WORD_MAX);
                router->changed = i & 1;
                router->refuted = i & 2;
                router->retired = i & 4;
                router->ambiguous = i & 8;
        }
}

static void test_routers(void **state)
{
        static struct event_memory back;
        struct event_memory_cursor cursor;
        size_t size;

        (void)state;
        for (uint32_t count = 0; count <= LIMIT_ROUTERS; count++) {
                routers_make(count);
                size = EVENT_MEMORY_HEAD_SIZE +
                       event_memory_entry_write(&memory, 1, boot, file + EVENT_MEMORY_HEAD_SIZE);
                assert_true(size <= EVENT_MEMORY_HEAD_SIZE + EVENT_MEMORY_ENTRY_MAX);
                event_memory_begin(file, size, &cursor);
                assert_true(event_memory_next(file, size, boot, &cursor, &back));
                memory.this_boot = true;
                assert_memory_equal(&back, &memory, sizeof back);
                assert_false(event_memory_next(file, size, boot, &cursor, &back));
                assert_int_equal(cursor.status, MEMORY_GOOD);
        }
}

/* One router, with one byte replaced and the checksums right. */
static enum event_memory_status router_with(size_t offset, uint8_t value)
{
        uint8_t *entry = file + EVENT_MEMORY_HEAD_SIZE;
        size_t size;
        uint32_t count;

        routers_make(1);
        size = event_memory_entry_write(&memory, 1, boot, entry);
        entry[offset] = value;
        sum(entry, 32);
        sum(entry, size - 4);
        return read_all(file, EVENT_MEMORY_HEAD_SIZE + size, &count).status;
}

static void test_routers_newer(void **state)
{
        (void)state;
        assert_int_equal(router_with(96, 0x3f), MEMORY_GOOD);
        assert_int_equal(router_with(96, 0x40), MEMORY_NEWER); /* flags of the router */
        assert_int_equal(router_with(99, 1), MEMORY_NEWER);
        assert_int_equal(router_with(36, 0), MEMORY_NEWER); /* of a port */
        assert_int_equal(router_with(4, 1), MEMORY_NEWER);  /* a port's, of none */
        assert_int_equal(router_with(40, 1), MEMORY_NEWER);
        assert_int_equal(router_with(44, 0), MEMORY_NEWER);
        assert_int_equal(router_with(44, 2), MEMORY_NEWER);
        assert_int_equal(router_with(45, 1), MEMORY_NEWER); /* more than there is room for */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_routers),  TEST(test_routers_newer), TEST(test_round_trip),
                TEST(test_largest),  TEST(test_other_boot),    TEST(test_torn),
                TEST(test_zeros),    TEST(test_flipped),       TEST(test_newer),
                TEST(test_checksum), TEST(test_boot_parse),    TEST(test_guest_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
