/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that gives a guest a device and takes it back. For perform.c. */
#pragma once

#include "edge/actuator/actuator.h"

/**
 * EFFECT_ATTACH and EFFECT_DETACH: runs the toolstack's program, without a shell, and waits for its end. It is looked
 * for in actuator->programs, reads nothing, has an environment of PATH, HOME and LC_ALL alone, and is killed with its
 * process group shortly before effect->deadline_ms is over; it dies with the calling process. Attaching is checked to
 * be meant for the function that is there (-ESTALE, as with other effects); detaching is not, for the guest's toolstack
 * knows addresses only, and what it has may be gone.
 * 0 where it ended with status 0; else a negative errno: -ENOENT = there is no such program, -EINVAL = this toolstack
 * needs the guest's name, -EREMOTEIO = another status, -ETIMEDOUT. ret_told (LIMIT_TOLD) then says what came of it, and
 * the first words that the program wrote, as they were but for blanks; else it is empty.
 */
int actuator_toolstack_run(const struct actuator *actuator, const struct effect *effect,
                           char ret_told[static LIMIT_TOLD]);
