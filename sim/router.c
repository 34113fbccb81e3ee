/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt: what kernel and edge do to routers, and what these do by themselves. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "world.h"

/* Which function below the port is behind the second router of a chain. */
#define CHAIN_PLACE 2u

static bool chained(const struct sim_world *world, uint32_t slot)
{
        return world->thunderbolt.there == SIM_BUS_CHAIN && slot == 1;
}

static uint64_t route(const struct sim_world *world, uint32_t slot)
{
        if (slot == 0)
                return 1;
        return chained(world, slot) ? 0x301 : 3;
}

uint8_t sim_router_uid(uint8_t identity)
{
        return identity == SIM_CLONE ? SIM_ENROLLED : identity;
}

void sim_bus_init(struct sim_world *world, enum sim_bus bus)
{
        struct sim_thunderbolt *to = &world->thunderbolt;

        to->there = bus;
        to->enrolled = 1u << SIM_ENROLLED | 1u << SIM_SECOND;
        if (bus == SIM_BUS_KEYS)
                to->keyed = to->holders = to->enrolled;
        if (sim_router_count(world) < 2)
                return;
        sim_router_set(world, 0, SIM_ENROLLED);
        sim_router_set(world, 1, SIM_SECOND);
}

uint32_t sim_router_slot(const struct sim_world *world, uint64_t instance)
{
        for (uint32_t i = 0; i < sim_router_count(world); i++)
                if (world->thunderbolt.routers[i].identity != 0 &&
                    world->thunderbolt.routers[i].instance == instance)
                        return i;
        return SIM_ROUTERS;
}

const struct model_router *sim_router_known(const struct sim_state *state, uint32_t slot)
{
        for (uint32_t i = 0; i < state->core.router_count; i++)
                if (sim_router_slot(&state->world, state->core.routers[i].facts.instance) == slot)
                        return &state->core.routers[i];
        return NULL;
}

static void tunnel_end(struct sim_world *world, uint32_t slot)
{
        uint8_t tunnel = world->thunderbolt.routers[slot].tunnel;

        world->thunderbolt.routers[slot].tunnel = 0;
        if (tunnel == 0 || !(world->ports[tunnel - 1].slot_status & MODEL_SLOT_STATUS_PDS))
                return;
        if (chained(world, slot))
                sim_function_plug(world, tunnel - 1u, CHAIN_PLACE, 0);
        else
                sim_port_plug(world, tunnel - 1u, 0);
}

/* switch.c:disapprove_switch: those behind it first. */
static void router_shut(struct sim_world *world, uint32_t slot)
{
        for (uint32_t i = slot == 0 && chained(world, 1) ? 2 : slot + 1; i > slot; i--) {
                tunnel_end(world, i - 1);
                world->thunderbolt.routers[i - 1].authorized = 0;
        }
}

/* It is there no more, nor is anything that was known of it. */
static void router_drop(struct sim_world *world, uint32_t slot)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;

        tunnel_end(world, slot);
        memset(&bus->routers[slot], 0, sizeof bus->routers[slot]);
        memset(&bus->past[slot], 0, sizeof bus->past[slot]);
        bus->twins_told = false;
        bus->due = true;
}

void sim_router_set(struct sim_world *world, uint32_t slot, uint8_t identity)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;

        if (slot == 0 && chained(world, 1) && bus->routers[1].identity != 0)
                router_drop(world, 1); /* it hangs there */
        router_drop(world, slot);
        if (identity == 0)
                return;
        bus->routers[slot].identity = identity;
        bus->routers[slot].instance = world->instance_next++;
}

bool sim_tunnel_possible(const struct sim_world *world, uint32_t slot, uint32_t port)
{
        const struct sim_router *routers = world->thunderbolt.routers;
        bool occupied = world->ports[port].slot_status & MODEL_SLOT_STATUS_PDS;

        if (!routers[slot].authorized || routers[slot].tunnel != 0)
                return false;
        if (!chained(world, slot))
                return !occupied;
        return occupied && routers[0].tunnel == port + 1 &&
               world->ports[port].functions[CHAIN_PLACE].identity == 0;
}

