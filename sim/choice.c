/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which moves can happen next. */
#include "base/assert.h"
#include "canon.h"
#include "move.h"
#include "router_move.h"

void sim_move_add(struct sim_move *moves, uint32_t *count, enum sim_move_kind kind, uint32_t port,
                  uint32_t detail)
{
        base_assert(*count < SIM_MOVES);
        moves[(*count)++] = (struct sim_move){ (uint8_t)kind, (uint8_t)port, (uint8_t)detail };
}

/* Time does not pass a worker's deadline: it answers before (or a fault says that it did not). */
static bool time_passes(const struct sim_state *state)
{
        uint64_t next_ms = sim_canon_next(state);

        if (next_ms == 0)
                return false;
        for (uint32_t i = 0; i < state->world.port_count; i++)
                if (state->world.ports[i].pending_token != 0 &&
                    next_ms >= state->world.ports[i].pending_until_ms)
                        return false;
        return state->world.thunderbolt.token == 0 || next_ms < state->world.thunderbolt.until_ms;
}

/* Is the place before it, behind the same bridge, of the same kind? Then the attacker gains nothing by this one. */
static bool place_alike(const struct sim_shape_port *shape, uint32_t index)
{
        const struct sim_place *place = &shape->places[index];

        return index > 0 && place->parent != SIM_DIRECT && place->parent == place[-1].parent &&
               place->facts[0].kind == place[-1].facts[0].kind;
}

struct sim_move sim_move_fair(const struct sim_world *world)
{
        struct sim_move move;

        if (world->crashed)
                return (struct sim_move){ MOVE_START, 0, 0 };
        if (sim_guest_dying(world))
                return (struct sim_move){ MOVE_TAKE_BACK, 0, 0 };
        for (uint8_t i = 0; i < world->port_count; i++) {
                if (world->ports[i].pending_token != 0)
                        return (struct sim_move){ world->ports[i].acted ? MOVE_ANSWER : MOVE_ACT, i,
                                                  0 };
                if (world->ports[i].uevents > 0)
                        return (struct sim_move){ MOVE_UEVENT, i, 0 };
        }
        if (sim_router_course(world, &move))
                return move;
        if (world->guests_due)
                return (struct sim_move){ MOVE_GUESTS, 0, 0 };
        if (world->look_due)
                return (struct sim_move){ MOVE_LOOK, 0, 0 };
        return (struct sim_move){ MOVE_TIME, 0, 0 };
}

static void moves_attacker(const struct sim_world *world, uint32_t number, struct sim_move *moves,
                           uint32_t *count)
{
        if (!(world->ports[number].slot_status & MODEL_SLOT_STATUS_PDS)) {
                sim_move_add(moves, count, MOVE_PLUG, number, 0);
                return;
        }
        sim_move_add(moves, count, MOVE_UNPLUG, number, 0);
        sim_move_add(moves, count, MOVE_SWAP, number, 0);
}

/* What can be lied about below one port to somebody who asks this: one function lies at a time. */
static void moves_lying(const struct sim_world *world, uint32_t below, struct sim_move asked,
                        enum effect_kind asks, struct sim_move *moves, uint32_t *count)
{
        const struct sim_shape_port *shape = sim_shape_of(world, below);
        const struct sim_port *port = &world->ports[below];
        bool one = asks == EFFECT_QUARANTINE || asks == EFFECT_CONFIRM;

        for (uint32_t i = 0; i < shape->count; i++) {
                bool endpoint = shape->places[i].facts[0].kind == SIM_ENDPOINT;

                if (port->functions[i].identity == 0 ||
                    (one ? shape->places[i].sbdf != port->pending.function : place_alike(shape, i)))
                        continue;
                sim_move_add(moves, count, (enum sim_move_kind)asked.kind, asked.port,
                             SIM_DETAIL(LIE_SILENT, below, i));
                if (endpoint && asks == EFFECT_RESCAN)
                        sim_move_add(moves, count, (enum sim_move_kind)asked.kind, asked.port,
                                     SIM_DETAIL(LIE_STRANGE, below, i));
                if (endpoint && asks == EFFECT_INVENTORY)
                        sim_move_add(moves, count, (enum sim_move_kind)asked.kind, asked.port,
                                     SIM_DETAIL(LIE_ALTERED, below, i));
        }
}

