/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events into the state: the one switch over everything that can happen. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/model/model.h"

/* Where a discovery is repeated: a bridge came or went, and it may be a port. */
static void uevent_apply(struct core *core, const struct event_uevent *uevent)
{
        struct model_port *port;

        if (uevent->subsystem == SUBSYSTEM_THUNDERBOLT)
                model_routers_doubt(core);
        if (uevent->subsystem == SUBSYSTEM_OTHER || uevent->subsystem == SUBSYSTEM_THUNDERBOLT)
                return;
        if (uevent->place.truncated) {
                for (uint32_t i = 0; i < core->port_count; i++) {
                        model_port_doubt(&core->ports[i]);
                        model_reserve_forget(&core->ports[i]);
                }
                core->discover = true;
                return;
        }
        port = model_port_above(core, &uevent->place);
        if (port && uevent->place.sbdf == port->found.sbdf) {
                port->registers_fresh = false;
                if (uevent->subsystem == SUBSYSTEM_PCI && uevent->action == UEVENT_REMOVE)
                        core->discover = true;
                return;
        }
        if (port) {
                /* That a driver left takes nothing away from what was verified; mostly it left because we said so. */
                if (uevent->action != UEVENT_UNBIND)
                        model_port_doubt(port);
                /* What nobody has looked at yet may be dom0's: door 1 is shut first. */
                if (uevent->action == UEVENT_ADD && uevent->subsystem == SUBSYSTEM_PCI)
                        port->added = true;
                /* Even of what came and went unseen: whoever removed it told Xen (drivers/xen/pci.c). */
                if (uevent->action == UEVENT_REMOVE)
                        model_reserve_doubt(port, uevent->place.sbdf);
                return;
        }
        if (uevent->subsystem == SUBSYSTEM_PCI &&
            (uevent->action == UEVENT_ADD || uevent->action == UEVENT_REMOVE))
                core->discover = true;
}

static void overrun_apply(struct core *core, struct effects *effects)
{
        struct record record =
                model_record(core, RECORD_OVERRUN, REASON_NONE, BASE_SBDF_NONE, BASE_SBDF_NONE);

        for (uint32_t i = 0; i < core->port_count; i++) {
                model_port_doubt(&core->ports[i]);
                core->ports[i].added = true;
                model_reserve_forget(&core->ports[i]);
        }
        core->discover = true;
        model_routers_doubt(core);
        core_record_add(effects, &record);
}

/* Of what is quarantined behind a closed door nothing can come meanwhile, and each look prints to Xen's console. */
static void look_apply(struct core *core)
{
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].external && !core->ports[i].exposed &&
                    model_port_used(core, &core->ports[i]))
                        model_port_doubt(&core->ports[i]);
}

bool model_token_take(struct model_port *port, uint32_t token)
{
        if (token == 0 || port->token != token)
                return false;
        port->token = 0;
        port->rechecked = port->rechecked && port->guest[0] == '\0' && !port->trusted;
        return true;
}

static void answer_apply(struct core *core, const struct event *event, struct effects *effects)
{
        struct model_port *port = model_port_get(core, event->port);

        if (!port || !model_token_take(port, event->token))
                return;
        switch (event->kind) {
        case EVENT_INVENTORY:
                if (port->pending == EFFECT_INVENTORY)
                        model_inventory_apply(core, port, &event->inventory, effects);
                break;
        case EVENT_OWNERS:
                if (port->pending == EFFECT_OWNERS)
                        model_owners_apply(core, port, &event->owners, effects);
                break;
        case EVENT_RESERVED:
                if (port->pending == EFFECT_RESERVE)
                        model_reserved_apply(core, port, &event->reserved);
                break;
        case EVENT_COMPLETED:
                model_completed_apply(core, port, event, effects);
                break;
        case EVENT_NONE:
        case EVENT_CONFIG:
        case EVENT_PLATFORM:
        case EVENT_PORT_FOUND:
        case EVENT_PORTS_END:
        case EVENT_PORT_READ:
        case EVENT_UEVENT:
        case EVENT_OVERRUN:
        case EVENT_REQUEST:
        case EVENT_RULES:
        case EVENT_MEMORY:
        case EVENT_MEMORY_END:
        case EVENT_LOOK:
        case EVENT_GUESTS:
        case EVENT_ROUTERS:
        case EVENT_SESSIONS:
        case EVENT_MAX:
                base_assert(false);
        }
}

