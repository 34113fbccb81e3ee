/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt: whose word lets a router in. Each test tells one story on the small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/policy/policy.h"
#include "core/report/report.h"
#include "core/step.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define DOCK 1u       /* next to the host */
#define OTHER 3u      /* likewise */
#define BEHIND 0x301u /* behind DOCK */

static struct world world;

static int begin(void **state)
{
        (void)state;
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
        return 0;
}

static void test_unknown_is_held(void **state)
{
        (void)state;
        world_router(&world, DOCK, 1);
        world_routers_tell(&world, 20);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_NOT_ENROLLED);
        world_rules(&world, "quarantine\n", 2);
        world_run(&world, 20);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_NOT_ENROLLED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_HELD), 1);
}

static void status_shows(const char *routers, const char *authorized, const char *foreign,
                         const char *held)
{
        static struct report_row row;

        report_status_row(&world.core, &row);
        assert_string_equal(report_row_value(&row, "routers"), routers);
        assert_string_equal(report_row_value(&row, "routers_authorized"), authorized);
        assert_string_equal(report_row_value(&row, "routers_foreign"), foreign);
        assert_string_equal(report_row_value(&row, "routers_held"), held);
}

static void test_status(void **state)
{
        static struct report_row row;

        (void)state;
        report_status_row(&world.core, &row);
        assert_null(report_row_value(&row, "routers")); /* there is no Thunderbolt */
        world_router_enrolled(&world, DOCK, 1);
        world_plug(&world, 2);
        world_run(&world, 20);
        status_shows("1", "1", "0", "0");
        world_router(&world, OTHER, 2);
        world_routers_tell(&world, 20);
        status_shows("2", "1", "0", "1");
        world.routers.routers[1].authorized = AUTHORIZED_YES;
        world_routers_tell(&world, 20);
        status_shows("2", "1", "1", "0");
}

static void test_enrolled_is_let_in(void **state)
{
        (void)state;
        world_router_enrolled(&world, DOCK, 1);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        world_router_shows(&world, DOCK, ROUTER_AUTHORIZING, REASON_NONE);
        assert_int_equal(world_record(&world, RECORD_ROUTER_AUTHORIZING)->reason, REASON_ENROLLED);
        world_plug(&world, 2);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        world_router_shows(&world, DOCK, ROUTER_AUTHORIZED, REASON_NONE);
        assert_int_equal(world_record(&world, RECORD_ROUTER_PORT)->port, WORLD_PORT);
        assert_int_equal(world_record(&world, RECORD_ROUTER_AUTHORIZED)->count, POLICY_KEY_CLAIMED);
        assert_int_equal(world.exposures, 0);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

/* Below a switch that stays nobody tells that something is gone: it is looked for when the router is. */
static void test_gone_is_looked_for(void **state)
{
        uint32_t inventories;

        (void)state;
        world_router_enrolled(&world, DOCK, 1);
        world_plug(&world, 2);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        inventories = world.done[EFFECT_INVENTORY];
        world_routers_tell(&world, 5);
        assert_int_equal(world.done[EFFECT_INVENTORY], inventories);
        world_router_pull(&world, 0);
        assert_true(world.done[EFFECT_INVENTORY] > inventories);
        assert_false(world_open(&world));
}

/* What cannot be read may reject it; who asks for it has read that. */
static void test_no_rules_no_enrolled(void **state)
{
        (void)state;
        world_event(&world, &(struct event){ .kind = EVENT_RULES, .port = BASE_SBDF_NONE });
        world_router_enrolled(&world, DOCK, 1);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_RULES_REJECTED);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

static void test_manual_waits_for_a_word(void **state)
{
        struct event_router *router;

        (void)state;
        router = world_router(&world, DOCK, 1);
        router->enrolled = ENROLLED_YES;
        router->manual = true;
        world_routers_tell(&world, 5);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_MANUAL);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        world_replied(&world, RESULT_DONE, REASON_NONE);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        assert_int_equal(world_record(&world, RECORD_ROUTER_AUTHORIZING)->reason, REASON_REQUESTED);
}

/* Once: when the kernel takes it back, nobody's word is left. */
static void test_asked_once(void **state)
{
        struct event_router *router = world_router(&world, DOCK, 1);

        (void)state;
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        world_routers_tell(&world, 5);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        router->authorized = AUTHORIZED_NO;
        world_routers_tell(&world, 60);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_NOT_ENROLLED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

static void test_store_unreadable(void **state)
{
        (void)state;
        world_router(&world, DOCK, 1)->enrolled = ENROLLED_UNKNOWN;
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_STORE);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
}

