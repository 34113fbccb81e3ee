/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between core and world: what the daemon's loop and workers do. */
#pragma once

#include "world.h"

/** Told of every effect that leaves the core and of every record: for traces and checkers. May be NULL. */
typedef void (*sim_watch)(void *userdata, const struct sim_state *state,
                          const struct effects *effects);
void sim_edge_watch(sim_watch watch, void *userdata);

/** Is the core broken on purpose? Then it believes that every port is closed (the canary). */
void sim_edge_canary(bool on);

/**
 * Hands an event to the core, and every event that comes of effects that run at once. blind: their register writes do
 * nothing, and their answers say 0.
 */
void sim_edge_event(struct sim_state *state, const struct event *event, bool blind);

/** The answer of the port's worker, filled into an event of the caller's. */
void sim_edge_answer(struct sim_state *state, uint32_t port, struct event *ret_event);