static void discovery_failed(struct core *core, const struct event *event)
{
        if (event->token != 0 && event->token == core->discover_token) {
                core->discover_token = 0;
                core->discover = true;
                core->discover_until_ms = core->now_ms + 1000;
        }
}

void model_port_retry(struct core *core, struct model_port *port)
{
        if (port->verdict != VERDICT_REJECT)
                return;
        if (port->ejected)
                model_port_incarnation_next(core, port);
        port->ejected = false;
}

/* The new rules have numbers of their own: what is not judged by them at once was decided by none of them. */
static void rule_numbers_forget(struct core *core, struct model_port *port)
{
        bool judged = port->external && !port->leaving && !port->ejected &&
                      !model_port_leaves(core, port);

        port->verdict_rule = 0;
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    !(judged && core->functions[i].listed))
                        core->functions[i].rule = 0;
}

static void rules_apply(struct core *core, const struct policy_rules *rules)
{
        core->rules = rules;
        model_routers_reweigh(core);
        for (uint32_t i = 0; i < core->port_count; i++) {
                model_port_retry(core, &core->ports[i]);
                rule_numbers_forget(core, &core->ports[i]);
        }
}

/* A logind that was there and is not any more says nothing of who is. */
static void sessions_apply(struct core *core, const struct event_sessions *sessions)
{
        bool lost = sessions->status == SESSIONS_ABSENT && core->sessions_once;

        base_assert(sessions->count <= LIMIT_SESSIONS);
        core->sessions = *sessions;
        core->sessions_once |= sessions->status == SESSIONS_LISTED;
        if (lost)
                core->sessions.status = SESSIONS_UNKNOWN;
        for (uint32_t i = 0; i < sessions->count; i++)
                core->locked_hint |= sessions->sessions[i].locked == FACT_YES;
}

static void config_apply(struct core *core, const struct event_config *config)
{
        core->config = *config;
        core->configured = true;
        core->discover = true;
        for (uint32_t i = 0; i < core->port_count; i++)
                core->ports[i].judged = core->ports[i].weighed = false;
}

static void platform_apply(struct core *core, const struct event_platform *platform)
{
        core->platform = *platform;
        core->platform_known = false; /* policy_platform_judge tells it */
        for (uint32_t i = 0; i < core->port_count; i++)
                core->ports[i].weighed = false; /* policy_port_tainted */
}

void model_event_apply(struct core *core, const struct event *event, struct effects *effects)
{
        struct model_port *port;

        if (event->time_ms > core->now_ms)
                core->now_ms = event->time_ms;
        switch (event->kind) {
        case EVENT_NONE:
        case EVENT_REQUEST: /* plan/request.c */
                break;
        case EVENT_ROUTERS:
                model_routers_apply(core, event, effects);
                break;
        case EVENT_CONFIG:
                config_apply(core, &event->config);
                break;
        case EVENT_RULES:
                rules_apply(core, event->rules);
                break;
        case EVENT_PLATFORM:
                platform_apply(core, &event->platform);
                break;
        case EVENT_PORT_FOUND:
                model_found_apply(core, event, effects);
                break;
        case EVENT_PORTS_END:
                model_found_end(core, event, effects);
                break;
        case EVENT_PORT_READ:
                core->minute = event->minute;
                port = model_port_get(core, event->port);
                if (port)
                        model_registers_apply(core, port, &event->registers, effects);
                break;
        case EVENT_INVENTORY:
        case EVENT_OWNERS:
        case EVENT_RESERVED:
                answer_apply(core, event, effects);
                break;
        case EVENT_COMPLETED:
                discovery_failed(core, event);
                model_routers_completed(core, event, effects);
                answer_apply(core, event, effects);
                break;
        case EVENT_UEVENT:
                uevent_apply(core, &event->uevent);
                break;
        case EVENT_OVERRUN:
                overrun_apply(core, effects);
                break;
        case EVENT_MEMORY:
                model_memory_apply(core, &event->memory);
                break;
        case EVENT_MEMORY_END:
                model_memory_end(core, event, effects);
                break;
        case EVENT_LOOK:
                look_apply(core);
                break;
        case EVENT_GUESTS:
                model_guests_apply(core, event);
                break;
        case EVENT_SESSIONS:
                sessions_apply(core, &event->sessions);
                break;
        case EVENT_MAX:
                break;
        }
        model_owners_settle(core);
}
