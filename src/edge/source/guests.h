/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guests that exist now, and what toolstacks say to be theirs, by xenstore. */
#pragma once

#include "core/event/event.h"

/**
 * Reads the domains but dom0 that have a name (/local/domain/DOMID/name: xenstore-paths(7)). 0; or a negative errno,
 * with *ret_guests undefined: xenstore is not there, or does not answer within 2 seconds.
 */
int source_guests_read(struct event_guests *ret_guests);
