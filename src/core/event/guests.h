/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests as xenstore lists them: look up. */
#pragma once

#include "core/event/event.h"

/** The guest with this name, or NULL. Where the list is cut short, one that is not found may exist all the same. */
const struct event_guest *event_guest_find(const struct event_guests *guests, const char *name);
/** The domid of the guest that a toolstack says to have this function; 0: nothing is said. */
uint16_t event_guests_claim(const struct event_guests *guests, uint32_t sbdf);