void sim_tunnel_make(struct sim_state *state, uint32_t slot, uint32_t port)
{
        struct sim_thunderbolt *bus = &state->world.thunderbolt;
        const struct model_router *known =
                state->world.crashed ? NULL : sim_router_known(state, slot);
        bool looked_for = known && known->awaited && !known->scanned;

        bus->routers[slot].tunnel = (uint8_t)(port + 1);
        bus->muddled |= bus->there == SIM_BUS_TWO && !looked_for;
        if (!chained(&state->world, slot)) {
                sim_port_plug(&state->world, port, 1);
                if (bus->there == SIM_BUS_CHAIN)
                        state->world.ports[port].functions[CHAIN_PLACE].identity = 0;
                return;
        }
        bus->late |= !looked_for;
        sim_function_plug(&state->world, port, CHAIN_PLACE, 1);
}

void sim_router_muddle(struct sim_world *world)
{
        world->thunderbolt.muddled |= world->thunderbolt.there == SIM_BUS_TWO;
}

/* Is all that the first router of a chain brought, and that anybody was told of, in quarantine? */
static bool parent_settled(const struct sim_world *world)
{
        const struct sim_router *parent = &world->thunderbolt.routers[0];
        const struct sim_port *port;

        if (!parent->authorized || parent->tunnel == 0)
                return parent->authorized;
        port = &world->ports[parent->tunnel - 1];
        if (port->unread || port->lost || port->intruded || port->shown)
                return true;
        for (uint32_t i = 0; i < sim_function_count(world, parent->tunnel - 1u); i++) {
                const struct sim_function *function = &port->functions[i];

                if (function->identity != 0 && !port->hid &&
                    (function->known == 0 || function->owner != SIM_DOM_IO))
                        return false;
        }
        return true;
}

/* What speaks against it, at the moment when the core decides to let it in. */
static void authorize_judge(struct sim_world *world, const struct effect *effect)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;
        uint32_t slot = sim_router_slot(world, effect->router.instance);
        uint8_t bit = (uint8_t)(1u << effect->router.unique_id[0]);
        const struct sim_router_past *past = &bus->past[slot % SIM_ROUTERS];
        bool asked = bus->requests != bus->replies && bus->verb == REQUEST_AUTHORIZE &&
                     bus->asked == effect->router.unique_id[0];

        if (slot == SIM_ROUTERS) { /* it is gone, which nobody told */
                bus->wrong |= !asked && !(bus->enrolled & bit);
                bus->unwatched |= !asked && bus->session_told != SESSION_UNLOCKED;
                return;
        }
        bus->wrong |= !past->requested && (!(bus->enrolled & bit) || past->retired);
        bus->unwatched |= !past->requested && bus->session_told != SESSION_UNLOCKED;
        bus->wrong |= past->names_told == 3 || past->refuted || bus->twins_told;
        bus->unproved |= (bus->keyed & bit) && effect->authorize != AUTHORIZE_CHALLENGE;
        bus->unproved |= (bus->new_key & bit) && effect->authorize != AUTHORIZE_GIVE_KEY;
        bus->early |= chained(world, slot) && !bus->due && !bus->lost && !parent_settled(world);
}

static void deauthorize_judge(struct sim_world *world, const struct effect *effect)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;
        uint32_t slot = sim_router_slot(world, effect->router.instance);

        if (slot == SIM_ROUTERS)
                return;
        bus->past[slot].retired = true;
        bus->past[slot].requested = false;
        bus->untimely |= slot == 0 && chained(world, 1) && bus->routers[1].authorized &&
                         !bus->due && !bus->lost;
}

void sim_router_begin(struct sim_world *world, const struct effect *effect)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;

        base_assert(bus->token == 0 || bus->acted);
        bus->pending = *effect;
        bus->token = effect->token;
        bus->until_ms = world->now_ms + effect->deadline_ms;
        bus->acted = bus->observes = false;
        /* What came out of another's tunnel and was not read yet is taken for this one's. */
        for (uint32_t i = 0; effect->kind == EFFECT_AUTHORIZE && i < world->port_count; i++)
                bus->muddled |= bus->there == SIM_BUS_TWO && world->ports[i].unread;
        if (effect->kind == EFFECT_AUTHORIZE)
                authorize_judge(world, effect);
        else if (effect->kind == EFFECT_DEAUTHORIZE)
                deauthorize_judge(world, effect);
}

