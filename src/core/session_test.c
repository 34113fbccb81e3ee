/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who sits at the machine: what follows from logind's sessions, and what waits for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/policy/policy.h"
#include "core/step.h"
#include "world/world.h"

#define DOCK 1u
#define REJECT_LOCKED "reject if session = locked\n"

static struct world world;

static int begin(void **state)
{
        (void)state;
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
        return 0;
}

static void derived(const char *list, enum record_session expected, enum record_reason why)
{
        static const char classes[] = "?ugso", states[] = "?o-ac"; /* by their numbers */
        struct event_sessions sessions = { .status = SESSIONS_LISTED };
        enum record_reason found;

        for (; list[0]; list += list[3] ? 4 : 3)
                sessions.sessions[sessions.count++] = (struct event_session){
                        (enum event_session_class)(strchr(classes, list[0]) - classes),
                        (enum event_session_state)(strchr(states, list[1]) - states),
                        list[2] == 'L'   ? FACT_YES
                        : list[2] == '?' ? FACT_UNKNOWN
                                         : FACT_NO
                };
        if (policy_session_derive(&sessions, &found) != expected || found != why)
                fail_msg("%s", list);
        sessions.truncated = true;
        assert_int_equal(policy_session_derive(&sessions, &found), SESSION_UNKNOWN);
        assert_int_equal(found, REASON_SESSIONS_UNREADABLE);
}

/* Class, state, LockedHint: User Greeter lock-Screen Other; Opening oNline(-) Active Closing. */
static void test_derive(void **state)
{
        struct event_sessions sessions = { .status = SESSIONS_ABSENT };
        enum record_reason why;

        (void)state;
        derived("ua-", SESSION_UNLOCKED, REASON_PRESENT);
        derived("uaL", SESSION_LOCKED, REASON_LOCKED_HINT);
        derived("ua?", SESSION_UNKNOWN, REASON_SESSIONS_UNREADABLE);
        derived("ga- u-L", SESSION_LOCKED, REASON_AWAY); /* switched to the login screen */
        derived("ga- u--", SESSION_LOCKED, REASON_AWAY);
        derived("u--", SESSION_LOCKED, REASON_AWAY); /* switched to a console */
        derived("uo-", SESSION_LOCKED, REASON_AWAY);
        derived("sa- u--", SESSION_LOCKED, REASON_AWAY);
        derived("sa-", SESSION_LOCKED, REASON_AWAY);
        derived("ua- u-L", SESSION_UNLOCKED, REASON_PRESENT);
        derived("uaL u--", SESSION_LOCKED, REASON_LOCKED_HINT);
        derived("gc- ua-", SESSION_UNLOCKED, REASON_PRESENT);
        derived("ga- uc-", SESSION_NONE, REASON_NOBODY); /* logged out */
        derived("ga-", SESSION_NONE, REASON_NOBODY);
        derived("oa-", SESSION_NONE, REASON_NOBODY);
        derived("", SESSION_NONE, REASON_NOBODY);
        derived("?a-", SESSION_UNKNOWN, REASON_SESSIONS_UNREADABLE);
        derived("?--", SESSION_LOCKED, REASON_AWAY);
        derived("ua- u?-", SESSION_UNKNOWN, REASON_SESSIONS_UNREADABLE);
        derived("ua- ua-", SESSION_UNKNOWN, REASON_SESSIONS_CONTRADICT);
        derived("ua- ga-", SESSION_UNKNOWN, REASON_SESSIONS_CONTRADICT);
        assert_int_equal(policy_session_derive(&sessions, &why), SESSION_NONE);
        assert_int_equal(why, REASON_NO_LOGIND);
        sessions.status = SESSIONS_UNKNOWN;
        assert_int_equal(policy_session_derive(&sessions, &why), SESSION_UNKNOWN);
        assert_int_equal(why, REASON_SESSIONS_UNREADABLE);
}

static void session_is(enum record_session session, enum record_reason why)
{
        assert_int_equal(world.core.session, session);
        assert_int_equal(world.core.session_why, why);
}

static void status_send(enum event_sessions_status status)
{
        struct event event = { .kind = EVENT_SESSIONS, .port = BASE_SBDF_NONE };

        event.sessions.status = status;
        world_event(&world, &event);
        world_run(&world, 5);
}

/* Told when it changes, and no oftener. A logind that went away takes with it what was known. */
static void test_told(void **state)
{
        uint32_t before = world_records_count(&world, RECORD_SESSION);

        (void)state;
        session_is(SESSION_NONE, REASON_NO_LOGIND);
        assert_int_equal(before, 1);
        world_session(&world, FACT_NO, 2);
        world_session(&world, FACT_NO, 2);
        session_is(SESSION_UNLOCKED, REASON_PRESENT);
        assert_false(world.core.locked_hint);
        world_session(&world, FACT_YES, 2);
        session_is(SESSION_LOCKED, REASON_LOCKED_HINT);
        assert_int_equal(world_records_count(&world, RECORD_SESSION), before + 2);
        status_send(SESSIONS_ABSENT);
        session_is(SESSION_UNKNOWN, REASON_SESSIONS_UNREADABLE);
        assert_true(world.core.locked_hint);
        status_send(SESSIONS_UNKNOWN);
        status_send(SESSIONS_ABSENT);
        session_is(SESSION_UNKNOWN, REASON_SESSIONS_UNREADABLE);
        assert_int_equal(world_records_count(&world, RECORD_SESSION), before + 3);
}

