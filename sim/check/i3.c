/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I3: a Thunderbolt device is authorized only while its port is closed and the verdict allows it. */
#include "check/check.h"

#include <stddef.h>

#include "base/sbdf.h"
#include "core/policy/policy.h"

/* What the core says of a router that is there: where its tunnel is, and whether it proved who it is. */
static const char *router_said(const struct sim_state *state, const struct model_router *said)
{
        const struct sim_thunderbolt *bus = &state->world.thunderbolt;
        uint32_t slot = sim_router_slot(&state->world, said->facts.instance);
        const struct sim_router *router = &bus->routers[slot % SIM_ROUTERS];

        if (slot == SIM_ROUTERS)
                return NULL;
        if (!bus->muddled && router->tunnel != 0 && said->port != BASE_SBDF_NONE &&
            said->port != sim_port_sbdf(&state->world, router->tunnel - 1u))
                return "a router is said to be at a port where it is not";
        if (router->identity == SIM_CLONE &&
            policy_router_key(&state->core, said) == POLICY_KEY_VERIFIED)
                return "the key of a router that has none is called verified";
        return NULL;
}

const char *check_i3(const struct sim_state *state)
{
        const struct sim_thunderbolt *bus = &state->world.thunderbolt;

        if (bus->open)
                return "a router was authorized while door 1 of a port was open";
        if (bus->wrong)
                return "a router was authorized that nobody's word lets in, or that had changed";
        if (bus->unwatched)
                return "a router was authorized in a session that is locked, or not known";
        if (bus->unproved)
                return "a router was authorized without being asked for its key";
        if (bus->early)
                return "a router was authorized before what its parent brought was in quarantine";
        if (bus->untimely)
                return "a router was deauthorized before the one behind it";
        if (bus->told_wrong)
                return "a request about a router was answered as done, and was not";
        for (uint32_t i = 0; i < state->core.router_count && !state->world.crashed; i++) {
                const char *wrong = router_said(state, &state->core.routers[i]);

                if (wrong)
                        return wrong;
        }
        return NULL;
}
