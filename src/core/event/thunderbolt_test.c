/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the Thunderbolt bus shows, word by word, and what is none of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/event/parse.h"

#define UUID "d4030000-0090-8708-2315-9d8f2a1f0a1d"

static struct event_text text_of(const char *text)
{
        return (struct event_text){ text, strlen(text) };
}

/* A dock as Linux shows it. */
static struct event_router_texts dock_texts(void)
{
        return (struct event_router_texts){
                .unique_id = text_of(UUID "\n"),
                .authorized = text_of("0\n"),
                .boot = text_of("0\n"),
                .generation = text_of("3\n"),
                .vendor = text_of("0xd4\n"),
                .device = text_of("0xb070\n"),
                .vendor_name = text_of("Dell\n"),
                .device_name = text_of("WD19TB Thunderbolt Dock\n"),
        };
}

static struct event_router parsed(const struct event_router_texts *texts)
{
        struct event_router router;

        memset(&router, 0xff, sizeof router);
        event_router_parse(texts, &router);
        return router;
}

static void test_domain_name(void **state)
{
        static const char *const bad[] = { "",         "domain",          "domain00", "domain01",
                                           "domain-1", "domain0x",        "domain 0", "Domain0",
                                           "0-0",      "domain4294967296" };
        uint32_t number = 7;

        (void)state;
        assert_true(event_domain_name_parse("domain0", 7, &number));
        assert_int_equal(number, 0);
        assert_true(event_domain_name_parse("domain4294967295", 16, &number));
        assert_int_equal(number, UINT32_MAX);
        assert_true(event_domain_name_parse("domain12", 7, &number)); /* bounded by length */
        assert_int_equal(number, 1);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                number = 7;
                assert_false(event_domain_name_parse(bad[i], strlen(bad[i]), &number));
                assert_int_equal(number, 7);
        }
}

static void test_router_name(void **state)
{
        static const char *const bad[] = { "",
                                           "0",
                                           "-",
                                           "0-",
                                           "-1",
                                           "0-1.0",
                                           "0-0:1.1",
                                           "0-01",
                                           "00-1",
                                           "0-1 ",
                                           " 0-1",
                                           "0-A",
                                           "a-1",
                                           "0-g",
                                           "0--1",
                                           "0-1-1",
                                           "0x1-1",
                                           "domain0",
                                           "usb4_port1",
                                           "4294967296-1",
                                           "0-10000000000000000" };
        uint32_t domain = 7;
        uint64_t route = 7;

        (void)state;
        assert_true(event_router_name_parse("0-0", 3, &domain, &route));
        assert_int_equal(domain, 0);
        assert_int_equal(route, 0);
        assert_true(event_router_name_parse("1-301", 5, &domain, &route));
        assert_int_equal(domain, 1);
        assert_int_equal(route, 0x301);
        assert_true(event_router_name_parse("10-ffffffffffffffff", 19, &domain, &route));
        assert_int_equal(domain, 10);
        assert_int_equal(route, UINT64_MAX);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                domain = 7;
                route = 7;
                assert_false(event_router_name_parse(bad[i], strlen(bad[i]), &domain, &route));
                assert_int_equal(domain, 7);
                assert_int_equal(route, 7);
        }
}

static void test_router_is(void **state)
{
        static const struct {
                const char *uevent;
                bool router;
        } all[] = { { "DEVTYPE=thunderbolt_device\nUSB4_TYPE=hub\n", true },
                    { "USB4_TYPE=hub\nDEVTYPE=thunderbolt_device", true },
                    { "DEVTYPE=thunderbolt_xdomain\n", false },
                    { "DEVTYPE=\n", false },
                    { "XDEVTYPE=thunderbolt_xdomain\n", true },
                    { "", true } };

        (void)state;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
                assert_int_equal(event_router_is(all[i].uevent, strlen(all[i].uevent)),
                                 all[i].router);
}

static void test_unique_id(void **state)
{
        static const char *const bad[] = { "",
                                           "\n",
                                           "d40300000090870823159d8f2a1f0a1d",
                                           "d4030000-0090-8708-2315-9d8f2a1f0a1",
                                           "d4030000-0090-8708-2315-9d8f2a1f0a1dd",
                                           "d4030000-0090-8708-2315-9d8f2a1f0a1g",
                                           "d4030000-0090-8708-2315-9d8f2a1f0a1-",
                                           "d4030000-0090-8708-23159-d8f2a1f0a1d",
                                           "d4030000 0090-8708-2315-9d8f2a1f0a1d",
                                           " " UUID,
                                           UUID "\n\n",
                                           UUID "x" };
        uint8_t id[RECORD_UNIQUE_ID_SIZE];
        char text[EVENT_UNIQUE_ID_TEXT_SIZE];

        (void)state;
        assert_true(event_unique_id_parse(UUID "\n", 37, id));
        assert_int_equal(id[0], 0xd4);
        assert_int_equal(id[15], 0x1d);
        assert_string_equal(event_unique_id_format(id, text), UUID);
        assert_true(event_unique_id_parse("D4030000-0090-8708-2315-9D8F2A1F0A1D", 36, id));
        assert_string_equal(event_unique_id_format(id, text), UUID);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                memset(id, 7, sizeof id);
                assert_false(event_unique_id_parse(bad[i], strlen(bad[i]), id));
                assert_int_equal(id[0], 7);
                assert_int_equal(id[15], 7);
        }
}

