/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When two states are the same: what can make a difference later, and nothing else. */
#pragma once

#include "world.h"

/**
 * A hash of the state in which counters that only ever are compared (tokens, instances, incarnations) count by their
 * relation, and times by how far they lie from now, as far as the core can still tell them apart. 64 bits: at 10^7
 * states the chance that any two different ones collide is below 10^-5.
 */
uint64_t sim_canon_hash(const struct sim_state *state);

/** The next moment at which a time in the core's state makes a difference; 0 where it waits for none. */
uint64_t sim_canon_next(const struct sim_state *state);
