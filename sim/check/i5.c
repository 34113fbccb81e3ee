/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I5: an effect is licensed for (SBDF, incarnation), and never done to a successor. */
#include "check/check.h"

#include <stddef.h>

const char *check_i5(const struct sim_state *state)
{
        return state->world.licence_broken ? "an effect on a function named no instance" : NULL;
}
