/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is shown: states are derived from facts and from failed goals, never set by hand. */
#include <stddef.h>

#include "base/assert.h"
#include "core/event/coverage.h"
#include "core/verify/verify.h"

static bool attempt_failed(const struct model_attempt *attempt)
{
        return attempt->tries >= VERIFY_TRIES;
}

static enum record_reason quarantine_reason(const struct core *core,
                                            const struct model_function *function)
{
        if (core->platform.xen == FACT_NO)
                return REASON_NO_XEN;
        if (model_unlisted(core) &&
            !event_coverage_has(&core->platform.coverage, function->facts.sbdf))
                return REASON_UNCOVERED;
        if (function->quarantine.error)
                return REASON_QUARANTINE_REFUSED;
        if (function->owner == EVENT_OWNER_ABSENT)
                return REASON_UNKNOWN_TO_XEN;
        return REASON_OWNER_DIFFERS;
}

/* No driver of dom0's works with it. */
static bool function_kept(const struct model_function *function)
{
        return verify_function_driverless(function) ||
               (function->given && model_function_pciback(function));
}

/* Where somebody else is the toolstack, he is waited for: it is the request that ends in time. */
static bool toolstack_failed(const struct core *core, const struct model_attempt *attempt)
{
        return core->config.toolstack != TOOLSTACK_NONE && attempt->tries >= VERIFY_ATTACH_TRIES;
}

static bool detach_failed(const struct core *core, const struct model_port *port,
                          const struct model_function *function)
{
        return model_function_returns(port, function) && !model_function_orphaned(port, function) &&
               toolstack_failed(core, &function->detach);
}

/* Why a function is a guest's that should not be, if so. */
static enum record_reason owned_reason(const struct core *core, const struct model_port *port,
                                       const struct model_function *function)
{
        if (verify_function_assigned(port, function))
                return REASON_NONE;
        if (detach_failed(core, port, function))
                return REASON_DETACH_FAILED;
        if (model_function_returns(port, function))
                return model_function_orphaned(port, function) ? REASON_GUEST_GONE
                                                               : REASON_REQUESTED;
        return REASON_OWNED_BY_GUEST;
}

/* Might the guest that it was taken from still map its memory, after that was to be ended? */
static bool revocation_failed(const struct core *core, const struct model_port *port,
                              const struct model_function *function)
{
        return attempt_failed(&function->revocation) &&
               !verify_function_revoked(core, port, function);
}

/* What fails of giving it to the guest that it is given to. */
static enum record_reason given_reason(const struct core *core,
                                       const struct model_function *function)
{
        if (!function->given)
                return REASON_NONE;
        if (attempt_failed(&function->registration))
                return REASON_NOT_REGISTERED;
        if (attempt_failed(&function->pciback))
                return REASON_PCIBACK;
        return toolstack_failed(core, &function->attach) ? REASON_ATTACH_FAILED : REASON_NONE;
}

/* What fails of making it dom0's. */
static enum record_reason trusted_reason(const struct core *core, const struct model_port *port,
                                         const struct model_function *function)
{
        if (attempt_failed(&function->registration) &&
            !verify_goal_met(core, port, GOAL_REGISTERED, function))
                return REASON_NOT_REGISTERED;
        if (attempt_failed(&function->pciback) &&
            !verify_goal_met(core, port, GOAL_PROBED, function))
                return REASON_UNPROBED;
        return REASON_NONE;
}

enum model_state verify_function_state(const struct core *core, const struct model_port *port,
                                       const struct model_function *function,
                                       enum record_reason *ret_reason)
{
        *ret_reason = port->exposed;
        if (port->exposed)
                return STATE_EXPOSED;
        if (model_function_leaves(port, function)) {
                if (detach_failed(core, port, function))
                        *ret_reason = REASON_DETACH_FAILED;
                else if (revocation_failed(core, port, function))
                        *ret_reason = REASON_RIGHTS_LEFT;
                else if (attempt_failed(&function->quarantine) &&
                         !verify_goal_met(core, port, GOAL_QUARANTINE, function))
                        *ret_reason = quarantine_reason(core, function); /* whose it is */
                else if (attempt_failed(&function->removal))
                        *ret_reason = REASON_REMOVE_FAILED;
                else if (!function->facts.readable)
                        *ret_reason = REASON_UNREADABLE;
                else if (function->facts.changed)
                        *ret_reason = REASON_CHANGED;
                return STATE_GONE;
        }
        if (model_function_contested(port, function)) {
                *ret_reason = REASON_OTHER_GUEST;
                return STATE_CONTAINED;
        }
        if (model_owner_guest(function->owner)) {
                *ret_reason = owned_reason(core, port, function);
                return *ret_reason == REASON_DETACH_FAILED ? STATE_CONTAINED : STATE_ASSIGNED;
        }
        *ret_reason =
                port->trusted ? trusted_reason(core, port, function) : given_reason(core, function);
        if (*ret_reason)
                return STATE_CONTAINED;
        if (revocation_failed(core, port, function)) {
                *ret_reason = REASON_RIGHTS_LEFT;
                return STATE_CONTAINED;
        }
        if (verify_function_trusted(core, port, function))
                return STATE_TRUSTED;
        if (function->withdrawn) {
                *ret_reason = REASON_WITHDRAWN;
                return STATE_CONTAINED;
        }
        if (function->confirmed && function->owner == EVENT_OWNER_DOM_IO &&
            function_kept(function) && port->stable &&
            verify_function_revoked(core, port, function))
                return STATE_QUARANTINED;
        if (attempt_failed(&function->driver))
                *ret_reason = REASON_DRIVER_BOUND;
        else if (attempt_failed(&function->quarantine))
                *ret_reason = quarantine_reason(core, function);
        return *ret_reason ? STATE_CONTAINED : STATE_ARRIVING;
}

