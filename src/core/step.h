/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contract: one event in, effects out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/effect.h"
#include "core/event/event.h"

struct core; /* model/model.h; flat, hashable, sizeof known to whoever includes that */

/** Makes an empty core: no ports known, nothing opened, nothing promised. */
void core_init(struct core *ret_core);

/**
 * The whole of Sallyport's decisions. Total: any event in any state is fine, bad input is a verdict. Deterministic:
 * same state and event, same result. *effects must be empty on entry; they are to be carried out in order. Time
 * never goes back: an event older than the last counts as happening with it.
 */
void core_step(struct core *core, const struct event *event, struct effects *effects);

/**
 * What EFFECT_REMEMBER is to write of this port, or, where it is BASE_SBDF_NONE, of the routers: as the core knows it
 * when that effect leaves. False where there is no such port.
 */
bool core_memory_fill(const struct core *core, uint32_t port, struct event_memory *ret_memory);

/**
 * The read that the port watcher does at each tick: fills EFFECT_PORT_READ (token 0) for the index-th external port.
 * False beyond the last.
 */
bool core_port_watched(const struct core *core, uint32_t index, struct effect *ret_read);
