/* SPDX-License-Identifier: GPL-2.0-or-later */
/* L1: without faults every plugged function reaches quarantine, and every request gets exactly one answer. */
#include <stddef.h>
#include <string.h>

#include "canon.h"
#include "check/check.h"
#include "copy.h"
#include "move.h"
#include "set.h"

#define STEPS_MAX 2000

static struct sim_set converging;
static struct sim_state end; /* where the last run without faults came to */

void check_l1_reset(void)
{
        sim_set_clear(&converging);
}

void check_l1_expect(uint64_t calm)
{
        sim_set_expect(&converging, calm);
}

/* Functions that the attacker keeps from being quarantined may be contained; the others may not. */
static bool port_hostile(const struct sim_port *port, uint32_t count)
{
        for (uint32_t i = 0; i < count; i++) {
                const struct sim_function *function = &port->functions[i];

                if (function->dumb || function->strange || function->known_strange ||
                    function->owner == SIM_NOBODY)
                        return true;
        }
        return port->hid;
}

/* Xen's entry of what is not there: none, or where all is reserved one that blocks. */
static bool function_bare(enum sim_vendor vendor, const struct sim_function *function)
{
        if (function->known != 0)
                return false;
        if (vendor == SIM_AMD)
                return function->owner == SIM_DOM_IO && function->mapping == SIM_BLOCKED;
        return function->owner == SIM_ABSENT;
}

static bool port_bare(enum sim_vendor vendor, const struct sim_port *port, uint32_t count)
{
        for (uint32_t i = 0; i < count; i++)
                if (!function_bare(vendor, &port->functions[i]))
                        return false;
        return true;
}

static bool function_whole(enum sim_vendor vendor, const struct sim_function *function)
{
        if (function->known != function->identity || function->former ||
            (function->driver && !function->lent))
                return false;
        if (function->identity == 0)
                return function_bare(vendor, function);
        if ((function->rights & ~sim_rights_owned(function)) && !function->seized)
                return false; /* a guest may map the memory of what is not its own */
        if (sim_guest_owns(function))
                return function->pciback;
        if (function->lent)
                return function->owner == SIM_DOM0 && function->driver && !function->kept_off;
        return (function->kept_off || (function->seized && function->pciback)) &&
               function->owner == SIM_DOM_IO;
}

/*
 * What comes out of a chain's tunnel when nobody looks for it any more is known to nobody: neither to the kernel, nor
 * to Xen, which blocks what it does not know.
 */
static bool port_whole(const struct sim_world *world, uint32_t number)
{
        const struct sim_port *port = &world->ports[number];

        for (uint32_t i = 0; i < sim_function_count(world, number); i++)
                if (!function_whole(world->vendor, &port->functions[i]) &&
                    !(world->thunderbolt.late && function_bare(world->vendor, &port->functions[i])))
                        return false;
        return true;
}

const char *check_answers(const struct sim_state *state)
{
        return state->world.failed_clean ? "a request failed that nothing had come between" : NULL;
}

/* Is it open, and does the guest that is there have something below? (I1 says that nobody else has.) */
static bool port_assigned(const struct sim_world *world, const struct sim_port *port,
                          uint32_t count)
{
        for (uint32_t i = 0; i < count; i++)
                if (port->functions[i].owner == SIM_GUEST || port->functions[i].seized)
                        return world->guest_there && (port->command & MODEL_COMMAND_BME);
        return false;
}

/* Is it open, and something below dom0's by a rule? */
static bool port_trusted(const struct sim_port *port, uint32_t count)
{
        for (uint32_t i = 0; i < count; i++)
                if (port->functions[i].lent)
                        return port->command & MODEL_COMMAND_BME;
        return false;
}

/* Does a guest own something below that the core did not give to it? */
static bool port_foreign(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf && !core->functions[i].given &&
                    model_owner_guest(core->functions[i].owner))
                        return true;
        return false;
}

/* Where somebody else gave or took something, it is good enough that all is shut, and that the operator is told so. */
static bool port_disputed(const struct sim_state *state, uint32_t number)
{
        const struct sim_port *port = &state->world.ports[number];
        const struct model_port *model = &state->core.ports[number];

        if (port->command & MODEL_COMMAND_BME)
                return false;
        return model->state == STATE_CONTAINED &&
               (port->meddled || port_foreign(&state->core, model));
}

/* Does its enumeration wait for another port that is open? */
static bool port_postponed(const struct sim_world *world, const struct model_port *model)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                if (world->ports[i].command & MODEL_COMMAND_BME)
                        return !world->pause && model->state == STATE_ARRIVING && model->postponed;
        return false;
}

/* Of what is plugged, and was not ejected. */
static const char *plugged_wrong(const struct sim_state *state, uint32_t number, uint32_t count)
{
        const struct sim_world *world = &state->world;
        const struct sim_port *port = &world->ports[number];
        const struct model_port *model = &state->core.ports[number];
        enum model_state called = model->state;
        bool whole = port_whole(world, number);

        if (called == STATE_ASSIGNED)
                return port_assigned(world, port, count) && whole ? NULL
                                                                  : "called assigned, and is not";
        if (called == STATE_TRUSTED)
                return port_trusted(port, count) && whole ? NULL : "called trusted, and is not";
        if (model->verdict == VERDICT_TRUST_DOM0 && !model->withheld && !model->tainted &&
            !port_foreign(&state->core, model))
                return "what a rule trusts is not dom0's";
        return called == STATE_QUARANTINED && whole ? NULL : "what is plugged is not in quarantine";
}

