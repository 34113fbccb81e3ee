/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving functions to a guest and taking them back: by request, or by the rules. */
#include <string.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/guests.h"
#include "core/plan/plan.h"
#include "core/policy/policy.h"
#include "core/verify/verify.h"

/* Longer than two tries of a toolstack, so that their reason is the one that is told. */
#define RELEASE_MS 180000u
/** Looks, ever rarer, at what a dead guest still owns: about two minutes, four times what a busy machine took. */
#define ORPHAN_TRIES 11u

static void release_tell(const struct core *core, const struct model_port *port,
                         enum record_kind kind, enum record_reason reason, uint32_t rule,
                         struct effects *effects)
{
        struct record record = model_record(core, kind, reason, port->found.sbdf, BASE_SBDF_NONE);

        memcpy(record.guest, port->guest, sizeof record.guest);
        policy_verdict_rule(core, rule, record.rule);
        core_record_add(effects, &record);
}

bool plan_release_givable(const struct model_port *port, const struct model_function *function)
{
        return function->port == port->found.sbdf && function->listed &&
               function->facts.kind == FUNCTION_ENDPOINT;
}

void plan_release_give(struct model_function *function)
{
        function->given = true;
        function->registered = false;
        function->returned = false;
        function->registration = (struct model_attempt){ 0 };
        function->pciback = (struct model_attempt){ 0 };
        function->attach = (struct model_attempt){ 0 };
        function->detach = (struct model_attempt){ 0 };
}

/* Gives what the address means: one endpoint, or all of them. Returns why not, or REASON_NONE. */
static enum record_reason functions_give(struct core *core, struct model_port *port, uint32_t sbdf)
{
        struct model_function *one = model_function_get(core, port->found.sbdf, sbdf);
        bool any = false;

        if (one && !plan_release_givable(port, one))
                return REASON_BRIDGE;
        for (uint32_t i = 0; i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];

                if (!plan_release_givable(port, function) || (one && one != function))
                        continue;
                if (!function->given)
                        plan_release_give(function);
                any = true;
        }
        return any ? REASON_NONE : REASON_NO_ENDPOINT;
}

/* Why it cannot be given to the guest now, or REASON_NONE. */
static enum record_reason release_bars(const struct core *core, const struct model_port *port,
                                       const char *guest)
{
        enum record_reason bar;

        if (port->trusted)
                return REASON_TRUSTED;
        if (port->guest[0] != '\0' && !base_text_equal(port->guest, guest))
                return REASON_OTHER_GUEST;
        if (port->state == STATE_CONTAINED)
                return port->reason;
        bar = verify_port_bars(core, port); /* before what goes by itself */
        if (bar == REASON_NONE && port->state != STATE_QUARANTINED && port->state != STATE_ASSIGNED)
                return REASON_ARRIVING;
        return bar;
}

static void guest_name(struct model_port *port, const char *guest)
{
        if (port->guest[0] != '\0')
                return;
        (void)base_text_copy(guest, strlen(guest), port->guest, sizeof port->guest);
        port->domid = 0;
        port->guests_fresh = false;
}

static void assign_begin(struct core *core, struct model_port *port,
                         const struct event_request *request, struct effects *effects)
{
        enum record_reason reason = request->guest[0] == '\0'
                                            ? REASON_NO_GUEST
                                            : release_bars(core, port, request->guest);

        if (reason == REASON_NONE)
                reason = functions_give(core, port, request->sbdf);
        if (reason != REASON_NONE) {
                plan_request_answer(request->id, port->found.sbdf, RESULT_FAILED, reason, effects);
                return;
        }
        guest_name(port, request->guest);
        if (port->domid != 0) /* else once it is seen: model/release.c */
                model_memory_renew(port);
        port->request = request->id;
        port->request_verb = REQUEST_ASSIGN;
        port->request_until_ms = core->now_ms + RELEASE_MS;
        release_tell(core, port, RECORD_ASSIGNING, REASON_REQUESTED, 0, effects);
}

/*
 * Whoever attached it, or is about to: here it is asked for. Where Xen does not tell who that is, it is whom xenstore
 * names, unless that would make another guest's rights be forgotten.
 */
