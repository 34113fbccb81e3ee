/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state file of the simulated machine. */
#include "memory.h"

#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/step.h"

void sim_memory_hold(struct sim_state *state, uint32_t port)
{
        static struct event_memory memory;
        struct sim_port *to = &state->world.ports[port];

        base_assert(core_memory_fill(&state->core, sim_port_sbdf(&state->world, port), &memory));
        to->pending_withheld = memory.withheld;
        to->pending_leaving = memory.leaving;
        to->pending_domid = memory.domid;
        for (uint32_t i = 0; i < sim_function_count(&state->world, port); i++) {
                to->functions[i].pending_given = to->functions[i].pending_taken = false;
                to->functions[i].pending_rights = 0;
        }
        for (uint32_t i = 0; i < memory.count; i++) {
                const struct event_memory_function *from = &memory.functions[i];
                struct sim_function *function =
                        &to->functions[sim_function_index(&state->world, port, from->sbdf)];

                function->pending_given = from->given;
                function->pending_taken = from->taken;
                function->pending_rights = from->rights;
        }
}

void sim_memory_write(struct sim_state *state, uint32_t port)
{
        struct sim_port *to = &state->world.ports[port];
        const struct model_port *model = &state->core.ports[port];

        to->remembered = true;
        to->remembered_ejected = model->memory_ejected;
        to->remembered_tainted = model->tainted;
        to->remembered_withheld = to->pending_withheld;
        to->remembered_leaving = to->pending_leaving;
        to->remembered_domid = to->pending_domid;
        for (uint32_t i = 0; i < sim_function_count(&state->world, port); i++)
                to->functions[i].remembered = false;
        for (uint32_t i = 0; i < state->core.function_count; i++) {
                const struct model_function *from = &state->core.functions[i];
                struct sim_function *function;

                if (from->port != model->found.sbdf || !from->listed ||
                    from->incarnation != model->pending_incarnation)
                        continue;
                function =
                        &to->functions[sim_function_index(&state->world, port, from->facts.sbdf)];
                if (function->instance != from->facts.instance)
                        continue;
                function->remembered = true;
                function->remembered_digest = (uint8_t)from->facts.digest;
                function->remembered_at_boot = from->at_boot;
                function->remembered_given = function->pending_given;
                function->remembered_taken = function->pending_taken;
                function->remembered_rights = function->pending_rights;
        }
}

void sim_memory_routers_hold(struct sim_state *state)
{
        static struct event_memory memory;
        struct sim_thunderbolt *bus = &state->world.thunderbolt;

        base_assert(core_memory_fill(&state->core, BASE_SBDF_NONE, &memory));
        base_assert(memory.router_count <= SIM_ROUTERS);
        bus->memory_next.count = memory.router_count;
        memcpy(bus->memory_next.routers, memory.routers, sizeof bus->memory_next.routers);
}

bool sim_memory_routers_fill(const struct sim_world *world, struct event_memory *ret_memory)
{
        const struct sim_router_memory *memory = &world->thunderbolt.memory;

        if (memory->count == 0)
                return false;
        memset(ret_memory, 0, sizeof *ret_memory);
        ret_memory->port = BASE_SBDF_NONE;
        ret_memory->this_boot = true;
        ret_memory->router_count = memory->count;
        memcpy(ret_memory->routers, memory->routers, sizeof memory->routers);
        return true;
}

void sim_memory_lose(struct sim_world *world)
{
        world->thunderbolt.memory.count = 0;
        for (uint32_t i = 0; i < world->port_count; i++) {
                world->ports[i].remembered = false;
                for (uint32_t j = 0; j < sim_function_count(world, i); j++)
                        world->ports[i].functions[j].remembered = false;
        }
        sim_rights_forget(world);
}

bool sim_memory_fill(const struct sim_world *world, uint32_t port, struct event_memory *ret_memory)
{
        const struct sim_port *from = &world->ports[port];

        if (!from->remembered)
                return false;
        memset(ret_memory, 0, sizeof *ret_memory);
        ret_memory->port = sim_port_sbdf(world, port);
        ret_memory->this_boot = true;
        ret_memory->ejected = from->remembered_ejected;
        ret_memory->tainted = from->remembered_tainted;
        ret_memory->withheld = from->remembered_withheld;
        ret_memory->leaving = from->remembered_leaving;
        ret_memory->domid = from->remembered_domid;
        if (from->remembered_domid != 0)
                memcpy(ret_memory->guest, SIM_GUEST_NAME, sizeof SIM_GUEST_NAME);
        for (uint32_t i = 0; i < sim_function_count(world, port); i++) {
                const struct sim_function *function = &from->functions[i];

                if (!function->remembered)
                        continue;
                ret_memory->functions[ret_memory->count++] =
                        (struct event_memory_function){ .instance = function->instance,
                                                        .digest = function->remembered_digest,
                                                        .sbdf = sim_sbdf(world, port, i),
                                                        .at_boot = function->remembered_at_boot,
                                                        .given = function->remembered_given,
                                                        .rights = function->remembered_rights,
                                                        .taken = function->remembered_taken };
        }
        return true;
}