static const char *port_wrong(const struct sim_state *state, uint32_t number)
{
        const struct sim_world *world = &state->world;
        const struct sim_port *port = &world->ports[number];
        const struct model_port *model = &state->core.ports[number];
        uint32_t count = sim_function_count(world, number);
        enum sim_vendor vendor = world->vendor;
        bool present = port->slot_status & MODEL_SLOT_STATUS_PDS;

        if (port->used && port->requests == port->replies && model->state != STATE_TRUSTED)
                return model->state == STATE_EXPOSED && (port->pciehp || port->opened)
                               ? NULL
                               : "what dom0 uses was taken from it";
        if ((port->command & MODEL_COMMAND_BME) && model->state != STATE_ASSIGNED &&
            model->state != STATE_TRUSTED)
                return "the port is open";
        if (port->pciehp)
                return "pciehp holds the port";
        if (!port->awake)
                return "the port may be suspended, and its registers restored";
        if (port->requests != port->replies)
                return "a request was not answered exactly once";
        if (port_hostile(port, count))
                return NULL;
        if (port_postponed(world, model) || port_disputed(state, number))
                return NULL;
        if (model->state == STATE_EJECTED)
                return present && port_bare(vendor, port, count) ? NULL
                                                                 : "called ejected, and is not";
        if (!present)
                return model->state == STATE_EMPTY && port_bare(vendor, port, count)
                               ? NULL
                               : "nothing is plugged, and it is not empty";
        return plugged_wrong(state, number, count);
}

/* May it be kept out: was it caught lying or ejected, or does it wait for what the operator is told of? */
static bool router_held(const struct sim_state *state, uint32_t slot,
                        const struct model_router *known)
{
        const struct sim_thunderbolt *bus = &state->world.thunderbolt;
        const struct sim_router *router = &bus->routers[slot];

        if (known->changed || known->retired || known->refuted || bus->twins_told ||
            !(bus->enrolled >> sim_router_uid(router->identity) & 1) ||
            router->key == ROUTER_KEY_OTHER)
                return true;
        for (uint32_t i = 0; i < state->core.port_count; i++) {
                if ((state->world.ports[i].command & MODEL_COMMAND_BME) &&
                    known->reason == REASON_CANDIDATE_OPEN)
                        return true;
                if (known->reason == REASON_PARENT && bus->there == SIM_BUS_CHAIN && slot == 1 &&
                    state->core.ports[i].state != STATE_QUARANTINED)
                        return true; /* what came before it is not there, or not in quarantine */
        }
        if (known->reason == REASON_SESSION_LOCKED)
                return bus->locked;
        return known->reason == REASON_PARENT && slot == 1 && !bus->routers[0].authorized;
}

/* What is enrolled is let in in the end. */
static const char *router_wrong(const struct sim_state *state)
{
        const struct sim_thunderbolt *bus = &state->world.thunderbolt;
        uint32_t there = 0;

        if (bus->requests != bus->replies)
                return "a request about a router was not answered exactly once";
        if (bus->lost)
                return NULL;
        for (uint32_t i = 0; i < sim_router_count(&state->world); i++) {
                const struct model_router *known = sim_router_known(state, i);

                if (bus->routers[i].identity == 0)
                        continue;
                there++;
                if (!known)
                        return "the daemon does not know its routers";
                if (!bus->routers[i].authorized && !router_held(state, i, known))
                        return "an enrolled router is kept out";
        }
        return state->core.router_count == there ? NULL : "the daemon knows routers that are gone";
}

static const char *state_wrong(const struct sim_state *state)
{
        if (state->world.crashed || state->core.port_count != state->world.port_count)
                return "the daemon does not know its ports";
        if (check_answers(state))
                return check_answers(state);
        for (uint32_t i = 0; i < state->world.port_count; i++) {
                const char *wrong = port_wrong(state, i);

                if (wrong)
                        return wrong;
        }
        return router_wrong(state);
}

static bool at_rest(const struct sim_world *world)
{
        return sim_move_fair(world).kind == MOVE_TIME;
}

const struct core *check_l1_end(void)
{
        return &end.core;
}

const char *check_l1(const struct sim_state *state, uint64_t calm)
{
        static uint64_t path[STEPS_MAX];
        const char *wrong = "?";
        uint32_t steps = 0;

        if (sim_set_has(&converging, calm))
                return NULL;
        sim_copy(&end, state);
        end.world.faults_left = end.world.attacks_left = end.world.wishes_left = 0;
        for (; steps < STEPS_MAX; steps++) {
                path[steps] = sim_canon_calm(&end);
                if (steps > 0 && sim_set_has(&converging, path[steps]))
                        break;
                wrong = at_rest(&end.world) ? state_wrong(&end) : "it does not come to rest";
                if (!wrong)
                        break;
                sim_move_do(&end, sim_move_fair(&end.world));
        }
        if (steps == STEPS_MAX)
                return wrong;
        for (uint32_t i = 0; i <= steps; i++)
                (void)sim_set_add(&converging, path[i]);
        return NULL;
}
