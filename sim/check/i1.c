/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I1: BME(P)=1 => every requester ID of P's bus range is quarantined, blocked, or the one guest's. */
#include "check/check.h"

#include <stddef.h>

static bool core_exposes(const struct sim_state *state, uint32_t port)
{
        return !state->world.crashed && port < state->core.port_count &&
               state->core.ports[port].exposed;
}

bool check_trusted(const struct sim_state *state, uint32_t port, uint32_t index)
{
        const struct sim_world *world = &state->world;
        bool wanted = world->crashed || core_exposes(state, port) ||
                      (port < state->core.port_count && state->core.ports[port].trusted);

        return wanted && sim_loan_holds(&world->ports[port], &world->ports[port].functions[index]);
}

bool check_port_open(const struct sim_port *port)
{
        return (port->command & MODEL_COMMAND_BME) && port->guarded_once && !port->intruded &&
               !port->stuck;
}

/* Who below an open port is a guest's: of one guest, and of the one that the core opened it for. */
static const char *owners_wrong(const struct sim_state *state, uint32_t number)
{
        const struct sim_world *world = &state->world;
        const struct sim_port *port = &world->ports[number];
        enum sim_owner owner = SIM_ABSENT;

        if (port->pending_token != 0 && port->acted)
                return NULL; /* what was just seen is about to be told */
        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                const struct sim_function *function = &port->functions[i];

                if (!sim_guest_owns(function) || function->seized)
                        continue;
                if (owner != SIM_ABSENT && function->owner != owner)
                        return "two guests own what is below an open port";
                owner = function->owner;
        }
        if (owner != SIM_ABSENT && !world->crashed && !port->shown &&
            sim_guest_domid(world, owner) != state->core.ports[number].domid)
                return "a port is open, and not for the guest that owns what is below";
        return NULL;
}

bool check_exposed(const struct sim_state *state)
{
        for (uint32_t i = 0; i < state->world.port_count; i++) {
                const struct sim_port *port = &state->world.ports[i];

                for (uint32_t j = 0; j < sim_function_count(&state->world, i); j++)
                        if ((port->command & MODEL_COMMAND_BME) && port->opened && port->shown &&
                            port->functions[j].mapping != SIM_BLOCKED &&
                            !check_trusted(state, i, j))
                                return true;
        }
        return false;
}

/*
 * An access needs an open path (BME of P; nothing below P is believed) and an IOMMU entry that leads to dom0, for
 * any requester ID of P's range but what check_trusted excepts. Not counted: before the daemon closed P for the first
 * time, and after dom0's root opened it, until the daemon next looks. So a port that the core leaves open for dom0's
 * use of what is below has its licence only as long as it was never closed, but for what an earlier core had made
 * dom0's; that it is left open for nothing else is L1's. Nor is counted here what somebody else's rescan showed below a
 * port that is open for a guest, until the daemon is told: check_exposed.
 */
const char *check_i1(const struct sim_state *state)
{
        const struct sim_world *world = &state->world;

        if (world->rescan_unguarded)
                return "the kernel was told to enumerate before the port was closed and ours";
        if (world->opened_wrong)
                return "a port was opened for no guest, or with something of dom0's below";
        for (uint32_t i = 0; i < world->port_count; i++) {
                const struct sim_port *port = &world->ports[i];

                if (core_exposes(state, i) &&
                    (!world->usable || (port->guarded_once && !port->intruded && !port->opened)))
                        return "a port is left open that was closed before, or never used";
                if (!check_port_open(port))
                        continue;
                if (owners_wrong(state, i))
                        return owners_wrong(state, i);
                for (uint32_t j = 0; j < sim_function_count(world, i) && !port->shown; j++)
                        if (port->functions[j].mapping != SIM_BLOCKED &&
                            !check_trusted(state, i, j))
                                return "a requester ID below an open port reaches dom0's memory";
        }
        return NULL;
}
