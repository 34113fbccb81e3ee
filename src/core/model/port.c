/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports and functions as a collection: look up, add, drop, doubt. */
#include <stddef.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/model/model.h"

struct model_port *model_port_get(struct core *core, uint32_t sbdf)
{
        base_assert(core->port_count <= LIMIT_PORTS);
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].found.sbdf == sbdf)
                        return &core->ports[i];
        return NULL;
}

struct model_port *model_port_above(struct core *core, const struct event_place *place)
{
        base_assert(place->depth <= LIMIT_DEPTH);
        for (uint32_t i = 0; i <= place->depth; i++) {
                uint32_t sbdf = i < place->depth ? place->above[i] : place->sbdf;
                struct model_port *port = model_port_get(core, sbdf);

                if (port && port->external)
                        return port;
        }
        return NULL;
}

struct model_function *model_function_get(struct core *core, uint32_t port, uint32_t sbdf)
{
        base_assert(core->function_count <= LIMIT_FUNCTIONS);
        for (uint32_t i = 0; i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];

                if (function->port == port && function->facts.sbdf == sbdf)
                        return function;
        }
        return NULL;
}

const struct model_function *model_function_find(const struct core *core, uint32_t sbdf)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].facts.sbdf == sbdf)
                        return &core->functions[i];
        return NULL;
}

void model_function_drop(struct core *core, struct model_function *function)
{
        size_t index = (size_t)(function - core->functions);

        base_assert(index < core->function_count);
        core->function_count--;
        memmove(function, function + 1, (core->function_count - index) * sizeof *function);
        memset(&core->functions[core->function_count], 0, sizeof *function);
}

uint32_t model_function_count(const struct core *core, const struct model_port *port)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < core->function_count; i++)
                count += core->functions[i].port == port->found.sbdf;
        return count;
}

struct model_function *model_function_add(struct core *core, const struct model_port *port,
                                          uint32_t sbdf)
{
        struct model_function *function;

        base_assert(core->function_count <= LIMIT_FUNCTIONS);
        base_assert(!model_function_get(core, port->found.sbdf, sbdf));
        if (core->function_count == LIMIT_FUNCTIONS)
                return NULL;
        function = &core->functions[core->function_count++];
        memset(function, 0, sizeof *function);
        function->facts.sbdf = sbdf;
        function->facts.parent = port->found.sbdf;
        function->port = port->found.sbdf;
        function->incarnation = port->incarnation;
        function->owner = EVENT_OWNER_UNKNOWN;
        return function;
}

void model_port_doubt(struct model_port *port)
{
        port->registers_fresh = false;
        port->inventory_fresh = false;
        port->inventory_dirty = true;
        port->owners_fresh = false;
        port->owners_dirty = true;
}

void model_port_incarnation_next(struct core *core, struct model_port *port)
{
        port->incarnation++;
        port->weighed = port->at_boot = false;
        port->minute = core->minute;
        port->button_at_ms = 0; /* it was pressed about what is gone */
        port->withheld = port->postponed = false;
        model_release_end(core, port);
        model_memory_outdate(core, port);
        model_port_doubt(port);
        model_port_forgive(core, port);
}

void model_port_forget(struct core *core, struct model_port *port)
{
        for (uint32_t i = core->function_count; i > 0; i--)
                if (core->functions[i - 1].port == port->found.sbdf)
                        model_function_drop(core, &core->functions[i - 1]);
        memset((char *)port + offsetof(struct model_port, registers), 0,
               sizeof *port - offsetof(struct model_port, registers));
        port->incarnation = MODEL_INCARNATION_FIRST;
        model_port_doubt(port);
}

struct model_attempt *model_goal_attempt(struct model_port *port, struct model_function *function,
                                         enum model_goal goal)
{
        if (function && goal == GOAL_GONE)
                return &function->removal;
        if (function && goal == GOAL_DRIVER)
                return &function->driver;
        if (function && goal == GOAL_QUARANTINE)
                return &function->quarantine;
        if (function && goal == GOAL_DETACHED)
                return &function->detach;
        if (function && goal == GOAL_REVOKED)
                return &function->revocation;
        if (function && goal == GOAL_REGISTERED)
                return &function->registration;
        if (function && (goal == GOAL_PCIBACK || goal == GOAL_PROBED))
                return &function->pciback;
        if (function && goal == GOAL_ATTACHED)
                return &function->attach;
        return &port->attempts[goal];
}

void model_port_forgive(struct core *core, struct model_port *port)
{
        memset(port->attempts, 0, sizeof port->attempts);
        for (uint32_t i = 0; i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];

                if (function->port != port->found.sbdf)
                        continue;
                function->driver = (struct model_attempt){ 0 };
                function->quarantine = (struct model_attempt){ 0 };
                function->removal = (struct model_attempt){ 0 };
                function->detach = (struct model_attempt){ 0 };
                function->revocation = (struct model_attempt){ 0 };
                function->registration = (struct model_attempt){ 0 };
                function->pciback = (struct model_attempt){ 0 };
                function->attach = (struct model_attempt){ 0 };
        }
}

bool model_port_unpowered(const struct model_port *port)
{
        return port->found.slot && (port->found.slot_cap & MODEL_SLOT_CAP_PCP) &&
               (port->registers.slot_control & MODEL_SLOT_CONTROL_PCC);
}

bool model_port_unlatched(const struct model_port *port)
{
        return port->found.slot && (port->found.slot_cap & MODEL_SLOT_CAP_MRLSP) &&
               (port->registers.slot_status & MODEL_SLOT_STATUS_MRLSS);
}

bool model_function_leaves(const struct model_port *port, const struct model_function *function)
{
        if (!function->listed)
                return false;
        return port->leaving || !port->up || function->incarnation != port->incarnation ||
               function->facts.changed || !function->facts.readable;
}

bool model_port_leaves(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    model_function_leaves(port, &core->functions[i]))
                        return true;
        return false;
}

bool model_owner_guest(uint16_t owner)
{
        return owner != EVENT_OWNER_DOM0 && owner < EVENT_DOMID_RESERVED;
}

struct record model_record(const struct core *core, enum record_kind kind,
                           enum record_reason reason, uint32_t port, uint32_t function)
{
        return (struct record){ .time_ms = core->now_ms,
                                .kind = kind,
                                .reason = reason,
                                .port = port,
                                .function = function };
}
