/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Canonical form of a state, and the moments that matter. */
#include "canon.h"

#include <stddef.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "bits.h"
#include "core/verify/verify.h"

/*
 * What the moments of a port are: after each of them something else is true. 0 = none. A moment that nothing would ask
 * for now is left out: what has come up settles before it is enumerated for the first time; and a port whose link goes
 * down while something is plugged has no power (world.c:link_update), so that the wait for a link begins anew.
 */
#define MOMENTS 5

static void port_moments(const struct model_port *port, uint64_t ret_moments[static MOMENTS])
{
        bool settles = port->up && port->rescanned != port->incarnation;

        ret_moments[0] = port->command_until_ms;
        ret_moments[1] = settles ? port->up_since_ms + VERIFY_SETTLE_MS : 0;
        ret_moments[2] =
                port->occupied && !port->up ? port->occupied_since_ms + VERIFY_LINK_MS + 1 : 0;
        ret_moments[3] = port->button_at_ms ? port->button_at_ms + 5000 : 0;
        ret_moments[4] = port->request ? port->request_until_ms : 0;
}

/*
 * The number of a domain, by who it is: what the guest had that is meant in each of its runs is told apart, the last
 * four of them. In four bits.
 */
static uint64_t domid_code(const struct sim_world *world, uint16_t domid)
{
        static const uint16_t others[] = { EVENT_OWNER_DOM0,    EVENT_OWNER_DOM_IO,
                                           EVENT_OWNER_UNKNOWN, EVENT_OWNER_ABSENT,
                                           EVENT_OWNER_NOBODY,  EVENT_OWNER_GUEST,
                                           SIM_OTHER_DOMID };
        uint32_t ago = (uint32_t)world->domid - domid;

        for (uint32_t i = 0; i < sizeof others / sizeof others[0]; i++)
                if (domid == others[i])
                        return i;
        return 8 + (ago < 3 ? ago : 3);
}

/* What a function was when it was last looked at; nothing where the kernel does not list it. */
static uint64_t core_facts_flags(const struct model_port *port,
                                 const struct model_function *function,
                                 const struct sim_function *real)
{
        const struct event_function *facts = &function->facts;
        uint64_t flags = function->listed;

        if (!function->listed)
                return 0;
        flags = flags << 1 | function->driver_asked;
        flags = flags << 1 | facts->readable;
        flags = flags << 1 | facts->changed;
        flags = flags << 1 | facts->kept_off;
        flags = flags << 1 | (facts->driver[0] != 0);
        flags = flags << 1 | base_text_equal(facts->driver, EVENT_PCIBACK_DRIVER);
        flags = flags << 1 | (function->incarnation == port->incarnation);
        flags = flags << 1 | (facts->instance == real->instance);
        flags = flags << 1 | (port->token != 0 && facts->instance == port->pending_instance);
        /* Devices differ by their digest only; which is which makes no difference, but whether it is this one. */
        flags = flags << 1 | (facts->digest == 0);
        flags = flags << 1 | (facts->digest == real->identity);
        flags = flags << 1 | (facts->digest == real->identity + (uint64_t)SIM_DEVICES);
        /* What is on its way to the state file. */
        flags = flags << 1 | (port->token != 0 && port->pending == EFFECT_REMEMBER &&
                              function->incarnation == port->pending_incarnation);
        return flags;
}

