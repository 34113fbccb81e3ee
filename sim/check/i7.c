/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I7: nothing is done that panics a known Xen. */
#include "check/check.h"

#include <stddef.h>

const char *check_i7(const struct sim_state *state)
{
        if (state->world.added_unasked)
                return "Xen was told of a requester ID that it leaves without owner";
        return state->world.panicked ? "Xen panicked over an entry without owner" : NULL;
}
