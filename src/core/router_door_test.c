/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt: when a router is let in, and what becomes of it. Each test tells one story on the small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
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

static void test_twins(void **state)
{
        struct event event = { .kind = EVENT_REQUEST, .port = BASE_SBDF_NONE };

        (void)state;
        world_router(&world, DOCK, 1)->enrolled = ENROLLED_YES;
        world_router(&world, OTHER, 1)->enrolled = ENROLLED_YES;
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_ROUTER_TWIN);
        world_router_shows(&world, OTHER, ROUTER_HELD, REASON_ROUTER_TWIN);
        event.request.id = 7;
        event.request.verb = REQUEST_AUTHORIZE;
        memset(event.request.router.unique_id, 1, sizeof event.request.router.unique_id);
        world_event(&world, &event); /* which of the two is meant? */
        world_run(&world, 5);
        world_replied(&world, RESULT_UNKNOWN, REASON_NONE);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
        world_router_pull(&world, 0);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

/* I3: as long as door 1 is open at a port where it could appear, it is not let in. */
static void test_waits_for_the_door(void **state)
{
        (void)state;
        world_assigned(&world);
        assert_true(world_open(&world));
        world_router_enrolled(&world, DOCK, 1);
        world_router_shows(&world, DOCK, ROUTER_WAITING, REASON_CANDIDATE_OPEN);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_WAITING), 1);
        world_run(&world, 100);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
        world_asks(&world, REQUEST_UNASSIGN, WORLD_PORT, "", RESULT_DONE, REASON_NONE);
        world_run(&world, 5);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
}

/* ... and while what it brings is awaited, door 1 stays shut, whoever wants it. */
static void test_door_waits_for_it(void **state)
{
        (void)state;
        world_quarantined(&world);
        world_router_enrolled(&world, DOCK, 1);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        world_request(&world, REQUEST_ASSIGN, WORLD_LEAF, WORLD_GUEST);
        world_run(&world, 10);
        assert_false(world_open(&world));
        world_run(&world, 60); /* nothing came */
        assert_true(world_open(&world));
}

static void test_no_port(void **state)
{
        (void)state;
        world_init(&world);
        world.config.auto_ports = false;
        world_start(&world);
        world_router(&world, DOCK, 1)->enrolled = ENROLLED_YES;
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_WAITING, REASON_NO_CANDIDATE);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
}

static void test_chain(void **state)
{
        (void)state;
        world_router_enrolled(&world, DOCK, 1);
        world_router(&world, BEHIND, 2)->enrolled = ENROLLED_YES;
        world_routers_tell(&world, 5);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        world_router_shows(&world, BEHIND, ROUTER_WAITING, REASON_PARENT);
        world_plug(&world, 2);
        world_run(&world, 1);
        assert_int_equal(world_port(&world)->state, STATE_ARRIVING);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2);
        world_run(&world, 20);
        assert_int_equal(world.done[EFFECT_RESCAN], 2); /* its functions tell nobody */
        world_router_shows(&world, BEHIND, ROUTER_AUTHORIZED, REASON_NONE);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* A dock and what is behind it, both authorized; nobody looked for what that brings yet. */
static void chain_begin(void)
{
        world_router_enrolled(&world, DOCK, 1);
        world_router(&world, BEHIND, 2)->enrolled = ENROLLED_YES;
        world_routers_tell(&world, 5);
        world_plug(&world, 2);
        for (uint32_t i = 0; i < 100 && world.done[EFFECT_AUTHORIZE] < 2; i++)
                world_run(&world, 1);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2);
        assert_int_equal(world.done[EFFECT_RESCAN], 1);
}