static void core_function_add(struct canon *canon, const struct sim_world *world,
                              const struct model_port *port, const struct model_function *function,
                              uint32_t index, const struct sim_function *real)
{
        uint64_t now_ms = world->now_ms;
        uint64_t word = (uint64_t)index << 14 | core_facts_flags(port, function, real);

        word = word << 1 | function->asked;
        word = word << 1 | function->confirmed;
        word = word << 1 | function->due;
        word = word << 1 | function->refused;
        word = word << 1 | function->withdrawn;
        word = word << 1 | function->given;
        word = word << 1 | function->returned;
        word = word << 4 | domid_code(world, function->held);
        word = word << 4 | domid_code(world, function->rights);
        word = word << 4 | domid_code(world, function->claimed);
        word = word << 1 | function->registered;
        word = word << 4 | domid_code(world, function->owner);
        bits_add(canon, word, 8 + 14 + 8 + 4 * 4);
        word = 0;
        word = word << ATTEMPT_BITS | attempt_code(now_ms, &function->driver);
        word = word << ATTEMPT_BITS | attempt_code(now_ms, &function->quarantine);
        word = word << ATTEMPT_BITS | attempt_code(now_ms, &function->removal);
        word = word << ATTEMPT_BITS | attempt_code(now_ms, &function->detach);
        word = word << ATTEMPT_BITS | attempt_code(now_ms, &function->revocation);
        word = word << ATTEMPT_BITS | attempt_code(now_ms, &function->registration);
        word = word << ATTEMPT_BITS | attempt_code(now_ms, &function->pciback);
        word = word << ATTEMPT_BITS | attempt_code(now_ms, &function->attach);
        bits_add(canon, word, 8 * ATTEMPT_BITS);
}

static uint64_t core_port_flags(const struct model_port *port)
{
        uint64_t flags = 0;

        flags = flags << 1 | port->external;
        flags = flags << 1 | (port->exposed != REASON_NONE);
        flags = flags << 1 | port->taken;
        flags = flags << 1 | port->read_once;
        flags = flags << 1 | port->changed_first;
        flags = flags << 1 | port->registers_fresh;
        flags = flags << 1 | port->rechecked;
        flags = flags << 1 | port->guarded;
        flags = flags << 1 | port->closed;
        flags = flags << 1 | port->occupied;
        flags = flags << 1 | port->up;
        flags = flags << 1 | (port->rescanned == port->incarnation);
        flags = flags << 1 | port->inventory_fresh;
        flags = flags << 1 | port->inventory_once;
        flags = flags << 1 | port->inventory_partial;
        flags = flags << 1 | port->stable;
        flags = flags << 1 | port->owners_fresh;
        flags = flags << 1 | port->owners_due;
        flags = flags << 1 | port->leaving;
        flags = flags << 1 | port->ejected;
        flags = flags << 1 | (port->request != 0);
        flags = flags << 1 | port->acs_told;
        flags = flags << 1 | port->registers.readable;
        flags = flags << 1 | port->registers.pcieport;
        flags = flags << 1 | port->registers.pciehp;
        flags = flags << 1 | port->registers.awake;
        flags = flags << 1 | port->registers.decodes;
        flags = flags << 1 | port->known;
        flags = flags << 1 | (port->remembered != 0);
        flags = flags << 1 | (port->remembered == port->incarnation);
        flags = flags << 1 | port->memory_fresh;
        flags = flags << 1 | port->memory_ejected;
        flags = flags << 1 | (port->guest[0] != 0);
        flags = flags << 1 | port->guests_fresh;
        flags = flags << 1 | port->open;
        flags = flags << 1 | port->added;
        flags = flags << 1 | port->postponed;
        flags = flags << 1 | port->withheld;
        flags = flags << 1 | port->trusted;
        flags = flags << 2 | (port->request != 0 ? port->request_verb : 0);
        return flags;
}

/* The effect under way, and what became of its premises; what it leaves behind has no meaning afterwards. */
static void core_pending_add(struct canon *canon, const struct sim_world *world, uint32_t number,
                             const struct model_port *port)
{
        bits_add(canon, port->token != 0, 1);
        if (port->token == 0)
                return;
        bits_add(canon, port->pending, 6);
        bits_add(canon, port->pending_goal, 5);
        bits_add(canon, sim_function_index(world, number, port->pending_function), 5);
        bits_add(canon, port->pending == EFFECT_RESERVE ? port->reserve_doubted : 0, 1);
        bits_add(canon, port->pending_incarnation == port->incarnation, 1);
        bits_add(canon, port->pending_incarnation == port->rescanned, 1);
        bits_add(canon, port->pending == EFFECT_INVENTORY && port->inventory_dirty, 1);
        bits_add(canon, port->pending == EFFECT_OWNERS && port->owners_dirty, 1);
        bits_add(canon, port->pending == EFFECT_REMEMBER && port->memory_dirty, 1);
        bits_add(canon, port->pending == EFFECT_REMEMBER && port->pending_remembered != 0, 1);
}

