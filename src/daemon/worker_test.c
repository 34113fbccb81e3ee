/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Workers that answer, hang, die, answer short, are too many, and whose daemon is gone. Also the queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "daemon/queue.h"
#include "daemon/worker.h"

/* What the worker of an effect does is told by the effect's value. */
enum behaviour { ANSWERS, REFUSES, HANGS, DIES };

/* Who hangs says here which process that is, if it is open, and holds it. */
static int hanging = -1;
/* Its run folder is `hanging`, which a worker that closes what is the daemon's has to keep. */
static struct actuator actuator;

struct answers {
        unsigned int count;
        struct event last;
};

static int test_perform(const struct actuator *world, const struct effect *effect,
                        struct event *ret_event)
{
        pid_t self;

        (void)world;
        switch ((enum behaviour)effect->value) {
        case ANSWERS:
                memset(ret_event, 0, sizeof *ret_event);
                ret_event->kind = EVENT_INVENTORY;
                ret_event->token = effect->token;
                ret_event->inventory.count = 1;
                ret_event->inventory.functions[LIMIT_PORT_FUNCTIONS - 1].vendor = 0x1b36;
                return 0;
        case REFUSES:
                return -EINVAL;
        case HANGS:
                (void)signal(SIGTERM, SIG_IGN);
                (void)alarm(60); /* where a test failed */
                self = getpid();
                if (hanging >= 0 && write(hanging, &self, sizeof self) != sizeof self)
                        return -EIO;
                for (;;)
                        (void)pause();
        case DIES:
                (void)raise(SIGKILL);
        }
        return -EINVAL;
}

static void test_answer(void *userdata, const struct event *event)
{
        struct answers *answers = userdata;

        answers->count++;
        answers->last = *event;
}

static unsigned int busy_count(const struct daemon_workers *workers)
{
        unsigned int count = 0;

        for (unsigned int i = 0; i < DAEMON_WORKERS_MAX; i++)
                count += workers->workers[i] != NULL;
        return count;
}

static void workers_make(struct daemon_workers *ret_workers, struct answers *answers)
{
        sigset_t child;

        (void)sigemptyset(&child);
        (void)sigaddset(&child, SIGCHLD);
        assert_int_equal(sigprocmask(SIG_BLOCK, &child, NULL), 0);
        memset(answers, 0, sizeof *answers);
        actuator = (struct actuator){ .sysfs = -1, .proc = -1, .run = hanging };
        *ret_workers = (struct daemon_workers){ .actuator = &actuator,
                                                .perform = test_perform,
                                                .answer = test_answer,
                                                .userdata = answers };
        assert_true(sd_event_new(&ret_workers->loop) >= 0);
}

/* Has one effect carried out and waits until its worker is reaped. */
static void worker_run(enum behaviour behaviour, uint32_t deadline_ms, struct answers *ret_answers)
{
        struct daemon_workers workers;
        struct effect effect = { .kind = EFFECT_INVENTORY,
                                 .token = 77,
                                 .deadline_ms = deadline_ms,
                                 .port = BASE_SBDF(0, 0, 4, 0),
                                 .value = (uint16_t)behaviour };

        workers_make(&workers, ret_answers);
        assert_int_equal(daemon_worker_start(&workers, &effect), 0);
        assert_int_equal(busy_count(&workers), 1);
        while (busy_count(&workers) > 0)
                assert_true(sd_event_run(workers.loop, 10 * 1000000ull) > 0);
        assert_int_equal(ret_answers->count, 1);
        assert_int_equal(ret_answers->last.token, 77);
        sd_event_unref(workers.loop);
}

static void test_answers(void **state)
{
        struct answers answers;

        (void)state;
        worker_run(ANSWERS, 10000, &answers);
        assert_int_equal(answers.last.kind, EVENT_INVENTORY);
        assert_int_equal(answers.last.inventory.functions[LIMIT_PORT_FUNCTIONS - 1].vendor, 0x1b36);
}

