/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon is shown of the simulated machine. */
#include <string.h>

#include "base/text.h"
#include "world.h"

struct event_port_registers sim_registers(const struct sim_world *world, uint32_t port)
{
        const struct sim_port *from = &world->ports[port];

        return (struct event_port_registers){
                .readable = true,
                .command = from->command,
                .link_status = from->link_status,
                .slot_control = from->slot_control,
                .slot_status = from->slot_status,
                .acs_control = sim_shape_of(world, port)->no_acs ? 0 : 0x1d,
                .secondary = sim_shape_of(world, port)->bus_first,
                .subordinate = sim_shape_of(world, port)->bus_last,
                .pcieport = from->pcieport,
                .pciehp = from->pciehp,
                .awake = from->awake,
                .decodes = from->command & SIM_COMMAND_MEMORY,
        };
}

/* What config space answers, as event_function_parse would tell it: all ones where nothing answers. */
static void facts_fill(const struct sim_facts *facts, struct event_function *to)
{
        static const struct sim_facts ones = { .kind = SIM_ENDPOINT,
                                               .header_type = 0xff,
                                               .vendor = 0xffff,
                                               .device = 0xffff,
                                               .class = 0xffffff };

        if (!to->readable)
                facts = &ones;
        to->kind = facts->kind == SIM_BRIDGE ? FUNCTION_BRIDGE : FUNCTION_ENDPOINT;
        to->header_type = facts->header_type;
        to->vendor = facts->vendor;
        to->device = facts->device;
        to->class = facts->class;
}

void sim_inventory_fill(const struct sim_world *world, uint32_t port,
                        struct event_inventory *ret_inventory)
{
        const struct sim_shape_port *shape = sim_shape_of(world, port);

        ret_inventory->count = 0;
        ret_inventory->truncated = false;
        for (uint32_t i = 0; i < shape->count; i++) {
                const struct sim_function *from = &world->ports[port].seen[i];
                const struct sim_place *place = &shape->places[i];
                struct event_function *to;

                if (from->known == 0)
                        continue;
                to = &ret_inventory->functions[ret_inventory->count++];
                memset(to, 0, sizeof *to);
                to->sbdf = place->sbdf;
                to->parent = place->parent == SIM_DIRECT ? shape->sbdf
                                                         : shape->places[place->parent].sbdf;
                to->instance = from->instance;
                to->readable = from->identity != 0 && !from->dumb;
                to->digest = to->readable ? from->identity + (from->altered ? SIM_DEVICES : 0u) : 0;
                facts_fill(&place->facts[(to->readable ? from->identity : from->known) - 1], to);
                to->changed = to->readable && (from->altered || from->identity != from->known);
                to->kept_off = from->kept_off;
                if (from->pciback)
                        (void)base_text_copy(EVENT_PCIBACK_DRIVER, strlen(EVENT_PCIBACK_DRIVER),
                                             to->driver, sizeof to->driver);
                else if (from->driver)
                        (void)base_text_copy(place->facts[from->known - 1].driver,
                                             strlen(place->facts[from->known - 1].driver),
                                             to->driver, sizeof to->driver);
        }
}

void sim_owners_fill(const struct sim_world *world, uint32_t port, struct event_owners *ret_owners)
{
        static const uint16_t domids[] = { [SIM_ABSENT] = EVENT_OWNER_ABSENT,
                                           [SIM_NOBODY] = EVENT_OWNER_NOBODY,
                                           [SIM_DOM0] = EVENT_OWNER_DOM0,
                                           [SIM_DOM_IO] = EVENT_OWNER_DOM_IO };

        ret_owners->count = 0;
        ret_owners->truncated = false;
        for (uint32_t i = 0; i < sim_function_count(world, port); i++) {
                const struct sim_function *from = &world->ports[port].seen[i];
                uint16_t domid = sim_guest_owns(from) ? from->seen_domid : domids[from->owner];

                if (from->owner != SIM_ABSENT)
                        ret_owners->owners[ret_owners->count++] =
                                (struct event_owner){ sim_sbdf(world, port, i), domid };
        }
}
