/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One event through the rooms. Read this first. */
#include "core/step.h"

#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/model/model.h"
#include "core/plan/plan.h"
#include "core/policy/policy.h"
#include "core/report/transition.h"

void core_init(struct core *ret_core)
{
        memset(ret_core, 0, sizeof *ret_core);
}

void core_step(struct core *core, const struct event *event, struct effects *effects)
{
        base_assert(effects->count == 0 && effects->record_count == 0);

        model_event_apply(core, event, effects);    /* what is so, and what changed */
        policy_platform_judge(core, effects);       /* whether door 2 can hold */
        policy_ports_judge(core, effects);          /* what is external */
        policy_session_judge(core, event, effects); /* whether somebody is at the machine */
        policy_verdicts_weigh(core, effects);       /* what the rules want for what is plugged */
        policy_routers_weigh(core);                 /* and for what is not on PCI yet */
        policy_use_judge(core, effects);            /* what is left open for dom0's own sake */
        plan_request_apply(core, event, effects);   /* what somebody wants */
        plan_release_rules(core, event, effects);   /* what the rules give to guests */
        plan_requests_advance(core, effects);       /* what they are told */
        plan_trust_advance(core, effects);          /* what the rules make dom0's */
        plan_discovery_advance(core, effects);      /* where to look */
        plan_ports_advance(core, effects);   /* what to do next: verify/ says what is missing */
        plan_routers_advance(core, effects); /* who may come in */
        report_transitions(core, effects);   /* what people are told */
}

bool core_memory_fill(const struct core *core, uint32_t port, struct event_memory *ret_memory)
{
        const struct model_port *from = NULL;

        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].found.sbdf == port)
                        from = &core->ports[i];
        if (!from && port != BASE_SBDF_NONE)
                return false;
        memset(ret_memory, 0, sizeof *ret_memory);
        ret_memory->port = port;
        ret_memory->this_boot = true;
        if (!from) {
                model_memory_routers_fill(core, ret_memory);
                return true;
        }
        ret_memory->ejected = from->ejected;
        ret_memory->tainted = from->tainted;
        ret_memory->withheld = from->withheld;
        ret_memory->leaving = from->leaving && from->verdict != VERDICT_REJECT;
        if (from->domid != 0 &&
            from->guest[0] != '\0') { /* who was not there yet is asked for again */
                ret_memory->domid = from->domid;
                memcpy(ret_memory->guest, from->guest, sizeof ret_memory->guest);
        }
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];
                struct event_memory_function *to = &ret_memory->functions[ret_memory->count];
                bool remembered;

                if (function->port != from->found.sbdf || !function->listed ||
                    ret_memory->count == LIMIT_PORT_FUNCTIONS)
                        continue;
                remembered = model_function_remembered(from, function);
                to->instance = function->facts.instance;
                to->digest = remembered ? function->facts.digest : EVENT_MEMORY_FORMER;
                to->sbdf = function->facts.sbdf;
                to->at_boot = remembered && function->at_boot;
                to->given = function->given && ret_memory->domid != 0;
                to->rights = to->given ? 0 : function->rights;
                to->taken = !function->given && function->held != 0;
                ret_memory->count++;
        }
        return true;
}

bool core_port_watched(const struct core *core, uint32_t index, struct effect *ret_read)
{
        for (uint32_t i = 0; i < core->port_count; i++) {
                const struct model_port *port = &core->ports[i];

                if (!port->external || index-- > 0)
                        continue;
                *ret_read = (struct effect){ .kind = EFFECT_PORT_READ,
                                             .port = port->found.sbdf,
                                             .function = BASE_SBDF_NONE,
                                             .pcie_cap = port->found.pcie_cap,
                                             .acs_cap = port->found.acs_cap };
                return true;
        }
        return false;
}
