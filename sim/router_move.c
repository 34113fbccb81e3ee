/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can happen next to Thunderbolt routers, and does. */
#include "router_move.h"

#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "edge.h"

static struct event event; /* large */

bool sim_router_moved(enum sim_move_kind kind)
{
        return (kind >= MOVE_ROUTER_EVENT && kind <= MOVE_TUNNEL) ||
               (kind >= MOVE_ROUTER && kind <= MOVE_ROUTER_NAME) ||
               (kind >= MOVE_ROUTER_AUTHORIZE && kind <= MOVE_LOCK) ||
               (kind >= MOVE_ROUTER_FAIL && kind <= MOVE_ROUTER_LOSE);
}

/* Who can come: in front of the host the one that is known, or another; behind or beside it also one that copies it. */
static void moves_coming(const struct sim_world *world, uint32_t slot, struct sim_move *moves,
                         uint32_t *count)
{
        const struct sim_router *router = &world->thunderbolt.routers[slot];
        enum sim_bus bus = world->thunderbolt.there;
        bool place = slot == 0 || bus == SIM_BUS_TWO || world->thunderbolt.routers[0].identity != 0;

        if (place) {
                sim_move_add(moves, count, MOVE_ROUTER, slot,
                             slot == 0 ? SIM_ENROLLED : SIM_SECOND);
                if (slot == 0)
                        sim_move_add(moves, count, MOVE_ROUTER, slot, SIM_STRANGER);
                if (slot == 1 || bus == SIM_BUS_KEYS)
                        sim_move_add(moves, count, MOVE_ROUTER, slot, SIM_CLONE);
        }
        if (router->identity == 0)
                return;
        sim_move_add(moves, count, MOVE_ROUTER_GO, slot, 0);
        sim_move_add(moves, count, MOVE_ROUTER_NAME, slot, 0);
}

static void moves_asking(const struct sim_world *world, uint32_t slot, struct sim_move *moves,
                         uint32_t *count)
{
        const struct sim_thunderbolt *bus = &world->thunderbolt;

        if (world->crashed || world->wishes_left == 0 || bus->requests != bus->replies ||
            bus->routers[slot].identity == 0)
                return;
        for (int kind = MOVE_ROUTER_AUTHORIZE; kind <= MOVE_ROUTER_FORGET; kind++)
                sim_move_add(moves, count, (enum sim_move_kind)kind, slot, 0);
}

/* Its answer comes last, at its deadline, only where no other's is nearer: those answer in time, having no fault. */
static bool last_of_all(const struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                if (world->ports[i].pending_token != 0 &&
                    world->ports[i].pending_until_ms < world->thunderbolt.until_ms)
                        return false;
        return true;
}

static void moves_failing(const struct sim_world *world, struct sim_move *moves, uint32_t *count)
{
        const struct sim_thunderbolt *bus = &world->thunderbolt;
        enum effect_kind kind = bus->pending.kind;
        bool works = bus->token != 0 && !bus->acted;

        if (works)
                sim_move_add(moves, count, MOVE_ROUTER_FAIL, 0, 0);
        if (works && (kind == EFFECT_AUTHORIZE || kind == EFFECT_DEAUTHORIZE))
                sim_move_add(moves, count, MOVE_ROUTER_LIE, 0, 0);
        if (works && last_of_all(world))
                sim_move_add(moves, count, MOVE_ROUTER_LATE, 0, 0);
        for (uint32_t i = 0; i < sim_router_count(world); i++) {
                if (bus->routers[i].identity == 0 || bus->routers[i].authorized ||
                    (i == 1 && bus->there == SIM_BUS_CHAIN && !bus->routers[0].authorized))
                        continue;
                sim_move_add(moves, count, MOVE_ROUTER_FOREIGN, i, 0);
                if (bus->there == SIM_BUS_KEYS)
                        sim_move_add(moves, count, MOVE_ROUTER_FOREIGN, i, 1);
        }
        if (!bus->due || world->crashed)
                return;
        sim_move_add(moves, count, MOVE_ROUTER_LOSE, 0, 0);
        sim_move_add(moves, count, MOVE_ROUTER_LOSE, 0, 1);
}

void sim_router_moves(const struct sim_state *state, struct sim_move moves[static SIM_MOVES],
                      uint32_t *count)
{
        const struct sim_world *world = &state->world;
        const struct sim_thunderbolt *bus = &world->thunderbolt;

        if (bus->there == SIM_BUS_NONE)
                return;
        if (bus->token != 0)
                sim_move_add(moves, count, bus->acted ? MOVE_ROUTER_ANSWER : MOVE_ROUTER_ACT, 0, 0);
        if (bus->due && !world->crashed)
                sim_move_add(moves, count, MOVE_ROUTER_EVENT, 0, 0);
        if (bus->session_due)
                sim_move_add(moves, count, MOVE_SESSION, 0, 0);
        if (world->wishes_left > 0)
                sim_move_add(moves, count, MOVE_LOCK, 0, 0);
        for (uint32_t i = 0; i < sim_router_count(world); i++) {
                for (uint32_t port = 0; port < world->port_count; port++)
                        if (sim_tunnel_possible(world, i, port))
                                sim_move_add(moves, count, MOVE_TUNNEL, port, i);
                if (world->attacks_left > 0)
                        moves_coming(world, i, moves, count);
                moves_asking(world, i, moves, count);
        }
        if (world->faults_left > 0)
                moves_failing(world, moves, count);
}

