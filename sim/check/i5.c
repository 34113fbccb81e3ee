/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I5: an effect is licensed for (SBDF, incarnation), and never done to a successor; nor is a verdict inherited. */
#include "check/check.h"

#include <stddef.h>

#define SLOT_CHANGED (MODEL_SLOT_STATUS_PDC | MODEL_SLOT_STATUS_DLLSC)

/* What comes and goes at the end of a chain no port tells of, only the router's going. */
static bool chain_untold(const struct sim_state *state)
{
        const struct sim_thunderbolt *bus = &state->world.thunderbolt;

        return bus->there == SIM_BUS_CHAIN &&
               (bus->due || bus->lost || bus->token != 0 || !state->core.routers_fresh);
}

/* Judged once the daemon has seen that the slot changed. Of what changed while it was dead slot and state file tell. */
const char *check_i5(const struct sim_state *state)
{
        const struct core *core = &state->core;

        if (state->world.licence_broken)
                return "an effect on a function named no instance";
        if (state->world.opened_former)
                return "a port was opened to a device that inherits from its predecessor";
        for (uint32_t i = 0; i < core->port_count && !state->world.crashed; i++) {
                const struct sim_port *port = &state->world.ports[i];

                if ((core->ports[i].state != STATE_QUARANTINED &&
                     core->ports[i].state != STATE_ASSIGNED &&
                     core->ports[i].state != STATE_TRUSTED) ||
                    !check_port_told(port) || chain_untold(state) ||
                    (port->slot_status & SLOT_CHANGED))
                        continue;
                for (uint32_t j = 0; j < sim_function_count(&state->world, i); j++)
                        if (port->functions[j].former)
                                return "a device inherits what was verified of its predecessor";
        }
        return NULL;
}