/* Which of the port's buses are reserved, and which is or was the last; nothing where none is ever. */
static void core_reserved_add(struct canon *canon, const struct sim_world *world, uint32_t number,
                              const struct model_port *port)
{
        const struct sim_shape_port *shape = sim_shape_of(world, number);

        if (world->vendor != SIM_AMD)
                return;
        bits_add(canon, port->reserved_told, 1);
        bits_add(canon, port->reserve_bus, 8);
        for (uint32_t bus = shape->bus_first; bus <= shape->bus_last; bus++)
                bits_add(canon, port->reserved[bus / 64] >> bus % 64, 1);
}

static void core_port_add(struct canon *canon, const struct sim_world *world, uint32_t number,
                          const struct model_port *port)
{
        uint64_t moments[MOMENTS], attempts[2] = { 0 };

        _Static_assert(GOAL_MAX * ATTEMPT_BITS <= 2 * 64, "two words");
        bits_add(canon, core_port_flags(port), 41);
        bits_add(canon, domid_code(world, port->domid), 4);
        if (port->request != 0 && port->request_verb == REQUEST_UNASSIGN)
                bits_add(canon, sim_function_index(world, number, port->request_sbdf), 5);
        /* What nothing is given away of may be tainted or not. */
        bits_add(canon, world->guests && port->tainted, 1);
        bits_add(canon, (uint64_t)port->verdict << 1 | port->weighed, 4);
        bits_add(canon, port->state, 4);
        bits_add(canon, port->registers.slot_control, 16);
        bits_add(canon, port->status_seen, 16);
        core_pending_add(canon, world, number, port);
        port_moments(port, moments);
        for (uint32_t i = 0; i < MOMENTS; i++)
                moment_add(canon, world->now_ms, moments[i]);
        for (int goal = 0; goal < GOAL_MAX; goal++)
                attempts[goal % 2] = attempts[goal % 2] << ATTEMPT_BITS |
                                     attempt_code(world->now_ms, &port->attempts[goal]);
        bits_add(canon, attempts[0], (GOAL_MAX + 1) / 2 * ATTEMPT_BITS);
        bits_add(canon, attempts[1], (GOAL_MAX + 1) / 2 * ATTEMPT_BITS);
        core_reserved_add(canon, world, number, port);
}

static void function_add(struct canon *canon, const struct sim_function *function)
{
        uint64_t flags = function->identity != 0;

        flags = flags << 1 | (function->known != 0);
        flags = flags << 1 | (function->known == function->identity);
        flags = flags << 1 | function->dumb;
        flags = flags << 1 | function->strange;
        flags = flags << 1 | function->altered;
        flags = flags << 1 | function->known_strange;
        flags = flags << 1 | function->former;
        flags = flags << 1 | function->driver;
        flags = flags << 1 | function->kept_off;
        flags = flags << 3 | (uint64_t)function->owner;
        flags = flags << 2 | (uint64_t)function->mapping;
        flags = flags << 1 | function->blank;
        flags = flags << 1 | function->pciback;
        flags = flags << 1 | function->registered;
        flags = flags << 1 | function->seized;
        flags = flags << 1 | function->lent;
        flags = flags << 2 | function->rights;
        bits_add(canon, flags, 22);
}

