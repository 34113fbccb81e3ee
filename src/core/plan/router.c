/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt routers: list them, let one in behind closed ports, wait for what it brings; and what people ask for. */
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/plan/plan.h"
#include "core/policy/policy.h"
#include "core/verify/verify.h"

/* Some hundred attributes, which are the kernel's memory; a worker's start on a busy machine takes longer. */
#define LIST_MS 20000u
/* A storm of uevents makes a list so often, and no oftener. */
#define LIST_AGAIN_MS 200u
/* The kernel makes the tunnel before the write returns, and asks the router more than once. */
#define AUTHORIZE_MS 30000u
#define STORE_MS 5000u
#define GRACE_MS 5000u /* the edge's own deadline comes first; this is for an edge that forgot */
#define REQUEST_MS 90000u
/* What a router behind another brings shows itself to nobody: after so long it is looked for (PCIe Base Spec 6.6.1). */
#define SCAN_MS VERIFY_SETTLE_BLIND_MS

static bool router_effect(struct core *core, struct effect *effect, struct effects *effects)
{
        effect->port = effect->function = BASE_SBDF_NONE;
        effect->token = ++core->token_next ? core->token_next : ++core->token_next;
        if (!core_effect_add(effects, effect))
                return false; /* no room: with the next event */
        core->router_token = effect->token;
        core->router_pending = effect->kind;
        core->router_pending_name = effect->router;
        core->router_until_ms = core->now_ms + effect->deadline_ms + GRACE_MS;
        return true;
}

static bool list_advance(struct core *core, struct effects *effects)
{
        struct effect effect = { .kind = EFFECT_ROUTERS, .deadline_ms = LIST_MS };

        if (core->routers_fresh || core->listing.retry_at_ms > core->now_ms)
                return false;
        core->routers_dirty = false;
        plan_attempt_count(core, &core->listing);
        if (core->listing.retry_at_ms < core->now_ms + LIST_AGAIN_MS)
                core->listing.retry_at_ms = core->now_ms + LIST_AGAIN_MS;
        return router_effect(core, &effect, effects);
}

static void router_tell(const struct core *core, enum record_kind kind, enum record_reason reason,
                        const struct model_router *router, uint32_t port, struct effects *effects)
{
        struct record record = model_router_record(core, kind, reason, router);

        record.port = port;
        policy_verdict_rule(core, router->rule, record.rule);
        core_record_add(effects, &record);
}

static bool authorize(struct core *core, struct model_router *router, enum record_reason licence,
                      struct effects *effects)
{
        struct effect effect = { .kind = EFFECT_AUTHORIZE,
                                 .deadline_ms = AUTHORIZE_MS,
                                 .router = model_router_name(router),
                                 .authorize = policy_router_authorize(router) };

        if (!router_effect(core, &effect, effects))
                return false;
        router_tell(core, RECORD_ROUTER_AUTHORIZING, licence, router, BASE_SBDF_NONE, effects);
        plan_attempt_count(core, &router->attempt);
        router->asked = router->awaited = true;
        router->word = licence == REASON_REQUESTED ? WORD_REQUEST
                       : licence == REASON_RULE    ? WORD_RULE
                                                   : WORD_STORE;
        router->scanned = false;
        router->asked_at_ms = core->now_ms;
        router->tunnel_at_ms = 0;
        return true;
}

/* What it brings has to be enumerated below a port that is up already, and tells nobody. A look that failed is none. */
static void scan_begin(struct core *core, struct model_router *router)
{
        bool first = !router->scanned;

        if (model_router_depth(router) == 1 || router->tunnel_at_ms == 0 ||
            core->now_ms - router->tunnel_at_ms < SCAN_MS)
                return;
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].token != 0 && core->ports[i].pending == EFFECT_RESCAN)
                        return; /* its end would count for what it may have come too early for */
        router->scanned = true;
        for (uint32_t i = 0; i < core->port_count; i++) {
                struct model_port *port = &core->ports[i];

                if (!port->up || !policy_router_reaches(core, router, port))
                        continue;
                if (first)
                        port->attempts[GOAL_RESCAN] = (struct model_attempt){ 0 };
                else if (port->attempts[GOAL_RESCAN].error == 0)
                        continue;
                port->rescanned = 0;
        }
}

/* At which port did something appear since? One next to the host says so of all that are behind it. */
static void port_learn(struct core *core, struct model_router *router, struct effects *effects)
{
        uint32_t found = BASE_SBDF_NONE, count = 0;

        if (model_router_depth(router) != 1 || router->ambiguous)
                return;
        for (uint32_t i = 0; i < core->port_count; i++) {
                const struct model_port *port = &core->ports[i];

                if (!policy_port_candidate(core, port) || !port->occupied ||
                    port->occupied_since_ms < router->asked_at_ms)
                        continue;
                found = port->found.sbdf;
                count++;
        }
        if (count == 0 || (count == 1 && router->port == found))
                return;
        router->ambiguous = count > 1;
        router->port = count > 1 ? BASE_SBDF_NONE : found;
        core->routers_renewed = true;
        model_routers_reweigh(core);
        router_tell(core, count > 1 ? RECORD_ROUTER_AMBIGUOUS : RECORD_ROUTER_PORT, REASON_NONE,
                    router, router->port, effects);
}

