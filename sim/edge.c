/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between core and world: what the daemon's loop and workers do. */
#include "edge.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/step.h"
#include "memory.h"

#define QUEUE_SIZE 32

/* Answers of effects that ran at once: what the queue needs to know to make the event anew when its turn comes. */
struct answer {
        enum event_kind kind;
        uint32_t token;
        uint32_t port; /* number */
        struct event_port_registers registers;
};

static struct answer queue[QUEUE_SIZE];
static uint32_t queue_first, queue_count;
static sim_watch watch_call;
static void *watch_userdata;
static enum sim_canary canary;

void sim_edge_watch(sim_watch watch, void *userdata)
{
        watch_call = watch;
        watch_userdata = userdata;
}

void sim_edge_canary(enum sim_canary what)
{
        canary = what;
}

/* The daemon takes a reading: from now on what it shows counts against it. */
static void reading_take(struct sim_world *world, struct event *event)
{
        world->ports[sim_port_index(world, event->port)].unread = false;
        if (canary == SIM_CANARY_CLOSED)
                event->registers.command &= (uint16_t)~MODEL_COMMAND_BME;
        if (canary == SIM_CANARY_SAME)
                event->registers.slot_status &=
                        (uint16_t) ~(MODEL_SLOT_STATUS_PDC | MODEL_SLOT_STATUS_DLLSC);
}

static void answer_push(struct answer answer)
{
        base_assert(queue_count < QUEUE_SIZE);
        queue[(queue_first + queue_count++) % QUEUE_SIZE] = answer;
}

static void found_fill(const struct sim_world *world, uint32_t port, struct event *event)
{
        const struct sim_shape_port *shape = sim_shape_of(world, port);
        struct event_port *found = &event->found;
        struct base_text path = base_text_on(found->path, sizeof found->path);

        event->kind = EVENT_PORT_FOUND;
        event->port = sim_port_sbdf(world, port);
        memset(found, 0, sizeof *found);
        found->sbdf = found->place.sbdf = event->port;
        found->pcie_cap = 0x40;
        found->acs_cap = shape->no_acs ? 0 : 0x148;
        found->port_type = 4;
        found->slot = true;
        if (!shape->fixed)
                found->slot_cap = MODEL_SLOT_CAP_HPC | MODEL_SLOT_CAP_ABP;
        if (shape->power_controller)
                found->slot_cap |= MODEL_SLOT_CAP_PCP;
        found->link_cap = MODEL_LINK_CAP_DLLLARC;
        if (world->ports[port].used)
                found->use.uses = EVENT_USE_BIT(shape->spared ? USE_MOUNT : USE_SYSTEM);
        base_text_add(&path, "/devices/pci");
        base_text_add_hex(&path, base_sbdf_segment(shape->sbdf), 4);
        base_text_add_char(&path, ':');
        base_text_add_hex(&path, base_sbdf_bus(shape->sbdf), 2);
        base_text_add_char(&path, '/');
        base_text_add_sbdf(&path, shape->sbdf);
}

/*
 * The worker takes it; what it does and answers are moves of their own. After a jump in time the core may have given up
 * one whose answer is still on its way: that answer comes too late, and is as if it had been lost.
 */
static void worker_start(struct sim_world *world, const struct effect *effect)
{
        struct sim_port *port = &world->ports[sim_port_index(world, effect->port)];

        base_assert(port->pending_token == 0 || port->acted);
        port->pending = *effect;
        port->pending_token = effect->token;
        port->pending_until_ms = world->now_ms + effect->deadline_ms;
        port->acted = false;
        port->answer_observes = false;
}

static void at_once(struct sim_state *state, const struct effect *effect, bool blind)
{
        uint32_t port = sim_port_index(&state->world, effect->port);

        if (effect->kind == EFFECT_DISCOVER) {
                for (uint32_t i = 0; i < state->world.port_count; i++)
                        answer_push((struct answer){ .kind = EVENT_PORT_FOUND, .port = i });
                answer_push((struct answer){ .kind = EVENT_PORTS_END, .token = effect->token });
                return;
        }
        if (effect->kind == EFFECT_PORT_READ) {
                answer_push((struct answer){ .kind = EVENT_PORT_READ,
                                             .port = port,
                                             .registers = sim_registers(&state->world, port) });
                return;
        }
        (void)sim_effect_act(&state->world, effect, blind);
        answer_push((struct answer){ .kind = EVENT_COMPLETED, .port = port });
}

static void reply_take(struct sim_state *state, const struct effect *effect)
{
        struct sim_port *port;

        if (effect->request == SIM_ROUTER_REQUEST) {
                sim_router_reply(&state->world, effect);
                return;
        }
        port = &state->world.ports[effect->request - 1];
        port->replies++;
        if (port->clean && effect->result != RESULT_DONE)
                state->world.failed_clean = true;
        port->clean = false;
}

