/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I1: BME(P)=1 => every requester ID of P's bus range is quarantined, blocked, or one guest's. */
#include "check/check.h"

#include <stddef.h>

static bool core_exposes(const struct sim_state *state, uint32_t port)
{
        return !state->world.crashed && port < state->core.port_count &&
               state->core.ports[port].exposed;
}

/*
 * An access needs an open path (BME of P; nothing below P is believed) and an IOMMU entry that leads to dom0, for
 * any requester ID of P's range. Not counted: before the daemon closed P for the first time, and after dom0's root
 * opened it, until the daemon next looks. So a port that the core leaves open for dom0's use of what is below has its
 * licence only as long as it was never closed; that it is left open for nothing else is L1's.
 */
const char *check_i1(const struct sim_state *state)
{
        const struct sim_world *world = &state->world;

        if (world->rescan_unguarded)
                return "the kernel was told to enumerate before the port was closed and ours";
        for (uint32_t i = 0; i < world->port_count; i++) {
                const struct sim_port *port = &world->ports[i];

                if (core_exposes(state, i) &&
                    (!world->usable || (port->guarded_once && !port->intruded)))
                        return "a port is left open that was closed before, or never used";
                if (!(port->command & MODEL_COMMAND_BME) || !port->guarded_once || port->intruded)
                        continue;
                for (uint32_t j = 0; j < sim_function_count(world, i); j++)
                        if (port->functions[j].mapping != SIM_BLOCKED)
                                return "a requester ID below an open port reaches dom0's memory";
        }
        return NULL;
}