bool sim_router_course(const struct sim_world *world, struct sim_move *ret_move)
{
        const struct sim_thunderbolt *bus = &world->thunderbolt;

        *ret_move = (struct sim_move){ MOVE_ROUTER_EVENT, 0, 0 };
        if (bus->token != 0)
                ret_move->kind = bus->acted ? MOVE_ROUTER_ANSWER : MOVE_ROUTER_ACT;
        if (bus->token != 0 || (bus->due && !world->crashed))
                return true;
        ret_move->kind = MOVE_SESSION;
        if (bus->session_due)
                return true;
        ret_move->kind = MOVE_TUNNEL;
        for (uint32_t i = 0; i < sim_router_count(world); i++)
                for (uint32_t port = 0; port < world->port_count; port++) {
                        ret_move->port = (uint8_t)port;
                        ret_move->detail = (uint8_t)i;
                        if (sim_tunnel_possible(world, i, port))
                                return true;
                }
        return false;
}

static void answer_send(struct sim_state *state)
{
        sim_router_answer(&state->world, &event);
        sim_edge_event(state, &event, /* blind= */ false);
}

static void event_send(struct sim_state *state, enum event_kind kind)
{
        event.kind = kind;
        event.token = 0;
        event.error = 0;
        event.port = BASE_SBDF_NONE;
        sim_edge_event(state, &event, /* blind= */ false);
}

static void uevent_send(struct sim_state *state)
{
        state->world.thunderbolt.due = false;
        memset(&event.uevent, 0, sizeof event.uevent);
        event.uevent.action = UEVENT_CHANGE;
        event.uevent.subsystem = SUBSYSTEM_THUNDERBOLT;
        event_send(state, EVENT_UEVENT);
}

static void session_send(struct sim_state *state)
{
        sim_session_fill(&state->world.thunderbolt, &event.sessions);
        event_send(state, EVENT_SESSIONS);
}

static void event_lose(struct sim_state *state, bool told)
{
        state->world.thunderbolt.due = false;
        state->world.thunderbolt.lost = true;
        if (told)
                event_send(state, EVENT_OVERRUN);
}

static void request_send(struct sim_state *state, struct sim_move move)
{
        static const enum event_verb verbs[MOVE_MAX] = {
                [MOVE_ROUTER_AUTHORIZE] = REQUEST_AUTHORIZE,
                [MOVE_ROUTER_ENROLL] = REQUEST_ENROLL,
                [MOVE_ROUTER_FORGET] = REQUEST_FORGET,
        };
        struct sim_thunderbolt *bus = &state->world.thunderbolt;
        const struct sim_router *router = &bus->routers[move.port];

        bus->verb = verbs[move.kind];
        bus->asked = sim_router_uid(router->identity);
        bus->asked_instance = router->instance;
        bus->requests++;
        if (bus->verb == REQUEST_AUTHORIZE)
                bus->past[move.port].requested = true;
        memset(&event.request, 0, sizeof event.request);
        event.request.id = SIM_ROUTER_REQUEST;
        event.request.verb = bus->verb;
        event.request.sbdf = BASE_SBDF_NONE;
        event.request.router.unique_id[0] = bus->asked;
        event_send(state, EVENT_REQUEST);
}

/* Somebody else: by hand, or with a key of his own, which it then has to have. */
static void foreign_do(struct sim_thunderbolt *bus, struct sim_move move)
{
        struct sim_router *router = &bus->routers[move.port];

        router->authorized = move.detail ? 2 : 1;
        if (move.detail) {
                router->key = ROUTER_KEY_OTHER;
                bus->holders &= (uint8_t) ~(1u << router->identity);
        }
        bus->due = true;
}

void sim_router_do(struct sim_state *state, struct sim_move move)
{
        struct sim_world *world = &state->world;
        struct sim_thunderbolt *bus = &world->thunderbolt;
        enum sim_move_kind kind = (enum sim_move_kind)move.kind;

        if (kind == MOVE_ROUTER_EVENT) {
                uevent_send(state);
        } else if (kind == MOVE_SESSION) {
                session_send(state);
        } else if (kind == MOVE_LOCK) {
                bus->locked = !bus->locked;
                bus->session_due = !world->crashed;
        } else if (kind == MOVE_ROUTER_ACT) {
                sim_router_act(world, /* lies= */ false, 0);
        } else if (kind == MOVE_ROUTER_ANSWER) {
                answer_send(state);
        } else if (kind == MOVE_TUNNEL) {
                sim_tunnel_make(state, move.detail, move.port);
        } else if (kind == MOVE_ROUTER || kind == MOVE_ROUTER_GO) {
                sim_router_set(world, move.port, kind == MOVE_ROUTER ? move.detail : 0);
        } else if (kind == MOVE_ROUTER_NAME) {
                bus->routers[move.port].renamed = !bus->routers[move.port].renamed;
                bus->due = true;
        } else if (kind == MOVE_ROUTER_FAIL) {
                sim_router_act(world, /* lies= */ true, EIO);
        } else if (kind == MOVE_ROUTER_LIE) {
                sim_router_act(world, /* lies= */ true, 0);
        } else if (kind == MOVE_ROUTER_LATE) {
                sim_router_act(world, /* lies= */ false, ETIMEDOUT);
                world->now_ms = bus->until_ms;
        } else if (kind == MOVE_ROUTER_FOREIGN) {
                foreign_do(bus, move);
        } else if (kind == MOVE_ROUTER_LOSE) {
                event_lose(state, move.detail);
        } else {
                request_send(state, move);
        }
}
