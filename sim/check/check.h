/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The invariants of DESIGN.md section 6, one file each. */
#pragma once

#include "world.h"

/** Returns NULL where the invariant holds in this state, else one sentence that says what is wrong. */
typedef const char *(*check_call)(const struct sim_state *state);

const char *check_i1(const struct sim_state *state); /* both doors are never open together */
const char *check_i2(const struct sim_state *state); /* no driver behind an open door */
const char *check_i3(const struct sim_state *state); /* no router is let in through an open door, or unasked */
const char *check_i4(const struct sim_state *state); /* killing the daemon opens nothing */
const char *check_i5(const struct sim_state *state); /* no effect on a successor */
const char *check_i6(const struct sim_state *state); /* what is called quarantined is */
const char *check_i7(const struct sim_state *state); /* nothing panics Xen */
/** Of L1: a request that nothing disturbed succeeds. */
const char *check_answers(const struct sim_state *state);

/**
 * May this function be dom0's, with a driver, behind an open door 1? The one exception that there is: what a rule makes
 * dom0's was in quarantine, is still the one that was, as far as anybody was told, and the core, where there is one,
 * knows that it is trusted, or leaves it open as it found it.
 */
bool check_trusted(const struct sim_state *state, uint32_t port, uint32_t index);
/** Is door 1 open, by the core's will? */
bool check_port_open(const struct sim_port *port);
/**
 * Did somebody else's rescan show something below an open port that reaches dom0's memory, and nobody has told the
 * daemon yet? That cannot be prevented, and is no violation: it is counted.
 */
bool check_exposed(const struct sim_state *state);
/** Does the daemon know of everything that happened here: nothing under way, nothing waiting, nothing lost? */
bool check_port_told(const struct sim_port *port);
/** All of them. *ret_name says which one failed ("I1"). */
const char *check_all(const struct sim_state *state, const char **ret_name);

/**
 * L1: faults and attacks stop, and everything comes to rest where it should. Runs a copy forward; remembers states that
 * are known to converge, so that each is walked once. calm: sim_canon_calm of the state.
 */
const char *check_l1(const struct sim_state *state, uint64_t calm);
/** The core at the end of check_l1's last run that it had not judged before. */
const struct core *check_l1_end(void);
/** check_l1 may be called with this soon: a look-up is a miss in the cache. */
void check_l1_expect(uint64_t calm);
/** Forgets what is known to converge (another scope). */
void check_l1_reset(void);
