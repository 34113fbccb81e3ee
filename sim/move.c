/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that can happen next. */
#include "move.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "canon.h"
#include "core/event/coverage.h"
#include "core/step.h"
#include "edge.h"
#include "memory.h"
#include "router_move.h"

#define JUMP_MS 600000u

static struct event event; /* large; every user fills what its kind needs */

static void event_send(struct sim_state *state, enum event_kind kind, uint32_t port)
{
        event.kind = kind;
        event.token = 0;
        event.error = 0;
        event.port = port < SIM_PORTS ? sim_port_sbdf(&state->world, port) : BASE_SBDF_NONE;
        sim_edge_event(state, &event, /* blind= */ false);
}

static void poll_do(struct sim_state *state, bool blind)
{
        for (uint32_t i = 0; i < state->world.port_count; i++) {
                event.kind = EVENT_PORT_READ;
                event.token = 0;
                event.port = sim_port_sbdf(&state->world, i);
                event.registers = sim_registers(&state->world, i);
                sim_edge_event(state, &event, blind);
        }
        sim_intrusion_end(&state->world);
}

/* What edge/store hands over at the start. */
static void memory_send(struct sim_state *state)
{
        for (uint32_t i = 0; i < state->world.port_count; i++)
                if (sim_memory_fill(&state->world, i, &event.memory))
                        event_send(state, EVENT_MEMORY, i);
        if (sim_memory_routers_fill(&state->world, &event.memory))
                event_send(state, EVENT_MEMORY, SIM_PORTS);
        event.memory_end = (struct event_memory_end){ .status = MEMORY_GOOD };
        event_send(state, EVENT_MEMORY_END, SIM_PORTS);
}

/* What an effect does to the machine, and to the state file. */
static int32_t effect_act(struct sim_state *state, uint32_t number, bool lies)
{
        const struct effect *effect = &state->world.ports[number].pending;

        if (effect->kind == EFFECT_REMEMBER && !lies)
                sim_memory_write(state, number);
        return sim_effect_act(&state->world, effect, lies);
}

static void config_send(struct sim_state *state)
{
        if (state->world.shape->config) {
                event.config = *state->world.shape->config;
        } else {
                memset(&event.config, 0, sizeof event.config);
                event.config.auto_ports = true;
                event.config.poll_interval_ms = 100;
                event.config.pause = state->world.pause;
        }
        event_send(state, EVENT_CONFIG, SIM_PORTS);
}

/* As firmware mostly has it: each port's bus range as a whole. */
static void coverage_fill(const struct sim_world *world, struct event_coverage *coverage)
{
        coverage->known = true;
        for (uint32_t i = 0; i < world->port_count; i++) {
                const struct sim_shape_port *port = sim_shape_of(world, i);
                uint16_t segment = base_sbdf_segment(port->sbdf);

                base_assert(event_coverage_add(coverage, BASE_SBDF(segment, port->bus_first, 0, 0),
                                               BASE_SBDF(segment, port->bus_last, 31, 7)));
        }
}

void sim_daemon_start(struct sim_state *state)
{
        const struct sim_shape *shape = state->world.shape;

        state->world.crashed = false;
        core_init(&state->core);
        for (uint32_t i = 0; i < state->world.port_count; i++)
                sim_boot_forget(&state->world, i);
        memory_send(state);
        event.rules = state->world.rules;
        event_send(state, EVENT_RULES, SIM_PORTS);
        config_send(state);
        memset(&event.platform, 0, sizeof event.platform);
        event.platform.iommu = state->world.vendor == SIM_AMD ? IOMMU_AMD : IOMMU_VTD;
        event.platform.xen = event.platform.iommu_on = FACT_YES;
        event.platform.intremap = shape->no_intremap ? FACT_NO : FACT_YES;
        event.platform.ats = shape->ats ? FACT_YES : FACT_NO;
        event.platform.passthrough = shape->dom0_passthrough ? FACT_YES : FACT_NO;
        event.platform.xen_major = 4;
        event.platform.xen_minor = state->world.xen_minor;
        if (state->world.vendor == SIM_AMD)
                coverage_fill(&state->world, &event.platform.coverage);
        event_send(state, EVENT_PLATFORM, SIM_PORTS);
        for (uint32_t i = 0; i < state->world.port_count; i++)
                state->world.ports[i].shown = 0; /* every port is shut or judged anew */
        state->world.thunderbolt.session_told = SESSION_UNKNOWN;
        state->world.thunderbolt.session_due = state->world.thunderbolt.there != SIM_BUS_NONE;
        state->world.guests_due = state->world.guests; /* xenstore tells whoever begins to watch */
        sim_intrusion_end(&state->world);
}

