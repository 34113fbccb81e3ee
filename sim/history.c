/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checkers need to know of the past, and when it no longer counts. */
#include "world.h"

void sim_intrusion_end(struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++) {
                struct sim_port *port = &world->ports[i];

                if (!(port->command & MODEL_COMMAND_BME) && !port->pciehp)
                        port->intruded = false;
        }
}

void sim_swaps_forget(struct sim_world *world, uint32_t port)
{
        for (uint32_t i = 0; i < sim_function_count(world, port); i++)
                world->ports[port].functions[i].former = false;
}

void sim_boot_forget(struct sim_world *world, uint32_t port)
{
        for (uint32_t i = 0; i < sim_function_count(world, port); i++)
                if (!world->ports[port].remembered && !world->ports[port].functions[i].kept_off)
                        world->ports[port].functions[i].former = false;
}

#define LENT_PORT 0u
#define LENT_PLACE 1u /* the first leaf */

bool sim_loan_granted(const struct sim_world *world, uint32_t port, uint32_t index)
{
        const struct sim_function *function = &world->ports[port].functions[index];

        if (!world->trusts || port != LENT_PORT || index != LENT_PLACE || function->former)
                return false;
        /* What somebody else attached just before is not held against the core. */
        return function->owner == SIM_DOM_IO || function->lent || function->seized;
}

bool sim_loan_holds(const struct sim_port *port, const struct sim_function *function)
{
        return function->lent && (!function->former || port->unread);
}

void sim_history_note(struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++) {
                struct sim_port *port = &world->ports[i];

                if (!(port->command & MODEL_COMMAND_BME) && !port->pciehp)
                        port->guarded_once = true;
                if (!(port->command & MODEL_COMMAND_BME)) {
                        port->opened = port->stuck = false;
                }
                if (!sim_port_driven(world, i))
                        port->used = false;
                if (port->requests == port->replies)
                        port->requests = port->replies = 0;
        }
}
