/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports come and go: what a discovery tells. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/model/model.h"

/* Keeps the ports sorted by address, so that output does not depend on the order of discovery. */
static struct model_port *port_insert(struct core *core, uint32_t sbdf)
{
        uint32_t at = 0;

        if (core->port_count == LIMIT_PORTS)
                return NULL;
        while (at < core->port_count && core->ports[at].found.sbdf < sbdf)
                at++;
        memmove(&core->ports[at + 1], &core->ports[at],
                (core->port_count - at) * sizeof core->ports[0]);
        memset(&core->ports[at], 0, sizeof core->ports[at]);
        core->port_count++;
        base_assert(core->port_count <= LIMIT_PORTS);
        return &core->ports[at];
}

void model_found_apply(struct core *core, const struct event *event, struct effects *effects)
{
        struct model_port *port = model_port_get(core, event->found.sbdf);
        struct record overflow;

        if (!port) {
                port = port_insert(core, event->found.sbdf);
                if (!port) {
                        overflow = model_record(core, RECORD_OVERFLOW, REASON_NONE,
                                                event->found.sbdf, BASE_SBDF_NONE);
                        core_record_add(effects, &overflow);
                        core->overflowed = true;
                        return;
                }
                port->found.sbdf = event->found.sbdf;
                port->incarnation = MODEL_INCARNATION_FIRST;
                port->session = SESSION_UNLOCKED; /* for what an earlier daemon gave away */
                model_port_doubt(port);
                model_memory_recall(core, port);
        }
        port->found.use = event->found.use; /* comes and goes, and is no evidence */
        if (memcmp(&port->found, &event->found, sizeof port->found) != 0) {
                port->found = event->found;
                port->judged = false;
        }
        port->discovery = core->discovery;
}

static void port_lose(struct core *core, uint32_t index, struct effects *effects)
{
        struct model_port *port = &core->ports[index];
        struct record record;

        if (port->external) {
                record = model_record(core, RECORD_PORT_LOST, REASON_NONE, port->found.sbdf,
                                      BASE_SBDF_NONE);
                core_record_add(effects, &record);
        }
        for (uint32_t i = core->function_count; i > 0; i--)
                if (core->functions[i - 1].port == port->found.sbdf)
                        model_function_drop(core, &core->functions[i - 1]);
        model_memory_drop(core, port);
        core->port_count--;
        memmove(port, port + 1, (core->port_count - index) * sizeof *port);
        memset(&core->ports[core->port_count], 0, sizeof *port);
}

void model_found_end(struct core *core, const struct event *event, struct effects *effects)
{
        if (event->token == 0 || event->token != core->discover_token)
                return;
        core->discover_token = 0;
        core->discovered = true;
        for (uint32_t i = core->port_count; i > 0; i--)
                if (core->ports[i - 1].discovery != core->discovery)
                        port_lose(core, i - 1, effects);
}
