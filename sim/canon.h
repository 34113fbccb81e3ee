/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When two states are the same: what can make a difference later, and nothing else. */
#pragma once

#include "world.h"

/**
 * A hash of the state in which counters that only ever are compared (tokens, instances, incarnations, which device it
 * is) count by their relation, and times by how far they lie from now. Three things are not told apart: how often more
 * than VERIFY_TRIES something failed; how much of the wait for its next try is left (it is waited for, or not); and how
 * much of a worker's deadline is. So the order in which two such waits end is not searched. 64 bits: at 10^8 states the
 * chance that any two different ones collide is below 10^-3.
 */
uint64_t sim_canon_hash(const struct sim_state *state);
/** The same without what the scope still allows (faults, attacks, wishes left): how the state goes on without any. */
uint64_t sim_canon_calm(const struct sim_state *state);
/** sim_canon_hash of a state whose sim_canon_calm is known. */
uint64_t sim_canon_with_scope(uint64_t calm, const struct sim_state *state);

/** The next moment at which a time in the core's state makes a difference; 0 where it waits for none. */
uint64_t sim_canon_next(const struct sim_state *state);