static void function_claim(struct model_port *port, struct model_function *function)
{
        uint16_t claimed = function->claimed;
        bool named = claimed != 0 && (function->rights == 0 || function->rights == claimed ||
                                      model_function_contested(port, function));

        if (named && !model_owner_guest(function->owner))
                function->due = true;
        else if (!model_owner_guest(function->owner))
                return;
        function->held = named ? claimed : function->owner;
        if (named)
                model_rights_note(port, function, claimed);
        if (port->guest[0] == '\0')
                port->domid = function->held;
}

/* Is it, or all that is below the port, what a request is about? */
static bool request_names(const struct model_port *port, uint32_t sbdf,
                          const struct model_function *function)
{
        return function->port == port->found.sbdf &&
               (sbdf == port->found.sbdf || sbdf == function->facts.sbdf);
}

static void unassign_begin(struct core *core, struct model_port *port,
                           const struct event_request *request)
{
        for (uint32_t i = 0; i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];

                if (!request_names(port, request->sbdf, function))
                        continue;
                function_claim(port, function);
                function->given = false;
                function->detach = (struct model_attempt){ 0 };
        }
        port->attempts[GOAL_NOTED] = (struct model_attempt){ 0 };
        if (port->trusted) /* what dom0 has, goes as a whole */
                model_release_end(core, port);
        port->withheld = true;
        model_memory_renew(port);
        port->request = request->id;
        port->request_verb = REQUEST_UNASSIGN;
        port->request_sbdf = port->trusted ? port->found.sbdf : request->sbdf;
        port->request_until_ms = core->now_ms + RELEASE_MS;
}

void plan_release_request(struct core *core, struct model_port *port,
                          const struct event_request *request, struct effects *effects)
{
        if (request->verb == REQUEST_ASSIGN)
                assign_begin(core, port, request, effects);
        else
                unassign_begin(core, port, request);
}

/* The guest of the first function that the rules give away, and which rule that was; "" where there is none. */
static const char *rules_guest(const struct core *core, const struct model_port *port,
                               uint32_t *ret_rule)
{
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];

                if (!plan_release_givable(port, function) || function->verdict != VERDICT_ASSIGN)
                        continue;
                *ret_rule = function->rule;
                return policy_verdict_guest(core, function->rule);
        }
        *ret_rule = 0;
        return "";
}

/* One hierarchy, one guest: what a rule of another guest is about stays in quarantine. */
static void rules_give(struct core *core, struct model_port *port, const char *guest)
{
        for (uint32_t i = 0; i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];

                if (plan_release_givable(port, function) && function->verdict == VERDICT_ASSIGN &&
                    base_text_equal(policy_verdict_guest(core, function->rule), guest))
                        plan_release_give(function);
        }
}

void plan_release_rules(struct core *core, const struct event *event, struct effects *effects)
{
        for (uint32_t i = 0; event->kind == EVENT_GUESTS && i < core->port_count; i++) {
                struct model_port *port = &core->ports[i];
                const char *guest;
                uint32_t rule;

                if (!port->external || port->exposed || port->withheld || port->guest[0] != '\0' ||
                    port->request != 0 || port->state != STATE_QUARANTINED ||
                    (port->verdict != VERDICT_QUARANTINE && port->verdict != VERDICT_ASSIGN) ||
                    port->verdict_why != REASON_NONE)
                        continue;
                guest = rules_guest(core, port, &rule);
                if (guest[0] == '\0' || !event_guest_find(&event->guests, guest) ||
                    release_bars(core, port, guest))
                        continue;
                guest_name(port, guest);
                rules_give(core, port, guest);
                release_tell(core, port, RECORD_ASSIGNING, REASON_NONE, rule, effects);
        }
}

/* Of what is asked back: has it still to be, from its guest or from dom0, or is it bound to pciback? */
static bool function_returns(const struct core *core, const struct model_port *port,
                             const struct model_function *function)
{
        return request_names(port, port->request_sbdf, function) && !function->given &&
               (model_function_returns(port, function) || model_function_pciback(function) ||
                !verify_function_revoked(core, port, function) ||
                (function->returned && !verify_function_quarantined(function)));
}

