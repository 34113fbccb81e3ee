/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I2: nothing below an external port has a dom0 driver but pciback while BME(P)=1. (Losing it is L1's.) */
#include "check/check.h"

#include <stddef.h>

/*
 * Where all is reserved, another port's rescan is not kept from what is below an open one: what shows itself there has
 * a driver until the uevent is read, and reaches no memory.
 */
static bool function_reserved(const struct sim_world *world, uint32_t port, uint32_t index)
{
        return world->vendor == SIM_AMD && world->ports[port].uevents != 0 &&
               world->ports[port].functions[index].owner == SIM_DOM_IO;
}

const char *check_i2(const struct sim_state *state)
{
        for (uint32_t i = 0; i < state->world.port_count; i++) {
                const struct sim_port *port = &state->world.ports[i];

                if (!check_port_open(port) || port->shown)
                        continue;
                for (uint32_t j = 0; j < sim_function_count(&state->world, i); j++)
                        if (port->functions[j].driver && !check_trusted(state, i, j) &&
                            !function_reserved(&state->world, i, j))
                                return "a dom0 driver holds a function below an open port";
        }
        return NULL;
}
