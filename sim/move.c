/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that can happen next. */
#include "move.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "canon.h"
#include "core/step.h"
#include "edge.h"

#define JUMP_MS 600000u

static struct event event; /* large; every user fills what its kind needs */

static const char *const move_names[MOVE_MAX] = {
        [MOVE_POLL] = "poll",
        [MOVE_TIME] = "time",
        [MOVE_ACT] = "act",
        [MOVE_ANSWER] = "answer",
        [MOVE_UEVENT] = "uevent",
        [MOVE_PLUG] = "plug",
        [MOVE_UNPLUG] = "unplug",
        [MOVE_SWAP] = "swap",
        [MOVE_DUMB] = "dumb",
        [MOVE_EJECT] = "eject",
        [MOVE_BUTTON] = "button",
        [MOVE_RELOAD] = "reload",
        [MOVE_ATTACH] = "attach",
        [MOVE_DETACH] = "detach",
        [MOVE_DOUBLE] = "double",
        [MOVE_JUMP] = "jump",
        [MOVE_FAIL] = "fail",
        [MOVE_LIE] = "lie",
        [MOVE_LATE] = "late",
        [MOVE_HANG] = "hang",
        [MOVE_LOSE] = "lose",
        [MOVE_OVERRUN] = "overrun",
        [MOVE_BLIND] = "blind",
        [MOVE_CRASH] = "crash",
        [MOVE_CRASH_LATE] = "crashlate",
        [MOVE_START] = "start",
        [MOVE_SET_BME] = "setbme",
        [MOVE_BIND_PCIEHP] = "bindpciehp",
        [MOVE_RESCAN] = "rescan",
};

static void event_send(struct sim_state *state, enum event_kind kind, uint32_t port)
{
        event.kind = kind;
        event.token = 0;
        event.error = 0;
        event.port = port < SIM_PORTS ? sim_port_sbdf(&state->world, port) : BASE_SBDF_NONE;
        sim_edge_event(state, &event, /* blind= */ false);
}

/* The daemon has looked at every port since: from now on what is open counts against it. */
static void intrusion_end(struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                if (!(world->ports[i].command & MODEL_COMMAND_BME) && !world->ports[i].pciehp)
                        world->ports[i].intruded = false;
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
        intrusion_end(&state->world);
}

static void config_send(struct sim_state *state)
{
        if (state->world.shape->config) {
                event.config = *state->world.shape->config;
        } else {
                memset(&event.config, 0, sizeof event.config);
                event.config.auto_ports = true;
                event.config.poll_interval_ms = 100;
        }
        event_send(state, EVENT_CONFIG, SIM_PORTS);
}

void sim_daemon_start(struct sim_state *state)
{
        const struct sim_shape *shape = state->world.shape;

        state->world.crashed = false;
        core_init(&state->core);
        config_send(state);
        memset(&event.platform, 0, sizeof event.platform);
        event.platform.iommu = state->world.vendor == SIM_AMD ? IOMMU_AMD : IOMMU_VTD;
        event.platform.xen = event.platform.iommu_on = FACT_YES;
        event.platform.intremap = shape->no_intremap ? FACT_NO : FACT_YES;
        event.platform.ats = shape->ats ? FACT_YES : FACT_NO;
        event.platform.passthrough = shape->dom0_passthrough ? FACT_YES : FACT_NO;
        event.platform.xen_major = 4;
        event.platform.xen_minor = state->world.xen_minor;
        event_send(state, EVENT_PLATFORM, SIM_PORTS);
        intrusion_end(&state->world);
}

/* The worker does its work, and notes what it saw when it did. */
static void worker_act(struct sim_state *state, uint32_t number, bool lies, int32_t error)
{
        struct sim_port *port = &state->world.ports[number];

        port->answer_observes = false;
        port->answer_error = error;
        if (error == 0 || error == ETIMEDOUT) {
                int32_t answer = sim_effect_act(&state->world, &port->pending, lies);

                if (error == 0)
                        port->answer_error = answer;
        }
        if (error == 0 && !lies &&
            (port->pending.kind == EFFECT_INVENTORY || port->pending.kind == EFFECT_OWNERS)) {
                port->answer_observes = true;
                sim_functions_see(&state->world, number);
        }
        if (port->pending.kind == EFFECT_OWNERS)
                port->lost &= (uint8_t)~2u;
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
        uevent_send(state, port);
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

        attack_count(world);
        if (move.kind == MOVE_DUMB) {
                base_assert(move.detail < SIM_FUNCTIONS);
                port->functions[move.detail].dumb = !port->functions[move.detail].dumb;
                port->hid = true;
        } else {
                sim_port_plug(world, move.port, identity_next(port, move));
        }
}