/* vtd.17.p1.f1.a0.w0.c0.b0.t2: nobody but that look finds what is behind a router behind another. */
static void test_failed_look_is_made_again(void **state)
{
        (void)state;
        chain_begin();
        world.fails = EFFECT_RESCAN;
        world_run(&world, 11);
        world.fails = EFFECT_NONE;
        world_run(&world, 50);
        assert_true(world_records_count(&world, RECORD_EFFECT_FAILED) > 0);
        assert_true(world.done[EFFECT_RESCAN] >
                    2); /* before it, the one that failed, and another */
        world_router_shows(&world, BEHIND, ROUTER_AUTHORIZED, REASON_NONE);
}

/* ... however long another enumeration, which may have come too early for it, keeps that look waiting. */
static void test_look_waits_for_another(void **state)
{
        (void)state;
        chain_begin();
        world.core.ports[0].rescanned = 0; /* as once pciehp was there */
        world.hangs = EFFECT_RESCAN;
        world_run(&world, 2 * VERIFY_TUNNEL_MS / 100);
        assert_int_equal(world_port(&world)->pending, EFFECT_RESCAN);
        world_router_shows(&world, BEHIND, ROUTER_AUTHORIZING, REASON_NONE);
}

/* vtd.17.p1.f0.a1.w0.c0.b0.t2: what a router left is looked at before its successor may use the place. */
static void test_successor_waits_for_a_look(void **state)
{
        (void)state;
        chain_begin();
        world_run(&world, 40);
        world_router_shows(&world, BEHIND, ROUTER_AUTHORIZED, REASON_NONE);
        world.hangs = EFFECT_INVENTORY;
        world.routers.count--;
        world_router(&world, BEHIND, 2)->enrolled = ENROLLED_YES;
        world_routers_tell(&world, 20);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2);
        world_router_shows(&world, BEHIND, ROUTER_WAITING, REASON_ARRIVING);
}

static void test_behind_one_that_is_held(void **state)
{
        (void)state;
        world_quarantined(&world); /* so that nothing but the router before it is waited for */
        world_router(&world, DOCK, 1);
        world_router(&world, BEHIND, 2)->enrolled = ENROLLED_YES;
        world_routers_tell(&world, 100);
        world_router_shows(&world, BEHIND, ROUTER_WAITING, REASON_PARENT);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 0);
}

static void test_one_at_a_time(void **state)
{
        (void)state;
        world_router(&world, DOCK, 1)->enrolled = ENROLLED_YES;
        world_router(&world, OTHER, 2)->enrolled = ENROLLED_YES;
        world_routers_tell(&world, 10);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        world_router_shows(&world, OTHER, ROUTER_WAITING, REASON_OTHER_ROUTER);
        world_run(&world, VERIFY_TUNNEL_MS / 100);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2);
}

static void test_foreign(void **state)
{
        (void)state;
        world_rules(&world, "reject if vendor-name = Maker\n", 2);
        world_router(&world, DOCK, 1)->authorized = AUTHORIZED_YES;
        world_routers_tell(&world, 10);
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_FOREIGN), 1);
        world_plug(&world, 2);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state,
                         STATE_EJECTED); /* as the rules want of what is on PCI */
        assert_int_equal(world.exposures, 0);
}

static void test_eject(void **state)
{
        struct event_router *dock;

        (void)state;
        dock = world_router_enrolled(&world, DOCK, 1);
        world_plug(&world, 2);
        world_run(&world, 20);
        world_asks(&world, REQUEST_EJECT, WORLD_PORT, "", RESULT_DONE, REASON_NONE);
        world_run(&world, 5);
        assert_int_equal(dock->authorized, AUTHORIZED_NO);
        world_unplug(&world);
        world_routers_tell(&world, 100);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_REQUESTED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1); /* it is not let in again by itself */
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2);
}

static void test_eject_where_it_cannot(void **state)
{
        (void)state;
        world_domain(&world, SECURITY_USER, false);
        world_router_enrolled(&world, DOCK, 1);
        world_plug(&world, 2);
        world_run(&world, 20);
        world_asks(&world, REQUEST_EJECT, WORLD_PORT, "", RESULT_DONE, REASON_NONE);
        world_run(&world, 10);
        assert_int_equal(world.done[EFFECT_DEAUTHORIZE], 0);
}

