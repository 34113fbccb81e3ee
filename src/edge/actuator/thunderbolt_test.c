/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written to routers, and to which, on a sysfs of plain files. */
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

#include "edge/actuator/actuator.h"
#include "edge/store/routers.h"
#include "tree/tree.h"

#define UUID "d4030000-0090-8708-2315-9d8f2a1f0a1d"
#define CLONE "d4030000-0090-8708-2315-9d8f2a1f0a1e"
#define DOCK "bus/thunderbolt/devices/0-301"

static char root[64], state_folder[80];
static struct actuator actuator;
static struct effect effect;

/* As a kernel shows it with this level: `secure` has keys. */
static void dock_make(bool secure)
{
        tree_text_write(actuator.sysfs, DOCK, "unique_id", UUID "\n");
        tree_text_write(actuator.sysfs, DOCK, "authorized", "0\n");
        tree_text_write(actuator.sysfs, DOCK, "vendor_name", "Dell\n");
        tree_text_write(actuator.sysfs, DOCK, "device_name", "WD19TB\n");
        if (secure)
                tree_text_write(actuator.sysfs, DOCK, "key", "\n");
}

/* An effect on what is there now. */
static void effect_make(enum effect_kind kind)
{
        struct stat status;

        effect = (struct effect){ .kind = kind, .token = 5, .router.any = true };
        effect.router.route = 0x301;
        assert_true(event_unique_id_parse(UUID, strlen(UUID), effect.router.unique_id));
        assert_int_equal(fstatat(actuator.sysfs, DOCK, &status, 0), 0);
        effect.router.instance = status.st_ino;
}

static int perform(void)
{
        static struct event event; /* large */

        assert_int_equal(actuator_perform(&actuator, &effect, &event), 0);
        assert_int_equal(event.kind, EVENT_COMPLETED);
        assert_int_equal(event.token, 5);
        return event.error;
}

static int enroll(enum event_enrolled key)
{
        struct event_enrolment enrolment = { .key = key };

        return store_router_write(&actuator.store, effect.router.unique_id, &enrolment);
}

static enum event_enrolled enrolled(void)
{
        struct event_enrolment enrolment;

        (void)store_router_read(&actuator.store, effect.router.unique_id, &enrolment);
        return enrolment.key;
}

/* The kernel's attribute holds the key that the store has. */
static void key_assert(void)
{
        uint8_t key[EVENT_KEY_SIZE];
        char text[EVENT_KEY_TEXT_SIZE];

        assert_int_equal(store_router_key_read(&actuator.store, effect.router.unique_id, key), 0);
        event_key_format(key, text);
        tree_text_assert(actuator.sysfs, DOCK "/key", text);
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-routers-XXXXXX");
        if (!mkdtemp(root) || actuator_open(root, root, &actuator) < 0)
                return -1;
        (void)snprintf(state_folder, sizeof state_folder, "%s/state", root);
        store_open(state_folder, &actuator.store);
        return actuator.store.error;
}

static int teardown(void **state)
{
        (void)state;
        store_close(&actuator.store);
        actuator_close(&actuator);
        return tree_remove(root);
}

static void test_plain(void **state)
{
        (void)state;
        dock_make(/* secure= */ false);
        effect_make(EFFECT_AUTHORIZE);
        assert_int_equal(perform(), 0);
        tree_text_assert(actuator.sysfs, DOCK "/authorized", "1");
        assert_int_equal(faccessat(actuator.sysfs, DOCK "/key", F_OK, 0), -1);
        effect_make(EFFECT_DEAUTHORIZE);
        assert_int_equal(perform(), 0);
        tree_text_assert(actuator.sysfs, DOCK "/authorized", "0");
}