/* What the worker saw of one function, as far as its answer tells it. */
static void seen_add(struct canon *canon, const struct sim_world *world, enum effect_kind kind,
                     const struct sim_function *seen, const struct sim_function *now)
{
        uint64_t flags = 0;

        if (kind == EFFECT_GUESTS) {
                bits_add(canon, world->vendor == SIM_AMD ? seen->owner : 0, 3);
                return;
        }
        if (kind == EFFECT_OWNERS || kind == EFFECT_RESERVE) {
                bits_add(canon, seen->owner, 3);
                bits_add(canon, sim_guest_owns(seen) ? domid_code(world, seen->seen_domid) : 0, 4);
                return;
        }
        if (seen->known != 0) {
                flags = 1;
                flags = flags << 1 | (seen->known == seen->identity);
                flags = flags << 1 | (seen->identity == now->identity);
                flags = flags << 1 | (seen->identity == 0 || seen->dumb);
                flags = flags << 1 | seen->altered;
                flags = flags << 1 | seen->driver;
                flags = flags << 1 | seen->kept_off;
                flags = flags << 1 | seen->pciback;
                flags = flags << 1 | (seen->instance == now->instance);
        }
        bits_add(canon, flags, 9);
}

/* What was decided, and is on its way to the state file; nothing where there are no guests. */
static void decided_add(struct canon *canon, const struct sim_world *world,
                        const struct sim_port *port, uint32_t count)
{
        if (port->pending.kind != EFFECT_REMEMBER)
                return;
        bits_add(canon, port->pending_leaving, 1);
        if (!world->guests)
                return;
        bits_add(canon, port->pending_withheld, 1);
        bits_add(canon, domid_code(world, port->pending_domid), 4);
        for (uint32_t i = 0; i < count; i++) {
                bits_add(canon, port->functions[i].pending_given, 1);
                bits_add(canon, port->functions[i].pending_taken, 1);
                bits_add(canon, domid_code(world, port->functions[i].pending_rights), 4);
        }
}

/* What the worker under way has done and seen; nothing where there is none. */
static void pending_add(struct canon *canon, const struct sim_world *world,
                        const struct sim_port *port, uint32_t count)
{
        bool guest = port->pending.kind == EFFECT_ATTACH || port->pending.kind == EFFECT_DETACH ||
                     port->pending.kind == EFFECT_REVOKE;

        bits_add(canon, port->pending_token != 0, 1);
        if (port->pending_token == 0)
                return;
        bits_add(canon, port->acted, 1);
        bits_add(canon, guest ? domid_code(world, port->pending.domid) : 0, 4);
        if (!port->acted) {
                for (uint32_t i = 0; i < count; i++)
                        bits_add(canon, port->pending.instance == port->functions[i].instance, 1);
                decided_add(canon, world, port, count);
                return;
        }
        bits_add(canon, port->answer_observes, 1);
        bits_add(canon, port->answer_error != 0, 1);
        if (port->pending.kind == EFFECT_GUESTS)
                bits_add(canon, domid_code(world, port->seen_domid), 4);
        for (uint32_t i = 0; i < count && port->answer_observes; i++)
                seen_add(canon, world, port->pending.kind, &port->seen[i], &port->functions[i]);
}

static void world_port_add(struct canon *canon, const struct sim_world *world,
                           const struct sim_port *port, uint32_t count)
{
        uint64_t flags = port->lost;

        flags = flags << 1 | port->pcieport;
        flags = flags << 1 | port->pciehp;
        flags = flags << 1 | port->awake;
        flags = flags << 1 | port->guarded_once;
        flags = flags << 1 | port->intruded;
        flags = flags << 1 | port->hid;
        flags = flags << 1 | port->used;
        flags = flags << 1 | port->opened;
        flags = flags << 1 | port->stuck;
        flags = flags << 1 | (world->guests && port->meddled);
        flags = flags << 1 | (world->trusts && port->unread);
        flags = flags << 2 | port->shown;
        flags = flags << 1 | port->clean;
        flags = flags << 4 | port->uevents;
        flags = flags << 8 | port->requests;
        flags = flags << 8 | port->replies;
        bits_add(canon, flags, 36);
        bits_add(canon,
                 (uint64_t)port->command << 48 | (uint64_t)port->slot_control << 32 |
                         (uint64_t)port->slot_status << 16 | port->link_status,
                 64);
        for (uint32_t i = 0; i < count; i++)
                function_add(canon, &port->functions[i]);
        pending_add(canon, world, port, count);
}

