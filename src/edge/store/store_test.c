/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state file on a real file system: crashes, full disks, read-only folders, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "edge/store/store.h"
#include "tree/tree.h"

static char folder[64], path[128];
static struct store store;
static struct event_memory memory;
static struct event_memory seen[8];
static uint32_t seen_count;
static struct event end;

static void found(void *userdata, const struct event *event)
{
        (void)userdata;
        if (event->kind == EVENT_MEMORY_END) {
                end = *event;
                return;
        }
        assert_int_equal(event->kind, EVENT_MEMORY);
        assert_true(seen_count < sizeof seen / sizeof seen[0]);
        assert_int_equal(event->port, event->memory.port);
        seen[seen_count++] = event->memory;
}

static enum event_memory_status read_back(void)
{
        seen_count = 0;
        memset(&end, 0, sizeof end);
        store_read(&store, found, NULL);
        assert_int_equal(end.kind, EVENT_MEMORY_END);
        return end.memory_end.status;
}

static int remember(uint32_t port, uint32_t count)
{
        memset(&memory, 0, sizeof memory);
        memory.port = port;
        memory.count = count;
        for (uint32_t i = 0; i < count; i++)
                memory.functions[i].instance = 1000u * count + i;
        return store_write(&store, &memory);
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(folder, sizeof folder, "/tmp/sallyport-store-XXXXXX");
        if (!mkdtemp(folder))
                return -1;
        (void)snprintf(path, sizeof path, "%s/state", folder);
        store_open(folder, &store);
        return store.error;
}

static int teardown(void **state)
{
        (void)state;
        store_close(&store);
        return tree_remove(folder);
}

static size_t file_size(void)
{
        struct stat status;

        assert_int_equal(stat(path, &status), 0);
        return (size_t)status.st_size;
}

static bool file_there(const char *name)
{
        return faccessat(store.folder, name, F_OK, 0) == 0;
}

static void byte_flip(size_t at)
{
        int fd = open(path, O_RDWR | O_CLOEXEC);
        uint8_t byte;

        assert_true(fd >= 0);
        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        assert_int_equal(close(fd), 0);
}

static void test_fresh(void **state)
{
        (void)state;
        assert_int_equal(read_back(), MEMORY_FRESH);
        assert_int_equal(end.error, 0);
        assert_false(file_there("state")); /* looking makes none */
}

/* The last of each port counts. */
static void test_remembered(void **state)
{
        struct stat status;

        (void)state;
        assert_int_equal(remember(1, 2), 0);
        assert_int_equal(remember(2, 1), 0);
        assert_int_equal(remember(1, 3), 0);
        assert_int_equal(read_back(), MEMORY_GOOD);
        assert_int_equal(seen_count, 2);
        assert_int_equal(seen[0].port, 2);
        assert_int_equal(seen[1].port, 1);
        assert_int_equal(seen[1].count, 3);
        assert_int_equal(seen[1].functions[2].instance, 3002);
        assert_true(seen[1].this_boot);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_false(file_there("state.new"));
}

static void test_another_boot(void **state)
{
        (void)state;
        assert_int_equal(remember(1, 2), 0);
        store.boot[0] ^= 1;
        assert_int_equal(read_back(), MEMORY_GOOD);
        assert_false(seen[0].this_boot);
}

/* Killed in an append, after any byte of it: what was there counts, and the next append goes on behind that. */
static void test_torn_everywhere(void **state)
{
        size_t first, whole;

        (void)state;
        assert_int_equal(remember(1, 2), 0);
        first = file_size();
        assert_int_equal(remember(1, 1), 0);
        whole = file_size();
        for (size_t length = first; length < whole; length++) {
                assert_int_equal(truncate(path, (off_t)length), 0);
                assert_int_equal(read_back(), length == first ? MEMORY_GOOD : MEMORY_TORN);
                assert_int_equal(seen_count, 1);
                assert_int_equal(seen[0].count, 2);
                assert_int_equal(remember(1, 1), 0);
                assert_int_equal(file_size(), whole);
                assert_int_equal(read_back(), MEMORY_GOOD);
                assert_int_equal(seen[0].count, 1);
        }
}

