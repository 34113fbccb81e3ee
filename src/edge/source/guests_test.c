/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watcher of guests with servers of the test's own: what they write, and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/clock.h"
#include "edge/source/guests.h"
#include "edge/source/source.h"

static sd_event *loop;
static struct source_guests source;
static struct event_guests last;
static unsigned int lists, troubles;
static int trouble;

static void list_take(void *userdata, const struct event *event)
{
        assert_ptr_equal(userdata, &source);
        assert_int_equal(event->kind, EVENT_GUESTS);
        assert_int_equal(event->token, 0);
        assert_int_equal(event->port, BASE_SBDF_NONE);
        assert_true(event->time_ms > 0);
        last = event->guests;
        lists++;
}

static void trouble_take(void *userdata, int error)
{
        assert_ptr_equal(userdata, &source);
        trouble = error;
        troubles++;
}

static int setup(void **state)
{
        sigset_t signals;

        (void)state;
        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGCHLD);
        lists = troubles = 0;
        trouble = 0;
        return sigprocmask(SIG_BLOCK, &signals, NULL) < 0 || sd_event_new(&loop) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        (void)state;
        source_guests_stop(&source);
        source_guests_stop(&source);
        loop = sd_event_unref(loop);
        return 0;
}

static void start(source_serve serve)
{
        assert_int_equal(
                source_guests_start(&source, loop, serve, list_take, trouble_take, &source), 0);
}

/* Runs until so much has come; 30 s are more than anything takes here. */
static void wait_for(unsigned int list_count, unsigned int trouble_count)
{
        uint64_t until = edge_clock_ms() + 30000;

        while (lists < list_count || troubles < trouble_count) {
                assert_true(edge_clock_ms() < until);
                assert_true(sd_event_run(loop, 1000000) >= 0);
        }
}

static void list_write(int fd, uint16_t domid, const char *name, size_t pieces)
{
        struct event_guests guests = { .count = 1 };
        size_t length = sizeof guests / pieces;

        guests.guests[0].domid = domid;
        memcpy(guests.guests[0].name, name, strlen(name));
        for (size_t i = 0; i < pieces; i++) {
                size_t size = i + 1 < pieces ? length : sizeof guests - i * length;

                if (write(fd, (const char *)&guests + i * length, size) != (ssize_t)size)
                        _exit(99);
        }
}

static int serve_two(int fd)
{
        list_write(fd, 1, "first", 1);
        list_write(fd, 2, "second", 7);
        (void)pause();
        return 0;
}

static void test_lists(void **state)
{
        (void)state;
        start(serve_two);
        assert_int_equal(lists, 0); /* never in the caller's time */
        wait_for(2, 0);
        assert_int_equal(last.count, 1);
        assert_int_equal(last.guests[0].domid, 2);
        assert_string_equal(last.guests[0].name, "second");
        assert_int_equal(troubles, 0);
}

/* Its pipe is all that it has, its signals come, and it dies with us: as exit statuses. */
static int serve_look(int fd)
{
        sigset_t signals;
        int error = 0;

        if (fd != 3)
                error = 21;
        for (int i = 0; i < 1024; i++)
                if (i > STDERR_FILENO && i != fd && fcntl(i, F_GETFD) >= 0)
                        error = 22;
        if (sigprocmask(SIG_BLOCK, NULL, &signals) < 0 || sigismember(&signals, SIGCHLD) != 0)
                error = 23;
        list_write(fd, 1, "a", 1);
        return error ? error : 20;
}

static void test_surroundings(void **state)
{
        int held = open("/dev/null", O_RDONLY | O_CLOEXEC);

        (void)state;
        assert_true(held > STDERR_FILENO);
        start(serve_look);
        wait_for(1, 1);
        assert_int_equal(trouble, -20);
        assert_int_equal(close(held), 0);
}

static int serve_nothing(int fd)
{
        (void)fd;
        return ENOENT;
}

/* xenstored is not there yet: nobody has to know. It is tried again, and not at once. */
static void test_absent(void **state)
{
        uint64_t begin = edge_clock_ms();

        (void)state;
        start(serve_nothing);
        while (edge_clock_ms() < begin + 1000)
                assert_true(sd_event_run(loop, 100000) >= 0);
        assert_int_equal(troubles, 0);
        assert_null(source.child);
        source.serve = serve_two;
        wait_for(2, 0);
        assert_true(edge_clock_ms() >= begin + SOURCE_GUESTS_MS - 200);
        assert_int_equal(troubles, 0);
}

static int serve_half(int fd)
{
        list_write(fd, 3, "whole", 1);
        if (write(fd, "half", 4) != 4)
                return 99;
        return EPIPE;
}

/* Half a list is none, and nothing of it is left for the next server's. It is told once. */
static void test_dies(void **state)
{
        (void)state;
        start(serve_half);
        wait_for(1, 1);
        assert_int_equal(trouble, -EPIPE);
        assert_int_equal(lists, 1);
        source.serve = serve_nothing;
        (void)sd_event_source_set_time_relative(source.timer, 0);
        for (int i = 0; i < 10 && !source.child; i++)
                assert_true(sd_event_run(loop, 100000) >= 0);
        while (source.child)
                assert_true(sd_event_run(loop, 100000) >= 0);
        assert_int_equal(troubles, 1);
        source.serve = serve_two;
        (void)sd_event_source_set_time_relative(source.timer, 0);
        wait_for(3, 0);
        assert_string_equal(last.guests[0].name, "second");
}

static int serve_once(int fd)
{
        list_write(fd, 1, "a", 1);
        (void)pause(); /* it has no handlers: nothing but its end comes */
        return 0;
}

/* It says nothing any more: it is killed, that is told once, and another takes its place. */
static void test_hangs(void **state)
{
        uint64_t next = 0, now = 0;

        (void)state;
        start(serve_once);
        wait_for(1, 0);
        assert_true(sd_event_now(loop, CLOCK_MONOTONIC, &now) >= 0);
        assert_true(sd_event_source_get_time(source.timer, &next) >= 0);
        assert_true(next > now + 19 * 1000000ull && next <= now + 20 * 1000000ull);
        (void)sd_event_source_set_time_relative(source.timer, 0); /* 20 s are over */
        wait_for(1, 1);
        assert_int_equal(trouble, -ETIMEDOUT);
        while (source.child)
                assert_true(sd_event_run(loop, 100000) >= 0);
        assert_int_equal(troubles, 1);
        source.serve = serve_two;
        (void)sd_event_source_set_time_relative(source.timer, 0);
        wait_for(3, 0);
        assert_int_equal(troubles, 1);
}

/* There is no xenstored where this runs, or there is: either way an answer comes, and soon. */
static void test_read(void **state)
{
        struct event_guests guests;
        uint64_t begin = edge_clock_ms();
        int error = source_guests_read(&guests);

        (void)state;
        assert_true(edge_clock_ms() - begin < 5000);
        if (access("/run/xenstored/socket", F_OK) != 0 && access("/dev/xen/xenbus", F_OK) != 0)
                assert_int_equal(error, -ENOENT);
        else if (!error)
                assert_true(guests.count <= LIMIT_GUESTS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_lists), TEST(test_surroundings), TEST(test_absent),
                TEST(test_dies),  TEST(test_hangs),        cmocka_unit_test(test_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