static void test_locked_is_held(void **state)
{
        (void)state;
        world_session(&world, FACT_YES, 2);
        world_router_enrolled(&world, DOCK, 1);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_SESSION_LOCKED);
        world_run(&world, 100);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
        world_session(&world, FACT_NO, 2);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        world_plug(&world, 2);
        world_run(&world, 40);
        world_router_shows(&world, DOCK, ROUTER_AUTHORIZED, REASON_NONE);
        world_session(&world, FACT_YES, 20); /* what is authorized stays */
        world_router_shows(&world, DOCK, ROUTER_AUTHORIZED, REASON_NONE);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.done[EFFECT_DEAUTHORIZE], 0);
}

/* What else is missing is told first: unlocking alone would not help. */
static void test_other_reason_first(void **state)
{
        (void)state;
        world_session(&world, FACT_YES, 2);
        world_router(&world, DOCK, 1);
        world_routers_tell(&world, 5);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_NOT_ENROLLED);
}

static void test_request_while_locked(void **state)
{
        (void)state;
        world_session(&world, FACT_YES, 2);
        world_router_enrolled(&world, DOCK, 1);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        world_replied(&world, RESULT_DONE, REASON_NONE);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

static void test_rule_while_locked(void **state)
{
        (void)state;
        world_session(&world, FACT_YES, 2);
        world_rules(&world, "quarantine if vendor-name = Maker and session = locked\n", 2);
        world_router(&world, DOCK, 1);
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_SESSION_LOCKED);
        world.config.while_locked = true;
        world.core.config.while_locked = true;
        world_run(&world, 5);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        assert_int_equal(world_record(&world, RECORD_ROUTER_AUTHORIZING)->reason, REASON_RULE);
}

/* A condition on the session names no router. */
static void test_rule_names_nobody(void **state)
{
        (void)state;
        world_session(&world, FACT_NO, 2);
        world_rules(&world, "quarantine if session = unlocked\n", 2);
        world_router(&world, DOCK, 1);
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_NOT_ENROLLED);
}

static void test_unknown_is_held(void **state)
{
        (void)state;
        status_send(SESSIONS_UNKNOWN);
        world_router_enrolled(&world, DOCK, 1);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_SESSION_UNKNOWN);
        world.core.config.while_locked = true;
        world_rules(&world, REJECT_LOCKED, 5); /* it may be just that */
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_SESSION_UNKNOWN);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
        world_rules(&world, "quarantine\n", 5);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

static void test_rule_rejects_router(void **state)
{
        (void)state;
        world_rules(&world, REJECT_LOCKED, 2);
        world.core.config.while_locked = true;
        world_session(&world, FACT_YES, 2);
        world_router_enrolled(&world, DOCK, 1);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_REJECTED);
        world_session(&world, FACT_NO, 2);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

/* Plugged while locked: not enumerated. It is, when somebody is there. While nothing is known, nothing changes. */
static void test_rejected_gets_a_trial(void **state)
{
        (void)state;
        world_session(&world, FACT_YES, 2);
        world_rules(&world, REJECT_LOCKED, 2);
        world_plug(&world, 2);
        world_run(&world, 40);
        assert_int_equal(world.done[EFFECT_RESCAN], 0);
        status_send(SESSIONS_UNKNOWN);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->verdict, VERDICT_REJECT);
        assert_int_equal(world.done[EFFECT_RESCAN], 0);
        world_session(&world, FACT_YES, 40);
        assert_int_equal(world.done[EFFECT_RESCAN], 0);
        world_session(&world, FACT_NO, 60);
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        world_session(&world, FACT_YES, 60); /* nobody was given it */
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_int_equal(world.exposures, 0);
        world_session(&world, FACT_NO, 60);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* What other rules reject is not enumerated again with each lock and unlock. */
static void test_rejected_otherwise(void **state)
{
        uint32_t rescans;

        (void)state;
        world_session(&world, FACT_NO, 2);
        world_rules(&world, "reject if class = 01\n", 2);
        world_plug(&world, 1);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        rescans = world.done[EFFECT_RESCAN];
        assert_true(rescans > 0);
        world_session(&world, FACT_YES, 40);
        world_session(&world, FACT_NO, 40);
        assert_int_equal(world.done[EFFECT_RESCAN], rescans);
}