static void test_rules_reject(void **state)
{
        (void)state;
        world_rules(&world, "reject if vendor-name = \"Ma*\"\n", 2);
        world_router_enrolled(&world, DOCK, 1);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_REJECTED);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        world_replied(&world, RESULT_FAILED, REASON_REJECTED);
        world_run(&world, 60);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
        world_rules(&world, "reject if vendor-name = Mb*\n", 2);
        world_run(&world, 5);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

/* A default is a rule for what was not thought of, too. */
static void test_default_rejects(void **state)
{
        (void)state;
        world_rules(&world, "quarantine if vendor-name = Acme\ndefault reject\n", 2);
        world_router_enrolled(&world, DOCK, 1);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_REJECTED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
}

static void test_ask_waits(void **state)
{
        (void)state;
        world_rules(&world, "ask if device-name = Dock\n", 2);
        world_router_enrolled(&world, DOCK, 1);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_ASK);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

static void test_rule_that_names_it(void **state)
{
        (void)state;
        world_rules(&world, "quarantine if unique-id = 01010101-0101-0101-0101-010101010101\n", 2);
        world_router(&world, DOCK, 1);
        world_router(&world, OTHER, 2);
        world_routers_tell(&world, 100);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        assert_int_equal(world_record(&world, RECORD_ROUTER_AUTHORIZING)->reason, REASON_RULE);
        world_router_shows(&world, OTHER, ROUTER_HELD, REASON_NOT_ENROLLED);
}

/* The change of this router's key, or NULL. */
static const char *change(const struct core *before, const char *router, const char *key,
                          struct report_row *row)
{
        for (uint32_t i = 0; report_change_row(before, &world.core, i, row); i++)
                if (strcmp(report_row_value(row, "kind"), "router") == 0 &&
                    strcmp(report_row_value(row, "sbdf"), router) == 0 &&
                    strcmp(report_row_value(row, "key"), key) == 0)
                        return report_row_value(row, "after");
        return NULL;
}

/* What a reload says, before anything is done: one is let in, one is rejected. */
static void test_rules_change(void **state)
{
        static struct core before;
        static struct effects effects; /* as in a preview: none of them is carried out */
        static struct report_row row;
        struct event rules = { .kind = EVENT_RULES, .port = BASE_SBDF_NONE };

        (void)state;
        world_router(&world, DOCK, 1);
        world_router(&world, OTHER, 2);
        world_routers_tell(&world, 20);
        before = world.core;
        assert_false(report_change_row(&before, &world.core, 0, &row));
        rules.time_ms = world.now_ms;
        rules.rules =
                world_rules_make("reject if unique-id = 02020202-0202-0202-0202-020202020202\n"
                                 "quarantine if thunderbolt = yes\n");
        core_step(&world.core, &rules, &effects);
        assert_string_equal(change(&before, "0-1", "state", &row), "authorizing");
        assert_non_null(strstr(report_row_value(&row, "text"), "quarantined"));
        assert_string_equal(report_row_value(&row, "before"), "held");
        assert_string_equal(change(&before, "0-1", "reason", &row), "");
        assert_string_equal(change(&before, "0-1", "rule", &row), "50-test.rules:2");
        assert_null(change(&before, "0-1", "verdict", &row));
        assert_null(change(&before, "0-3", "state", &row));
        assert_string_equal(change(&before, "0-3", "reason", &row), "rejected");
        assert_string_equal(report_row_value(&row, "text"), "");
        assert_string_equal(change(&before, "0-3", "verdict", &row), "reject");
        world.core.routers[1].facts.unique_id[0] ^= 1; /* another one in the same place */
        assert_string_equal(change(&before, "0-3", "state", &row), "");
}

/* What only an enumeration can tell decides nothing before it, neither for nor against. */
static void test_rule_that_has_to_wait(void **state)
{
        (void)state;
        world_rules(&world, "quarantine if vendor-name = Maker and class = 01\nreject\n", 2);
        world_router(&world, DOCK, 1);
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_NOT_ENROLLED);
        world.routers.routers[0].enrolled = ENROLLED_YES;
        world_routers_tell(&world, 10);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