static void test_failure_is_tried_again(void **state)
{
        (void)state;
        world.fails = EFFECT_AUTHORIZE;
        world_router_enrolled(&world, DOCK, 1);
        world_run(&world, 60);
        assert_in_range(world.done[EFFECT_AUTHORIZE], VERIFY_TRIES, VERIFY_TRIES + 3);
        assert_true(world_records_count(&world, RECORD_ROUTER_FAILED) >= VERIFY_TRIES);
        world.fails = EFFECT_NONE;
        world_run(&world, 300);
        assert_int_equal(world.routers.routers[0].authorized, AUTHORIZED_YES);
}

/* A return code closes nothing. */
static void test_lie(void **state)
{
        (void)state;
        world.lies = EFFECT_AUTHORIZE;
        world_router_enrolled(&world, DOCK, 1);
        world_run(&world, 20);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_AUTHORIZED), 0);
        assert_true(world.done[EFFECT_AUTHORIZE] > 1);
}

static void test_hang(void **state)
{
        (void)state;
        world.hangs = EFFECT_AUTHORIZE;
        world_router_enrolled(&world, DOCK, 1);
        world.hangs = EFFECT_NONE;
        world_run(&world, 300);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        world_run(&world, 100);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2);
}

/* I5: what was asked of one is not done to the next at its place. */
static void test_successor(void **state)
{
        struct event_router *router;
        struct record_router name;
        struct effect effect;

        (void)state;
        router = world_router_enrolled(&world, DOCK, 1);
        name = model_router_name(&world.core.routers[0]);
        assert_non_null(model_router_get(&world.core, &name));
        name.instance++;
        assert_null(model_router_get(&world.core, &name));
        effect = (struct effect){ .kind = EFFECT_AUTHORIZE,
                                  .router = model_router_name(&world.core.routers[0]) };
        assert_int_equal(world_router_act(&world, &effect), 0);
        router->instance++;
        router->authorized = AUTHORIZED_NO;
        assert_int_equal(world_router_act(&world, &effect), ESTALE);
        world_routers_tell(&world, 5);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_GONE), 1);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2); /* by its own entry in the store */
}

static void test_row(void **state)
{
        struct report_row row;

        (void)state;
        world_router_enrolled(&world, DOCK, 1);
        world_plug(&world, 2);
        world_run(&world, 20);
        assert_true(report_router_row(&world.core, 0, &row));
        assert_string_equal(report_row_value(&row, "router"), "0-1");
        assert_string_equal(report_row_value(&row, "state"), "authorized");
        assert_string_equal(report_row_value(&row, "port"), "0000:00:04.0");
        assert_string_equal(report_row_value(&row, "port_by"), "seen");
        assert_string_equal(report_row_value(&row, "unique_id"),
                            "01010101-0101-0101-0101-010101010101");
        assert_string_equal(report_row_value(&row, "id"), "8086:0001");
        assert_string_equal(report_row_value(&row, "key"), "claimed");
        assert_string_equal(report_row_value(&row, "enrolled"), "plain");
        assert_string_equal(report_row_value(&row, "security"), "user");
        assert_true(report_function_row(&world.core, 0, &row));
        assert_string_equal(report_row_value(&row, "router"), "0-1");
        assert_false(report_router_row(&world.core, 1, &row));
        assert_int_equal(row.count, 0);
}

static void test_storm(void **state)
{
        uint32_t listed = world.done[EFFECT_ROUTERS];

        (void)state;
        for (uint32_t i = 0; i < 100; i++)
                world_routers_tell(&world, i % 2);
        assert_in_range(world.done[EFFECT_ROUTERS] - listed, 10, 60);
}