static void router_begin(struct sim_state *state, const struct effect *effect)
{
        sim_router_begin(&state->world, effect);
        if (effect->kind == EFFECT_REMEMBER)
                sim_memory_routers_hold(state);
}

static void effects_do(struct sim_state *state, const struct effects *effects, bool blind)
{
        for (uint32_t i = 0; i < effects->count; i++) {
                const struct effect *effect = &effects->items[i];

                if (effect->kind == EFFECT_REPLY)
                        reply_take(state, effect);
                else if (effect->kind == EFFECT_ROUTERS && !state->world.thunderbolt.there)
                        answer_push((struct answer){ .kind = EVENT_ROUTERS, /* of none */
                                                     .token = effect->token });
                else if (effect->kind != EFFECT_DISCOVER &&
                         (effect->kind >= EFFECT_ROUTERS || effect->port == BASE_SBDF_NONE))
                        router_begin(state, effect);
                else if (effect->deadline_ms == 0)
                        at_once(state, effect, blind);
                else
                        worker_start(&state->world, effect);
                if (effect->kind == EFFECT_REMEMBER && effect->port != BASE_SBDF_NONE)
                        sim_memory_hold(state, sim_port_index(&state->world, effect->port));
        }
}

static void step(struct sim_state *state, struct event *event, bool blind)
{
        static struct effects effects; /* large; only its counts have to be fresh */

        effects.count = effects.record_count = 0;
        effects.overflow = false;
        event->time_ms = state->world.now_ms;
        if (event->kind == EVENT_PORT_READ)
                reading_take(&state->world, event);
        core_step(&state->core, event, &effects);
        base_assert(!effects.overflow);
        effects_do(state, &effects, blind);
        if (watch_call)
                watch_call(watch_userdata, state, &effects);
}

static void answer_fill(const struct sim_world *world, const struct answer *answer,
                        struct event *event)
{
        event->kind = answer->kind;
        event->token = answer->token;
        event->error = 0;
        event->port = sim_port_sbdf(world, answer->port);
        if (answer->kind == EVENT_PORT_FOUND)
                found_fill(world, answer->port, event);
        else if (answer->kind == EVENT_PORT_READ)
                event->registers = answer->registers;
        else if (answer->kind == EVENT_ROUTERS)
                memset(&event->routers, 0, sizeof event->routers);
        else if (answer->kind == EVENT_COMPLETED)
                event->completed.told[0] = '\0';
}

void sim_edge_event(struct sim_state *state, const struct event *event, bool blind)
{
        static struct event next; /* large */

        base_assert(queue_count == 0);
        base_assert(event != &next);
        step(state, (struct event *)event, blind);
        for (uint32_t i = 0; queue_count > 0; i++) {
                struct answer answer = queue[queue_first];

                base_assert(i < 1000); /* the core comes to rest without the clock */
                queue_first = (queue_first + 1) % QUEUE_SIZE;
                queue_count--;
                answer_fill(&state->world, &answer, &next);
                step(state, &next, blind);
        }
}

void sim_edge_answer(struct sim_state *state, uint32_t port, struct event *ret_event)
{
        struct sim_port *from = &state->world.ports[port];

        ret_event->kind = EVENT_COMPLETED;
        ret_event->port = sim_port_sbdf(&state->world, port);
        ret_event->token = from->pending_token;
        ret_event->error = from->answer_error;
        ret_event->completed.told[0] = '\0';
        from->pending_token = 0;
        if (from->answer_observes && from->pending.kind == EFFECT_OWNERS && !(from->lost & 2u))
                from->lost = 0;
        if (!from->answer_observes)
                return;
        if (from->pending.kind == EFFECT_INVENTORY) {
                if (!(from->shown & 2u))
                        from->shown = 0;
                ret_event->kind = EVENT_INVENTORY;
                sim_inventory_fill(&state->world, port, &ret_event->inventory);
        } else if (from->pending.kind == EFFECT_OWNERS) {
                ret_event->kind = EVENT_OWNERS;
                sim_owners_fill(&state->world, port, &ret_event->owners);
        } else if (from->pending.kind == EFFECT_RESERVE) {
                ret_event->kind = EVENT_RESERVED;
                sim_reserved_fill(&state->world, port, &ret_event->reserved);
        } else if (from->pending.kind == EFFECT_GUESTS) {
                ret_event->kind = EVENT_GUESTS;
                sim_guests_fill(from->seen_domid, &ret_event->guests);
                for (uint32_t i = 0;
                     state->world.vendor == SIM_AMD && i < sim_function_count(&state->world, port);
                     i++)
                        sim_claim_fill(sim_sbdf(&state->world, port, i), &from->seen[i],
                                       from->seen_domid, &ret_event->guests);
        }
}
