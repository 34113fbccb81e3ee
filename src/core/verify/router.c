/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The third door: may a Thunderbolt router be authorized now, and what has become of it? */
#include "core/policy/policy.h"
#include "core/verify/verify.h"

/* A port that shows no more of what is below than that it is closed will do, unless something is to come below that. */
static enum record_reason port_waits(const struct core *core, const struct model_port *port,
                                     bool behind)
{
        enum record_reason why;
        enum model_state state = verify_port_state(core, port, &why);

        if (port->exposed || (port->read_once && !port->closed))
                return REASON_CANDIDATE_OPEN;
        if (!verify_port_guarded(port) || !port->registers_fresh)
                return REASON_ARRIVING;
        switch (state) {
        case STATE_QUARANTINED: /* what left since the last look would leave its place to what comes (I5) */
                return port->inventory_fresh ? REASON_NONE : REASON_ARRIVING;
        case STATE_EMPTY:
        case STATE_CONTAINED:
        case STATE_EJECTED:
                return behind ? REASON_PARENT : REASON_NONE;
        case STATE_NONE:
        case STATE_STARTING:
        case STATE_ARRIVING:
        case STATE_ASSIGNED:
        case STATE_LEAVING:
        case STATE_GONE:
        case STATE_INTERNAL:
        case STATE_EXPOSED:
        case STATE_TRUSTED:
        case STATE_MAX:
                break;
        }
        return REASON_ARRIVING;
}

static enum record_reason parent_waits(const struct core *core, const struct model_router *router)
{
        const struct model_router *parent = model_router_parent(core, router);

        if (model_router_depth(router) == 1)
                return REASON_NONE;
        return parent && model_router_open(core, parent) && !parent->awaited ? REASON_NONE
                                                                             : REASON_PARENT;
}

enum record_reason verify_router_waits(const struct core *core, const struct model_router *router)
{
        bool known = policy_router_port(core, router) != NULL;
        enum record_reason reason = parent_waits(core, router);
        uint32_t candidates = 0;

        if (reason)
                return reason;
        if (!core->routers_fresh || !core->discovered || core->discover ||
            core->discover_token != 0)
                return REASON_ARRIVING;
        for (uint32_t i = 0; i < core->router_count; i++)
                if (core->routers[i].awaited && &core->routers[i] != router)
                        return REASON_OTHER_ROUTER;
        for (uint32_t i = 0; i < core->port_count; i++) {
                const struct model_port *port = &core->ports[i];

                if (!policy_router_reaches(core, router, port))
                        continue;
                candidates++;
                reason = port_waits(core, port, known && model_router_depth(router) > 1);
                if (reason)
                        return reason;
        }
        return candidates > 0 ? REASON_NONE : REASON_NO_CANDIDATE;
}

bool verify_port_awaited(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->router_count; i++)
                if (core->routers[i].awaited &&
                    policy_router_reaches(core, &core->routers[i], port))
                        return true;
        return false;
}

bool verify_router_settled(const struct core *core, const struct model_router *router)
{
        const struct model_port *port = policy_router_port(core, router);
        bool chained = model_router_depth(router) > 1;
        bool appeared = chained ? router->scanned : port && router->port == port->found.sbdf;

        /* Of one behind another nobody tells: however late it is, what it brings has to be looked for. */
        if (router->tunnel_at_ms == 0 || (chained && !router->scanned))
                return false;
        if (port && appeared)
                return port_waits(core, port, /* behind= */ false) == REASON_NONE;
        return core->now_ms - router->tunnel_at_ms >= VERIFY_TUNNEL_MS;
}

enum model_router_state verify_router_state(const struct core *core,
                                            const struct model_router *router,
                                            enum record_reason *ret_reason)
{
        enum record_reason licence;

        *ret_reason = REASON_NONE;
        if (router->awaited)
                return ROUTER_AUTHORIZING;
        if (router->facts.authorized == AUTHORIZED_YES ||
            router->facts.authorized == AUTHORIZED_CHALLENGED) {
                /* Where nobody is asked the kernel lists it as authorized at once. */
                if (model_router_security(core, router) == SECURITY_NONE)
                        *ret_reason = REASON_NO_THIRD_DOOR;
                return model_router_ours(router) ? ROUTER_AUTHORIZED : ROUTER_FOREIGN;
        }
        *ret_reason = policy_router_bars(core, router, &licence);
        if (*ret_reason)
                return ROUTER_HELD;
        *ret_reason = verify_router_waits(core, router);
        return ROUTER_WAITING;
}
