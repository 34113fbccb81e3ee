/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identity store on a real file system: keys that nobody else reads, damage, and what is left of a crash. */
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
#include "tree/tree.h"

#define DOCK "d4030000-0090-8708-2315-9d8f2a1f0a1d"
#define DISK "00e10000-0001-0002-0003-000000000004"

static char folder[64];
static struct store store;
static uint8_t dock[RECORD_UNIQUE_ID_SIZE], disk[RECORD_UNIQUE_ID_SIZE];
static struct event_enrolment entry;
static struct {
        uint8_t id[RECORD_UNIQUE_ID_SIZE];
        bool readable;
} seen[STORE_ROUTERS_MAX + 8];
static size_t seen_count;

static void found(void *userdata, const uint8_t *id, const struct event_enrolment *enrolment)
{
        (void)userdata;
        assert_true(seen_count < sizeof seen / sizeof seen[0]);
        memcpy(seen[seen_count].id, id, RECORD_UNIQUE_ID_SIZE);
        seen[seen_count++].readable = enrolment != NULL;
}

static int list(void)
{
        seen_count = 0;
        return store_routers_each(&store, found, NULL);
}

static int enroll(const uint8_t *id, enum event_enrolled key)
{
        struct event_enrolment enrolment = { .key = key,
                                             .vendor_name = "Dell",
                                             .device_name = "WD19TB\n" };

        return store_router_write(&store, id, &enrolment);
}

/* What stands in the file, which nothing of ours prints. */
static void key_text(const char *name, char ret_text[static EVENT_KEY_TEXT_SIZE])
{
        memset(ret_text, 0, EVENT_KEY_TEXT_SIZE);
        tree_file_read(store.folder, name, ret_text, EVENT_KEY_TEXT_SIZE - 1);
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(folder, sizeof folder, "/tmp/sallyport-routers-XXXXXX");
        if (!mkdtemp(folder) || !event_unique_id_parse(DOCK, strlen(DOCK), dock) ||
            !event_unique_id_parse(DISK, strlen(DISK), disk))
                return -1;
        store_open(folder, &store);
        return store.error;
}

static int teardown(void **state)
{
        (void)state;
        store_close(&store);
        return tree_remove(folder);
}

static void test_unknown(void **state)
{
        uint8_t key[EVENT_KEY_SIZE];

        (void)state;
        assert_int_equal(store_router_read(&store, dock, &entry), -ENOENT);
        assert_int_equal(store_router_key_read(&store, dock, key), -ENOENT);
        assert_int_equal(list(), 0);
        assert_int_equal(seen_count, 0);
        assert_int_equal(faccessat(store.folder, "routers", F_OK, 0),
                         -1); /* looking makes nothing */
        assert_int_equal(store_router_forget(&store, dock), -ENOENT);
        assert_int_equal(store_router_given(&store, dock), -ENOENT);
}

static void test_enrolled(void **state)
{
        (void)state;
        assert_int_equal(enroll(dock, ENROLLED_YES), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), 0);
        assert_int_equal(entry.key, ENROLLED_YES);
        assert_false(entry.manual);
        assert_string_equal(entry.device_name, "WD19TB\n");
        assert_int_equal(store_router_read(&store, disk, &entry), -ENOENT);
        assert_int_equal(store_router_given(&store, dock), 0); /* there is none to give */
        assert_int_equal(store_router_read(&store, dock, &entry), 0);
        assert_int_equal(entry.key, ENROLLED_YES);
        assert_int_equal(store_router_forget(&store, dock), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), -ENOENT);
        assert_int_equal(store_router_forget(&store, dock), -ENOENT);
}

