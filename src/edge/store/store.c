/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log's file: read whole, appended to, compacted, set aside. */
#include "edge/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/cleanup.h"
#include "edge/clock.h"
#include "edge/store/file.h"

#define NAME "state"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The whole file, and room for one more entry. Larger ones are not ours. */
struct image {
        size_t length;
        uint8_t bytes[STORE_SIZE_MAX + EVENT_MEMORY_ENTRY_MAX];
};

/* The file and its successor: too large for the stack. A process does one thing at a time. */
static struct image image;
static uint8_t compacted[sizeof image.bytes];
static struct event_memory entry;

static int boot_read(uint8_t ret_boot[static EVENT_MEMORY_BOOT_SIZE])
{
        EDGE_CLEANUP_FD int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
        char text[64];
        ssize_t got;

        if (fd < 0)
                return -errno;
        got = read(fd, text, sizeof text);
        if (got < 0)
                return -errno;
        return event_memory_boot_parse(text, (size_t)got, ret_boot) ? 0 : -ENODATA;
}

void store_open(const char *directory, struct store *ret_store)
{
        EDGE_CLEANUP_FD int folder = -1;

        *ret_store = (struct store){ .folder = -1 };
        ret_store->error = boot_read(ret_store->boot);
        if (ret_store->error)
                return;
        if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
                ret_store->error = -errno;
                return;
        }
        folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                ret_store->error = -errno;
        else
                ret_store->folder = edge_cleanup_keep_fd(&folder);
}

void store_close(struct store *store)
{
        if (store->folder >= 0)
                (void)close(store->folder);
        store->folder = -1;
}

