/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bolt's store on a real file system: what comes over, what does not, and that nothing of it is changed. */
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

#include "edge/store/routers.h"
#include "offline/bolt.h"
#include "tree/tree.h"

#define DOCK "d4030000-0090-8708-2315-9d8f2a1f0a1d"
#define DISK "00e10000-0001-0002-0003-000000000004"
#define DEVICE(policy) "[device]\nname=WD19TB\nvendor=Dell\n\n[user]\npolicy=" policy "\n"
#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char root[64], bolt[80], state_folder[80];
static int folder;
static struct offline_bolt_device seen[4];
static size_t seen_count;

static void found(void *userdata, const struct offline_bolt_device *device)
{
        (void)userdata;
        assert_true(seen_count < sizeof seen / sizeof seen[0]);
        seen[seen_count] = *device;
        seen[seen_count++].name = NULL; /* it ends with the call */
}

static int import(void)
{
        seen_count = 0;
        return offline_bolt_import(bolt, state_folder, found, NULL);
}

static enum event_enrolled enrolled(const char *text, bool *ret_manual)
{
        uint8_t id[RECORD_UNIQUE_ID_SIZE];
        struct event_enrolment enrolment;
        struct store store;

        assert_true(event_unique_id_parse(text, strlen(text), id));
        store_open(state_folder, &store);
        (void)store_router_read(&store, id, &enrolment);
        store_close(&store);
        *ret_manual = enrolment.manual;
        return enrolment.key;
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-bolt-XXXXXX");
        if (!mkdtemp(root))
                return -1;
        (void)snprintf(bolt, sizeof bolt, "%s/boltd", root);
        (void)snprintf(state_folder, sizeof state_folder, "%s/state", root);
        folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return folder < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        (void)state;
        (void)close(folder);
        return tree_remove(root);
}

static void test_none(void **state)
{
        (void)state;
        assert_int_equal(import(), -ENOENT);
        tree_folder_make(folder, "boltd");
        assert_int_equal(import(), -ENOENT);
        tree_folder_make(folder, "boltd/devices");
        assert_int_equal(import(), 0);
        assert_int_equal(seen_count, 0);
}

static void test_imported(void **state)
{
        bool manual;

        (void)state;
        tree_text_write(folder, "boltd/devices", DOCK, DEVICE("auto"));
        tree_text_write(folder, "boltd/keys", DOCK, KEY);
        tree_text_write(folder, "boltd/devices", DISK, DEVICE("iommu"));
        assert_int_equal(import(), 0);
        assert_int_equal(seen_count, 2);
        assert_int_equal(seen[0].result, BOLT_IMPORTED);
        assert_false(seen[0].key);
        assert_true(seen[0].enrolment.manual);
        assert_int_equal(seen[1].result, BOLT_IMPORTED);
        assert_true(seen[1].key);
        assert_string_equal(seen[1].enrolment.device_name, "WD19TB");
        assert_int_equal(enrolled(DOCK, &manual), ENROLLED_KEY);
        assert_false(manual);
        assert_int_equal(enrolled(DISK, &manual), ENROLLED_YES);
        assert_true(manual);
        tree_text_assert(folder, "state/routers/" DOCK ".key", KEY "\n");
        /* bolt's own is as it was, and a second time changes nothing. */
        tree_text_assert(folder, "boltd/devices/" DOCK, DEVICE("auto"));
        tree_text_assert(folder, "boltd/keys/" DOCK, KEY);
        tree_text_write(folder, "boltd/devices", DOCK, DEVICE("manual"));
        assert_int_equal(import(), 0);
        assert_int_equal(seen[1].result, BOLT_KNOWN);
        assert_int_equal(enrolled(DOCK, &manual), ENROLLED_KEY);
        assert_false(manual);
}

/* What cannot be read is not taken over, and the others are; a bad key is not the same as none. */
static void test_unreadable(void **state)
{
        bool manual;

        (void)state;
        tree_text_write(folder, "boltd/devices", "0-no-uuid", DEVICE("auto"));
        tree_text_write(folder, "boltd/devices", DISK, DEVICE("auto"));
        tree_text_write(folder, "boltd/devices", DOCK, DEVICE("auto"));
        tree_text_write(folder, "boltd/keys", DOCK, "0001");
        assert_int_equal(import(), 0);
        assert_int_equal(seen_count, 3);
        assert_int_equal(seen[0].result, BOLT_UNREADABLE);
        assert_int_equal(seen[1].result, BOLT_IMPORTED);
        assert_int_equal(seen[2].result, BOLT_UNREADABLE);
        assert_int_equal(seen[2].error, -EUCLEAN);
        assert_int_equal(enrolled(DOCK, &manual), ENROLLED_UNKNOWN);
        assert_int_equal(faccessat(folder, "state/routers/" DOCK ".key", F_OK, 0), -1);
        tree_text_write(folder, "boltd/keys", DOCK, "\n");
        assert_int_equal(import(), 0);
        assert_int_equal(seen[2].result, BOLT_UNREADABLE);
        tree_text_write(folder, "boltd/keys", DOCK, KEY);
        tree_text_write(folder, "boltd/devices", DOCK, "[device]\nname=x\n");
        assert_int_equal(import(), 0);
        assert_int_equal(seen[2].result, BOLT_UNREADABLE);
        assert_int_equal(unlinkat(folder, "boltd/devices/" DOCK, 0), 0);
        assert_int_equal(mkfifoat(folder, "boltd/devices/" DOCK, 0600), 0);
        assert_int_equal(import(), 0);
        assert_int_equal(seen[2].result, BOLT_UNREADABLE);
}

static void test_no_store(void **state)
{
        (void)state;
        tree_text_write(folder, "boltd/devices", DOCK, DEVICE("auto"));
        tree_text_write(folder, ".", "state", ""); /* a file where the folder should be */
        assert_int_equal(import(), -ENOTDIR);
        assert_int_equal(seen_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = { TEST(test_none), TEST(test_imported),
                                            TEST(test_unreadable), TEST(test_no_store) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