static void test_challenge(void **state)
{
        struct event_router *router;

        (void)state;
        world_domain(&world, SECURITY_SECURE, false);
        world_rules(&world, "quarantine if key = verified\nreject\n",
                    2); /* open until it was challenged */
        router = world_router(&world, DOCK, 1);
        router->enrolled = ENROLLED_KEY;
        world_routers_tell(&world, 10);
        assert_int_equal(router->authorized, AUTHORIZED_CHALLENGED);
        world_run(&world, 60);
        world_router_shows(&world, DOCK, ROUTER_AUTHORIZED, REASON_NONE);
        assert_int_equal(world_record(&world, RECORD_ROUTER_AUTHORIZED)->count,
                         POLICY_KEY_VERIFIED);
}

static void test_challenge_lost(void **state)
{
        struct event_router *router;

        (void)state;
        world_domain(&world, SECURITY_SECURE, false);
        router = world_router(&world, DOCK, 1);
        router->enrolled = ENROLLED_KEY;
        world.keyless = true;
        world_routers_tell(&world, 100);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_KEY_REJECTED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_REFUTED), 1);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        world_replied(&world, RESULT_FAILED, REASON_KEY_REJECTED);
        router->enrolled = ENROLLED_YES; /* a weaker word does not help it either */
        world_routers_tell(&world, 100);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

static void test_key_nobody_challenges(void **state)
{
        (void)state;
        world_router(&world, DOCK, 1)->enrolled = ENROLLED_KEY;
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_KEY_UNCHECKED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

static void test_key_of_somebody_else(void **state)
{
        struct event_router *router;

        (void)state;
        world_domain(&world, SECURITY_SECURE, false);
        router = world_router(&world, DOCK, 1);
        router->enrolled = ENROLLED_YES;
        router->key = ROUTER_KEY_OTHER;
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_KEY_REJECTED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
}

/* Given for the first time, a key proves nothing. */
static void test_key_given(void **state)
{
        struct event_router *router;

        (void)state;
        world_domain(&world, SECURITY_SECURE, false);
        router = world_router(&world, DOCK, 1);
        world_routers_tell(&world, 5);
        world_router_asks(&world, REQUEST_ENROLL, DOCK, false);
        world_replied(&world, RESULT_DONE, REASON_NONE);
        assert_int_equal(router->enrolled, ENROLLED_NEW_KEY);
        world_run(&world, 60);
        assert_int_equal(router->authorized, AUTHORIZED_YES);
        assert_int_equal(router->key, ROUTER_KEY_OURS);
        assert_int_equal(world_record(&world, RECORD_ROUTER_AUTHORIZED)->count, POLICY_KEY_CLAIMED);
}

static void test_levels_that_make_none(void **state)
{
        static const struct {
                enum event_security security;
                enum record_reason reason;
        } levels[] = {
                { SECURITY_NONE, REASON_NO_THIRD_DOOR },
                { SECURITY_DPONLY, REASON_NO_TUNNELS },
                { SECURITY_USBONLY, REASON_NO_TUNNELS },
                { SECURITY_NOPCIE, REASON_NO_TUNNELS },
                { SECURITY_UNKNOWN, REASON_SECURITY_UNKNOWN },
        };

        (void)state;
        world_router(&world, DOCK, 1)->enrolled = ENROLLED_YES;
        for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
                world_domain(&world, levels[i].security, true);
                world_routers_tell(&world, 10);
                world_router_shows(&world, DOCK, ROUTER_HELD, levels[i].reason);
        }
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_UNGUARDED), 1);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
}

/* As Linux lists it at level none: authorized from its first moment on. */
static void test_level_none_is_no_third_door(void **state)
{
        (void)state;
        world_domain(&world, SECURITY_NONE, true);
        world_router(&world, DOCK, 1)->authorized = AUTHORIZED_YES;
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NO_THIRD_DOOR);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_UNGUARDED), 1);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_FOREIGN), 0);
        world_domain(&world, SECURITY_USER, true);
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_FOREIGN), 1);
}

static void test_unreadable(void **state)
{
        (void)state;
        world_router(&world, DOCK, 1)->enrolled = ENROLLED_YES;
        world.routers.routers[0].readable = false;
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_ROUTER_UNREADABLE);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
}

static void test_renamed(void **state)
{
        struct event_router *router = world_router(&world, DOCK, 1);

        (void)state;
        world_routers_tell(&world, 5);
        router->vendor_name[0] = 'B';
        router->enrolled = ENROLLED_YES;
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_ROUTER_CHANGED);
        router->vendor_name[0] = 'M'; /* and back */
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_ROUTER_CHANGED);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_CHANGED), 1);
        router->instance++; /* another one */
        world_routers_tell(&world, 10);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

