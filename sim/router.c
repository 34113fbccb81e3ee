/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt: what kernel and edge do to a router, and what it does by itself. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "world.h"

#define ROUTE 1u

static void tunnel_end(struct sim_world *world)
{
        uint8_t tunnel = world->thunderbolt.router.tunnel;

        world->thunderbolt.router.tunnel = 0;
        if (tunnel != 0 && world->ports[tunnel - 1].slot_status & MODEL_SLOT_STATUS_PDS)
                sim_port_plug(world, tunnel - 1u, 0);
}

void sim_router_set(struct sim_world *world, uint8_t identity)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;

        tunnel_end(world);
        memset(&bus->router, 0, sizeof bus->router);
        bus->names_told = 0;
        bus->due = true;
        if (identity == 0)
                return;
        bus->router.identity = identity;
        bus->router.instance = world->instance_next++;
}

bool sim_tunnel_possible(const struct sim_world *world, uint32_t port)
{
        const struct sim_router *router = &world->thunderbolt.router;

        return router->authorized && router->tunnel == 0 &&
               !(world->ports[port].slot_status & MODEL_SLOT_STATUS_PDS);
}

void sim_tunnel_make(struct sim_world *world, uint32_t port)
{
        world->thunderbolt.router.tunnel = (uint8_t)(port + 1);
        sim_port_plug(world, port, 1);
}

void sim_router_begin(struct sim_world *world, const struct effect *effect)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;

        base_assert(bus->token == 0 || bus->acted);
        bus->pending = *effect;
        bus->token = effect->token;
        bus->until_ms = world->now_ms + effect->deadline_ms;
        bus->acted = bus->observes = false;
        if (effect->kind == EFFECT_AUTHORIZE)
                bus->wrong |=
                        effect->router.unique_id[0] != SIM_ENROLLED ||
                        (bus->names_told == 3 && effect->router.instance == bus->router.instance);
}

/* edge/actuator: nothing is done to another than the one that is named. */
static int32_t router_write(struct sim_world *world, const struct effect *effect)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;

        if (bus->router.identity == 0 || bus->router.instance != effect->router.instance ||
            bus->router.identity != effect->router.unique_id[0])
                return ESTALE;
        bus->due = true;
        bus->router.authorized = effect->kind == EFFECT_AUTHORIZE;
        if (effect->kind == EFFECT_DEAUTHORIZE)
                tunnel_end(world);
        for (uint32_t i = 0; effect->kind == EFFECT_AUTHORIZE && i < world->port_count; i++)
                bus->open |= (world->ports[i].command & MODEL_COMMAND_BME) &&
                             !world->ports[i].intruded && !world->ports[i].stuck;
        return 0;
}

void sim_router_act(struct sim_world *world, bool lies, int32_t error)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;
        bool list = bus->pending.kind == EFFECT_ROUTERS;

        bus->acted = true;
        bus->error = error;
        if (error || lies)
                return;
        if (bus->pending.kind == EFFECT_REMEMBER) {
                bus->remembered = bus->remembering;
                bus->memory = bus->memory_next;
                return;
        }
        if (!list)
                bus->error = router_write(world, &bus->pending);
        bus->observes = list;
        bus->seen = bus->router;
}

static void list_fill(const struct sim_thunderbolt *bus, struct event_routers *ret_routers)
{
        struct event_router *router = &ret_routers->routers[0];

        memset(ret_routers, 0, sizeof *ret_routers);
        ret_routers->domain_count = 1;
        ret_routers->domains[0] = (struct event_domain){ 0, SECURITY_USER, true };
        if (bus->seen.identity == 0)
                return;
        ret_routers->count = 1;
        *router = (struct event_router){ .route = ROUTE,
                                         .instance = bus->seen.instance,
                                         .readable = true,
                                         .unique_id = { bus->seen.identity },
                                         .vendor_name = { bus->seen.renamed ? 'B' : 'A' } };
        router->authorized = bus->seen.authorized ? AUTHORIZED_YES : AUTHORIZED_NO;
        router->enrolled = bus->seen.identity == SIM_ENROLLED ? ENROLLED_YES : ENROLLED_NO;
}

void sim_router_answer(struct sim_world *world, struct event *ret_event)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;

        ret_event->kind = EVENT_COMPLETED;
        ret_event->port = BASE_SBDF_NONE;
        ret_event->token = bus->token;
        ret_event->error = bus->error;
        ret_event->completed.told[0] = '\0';
        bus->token = 0;
        if (!bus->observes)
                return;
        ret_event->kind = EVENT_ROUTERS;
        list_fill(bus, &ret_event->routers);
        if (bus->seen.identity != 0 && bus->seen.instance == bus->router.instance)
                bus->names_told |= (uint8_t)(1u << bus->seen.renamed);
}
