/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orderly removal: by request or by attention button. Every request gets exactly one answer. */
#include "base/assert.h"
#include "base/sbdf.h"
#include "core/plan/plan.h"
#include "core/policy/policy.h"
#include "core/verify/verify.h"

#define REQUEST_MS \
        90000u /* longer than the removal's own deadline, so that its reason is the one that is told */
#define BUTTON_MS 5000u /* PCIe Base Spec 6.7.1.5: the abort interval */

void plan_request_answer(uint64_t request, uint32_t port, enum effect_result result,
                         enum record_reason reason, struct effects *effects)
{
        struct effect effect = { .kind = EFFECT_REPLY,
                                 .port = port,
                                 .function = BASE_SBDF_NONE,
                                 .request = request,
                                 .result = result,
                                 .reason = reason };

        (void)core_effect_add(effects, &effect);
}

/* The external port that the address means: itself, or the one above the function. */
static struct model_port *request_port(struct core *core, uint32_t sbdf)
{
        struct model_port *port = model_port_get(core, sbdf);

        if (port)
                return port->external ? port : NULL;
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].facts.sbdf == sbdf)
                        return model_port_get(core, core->functions[i].port);
        return NULL;
}

/* What somebody else attached to a guest is for him to take away. */
static bool port_in_use(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    !model_function_held(&core->functions[i]) &&
                    model_owner_guest(core->functions[i].owner))
                        return true;
        return false;
}

static void removal_begin(struct core *core, struct model_port *port)
{
        port->leaving = true;
        port->button_at_ms = 0;
        model_release_end(core, port); /* first the guest */
        model_memory_renew(port);
        model_port_doubt(port);
        model_port_forgive(core, port);
}

void plan_request_apply(struct core *core, const struct event *event, struct effects *effects)
{
        enum record_reason bars;
        struct model_port *port;
        struct record record;

        if (event->kind != EVENT_REQUEST)
                return;
        if (event->request.verb > REQUEST_UNASSIGN && event->request.verb < REQUEST_MAX) {
                plan_router_request(core, &event->request, effects);
                return;
        }
        port = request_port(core, event->request.sbdf);
        if (!port || event->request.verb >= REQUEST_MAX) {
                plan_request_answer(event->request.id, event->request.sbdf, RESULT_UNKNOWN,
                                    REASON_NONE, effects);
                return;
        }
        if (port->request != 0) {
                plan_request_answer(event->request.id, port->found.sbdf, RESULT_BUSY, REASON_NONE,
                                    effects);
                return;
        }
        if (port->exposed) {
                plan_request_answer(event->request.id, port->found.sbdf, RESULT_FAILED,
                                    port->exposed, effects);
                return;
        }
        bars = event->request.verb == REQUEST_ASSIGN ? REASON_NONE : policy_use_bars(core, port);
        if (bars) {
                plan_request_answer(event->request.id, port->found.sbdf, RESULT_FAILED, bars,
                                    effects);
                return;
        }
        if (event->request.verb != REQUEST_EJECT) {
                plan_release_request(core, port, &event->request, effects);
                return;
        }
        if (port_in_use(core, port)) {
                plan_request_answer(event->request.id, port->found.sbdf, RESULT_FAILED,
                                    REASON_OWNED_BY_GUEST, effects);
                return;
        }
        port->request = event->request.id;
        port->request_verb = REQUEST_EJECT;
        port->request_until_ms = core->now_ms + REQUEST_MS;
        record = model_record(core, RECORD_REMOVAL_ORDERLY, REASON_REQUESTED, port->found.sbdf,
                              BASE_SBDF_NONE);
        core_record_add(effects, &record);
        removal_begin(core, port);
}

/* A rule wants it out. Nothing is enumerated where the port's own facts are enough to know. */
static void rejection_advance(struct core *core, struct model_port *port, struct effects *effects)
{
        uint32_t functions;
        struct record record;

        if (port->verdict != VERDICT_REJECT || !port->occupied || port->exposed || port->leaving ||
            port->ejected || port_in_use(core, port))
                return;
        functions = model_function_count(core, port);
        if (functions == 0 && !port->inventory_fresh)
                return;
        record = model_record(core, RECORD_REJECTED, REASON_REJECTED, port->found.sbdf,
                              BASE_SBDF_NONE);
        record.count = functions;
        policy_verdict_rule(core, port->verdict_rule, record.rule);
        core_record_add(effects, &record);
        if (functions > 0)
                removal_begin(core, port);
        else
                port->ejected = true;
}

static bool eject_wanted(const struct model_port *port)
{
        return port->request != 0 && port->request_verb == REQUEST_EJECT;
}

static void removal_end(struct core *core, struct model_port *port, enum effect_result result,
                        enum record_reason reason, struct effects *effects)
{
        struct record record;

        port->leaving = result != RESULT_DONE && port->verdict == VERDICT_REJECT;
        model_memory_renew(port);
        if (result == RESULT_DONE) {
                port->ejected = port->occupied;
                record = model_record(core, RECORD_EJECTED, reason, port->found.sbdf,
                                      BASE_SBDF_NONE);
                core_record_add(effects, &record);
        } else {
                model_port_doubt(port);
        }
        if (!eject_wanted(port))
                return; /* another request ends by itself: plan_release_advance */
        plan_request_answer(port->request, port->found.sbdf, result, reason, effects);
        port->request = 0;
}

static void removal_advance(struct core *core, struct model_port *port, struct effects *effects)
{
        enum record_reason reason;
        enum model_state state;
        bool wanted; /* by somebody who can be told that it failed; else it is tried for ever */

        rejection_advance(core, port, effects);
        if (port->button_at_ms && core->now_ms - port->button_at_ms >= BUTTON_MS)
                removal_begin(core, port);
        if (!port->leaving)
                return;
        state = verify_port_state(core, port, &reason);
        wanted = eject_wanted(port) || port->verdict != VERDICT_REJECT;
        if (verify_port_bare(core, port) && verify_goal_met(core, port, GOAL_SLOT, NULL))
                removal_end(core, port, RESULT_DONE, REASON_NONE, effects);
        else if (state == STATE_CONTAINED && wanted)
                removal_end(core, port, RESULT_FAILED, reason, effects);
        else if (eject_wanted(port) && core->now_ms >= port->request_until_ms)
                removal_end(core, port, RESULT_FAILED, REASON_TIMEOUT, effects);
}

static void port_lost(struct model_port *port, struct effects *effects)
{
        plan_request_answer(port->request, port->found.sbdf, RESULT_FAILED, port->why, effects);
        port->request = 0;
}

void plan_requests_advance(struct core *core, struct effects *effects)
{
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].external) {
                        removal_advance(core, &core->ports[i], effects);
                        plan_release_advance(core, &core->ports[i], effects);
                } else if (core->ports[i].request != 0) { /* another port guards it now */
                        port_lost(&core->ports[i], effects);
                }
}