static bool port_returns(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (function_returns(core, port, &core->functions[i]))
                        return true;
        return false;
}

/* The guest's stay ends when nothing below is given to it or has still to be taken from it. */
static void stay_end(struct core *core, struct model_port *port, struct effects *effects)
{
        if (port->guest[0] == '\0' || !port->inventory_once || verify_port_given(core, port))
                return;
        for (uint32_t i = 0; i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];

                if (function->port != port->found.sbdf)
                        continue;
                if (model_function_orphaned(port, function) &&
                    function->detach.tries >= ORPHAN_TRIES)
                        function->held = 0; /* it is another guest's by now */
                if (model_function_returns(port, function) ||
                    model_function_unasked(core, function))
                        return;
                if (!verify_function_revoked(core, port, function) &&
                    function->revocation.tries < VERIFY_TRIES)
                        return; /* else it is told, and tried again, whoever's stay it is */
        }
        release_tell(core, port, RECORD_UNASSIGNED,
                     port->domid == 0 ? REASON_GUEST_GONE : REASON_NONE, 0, effects);
        memset(port->guest, 0, sizeof port->guest);
        port->domid = 0;
        port->guests_fresh = false;
        model_memory_renew(port);
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf)
                        core->functions[i].held = 0;
}

/* What did not reach the guest is nobody's again; if all did, it was the port that failed. */
static void assign_undo(struct core *core, struct model_port *port)
{
        bool any = false;

        for (uint32_t i = 0; i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];

                if (function->port != port->found.sbdf || !function->given ||
                    verify_function_assigned(port, function))
                        continue;
                function->given = false;
                any = true;
        }
        if (any)
                model_memory_renew(port);
        else
                model_release_end(core, port);
}

/* Why the assignment that is under way has failed, or REASON_NONE. */
static enum record_reason assign_failure(const struct core *core, const struct model_port *port,
                                         enum model_state state, enum record_reason why)
{
        enum record_reason bars = verify_port_bars(core, port);

        if (!port->up)
                return REASON_NO_LINK;
        if (port->leaving)
                return REASON_REQUESTED;
        if (!verify_port_given(core, port))
                return REASON_GUEST_GONE;
        if (port->guests_fresh && port->domid == 0)
                return REASON_NO_GUEST;
        if (bars)
                return bars;
        if (state == STATE_CONTAINED && port->token == 0)
                return why;
        return core->now_ms >= port->request_until_ms ? REASON_TIMEOUT : REASON_NONE;
}

/* Why what is asked back does not come, or REASON_NONE: not for what is contained beside it. */
static enum record_reason unassign_failure(const struct core *core, const struct model_port *port)
{
        enum record_reason reason = REASON_NONE;

        if (port->token == 0)
                reason = verify_port_failure(core, port);
        for (uint32_t i = 0; port->token == 0 && !reason && i < core->function_count; i++)
                if (function_returns(core, port, &core->functions[i]))
                        reason = verify_function_failure(core, port, &core->functions[i]);
        if (!reason && core->now_ms >= port->request_until_ms)
                reason = REASON_TIMEOUT;
        return reason;
}

void plan_release_advance(struct core *core, struct model_port *port, struct effects *effects)
{
        bool assigns = port->request_verb == REQUEST_ASSIGN, done;
        enum record_reason reason, why;
        enum model_state state;

        stay_end(core, port, effects);
        if (port->request == 0 || port->request_verb == REQUEST_EJECT)
                return;
        state = verify_port_state(core, port, &why);
        done = assigns ? state == STATE_ASSIGNED && port->registers_fresh
                       : !port_returns(core, port) && port->owners_fresh && port->inventory_fresh;
        reason = assigns ? assign_failure(core, port, state, why) : unassign_failure(core, port);
        if (!done && reason == REASON_NONE)
                return;
        if (!done && assigns)
                assign_undo(core, port);
        plan_request_answer(port->request, port->found.sbdf, done ? RESULT_DONE : RESULT_FAILED,
                            done ? REASON_NONE : reason, effects);
        port->request = 0;
        if (port->guest[0] == '\0')
                port->domid = 0;
}
