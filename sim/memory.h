/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state file of the simulated machine: what one daemon tells the next. */
#pragma once

#include "world.h"

/** What was decided, as the daemon hands it to the worker that writes it down (core/step.h:core_memory_fill). */
void sim_memory_hold(struct sim_state *state, uint32_t port);
/** EFFECT_REMEMBER: what the core knew when it left, in place of what was there. */
void sim_memory_write(struct sim_state *state, uint32_t port);
/** The same of the routers. */
void sim_memory_routers_hold(struct sim_state *state);
/** What edge/store hands over of the routers. False where the file names none. */
bool sim_memory_routers_fill(const struct sim_world *world, struct event_memory *ret_memory);
/** The file is gone. */
void sim_memory_lose(struct sim_world *world);
/** What edge/store hands over of a port at the start. False where the file does not name it. */
bool sim_memory_fill(const struct sim_world *world, uint32_t port, struct event_memory *ret_memory);
