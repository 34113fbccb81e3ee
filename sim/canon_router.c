/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt in the canonical form of a state. */
#include <errno.h>

#include "bits.h"

static void router_facts_add(struct canon *canon, const struct sim_router *router)
{
        bits_add(canon, router->identity, 3);
        bits_add(canon, router->renamed, 1);
        bits_add(canon, router->authorized, 2);
        bits_add(canon, router->key, 2);
        bits_add(canon, router->tunnel, 2);
}

/* Of the name that a router changes to (router.c:list_fill). */
static uint64_t renamed_digest(void)
{
        static const struct event_router renamed = { .vendor_name = "B" };

        return model_router_digest(&renamed);
}

/* Of a router that is not there any more it is as good as nothing. */
static void memory_add(struct canon *canon, const struct sim_world *world, uint32_t count,
                       const struct event_memory_router *memories)
{
        for (uint32_t i = 0; i < SIM_ROUTERS; i++) {
                const struct event_memory_router *memory = &memories[i];
                uint32_t slot = i < count ? sim_router_slot(world, memory->instance) : SIM_ROUTERS;
                uint64_t flags = memory->changed;

                bits_add(canon, slot, 2);
                if (slot == SIM_ROUTERS)
                        continue;
                flags = flags << 1 | memory->refuted;
                flags = flags << 1 | memory->retired;
                flags = flags << 1 | memory->ambiguous;
                flags = flags << 2 | memory->word;
                flags = flags << 3 | memory->unique_id[0];
                flags = flags << 1 | (memory->digest == renamed_digest());
                flags = flags << 4 | sim_port_index(world, memory->port);
                bits_add(canon, flags, 14);
        }
}

static void judged_add(struct canon *canon, const struct sim_thunderbolt *bus)
{
        uint64_t flags = bus->twins_told;

        flags = flags << 1 | bus->late;
        flags = flags << 1 | bus->muddled;
        flags = flags << 1 | bus->open;
        flags = flags << 1 | bus->wrong;
        flags = flags << 1 | bus->unproved;
        flags = flags << 1 | bus->early;
        flags = flags << 1 | bus->untimely;
        flags = flags << 1 | bus->told_wrong;
        flags = flags << 1 | bus->unwatched;
        bits_add(canon, flags, 10);
}

static void request_add(struct canon *canon, const struct sim_world *world)
{
        const struct sim_thunderbolt *bus = &world->thunderbolt;

        bits_add(canon, bus->requests, 8);
        bits_add(canon, bus->replies, 8);
        if (bus->requests == bus->replies)
                return;
        bits_add(canon, bus->verb, 4);
        bits_add(canon, bus->asked, 3);
        bits_add(canon, sim_router_slot(world, bus->asked_instance), 2);
}

static void worker_add(struct canon *canon, const struct sim_world *world)
{
        const struct sim_thunderbolt *bus = &world->thunderbolt;

        bits_add(canon, bus->token != 0, 1);
        if (bus->token == 0)
                return;
        bits_add(canon, bus->pending.kind, 6);
        if (bus->pending.kind == EFFECT_REMEMBER)
                memory_add(canon, world, bus->memory_next.count, bus->memory_next.routers);
        bits_add(canon, sim_router_slot(world, bus->pending.router.instance), 2);
        bits_add(canon, bus->pending.router.unique_id[0], 3);
        bits_add(canon, (uint64_t)bus->pending.authorize << 1 | bus->pending.new_key, 3);
        bits_add(canon, (uint64_t)bus->acted << 1 | bus->observes, 2);
        if (bus->acted)
                bits_add(canon,
                         bus->error == EKEYREJECTED ? 3
                         : bus->error == ENOENT     ? 2
                                                    : bus->error != 0,
                         2);
        if (!bus->acted || !bus->observes)
                return;
        for (uint32_t i = 0; i < sim_router_count(world); i++) {
                router_facts_add(canon, &bus->seen[i]);
                bits_add(canon, bus->seen[i].instance == bus->routers[i].instance, 1);
        }
        bits_add(canon, bus->seen_enrolled, 5);
        bits_add(canon, (uint64_t)bus->seen_keyed << 5 | bus->seen_new_key, 10);
}