/* Functions know behind which router they are, and the rules with them. */
static void test_functions_of_a_router(void **state)
{
        (void)state;
        world_rules(&world, "assign sys-net if device-name = Dock and kind = endpoint\n", 2);
        world_router_enrolled(&world, DOCK, 1);
        world_plug(&world, 1);
        world_run(&world, 20);
        assert_int_equal(world.core.functions[0].verdict, VERDICT_ASSIGN);
        assert_true(world.core.functions[0].router.any);
}

static void test_functions_of_none(void **state)
{
        (void)state;
        world_rules(&world, "assign sys-net if thunderbolt = no and kind = endpoint\n", 2);
        world_router(&world, DOCK, 1);
        world_routers_tell(&world, 5);
        world_plug(&world, 1);
        world_run(&world, 20);
        assert_int_equal(world.core.functions[0].verdict, VERDICT_ASSIGN);
        assert_false(world.core.functions[0].router.any);
}

/* A router is worth no more than one that stands between it and the host. */
static void test_key_of_a_chain(void **state)
{
        (void)state;
        world_router_enrolled(&world, DOCK, 1);
        world_plug(&world, 2);
        world_run(&world, 20);
        world_router(&world, BEHIND, 2);
        world.routers.routers[1].enrolled = ENROLLED_KEY;
        world.routers.routers[1].authorized = AUTHORIZED_CHALLENGED;
        world.routers.routers[1].key = ROUTER_KEY_OURS;
        world_routers_tell(&world, 5);
        assert_int_equal(policy_router_key(&world.core, &world.core.routers[1]),
                         POLICY_KEY_CLAIMED);
        assert_int_equal(model_router_depth(&world.core.routers[1]), 2);
        world.routers.routers[0] =
                world.routers.routers[1]; /* next to the host, and not challenged */
        world.routers.routers[0].route = DOCK;
        world.routers.routers[0].authorized = AUTHORIZED_YES;
        world.routers.count = 1;
        world_routers_tell(&world, 5);
        assert_int_equal(policy_router_key(&world.core, &world.core.routers[0]),
                         POLICY_KEY_CLAIMED);
}

static void test_restart(void **state)
{
        (void)state;
        world_router_enrolled(&world, DOCK, 1);
        world_plug(&world, 2);
        world_run(&world, 20);
        world_restart(&world);
        world_run(&world, 40);
        world_router_shows(&world, DOCK, ROUTER_AUTHORIZED, REASON_NONE);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.exposures, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_twins, begin),
                cmocka_unit_test_setup(test_waits_for_the_door, begin),
                cmocka_unit_test_setup(test_door_waits_for_it, begin),
                cmocka_unit_test_setup(test_no_port, begin),
                cmocka_unit_test_setup(test_chain, begin),
                cmocka_unit_test_setup(test_failed_look_is_made_again, begin),
                cmocka_unit_test_setup(test_successor_waits_for_a_look, begin),
                cmocka_unit_test_setup(test_look_waits_for_another, begin),
                cmocka_unit_test_setup(test_behind_one_that_is_held, begin),
                cmocka_unit_test_setup(test_one_at_a_time, begin),
                cmocka_unit_test_setup(test_foreign, begin),
                cmocka_unit_test_setup(test_eject, begin),
                cmocka_unit_test_setup(test_eject_where_it_cannot, begin),
                cmocka_unit_test_setup(test_failure_is_tried_again, begin),
                cmocka_unit_test_setup(test_lie, begin),
                cmocka_unit_test_setup(test_hang, begin),
                cmocka_unit_test_setup(test_successor, begin),
                cmocka_unit_test_setup(test_row, begin),
                cmocka_unit_test_setup(test_storm, begin),
                cmocka_unit_test_setup(test_functions_of_a_router, begin),
                cmocka_unit_test_setup(test_functions_of_none, begin),
                cmocka_unit_test_setup(test_key_of_a_chain, begin),
                cmocka_unit_test_setup(test_restart, begin),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
