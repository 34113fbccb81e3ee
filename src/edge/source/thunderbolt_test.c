/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Thunderbolt bus, on a sysfs of plain files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/source/thunderbolt.h"
#include "edge/store/routers.h"
#include "tree/tree.h"

#define UUID "d4030000-0090-8708-2315-9d8f2a1f0a1d"
#define DEVICES "bus/thunderbolt/devices/"
#define OTHER_KEY "00000000000000000000000000000000000000000000000000000000000000aa\n"

static char root[64], state_folder[80];
static int sysfs;
static struct store store;
static struct event_routers routers;
static uint8_t id[RECORD_UNIQUE_ID_SIZE];

static void domain_make(const char *name, const char *security, const char *deauthorization)
{
        char folder[128];

        (void)snprintf(folder, sizeof folder, DEVICES "%s", name);
        tree_text_write(sysfs, folder, "security", security);
        tree_text_write(sysfs, folder, "deauthorization", deauthorization);
        tree_text_write(sysfs, folder, "uevent", "DEVTYPE=thunderbolt_domain\n");
}

/* As the kernel shows a dock that nobody has authorized. */
static void router_make(const char *name)
{
        char folder[128];

        (void)snprintf(folder, sizeof folder, DEVICES "%s", name);
        tree_text_write(sysfs, folder, "uevent",
                        "DEVTYPE=thunderbolt_device\nUSB4_VERSION=1.0\nUSB4_TYPE=hub\n");
        tree_text_write(sysfs, folder, "unique_id", UUID "\n");
        tree_text_write(sysfs, folder, "authorized", "0\n");
        tree_text_write(sysfs, folder, "boot", "0\n");
        tree_text_write(sysfs, folder, "generation", "3\n");
        tree_text_write(sysfs, folder, "vendor", "0xd4\n");
        tree_text_write(sysfs, folder, "device", "0xb070\n");
        tree_text_write(sysfs, folder, "vendor_name", "Dell\n");
        tree_text_write(sysfs, folder, "device_name", "WD19TB\n");
}

static void list(void)
{
        memset(&routers, 0xff, sizeof routers);
        assert_int_equal(source_routers_read(sysfs, &store, &routers), 0);
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-bus-XXXXXX");
        if (!mkdtemp(root) || !event_unique_id_parse(UUID, strlen(UUID), id))
                return -1;
        (void)snprintf(state_folder, sizeof state_folder, "%s/state", root);
        sysfs = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        store_open(state_folder, &store);
        return sysfs < 0 ? -1 : store.error;
}

static int teardown(void **state)
{
        (void)state;
        store_close(&store);
        (void)close(sysfs);
        return tree_remove(root);
}

/* No driver, no bus: that is no error. A bus that cannot be opened is one. */
static void test_none(void **state)
{
        (void)state;
        list();
        assert_int_equal(routers.domain_count, 0);
        assert_int_equal(routers.count, 0);
        assert_false(routers.truncated);
        tree_text_write(sysfs, "bus/thunderbolt", "devices", "");
        assert_int_equal(source_routers_read(sysfs, &store, &routers), -ENOTDIR);
}

static void test_bus(void **state)
{
        struct stat status;

        (void)state;
        domain_make("domain1", "secure\n", "0\n");
        domain_make("domain0", "user\n", "1\n");
        router_make("0-0");
        router_make("0-301");
        router_make("0-1");
        list();
        assert_int_equal(routers.domain_count, 2);
        assert_int_equal(routers.domains[0].number, 0);
        assert_int_equal(routers.domains[0].security, SECURITY_USER);
        assert_true(routers.domains[0].deauthorizes);
        assert_int_equal(routers.domains[1].number, 1);
        assert_int_equal(routers.domains[1].security, SECURITY_SECURE);
        assert_false(routers.domains[1].deauthorizes);
        assert_int_equal(routers.count, 2); /* not the host's own */
        assert_int_equal(routers.routers[0].route, 1);
        assert_int_equal(routers.routers[1].route, 0x301);
        assert_true(routers.routers[0].readable);
        assert_memory_equal(routers.routers[0].unique_id, id, sizeof id);
        assert_int_equal(routers.routers[0].authorized, AUTHORIZED_NO);
        assert_int_equal(routers.routers[0].generation, 3);
        assert_int_equal(routers.routers[0].vendor, 0xd4);
        assert_string_equal(routers.routers[0].device_name, "WD19TB");
        assert_int_equal(routers.routers[0].enrolled, ENROLLED_NO);
        assert_false(routers.routers[0].takes_key);
        assert_int_equal(fstatat(sysfs, DEVICES "0-1", &status, 0), 0);
        assert_int_equal(routers.routers[0].instance, status.st_ino);
        assert_false(routers.truncated);
}

/* Devices of the bus that are no routers. */
static void test_others(void **state)
{
        (void)state;
        router_make("0-1");
        router_make("0-3");
        tree_text_write(sysfs, DEVICES "0-3", "uevent", "DEVTYPE=thunderbolt_xdomain\n");
        router_make("0-5"); /* says not what it is */
        tree_text_write(sysfs, DEVICES "0-5", "uevent", "DRIVER=x\n");
        tree_text_write(sysfs, DEVICES "0-1.0", "key", "network\n");
        tree_text_write(sysfs, DEVICES "0-0:1.1", "device", "0x1\n");
        list();
        assert_int_equal(routers.count, 2);
        assert_int_equal(routers.routers[0].route, 1);
        assert_int_equal(routers.routers[1].route, 5);
}