/* A key that somebody left in the kernel would be given to the router by 1. */
static void test_plain_without_key(void **state)
{
        (void)state;
        dock_make(/* secure= */ true);
        tree_text_write(actuator.sysfs, DOCK, "key", "aa\n");
        effect_make(EFFECT_AUTHORIZE);
        assert_int_equal(perform(), 0);
        tree_text_assert(actuator.sysfs, DOCK "/key", "\n");
        tree_text_assert(actuator.sysfs, DOCK "/authorized", "1");
}

/* At its place is another kernel object, another ID, or nothing: none of them is touched. */
static void test_successor(void **state)
{
        static const enum effect_kind kinds[] = { EFFECT_AUTHORIZE, EFFECT_DEAUTHORIZE,
                                                  EFFECT_ENROLL };

        (void)state;
        dock_make(/* secure= */ false);
        tree_text_write(actuator.sysfs, DOCK, "authorized", "x\n");
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
                tree_text_write(actuator.sysfs, DOCK, "unique_id", UUID "\n");
                effect_make(kinds[i]);
                effect.router.instance++;
                assert_int_equal(perform(), ESTALE);
                effect_make(kinds[i]);
                tree_text_write(actuator.sysfs, DOCK, "unique_id", CLONE "\n");
                assert_int_equal(perform(), ESTALE);
                tree_text_write(actuator.sysfs, DOCK, "unique_id", "nonsense\n");
                assert_int_equal(perform(), ESTALE);
                effect.router.route = 0x501;
                assert_int_equal(perform(), ENOENT);
                effect.router.route = 0x301;
                effect.router.domain = 1;
                assert_int_equal(perform(), ENOENT);
        }
        tree_text_assert(actuator.sysfs, DOCK "/authorized", "x\n");
        assert_int_equal(enrolled(), ENROLLED_UNKNOWN);
}

static void test_challenge(void **state)
{
        (void)state;
        dock_make(/* secure= */ true);
        effect_make(EFFECT_AUTHORIZE);
        effect.authorize = AUTHORIZE_CHALLENGE;
        assert_int_equal(perform(), ENOKEY); /* it is not known */
        tree_text_assert(actuator.sysfs, DOCK "/authorized", "0\n");
        assert_int_equal(enroll(ENROLLED_YES), 0);
        assert_int_equal(perform(), ENOKEY); /* nor has it a key */
        tree_text_assert(actuator.sysfs, DOCK "/authorized", "0\n");
        tree_text_assert(actuator.sysfs, DOCK "/key", "\n");
        assert_int_equal(enroll(ENROLLED_NEW_KEY), 0);
        assert_int_equal(store_router_given(&actuator.store, effect.router.unique_id), 0);
        assert_int_equal(perform(), 0);
        tree_text_assert(actuator.sysfs, DOCK "/authorized", "2");
        key_assert();
}

/* The kernel says no, here because there is no such attribute: no key stays behind. */
static void test_refused(void **state)
{
        (void)state;
        dock_make(/* secure= */ true);
        effect_make(EFFECT_AUTHORIZE);
        assert_int_equal(enroll(ENROLLED_NEW_KEY), 0);
        assert_int_equal(unlinkat(actuator.sysfs, DOCK "/authorized", 0), 0);
        effect.authorize = AUTHORIZE_GIVE_KEY;
        assert_int_equal(perform(), ENOENT);
        tree_text_assert(actuator.sysfs, DOCK "/key", "\n");
        effect.authorize = AUTHORIZE_CHALLENGE;
        assert_int_equal(perform(), ENOENT);
        tree_text_assert(actuator.sysfs, DOCK "/key", "\n");
        assert_int_equal(enrolled(), ENROLLED_NEW_KEY); /* it has none yet */
}

/* The router has it from then on, and is noted to have it. */
static void test_give_key(void **state)
{
        (void)state;
        dock_make(/* secure= */ true);
        effect_make(EFFECT_AUTHORIZE);
        effect.authorize = AUTHORIZE_GIVE_KEY;
        assert_int_equal(enroll(ENROLLED_NEW_KEY), 0);
        assert_int_equal(perform(), 0);
        tree_text_assert(actuator.sysfs, DOCK "/authorized", "1");
        key_assert();
        assert_int_equal(enrolled(), ENROLLED_KEY);
}

