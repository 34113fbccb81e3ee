/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts as they come in, told at debug priority: for those who ask afterwards why something was done. */
#include "base/sbdf.h"
#include "core/event/coverage.h"
#include "core/report/report.h"
#include "core/verify/verify.h"

static const struct model_port *port_get(const struct core *core, uint32_t sbdf)
{
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].found.sbdf == sbdf && core->ports[i].external)
                        return &core->ports[i];
        return NULL;
}

static const struct model_function *function_get(const struct core *core, uint32_t port,
                                                 uint32_t sbdf)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port && core->functions[i].facts.sbdf == sbdf)
                        return &core->functions[i];
        return NULL;
}

static void seen_add(const struct event *event, enum record_kind kind, uint32_t function,
                     uint32_t count, struct effects *seen)
{
        const struct record record = { .time_ms = event->time_ms,
                                       .kind = kind,
                                       .port = event->port,
                                       .function = function,
                                       .count = count };

        core_record_add(seen, &record);
}

/* Only readings that were asked for: the watcher's come ten times a second. */
static void registers_see(const struct model_port *port, const struct event *event,
                          struct effects *seen)
{
        const struct event_port_registers *registers = &event->registers;
        bool closed = registers->readable && !(registers->command & MODEL_COMMAND_BME) &&
                      registers->pcieport && !registers->pciehp;

        if (port->reading)
                seen_add(event, closed ? RECORD_SEEN_CLOSED : RECORD_SEEN_OPEN, BASE_SBDF_NONE, 0,
                         seen);
}

static bool inventory_same(const struct core *core, const struct model_port *port,
                           const struct event_inventory *inventory)
{
        uint32_t listed = 0;

        for (uint32_t i = 0; i < core->function_count; i++)
                listed += core->functions[i].port == port->found.sbdf && core->functions[i].listed;
        for (uint32_t i = 0; i < inventory->count; i++) {
                const struct event_function *facts = &inventory->functions[i];
                const struct model_function *function =
                        function_get(core, port->found.sbdf, facts->sbdf);

                if (!function || !function->listed || function->facts.instance != facts->instance ||
                    !model_facts_same(&function->facts, facts))
                        return false;
        }
        return port->inventory_once && !inventory->truncated && listed == inventory->count;
}

static void owners_see(const struct core *core, const struct event *event, struct effects *seen)
{
        const struct event_owners *owners = &event->owners;
        uint32_t quarantined = 0;

        for (uint32_t i = 0; i < owners->count; i++) {
                const struct event_owner *owner = &owners->owners[i];
                const struct model_function *function =
                        function_get(core, event->port, owner->sbdf);

                quarantined += owner->domid == EVENT_OWNER_DOM_IO;
                if (!function || function->owner != owner->domid)
                        seen_add(event, RECORD_SEEN_OWNER, owner->sbdf, owner->domid, seen);
        }
        seen_add(event, RECORD_SEEN_OWNERS, BASE_SBDF_NONE, quarantined, seen);
}

static void reserved_see(const struct model_port *port, const struct event *event,
                         struct effects *seen)
{
        seen_add(event, RECORD_SEEN_RESERVED,
                 BASE_SBDF(base_sbdf_segment(event->port), port->reserve_bus, 0, 0),
                 event_bus_count(event->reserved.blocked), seen);
}

static void answer_see(const struct core *core, const struct model_port *port,
                       const struct event *event, struct effects *seen)
{
        struct record ended = { .time_ms = event->time_ms,
                                .kind = RECORD_EFFECT_ENDED,
                                .port = event->port,
                                .function = port->pending_function,
                                .effect = port->pending };

        if (event->kind == EVENT_COMPLETED && model_completed_failed(core, port, event))
                return; /* RECORD_EFFECT_FAILED tells it */
        core_record_add(seen, &ended);
        if (event->kind == EVENT_INVENTORY)
                seen_add(event,
                         inventory_same(core, port, &event->inventory) ? RECORD_SEEN_STABLE
                                                                       : RECORD_SEEN_INVENTORY,
                         BASE_SBDF_NONE, event->inventory.count, seen);
        else if (event->kind == EVENT_OWNERS)
                owners_see(core, event, seen);
        else if (event->kind == EVENT_RESERVED)
                reserved_see(port, event, seen);
        else if (port->pending == EFFECT_CONFIRM && event->error == 0)
                seen_add(event, RECORD_SEEN_BLOCKED, port->pending_function, 0, seen);
}

void report_seen(const struct core *core, const struct event *event, struct effects *seen)
{
        const struct model_port *port = port_get(core, event->port);

        if (!port)
                return;
        if (event->kind == EVENT_PORT_READ)
                registers_see(port, event, seen);
        else if ((event->kind == EVENT_INVENTORY || event->kind == EVENT_OWNERS ||
                  event->kind == EVENT_RESERVED || event->kind == EVENT_COMPLETED) &&
                 event->token != 0 && event->token == port->token)
                answer_see(core, port, event, seen);
}
