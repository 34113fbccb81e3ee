/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States are derived after each step; the records say which of them changed. */
#include "core/report/transition.h"

#include <string.h>

#include "base/sbdf.h"
#include "core/policy/policy.h"
#include "core/verify/verify.h"

static void function_transition(struct core *core, const struct model_port *port,
                                struct model_function *function, struct effects *effects)
{
        struct record record;
        enum record_reason reason;
        enum model_state state = verify_function_state(core, port, function, &reason);

        if (state == function->state && reason == function->reason)
                return;
        function->state = state;
        function->reason = reason;
        record = model_record(core, RECORD_FUNCTION_QUARANTINED, reason, function->port,
                              function->facts.sbdf);
        record.count = function->owner;
        if (state == STATE_ASSIGNED && reason == REASON_OWNED_BY_GUEST &&
            !model_function_held(function))
                record.kind = RECORD_FUNCTION_FOREIGN;
        else if (reason == REASON_OTHER_GUEST)
                record.kind = RECORD_FUNCTION_CLAIMED;
        else if (reason == REASON_WITHDRAWN)
                record.kind = RECORD_FUNCTION_WITHDRAWN;
        else if (reason == REASON_RIGHTS_LEFT)
                record.kind = RECORD_FUNCTION_RIGHTS;
        else if (state == STATE_CONTAINED || reason == REASON_REMOVE_FAILED)
                record.kind = RECORD_FUNCTION_CONTAINED;
        else if (state != STATE_QUARANTINED)
                return;
        record.error = function->quarantine.error;
        if (reason == REASON_DRIVER_BOUND)
                record.error = function->driver.error;
        if (reason == REASON_RIGHTS_LEFT) {
                record.error = function->revocation.error;
                record.count = function->rights;
        }
        if (reason == REASON_OTHER_GUEST) {
                record.count = function->claimed;
                memcpy(record.guest, port->guest, sizeof record.guest);
        }
        memcpy(record.driver, function->facts.driver, sizeof record.driver);
        core_record_add(effects, &record);
}

/* Which record a port's new state is worth; RECORD_MAX for none: the events themselves told. */
static enum record_kind port_record(const struct model_port *port, enum model_state from,
                                    enum model_state to)
{
        switch (to) {
        case STATE_QUARANTINED:
                return RECORD_PORT_QUARANTINED;
        case STATE_CONTAINED:
                return RECORD_PORT_CONTAINED;
        case STATE_EXPOSED:
                return RECORD_PORT_EXPOSED;
        case STATE_ASSIGNED:
                return RECORD_PORT_ASSIGNED;
        case STATE_EMPTY:
                return from == STATE_NONE || from == STATE_STARTING || port->occupied
                               ? RECORD_MAX
                               : RECORD_UNPLUGGED;
        case STATE_NONE:
        case STATE_STARTING:
        case STATE_ARRIVING:
        case STATE_LEAVING:
        case STATE_EJECTED:
        case STATE_GONE:
        case STATE_INTERNAL:
        case STATE_TRUSTED: /* told before it was so */
        case STATE_MAX:
                return RECORD_MAX;
        }
        return RECORD_MAX;
}

/* A port that cannot confine requester IDs is never opened: said once, when that is known. */
static void acs_tell(struct core *core, struct model_port *port, struct effects *effects)
{
        struct record record;

        if (port->acs_told || !verify_port_guarded(port) || policy_port_validated(port))
                return;
        port->acs_told = true;
        record = model_record(core, RECORD_PLATFORM_WEAK, REASON_NO_ACS, port->found.sbdf,
                              BASE_SBDF_NONE);
        core_record_add(effects, &record);
}

/* Likewise one whose requester IDs the IOMMU does not all cover; and that all are reserved, when they are. */
static void reserve_tell(struct core *core, struct model_port *port, struct effects *effects)
{
        enum record_reason uncovered;
        struct record record;
        uint8_t bus;

        if (!model_unlisted(core) || port->reserved_told || !verify_port_guarded(port) ||
            port->exposed || policy_platform_weakness(&core->platform))
                return;
        uncovered = policy_port_uncovered(core, port);
        if (!uncovered && model_reserve_next(core, port, &bus))
                return;
        port->reserved_told = true;
        record = model_record(core, uncovered ? RECORD_PLATFORM_WEAK : RECORD_PORT_RESERVED,
                              uncovered, port->found.sbdf, BASE_SBDF_NONE);
        record.count = model_port_reserved(core, port);
        core_record_add(effects, &record);
}