static void test_security(void **state)
{
        static const struct {
                const char *text;
                enum event_security security;
                enum event_thunderbolt tunnels;
        } all[] = { { "none\n", SECURITY_NONE, THUNDERBOLT_UNGUARDED },
                    { "user\n", SECURITY_USER, THUNDERBOLT_GUARDED },
                    { "secure\n", SECURITY_SECURE, THUNDERBOLT_GUARDED },
                    { "dponly\n", SECURITY_DPONLY, THUNDERBOLT_NO_TUNNELS },
                    { "usbonly\n", SECURITY_USBONLY, THUNDERBOLT_NO_TUNNELS },
                    { "nopcie\n", SECURITY_NOPCIE, THUNDERBOLT_NO_TUNNELS },
                    { "none", SECURITY_NONE, THUNDERBOLT_UNGUARDED },
                    { "", SECURITY_UNKNOWN, THUNDERBOLT_UNKNOWN },
                    { "\n", SECURITY_UNKNOWN, THUNDERBOLT_UNKNOWN },
                    { "None\n", SECURITY_UNKNOWN, THUNDERBOLT_UNKNOWN },
                    { "none\n\n", SECURITY_UNKNOWN, THUNDERBOLT_UNKNOWN },
                    { "unknown\n", SECURITY_UNKNOWN, THUNDERBOLT_UNKNOWN },
                    { "users\n", SECURITY_UNKNOWN, THUNDERBOLT_UNKNOWN } };

        (void)state;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                assert_int_equal(event_security_parse(all[i].text, strlen(all[i].text)),
                                 all[i].security);
                assert_int_equal(event_thunderbolt_parse(all[i].text, strlen(all[i].text)),
                                 all[i].tunnels);
        }
}

static void test_router(void **state)
{
        struct event_router_texts texts = dock_texts();
        struct event_router router = parsed(&texts);
        char text[EVENT_UNIQUE_ID_TEXT_SIZE];

        (void)state;
        assert_true(router.readable);
        assert_string_equal(event_unique_id_format(router.unique_id, text), UUID);
        assert_int_equal(router.authorized, AUTHORIZED_NO);
        assert_false(router.boot);
        assert_int_equal(router.generation, 3);
        assert_int_equal(router.vendor, 0xd4);
        assert_int_equal(router.device, 0xb070);
        assert_string_equal(router.vendor_name, "Dell");
        assert_string_equal(router.device_name, "WD19TB Thunderbolt Dock");
        /* What the edge knows is the edge's. */
        assert_int_equal(router.domain, 0);
        assert_int_equal(router.instance, 0);
        assert_int_equal(router.enrolled, ENROLLED_UNKNOWN);
        assert_int_equal(router.key, ROUTER_KEY_NONE);
        texts.authorized = text_of("1\n");
        texts.boot = text_of("1\n");
        router = parsed(&texts);
        assert_int_equal(router.authorized, AUTHORIZED_YES);
        assert_true(router.boot);
        texts.authorized = text_of("2\n");
        router = parsed(&texts);
        assert_int_equal(router.authorized, AUTHORIZED_CHALLENGED);
        assert_true(router.readable);
}

/* Kernels show what they know: no name without a DROM, no authorized with nopcie, no generation before 5.5. */
static void test_hidden(void **state)
{
        struct event_router_texts texts = { .unique_id = text_of(UUID "\n") };
        struct event_router router = parsed(&texts);

        (void)state;
        assert_true(router.readable);
        assert_int_equal(router.authorized, AUTHORIZED_UNKNOWN);
        assert_false(router.boot);
        assert_int_equal(router.generation, 0);
        assert_int_equal(router.vendor, 0);
        assert_string_equal(router.vendor_name, "");
        texts.failed = true;
        router = parsed(&texts);
        assert_false(router.readable);
        texts = dock_texts();
        texts.unique_id = (struct event_text){ 0 };
        router = parsed(&texts);
        assert_false(router.readable);
        assert_string_equal(router.vendor_name, "Dell");
}