/*
 * What the worker learns of owners its answer will tell. Where there is no list it does not say which guest it is:
 * xenstore may have (sim_claims_tell).
 */
static void owners_tell(struct sim_world *world, uint32_t number)
{
        struct sim_port *port = &world->ports[number];
        bool list = port->pending.kind == EFFECT_OWNERS;
        bool asks = port->pending.kind == EFFECT_CONFIRM || port->pending.kind == EFFECT_QUARANTINE;

        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                struct sim_function *function = &port->functions[i];
                bool asked = asks && port->pending.function == sim_sbdf(world, number, i);
                bool named = world->vendor == SIM_VTD || !sim_guest_owns(function);

                if (list || (asked && world->vendor == SIM_AMD && !function->seized))
                        sim_rights_tell(function);
                if (list || (asked && named))
                        function->seized = false;
        }
}

/* The worker does its work, and notes what it saw when it did. */
static void worker_act(struct sim_state *state, uint32_t number, bool lies, int32_t error)
{
        struct sim_port *port = &state->world.ports[number];

        port->answer_observes = false;
        port->answer_error = error;
        if (error == 0 || error == ETIMEDOUT) {
                int32_t answer = effect_act(state, number, lies);

                if (error == 0)
                        port->answer_error = answer;
        }
        if (error == 0 && !lies &&
            (port->pending.kind == EFFECT_INVENTORY || port->pending.kind == EFFECT_OWNERS ||
             port->pending.kind == EFFECT_RESERVE || port->pending.kind == EFFECT_GUESTS)) {
                port->answer_observes = true;
                sim_functions_see(&state->world, number);
                port->seen_domid = state->world.guest_there ? state->world.domid : 0;
        }
        if (port->pending.kind == EFFECT_OWNERS)
                port->lost &= (uint8_t)~2u;
        if (port->pending.kind == EFFECT_INVENTORY)
                port->shown &= (uint8_t)~2u;
        if (error == 0 && !lies)
                owners_tell(&state->world, number);
        port->acted = true;
}

static void answer_send(struct sim_state *state, uint32_t port)
{
        sim_edge_answer(state, port, &event);
        sim_edge_event(state, &event, /* blind= */ false);
}

static void uevent_send(struct sim_state *state, uint32_t port)
{
        struct event_place *place = &event.uevent.place;

        memset(&event.uevent, 0, sizeof event.uevent);
        event.uevent.action = UEVENT_ADD;
        event.uevent.subsystem = SUBSYSTEM_PCI;
        place->above[0] = sim_port_sbdf(&state->world, port);
        place->depth = 1;
        place->sbdf = sim_sbdf(&state->world, port, 0);
        event_send(state, EVENT_UEVENT, SIM_PORTS);
}

static void uevent_take(struct sim_state *state, uint32_t port)
{
        state->world.ports[port].uevents--;
        state->world.ports[port].shown = 0;
        uevent_send(state, port);
}

static void look_send(struct sim_state *state)
{
        state->world.look_due = false;
        event_send(state, EVENT_LOOK, SIM_PORTS);
}

static void guests_take(struct sim_state *state)
{
        const struct sim_world *world = &state->world;
        uint16_t domid = world->guest_there ? world->domid : 0;
        bool amd = world->vendor == SIM_AMD;

        state->world.guests_due = false;
        sim_guests_fill(domid, &event.guests);
        for (uint32_t i = 0; amd && i < world->port_count; i++)
                for (uint32_t j = 0; j < sim_function_count(world, i); j++)
                        sim_claim_fill(sim_sbdf(world, i, j), &world->ports[i].functions[j], domid,
                                       &event.guests);
        if (amd)
                sim_claims_tell(state);
        event_send(state, EVENT_GUESTS, SIM_PORTS);
}

static void attack_count(struct sim_world *world)
{
        if (world->attacks_left != UINT8_MAX)
                world->attacks_left--;
}

/* What is plugged after this move: the device that it names; else the first, or with a swap the other one. */
static uint8_t identity_next(const struct sim_port *port, struct sim_move move)
{
        if (move.kind == MOVE_UNPLUG)
                return 0;
        if (move.detail != 0)
                return move.detail;
        return move.kind == MOVE_SWAP ? (uint8_t)(3 - port->functions[0].identity) : 1;
}

