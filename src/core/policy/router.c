/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt routers: at which port they appear, what they have proved, and whose word lets them in. */
#include <stddef.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/policy/policy.h"

/* Firmware's word that the port is reached through USB4, or its place beside a host interface (doc/evidence.md). */
#define MARKS (POLICY_EVIDENCE_BIT(EVIDENCE_USB4) | POLICY_EVIDENCE_BIT(EVIDENCE_CONTROLLER_BESIDE))

static bool port_marked(const struct model_port *port)
{
        return port->external && (port->evidence & MARKS);
}

/* Where nothing is marked each external port may be one. */
bool policy_port_candidate(const struct core *core, const struct model_port *port)
{
        if (!port->external || port_marked(port))
                return port->external;
        for (uint32_t i = 0; i < core->port_count; i++)
                if (port_marked(&core->ports[i]))
                        return false;
        return true;
}

static const struct model_port *port_only(const struct core *core)
{
        const struct model_port *only = NULL;

        for (uint32_t i = 0; i < core->port_count; i++) {
                if (!policy_port_candidate(core, &core->ports[i]))
                        continue;
                if (only)
                        return NULL;
                only = &core->ports[i];
        }
        return only;
}

const struct model_port *policy_router_port(const struct core *core,
                                            const struct model_router *router)
{
        const struct model_router *root = model_router_root(core, router);

        for (uint32_t i = 0; root && i < core->port_count; i++)
                if (core->ports[i].found.sbdf == root->port && core->ports[i].external)
                        return &core->ports[i];
        return port_only(core);
}

bool policy_router_reaches(const struct core *core, const struct model_router *router,
                           const struct model_port *port)
{
        const struct model_port *known = policy_router_port(core, router);

        if (known)
                return port == known;
        for (uint32_t i = 0; i < core->router_count; i++)
                if (core->routers[i].port == port->found.sbdf &&
                    model_router_open(core, &core->routers[i]))
                        return false; /* it is taken */
        return policy_port_candidate(core, port);
}

/* The only router that can be in front of what is below the port. False: which one is not known; NULL: none. */
static bool port_router(const struct core *core, const struct model_port *port,
                        const struct model_router **ret_router)
{
        const struct model_router *found = NULL;

        if (!core->routers_once || core->routers_truncated)
                return false;
        for (uint32_t i = 0; i < core->router_count; i++) {
                const struct model_router *router = &core->routers[i];

                if (!model_router_open(core, router) || !policy_router_reaches(core, router, port))
                        continue;
                if (policy_router_port(core, router) != port || found)
                        return false;
                found = router;
        }
        *ret_router = found;
        return true;
}

/* What shows itself while a router's tunnel is awaited counts as brought by that one, whoever of its chain did. */
void policy_function_route(struct core *core, const struct model_port *port,
                           struct model_function *function)
{
        const struct model_router *router = NULL;

        if (function->routed)
                return;
        for (uint32_t i = 0; i < core->router_count; i++)
                if (core->routers[i].awaited && policy_router_port(core, &core->routers[i]) == port)
                        router = &core->routers[i];
        if (!router && !port_router(core, port, &router))
                return;
        function->routed = true;
        if (router)
                function->router = model_router_name(router);
}

/* What it says that it is, and the kernel vouches for by having challenged it with the key that we have. */
static enum policy_key key_alone(const struct model_router *router)
{
        if (router->changed || router->refuted)
                return POLICY_KEY_NONE;
        switch (router->facts.enrolled) {
        case ENROLLED_UNKNOWN:
        case ENROLLED_NO:
                return POLICY_KEY_NONE;
        case ENROLLED_YES:
        case ENROLLED_NEW_KEY:
                return POLICY_KEY_CLAIMED;
        case ENROLLED_KEY:
                break;
        }
        return router->facts.authorized == AUTHORIZED_CHALLENGED &&
                               router->facts.key == ROUTER_KEY_OURS
                       ? POLICY_KEY_VERIFIED
                       : POLICY_KEY_CLAIMED;
}

enum policy_key policy_router_key(const struct core *core, const struct model_router *router)
{
        enum policy_key key = key_alone(router);

        while (model_router_depth(router) > 1) {
                router = model_router_parent(core, router);
                if (!router)
                        return POLICY_KEY_NONE;
                if (key_alone(router) < key)
                        key = key_alone(router);
        }
        return key;
}

struct policy_router policy_router_facts(const struct core *core, const struct model_router *router,
                                         char ret_unique_id[static POLICY_UNIQUE_ID_SIZE])
{
        struct base_text text = base_text_on(ret_unique_id, POLICY_UNIQUE_ID_SIZE);

        base_text_add_uuid(&text, router->facts.unique_id);
        return (struct policy_router){ .unique_id = ret_unique_id,
                                       .vendor_name = router->facts.vendor_name,
                                       .device_name = router->facts.device_name,
                                       .key = policy_router_key(core, router) };
}

