/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identity store: an entry for each unique ID, and its key beside it. */
#include "edge/store/routers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/cleanup.h"
#include "edge/file.h"
#include "edge/store/file.h"

#define FOLDER "routers"

static void key_name(const uint8_t *id, char ret_name[static STORE_FILE_NAME_MAX])
{
        char text[EVENT_UNIQUE_ID_TEXT_SIZE];

        (void)snprintf(ret_name, STORE_FILE_NAME_MAX, "%s.key", event_unique_id_format(id, text));
}

/* A descriptor that the caller closes, or a negative errno: -ENOENT where nobody was enrolled yet. */
static int folder_open(const struct store *store)
{
        int folder;

        if (store->folder < 0)
                return store->error;
        folder = openat(store->folder, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        return folder < 0 ? -errno : folder;
}

/* The same for who will change something: made where it is missing, and locked until it is closed. */
static int folder_lock(const struct store *store)
{
        EDGE_CLEANUP_FD int folder = -1;

        if (store->folder >= 0 && mkdirat(store->folder, FOLDER, 0700) == 0)
                (void)fsync(store->folder);
        folder = folder_open(store);
        if (folder >= 0 && flock(folder, LOCK_EX) < 0)
                return -errno;
        return edge_cleanup_keep_fd(&folder);
}

static int key_read(int folder, const uint8_t *id, uint8_t ret_key[static EVENT_KEY_SIZE])
{
        char name[STORE_FILE_NAME_MAX], text[EVENT_KEY_TEXT_SIZE];
        long length;
        bool good;

        key_name(id, name);
        length = store_file_read(folder, name, text, sizeof text);
        good = length >= 0 && event_key_parse(text, (size_t)length, ret_key);
        explicit_bzero(text, sizeof text);
        if (good)
                return 0;
        memset(ret_key, 0, EVENT_KEY_SIZE);
        return length == -EFBIG || length == -EINVAL || length >= 0 ? -EUCLEAN : (int)length;
}

/* What cannot be used is as bad as what cannot be read: an entry that names a key has one. */
static int key_check(int folder, const uint8_t *id)
{
        uint8_t key[EVENT_KEY_SIZE];
        int error = key_read(folder, id, key);

        explicit_bzero(key, sizeof key);
        return error == -ENOENT ? -EUCLEAN : error;
}

static int entry_read(int folder, const uint8_t *id, struct event_enrolment *ret_enrolment)
{
        char name[EVENT_UNIQUE_ID_TEXT_SIZE], text[EVENT_ENROLMENT_SIZE];
        long length = store_file_read(folder, event_unique_id_format(id, name), text, sizeof text);
        int error = 0;

        memset(ret_enrolment, 0, sizeof *ret_enrolment);
        if (length == -EFBIG || length == -EINVAL || length == -ELOOP)
                return -EUCLEAN;
        if (length < 0)
                return (int)length;
        if (!event_enrolment_parse(text, (size_t)length, ret_enrolment))
                return -EUCLEAN;
        if (ret_enrolment->key != ENROLLED_YES)
                error = key_check(folder, id);
        if (error)
                memset(ret_enrolment, 0, sizeof *ret_enrolment);
        return error;
}

int store_router_read(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                      struct event_enrolment *ret_enrolment)
{
        EDGE_CLEANUP_FD int folder = folder_open(store);

        memset(ret_enrolment, 0, sizeof *ret_enrolment);
        return folder < 0 ? folder : entry_read(folder, id, ret_enrolment);
}

int store_router_key_read(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                          uint8_t ret_key[static EVENT_KEY_SIZE])
{
        EDGE_CLEANUP_FD int folder = folder_open(store);

        memset(ret_key, 0, EVENT_KEY_SIZE);
        return folder < 0 ? folder : key_read(folder, id, ret_key);
}

static int entry_write(int folder, const uint8_t *id, const struct event_enrolment *enrolment)
{
        char name[EVENT_UNIQUE_ID_TEXT_SIZE], text[EVENT_ENROLMENT_SIZE];
        size_t length = event_enrolment_write(enrolment, text);

        return store_file_replace(folder, event_unique_id_format(id, name), text, length);
}

static int key_write(int folder, const uint8_t *id, const uint8_t key[static EVENT_KEY_SIZE])
{
        char name[STORE_FILE_NAME_MAX], text[EVENT_KEY_TEXT_SIZE];
        int error;

        key_name(id, name);
        event_key_format(key, text);
        error = store_file_replace(folder, name, text, sizeof text - 1);
        explicit_bzero(text, sizeof text);
        return error;
}

static int key_make(int folder, const uint8_t *id)
{
        uint8_t key[EVENT_KEY_SIZE];
        ssize_t got = getrandom(key, sizeof key, 0); /* so few bytes come whole, or not at all */
        int error = got == (ssize_t)sizeof key ? 0 : (got < 0 ? -errno : -EIO);

        if (!error)
                error = key_write(folder, id, key);
        explicit_bzero(key, sizeof key);
        return error;
}

static int ids_compare(const void *a, const void *b)
{
        return memcmp(a, b, RECORD_UNIQUE_ID_SIZE);
}

/* The IDs of all entries, sorted. Their number, of which ret_ids has STORE_ROUTERS_MAX at most; or a negative errno. */
static int ids_list(int folder, uint8_t ret_ids[STORE_ROUTERS_MAX][RECORD_UNIQUE_ID_SIZE])
{
        EDGE_CLEANUP_FOLDER DIR *entries =
                edge_folder_open(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        uint8_t id[RECORD_UNIQUE_ID_SIZE];
        char text[EVENT_UNIQUE_ID_TEXT_SIZE];
        const struct dirent *entry;
        unsigned int count = 0;

        if (!entries)
                return -errno;
        while (errno = 0, (entry = readdir(entries))) {
                if (!event_unique_id_parse(entry->d_name, strlen(entry->d_name), id) ||
                    strcmp(entry->d_name, event_unique_id_format(id, text)) != 0)
                        continue; /* a key, what was left half written, or not ours */
                if (count < STORE_ROUTERS_MAX)
                        memcpy(ret_ids[count], id, sizeof id);
                count++;
        }
        if (errno != 0)
                return -errno;
        qsort(ret_ids, count < STORE_ROUTERS_MAX ? count : STORE_ROUTERS_MAX, sizeof ret_ids[0],
              ids_compare);
        return (int)count;
}

static int room_check(int folder)
{
        uint8_t ids[STORE_ROUTERS_MAX][RECORD_UNIQUE_ID_SIZE];
        int count = ids_list(folder, ids);

        if (count < 0)
                return count;
        return (unsigned int)count < STORE_ROUTERS_MAX ? 0 : -ENOSPC;
}

/*
 * The key before the entry that names it. Where there is a key that a router was given, first the entry takes its word
 * back: killed in between, it says of no key that a router has it which no router has.
 */
static int key_renew(int folder, const uint8_t *id, struct event_enrolment *before)
{
        int error = 0;

        if (before->key == ENROLLED_KEY) {
                before->key = ENROLLED_NEW_KEY;
                error = entry_write(folder, id, before);
        }
        return error ? error : key_make(folder, id);
}

int store_router_write(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                       const struct event_enrolment *enrolment)
{
        EDGE_CLEANUP_FD int folder = folder_lock(store);
        struct event_enrolment before, after = *enrolment;
        int error;

        if (folder < 0)
                return folder;
        error = entry_read(folder, id, &before);
        if (error == -ENOENT)
                error = room_check(folder);
        if (!error && enrolment->key == ENROLLED_NEW_KEY)
                error = key_renew(folder, id, &before);
        else if (before.key != ENROLLED_UNKNOWN)
                after.key = before.key;
        return error ? error : entry_write(folder, id, &after);
}

int store_router_import(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                        const struct event_enrolment *enrolment, const uint8_t *key)
{
        EDGE_CLEANUP_FD int folder = folder_lock(store);
        struct event_enrolment known, entry = *enrolment;
        int error;

        if (folder < 0)
                return folder;
        error = entry_read(folder, id, &known);
        if (error != -ENOENT)
                return error == 0 || error == -EUCLEAN ? -EEXIST : error;
        error = room_check(folder);
        if (!error && key)
                error = key_write(folder, id, key);
        entry.key = key ? ENROLLED_KEY : ENROLLED_YES;
        return error ? error : entry_write(folder, id, &entry);
}

int store_router_given(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE])
{
        EDGE_CLEANUP_FD int folder = folder_lock(store);
        struct event_enrolment enrolment;
        int error;

        if (folder < 0)
                return folder;
        error = entry_read(folder, id, &enrolment);
        if (error || enrolment.key != ENROLLED_NEW_KEY)
                return error;
        enrolment.key = ENROLLED_KEY;
        return entry_write(folder, id, &enrolment);
}

int store_router_forget(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE])
{
        char name[EVENT_UNIQUE_ID_TEXT_SIZE], key[STORE_FILE_NAME_MAX];
        EDGE_CLEANUP_FD int folder = folder_lock(store);

        if (folder < 0)
                return folder;
        /* The entry first: a key that no entry names counts for nothing, and the next one takes its place. */
        if (unlinkat(folder, event_unique_id_format(id, name), 0) < 0)
                return -errno;
        key_name(id, key);
        if (unlinkat(folder, key, 0) < 0 && errno != ENOENT)
                return -errno;
        return fsync(folder) < 0 ? -errno : 0;
}

int store_routers_each(const struct store *store, store_router_found found, void *userdata)
{
        uint8_t ids[STORE_ROUTERS_MAX][RECORD_UNIQUE_ID_SIZE];
        EDGE_CLEANUP_FD int folder = folder_open(store);
        struct event_enrolment enrolment;
        int count;

        if (folder < 0)
                return folder == -ENOENT ? 0 : folder;
        count = ids_list(folder, ids);
        for (int i = 0; i < count && i < (int)STORE_ROUTERS_MAX; i++) {
                int error = entry_read(folder, ids[i], &enrolment);

                if (error != -ENOENT) /* forgotten meanwhile */
                        found(userdata, ids[i], error ? NULL : &enrolment);
        }
        if (count < 0)
                return count;
        return count > (int)STORE_ROUTERS_MAX ? -EOVERFLOW : 0;
}