static void test_hangs(void **state)
{
        struct answers answers;

        (void)state;
        worker_run(HANGS, 20, &answers);
        assert_int_equal(answers.last.kind, EVENT_COMPLETED);
        assert_int_equal(answers.last.error, ETIMEDOUT);
        assert_int_equal(answers.last.port, BASE_SBDF(0, 0, 4, 0));
}

static void test_dies(void **state)
{
        struct answers answers;

        (void)state;
        worker_run(DIES, 10000, &answers);
        assert_int_equal(answers.last.kind, EVENT_COMPLETED);
        assert_int_equal(answers.last.error, EIO);
}

static void test_short(void **state)
{
        struct answers answers;

        (void)state;
        worker_run(REFUSES, 10000, &answers);
        assert_int_equal(answers.last.kind, EVENT_COMPLETED);
        assert_int_equal(answers.last.error, EIO);
}

static void test_full(void **state)
{
        struct effect effect = { .kind = EFFECT_RESCAN, .deadline_ms = 60000, .value = HANGS };
        struct daemon_workers workers;
        struct answers answers;

        (void)state;
        workers_make(&workers, &answers);
        for (unsigned int i = 0; i < DAEMON_WORKERS_MAX; i++)
                assert_int_equal(daemon_worker_start(&workers, &effect), 0);
        assert_int_equal(daemon_worker_start(&workers, &effect), -EAGAIN);
        daemon_workers_stop(&workers);
        assert_int_equal(busy_count(&workers), 0);
        assert_int_equal(answers.count, 0);
        sd_event_unref(workers.loop);
}

/* Starts a worker that hangs, and is gone once that has begun: killed, or stopped as it should be. */
__attribute__((noreturn)) static void daemon_main(enum effect_kind kind, bool stops, int started)
{
        struct effect effect = { .kind = kind, .deadline_ms = 60000, .value = HANGS };
        struct pollfd begun = { .fd = started, .events = POLLIN };
        struct daemon_workers workers;
        struct answers answers;

        workers_make(&workers, &answers);
        if (daemon_worker_start(&workers, &effect) < 0 || poll(&begun, 1, 10000) != 1)
                _exit(EXIT_FAILURE);
        if (stops)
                daemon_workers_stop(&workers);
        _exit(EXIT_SUCCESS);
}