/* 1 was written, and the kernel shows something else: nobody took the key. */
static void test_give_key_not_taken(void **state)
{
        (void)state;
        dock_make(/* secure= */ true);
        effect_make(EFFECT_AUTHORIZE);
        effect.authorize = AUTHORIZE_GIVE_KEY;
        assert_int_equal(enroll(ENROLLED_NEW_KEY), 0);
        assert_int_equal(unlinkat(actuator.sysfs, DOCK "/authorized", 0), 0);
        assert_int_equal(symlinkat("/dev/null", actuator.sysfs, DOCK "/authorized"), 0);
        assert_int_equal(perform(), EIO);
        assert_int_equal(enrolled(), ENROLLED_NEW_KEY);
}

/* `user` has no keys to write to. */
static void test_no_key_attribute(void **state)
{
        (void)state;
        dock_make(/* secure= */ false);
        effect_make(EFFECT_AUTHORIZE);
        effect.authorize = AUTHORIZE_CHALLENGE;
        assert_int_equal(enroll(ENROLLED_NEW_KEY), 0);
        assert_int_equal(perform(), ENOENT);
        tree_text_assert(actuator.sysfs, DOCK "/authorized", "0\n");
}

static void test_enroll(void **state)
{
        struct event_enrolment enrolment;

        (void)state;
        dock_make(/* secure= */ true);
        effect_make(EFFECT_ENROLL);
        effect.manual = true;
        effect.new_key = true;
        assert_int_equal(perform(), 0);
        assert_int_equal(store_router_read(&actuator.store, effect.router.unique_id, &enrolment),
                         0);
        assert_true(enrolment.manual);
        assert_int_equal(enrolment.key, ENROLLED_NEW_KEY);
        assert_string_equal(enrolment.vendor_name, "Dell");
        assert_string_equal(enrolment.device_name, "WD19TB");
        tree_text_assert(actuator.sysfs, DOCK "/key", "\n"); /* not by enrolling */
        effect.kind = EFFECT_FORGET;
        effect.router.instance = 0; /* it need not be plugged */
        assert_int_equal(perform(), 0);
        assert_int_equal(perform(), ENOENT);
        effect_make(EFFECT_ENROLL);
        assert_int_equal(perform(), 0);
        assert_int_equal(store_router_read(&actuator.store, effect.router.unique_id, &enrolment),
                         0);
        assert_false(enrolment.manual);
        assert_int_equal(enrolment.key, ENROLLED_YES);
}

static void test_enroll_nameless(void **state)
{
        static char huge[4097];

        (void)state;
        dock_make(/* secure= */ false);
        memset(huge, 'A', sizeof huge - 1);
        tree_text_write(actuator.sysfs, DOCK, "device_name", huge);
        effect_make(EFFECT_ENROLL);
        assert_int_equal(perform(), ENODATA);
        assert_int_equal(enrolled(), ENROLLED_UNKNOWN);
}

static void test_list(void **state)
{
        static struct event event; /* large */

        (void)state;
        dock_make(/* secure= */ false);
        effect = (struct effect){ .kind = EFFECT_ROUTERS, .token = 7 };
        assert_int_equal(actuator_perform(&actuator, &effect, &event), 0);
        assert_int_equal(event.kind, EVENT_ROUTERS);
        assert_int_equal(event.token, 7);
        assert_int_equal(event.routers.count, 1);
        assert_int_equal(event.routers.routers[0].route, 0x301);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_plain),
                TEST(test_plain_without_key),
                TEST(test_successor),
                TEST(test_challenge),
                TEST(test_refused),
                TEST(test_give_key),
                TEST(test_list),
                TEST(test_give_key_not_taken),
                TEST(test_no_key_attribute),
                TEST(test_enroll),
                TEST(test_enroll_nameless),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