enum record_reason verify_port_failure(const struct core *core, const struct model_port *port)
{
        static const enum record_reason reasons[GOAL_MAX] = {
                [GOAL_REGISTERS] = REASON_PORT_UNREADABLE,
                [GOAL_GATE] = REASON_GATE_REFUSED,
                [GOAL_FORGOTTEN] = REASON_MEMORY_OUTDATED,
                [GOAL_PCIEPORT] = REASON_NO_PCIEPORT,
                [GOAL_PCIEHP] = REASON_PCIEHP_BOUND,
                [GOAL_AWAKE] = REASON_RUNTIME_PM,
                [GOAL_STATUS] = REASON_SLOT_COMMAND,
                [GOAL_SLOT] = REASON_SLOT_COMMAND,
                [GOAL_INVENTORY] = REASON_INVENTORY,
                [GOAL_OWNERLESS] = REASON_OWNERS_UNREADABLE,
                [GOAL_RESCAN] = REASON_NO_FUNCTION,
                [GOAL_STABLE] = REASON_UNSTABLE,
                [GOAL_DECODES] = REASON_DECODE_REFUSED,
                [GOAL_OWNERS] = REASON_OWNERS_UNREADABLE,
                [GOAL_RESERVED] = REASON_UNRESERVED,
                [GOAL_GUEST] = REASON_GUESTS_UNREADABLE,
                [GOAL_OPEN] = REASON_OPEN_REFUSED,
        };

        if (port->read_once && !port->registers.readable)
                return REASON_PORT_UNREADABLE;
        for (enum model_goal goal = 0; goal < verify_port_goals(port); goal++)
                if (reasons[goal] && attempt_failed(&port->attempts[goal]) &&
                    !verify_goal_met(core, port, goal, NULL))
                        return reasons[goal];
        if (port->owners_fresh && model_port_leaves(core, port) &&
            verify_port_ownerless(core, port))
                return REASON_OWNERLESS;
        return REASON_NONE;
}

/*
 * Does it stay, although it is to be removed, for what a guest has below it, or has and only Xen knows? Nobody here is
 * to take that back.
 */
static bool removal_waits(const struct core *core, const struct model_port *port,
                          const struct model_function *function)
{
        if (!model_function_leaves(port, function))
                return false;
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *used = &core->functions[i];

                if (used->port == port->found.sbdf && model_owner_guest(used->owner) &&
                    !model_function_returns(port, used) &&
                    (!used->listed || verify_function_below(core, port, used, function)))
                        return true;
        }
        return false;
}

/* Of what is to be removed: is that why it cannot be, or why it is to be? */
static bool removal_failed(enum record_reason reason)
{
        return reason != REASON_NONE && reason != REASON_UNREADABLE && reason != REASON_CHANGED;
}

/* Is its port contained for it? state, reason: as verify_function_state has them. */
static bool function_contains(const struct core *core, const struct model_port *port,
                              const struct model_function *function, enum model_state state,
                              enum record_reason *reason)
{
        if (removal_waits(core, port, function)) {
                *reason = *reason ? *reason : REASON_OWNED_BY_GUEST;
                return true;
        }
        return state == STATE_CONTAINED || (state == STATE_GONE && removal_failed(*reason));
}

enum record_reason verify_function_failure(const struct core *core, const struct model_port *port,
                                           const struct model_function *function)
{
        enum record_reason reason;
        enum model_state state = verify_function_state(core, port, function, &reason);

        return function_contains(core, port, function, state, &reason) ? reason : REASON_NONE;
}