enum effect_authorize policy_router_authorize(const struct model_router *router)
{
        if (router->facts.takes_key && router->facts.enrolled == ENROLLED_KEY)
                return AUTHORIZE_CHALLENGE;
        if (router->facts.takes_key && router->facts.enrolled == ENROLLED_NEW_KEY)
                return AUTHORIZE_GIVE_KEY;
        return AUTHORIZE_PLAIN;
}

/* By what is known before anything of it is on PCI. What it can prove is open until it was challenged. */
static void router_weigh(struct core *core, struct model_router *router)
{
        const struct model_port *port = policy_router_port(core, router);
        char unique_id[POLICY_UNIQUE_ID_SIZE];
        struct policy_router said = policy_router_facts(core, router, unique_id);
        struct policy_facts facts = { .known = POLICY_KNOWN_ROUTER | POLICY_KNOWN_MINUTE |
                                               policy_session_known(core->session),
                                      .session = core->session,
                                      .minute = router->minute,
                                      .at_boot = router->facts.boot,
                                      .router = &said };
        struct policy_decision decision;

        if (port) {
                facts.known |= POLICY_KNOWN_PORT;
                facts.port = port->found.sbdf;
                facts.path = port->found.path;
        }
        if (policy_router_authorize(router) != AUTHORIZE_CHALLENGE ||
            router->facts.authorized == AUTHORIZED_CHALLENGED)
                facts.known |= POLICY_KNOWN_KEY;
        router->weighed = true;
        router->verdict = VERDICT_QUARANTINE;
        router->rule = 0;
        router->named = false;
        if (!core->rules || !policy_rules_decide(core->rules, &facts, &decision))
                return;
        router->verdict = decision.verdict;
        if (decision.rule == POLICY_RULE_NONE)
                return;
        router->rule = decision.rule + 1;
        router->named = policy_rules_router(core->rules, decision.rule);
}

void policy_routers_weigh(struct core *core)
{
        for (uint32_t i = 0; i < core->router_count; i++)
                if (!core->routers[i].weighed)
                        router_weigh(core, &core->routers[i]);
}

/* What speaks against it, whoever wants it. */
static enum record_reason router_veto(const struct core *core, const struct model_router *router)
{
        switch (model_router_security(core, router)) {
        case SECURITY_NONE:
                return REASON_NO_THIRD_DOOR;
        case SECURITY_DPONLY:
        case SECURITY_USBONLY:
        case SECURITY_NOPCIE:
                return REASON_NO_TUNNELS;
        case SECURITY_UNKNOWN:
        case SECURITY_MAX:
                return REASON_SECURITY_UNKNOWN;
        case SECURITY_USER:
        case SECURITY_SECURE:
                break;
        }
        if (core->routers_truncated)
                return REASON_ROUTERS_LIMIT;
        if (!router->facts.readable)
                return REASON_ROUTER_UNREADABLE;
        if (router->changed)
                return REASON_ROUTER_CHANGED;
        if (model_router_twin(core, router))
                return REASON_ROUTER_TWIN;
        if (router->refuted || router->facts.key == ROUTER_KEY_OTHER)
                return REASON_KEY_REJECTED;
        return router->verdict == VERDICT_REJECT ? REASON_REJECTED : REASON_NONE;
}

/* Why the identity store does not let it in, or REASON_NONE. */
static enum record_reason store_bars(const struct model_router *router)
{
        switch (router->facts.enrolled) {
        case ENROLLED_UNKNOWN:
                return REASON_STORE;
        case ENROLLED_NO:
                return REASON_NOT_ENROLLED;
        case ENROLLED_YES:
                break;
        case ENROLLED_NEW_KEY:
        case ENROLLED_KEY:
                if (!router->facts.takes_key)
                        return REASON_KEY_UNCHECKED;
        }
        return router->facts.manual ? REASON_MANUAL : REASON_NONE;
}

enum record_reason policy_router_bars(const struct core *core, const struct model_router *router,
                                      enum record_reason *ret_licence)
{
        enum record_reason veto = router_veto(core, router), bars = REASON_NONE;

        *ret_licence = REASON_REQUESTED;
        if (veto || router->requested)
                return veto;
        if (router->retired)
                return REASON_REQUESTED;
        if (router->verdict == VERDICT_ASK)
                return REASON_ASK;
        *ret_licence = router->named ? REASON_RULE : REASON_ENROLLED;
        if (!router->named)
                bars = core->rules ? store_bars(router) : REASON_RULES_REJECTED;
        return bars ? bars : policy_session_bars(core);
}