/* Said once, and again by each daemon: it holds until the reboot. */
static void taint_tell(struct core *core, struct model_port *port, struct effects *effects)
{
        struct record record;

        if (port->taint_told || !policy_port_tainted(core, port))
                return;
        port->taint_told = true;
        record = model_record(core, RECORD_PORT_TAINTED, REASON_TAINTED, port->found.sbdf,
                              BASE_SBDF_NONE);
        core_record_add(effects, &record);
}

static void port_transition(struct core *core, struct model_port *port, struct effects *effects)
{
        struct record record;
        enum record_reason reason;
        enum model_state state = verify_port_state(core, port, &reason);
        enum model_state from = port->state;

        acs_tell(core, port, effects);
        reserve_tell(core, port, effects);
        taint_tell(core, port, effects);
        if (state == from && reason == port->reason)
                return;
        port->state = state;
        port->reason = reason;
        record = model_record(core, port_record(port, from, state), reason, port->found.sbdf,
                              BASE_SBDF_NONE);
        record.count = model_function_count(core, port);
        memcpy(record.guest, port->guest, sizeof record.guest);
        if (record.kind == RECORD_PORT_EXPOSED)
                memcpy(record.driver, port->found.use.first, sizeof record.driver);
        if (record.kind != RECORD_MAX)
                core_record_add(effects, &record);
}

static enum record_kind router_record(const struct model_router *router,
                                      enum model_router_state from)
{
        switch (router->state) {
        case ROUTER_HELD:
                return router->reason == REASON_NO_THIRD_DOOR ? RECORD_ROUTER_UNGUARDED
                                                              : RECORD_ROUTER_HELD;
        case ROUTER_WAITING:
                return from == ROUTER_AUTHORIZING ? RECORD_MAX : RECORD_ROUTER_WAITING;
        case ROUTER_AUTHORIZED:
                return RECORD_ROUTER_AUTHORIZED;
        case ROUTER_FOREIGN:
                return router->reason == REASON_NO_THIRD_DOOR ? RECORD_ROUTER_UNGUARDED
                                                              : RECORD_ROUTER_FOREIGN;
        case ROUTER_NONE:
        case ROUTER_AUTHORIZING: /* told when it was asked for, with its licence */
        case ROUTER_STATE_MAX:
                break;
        }
        return RECORD_MAX;
}

/* That it waits for a port to be looked at is not worth a word: that is over in a moment. */
static void router_transition(struct core *core, struct model_router *router,
                              struct effects *effects)
{
        enum record_reason reason;
        enum model_router_state from = router->state,
                                state = verify_router_state(core, router, &reason);
        struct record record;

        if (state == ROUTER_WAITING && (reason == REASON_ARRIVING || reason == REASON_NONE))
                reason = REASON_ARRIVING;
        if (state == from && reason == router->reason)
                return;
        router->state = state;
        router->reason = reason;
        record = model_router_record(core, router_record(router, from), reason, router);
        record.count = policy_router_key(core, router);
        policy_verdict_rule(core, router->rule, record.rule);
        if (record.kind != RECORD_MAX && !(state == ROUTER_WAITING && reason == REASON_ARRIVING))
                core_record_add(effects, &record);
}

void report_transitions(struct core *core, struct effects *effects)
{
        for (uint32_t i = 0; i < core->router_count; i++)
                router_transition(core, &core->routers[i], effects);
        for (uint32_t i = 0; i < core->port_count; i++) {
                struct model_port *port = &core->ports[i];

                for (uint32_t j = 0; port->external && j < core->function_count; j++)
                        if (core->functions[j].port == port->found.sbdf)
                                function_transition(core, port, &core->functions[j], effects);
                port_transition(core, port, effects);
        }
}