bool store_noted(const struct store *store, const char *name)
{
        uint8_t boot[sizeof store->boot + 1]; /* room for what a whole note has not */
        EDGE_CLEANUP_FD int fd = -1;

        if (store->folder < 0)
                return false;
        fd = openat(store->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        return fd >= 0 && read(fd, boot, sizeof boot) == (ssize_t)sizeof store->boot &&
               memcmp(boot, store->boot, sizeof store->boot) == 0;
}

int store_note(const struct store *store, const char *name)
{
        EDGE_CLEANUP_FD int fd = -1;
        ssize_t written;

        if (store->folder < 0)
                return store->error;
        if (store_noted(store, name))
                return 0;
        fd = openat(store->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                    0600);
        if (fd < 0)
                return -errno;
        written = write(fd, store->boot, sizeof store->boot);
        if (written < 0)
                return -errno;
        return written == (ssize_t)sizeof store->boot ? 0 : -EIO;
}

/* Reads the file whole. What is larger than it can be is cut, and so is damaged. */
static int image_read(int fd, struct image *ret_image)
{
        ssize_t got;

        ret_image->length = 0;
        do {
                got = pread(fd, ret_image->bytes + ret_image->length,
                            sizeof ret_image->bytes - ret_image->length, (off_t)ret_image->length);
                if (got < 0)
                        return -errno;
                ret_image->length += (size_t)got;
        } while (got > 0 && ret_image->length < sizeof ret_image->bytes);
        return 0;
}

/* Up to its end, or to what is wrong. */
static struct event_memory_cursor image_check(const struct store *store, const struct image *from)
{
        struct event_memory_cursor cursor;

        event_memory_begin(from->bytes, from->length, &cursor);
        while (event_memory_next(from->bytes, from->length, store->boot, &cursor, &entry))
                continue;
        if (from->length > STORE_SIZE_MAX && cursor.status != MEMORY_NEWER)
                cursor.status = MEMORY_DAMAGED;
        return cursor;
}

/* Is there a later entry of the same port? */
static bool entry_outdated(const struct store *store, const struct image *from,
                           struct event_memory_cursor cursor, uint32_t port)
{
        static struct event_memory later;

        while (event_memory_next(from->bytes, from->length, store->boot, &cursor, &later))
                if (later.port == port)
                        return true;
        return false;
}

/* The number under which the file was set aside; 0 where it could not be. */
static uint32_t file_set_aside(const struct store *store)
{
        char name[sizeof NAME ".bad-0000000000"];

        for (uint32_t i = 1; i <= STORE_ASIDE_MAX; i++) {
                (void)snprintf(name, sizeof name, NAME ".bad-%u", i);
                if (renameat2(store->folder, NAME, store->folder, name, RENAME_NOREPLACE) == 0) {
                        (void)fsync(store->folder);
                        return i;
                }
                if (errno != EEXIST)
                        return 0;
        }
        return 0;
}

static void entries_hand_over(const struct store *store, store_found found, void *userdata)
{
        static struct event event; /* large */
        struct event_memory_cursor cursor;

        event_memory_begin(image.bytes, image.length, &cursor);
        while (event_memory_next(image.bytes, image.length, store->boot, &cursor, &entry)) {
                if (entry_outdated(store, &image, cursor, entry.port))
                        continue;
                event = (struct event){ .kind = EVENT_MEMORY,
                                        .port = entry.port,
                                        .time_ms = edge_clock_ms(),
                                        .memory = entry };
                found(userdata, &event);
        }
}

/*
 * Without a lock: a worker of the last daemon was killed with it, and ends the system call that it is in at most. What
 * that leaves visible of an append is its first part (torn) or all of it.
 */
static int memory_read(const struct store *store, struct event_memory_end *ret_end)
{
        EDGE_CLEANUP_FD int fd = -1;
        int error;

        if (store->folder < 0)
                return store->error;
        fd = openat(store->folder, NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT) {
                ret_end->status = MEMORY_FRESH;
                return 0;
        }
        if (fd < 0)
                return -errno;
        error = image_read(fd, &image);
        if (error)
                return error;
        ret_end->status = image_check(store, &image).status;
        if (ret_end->status == MEMORY_DAMAGED || ret_end->status == MEMORY_NEWER)
                ret_end->aside = file_set_aside(store);
        return 0;
}

void store_read(const struct store *store, store_found found, void *userdata)
{
        struct event event = { .kind = EVENT_MEMORY_END, .port = BASE_SBDF_NONE };
        int error = memory_read(store, &event.memory_end);

        if (error) {
                event.memory_end.status = MEMORY_UNUSABLE;
                event.error = -error;
        } else if (event.memory_end.status == MEMORY_GOOD ||
                   event.memory_end.status == MEMORY_TORN) {
                entries_hand_over(store, found, userdata);
        }
        event.time_ms = edge_clock_ms();
        found(userdata, &event);
}

/*
 * Behind the last entry that is good. What could not be written whole is taken back: after a failed fsync the kernel
 * may drop pages that it calls clean, and what stands behind them would be damage.
 */
static int entry_append(int fd, const struct event_memory_cursor *cursor, const uint8_t *bytes,
                        size_t length)
{
        int error = 0;

        if (cursor->status == MEMORY_TORN && ftruncate(fd, (off_t)cursor->at) < 0)
                return -errno;
        error = store_file_write(fd, bytes, length, cursor->at);
        if (error && (ftruncate(fd, (off_t)cursor->at) < 0 || fsync(fd) < 0))
                return -EIO;
        return error;
}

/* What is still worth something: the last entry of each port, of this boot. The new one is the last of its own. */
static size_t image_compact(const struct store *store, const struct event_memory *memory)
{
        struct event_memory_cursor cursor;
        uint64_t sequence = 0;
        size_t length = EVENT_MEMORY_HEAD_SIZE;

        event_memory_head_write(compacted);
        event_memory_begin(image.bytes, image.length, &cursor);
        while (event_memory_next(image.bytes, image.length, store->boot, &cursor, &entry)) {
                if (!entry.this_boot || entry.port == memory->port ||
                    entry_outdated(store, &image, cursor, entry.port))
                        continue;
                length += event_memory_entry_write(&entry, ++sequence, store->boot,
                                                   compacted + length);
        }
        length += event_memory_entry_write(memory, ++sequence, store->boot, compacted + length);
        return length;
}

/* A file in place of the old one, or the first: whole before it has its name. */
static int file_replace(const struct store *store, const struct event_memory *memory)
{
        size_t length = image_compact(store, memory);

        return length > STORE_SIZE_MAX ? -EFBIG
                                       : store_file_replace(store->folder, NAME, compacted, length);
}

/* The file under its lock: appended to where there is room, else replaced. fd < 0: there is none. */
static int file_write(const struct store *store, int fd, const struct event_memory *memory)
{
        static uint8_t bytes[EVENT_MEMORY_ENTRY_MAX];
        struct event_memory_cursor cursor;
        size_t length;
        int error;

        image.length = 0;
        if (fd < 0)
                return file_replace(store, memory);
        error = image_read(fd, &image);
        if (error)
                return error;
        cursor = image_check(store, &image);
        if (cursor.status == MEMORY_DAMAGED || cursor.status == MEMORY_NEWER)
                return -EUCLEAN;
        length = event_memory_entry_write(memory, cursor.sequence + 1, store->boot, bytes);
        if (cursor.at + length > STORE_SIZE_MAX)
                return file_replace(store, memory);
        return entry_append(fd, &cursor, bytes, length);
}

int store_write(const struct store *store, const struct event_memory *memory)
{
        EDGE_CLEANUP_FD int lock = -1, fd = -1;

        if (store->folder < 0)
                return store->error;
        /* The folder's lock, for the file can be replaced. A worker past its deadline keeps it while it lives. */
        lock = openat(store->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (lock < 0 || flock(lock, LOCK_EX) < 0)
                return -errno;
        fd = openat(store->folder, NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno != ENOENT)
                return -errno;
        return file_write(store, fd, memory);
}
