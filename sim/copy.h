/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of states: only what is in use, so that exploring costs what the scope costs, not what limits.h allows. */
#pragma once

#include <stddef.h>

#include "world.h"

/** Copies a state, without the configuration (constant) and without unused ports and functions. */
void sim_copy(struct sim_state *to, const struct sim_state *from);
/** Bytes that sim_pack needs for this state. */
size_t sim_packed_size(const struct sim_state *state);
/** Writes the state into bytes; at least sim_packed_size of them. */
void sim_pack(void *bytes, const struct sim_state *state);
void sim_unpack(struct sim_state *to, const void *bytes);
