/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trust-dom0: a release whose recipient is dom0. Rules begin it, and nothing but them. */
#include "base/sbdf.h"
#include "core/plan/plan.h"
#include "core/policy/policy.h"
#include "core/verify/verify.h"

static bool function_trusted(const struct model_port *port, const struct model_function *function)
{
        return plan_release_givable(port, function) && function->verdict == VERDICT_TRUST_DOM0;
}

/* What was verified in quarantine, and is nobody's: only then is anything made dom0's. */
static bool port_ready(const struct core *core, const struct model_port *port)
{
        enum record_reason reason;

        if (port->withheld || port->guest[0] != '\0' || port->request != 0 ||
            port->button_at_ms != 0)
                return false;
        if (port->verdict != VERDICT_TRUST_DOM0 || port->verdict_why || model_port_used(core, port))
                return false;
        return verify_port_state(core, port, &reason) == STATE_QUARANTINED &&
               verify_port_bars(core, port) == REASON_NONE;
}

static void trust_begin(struct core *core, struct model_port *port, struct effects *effects)
{
        struct record record;

        for (uint32_t i = 0; i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];

                if (!function_trusted(port, function))
                        continue;
                port->trusted = true;
                plan_release_give(function);
                record = model_record(core, RECORD_TRUSTED, REASON_NONE, port->found.sbdf,
                                      function->facts.sbdf);
                policy_verdict_rule(core, function->rule, record.rule);
                core_record_add(effects, &record);
        }
}

/* Do the rules still want everything dom0's that was given to it, and has nobody else taken any of it? */
static enum record_reason functions_end(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];

                if (function->port != port->found.sbdf || !function->given)
                        continue;
                if (!function_trusted(port, function))
                        return REASON_UNTRUSTED;
                if (model_owner_guest(function->owner))
                        return REASON_OWNED_BY_GUEST;
        }
        return REASON_NONE;
}

/* Has it failed? What is open and licensed stays so while a mere look fails. */
static bool trust_fails(const struct core *core, const struct model_port *port,
                        enum record_reason *ret_why)
{
        if (verify_port_state(core, port, ret_why) != STATE_CONTAINED)
                return false;
        return port->closed || !verify_port_licensed(core, port) || *ret_why == REASON_UNPROBED;
}

/*
 * Why it ends, or REASON_NONE. That the door is shut while something is looked at once more is no end; that something
 * fails is, and is not tried again by itself.
 */
static enum record_reason trust_ends(const struct core *core, const struct model_port *port,
                                     bool *ret_failed)
{
        enum record_reason bars = verify_port_bars(core, port);
        enum record_reason below = functions_end(core, port), why;

        *ret_failed = false;
        if (!port->up)
                return REASON_NO_LINK;
        if (port->leaving || port->withheld)
                return REASON_REQUESTED;
        if (!verify_port_given(core, port) || model_port_leaves(core, port))
                return REASON_CHANGED;
        if (port->verdict != VERDICT_TRUST_DOM0 || port->verdict_why)
                return REASON_UNTRUSTED;
        if (below)
                return below;
        if (bars)
                return bars;
        *ret_failed = trust_fails(core, port, &why);
        return *ret_failed ? why : REASON_NONE;
}

static void trust_end(struct core *core, struct model_port *port, enum record_reason reason,
                      struct effects *effects)
{
        struct record record =
                model_record(core, RECORD_TRUST_ENDED, reason, port->found.sbdf, BASE_SBDF_NONE);

        model_release_end(core, port);
        port->trusted = false;
        port->open = false; /* this record tells of the door too */
        core_record_add(effects, &record);
}

void plan_trust_advance(struct core *core, struct effects *effects)
{
        for (uint32_t i = 0; i < core->port_count; i++) {
                struct model_port *port = &core->ports[i];
                enum record_reason reason;
                bool failed;

                if (!port->trusted) {
                        if (port_ready(core, port))
                                trust_begin(core, port, effects);
                        continue;
                }
                reason = trust_ends(core, port, &failed);
                if (reason == REASON_NONE)
                        continue;
                port->withheld = port->withheld || failed;
                if (failed)
                        model_memory_renew(port);
                trust_end(core, port, reason, effects);
        }
}