static void moves_asked(const struct sim_world *world, struct sim_move asked, enum effect_kind asks,
                        struct sim_move *moves, uint32_t *count)
{
        if (world->attacks_left == 0)
                return;
        if (asks == EFFECT_QUARANTINE || asks == EFFECT_CONFIRM || asks == EFFECT_INVENTORY)
                moves_lying(world, asked.port, asked, asks, moves, count);
        for (uint32_t i = 0; asks == EFFECT_RESCAN && i < world->port_count; i++)
                moves_lying(world, i, asked, asks, moves, count);
}

/* A worker runs into its deadline only where no other port's comes first: those answer in time, having no fault. */
static int last_fault(const struct sim_world *world, const struct sim_port *port)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                if (world->ports[i].pending_token != 0 &&
                    world->ports[i].pending_until_ms < port->pending_until_ms)
                        return MOVE_LIE;
        if (world->thunderbolt.token != 0 && world->thunderbolt.until_ms < port->pending_until_ms)
                return MOVE_LIE;
        return MOVE_HANG;
}

/* What others do with guests; it needs no daemon. */
static void moves_guests(const struct sim_world *world, uint32_t number, struct sim_move *moves,
                         uint32_t *count)
{
        const struct sim_port *port = &world->ports[number];

        if (world->wishes_left == 0)
                return;
        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                const struct sim_function *function = &port->functions[i];

                if (sim_shape_of(world, number)->places[i].facts[0].kind != SIM_ENDPOINT)
                        continue;
                if (function->owner == SIM_DOM_IO && function->known != 0)
                        sim_move_add(moves, count, MOVE_ATTACH, number, i);
                if (function->owner == SIM_DOM_IO && function->known != 0 && world->guest_there)
                        sim_move_add(moves, count, MOVE_ATTACH, number, i | 16u);
                if (function->owner == SIM_GUEST || function->owner == SIM_OTHER)
                        sim_move_add(moves, count, MOVE_DETACH, number, i);
                if (!world->guests)
                        break;
        }
        if (!world->guests || number != 0)
                return;
        if (!world->guest_there)
                sim_move_add(moves, count, MOVE_GUEST_START, number, 0);
        else if (!sim_guest_dying(world))
                sim_move_add(moves, count, MOVE_GUEST_DIE, number, 0);
}

static bool port_lent(const struct sim_world *world, uint32_t number)
{
        for (uint32_t i = 0; i < sim_function_count(world, number); i++)
                if (world->ports[number].functions[i].lent)
                        return true;
        return false;
}

/* Can dom0 begin or cease to use what is below? Where it is a rule that lets it, not behind a closed door. */
static bool port_usable(const struct sim_world *world, uint32_t number)
{
        const struct sim_port *port = &world->ports[number];
        bool open = port->command & MODEL_COMMAND_BME;

        if (!world->usable || !sim_port_driven(world, number))
                return false;
        return !world->trusts || port->used || (open && port_lent(world, number));
}

static void moves_wishes(const struct sim_world *world, uint32_t number, struct sim_move *moves,
                         uint32_t *count)
{
        const struct sim_port *port = &world->ports[number];

        if (world->wishes_left == 0)
                return;
        if (port->requests == 0)
                sim_move_add(moves, count, MOVE_EJECT, number, 0);
        if (!(port->slot_status & MODEL_SLOT_STATUS_ABP))
                sim_move_add(moves, count, MOVE_BUTTON, number, 0);
        sim_move_add(moves, count, MOVE_RELOAD, number, 0);
        if (port_usable(world, number))
                sim_move_add(moves, count, MOVE_USE, number, 0);
        if (port_lent(world, number) && port->requests == 0)
                sim_move_add(moves, count, MOVE_UNASSIGN, number, 0);
        if (world->guests && port->requests == 0) {
                sim_move_add(moves, count, MOVE_ASSIGN, number, 0);
                sim_move_add(moves, count, MOVE_ASSIGN, number, 1);
                sim_move_add(moves, count, MOVE_UNASSIGN, number, 0);
        }
        moves_guests(world, number, moves, count);
}