/* Which bytes the state file vouches for: nothing at all, none, the device's, its altered ones, or others. */
static uint64_t remembered_code(const struct sim_function *function)
{
        if (!function->remembered)
                return 0;
        if (function->remembered_digest == 0)
                return 1;
        if (function->remembered_digest == function->identity)
                return 2;
        return function->remembered_digest == function->identity + SIM_DEVICES ? 3 : 4;
}

/* The state file. */
static void memory_add(struct canon *canon, const struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++) {
                const struct sim_port *port = &world->ports[i];

                bits_add(canon, port->remembered, 1);
                if (!port->remembered)
                        continue;
                bits_add(canon, port->remembered_ejected, 1);
                bits_add(canon, port->remembered_leaving, 1);
                for (uint32_t j = 0; j < sim_function_count(world, i); j++)
                        bits_add(canon, remembered_code(&port->functions[j]), 3);
                if (!world->guests)
                        continue;
                bits_add(canon, port->remembered_tainted, 1);
                bits_add(canon, port->remembered_withheld, 1);
                bits_add(canon, domid_code(world, port->remembered_domid), 4);
                for (uint32_t j = 0; j < sim_function_count(world, i); j++) {
                        const struct sim_function *function = &port->functions[j];

                        if (!function->remembered)
                                continue; /* that it is not was told above */
                        bits_add(canon, function->remembered_given, 1);
                        bits_add(canon, function->remembered_taken, 1);
                        bits_add(canon, domid_code(world, function->remembered_rights), 4);
                }
        }
}

/* What the core still has of the file: nothing, all of it, or that it was about what was there before. */
static uint64_t memory_held(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->memory_function_count; i++)
                if (core->memory_functions[i].port == port->found.sbdf)
                        return core->memory_functions[i].former ? 2 : 1;
        return 0;
}

static void canon_make(const struct sim_state *state, struct canon *canon)
{
        const struct sim_world *world = &state->world;
        const struct core *core = &state->core;

        canon->count = canon->used = 0;
        canon->next = 0;
        bits_add(canon, world->crashed, 1);
        bits_add(canon, world->panicked, 1);
        bits_add(canon, world->licence_broken, 1);
        bits_add(canon, world->added_unasked, 1);
        bits_add(canon, world->rescan_unguarded, 1);
        bits_add(canon, world->robbed, 1);
        bits_add(canon, world->rights_dropped, 1);
        bits_add(canon, world->unregistered, 1);
        bits_add(canon, world->opened_former, 1);
        bits_add(canon, world->failed_clean, 1);
        bits_add(canon, world->opened_wrong, 1);
        bits_add(canon, world->guest_there, 1);
        bits_add(canon, world->guests_due, 1);
        bits_add(canon, world->look_due, 1);
        bits_add(canon, world->trusts && world->rules, 1);
        bits_add(canon, core->discover, 1);
        bits_add(canon, core->discovered, 1);
        /* Of each port it is all of what the file holds, or nothing. */
        for (uint32_t i = 0; i < core->port_count; i++)
                bits_add(canon, world->crashed ? 0 : memory_held(core, &core->ports[i]), 2);
        for (uint32_t i = 0; i < world->port_count; i++)
                world_port_add(canon, world, &world->ports[i], sim_function_count(world, i));
        memory_add(canon, world);
        sim_canon_thunderbolt(canon, world);
        if (world->crashed)
                return; /* the core's state is lost */
        sim_canon_routers(canon, world, core);
        moment_add(canon, world->now_ms, core->discover_again_ms);
        for (uint32_t i = 0; i < core->port_count; i++)
                core_port_add(canon, world, i, &core->ports[i]);
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];
                uint32_t number = sim_port_index(world, function->port);
                uint32_t index = sim_function_index(world, number, function->facts.sbdf);

                core_function_add(canon, world, &core->ports[number], function,
                                  number * SIM_FUNCTIONS + index,
                                  &world->ports[number].functions[index]);
        }
}