static void attacker_do(struct sim_world *world, struct sim_move move)
{
        struct sim_port *port = &world->ports[move.port];

        if (move.kind == MOVE_DUMB) {
                base_assert(move.detail < SIM_FUNCTIONS);
                port->functions[move.detail].dumb = !port->functions[move.detail].dumb;
                port->hid = true;
        } else {
                sim_port_plug(world, move.port, identity_next(port, move));
                sim_router_muddle(world);
        }
}

static void wish_count(struct sim_world *world)
{
        if (world->wishes_left != UINT8_MAX)
                world->wishes_left--;
}

static void lie_set(struct sim_world *world, uint8_t detail, bool on)
{
        struct sim_port *port = &world->ports[detail >> 4 & 3];
        struct sim_function *function = &port->functions[detail & 15];
        enum sim_lie lie = (enum sim_lie)(detail >> 6);

        if (lie != LIE_NONE)
                port->hid = true;
        if (lie == LIE_SILENT)
                function->dumb = on;
        else if (lie == LIE_STRANGE)
                function->strange = on;
        else if (lie == LIE_ALTERED)
                function->altered = on;
}

/* The worker does its work while a function lies, as long as that lasts. */
static void act_do(struct sim_state *state, struct sim_move move)
{
        if (move.detail != 0)
                attack_count(&state->world);
        lie_set(&state->world, move.detail, true);
        worker_act(state, move.port, /* lies= */ false, 0);
        lie_set(&state->world, move.detail, false);
}

static void intruder_do(struct sim_state *state, struct sim_move move)
{
        struct sim_world *world = &state->world;
        struct sim_port *port = &world->ports[move.port];

        /* What its rescan shows below a port that is open for a guest: check_exposed. */
        port->intruded = port->intruded || move.kind != MOVE_RESCAN || !port->opened;
        if (move.kind == MOVE_SET_BME)
                port->command |= MODEL_COMMAND_BME;
        if (move.kind == MOVE_BIND_PCIEHP) {
                port->pciehp = true;
                /* pciehp_hpc.c:pcie_init clears the event bits; only who saw it unbound sees that it is back. */
                if (!world->crashed && (state->core.port_count <= move.port ||
                                        state->core.ports[move.port].registers.pciehp))
                        sim_swaps_forget(world, move.port);
                sim_kernel_pciehp(world, move.port);
        }
        if (move.kind != MOVE_RESCAN)
                return;
        for (uint32_t i = 0; i < world->port_count; i++) {
                world->ports[i].lost =
                        SIM_LOST; /* until the core looks: its uevents may come too late for what is under way */
        }
        lie_set(world, move.detail, true);
        sim_kernel_rescan(world);
        lie_set(world, move.detail, false);
        for (uint32_t i = 0; i < world->port_count; i++)
                if (world->ports[i].uevents != 0)
                        world->ports[i].shown = SIM_LOST;
}

static void daemon_kill(struct sim_state *state, bool late)
{
        struct sim_world *world = &state->world;

        world->crashed = true;
        if (late && world->thunderbolt.token != 0 && !world->thunderbolt.acted)
                sim_router_act(world, /* lies= */ false, 0);
        sim_router_crash(world);
        for (uint32_t i = 0; i < world->port_count; i++) {
                struct sim_port *port = &world->ports[i];

                if (late && port->pending_token != 0 && !port->acted)
                        (void)effect_act(state, i, /* lies= */ false);
                port->pending_token = 0;
                port->uevents = port->lost = 0;     /* the socket dies with the process */
                port->requests = port->replies = 0; /* and so do the clients' connections */
                port->clean = false;
        }
        sim_rights_forget(world);
}

/* The worker does its work too late, or never: either way its deadline is what is answered. */
static void worker_expire(struct sim_state *state, uint32_t number, bool acts)
{
        struct sim_port *port = &state->world.ports[number];

        if (acts)
                worker_act(state, number, /* lies= */ false, ETIMEDOUT);
        state->world.now_ms = port->pending_until_ms;
        port->acted = true;
        port->answer_error = ETIMEDOUT;
        port->answer_observes = false;
}