static void lie_set(struct sim_port *port, uint8_t detail, bool on)
{
        struct sim_function *function = &port->functions[detail & 15];
        enum sim_lie lie = (enum sim_lie)(detail >> 4);

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
        struct sim_port *port = &state->world.ports[move.port];

        if (move.detail != 0) {
                attack_count(&state->world);
                port->hid = true;
        }
        lie_set(port, move.detail, true);
        worker_act(state, move.port, /* lies= */ false, 0);
        lie_set(port, move.detail, false);
}

static void intruder_do(struct sim_world *world, struct sim_move move)
{
        struct sim_port *port = &world->ports[move.port];

        port->intruded = true;
        if (move.kind == MOVE_SET_BME)
                port->command |= MODEL_COMMAND_BME;
        if (move.kind == MOVE_BIND_PCIEHP) {
                port->pciehp = true;
                sim_kernel_pciehp(world, move.port);
        }
        if (move.kind != MOVE_RESCAN)
                return;
        port->hid |= move.detail != 0;
        lie_set(port, move.detail, true);
        sim_kernel_rescan(world);
        lie_set(port, move.detail, false);
}

static void daemon_kill(struct sim_world *world, bool late)
{
        world->crashed = true;
        for (uint32_t i = 0; i < world->port_count; i++) {
                struct sim_port *port = &world->ports[i];

                if (late && port->pending_token != 0 && !port->acted)
                        (void)sim_effect_act(world, &port->pending, /* fault_lies= */ false);
                port->pending_token = 0;
                port->uevents = port->lost = 0;     /* the socket dies with the process */
                port->requests = port->replies = 0; /* and so do the clients' connections */
        }
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
        for (uint32_t i = 0; i < state->world.port_count; i++)
                if (state->world.ports[i].pending_token != 0)
                        answer_send(state, i); /* it is there before anything else is looked at */
        poll_do(state, /* blind= */ false);
}

static void fault_do(struct sim_state *state, struct sim_move move)
{
        enum sim_move_kind kind = (enum sim_move_kind)move.kind;

        state->world.faults_left--;
        if (kind == MOVE_LOSE || kind == MOVE_OVERRUN)
                state->world.ports[move.port].uevents--;
        if (kind == MOVE_LOSE)
                state->world.ports[move.port].lost = SIM_LOST;
        if (kind == MOVE_FAIL)
                worker_act(state, move.port, /* lies= */ false, EIO);
        else if (kind == MOVE_LIE)
                worker_act(state, move.port, /* lies= */ true, 0);
        else if (kind == MOVE_LATE || kind == MOVE_HANG)
                worker_expire(state, move.port, /* acts= */ kind == MOVE_LATE);
        else if (kind == MOVE_OVERRUN)
                event_send(state, EVENT_OVERRUN, SIM_PORTS);
        else if (kind == MOVE_DOUBLE)
                uevent_send(state, move.port);
        else if (kind == MOVE_JUMP)
                jump_do(state);
        else if (kind == MOVE_BLIND)
                poll_do(state, /* blind= */ true);
        else if (kind == MOVE_CRASH || kind == MOVE_CRASH_LATE)
                daemon_kill(&state->world, /* late= */ kind == MOVE_CRASH_LATE);
        else if (kind >= MOVE_SET_BME)
                intruder_do(&state->world, move);
}

static void eject_send(struct sim_state *state, uint32_t port)
{
        event.request = (struct event_request){ .id = port + 1,
                                                .verb = REQUEST_EJECT,
                                                .sbdf = sim_port_sbdf(&state->world, port) };
        state->world.ports[port].requests++;
        event_send(state, EVENT_REQUEST, SIM_PORTS);
}

/* What the checkers need to know of the past. */
static void history_note(struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++) {
                struct sim_port *port = &world->ports[i];

                if (!(port->command & MODEL_COMMAND_BME) && !port->pciehp)
                        port->guarded_once = true;
                if (port->requests == port->replies)
                        port->requests = port->replies = 0;
        }
}

static void time_pass(struct sim_state *state)
{
        if (sim_canon_next(state) != 0)
                state->world.now_ms = sim_canon_next(state);
        poll_do(state, /* blind= */ false);
}

