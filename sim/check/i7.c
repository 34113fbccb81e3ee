/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I7: nothing is done that panics a known Xen. */
#include "check/check.h"

#include <stddef.h>

const char *check_i7(const struct sim_state *state)
{
        if (state->world.added_unasked)
                return "Xen was told of a requester ID that it leaves without owner";
        if (state->world.unregistered)
                return "pciback was bound to what Xen had not learned of anew";
        if (state->world.robbed)
                return "a function was taken from under the guest that has it";
        if (state->world.rights_dropped)
                return "a function was removed or given away while a guest might map its memory";
        return state->world.panicked ? "Xen panicked over an entry without owner" : NULL;
}