/* A multiply-and-fold over 64-bit words (the mixing step of wyhash-like hashes), good enough for a hash set. */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
        unsigned __int128 product =
                (unsigned __int128)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd6e8feb86659fd93u);

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t sim_canon_calm(const struct sim_state *state)
{
        struct canon canon;
        uint64_t odd = 1, even = 2;

        canon_make(state, &canon);
        canon.words[canon.count] = canon.next;
        canon.words[canon.count + 1] = 0;
        /* Two chains, so that the multiplications overlap. */
        for (uint32_t i = 0; i <= canon.count; i += 2) {
                even = mix(even + canon.words[i], 0xa0761d6478bd642fu + i);
                odd = mix(odd + canon.words[i + 1], 0xe7037ed1a0b428dbu + i);
        }
        return mix(even, odd);
}

uint64_t sim_canon_with_scope(uint64_t calm, const struct sim_state *state)
{
        const struct sim_world *world = &state->world;

        return mix(calm, (uint64_t)world->faults_left | (uint64_t)world->attacks_left << 8 |
                                 (uint64_t)world->wishes_left << 16);
}

uint64_t sim_canon_hash(const struct sim_state *state)
{
        return sim_canon_with_scope(sim_canon_calm(state), state);
}

static void moment_next(uint64_t now_ms, uint64_t moment_ms, uint64_t *next_ms)
{
        if (moment_ms > now_ms && (*next_ms == 0 || moment_ms < *next_ms))
                *next_ms = moment_ms;
}

uint64_t sim_canon_next(const struct sim_state *state)
{
        const struct core *core = &state->core;
        uint64_t now_ms = state->world.now_ms, next_ms = 0, moments[MOMENTS];

        moment_next(now_ms, core->discover_again_ms, &next_ms);
        if (core->router_request.id != 0)
                moment_next(now_ms, core->router_request.until_ms, &next_ms);
        if (state->world.thunderbolt.there && !core->routers_fresh)
                moment_next(now_ms, core->listing.retry_at_ms, &next_ms);
        for (uint32_t i = 0; i < core->router_count; i++) {
                const struct model_router *router = &core->routers[i];

                moment_next(now_ms, router->attempt.retry_at_ms, &next_ms);
                if (!router->awaited || router->tunnel_at_ms == 0)
                        continue;
                moment_next(now_ms, router->tunnel_at_ms + VERIFY_TUNNEL_MS, &next_ms);
                if (model_router_depth(router) > 1 && !router->scanned)
                        moment_next(now_ms, router->tunnel_at_ms + VERIFY_SETTLE_BLIND_MS,
                                    &next_ms);
        }
        for (uint32_t i = 0; i < core->port_count; i++) {
                port_moments(&core->ports[i], moments);
                for (uint32_t j = 0; j < MOMENTS; j++)
                        moment_next(now_ms, moments[j], &next_ms);
                for (int goal = 0; goal < GOAL_MAX; goal++)
                        moment_next(now_ms, core->ports[i].attempts[goal].retry_at_ms, &next_ms);
        }
        for (uint32_t i = 0; i < core->function_count; i++) {
                moment_next(now_ms, core->functions[i].driver.retry_at_ms, &next_ms);
                moment_next(now_ms, core->functions[i].quarantine.retry_at_ms, &next_ms);
                moment_next(now_ms, core->functions[i].removal.retry_at_ms, &next_ms);
                moment_next(now_ms, core->functions[i].detach.retry_at_ms, &next_ms);
                moment_next(now_ms, core->functions[i].revocation.retry_at_ms, &next_ms);
                moment_next(now_ms, core->functions[i].registration.retry_at_ms, &next_ms);
                moment_next(now_ms, core->functions[i].pciback.retry_at_ms, &next_ms);
                moment_next(now_ms, core->functions[i].attach.retry_at_ms, &next_ms);
        }
        return next_ms;
}