static void test_modes(void **state)
{
        struct stat status;

        (void)state;
        assert_int_equal(enroll(dock, ENROLLED_NEW_KEY), 0);
        assert_int_equal(fstatat(store.folder, "routers", &status, 0), 0);
        assert_int_equal(status.st_mode & 07777, 0700);
        assert_int_equal(fstatat(store.folder, "routers/" DOCK, &status, 0), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(fstatat(store.folder, "routers/" DOCK ".key", &status, 0), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_key(void **state)
{
        char before[EVENT_KEY_TEXT_SIZE], after[EVENT_KEY_TEXT_SIZE], zeros[EVENT_KEY_TEXT_SIZE];
        uint8_t key[EVENT_KEY_SIZE];

        (void)state;
        memset(zeros, '0', sizeof zeros);
        assert_int_equal(enroll(dock, ENROLLED_NEW_KEY), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), 0);
        assert_int_equal(entry.key, ENROLLED_NEW_KEY);
        key_text("routers/" DOCK ".key", before);
        assert_memory_not_equal(before, zeros, 64);
        assert_int_equal(store_router_key_read(&store, dock, key), 0);
        event_key_format(key, after);
        assert_string_equal(after, before);
        assert_int_equal(store_router_given(&store, dock), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), 0);
        assert_int_equal(entry.key, ENROLLED_KEY);
        /* Enrolled again without a word about keys it keeps its own, ... */
        assert_int_equal(enroll(dock, ENROLLED_YES), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), 0);
        assert_int_equal(entry.key, ENROLLED_KEY);
        key_text("routers/" DOCK ".key", after);
        assert_string_equal(after, before);
        /* ... with one, another is made, which it does not have yet. */
        assert_int_equal(enroll(dock, ENROLLED_NEW_KEY), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), 0);
        assert_int_equal(entry.key, ENROLLED_NEW_KEY);
        key_text("routers/" DOCK ".key", after);
        assert_string_not_equal(after, before);
        assert_int_equal(store_router_forget(&store, dock), 0);
        assert_int_equal(store_router_key_read(&store, dock, key), -ENOENT);
}

/* Every router has a key of its own. */
static void test_keys_differ(void **state)
{
        char one[EVENT_KEY_TEXT_SIZE], other[EVENT_KEY_TEXT_SIZE];

        (void)state;
        assert_int_equal(enroll(dock, ENROLLED_NEW_KEY), 0);
        assert_int_equal(enroll(disk, ENROLLED_NEW_KEY), 0);
        key_text("routers/" DOCK ".key", one);
        key_text("routers/" DISK ".key", other);
        assert_string_not_equal(one, other);
}

/* Of another program's: nobody who is known is overwritten. */
static void test_import(void **state)
{
        static const uint8_t given[EVENT_KEY_SIZE] = { 1, 2, 3 };
        struct event_enrolment enrolment = { .manual = true, .key = ENROLLED_YES };
        uint8_t key[EVENT_KEY_SIZE];

        (void)state;
        assert_int_equal(store_router_import(&store, dock, &enrolment, given), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), 0);
        assert_true(entry.manual);
        assert_int_equal(entry.key, ENROLLED_KEY);
        assert_int_equal(store_router_key_read(&store, dock, key), 0);
        assert_memory_equal(key, given, sizeof key);
        assert_int_equal(store_router_import(&store, dock, &enrolment, NULL), -EEXIST);
        assert_int_equal(store_router_read(&store, dock, &entry), 0);
        assert_int_equal(entry.key, ENROLLED_KEY);
        assert_int_equal(store_router_import(&store, disk, &enrolment, NULL), 0);
        assert_int_equal(store_router_read(&store, disk, &entry), 0);
        assert_int_equal(entry.key, ENROLLED_YES);
        tree_text_write(store.folder, "routers", DISK, "?");
        assert_int_equal(store_router_import(&store, disk, &enrolment, given), -EEXIST);
        tree_text_assert(store.folder, "routers/" DISK, "?");
        assert_int_equal(store_router_key_read(&store, disk, key), -ENOENT);
}

/* What cannot be read is not known, and nothing but forgetting it touches it. */
static void test_damaged(void **state)
{
        uint8_t key[EVENT_KEY_SIZE];

        (void)state;
        assert_int_equal(enroll(disk, ENROLLED_YES), 0);
        tree_text_write(store.folder, "routers", DOCK, "sallyport-router 001\npolicy auto\n");
        assert_int_equal(store_router_read(&store, dock, &entry), -EUCLEAN);
        assert_int_equal(entry.key, ENROLLED_UNKNOWN);
        assert_int_equal(enroll(dock, ENROLLED_YES), -EUCLEAN);
        assert_int_equal(enroll(dock, ENROLLED_NEW_KEY), -EUCLEAN);
        assert_int_equal(store_router_key_read(&store, dock, key), -ENOENT); /* none was made */
        assert_int_equal(store_router_given(&store, dock), -EUCLEAN);
        tree_text_assert(store.folder, "routers/" DOCK, "sallyport-router 001\npolicy auto\n");
        assert_int_equal(list(), 0);
        assert_int_equal(seen_count, 2);
        assert_memory_equal(seen[0].id, disk, sizeof disk); /* the smaller one */
        assert_true(seen[0].readable);
        assert_false(seen[1].readable);
        assert_int_equal(store_router_forget(&store, dock), 0);
        assert_int_equal(enroll(dock, ENROLLED_YES), 0);
}

