/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done to Thunderbolt routers, and to what is known of them. For perform.c. */
#pragma once

#include "edge/actuator/actuator.h"

/*
 * Effects of the same names. Each returns 0 or a negative errno; -ESTALE, with nothing done: at the router's place is
 * another, by its kernel object or by the ID that it says. All that is done is done in the folder that was checked.
 */

/**
 * EFFECT_AUTHORIZE. -ENOKEY: the store has no key, and nothing was done; -EKEYREJECTED: the router does not have it.
 * The kernel may ask the device, so this waits as long as that does. A router that took its first key is noted to have
 * it.
 */
int actuator_router_authorize(const struct actuator *actuator, const struct effect *effect);
/** EFFECT_DEAUTHORIZE. -EINVAL: this domain cannot. */
int actuator_router_deauthorize(const struct actuator *actuator, const struct effect *effect);
/** EFFECT_ENROLL, with the names that it says now. -ENODATA: they cannot be read. */
int actuator_router_enroll(const struct actuator *actuator, const struct effect *effect);
/** EFFECT_FORGET: asks no router. */
int actuator_router_forget(const struct actuator *actuator, const struct effect *effect);