static void jump_do(struct sim_state *state)
{
        uint64_t then_ms = state->world.now_ms + JUMP_MS;

        for (uint32_t i = 0; i < state->world.port_count; i++)
                if (state->world.ports[i].pending_token != 0 && !state->world.ports[i].acted)
                        worker_expire(state, i, /* acts= */ false);
        state->world.now_ms = then_ms;
        if (state->world.thunderbolt.token != 0 && !state->world.thunderbolt.acted)
                sim_router_act(&state->world, /* lies= */ true, ETIMEDOUT);
        if (state->world.thunderbolt.token != 0)
                sim_router_do(state, (struct sim_move){ MOVE_ROUTER_ANSWER, 0, 0 });
        for (uint32_t i = 0; i < state->world.port_count; i++)
                if (state->world.ports[i].pending_token != 0 && state->world.ports[i].acted)
                        answer_send(state, i); /* it is there before anything else is looked at */
        poll_do(state, /* blind= */ false);
}

static void overrun_send(struct sim_state *state)
{
        for (uint32_t i = 0; i < state->world.port_count; i++)
                state->world.ports[i].shown = 0;
        event_send(state, EVENT_OVERRUN, SIM_PORTS);
}

static void fault_do(struct sim_state *state, struct sim_move move)
{
        enum sim_move_kind kind = (enum sim_move_kind)move.kind;

        if (kind == MOVE_LOSE || kind == MOVE_OVERRUN)
                state->world.ports[move.port].uevents--;
        if (kind == MOVE_LOSE)
                state->world.ports[move.port].lost = SIM_LOST;
        if (kind == MOVE_LIE && state->world.ports[move.port].pending.kind == EFFECT_RESCAN)
                state->world.thunderbolt.late |= state->world.thunderbolt.there == SIM_BUS_CHAIN;
        if (kind == MOVE_FAIL)
                worker_act(state, move.port, /* lies= */ false, EIO);
        else if (kind == MOVE_LIE)
                worker_act(state, move.port, /* lies= */ true, 0);
        else if (kind == MOVE_LATE || kind == MOVE_HANG)
                worker_expire(state, move.port, /* acts= */ kind == MOVE_LATE);
        else if (kind == MOVE_OVERRUN)
                overrun_send(state);
        else if (kind == MOVE_DOUBLE)
                uevent_send(state, move.port);
        else if (kind == MOVE_JUMP)
                jump_do(state);
        else if (kind == MOVE_BLIND)
                poll_do(state, /* blind= */ true);
        else if (kind == MOVE_CRASH || kind == MOVE_CRASH_LATE)
                daemon_kill(state, /* late= */ kind == MOVE_CRASH_LATE);
        else if (kind == MOVE_AMNESIA)
                sim_memory_lose(&state->world);
        else if (kind >= MOVE_SET_BME)
                intruder_do(state, move);
}

/* Is everything known and at rest, so that a request has to succeed if nothing else happens? */
static bool all_clean(const struct sim_state *state)
{
        const struct sim_world *world = &state->world;

        if (!world->guest_there || world->guests_due || sim_guest_dying(world))
                return false;
        for (uint32_t i = 0; i < state->core.function_count; i++)
                if (model_owner_guest(state->core.functions[i].owner) &&
                    !state->core.functions[i].held)
                        return false; /* that is for somebody else to take back */
        for (uint32_t i = 0; i < world->port_count; i++) {
                const struct sim_port *port = &world->ports[i];
                const struct model_port *model = &state->core.ports[i];

                if (port->pending_token != 0 || port->uevents != 0 || port->lost || port->shown ||
                    port->intruded || port->hid || model->button_at_ms != 0 || model->tainted ||
                    port->slot_status & MODEL_SLOT_STATUS_EVENTS ||
                    (model->state != STATE_QUARANTINED && model->state != STATE_ASSIGNED &&
                     model->state != STATE_TRUSTED && model->state != STATE_EMPTY))
                        return false;
                for (uint32_t j = 0; j < sim_function_count(world, i); j++) {
                        const struct sim_function *function = &port->functions[j];

                        if (function->owner == SIM_OTHER || function->owner == SIM_NOBODY ||
                            (sim_guest_owns(function) && model->state != STATE_ASSIGNED) ||
                            function->seized || function->former || function->known_strange)
                                return false;
                }
        }
        return true;
}

