/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves that are about Thunderbolt routers. Of these a move's port is the router's number, but for MOVE_TUNNEL. */
#pragma once

#include "move.h"

/** Is it one of them? */
bool sim_router_moved(enum sim_move_kind kind);
/** Adds those that can happen now to moves[*count]. */
void sim_router_moves(const struct sim_state *state, struct sim_move moves[static SIM_MOVES],
                      uint32_t *count);
/** What happens by itself: whoever can go on does. False: nothing. */
bool sim_router_course(const struct sim_world *world, struct sim_move *ret_move);
/** Does it; attacks, wishes and faults were counted. */
void sim_router_do(struct sim_state *state, struct sim_move move);