/* tb_domain_challenge_switch_key; store_router_given, once the key was given. */
static int32_t router_authorize(struct sim_world *world, uint32_t slot, enum effect_authorize how)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;
        struct sim_router *router = &bus->routers[slot];
        uint8_t bit = (uint8_t)(1u << sim_router_uid(router->identity));

        if (router->authorized || (chained(world, slot) && !bus->routers[0].authorized))
                return EINVAL; /* switch.c:tb_switch_set_authorized, domain.c:tb_domain_approve_switch */
        if (how != AUTHORIZE_PLAIN)
                router->key = ROUTER_KEY_OURS;
        if (how == AUTHORIZE_CHALLENGE && !(bus->holders >> router->identity & 1))
                return EKEYREJECTED;
        router->authorized = how == AUTHORIZE_CHALLENGE ? 2 : 1;
        if (how != AUTHORIZE_GIVE_KEY)
                return 0;
        bus->holders |= (uint8_t)(1u << router->identity);
        bus->new_key &= (uint8_t)~bit;
        bus->keyed |= bit;
        return 0;
}

/* edge/actuator: nothing is done to another than the one that is named. */
static int32_t router_write(struct sim_world *world, const struct effect *effect)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;
        uint32_t slot = sim_router_slot(world, effect->router.instance);

        if (slot == SIM_ROUTERS ||
            sim_router_uid(bus->routers[slot].identity) != effect->router.unique_id[0])
                return ESTALE;
        bus->due = true;
        if (effect->kind == EFFECT_DEAUTHORIZE) {
                router_shut(world, slot);
                return 0;
        }
        for (uint32_t i = 0; i < world->port_count; i++)
                bus->open |= (world->ports[i].command & MODEL_COMMAND_BME) &&
                             !world->ports[i].intruded && !world->ports[i].stuck;
        return router_authorize(world, slot, effect->authorize);
}

/* The identity store: edge/store/routers.c. A new entry is without key, or with one that is still to be given. */
static int32_t store_write(struct sim_thunderbolt *bus, const struct effect *effect)
{
        uint8_t bit = (uint8_t)(1u << effect->router.unique_id[0]);
        bool there = bus->enrolled & bit;

        if (effect->kind == EFFECT_FORGET && !there)
                return ENOENT;
        bus->enrolled &= (uint8_t)~bit;
        bus->keyed &= (uint8_t)~bit;
        bus->new_key &= (uint8_t)~bit;
        if (effect->kind == EFFECT_FORGET)
                return 0;
        bus->enrolled |= bit;
        bus->new_key |= effect->new_key ? bit : 0;
        return 0;
}

void sim_router_act(struct sim_world *world, bool lies, int32_t error)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;
        enum effect_kind kind = bus->pending.kind;

        bus->acted = true;
        bus->error = error;
        bus->observes = kind == EFFECT_ROUTERS && !error && !lies;
        if (lies)
                return;
        if (kind == EFFECT_REMEMBER)
                bus->memory = bus->memory_next;
        else if (kind == EFFECT_ENROLL || kind == EFFECT_FORGET)
                bus->error = store_write(bus, &bus->pending);
        else if (kind != EFFECT_ROUTERS)
                bus->error = router_write(world, &bus->pending);
        if (error)
                bus->error = error; /* it was done all the same */
        memcpy(bus->seen, bus->routers, sizeof bus->seen);
        bus->seen_enrolled = bus->enrolled;
        bus->seen_keyed = bus->keyed;
        bus->seen_new_key = bus->new_key;
        if (bus->observes)
                bus->lost = false;
}

static enum event_enrolled seen_store(const struct sim_thunderbolt *bus, uint8_t uid)
{
        if (!(bus->seen_enrolled >> uid & 1))
                return ENROLLED_NO;
        if (bus->seen_keyed >> uid & 1)
                return ENROLLED_KEY;
        return bus->seen_new_key >> uid & 1 ? ENROLLED_NEW_KEY : ENROLLED_YES;
}

