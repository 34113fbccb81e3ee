/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between core and world: what the daemon's loop and workers do. */
#pragma once

#include "world.h"

/** Told of every effect that leaves the core and of every record: for traces and checkers. May be NULL. */
typedef void (*sim_watch)(void *userdata, const struct sim_state *state,
                          const struct effects *effects);
void sim_edge_watch(sim_watch watch, void *userdata);

/** How the core is broken on purpose. */
enum sim_canary {
        SIM_CANARY_NONE,
        SIM_CANARY_CLOSED, /* it believes that every port is closed */
        SIM_CANARY_SAME,   /* it is never told that a slot's presence or link has changed: a swap goes unseen */
        SIM_CANARY_MAX
};
void sim_edge_canary(enum sim_canary what);

/**
 * Hands an event to the core, and every event that comes of effects that run at once. blind: their register writes do
 * nothing, and their answers say 0.
 */
void sim_edge_event(struct sim_state *state, const struct event *event, bool blind);

/** The answer of the port's worker, filled into an event of the caller's. */
void sim_edge_answer(struct sim_state *state, uint32_t port, struct event *ret_event);