/* Attributes that are not there, or that cannot be read. */
static void test_unreadable(void **state)
{
        (void)state;
        tree_folder_make(sysfs, DEVICES "domain0");
        router_make("0-1");
        assert_int_equal(unlinkat(sysfs, DEVICES "0-1/vendor_name", 0), 0);
        assert_int_equal(unlinkat(sysfs, DEVICES "0-1/authorized", 0), 0);
        list();
        assert_int_equal(routers.domains[0].security, SECURITY_UNKNOWN);
        assert_false(routers.domains[0].deauthorizes);
        assert_true(routers.routers[0].readable);
        assert_int_equal(routers.routers[0].authorized, AUTHORIZED_UNKNOWN);
        assert_string_equal(routers.routers[0].vendor_name, "");
        tree_folder_make(sysfs, DEVICES "0-1/vendor_name"); /* a read fails: EISDIR */
        list();
        assert_false(routers.routers[0].readable);
        assert_int_equal(routers.routers[0].enrolled, ENROLLED_UNKNOWN);
        assert_int_not_equal(routers.routers[0].instance, 0);
        assert_int_equal(routers.routers[0].route, 1);
}

/* A name of 4 KB is no name, one with control characters is; nothing is overrun. */
static void test_hostile_names(void **state)
{
        static char huge[5000];

        (void)state;
        router_make("0-1");
        router_make("0-3");
        tree_text_write(sysfs, DEVICES "0-1", "vendor_name",
                        "\x1b[31m\x07"
                        "Dell\n");
        memset(huge, 'A', sizeof huge - 1);
        tree_text_write(sysfs, DEVICES "0-3", "vendor_name", huge);
        list();
        assert_true(routers.routers[0].readable);
        assert_string_equal(routers.routers[0].vendor_name, "\x1b[31m\x07"
                                                            "Dell");
        assert_false(routers.routers[1].readable);
        assert_string_equal(routers.routers[1].vendor_name, "");
}

static void test_too_many(void **state)
{
        char name[32];

        (void)state;
        for (unsigned int i = 0; i < LIMIT_DOMAINS; i++) {
                (void)snprintf(name, sizeof name, "domain%u", i);
                domain_make(name, "user\n", "1\n");
        }
        for (unsigned int i = 1; i <= LIMIT_ROUTERS; i++) {
                (void)snprintf(name, sizeof name, "0-%x", i);
                router_make(name);
        }
        list();
        assert_false(routers.truncated);
        assert_int_equal(routers.count, LIMIT_ROUTERS);
        router_make("1-1");
        list();
        assert_true(routers.truncated);
        assert_int_equal(routers.count, LIMIT_ROUTERS);
}

static void test_too_many_domains(void **state)
{
        char name[32];

        (void)state;
        for (unsigned int i = 0; i <= LIMIT_DOMAINS; i++) {
                (void)snprintf(name, sizeof name, "domain%u", i);
                domain_make(name, "user\n", "1\n");
        }
        list();
        assert_true(routers.truncated);
        assert_int_equal(routers.domain_count, LIMIT_DOMAINS);
}

static void test_enrolled(void **state)
{
        struct event_enrolment enrolment = { .manual = true, .key = ENROLLED_YES };

        (void)state;
        router_make("0-1");
        assert_int_equal(store_router_write(&store, id, &enrolment), 0);
        list();
        assert_int_equal(routers.routers[0].enrolled, ENROLLED_YES);
        assert_true(routers.routers[0].manual);
        tree_text_write(sysfs, "state/routers", UUID, "sallyport-router 002\n");
        list();
        assert_int_equal(routers.routers[0].enrolled, ENROLLED_UNKNOWN);
        assert_false(routers.routers[0].manual);
        assert_true(routers.routers[0].readable);
}

/* Whose key the kernel holds; the key itself does not come along. */
static void test_key(void **state)
{
        struct event_enrolment enrolment = { .key = ENROLLED_NEW_KEY };
        uint8_t key[EVENT_KEY_SIZE];
        char text[EVENT_KEY_TEXT_SIZE];

        (void)state;
        router_make("0-1");
        tree_text_write(sysfs, DEVICES "0-1", "key", "\n");
        list();
        assert_true(routers.routers[0].takes_key);
        assert_int_equal(routers.routers[0].key, ROUTER_KEY_NONE);
        tree_text_write(sysfs, DEVICES "0-1", "key", OTHER_KEY);
        list();
        assert_int_equal(routers.routers[0].key, ROUTER_KEY_OTHER);
        assert_int_equal(store_router_write(&store, id, &enrolment), 0);
        list();
        assert_int_equal(routers.routers[0].enrolled, ENROLLED_NEW_KEY);
        assert_int_equal(routers.routers[0].key, ROUTER_KEY_OTHER);
        assert_int_equal(store_router_key_read(&store, id, key), 0);
        event_key_format(key, text);
        tree_text_write(sysfs, DEVICES "0-1", "key", text);
        list();
        assert_int_equal(routers.routers[0].key, ROUTER_KEY_OURS);
        for (size_t i = 0; i + sizeof key <= sizeof routers; i++)
                assert_memory_not_equal((const uint8_t *)&routers + i, key, sizeof key);
        tree_text_write(sysfs, DEVICES "0-1", "key", "no key at all\n");
        list();
        assert_int_equal(routers.routers[0].key, ROUTER_KEY_OTHER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_none),       TEST(test_bus),           TEST(test_others),
                TEST(test_unreadable), TEST(test_hostile_names), TEST(test_too_many),
                TEST(test_enrolled),   TEST(test_key),           TEST(test_too_many_domains),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
