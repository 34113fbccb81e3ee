/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process per blocking effect. */
#include "daemon/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "edge/cleanup.h"
#include "edge/clock.h"

/* The answer is read when the process has ended, so it has to fit into the pipe (pipe(7): 64 KiB). */
_Static_assert(sizeof(struct event) <= 65536, "an answer must fit into a pipe");

struct daemon_worker {
        struct daemon_workers *workers;
        unsigned int index;
        struct effect effect;
        int pipe;
        bool answered;
        sd_event_source *child, *timer;
};

static void worker_free(struct daemon_worker *worker)
{
        worker->workers->workers[worker->index] = NULL;
        (void)sd_event_source_disable_unref(worker->timer);
        (void)sd_event_source_disable_unref(worker->child);
        if (worker->pipe >= 0)
                (void)close(worker->pipe);
        free(worker);
}

static void worker_answer(struct daemon_worker *worker, const struct event *event)
{
        if (worker->answered)
                return;
        worker->answered = true;
        worker->workers->answer(worker->workers->userdata, event);
}

static void worker_fail(struct daemon_worker *worker, int error)
{
        struct event event = { .kind = EVENT_COMPLETED,
                               .token = worker->effect.token,
                               .port = worker->effect.port,
                               .error = error };

        event.time_ms = edge_clock_ms();
        worker_answer(worker, &event);
}

static bool answer_read(int pipe, struct event *ret_event)
{
        size_t length = 0;
        ssize_t got;

        do {
                got = read(pipe, (char *)ret_event + length, sizeof *ret_event - length);
                if (got > 0)
                        length += (size_t)got;
        } while (got > 0 && length < sizeof *ret_event);
        return length == sizeof *ret_event;
}

/* The process has ended, and sd-event reaps it. */
static int child_dispatch(sd_event_source *child, const siginfo_t *status, void *userdata)
{
        struct daemon_worker *worker = userdata;
        struct event event;

        (void)child, (void)status;
        if (answer_read(worker->pipe, &event))
                worker_answer(worker, &event);
        else
                worker_fail(worker, EIO);
        worker_free(worker);
        return 0;
}

static int timer_dispatch(sd_event_source *timer, uint64_t planned_us, void *userdata)
{
        struct daemon_worker *worker = userdata;

        (void)timer, (void)planned_us;
        /* By its pidfd: its number can be nobody else's. Inside the kernel it may live on for a while. */
        (void)sd_event_source_send_child_signal(worker->child, SIGKILL, NULL, 0);
        worker_fail(worker, ETIMEDOUT);
        return 0;
}

/*
 * A worker must not act for a daemon that is gone: the next one begins anew. But half of what a toolstack does would
 * stay in its books for good (libxl: the device is nobody's any more, and no guest can be attached it), so that is
 * ended; the next daemon's inventory waits for it (edge/actuator/toolstack.h).
 */
static bool effect_outlives(const struct effect *effect)
{
        return effect->kind == EFFECT_ATTACH || effect->kind == EFFECT_DETACH;
}

/* All that is the daemon's alone: its socket must not listen any more when it is gone (sink/predecessor.c). */
static void descriptors_close(const struct actuator *actuator, int pipe)
{
        const int kept[] = { pipe, actuator->sysfs, actuator->proc, actuator->run };

        for (int first = STDERR_FILENO + 1, next; first <= INT_MAX - 1; first = next + 1) {
                next = INT_MAX - 1;
                for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
                        if (kept[i] >= first && kept[i] < next)
                                next = kept[i];
                if (next > first)
                        (void)close_range((unsigned int)first, (unsigned int)next - 1, 0);
        }
}

__attribute__((noreturn)) static void worker_main(const struct daemon_workers *workers,
                                                  const struct effect *effect, pid_t parent,
                                                  int pipe)
{
        struct event event;
        sigset_t none;
        ssize_t written = -1;

        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        if (effect_outlives(effect))
                descriptors_close(workers->actuator, pipe);
        else if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                _exit(EXIT_FAILURE);
        if (getppid() != parent)
                _exit(EXIT_FAILURE);
        if (workers->perform(workers->actuator, effect, &event) == 0)
                written = write(pipe, &event, sizeof event);
        _exit(written == (ssize_t)sizeof event ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int worker_watch(struct daemon_worker *worker, pid_t pid)
{
        sd_event *loop = worker->workers->loop;
        uint64_t deadline_us = (uint64_t)worker->effect.deadline_ms * 1000u;
        int r = sd_event_add_child(loop, &worker->child, pid, WEXITED, child_dispatch, worker);

        if (r >= 0)
                r = sd_event_add_time_relative(loop, &worker->timer, CLOCK_MONOTONIC, deadline_us,
                                               /* accuracy= */ 1000, timer_dispatch, worker);
        return r < 0 ? r : 0;
}

static int worker_fork(struct daemon_worker *worker)
{
        EDGE_CLEANUP_FD int write_end = -1;
        pid_t pid, parent = getpid();
        int ends[2], error;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        worker->pipe = ends[0];
        write_end = ends[1];
        if (fcntl(worker->pipe, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                worker_main(worker->workers, &worker->effect, parent, write_end);
        error = worker_watch(worker, pid);
        if (error) /* it is not reaped, so its number is still its own; it stays a zombie */
                (void)kill(pid, SIGKILL);
        return error;
}

int daemon_worker_start(struct daemon_workers *workers, const struct effect *effect)
{
        struct daemon_worker *worker;
        unsigned int index = 0;
        int error;

        while (index < DAEMON_WORKERS_MAX && workers->workers[index])
                index++;
        if (index == DAEMON_WORKERS_MAX)
                return -EAGAIN;
        worker = calloc(1, sizeof *worker);
        if (!worker)
                return -ENOMEM;
        workers->workers[index] = worker;
        worker->workers = workers;
        worker->index = index;
        worker->effect = *effect;
        worker->pipe = -1;
        error = worker_fork(worker);
        if (error)
                worker_free(worker);
        return error;
}

void daemon_workers_stop(struct daemon_workers *workers)
{
        for (unsigned int i = 0; i < DAEMON_WORKERS_MAX; i++) {
                struct daemon_worker *worker = workers->workers[i];

                if (!worker)
                        continue;
                if (!effect_outlives(&worker->effect))
                        (void)sd_event_source_send_child_signal(worker->child, SIGKILL, NULL, 0);
                worker_free(worker);
        }
}