/* A logind that restarts has nothing enumerated that was thrown out. */
static void test_rejected_while_unknown(void **state)
{
        uint32_t rescans;

        (void)state;
        world_session(&world, FACT_YES, 2);
        world_rules(&world, "reject if class = 01 and session = locked\n", 2);
        world_plug(&world, 1);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        rescans = world.done[EFFECT_RESCAN];
        assert_true(rescans > 0);
        status_send(SESSIONS_UNKNOWN);
        world_run(&world, 60);
        world_session(&world, FACT_YES, 60);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_int_equal(world.done[EFFECT_RESCAN], rescans);
}

/* A slot that a rule keeps off stays off while nothing is known, also for what is plugged then. */
static void test_slot_stays_off_while_unknown(void **state)
{
        (void)state;
        world_session(&world, FACT_YES, 2);
        world_rules(&world, REJECT_LOCKED, 10);
        status_send(SESSIONS_UNKNOWN);
        world_plug(&world, 1);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->verdict, VERDICT_REJECT);
        assert_int_equal(world.done[EFFECT_RESCAN], 0);
}

/* Given begins before the guest owns anything. */
static void test_being_given_stays(void **state)
{
        (void)state;
        world_quarantined(&world);
        world_session(&world, FACT_NO, 2);
        world_rules(&world, "assign " WORLD_GUEST " if session = unlocked\n", 5);
        world.hangs = EFFECT_PCIBACK_BIND;
        world_guests_tell(&world);
        world_run(&world, 20);
        assert_string_equal(world_port(&world)->guest, WORLD_GUEST);
        world_session(&world, FACT_YES, 5);
        assert_int_equal(world_port(&world)->session, SESSION_UNLOCKED);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASSIGN);
}

static void guest_has_it(void)
{
        assert_int_equal(world_port(&world)->state, STATE_ASSIGNED);
        assert_true(world_open(&world));
}

/* Locking takes nothing away, whatever a rule says; nor does a restart while it is locked. */
static void test_given_stays(void **state)
{
        (void)state;
        world_quarantined(&world);
        world_session(&world, FACT_NO, 2);
        world_rules(&world, REJECT_LOCKED "assign " WORLD_GUEST " if session = unlocked\n", 5);
        world_guests_tell(&world);
        world_run(&world, 40);
        guest_has_it();
        world_session(&world, FACT_YES, 60);
        guest_has_it();
        assert_int_equal(world_state(&world, 0), STATE_ASSIGNED);
        status_send(SESSIONS_UNKNOWN);
        guest_has_it();
}

/* ... until it is taken back for another reason: then the session counts that there is. */
static void test_given_anew(void **state)
{
        (void)state;
        world_quarantined(&world);
        world_session(&world, FACT_NO, 2);
        world_rules(&world, "assign " WORLD_GUEST " if session = unlocked\n", 5);
        world_guests_tell(&world);
        world_run(&world, 40);
        guest_has_it();
        world_session(&world, FACT_YES, 5);
        world.guest = 0; /* it ends */
        for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++)
                if (world.functions[i].owner == WORLD_GUEST_DOMID)
                        world.functions[i].owner = EVENT_OWNER_DOM_IO;
        world_guests_tell(&world);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        world.guest = WORLD_GUEST_DOMID + 1;
        world_guests_tell(&world);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        world_session(&world, FACT_NO, 5);
        world_guests_tell(&world);
        world_run(&world, 60);
        guest_has_it();
}

/* While nothing is known a rule that asks decides nothing, and none behind it does. */
static void test_unknown_decides_nothing(void **state)
{
        (void)state;
        status_send(SESSIONS_UNKNOWN);
        world_rules(&world, "ask if session = none\nreject\n", 2);
        world_plug(&world, 1);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        status_send(SESSIONS_ABSENT);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_derive, begin),
                cmocka_unit_test_setup(test_told, begin),
                cmocka_unit_test_setup(test_locked_is_held, begin),
                cmocka_unit_test_setup(test_other_reason_first, begin),
                cmocka_unit_test_setup(test_request_while_locked, begin),
                cmocka_unit_test_setup(test_rule_while_locked, begin),
                cmocka_unit_test_setup(test_rule_names_nobody, begin),
                cmocka_unit_test_setup(test_unknown_is_held, begin),
                cmocka_unit_test_setup(test_rule_rejects_router, begin),
                cmocka_unit_test_setup(test_rejected_gets_a_trial, begin),
                cmocka_unit_test_setup(test_rejected_otherwise, begin),
                cmocka_unit_test_setup(test_rejected_while_unknown, begin),
                cmocka_unit_test_setup(test_slot_stays_off_while_unknown, begin),
                cmocka_unit_test_setup(test_being_given_stays, begin),
                cmocka_unit_test_setup(test_given_stays, begin),
                cmocka_unit_test_setup(test_given_anew, begin),
                cmocka_unit_test_setup(test_unknown_decides_nothing, begin),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