/*
 * Its 0 is an observation: the file was read back; Xen said that it knew no such function any more, or that the guest
 * may not map it.
 */
static bool effect_honest(enum effect_kind kind)
{
        return kind == EFFECT_REMEMBER || kind == EFFECT_REGISTER || kind == EFFECT_REVOKE;
}

static void moves_port(const struct sim_state *state, uint32_t number, struct sim_move *moves,
                       uint32_t *count)
{
        const struct sim_port *port = &state->world.ports[number];
        bool faults = state->world.faults_left > 0;

        if (port->pending_token != 0)
                sim_move_add(moves, count, port->acted ? MOVE_ANSWER : MOVE_ACT, number, 0);
        if (port->pending_token != 0 && !port->acted)
                moves_asked(&state->world, (struct sim_move){ MOVE_ACT, (uint8_t)number, 0 },
                            port->pending.kind, moves, count);
        if (port->uevents > 0)
                sim_move_add(moves, count, MOVE_UEVENT, number, 0);
        moves_wishes(&state->world, number, moves, count);
        if (faults && port->pending_token != 0 && !port->acted)
                for (int kind = MOVE_FAIL; kind <= last_fault(&state->world, port); kind++)
                        if (kind != MOVE_LIE || !effect_honest(port->pending.kind))
                                sim_move_add(moves, count, (enum sim_move_kind)kind, number, 0);
        if (faults && port->uevents > 0) {
                sim_move_add(moves, count, MOVE_LOSE, number, 0);
                sim_move_add(moves, count, MOVE_OVERRUN, number, 0);
                sim_move_add(moves, count, MOVE_DOUBLE, number, 0);
        }
}

static bool remembered_any(const struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                if (world->ports[i].remembered)
                        return true;
        return world->thunderbolt.memory.count > 0;
}

uint32_t sim_moves(const struct sim_state *state, struct sim_move ret_moves[static SIM_MOVES])
{
        const struct sim_world *world = &state->world;
        uint32_t count = 0;

        if (world->crashed) {
                sim_move_add(ret_moves, &count, MOVE_START, 0, 0);
                if (world->faults_left > 0 && remembered_any(world))
                        sim_move_add(ret_moves, &count, MOVE_AMNESIA, 0, 0);
        } else {
                sim_move_add(ret_moves, &count, MOVE_POLL, 0, 0);
                if (time_passes(state))
                        sim_move_add(ret_moves, &count, MOVE_TIME, 0, 0);
                if (world->look_due)
                        sim_move_add(ret_moves, &count, MOVE_LOOK, 0, 0);
                if (world->guests_due)
                        sim_move_add(ret_moves, &count, MOVE_GUESTS, 0, 0);
        }
        if (sim_guest_dying(world))
                sim_move_add(ret_moves, &count, MOVE_TAKE_BACK, 0, 0);
        sim_router_moves(state, ret_moves, &count);
        for (uint32_t i = 0; i < world->port_count; i++) {
                if (!world->crashed)
                        moves_port(state, i, ret_moves, &count);
                else if (world->guests)
                        moves_guests(world, i, ret_moves, &count);
                if (world->attacks_left > 0)
                        moves_attacker(world, i, ret_moves, &count);
                if (world->faults_left == 0)
                        continue;
                for (int kind = MOVE_SET_BME; kind <= MOVE_RESCAN; kind++)
                        sim_move_add(ret_moves, &count, (enum sim_move_kind)kind, i, 0);
                moves_asked(world, (struct sim_move){ MOVE_RESCAN, (uint8_t)i, 0 }, EFFECT_RESCAN,
                            ret_moves, &count);
        }
        if (world->faults_left > 0 && !world->crashed) {
                sim_move_add(ret_moves, &count, MOVE_BLIND, 0, 0);
                sim_move_add(ret_moves, &count, MOVE_JUMP, 0, 0);
                sim_move_add(ret_moves, &count, MOVE_CRASH, 0, 0);
                sim_move_add(ret_moves, &count, MOVE_CRASH_LATE, 0, 0);
        }
        return count;
}