static void test_damaged(void **state)
{
        (void)state;
        for (uint32_t i = 1; i <= STORE_ASIDE_MAX + 1; i++) {
                char name[32];

                (void)unlinkat(store.folder, "state", 0);
                assert_int_equal(remember(1, 2), 0);
                byte_flip(file_size() - 1 - i);
                assert_int_equal(remember(2, 2), -EUCLEAN);
                assert_int_equal(read_back(), MEMORY_DAMAGED);
                assert_int_equal(seen_count, 0);
                assert_int_equal(end.memory_end.aside, i <= STORE_ASIDE_MAX ? i : 0);
                (void)snprintf(name, sizeof name, "state.bad-%u", i);
                assert_int_equal(file_there(name), i <= STORE_ASIDE_MAX);
        }
        /* Nothing is overwritten: the last is in the way, and nothing is remembered. */
        assert_true(file_there("state"));
        assert_int_equal(remember(1, 2), -EUCLEAN);
        assert_int_equal(unlinkat(store.folder, "state.bad-3", 0), 0);
        assert_int_equal(read_back(), MEMORY_DAMAGED);
        assert_int_equal(end.memory_end.aside, 3);
        assert_int_equal(remember(1, 2), 0);
        assert_int_equal(read_back(), MEMORY_GOOD);
}

static void test_newer(void **state)
{
        (void)state;
        assert_int_equal(remember(1, 2), 0);
        byte_flip(EVENT_MEMORY_HEAD_SIZE - 2);
        assert_int_equal(remember(1, 2), -EUCLEAN);
        assert_int_equal(read_back(), MEMORY_NEWER);
        assert_int_equal(end.memory_end.aside, 1);
        assert_int_equal(read_back(), MEMORY_FRESH);
}

/* It never grows beyond its bound, and what is replaced keeps the other ports' entries. */
static void test_compacted(void **state)
{
        size_t before = 0;
        uint32_t shrunk = 0;

        (void)state;
        assert_int_equal(remember(2, 5), 0);
        for (uint32_t i = 0; i < 60; i++) {
                assert_int_equal(remember(1, 100 + i % 7), 0);
                assert_true(file_size() <= STORE_SIZE_MAX);
                shrunk += file_size() < before;
                before = file_size();
                assert_int_equal(read_back(), MEMORY_GOOD);
                assert_int_equal(seen_count, 2);
                assert_int_equal(seen[1].port, 1);
                assert_int_equal(seen[1].count, 100 + i % 7);
                assert_int_equal(seen[0].count, 5);
        }
        assert_true(shrunk >= 2);
        store.boot[0] ^= 1; /* the next boot: what is outdated goes with the next compaction */
        for (uint32_t i = 0; i < 30; i++)
                assert_int_equal(remember(1, 100), 0);
        assert_int_equal(read_back(), MEMORY_GOOD);
        assert_int_equal(seen_count, 1);
}

