/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May door 1 be opened for a guest, or for dom0 by a rule? */
#include <stddef.h>

#include "core/event/parse.h"
#include "core/policy/policy.h"
#include "core/verify/verify.h"

bool verify_function_assigned(const struct model_port *port, const struct model_function *function)
{
        if (!function->given || !model_owner_guest(function->owner) || port->domid == 0)
                return false;
        if (function->owner == EVENT_OWNER_GUEST) /* ours, if it was we who gave it */
                return model_function_held(function) && function->attach.error == 0;
        return function->owner == port->domid;
}

bool verify_function_trusted(const struct core *core, const struct model_port *port,
                             const struct model_function *function)
{
        uint16_t owner = model_unlisted(core) ? EVENT_OWNER_UNKNOWN : EVENT_OWNER_DOM0;

        return port->trusted && function->given && function->registered && !function->confirmed &&
               function->owner == owner && !model_function_pciback(function);
}

bool verify_function_revoked(const struct core *core, const struct model_port *port,
                             const struct model_function *function)
{
        if (function->rights == 0 || model_owner_guest(function->owner))
                return true;
        /* Attaching gives them anew. But where something leaves nobody gets anything. */
        return function->given && function->rights == port->domid && !model_port_leaves(core, port);
}

static const struct model_function *function_get(const struct core *core,
                                                 const struct model_port *port, uint32_t sbdf)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    core->functions[i].facts.sbdf == sbdf)
                        return &core->functions[i];
        return NULL;
}

bool verify_function_below(const struct core *core, const struct model_port *port,
                           const struct model_function *below, const struct model_function *bridge)
{
        const struct model_function *at = below;

        for (uint32_t i = 0; at && i < LIMIT_PORT_FUNCTIONS; i++) {
                if (at == bridge)
                        return true;
                at = function_get(core, port, at->facts.parent);
        }
        return false;
}

bool verify_function_unowned(const struct core *core, const struct model_port *port,
                             const struct model_function *function)
{
        if (model_owner_guest(function->owner))
                return false;
        if (!model_unlisted(core))
                return port->owners_fresh;
        return !function->due &&
               (function->owner == EVENT_OWNER_DOM_IO || model_function_disowned(function));
}

bool verify_port_given(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf && core->functions[i].given)
                        return true;
        return false;
}

enum record_reason verify_port_bars(const struct core *core, const struct model_port *port)
{
        enum record_reason reason = policy_platform_weakness(&core->platform);

        if (reason == REASON_NONE)
                reason = policy_port_uncovered(core, port);
        if (reason == REASON_NONE && !policy_port_validated(port))
                reason = REASON_NO_ACS;
        if (reason == REASON_NONE && policy_port_tainted(core, port))
                reason = REASON_TAINTED;
        for (uint32_t i = 0; reason == REASON_NONE && i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    policy_function_dangers(core, &core->functions[i]))
                        reason = REASON_FINDING;
        return reason;
}

bool verify_function_blocked(const struct model_function *function)
{
        return function->confirmed && function->owner == EVENT_OWNER_DOM_IO;
}

bool verify_function_quarantined(const struct model_function *function)
{
        return verify_function_blocked(function) && verify_function_driverless(function);
}

/*
 * Every function is its owner's - the guest's, or dom0's by a rule - or quarantined, and one at least is its owner's.
 * None leaves: so the port is up, and nobody ejects it.
 */
static bool functions_licensed(const struct core *core, const struct model_port *port)
{
        bool assigned = false;

        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];

                if (function->port != port->found.sbdf)
                        continue;
                if (!function->listed || model_function_leaves(port, function))
                        return false;
                if (verify_function_assigned(port, function) ||
                    verify_function_trusted(core, port, function))
                        assigned = true;
                else if (model_owner_guest(function->owner) && function->owner == port->domid)
                        continue; /* attached by somebody else, to the same guest */
                else if (function->given || function->rights != 0 ||
                         !verify_function_quarantined(function))
                        return false;
        }
        return assigned;
}

/* Is another port about to be enumerated, or being so? What is open for dom0 does not pause: the other one waits. */
static bool rescan_comes(const struct core *core, const struct model_port *open)
{
        if (open->trusted)
                return false;
        for (uint32_t i = 0; i < core->port_count; i++) {
                const struct model_port *port = &core->ports[i];

                if (port == open || !port->external)
                        continue;
                if (port->token != 0 && port->pending == EFFECT_RESCAN)
                        return true;
                if (verify_port_guarded(port) && !verify_goal_met(core, port, GOAL_RESCAN, NULL) &&
                    port->attempts[GOAL_RESCAN].tries < VERIFY_TRIES)
                        return true;
        }
        return false;
}

bool verify_port_reached(const struct core *core, const struct model_port *port)
{
        const struct model_function *only = NULL;
        uint32_t count = 0;

        if (model_unlisted(core) && !model_reserve_next(core, port, &(uint8_t){ 0 }))
                return false;
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf) {
                        only = &core->functions[i];
                        count++;
                }
        return !(count == 1 && only->facts.kind == FUNCTION_ENDPOINT &&
                 only->facts.parent == port->found.sbdf &&
                 !(only->facts.header_type & EVENT_HEADER_MULTI_FUNCTION));
}

bool verify_port_paused(const struct core *core, const struct model_port *port)
{
        return core->config.pause && verify_port_reached(core, port) && rescan_comes(core, port);
}

bool verify_port_licensed(const struct core *core, const struct model_port *port)
{
        if (port->exposed || port->added || verify_port_awaited(core, port))
                return false;
        if (!port->registers.readable || !port->registers.pcieport || port->registers.pciehp ||
            !port->inventory_once || port->inventory_partial)
                return false;
        if (model_unlisted(core) && model_reserve_next(core, port, &(uint8_t){ 0 }))
                return false;
        if (verify_port_paused(core, port))
                return false;
        return verify_port_bars(core, port) == REASON_NONE && functions_licensed(core, port);
}
