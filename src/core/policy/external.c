/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ports are external: what hangs below them is not trusted. */
#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/policy/policy.h"

static bool selector_matches(const struct event_selector *selector, const struct event_port *found)
{
        switch (selector->kind) {
        case SELECTOR_SBDF:
                return selector->sbdf == found->sbdf;
        case SELECTOR_PATH:
                return base_text_equal(selector->path, found->path);
        }
        return false;
}

static bool port_below_external(struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < port->found.place.depth; i++) {
                const struct model_port *above = model_port_get(core, port->found.place.above[i]);

                if (above && above->external)
                        return true;
        }
        return false;
}

static bool port_external(struct core *core, struct model_port *port, enum record_reason *ret_why)
{
        const struct event_config *config = &core->config;

        base_assert(config->selector_count <= LIMIT_SELECTORS);
        port->evidence = policy_evidence_gather(&port->found);
        if (port_below_external(core, port)) {
                *ret_why =
                        REASON_BELOW_EXTERNAL; /* one hierarchy, one guard: the port above speaks for it */
                return false;
        }
        for (uint32_t i = 0; i < config->selector_count; i++)
                if (selector_matches(&config->selectors[i], &port->found)) {
                        port->evidence |= POLICY_EVIDENCE_BIT(EVIDENCE_CONFIGURED);
                        *ret_why = REASON_CONFIGURED;
                        return true;
                }
        if (!config->auto_ports) {
                *ret_why = REASON_NOT_CONFIGURED;
                return false;
        }
        if (port->external && port->why != REASON_CONFIGURED && port->why != REASON_OCCUPIED) {
                /* What is below comes and goes, and with it evidence; what was once found to be external stays so. */
                *ret_why = port->why;
                return true;
        }
        return policy_evidence_external(port->evidence, ret_why);
}

/* Is there nothing below that somebody would have to watch, and nobody who waits for an answer? */
static bool port_idle(const struct core *core, const struct model_port *port)
{
        return port->inventory_fresh && model_function_count(core, port) == 0 &&
               !port->owners_due && port->token == 0 && port->request == 0 && !port->leaving;
}

/*
 * The port is not ours any more. It is left as it is, shut, and nothing that was known of it counts if it comes back.
 * A request is still to be answered (plan/request.c).
 */
static void port_release(struct core *core, struct model_port *port)
{
        uint64_t request = port->request;

        model_port_forget(core, port);
        port->request = request;
}

static void internal_tell(struct core *core, const struct model_port *port, bool released,
                          struct effects *effects)
{
        enum record_kind kind = released && port->why != REASON_BELOW_EXTERNAL
                                        ? RECORD_PORT_RELEASED
                                        : RECORD_PORT_INTERNAL;
        struct record record =
                model_record(core, kind, port->why, port->found.sbdf, BASE_SBDF_NONE);

        core_record_add(effects, &record);
}

/* False where the judgement has to wait: what was external is so until nothing is below it. */
static bool port_judge(struct core *core, struct model_port *port, struct effects *effects)
{
        bool was_external = port->external, told = port->state == STATE_INTERNAL;
        enum record_reason why;
        bool external = port_external(core, port, &why);

        if (was_external && !external && why != REASON_BELOW_EXTERNAL && !port_idle(core, port)) {
                port->why = REASON_OCCUPIED;
                return false;
        }
        told = told && port->why == why;
        port->why = why;
        port->external = external;
        if (external && !was_external)
                model_port_doubt(port);
        if (!external && was_external)
                port_release(core, port);
        if (!external && !told)
                internal_tell(core, port, was_external, effects);
        return true;
}

/* A port that was found before the external port above it was known no longer counts as one. */
void policy_ports_judge(struct core *core, struct effects *effects)
{
        if (!core->configured)
                return;
        for (uint32_t i = 0; i < core->port_count; i++) {
                struct model_port *port = &core->ports[i];

                if (port->judged && !(port->external && port_below_external(core, port)))
                        continue;
                port->judged = port_judge(core, port, effects);
        }
}