static void awaited_advance(struct core *core, struct effects *effects)
{
        for (uint32_t i = 0; i < core->router_count; i++) {
                struct model_router *router = &core->routers[i];

                if (!router->awaited)
                        continue;
                port_learn(core, router, effects);
                scan_begin(core, router);
                if (verify_router_settled(core, router))
                        router->awaited = false;
        }
}

/* The one nearest to the host, of those that may be authorized now. */
static bool authorize_advance(struct core *core, struct effects *effects)
{
        struct model_router *next = NULL;
        enum record_reason licence, next_licence = REASON_NONE;

        for (uint32_t i = 0; i < core->router_count; i++) {
                struct model_router *router = &core->routers[i];

                if (router->awaited || router->facts.authorized != AUTHORIZED_NO ||
                    router->attempt.retry_at_ms > core->now_ms ||
                    policy_router_bars(core, router, &licence) ||
                    verify_router_waits(core, router) ||
                    (next && model_router_depth(next) <= model_router_depth(router)))
                        continue;
                next = router;
                next_licence = licence;
        }
        return next && authorize(core, next, next_licence, effects);
}

static bool domain_deauthorizes(const struct core *core, const struct model_router *router)
{
        for (uint32_t i = 0; i < core->domain_count; i++)
                if (core->domains[i].number == router->facts.domain)
                        return core->domains[i].deauthorizes;
        return false;
}

/* Is it to be deauthorized: was what it brought ejected? Not where the port is only guessed: it may be another's. */
static bool router_leaves(const struct core *core, const struct model_router *router)
{
        const struct model_port *port = policy_router_port(core, router);

        return port && port->ejected && router->facts.authorized != AUTHORIZED_NO &&
               domain_deauthorizes(core, router);
}

/* That it is not to come back by itself is decided, and remembered, before it leaves. */
static void leaving_retire(struct core *core)
{
        for (uint32_t i = 0; i < core->router_count; i++) {
                struct model_router *router = &core->routers[i];

                if (router->retired || !router_leaves(core, router))
                        continue;
                router->retired = core->routers_renewed = true;
                router->requested = false;
        }
}

/* Of those that leave, the last of a chain first. */
static bool deauthorize_advance(struct core *core, struct effects *effects)
{
        struct effect effect = { .kind = EFFECT_DEAUTHORIZE, .deadline_ms = AUTHORIZE_MS };
        struct model_router *last = NULL;

        for (uint32_t i = 0; i < core->router_count; i++) {
                struct model_router *router = &core->routers[i];

                if (!router_leaves(core, router) || router->attempt.retry_at_ms > core->now_ms ||
                    (last && model_router_depth(last) >= model_router_depth(router)))
                        continue;
                last = router;
        }
        if (!last)
                return false;
        effect.router = model_router_name(last);
        if (!router_effect(core, &effect, effects))
                return false;
        plan_attempt_count(core, &last->attempt);
        return true;
}

/* Into the state file. Where that fails everything goes on: the next daemon knows less. */
static bool remember_advance(struct core *core, struct effects *effects)
{
        struct effect effect = { .kind = EFFECT_REMEMBER, .deadline_ms = PLAN_REMEMBER_MS };

        /* Not before all that an earlier daemon remembered was looked at: it would be lost. */
        if (!core->routers_renewed || core->memory_router_count > 0 ||
            core->remembering.retry_at_ms > core->now_ms || !router_effect(core, &effect, effects))
                return false;
        core->routers_renewed = false;
        plan_attempt_count(core, &core->remembering);
        return true;
}

static bool store_advance(struct core *core, struct effects *effects)
{
        struct model_router_request *request = &core->router_request;
        struct effect effect = { .kind = EFFECT_FORGET,
                                 .deadline_ms = STORE_MS,
                                 .router = request->router,
                                 .manual = request->manual };
        const struct model_router *router = model_router_get(core, &request->router);

        if (request->id == 0 || request->acted || request->verb == REQUEST_AUTHORIZE)
                return false;
        if (request->verb == REQUEST_ENROLL) {
                effect.kind = EFFECT_ENROLL;
                effect.new_key = router && router->facts.takes_key;
        }
        return router_effect(core, &effect, effects);
}

static void request_end(struct core *core, enum effect_result result, enum record_reason reason,
                        struct effects *effects)
{
        struct model_router *router = model_router_get(core, &core->router_request.router);

        if (router) /* once, not for as long as it is there */
                router->requested = false;
        plan_request_answer(core->router_request.id, BASE_SBDF_NONE, result, reason, effects);
        memset(&core->router_request, 0, sizeof core->router_request);
}

