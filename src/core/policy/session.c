/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is somebody at the machine? What follows from logind's sessions, and for whom. */
#include "base/assert.h"
#include "base/sbdf.h"
#include "core/policy/policy.h"

/* Is a person logged in by it? One of a class that we do not know may be a person's. */
static bool session_personal(const struct event_session *session)
{
        return session->state != SESSION_STATE_CLOSING && session->class != SESSION_CLASS_GREETER &&
               session->class != SESSION_CLASS_OTHER;
}

/* The one that has the seat. */
static enum record_session active_derive(const struct event_session *session,
                                         enum record_reason *ret_why)
{
        if (session->class != SESSION_CLASS_USER || session->locked == FACT_UNKNOWN) {
                *ret_why = REASON_SESSIONS_UNREADABLE;
                return SESSION_UNKNOWN;
        }
        *ret_why = session->locked == FACT_YES ? REASON_LOCKED_HINT : REASON_PRESENT;
        return session->locked == FACT_YES ? SESSION_LOCKED : SESSION_UNLOCKED;
}

/* A login screen that has the seat while somebody is logged in is what "switch user" leaves: nobody is seen there. */
static enum record_session list_derive(const struct event_sessions *sessions,
                                       enum record_reason *ret_why)
{
        const struct event_session *active = NULL;
        bool personal = false;

        for (uint32_t i = 0; i < sessions->count; i++) {
                const struct event_session *session = &sessions->sessions[i];

                *ret_why = session->state == SESSION_STATE_UNKNOWN ? REASON_SESSIONS_UNREADABLE
                                                                   : REASON_SESSIONS_CONTRADICT;
                if (session->state == SESSION_STATE_UNKNOWN ||
                    (session->state == SESSION_STATE_ACTIVE && active))
                        return SESSION_UNKNOWN;
                personal |= session_personal(session);
                if (session->state == SESSION_STATE_ACTIVE)
                        active = session;
        }
        if (active &&
            (active->class == SESSION_CLASS_USER || active->class == SESSION_CLASS_UNKNOWN))
                return active_derive(active, ret_why);
        *ret_why = personal ? REASON_AWAY : REASON_NOBODY;
        return personal ? SESSION_LOCKED : SESSION_NONE;
}

enum record_session policy_session_derive(const struct event_sessions *sessions,
                                          enum record_reason *ret_why)
{
        base_assert(sessions->count <= LIMIT_SESSIONS);
        switch (sessions->status) {
        case SESSIONS_ABSENT:
                *ret_why = REASON_NO_LOGIND;
                return SESSION_NONE;
        case SESSIONS_LISTED:
                if (!sessions->truncated)
                        return list_derive(sessions, ret_why);
                break;
        case SESSIONS_UNKNOWN:
                break;
        }
        *ret_why = REASON_SESSIONS_UNREADABLE;
        return SESSION_UNKNOWN;
}

uint32_t policy_session_known(enum record_session session)
{
        return session == SESSION_UNKNOWN ? 0 : POLICY_KNOWN_SESSION;
}

static bool rules_ask(const struct core *core)
{
        return core->rules && policy_rules_session(core->rules);
}

/* What was rejected in another session: it may not be in this one. While nothing is known it stays so. */
static void rejected_retry(struct core *core)
{
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].verdict == VERDICT_REJECT &&
                    core->ports[i].session != core->session)
                        model_port_retry(core, &core->ports[i]);
}

void policy_session_judge(struct core *core, const struct event *event, struct effects *effects)
{
        enum record_session before = core->session;
        enum record_reason why;
        struct record record;

        if (event->kind != EVENT_SESSIONS)
                return;
        core->session = policy_session_derive(&core->sessions, &why);
        if (core->session == before && core->session_why == why)
                return;
        core->session_why = why;
        record = model_record(core, RECORD_SESSION, why, BASE_SBDF_NONE, BASE_SBDF_NONE);
        record.count = core->session;
        core_record_add(effects, &record);
        model_routers_reweigh(core);
        if (core->session != SESSION_UNKNOWN && rules_ask(core))
                rejected_retry(core);
}

enum record_reason policy_session_bars(const struct core *core)
{
        if (core->session == SESSION_LOCKED && !core->config.while_locked)
                return REASON_SESSION_LOCKED;
        if (core->session == SESSION_UNKNOWN && (!core->config.while_locked || rules_ask(core)))
                return REASON_SESSION_UNKNOWN;
        return REASON_NONE;
}
