/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Thunderbolt bus as the kernel shows it, and what the identity store has of it. */
#pragma once

#include "core/event/event.h"
#include "edge/store/store.h"

/**
 * Lists domains and routers below sysfs's root (a descriptor; a tree of plain files does for tests), sorted, with what
 * the store knows of each. Asks no device: the kernel has read all of it before. 0, also where there is no such bus: a
 * list without domains; or a negative errno where it cannot be listed. What cannot be read of one domain or router is
 * said of it.
 */
int source_routers_read(int sysfs, const struct store *store, struct event_routers *ret_routers);

/** The attributes of one, from its folder: all but its place, its key, and what is known of it, which are 0. */
void source_router_attributes_read(int folder, struct event_router *ret_router);