static void wish_do(struct sim_state *state, struct sim_move move)
{
        struct sim_port *port = &state->world.ports[move.port];

        if (state->world.wishes_left != UINT8_MAX)
                state->world.wishes_left--;
        if (move.kind == MOVE_EJECT)
                eject_send(state, move.port);
        else if (move.kind == MOVE_BUTTON)
                port->slot_status |= MODEL_SLOT_STATUS_ABP;
        else if (move.kind == MOVE_RELOAD)
                config_send(state);
        else if (move.kind == MOVE_ATTACH)
                sim_guest_attach(&port->functions[move.detail]);
        else
                sim_guest_detach(&port->functions[move.detail]);
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
        else if (move.kind == MOVE_START)
                sim_daemon_start(state);
        else
                wish_do(state, move);
}

void sim_move_do(struct sim_state *state, struct sim_move move)
{
        if (move.kind >= MOVE_PLUG && move.kind <= MOVE_DUMB)
                attacker_do(&state->world, move);
        else if (move.kind >= MOVE_FAIL && move.kind != MOVE_START)
                fault_do(state, move);
        else
                daemon_do(state, move);
        history_note(&state->world);
}

static void move_add(struct sim_move *moves, uint32_t *count, enum sim_move_kind kind,
                     uint32_t port, uint32_t detail)
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
        return true;
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
        if (world->crashed)
                return (struct sim_move){ MOVE_START, 0, 0 };
        for (uint8_t i = 0; i < world->port_count; i++) {
                if (world->ports[i].pending_token != 0)
                        return (struct sim_move){ world->ports[i].acted ? MOVE_ANSWER : MOVE_ACT, i,
                                                  0 };
                if (world->ports[i].uevents > 0)
                        return (struct sim_move){ MOVE_UEVENT, i, 0 };
        }
        return (struct sim_move){ MOVE_TIME, 0, 0 };
}

static void moves_attacker(const struct sim_world *world, uint32_t number, struct sim_move *moves,
                           uint32_t *count)
{
        if (!(world->ports[number].slot_status & MODEL_SLOT_STATUS_PDS)) {
                move_add(moves, count, MOVE_PLUG, number, 0);
                return;
        }
        move_add(moves, count, MOVE_UNPLUG, number, 0);
        move_add(moves, count, MOVE_SWAP, number, 0);
}

/* What can be lied about to somebody who asks this: one function lies at a time. */
static void moves_lying(const struct sim_world *world, uint32_t number, enum effect_kind asks,
                        enum sim_move_kind kind, struct sim_move *moves, uint32_t *count)
{
        const struct sim_shape_port *shape = sim_shape_of(world, number);
        const struct sim_port *port = &world->ports[number];
        bool one = asks == EFFECT_QUARANTINE || asks == EFFECT_CONFIRM;

        if (!one && asks != EFFECT_RESCAN && asks != EFFECT_INVENTORY)
                return;
        for (uint32_t i = 0; i < shape->count; i++) {
                bool endpoint = shape->places[i].facts[0].kind == SIM_ENDPOINT;

                if (port->functions[i].identity == 0 ||
                    (one ? shape->places[i].sbdf != port->pending.function : place_alike(shape, i)))
                        continue;
                move_add(moves, count, kind, number, SIM_DETAIL(LIE_SILENT, i));
                if (endpoint && asks == EFFECT_RESCAN)
                        move_add(moves, count, kind, number, SIM_DETAIL(LIE_STRANGE, i));
                if (endpoint && asks == EFFECT_INVENTORY)
                        move_add(moves, count, kind, number, SIM_DETAIL(LIE_ALTERED, i));
        }
}

/* A worker runs into its deadline only where no other port's comes first: those answer in time, having no fault. */
static int last_fault(const struct sim_world *world, const struct sim_port *port)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                if (world->ports[i].pending_token != 0 &&
                    world->ports[i].pending_until_ms < port->pending_until_ms)
                        return MOVE_LIE;
        return MOVE_HANG;
}

static void moves_wishes(const struct sim_world *world, uint32_t number, struct sim_move *moves,
                         uint32_t *count)
{
        const struct sim_port *port = &world->ports[number];

        if (world->wishes_left == 0)
                return;
        if (port->requests == 0)
                move_add(moves, count, MOVE_EJECT, number, 0);
        if (!(port->slot_status & MODEL_SLOT_STATUS_ABP))
                move_add(moves, count, MOVE_BUTTON, number, 0);
        move_add(moves, count, MOVE_RELOAD, number, 0);
        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                if (sim_shape_of(world, number)->places[i].facts[0].kind != SIM_ENDPOINT)
                        continue;
                if (port->functions[i].owner == SIM_DOM_IO && port->functions[i].known != 0)
                        move_add(moves, count, MOVE_ATTACH, number, i);
                if (port->functions[i].owner == SIM_GUEST)
                        move_add(moves, count, MOVE_DETACH, number, i);
                break;
        }
}