static void authorize_answer(struct core *core, struct model_router *router,
                             struct effects *effects)
{
        enum record_reason licence, bars = policy_router_bars(core, router, &licence);

        if (router->facts.authorized == AUTHORIZED_YES ||
            router->facts.authorized == AUTHORIZED_CHALLENGED)
                request_end(core, RESULT_DONE, REASON_NONE, effects);
        else if (bars)
                request_end(core, RESULT_FAILED, bars, effects);
        else if (core->now_ms >= core->router_request.until_ms)
                request_end(core, RESULT_FAILED,
                            router->awaited ? REASON_TIMEOUT : verify_router_waits(core, router),
                            effects);
}

/* What the store was asked counts when it is listed so; of what is not there, by its own word that it was read back. */
static void store_answer(struct core *core, const struct model_router *router,
                         struct effects *effects)
{
        const struct model_router_request *request = &core->router_request;
        bool enrolled = router && router->facts.enrolled > ENROLLED_NO &&
                        router->facts.manual == request->manual;

        if (request->acted && request->error == ENOENT && request->verb == REQUEST_FORGET)
                request_end(core, RESULT_UNKNOWN, REASON_NONE, effects);
        else if (request->acted && request->error)
                request_end(core, RESULT_FAILED, REASON_STORE, effects);
        else if (request->acted && request->verb == REQUEST_FORGET)
                request_end(core, RESULT_DONE, REASON_NONE, effects);
        else if (request->acted && core->routers_fresh)
                request_end(core, enrolled ? RESULT_DONE : RESULT_FAILED,
                            enrolled ? REASON_NONE : REASON_STORE, effects);
        else if (core->now_ms >= request->until_ms)
                request_end(core, RESULT_FAILED, REASON_TIMEOUT, effects);
}

static void request_advance(struct core *core, struct effects *effects)
{
        struct model_router *router = model_router_get(core, &core->router_request.router);

        if (core->router_request.id == 0)
                return;
        if (!router && core->router_request.verb != REQUEST_FORGET)
                request_end(core, RESULT_FAILED, REASON_ROUTER_GONE, effects);
        else if (core->router_request.verb == REQUEST_AUTHORIZE)
                authorize_answer(core, router, effects);
        else
                store_answer(core, router, effects);
}

/* The router that somebody means: by its place, or by a unique ID that no other says to have. */
static struct model_router *router_meant(struct core *core, const struct record_router *name)
{
        struct model_router *found = NULL;

        for (uint32_t i = 0; i < core->router_count; i++) {
                struct model_router *router = &core->routers[i];

                if (name->route != 0 ? router->facts.domain != name->domain ||
                                               router->facts.route != name->route
                                     : memcmp(router->facts.unique_id, name->unique_id,
                                              sizeof name->unique_id) != 0)
                        continue;
                if (found)
                        return NULL;
                found = router;
        }
        return found;
}

void plan_router_request(struct core *core, const struct event_request *request,
                         struct effects *effects)
{
        struct model_router *router = router_meant(core, &request->router);
        struct model_router_request *to = &core->router_request;

        if (core->router_request.id != 0 || (!router && request->verb != REQUEST_FORGET)) {
                plan_request_answer(request->id, BASE_SBDF_NONE,
                                    core->router_request.id != 0 ? RESULT_BUSY : RESULT_UNKNOWN,
                                    REASON_NONE, effects);
                return;
        }
        if (request->verb == REQUEST_ENROLL && !router->facts.readable) {
                plan_request_answer(request->id, BASE_SBDF_NONE, RESULT_FAILED,
                                    REASON_ROUTER_UNREADABLE, effects);
                return;
        }
        memset(to, 0, sizeof *to); /* padding too: the same events leave the same bytes */
        to->id = request->id;
        to->verb = request->verb;
        to->router = router && request->verb != REQUEST_FORGET ? model_router_name(router)
                                                               : request->router;
        to->manual = request->manual;
        to->until_ms = core->now_ms + REQUEST_MS;
        if (request->verb == REQUEST_AUTHORIZE) {
                router->requested = true;
                core->routers_renewed = core->routers_renewed || router->retired;
                router->retired = false;
                router->attempt = (struct model_attempt){ 0 };
        }
}

void plan_routers_advance(struct core *core, struct effects *effects)
{
        if (!core->configured)
                return;
        if (core->router_token != 0 && core->now_ms >= core->router_until_ms)
                model_routers_lost(core, effects);
        model_memory_routers_place(core);
        awaited_advance(core, effects);
        request_advance(core, effects);
        if (core->router_token != 0 || list_advance(core, effects) || !core->routers_fresh)
                return;
        leaving_retire(core);
        if (remember_advance(core, effects))
                return;
        if (store_advance(core, effects) || deauthorize_advance(core, effects))
                return;
        (void)authorize_advance(core, effects);
}