static void list_fill(const struct sim_world *world, struct event_routers *ret_routers)
{
        static const enum event_authorized authorized[] = { AUTHORIZED_NO, AUTHORIZED_YES,
                                                            AUTHORIZED_CHALLENGED };
        const struct sim_thunderbolt *bus = &world->thunderbolt;
        bool secure = bus->there == SIM_BUS_KEYS;

        memset(ret_routers, 0, sizeof *ret_routers);
        ret_routers->domain_count = 1;
        ret_routers->domains[0] =
                (struct event_domain){ 0, secure ? SECURITY_SECURE : SECURITY_USER, true };
        for (uint32_t i = 0; i < sim_router_count(world); i++) {
                const struct sim_router *seen = &bus->seen[i];
                uint8_t uid = sim_router_uid(seen->identity);

                if (seen->identity == 0)
                        continue;
                ret_routers->routers[ret_routers->count++] = (struct event_router){
                        .route = route(world, i),
                        .instance = seen->instance,
                        .readable = true,
                        .unique_id = { uid },
                        .vendor_name = { seen->renamed ? 'B' : 'A' },
                        .authorized = authorized[seen->authorized],
                        .takes_key = secure,
                        .key = (enum event_router_key)seen->key,
                        .enrolled = seen_store(bus, uid),
                };
        }
}

/* What the core knows from now on. */
static void list_told(struct sim_world *world)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;
        uint32_t there = 0;

        for (uint32_t i = 0; i < sim_router_count(world); i++) {
                if (bus->seen[i].identity == 0 || bus->seen[i].instance != bus->routers[i].instance)
                        continue;
                there++;
                bus->past[i].names_told |= (uint8_t)(1u << bus->seen[i].renamed);
        }
        bus->twins_told |= there == 2 && sim_router_uid(bus->seen[0].identity) ==
                                                 sim_router_uid(bus->seen[1].identity);
}

void sim_session_fill(struct sim_thunderbolt *bus, struct event_sessions *ret_sessions)
{
        bus->session_due = false;
        bus->session_told = bus->locked ? SESSION_LOCKED : SESSION_UNLOCKED;
        *ret_sessions = (struct event_sessions){
                .status = SESSIONS_LISTED,
                .count = 1,
                .sessions = { { SESSION_CLASS_USER, SESSION_STATE_ACTIVE,
                                bus->locked ? FACT_YES : FACT_NO } },
        };
}

void sim_router_answer(struct sim_world *world, struct event *ret_event)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;
        uint32_t slot = sim_router_slot(world, bus->pending.router.instance);

        ret_event->kind = EVENT_COMPLETED;
        ret_event->port = BASE_SBDF_NONE;
        ret_event->token = bus->token;
        ret_event->error = bus->error;
        ret_event->completed.told[0] = '\0';
        bus->token = 0;
        if (bus->pending.kind == EFFECT_AUTHORIZE && bus->error == EKEYREJECTED &&
            slot != SIM_ROUTERS)
                bus->past[slot].refuted = true;
        if (!bus->observes)
                return;
        ret_event->kind = EVENT_ROUTERS;
        list_fill(world, &ret_event->routers);
        list_told(world);
}

void sim_router_reply(struct sim_world *world, const struct effect *effect)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;
        uint32_t slot = sim_router_slot(world, bus->asked_instance);
        bool enrolled = bus->enrolled >> bus->asked & 1;

        bus->replies++;
        if (slot != SIM_ROUTERS)
                bus->past[slot].requested = false;
        if (effect->result != RESULT_DONE)
                return;
        if (bus->verb == REQUEST_AUTHORIZE)
                bus->told_wrong |= slot != SIM_ROUTERS && !bus->due && !bus->lost &&
                                   !bus->routers[slot].authorized;
        else
                bus->told_wrong |= enrolled != (bus->verb == REQUEST_ENROLL);
}

void sim_router_crash(struct sim_world *world)
{
        struct sim_thunderbolt *bus = &world->thunderbolt;

        bus->token = 0;
        bus->due = bus->lost = false; /* the next one lists them anyway */
        bus->session_due = false;     /* likewise */
        bus->session_told = SESSION_UNKNOWN;
        bus->twins_told = false;
        bus->requests = bus->replies = 0;
        memset(bus->past, 0, sizeof bus->past);
}