/* The pipe that a worker holds, ret_worker, whose daemon is gone. ret_socket: the other end of one of the daemon's. */
static int daemon_gone(enum effect_kind kind, bool stops, pid_t *ret_worker, int *ret_socket)
{
        int ends[2], sockets[2], status;
        pid_t daemon;

        assert_int_equal(pipe(ends), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
        hanging = ends[1];
        daemon = fork();
        if (daemon == 0) {
                (void)close(sockets[0]);
                daemon_main(kind, stops, ends[0]);
        }
        hanging = -1;
        assert_true(daemon > 0);
        assert_int_equal(close(ends[1]), 0);
        assert_int_equal(close(sockets[1]), 0);
        assert_int_equal(waitpid(daemon, &status, 0), daemon);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_int_equal(read(ends[0], ret_worker, sizeof *ret_worker), sizeof *ret_worker);
        *ret_socket = sockets[0];
        return ends[0];
}

/* Nobody holds the other end any more. */
static void assert_let_go(int fd)
{
        struct pollfd end = { .fd = fd, .events = POLLIN };
        char byte;

        assert_int_equal(poll(&end, 1, 10000), 1);
        assert_int_equal(read(fd, &byte, 1), 0);
        assert_int_equal(close(fd), 0);
}

/* A worker that lived on would act beside those of the next daemon. */
static void test_orphan(void **state)
{
        pid_t worker;

        (void)state;
        for (int stops = 0; stops <= 1; stops++) {
                int socket, held = daemon_gone(EFFECT_RESCAN, stops, &worker, &socket);

                assert_let_go(held);
                assert_let_go(socket);
        }
}

/* What a toolstack has begun is ended, whatever becomes of the daemon; but its socket is not held open by it. */
static void test_outlives(void **state)
{
        static const enum effect_kind kinds[] = { EFFECT_ATTACH, EFFECT_DETACH };

        (void)state;
        for (int i = 0; i < 4; i++) {
                pid_t worker;
                int socket, held = daemon_gone(kinds[i % 2], i >= 2, &worker, &socket);
                struct pollfd end = { .fd = held, .events = POLLIN };

                assert_let_go(socket);
                assert_int_equal(poll(&end, 1, 200), 0);
                assert_int_equal(kill(worker, SIGKILL), 0); /* it lives, so it is that one */
                assert_let_go(held);
        }
}

static void test_queue(void **state)
{
        struct event event = { .kind = EVENT_PORT_FOUND, .port = 1 }, taken;
        struct daemon_queue queue = { 0 };

        (void)state;
        assert_false(daemon_queue_pop(&queue, &taken));
        event.found.port_type = 4;
        assert_true(daemon_queue_push(&queue, &event));
        event.kind = EVENT_COMPLETED;
        event.port = 2;
        assert_true(daemon_queue_push(&queue, &event));
        assert_true(daemon_queue_pop(&queue, &taken));
        assert_int_equal(taken.port, 1);
        assert_int_equal(taken.found.port_type, 4);
        assert_true(daemon_queue_pop(&queue, &taken));
        assert_int_equal(taken.port, 2);
        assert_int_equal(taken.found.port_type, 0); /* not of this kind: not kept */
        while (queue.count < DAEMON_QUEUE_MAX)
                assert_true(daemon_queue_push(&queue, &event));
        assert_false(daemon_queue_push(&queue, &event));
        while (daemon_queue_pop(&queue, &taken))
                continue;
        assert_int_equal(queue.count, 0);
}

static void reading_push(struct daemon_queue *queue, enum event_kind kind, uint32_t port)
{
        struct event event = { .kind = kind, .port = port };

        assert_true(daemon_queue_push(queue, &event));
}

/* Readings of port 1 go; the order of the rest stays, and the end is found. */
static void test_queue_drop(void **state)
{
        struct daemon_queue queue = { 0 };
        struct event taken;

        (void)state;
        daemon_queue_drop_readings(&queue, 1);
        reading_push(&queue, EVENT_PORT_READ, 1);
        reading_push(&queue, EVENT_PORT_READ, 2);
        reading_push(&queue, EVENT_COMPLETED, 1);
        reading_push(&queue, EVENT_PORT_READ, 1);
        daemon_queue_drop_readings(&queue, 1);
        assert_int_equal(queue.count, 2);
        reading_push(&queue, EVENT_PORT_READ, 3);
        assert_true(daemon_queue_pop(&queue, &taken));
        assert_int_equal(taken.port, 2);
        assert_true(daemon_queue_pop(&queue, &taken));
        assert_int_equal(taken.kind, EVENT_COMPLETED);
        assert_true(daemon_queue_pop(&queue, &taken));
        assert_int_equal(taken.port, 3);
        reading_push(&queue, EVENT_PORT_READ, 1);
        daemon_queue_drop_readings(&queue, 1);
        assert_false(daemon_queue_pop(&queue, &taken));
        reading_push(&queue, EVENT_NONE, 0);
        assert_true(daemon_queue_pop(&queue, &taken));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),    cmocka_unit_test(test_hangs),
                cmocka_unit_test(test_dies),       cmocka_unit_test(test_short),
                cmocka_unit_test(test_full),       cmocka_unit_test(test_orphan),
                cmocka_unit_test(test_outlives),   cmocka_unit_test(test_queue),
                cmocka_unit_test(test_queue_drop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