/* An entry whose key is gone, or is none, would be authorized without one: it is not readable. */
static void test_key_lost(void **state)
{
        uint8_t key[EVENT_KEY_SIZE];

        (void)state;
        assert_int_equal(enroll(dock, ENROLLED_NEW_KEY), 0);
        assert_int_equal(store_router_given(&store, dock), 0);
        tree_text_write(store.folder, "routers", DOCK ".key", "0123\n");
        assert_int_equal(store_router_read(&store, dock, &entry), -EUCLEAN);
        assert_int_equal(store_router_key_read(&store, dock, key), -EUCLEAN);
        assert_int_equal(unlinkat(store.folder, "routers/" DOCK ".key", 0), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), -EUCLEAN);
        assert_int_equal(entry.key, ENROLLED_UNKNOWN);
}

/* What is no file, what is too long, and links, which could lead anywhere. */
static void test_no_files(void **state)
{
        static char huge[EVENT_ENROLMENT_SIZE + 2];

        (void)state;
        assert_int_equal(enroll(disk, ENROLLED_YES), 0);
        memset(huge, 'a', sizeof huge - 1);
        tree_text_write(store.folder, "routers", DOCK, huge);
        assert_int_equal(store_router_read(&store, dock, &entry), -EUCLEAN);
        assert_int_equal(unlinkat(store.folder, "routers/" DOCK, 0), 0);
        assert_int_equal(mkfifoat(store.folder, "routers/" DOCK, 0600), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), -EUCLEAN);
        assert_int_equal(unlinkat(store.folder, "routers/" DOCK, 0), 0);
        assert_int_equal(symlinkat(DISK, store.folder, "routers/" DOCK), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), -EUCLEAN);
}

/* Left by a crash: what was being written, and a key that no entry names. Neither counts, neither is in the way. */
static void test_crashed(void **state)
{
        char stale[EVENT_KEY_TEXT_SIZE], key[EVENT_KEY_TEXT_SIZE];

        (void)state;
        tree_text_write(store.folder, "routers", DOCK ".new", "sallyport-router 001\npol");
        memset(stale, 'a', sizeof stale - 1);
        stale[sizeof stale - 1] = '\0';
        tree_text_write(store.folder, "routers", DOCK ".key", stale);
        assert_int_equal(store_router_read(&store, dock, &entry), -ENOENT);
        assert_int_equal(list(), 0);
        assert_int_equal(seen_count, 0);
        assert_int_equal(enroll(dock, ENROLLED_NEW_KEY), 0);
        assert_int_equal(store_router_read(&store, dock, &entry), 0);
        key_text("routers/" DOCK ".key", key);
        assert_string_not_equal(key, stale);
        assert_int_equal(faccessat(store.folder, "routers/" DOCK ".new", F_OK, 0), -1);
}

/* Full: who is known can be changed, nobody is added, nothing is lost. */
static void test_full(void **state)
{
        uint8_t id[RECORD_UNIQUE_ID_SIZE] = { 0 };
        char name[EVENT_UNIQUE_ID_TEXT_SIZE];

        (void)state;
        assert_int_equal(enroll(dock, ENROLLED_YES), 0);
        for (unsigned int i = 1; i < STORE_ROUTERS_MAX; i++) {
                id[0] = (uint8_t)i;
                id[1] = (uint8_t)(i >> 8);
                tree_text_write(store.folder, "routers", event_unique_id_format(id, name), "");
        }
        assert_int_equal(list(), 0);
        assert_int_equal(seen_count, STORE_ROUTERS_MAX);
        assert_int_equal(enroll(disk, ENROLLED_NEW_KEY), -ENOSPC);
        entry.key = ENROLLED_YES;
        assert_int_equal(store_router_import(&store, disk, &entry, NULL), -ENOSPC);
        assert_int_equal(store_router_read(&store, disk, &entry), -ENOENT);
        assert_int_equal(enroll(dock, ENROLLED_YES), 0);
        tree_text_write(store.folder, "routers", DISK, "");
        assert_int_equal(list(), -EOVERFLOW);
        assert_int_equal(seen_count, STORE_ROUTERS_MAX);
}

static void test_no_folder(void **state)
{
        struct store none = { .folder = -1, .error = -EROFS };

        (void)state;
        assert_int_equal(store_router_read(&none, dock, &entry), -EROFS);
        assert_int_equal(store_router_forget(&none, dock), -EROFS);
        assert_int_equal(store_routers_each(&none, found, NULL), -EROFS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_unknown),  TEST(test_enrolled),    TEST(test_modes),
                TEST(test_key),      TEST(test_keys_differ), TEST(test_damaged),
                TEST(test_key_lost), TEST(test_no_files),    TEST(test_crashed),
                TEST(test_import),   TEST(test_full),        TEST(test_no_folder),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
