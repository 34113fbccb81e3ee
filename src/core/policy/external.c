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
        if (port->external) {
                /* What is below comes and goes, and with it evidence; what was once found to be external stays so. */
                *ret_why = port->why;
                return true;
        }
        return policy_evidence_external(port->evidence, ret_why);
}

/* A port that was found before the external port above it was known no longer counts as one. */
void policy_ports_judge(struct core *core, struct effects *effects)
{
        struct record record;
        bool external;

        if (!core->configured)
                return;
        for (uint32_t i = 0; i < core->port_count; i++) {
                struct model_port *port = &core->ports[i];

                if (port->judged && !(port->external && port_below_external(core, port)))
                        continue;
                external = port_external(core, port, &port->why);
                port->judged = true;
                if (external && !port->external)
                        model_port_doubt(port);
                port->external = external;
                if (!external) {
                        record = model_record(core, RECORD_PORT_INTERNAL, port->why,
                                              port->found.sbdf, BASE_SBDF_NONE);
                        core_record_add(effects, &record);
                }
        }
}
