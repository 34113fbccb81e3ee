/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt in the canonical form of a state. */
#include "bits.h"

static void router_facts_add(struct canon *canon, const struct sim_router *router)
{
        bits_add(canon, router->identity, 2);
        bits_add(canon, router->renamed, 1);
        bits_add(canon, router->authorized, 1);
        bits_add(canon, router->tunnel, 2);
}

/* Of the name that a router changes to (router.c:list_fill). */
static uint64_t renamed_digest(void)
{
        static const struct event_router renamed = { .vendor_name = "B" };

        return model_router_digest(&renamed);
}

/* Of a router that is not there any more it is as good as nothing. */
static void memory_add(struct canon *canon, const struct sim_world *world, bool any,
                       const struct event_memory_router *memory)
{
        uint64_t flags = memory->changed;

        any = any && memory->instance == world->thunderbolt.router.instance;
        bits_add(canon, any, 1);
        if (!any)
                return;
        flags = flags << 1 | memory->retired;
        flags = flags << 1 | memory->ambiguous;
        flags = flags << 2 | memory->word;
        flags = flags << 2 | memory->unique_id[0];
        flags = flags << 1 | (memory->digest == renamed_digest());
        flags = flags << 4 | sim_port_index(world, memory->port);
        bits_add(canon, flags, 12);
}

/* The bus and its worker; nothing where there is none. */
void sim_canon_thunderbolt(struct canon *canon, const struct sim_world *world)
{
        const struct sim_thunderbolt *bus = &world->thunderbolt;

        if (!bus->there)
                return;
        router_facts_add(canon, &bus->router);
        bits_add(canon, bus->due, 1);
        bits_add(canon, bus->names_told, 2);
        bits_add(canon, (uint64_t)bus->open << 1 | bus->wrong, 2);
        memory_add(canon, world, bus->remembered, &bus->memory);
        bits_add(canon, bus->token != 0, 1);
        if (bus->token == 0)
                return;
        if (bus->pending.kind == EFFECT_REMEMBER)
                memory_add(canon, world, bus->remembering, &bus->memory_next);
        bits_add(canon, bus->pending.kind, 6);
        bits_add(canon, bus->pending.router.instance == bus->router.instance, 1);
        bits_add(canon, bus->pending.router.unique_id[0], 2);
        bits_add(canon, (uint64_t)bus->acted << 1 | bus->observes, 2);
        if (bus->acted)
                bits_add(canon, bus->error != 0, 1);
        if (!bus->observes)
                return;
        router_facts_add(canon, &bus->seen);
        bits_add(canon, bus->seen.instance == bus->router.instance, 1);
}

static void core_router_add(struct canon *canon, const struct sim_world *world,
                            const struct core *core, const struct model_router *router)
{
        uint64_t flags = router->changed, now_ms = world->now_ms;

        flags = flags << 1 | router->retired;
        flags = flags << 1 | router->asked;
        flags = flags << 1 | router->awaited;
        flags = flags << 1 | router->ambiguous;
        flags = flags << 1 | (router->facts.instance == world->thunderbolt.router.instance);
        flags = flags << 1 | (router->facts.vendor_name[0] == 'B');
        flags = flags << 1 | router->weighed;
        flags = flags << 2 | router->facts.unique_id[0];
        flags = flags << 1 | (router->facts.authorized == AUTHORIZED_YES);
        flags = flags << 1 | (router->tunnel_at_ms != 0);
        flags = flags << 3 | (uint64_t)router->state;
        flags = flags << 4 | sim_port_index(world, router->port);
        flags = flags << 2 | router->word;
        flags = flags << 4 | sim_port_index(world, router->recalled);
        bits_add(canon, flags, 25);
        bits_add(canon, attempt_code(now_ms, &router->attempt), ATTEMPT_BITS);
        if (!router->awaited)
                return;
        moment_add(canon, now_ms,
                   router->tunnel_at_ms ? router->tunnel_at_ms + VERIFY_TUNNEL_MS : 0);
        for (uint32_t i = 0; i < core->port_count; i++)
                bits_add(canon, core->ports[i].occupied_since_ms >= router->asked_at_ms, 1);
}

void sim_canon_routers(struct canon *canon, const struct sim_world *world, const struct core *core)
{
        if (!world->thunderbolt.there)
                return;
        bits_add(canon, core->routers_once, 1);
        bits_add(canon, core->routers_fresh, 1);
        bits_add(canon, core->router_token != 0 && core->routers_dirty, 1);
        bits_add(canon, core->router_count, 1);
        bits_add(canon, core->router_token != 0, 1);
        bits_add(canon, core->routers_renewed, 1);
        bits_add(canon, attempt_code(world->now_ms, &core->remembering), ATTEMPT_BITS);
        memory_add(canon, world, core->memory_router_count > 0, &core->memory_routers[0]);
        if (!core->routers_fresh)
                moment_add(canon, world->now_ms, core->listing.retry_at_ms);
        bits_add(canon, attempt_code(world->now_ms, &core->listing), ATTEMPT_BITS);
        for (uint32_t i = 0; i < core->router_count; i++)
                core_router_add(canon, world, core, &core->routers[i]);
        for (uint32_t i = 0; i < core->function_count; i++)
                bits_add(canon,
                         (uint64_t)core->functions[i].routed << 1 | core->functions[i].router.any,
                         2);
}
