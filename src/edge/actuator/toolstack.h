/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that gives a guest a device and takes it back. For perform.c. */
#pragma once

#include "edge/actuator/actuator.h"

/**
 * EFFECT_ATTACH and EFFECT_DETACH: runs the toolstack's program, without a shell, and waits for its end. It is looked
 * for in actuator->programs, reads nothing, has an environment of PATH, HOME and LC_ALL alone, and is killed with its
 * process group shortly before effect->deadline_ms is over; it dies with the calling process, which holds a lock for
 * actuator_toolstack_await meanwhile, and may outlive the daemon. Attaching is checked to be meant for the function
 * that is there (-ESTALE, as with other effects); detaching is not, for the guest's toolstack knows addresses only, and
 * what it has may be gone.
 * 0 where it ended with status 0; else a negative errno: -ENOENT = there is no such program, -EINVAL = this toolstack
 * needs the guest's name, -EREMOTEIO = another status, -ETIMEDOUT, -EBUSY = what an earlier daemon has begun has not
 * ended. ret_told (LIMIT_TOLD) then says what came of it, and the first words that the program wrote, as they were but
 * for blanks; else it is empty.
 */
int actuator_toolstack_run(const struct actuator *actuator, const struct effect *effect,
                           char ret_told[static LIMIT_TOLD]);
/**
 * Waits until nothing that is below effect->port is being given or taken back by a process that outlived its daemon:
 * what is read of functions and owners before that is worth nothing. 0; or -EBUSY where that takes longer than
 * effect->deadline_ms, or another negative errno: it cannot be known. Where there is no run folder nothing is known,
 * and nothing waited for.
 */
int actuator_toolstack_await(const struct actuator *actuator, const struct effect *effect);