/* The worst that is said of a function below, so that a port is never better than what hangs below it. */
static enum model_state functions_state(const struct core *core, const struct model_port *port,
                                        enum record_reason *ret_reason)
{
        enum model_state worst = STATE_QUARANTINED;

        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];
                enum record_reason reason;
                enum model_state state;

                if (function->port != port->found.sbdf)
                        continue;
                state = verify_function_state(core, port, function, &reason);
                if (function_contains(core, port, function, state, &reason)) {
                        *ret_reason = reason;
                        return STATE_CONTAINED;
                }
                if (state == STATE_ASSIGNED && port->domid != 0 && port->guest[0] != '\0' &&
                    reason == REASON_OWNED_BY_GUEST && function->owner != port->domid &&
                    !model_function_returns(port, function)) {
                        *ret_reason = REASON_OTHER_GUEST;
                        return STATE_CONTAINED;
                }
                if (state != STATE_QUARANTINED && state != STATE_ASSIGNED && state != STATE_TRUSTED)
                        worst = STATE_ARRIVING;
        }
        return worst;
}

bool verify_port_foreign(const struct core *core, const struct model_port *port)
{
        enum record_reason reason;

        return functions_state(core, port, &reason) == STATE_CONTAINED &&
               reason == REASON_OTHER_GUEST;
}

/* Every goal that is about the port as a whole; those about each function are in the functions' states. */
static bool port_at_rest(const struct core *core, const struct model_port *port)
{
        for (enum model_goal goal = 0; goal < verify_port_goals(port); goal++) {
                if (verify_goal_each(goal) || goal == GOAL_STATUS || goal == GOAL_SLOT ||
                    goal == GOAL_REGISTERS || goal == GOAL_REMEMBERED)
                        continue;
                if (!verify_goal_met(core, port, goal, NULL))
                        return false;
        }
        return true;
}

/* Of a port below which every function is quarantined, a guest's, or dom0's by a rule. */
static enum model_state port_rest(const struct core *core, const struct model_port *port)
{
        if (port->trusted || port->guest[0] != '\0') {
                if (port->closed || !verify_port_licensed(core, port))
                        return STATE_ARRIVING;
                return port->trusted ? STATE_TRUSTED : STATE_ASSIGNED;
        }
        /* Being looked at once more does not take the verdict away; a contradiction does, by its function. */
        if (port->state == STATE_QUARANTINED && verify_goal_met(core, port, GOAL_RESCAN, NULL))
                return STATE_QUARANTINED;
        return port_at_rest(core, port) ? STATE_QUARANTINED : STATE_ARRIVING;
}

enum model_state verify_port_state(const struct core *core, const struct model_port *port,
                                   enum record_reason *ret_reason)
{
        enum model_state below;

        *ret_reason = port->why;
        if (!port->external)
                return STATE_INTERNAL;
        *ret_reason = port->exposed;
        if (port->exposed) /* without a look it may yet turn out to be closed */
                return port->read_once ? STATE_EXPOSED : STATE_STARTING;
        *ret_reason = verify_port_failure(core, port);
        if (*ret_reason)
                return STATE_CONTAINED;
        if (!port->inventory_once ||
            (!verify_port_guarded(port) && !verify_port_licensed(core, port)))
                return STATE_STARTING;
        below = functions_state(core, port, ret_reason);
        if (below == STATE_CONTAINED)
                return below;
        if (port->leaving || port->ejected) {
                *ret_reason = port->verdict == VERDICT_REJECT ? REASON_REJECTED : REASON_NONE;
                return port->leaving ? STATE_LEAVING : STATE_EJECTED;
        }
        if (model_port_unlatched(port)) {
                *ret_reason = REASON_MRL_OPEN;
                return STATE_EMPTY;
        }
        if (port->occupied && !port->up && !model_port_unpowered(port) &&
            core->now_ms - port->occupied_since_ms > VERIFY_LINK_MS) {
                *ret_reason = REASON_NO_LINK;
                return STATE_CONTAINED;
        }
        if (!port->up)
                return model_function_count(core, port) ? STATE_LEAVING : STATE_EMPTY;
        return below == STATE_QUARANTINED ? port_rest(core, port) : STATE_ARRIVING;
}

static bool state_settled(enum model_state state)
{
        switch (state) {
        case STATE_NONE:
        case STATE_STARTING:
        case STATE_ARRIVING:
        case STATE_LEAVING:
        case STATE_MAX:
                return false;
        case STATE_EMPTY:
        case STATE_QUARANTINED:
        case STATE_CONTAINED:
        case STATE_ASSIGNED:
        case STATE_EJECTED:
        case STATE_GONE:
        case STATE_INTERNAL:
        case STATE_EXPOSED:
        case STATE_TRUSTED:
                return true;
        }
        return false;
}

bool verify_machine_settled(const struct core *core)
{
        if (!core->discovered || core->discover || core->discover_token != 0)
                return false;
        for (uint32_t i = 0; i < core->port_count; i++)
                if (!state_settled(core->ports[i].state))
                        return false;
        return true;
}

bool verify_machine_contained(const struct core *core)
{
        if (!core->discovered || core->overflowed)
                return false;
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].external && !verify_port_guarded(&core->ports[i]) &&
                    (core->ports[i].trusted || !verify_port_licensed(core, &core->ports[i])))
                        return false;
        return true;
}