/* A compaction that was killed left a half-written file beside the good one. */
static void test_compaction_killed(void **state)
{
        int fd;

        (void)state;
        assert_int_equal(remember(1, 2), 0);
        fd = openat(store.folder, "state.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, "sallyport", 9), 9);
        assert_int_equal(close(fd), 0);
        assert_int_equal(read_back(), MEMORY_GOOD);
        assert_int_equal(seen_count, 1);
        for (uint32_t i = 0; i < 30; i++)
                assert_int_equal(remember(2, 100), 0);
        assert_int_equal(read_back(), MEMORY_GOOD);
        assert_int_equal(seen_count, 2);
        assert_false(file_there("state.new"));
}

/* No room, at each size that a file can have then: nothing is lost, nothing half written stays. */
static void test_full(void **state)
{
        struct rlimit before, limit;
        size_t first, whole;

        (void)state;
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(remember(1, 2), 0);
        first = file_size();
        assert_int_equal(remember(1, 3), 0);
        whole = file_size();
        assert_int_equal(truncate(path, (off_t)first), 0);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        for (size_t size = first; size < whole; size++) {
                limit = (struct rlimit){ .rlim_cur = size, .rlim_max = before.rlim_max };
                assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
                assert_int_equal(remember(1, 3), -EFBIG);
                assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
                assert_int_equal(file_size(), first);
                assert_int_equal(read_back(), MEMORY_GOOD);
                assert_int_equal(seen[0].count, 2);
        }
        assert_int_equal(remember(1, 3), 0);
        assert_int_equal(file_size(), whole);
}

/* The same for the first file, and for one that is to be replaced. */
static void test_full_new(void **state)
{
        struct rlimit before, limit;

        (void)state;
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        limit = (struct rlimit){ .rlim_cur = 30, .rlim_max = before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(remember(1, 2), -EFBIG);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(read_back(), MEMORY_FRESH);
        assert_false(file_there("state.new"));
}

/* Root may write anywhere: as somebody else, in a process of its own. */
static int as_nobody(int (*call)(void))
{
        int status;
        pid_t pid = fork();

        if (pid == 0)
                _exit(geteuid() == 0 && setuid(65534) < 0 ? 255 : call());
        assert_true(pid > 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static int remember_call(void)
{
        return -remember(1, 1);
}

static int read_call(void)
{
        return read_back() == MEMORY_UNUSABLE ? end.error : 254;
}

static void test_denied(void **state)
{
        (void)state;
        assert_int_equal(chmod(folder, 0555), 0);
        assert_int_equal(as_nobody(remember_call), EACCES);
        assert_int_equal(chmod(folder, 0700), 0);
        assert_int_equal(remember(1, 2), 0);
        assert_int_equal(chmod(folder, 0555), 0);
        if (geteuid() == 0)
                assert_int_equal(as_nobody(read_call), EACCES); /* the file is root's alone */
        assert_int_equal(chmod(folder, 0700), 0);
}

/* No folder, and no way to make one: said, and every write fails. */
static void test_no_folder(void **state)
{
        (void)state;
        store_close(&store);
        store_open("/proc/nowhere/state", &store);
        assert_int_equal(store.folder, -1);
        assert_int_equal(read_back(), MEMORY_UNUSABLE);
        assert_int_equal(end.error, ENOENT);
        assert_int_equal(remember(1, 1), -ENOENT);
        (void)snprintf(path, sizeof path, "%s/new", folder);
        store_open(path, &store);
        assert_int_equal(store.error, 0);
        assert_int_equal(read_back(), MEMORY_FRESH);
}

/* A note holds in the boot in which it was made, whole. */
static void test_note(void **state)
{
        char name[128];

        (void)state;
        assert_false(store_noted(&store, "note"));
        assert_int_equal(store_note(&store, "note"), 0);
        assert_true(store_noted(&store, "note"));
        assert_false(store_noted(&store, "other"));
        store.boot[0] ^= 1;
        assert_false(store_noted(&store, "note"));
        assert_int_equal(store_note(&store, "note"), 0);
        assert_true(store_noted(&store, "note"));
        (void)snprintf(name, sizeof name, "%s/note", folder);
        assert_int_equal(truncate(name, EVENT_MEMORY_BOOT_SIZE - 1), 0);
        assert_false(store_noted(&store, "note"));
        assert_int_equal(store_note(&store, "note"), 0);
        assert_int_equal(truncate(name, EVENT_MEMORY_BOOT_SIZE + 1), 0);
        assert_false(store_noted(&store, "note"));
        assert_int_equal(unlink(name), 0);
        assert_int_equal(symlink("state", name), 0);
        assert_int_equal(store_note(&store, "note"), -ELOOP);
        store_close(&store);
        store.error = -ENOSPC;
        assert_int_equal(store_note(&store, "note"), -ENOSPC);
        assert_false(store_noted(&store, "note"));
}

/* A worker is killed at any moment while it writes: what is read is the last that it had finished, or the one after. */
static void test_killed(void **state)
{
        (void)state;
        for (useconds_t after_us = 0; after_us < 20000; after_us += 500) {
                const struct timespec wait = { .tv_nsec = (long)after_us * 1000L };
                enum event_memory_status status;
                pid_t pid = fork();

                assert_true(pid >= 0);
                if (pid == 0)
                        for (uint32_t i = 0;; i++)
                                (void)remember(1 + i % 2, 100);
                (void)nanosleep(&wait, NULL);
                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitpid(pid, NULL, 0), pid);
                status = read_back();
                assert_true(status == MEMORY_GOOD || status == MEMORY_TORN ||
                            status == MEMORY_FRESH);
                for (uint32_t i = 0; i < seen_count; i++)
                        assert_int_equal(seen[i].count, 100);
        }
        assert_int_equal(remember(1, 3), 0);
        assert_int_equal(read_back(), MEMORY_GOOD);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_fresh),        TEST(test_remembered),
                TEST(test_another_boot), TEST(test_torn_everywhere),
                TEST(test_damaged),      TEST(test_newer),
                TEST(test_compacted),    TEST(test_compaction_killed),
                TEST(test_full),         TEST(test_full_new),
                TEST(test_denied),       TEST(test_no_folder),
                TEST(test_note),         TEST(test_killed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
