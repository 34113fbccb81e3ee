/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that wait for their step, in order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/event/event.h"

/** A discovery of the largest machine fits; what does not is an overrun. */
#define DAEMON_QUEUE_MAX 4096u

struct daemon_queued;

/** All zero = empty. */
struct daemon_queue {
        uint32_t count;
        struct daemon_queued *first, *last;
};

/** Appends a copy. False where the queue is full or memory is out: the event is lost. */
bool daemon_queue_push(struct daemon_queue *queue, const struct event *event);
/** Drops the readings of this port that wait: something was done to it since, so they tell of the past. */
void daemon_queue_drop_readings(struct daemon_queue *queue, uint32_t port);
/** Takes the oldest. False, with *ret_event untouched, where there is none. */
bool daemon_queue_pop(struct daemon_queue *queue, struct event *ret_event);