static void moves_port(const struct sim_state *state, uint32_t number, struct sim_move *moves,
                       uint32_t *count)
{
        const struct sim_port *port = &state->world.ports[number];
        bool faults = state->world.faults_left > 0;

        if (port->pending_token != 0)
                move_add(moves, count, port->acted ? MOVE_ANSWER : MOVE_ACT, number, 0);
        if (port->pending_token != 0 && !port->acted && state->world.attacks_left > 0)
                moves_lying(&state->world, number, port->pending.kind, MOVE_ACT, moves, count);
        if (port->uevents > 0)
                move_add(moves, count, MOVE_UEVENT, number, 0);
        moves_wishes(&state->world, number, moves, count);
        if (faults && port->pending_token != 0 && !port->acted)
                for (int kind = MOVE_FAIL; kind <= last_fault(&state->world, port); kind++)
                        move_add(moves, count, (enum sim_move_kind)kind, number, 0);
        if (faults && port->uevents > 0) {
                move_add(moves, count, MOVE_LOSE, number, 0);
                move_add(moves, count, MOVE_OVERRUN, number, 0);
                move_add(moves, count, MOVE_DOUBLE, number, 0);
        }
}

uint32_t sim_moves(const struct sim_state *state, struct sim_move ret_moves[static SIM_MOVES])
{
        const struct sim_world *world = &state->world;
        uint32_t count = 0;

        if (world->crashed) {
                move_add(ret_moves, &count, MOVE_START, 0, 0);
        } else {
                move_add(ret_moves, &count, MOVE_POLL, 0, 0);
                if (time_passes(state))
                        move_add(ret_moves, &count, MOVE_TIME, 0, 0);
        }
        for (uint32_t i = 0; i < world->port_count; i++) {
                if (!world->crashed)
                        moves_port(state, i, ret_moves, &count);
                if (world->attacks_left > 0)
                        moves_attacker(world, i, ret_moves, &count);
                if (world->faults_left == 0)
                        continue;
                for (int kind = MOVE_SET_BME; kind <= MOVE_RESCAN; kind++)
                        move_add(ret_moves, &count, (enum sim_move_kind)kind, i, 0);
                if (world->attacks_left > 0)
                        moves_lying(world, i, EFFECT_RESCAN, MOVE_RESCAN, ret_moves, &count);
        }
        if (world->faults_left > 0 && !world->crashed) {
                move_add(ret_moves, &count, MOVE_BLIND, 0, 0);
                move_add(ret_moves, &count, MOVE_JUMP, 0, 0);
                move_add(ret_moves, &count, MOVE_CRASH, 0, 0);
                move_add(ret_moves, &count, MOVE_CRASH_LATE, 0, 0);
        }
        return count;
}

void sim_move_format(struct sim_move move, char ret_text[static 24])
{
        struct base_text text = base_text_on(ret_text, 24);

        base_assert(move.kind < MOVE_MAX);
        base_text_add(&text, move_names[move.kind]);
        base_text_add_u64(&text, move.port);
        if (move.detail != 0) {
                base_text_add_char(&text, '.');
                base_text_add_u64(&text, move.detail);
        }
        base_assert(!text.truncated);
}

/* A number below `limit` at *text, which then points behind it. */
static bool number_parse(const char **text, uint32_t limit, uint8_t *ret_number)
{
        uint32_t number = 0;

        if (**text < '0' || **text > '9')
                return false;
        for (; **text >= '0' && **text <= '9'; (*text)++) {
                number = number * 10 + (uint32_t)(**text - '0');
                if (number >= limit)
                        return false;
        }
        *ret_number = (uint8_t)number;
        return true;
}

bool sim_move_parse(const char *text, struct sim_move *ret_move)
{
        for (uint8_t kind = 0; kind < MOVE_MAX; kind++) {
                size_t length = strlen(move_names[kind]);
                struct sim_move move = { .kind = kind };
                const char *at = text + length;

                if (strncmp(text, move_names[kind], length) != 0 ||
                    !number_parse(&at, SIM_EXPLORED_PORTS, &move.port))
                        continue;
                if (*at == '.') {
                        at++;
                        if (!number_parse(&at, UINT8_MAX + 1u, &move.detail))
                                return false;
                }
                *ret_move = move;
                return *at == '\0';
        }
        return false;
}