static void test_too_many(void **state)
{
        (void)state;
        world.routers.truncated = true;
        world_router_enrolled(&world, DOCK, 1);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_ROUTERS_LIMIT);
        assert_int_equal(world_records_count(&world, RECORD_ROUTERS_OVERFLOW), 1);
        world.routers.truncated = false;
        world_router(&world, DOCK, 2); /* two at one place: no list of a kernel's */
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_ROUTERS_LIMIT);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
}

static void test_requests(void **state)
{
        (void)state;
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        world_replied(&world, RESULT_UNKNOWN, REASON_NONE);
        world_router(&world, DOCK, 1);
        world_routers_tell(&world, 5);
        world_router_asks(&world, REQUEST_ENROLL, DOCK, true);
        world_replied(&world, RESULT_DONE, REASON_NONE);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_MANUAL);
        world.fails = EFFECT_ENROLL;
        world_router_asks(&world, REQUEST_ENROLL, DOCK, false);
        world_replied(&world, RESULT_FAILED, REASON_STORE);
        world.fails = EFFECT_NONE;
        world.lies = EFFECT_ENROLL;
        world_router_asks(&world, REQUEST_ENROLL, DOCK, false);
        world_replied(&world, RESULT_FAILED, REASON_STORE);
        world.routers.routers[0].readable = false;
        world_routers_tell(&world, 5);
        world_router_asks(&world, REQUEST_ENROLL, DOCK, false);
        world_replied(&world, RESULT_FAILED, REASON_ROUTER_UNREADABLE);
        assert_int_equal(world.reply_count, 5);
}

static void test_forget(void **state)
{
        struct event event = { .kind = EVENT_REQUEST, .port = BASE_SBDF_NONE };

        (void)state;
        event.request.id = 9;
        event.request.verb = REQUEST_FORGET;
        memset(event.request.router.unique_id, 1, sizeof event.request.router.unique_id);
        world_event(&world, &event);
        world_run(&world, 5);
        world_replied(&world, RESULT_UNKNOWN, REASON_NONE);
        world_router_enrolled(&world, DOCK, 1);
        world_event(&world, &event);
        world_run(&world, 5);
        world_replied(&world, RESULT_DONE, REASON_NONE);
        assert_int_equal(world.routers.routers[0].enrolled, ENROLLED_NO);
}

static void test_one_request(void **state)
{
        (void)state;
        world_assigned(&world);
        world_router(&world, DOCK, 1);
        world_routers_tell(&world, 5);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false); /* the door is open: it waits */
        assert_int_equal(world.reply_count, 1);                    /* of the assignment */
        world_router_asks(&world, REQUEST_ENROLL, DOCK, false);
        world_replied(&world, RESULT_BUSY, REASON_NONE);
        world_router_pull(&world, 0);
        world_replied(&world, RESULT_FAILED, REASON_ROUTER_GONE);
        assert_int_equal(world.reply_count, 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_unknown_is_held, begin),
                cmocka_unit_test_setup(test_status, begin),
                cmocka_unit_test_setup(test_enrolled_is_let_in, begin),
                cmocka_unit_test_setup(test_gone_is_looked_for, begin),
                cmocka_unit_test_setup(test_no_rules_no_enrolled, begin),
                cmocka_unit_test_setup(test_manual_waits_for_a_word, begin),
                cmocka_unit_test_setup(test_asked_once, begin),
                cmocka_unit_test_setup(test_store_unreadable, begin),
                cmocka_unit_test_setup(test_rules_reject, begin),
                cmocka_unit_test_setup(test_default_rejects, begin),
                cmocka_unit_test_setup(test_ask_waits, begin),
                cmocka_unit_test_setup(test_rules_change, begin),
                cmocka_unit_test_setup(test_rule_that_names_it, begin),
                cmocka_unit_test_setup(test_rule_that_has_to_wait, begin),
                cmocka_unit_test_setup(test_challenge, begin),
                cmocka_unit_test_setup(test_challenge_lost, begin),
                cmocka_unit_test_setup(test_key_nobody_challenges, begin),
                cmocka_unit_test_setup(test_key_of_somebody_else, begin),
                cmocka_unit_test_setup(test_key_given, begin),
                cmocka_unit_test_setup(test_levels_that_make_none, begin),
                cmocka_unit_test_setup(test_level_none_is_no_third_door, begin),
                cmocka_unit_test_setup(test_unreadable, begin),
                cmocka_unit_test_setup(test_renamed, begin),
                cmocka_unit_test_setup(test_too_many, begin),
                cmocka_unit_test_setup(test_requests, begin),
                cmocka_unit_test_setup(test_forget, begin),
                cmocka_unit_test_setup(test_one_request, begin),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