/* The bus and its worker; nothing where there is none. */
void sim_canon_thunderbolt(struct canon *canon, const struct sim_world *world)
{
        const struct sim_thunderbolt *bus = &world->thunderbolt;

        if (bus->there == SIM_BUS_NONE)
                return;
        for (uint32_t i = 0; i < sim_router_count(world); i++) {
                const struct sim_router_past *past = &bus->past[i];

                router_facts_add(canon, &bus->routers[i]);
                bits_add(canon, past->names_told, 2);
                bits_add(canon,
                         (uint64_t)past->requested << 2 | (uint64_t)past->retired << 1 |
                                 past->refuted,
                         3);
        }
        for (uint32_t i = 0; i < world->port_count && sim_router_count(world) > 1; i++)
                bits_add(canon, world->ports[i].unread, 1);
        bits_add(canon, (uint64_t)bus->due << 1 | bus->lost, 2);
        bits_add(canon, bus->enrolled, 5);
        bits_add(canon, (uint64_t)bus->keyed << 5 | bus->new_key, 10);
        bits_add(canon, bus->holders, 5);
        /* What the core makes of the session follows from what it was told. */
        bits_add(canon, (uint64_t)bus->locked << 1 | bus->session_due, 2);
        bits_add(canon, bus->session_told, 2);
        memory_add(canon, world, bus->memory.count, bus->memory.routers);
        judged_add(canon, bus);
        request_add(canon, world);
        worker_add(canon, world);
}

static void core_router_add(struct canon *canon, const struct sim_world *world,
                            const struct core *core, const struct model_router *router)
{
        uint64_t flags = router->changed, now_ms = world->now_ms;

        flags = flags << 1 | router->retired;
        flags = flags << 1 | router->requested;
        flags = flags << 1 | router->refuted;
        flags = flags << 1 | router->asked;
        flags = flags << 1 | router->awaited;
        flags = flags << 1 | router->scanned;
        flags = flags << 1 | router->ambiguous;
        flags = flags << 2 | sim_router_slot(world, router->facts.instance);
        flags = flags << 2 | (router->facts.route == 1 ? 0 : router->facts.route == 3 ? 1 : 2);
        flags = flags << 1 | (router->facts.vendor_name[0] == 'B');
        flags = flags << 1 | router->weighed;
        flags = flags << 3 | router->facts.unique_id[0];
        flags = flags << 2 | (uint64_t)router->facts.authorized;
        flags = flags << 2 | (uint64_t)router->facts.key;
        flags = flags << 3 | (uint64_t)router->facts.enrolled;
        flags = flags << 1 | (router->tunnel_at_ms != 0);
        flags = flags << 3 | (uint64_t)router->state;
        flags = flags << 4 | sim_port_index(world, router->port);
        flags = flags << 2 | router->word;
        flags = flags << 4 | sim_port_index(world, router->recalled);
        bits_add(canon, flags, 38);
        bits_add(canon, attempt_code(now_ms, &router->attempt), ATTEMPT_BITS);
        if (!router->awaited)
                return;
        moment_add(canon, now_ms,
                   router->tunnel_at_ms ? router->tunnel_at_ms + VERIFY_TUNNEL_MS : 0);
        for (uint32_t i = 0; i < core->port_count; i++)
                bits_add(canon, core->ports[i].occupied_since_ms >= router->asked_at_ms, 1);
}

static void core_request_add(struct canon *canon, const struct sim_world *world,
                             const struct model_router_request *request)
{
        bits_add(canon, request->id != 0, 1);
        if (request->id == 0)
                return;
        bits_add(canon, request->verb, 4);
        bits_add(canon, sim_router_slot(world, request->router.instance), 2);
        bits_add(canon,
                 (uint64_t)request->acted << 2 | (uint64_t)(request->error != 0) << 1 |
                         (request->error == ENOENT),
                 3);
        moment_add(canon, world->now_ms, request->until_ms);
}

void sim_canon_routers(struct canon *canon, const struct sim_world *world, const struct core *core)
{
        if (world->thunderbolt.there == SIM_BUS_NONE)
                return;
        bits_add(canon, core->routers_once, 1);
        bits_add(canon, core->routers_fresh, 1);
        bits_add(canon, core->router_token != 0 && core->routers_dirty, 1);
        bits_add(canon, core->router_count, 2);
        bits_add(canon, core->router_token != 0, 1);
        if (!core->routers_fresh)
                moment_add(canon, world->now_ms, core->listing.retry_at_ms);
        bits_add(canon, attempt_code(world->now_ms, &core->listing), ATTEMPT_BITS);
        core_request_add(canon, world, &core->router_request);
        for (uint32_t i = 0; i < core->router_count; i++)
                core_router_add(canon, world, core, &core->routers[i]);
        for (uint32_t i = 0; i < core->function_count; i++) {
                bits_add(canon,
                         (uint64_t)core->functions[i].routed << 1 | core->functions[i].router.any,
                         2);
                if (core->functions[i].router.any)
                        bits_add(canon, sim_router_slot(world, core->functions[i].router.instance),
                                 2);
        }
}