/* Each attribute by itself makes it unreadable. */
static void test_malformed(void **state)
{
        static const struct {
                size_t at; /* of a struct event_text */
                const char *text;
        } all[] = {
                { offsetof(struct event_router_texts, unique_id), "d4030000\n" },
                { offsetof(struct event_router_texts, authorized), "3\n" },
                { offsetof(struct event_router_texts, authorized), "" },
                { offsetof(struct event_router_texts, authorized), "00\n" },
                { offsetof(struct event_router_texts, authorized), "-1\n" },
                { offsetof(struct event_router_texts, boot), "2\n" },
                { offsetof(struct event_router_texts, boot), "y\n" },
                { offsetof(struct event_router_texts, generation), "256\n" },
                { offsetof(struct event_router_texts, generation), "three\n" },
                { offsetof(struct event_router_texts, vendor), "0x10000\n" },
                { offsetof(struct event_router_texts, vendor), "0x\n" },
                { offsetof(struct event_router_texts, vendor), "0x0d4\n" },
                { offsetof(struct event_router_texts, vendor), "d4\n" },
                { offsetof(struct event_router_texts, device), "\n" },
                { offsetof(struct event_router_texts, device), "1xd4\n" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                struct event_router_texts texts = dock_texts();
                struct event_router router;

                *(struct event_text *)(void *)((char *)&texts + all[i].at) = text_of(all[i].text);
                router = parsed(&texts);
                assert_false(router.readable);
                if (all[i].at != offsetof(struct event_router_texts, authorized))
                        assert_int_equal(router.authorized, AUTHORIZED_NO);
                else
                        assert_int_equal(router.authorized, AUTHORIZED_UNKNOWN);
        }
}

/* IDs that are not there read "0", or are hidden. */
static void test_ids(void **state)
{
        struct event_router_texts texts = dock_texts();
        struct event_router router;

        (void)state;
        texts.vendor = text_of("0\n");
        texts.device = text_of("0xffff\n");
        router = parsed(&texts);
        assert_true(router.readable);
        assert_int_equal(router.vendor, 0);
        assert_int_equal(router.device, 0xffff);
}

/* Names are bytes: bounded, kept as they are, and the reports escape them. */
static void test_names(void **state)
{
        static char huge[4096];
        struct event_router_texts texts = dock_texts();
        struct event_router router;

        (void)state;
        texts.vendor_name = text_of("\x1b[2J\xff\\a\nb\n");
        texts.device_name = text_of("\n");
        router = parsed(&texts);
        assert_true(router.readable);
        assert_string_equal(router.vendor_name, "\x1b[2J\xff\\a\nb");
        assert_string_equal(router.device_name, "");
        memset(huge, 'A', sizeof huge);
        texts.device_name = (struct event_text){ huge, LIMIT_ROUTER_NAME - 1 };
        router = parsed(&texts);
        assert_true(router.readable);
        assert_int_equal(strlen(router.device_name), LIMIT_ROUTER_NAME - 1);
        texts.device_name.length++;
        router = parsed(&texts);
        assert_false(router.readable);
        assert_string_equal(router.device_name, "");
        texts.device_name.length = sizeof huge;
        router = parsed(&texts);
        assert_false(router.readable);
        texts.device_name = (struct event_text){ "a\0b\n", 4 };
        router = parsed(&texts);
        assert_false(router.readable);
        assert_string_equal(router.device_name, "");
}

static void test_key(void **state)
{
        static const char hex[] =
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eFF\n";
        uint8_t key[EVENT_KEY_SIZE];
        char text[EVENT_KEY_TEXT_SIZE];

        (void)state;
        assert_true(event_key_parse(hex, 65, key));
        assert_int_equal(key[1], 1);
        assert_int_equal(key[31], 0xff);
        event_key_format(key, text);
        assert_memory_equal(text, hex, 62);
        assert_string_equal(text + 62, "ff\n");
        assert_true(event_key_parse(hex, 64, key));
        assert_false(event_key_parse(hex, 63, key));
        assert_int_equal(key[31], 0);
        assert_false(event_key_parse("\n", 1, key)); /* there is none */
        assert_true(event_key_parse(text, 64, key));
        text[63] = 'g';
        assert_false(event_key_parse(text, 64, key));
        assert_int_equal(key[1], 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_domain_name), cmocka_unit_test(test_router_name),
                cmocka_unit_test(test_router_is),   cmocka_unit_test(test_unique_id),
                cmocka_unit_test(test_security),    cmocka_unit_test(test_router),
                cmocka_unit_test(test_hidden),      cmocka_unit_test(test_malformed),
                cmocka_unit_test(test_ids),         cmocka_unit_test(test_names),
                cmocka_unit_test(test_key),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