static void request_send(struct sim_state *state, struct sim_move move)
{
        static const enum event_verb verbs[MOVE_MAX] = {
                [MOVE_ASSIGN] = REQUEST_ASSIGN, [MOVE_UNASSIGN] = REQUEST_UNASSIGN
        };
        struct sim_port *port = &state->world.ports[move.port];

        event.request = (struct event_request){ .id = move.port + 1u,
                                                .verb = verbs[move.kind],
                                                .sbdf = sim_port_sbdf(&state->world, move.port) };
        if (move.detail != 0)
                event.request.sbdf = sim_sbdf(&state->world, move.port, move.detail);
        if (move.kind == MOVE_ASSIGN)
                (void)base_text_copy(SIM_GUEST_NAME, strlen(SIM_GUEST_NAME), event.request.guest,
                                     sizeof event.request.guest);
        port->clean = all_clean(state) && state->core.ports[move.port].state != STATE_EMPTY;
        port->requests++;
        event_send(state, EVENT_REQUEST, SIM_PORTS);
}

static void time_pass(struct sim_state *state)
{
        if (sim_canon_next(state) != 0)
                state->world.now_ms = sim_canon_next(state);
        poll_do(state, /* blind= */ false);
}

/* Where a rule makes something dom0's, it is taken away or comes back with each reload. */
static void reload_do(struct sim_state *state)
{
        if (state->world.trusts) {
                state->world.rules = state->world.rules ? NULL : state->world.trusts;
                event.rules = state->world.rules;
                event_send(state, EVENT_RULES, SIM_PORTS);
        }
        config_send(state);
}

static void wish_do(struct sim_state *state, struct sim_move move)
{
        struct sim_port *port = &state->world.ports[move.port];
        bool meddles =
                state->world.guests && (move.kind == MOVE_ATTACH || move.kind == MOVE_DETACH);

        state->world.look_due |= meddles;
        state->world.guests_due |= meddles && state->world.vendor == SIM_AMD;
        if (move.kind == MOVE_EJECT || move.kind == MOVE_ASSIGN || move.kind == MOVE_UNASSIGN)
                request_send(state, move);
        else if (move.kind == MOVE_BUTTON)
                port->slot_status |= MODEL_SLOT_STATUS_ABP;
        else if (move.kind == MOVE_RELOAD)
                reload_do(state);
        else if (move.kind == MOVE_USE)
                port->used = !port->used;
        else if (move.kind == MOVE_ATTACH)
                sim_guest_attach(port, &port->functions[move.detail & 15],
                                 move.detail & 16 ? SIM_GUEST : SIM_OTHER);
        else if (move.kind == MOVE_DETACH)
                sim_guest_detach(port, &port->functions[move.detail]);
        else if (move.kind == MOVE_GUEST_START)
                sim_guest_start(&state->world);
        else
                sim_guest_die(&state->world);
}

static void daemon_do(struct sim_state *state, struct sim_move move)
{
        if (move.kind == MOVE_TIME)
                time_pass(state);
        else if (move.kind == MOVE_POLL)
                poll_do(state, /* blind= */ false);
        else if (move.kind == MOVE_ACT)
                act_do(state, move);
        else if (move.kind == MOVE_ANSWER)
                answer_send(state, move.port);
        else if (move.kind == MOVE_UEVENT)
                uevent_take(state, move.port);
        else if (move.kind == MOVE_GUESTS)
                guests_take(state);
        else if (move.kind == MOVE_LOOK)
                look_send(state);
        else if (move.kind == MOVE_TAKE_BACK)
                sim_guest_release(&state->world);
        else if (move.kind == MOVE_START)
                sim_daemon_start(state);
        else
                wish_do(state, move);
}

/* Whatever is not the machine's own course can be why a request fails. */
static bool move_disturbs(struct sim_move move)
{
        return move.kind > MOVE_TAKE_BACK ||
               ((move.kind == MOVE_ACT || move.kind == MOVE_RESCAN) && move.detail != 0);
}

void sim_move_do(struct sim_state *state, struct sim_move move)
{
        for (uint32_t i = 0; i < state->world.port_count && move_disturbs(move); i++)
                state->world.ports[i].clean = false;
        if (move.kind >= MOVE_PLUG && move.kind <= MOVE_DUMB)
                attack_count(&state->world);
        else if (move.kind >= MOVE_EJECT && move.kind <= MOVE_LOCK)
                wish_count(&state->world);
        else if (move.kind >= MOVE_FAIL && move.kind != MOVE_START)
                state->world.faults_left--;
        if (sim_router_moved((enum sim_move_kind)move.kind))
                sim_router_do(state, move);
        else if (move.kind >= MOVE_PLUG && move.kind <= MOVE_DUMB)
                attacker_do(&state->world, move);
        else if (move.kind >= MOVE_FAIL && move.kind != MOVE_START)
                fault_do(state, move);
        else
                daemon_do(state, move);
        sim_history_note(&state->world);
}
