/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Effects that can block: a process each, with a deadline. */
#pragma once

#include <systemd/sd-event.h>

#include "edge/actuator/actuator.h"

/** Each port has one effect under way; the rest is for those that missed their deadline and hang in the kernel. */
#define DAEMON_WORKERS_MAX (2u * LIMIT_PORTS)

/** Carries out an effect: actuator_perform, or a test's. */
typedef int (*daemon_perform)(const struct actuator *actuator, const struct effect *effect,
                              struct event *ret_event);
/** Takes the answer of an effect; it lives until the call returns. */
typedef void (*daemon_answer)(void *userdata, const struct event *event);

struct daemon_worker;

struct daemon_workers {
        sd_event *loop; /**< SIGCHLD must be blocked in the process (sd_event_add_child(3)) */
        const struct actuator *actuator; /**< not NULL */
        daemon_perform perform;
        daemon_answer answer;
        void *userdata;
        struct daemon_worker *workers[DAEMON_WORKERS_MAX]; /**< NULL = free */
};

/**
 * Has a new process carry out the effect. The answer comes exactly once: the event that it made; EVENT_COMPLETED with
 * ETIMEDOUT when effect->deadline_ms (> 0) is over, and it is killed; with EIO where it died or answered with less than
 * an event. Its place stays taken until it is reaped: what hangs in the kernel does not die at once. 0; or a negative
 * errno without any answer, -EAGAIN where all places are taken.
 */
int daemon_worker_start(struct daemon_workers *workers, const struct effect *effect);
/**
 * Kills them all, without answers; whoever does not die at once is left to init, and so is what a toolstack has begun
 * (EFFECT_ATTACH, EFFECT_DETACH): it outlives the daemon, however that ends.
 */
void daemon_workers_stop(struct daemon_workers *workers);
