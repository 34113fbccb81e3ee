/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I3: a Thunderbolt device is authorized only while its port is closed and the verdict allows it. */
#include "check/check.h"

#include <stddef.h>

const char *check_i3(const struct sim_state *state)
{
        if (state->world.thunderbolt.open)
                return "a router was authorized while door 1 of a port was open";
        if (state->world.thunderbolt.wrong)
                return "a router was authorized that nobody's word lets in, or that had changed";
        if (state->world.thunderbolt.unwatched)
                return "a router was authorized in a session that is locked, or not known";
        return NULL;
}
