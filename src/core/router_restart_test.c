/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt: what one daemon tells the next about routers, and how far that is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/policy/policy.h"
#include "core/step.h"
#include "world/world.h"

#define DOCK 1u

static struct world world; /* too large for the stack */

static const struct model_router *dock(void)
{
        assert_int_equal(world.core.router_count, 1);
        return &world.core.routers[0];
}

/* An enrolled dock that was let in, and what it brought in quarantine. */
static int begin(void **state)
{
        (void)state;
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
        world_router_enrolled(&world, DOCK, 1);
        world_plug(&world, 2);
        world_run(&world, 20);
        world_router_shows(&world, DOCK, ROUTER_AUTHORIZED, REASON_NONE);
        assert_int_equal(dock()->port, WORLD_PORT);
        return 0;
}

static void restarted(void)
{
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world.exposures, 0);
}

/* What the state file holds is what it should. */
static void remembered(uint32_t routers)
{
        static struct event_memory wanted;

        assert_true(core_memory_fill(&world.core, BASE_SBDF_NONE, &wanted));
        assert_memory_equal(&world.router_memory, &wanted, sizeof wanted);
        assert_int_equal(wanted.router_count, routers);
}

static void test_known_again(void **state)
{
        (void)state;
        remembered(1);
        assert_int_equal(world.router_memory.routers[0].word, WORD_STORE);
        for (int i = 0; i < 2; i++) {
                restarted();
                world_router_shows(&world, DOCK, ROUTER_AUTHORIZED, REASON_NONE);
                assert_int_equal(dock()->word, WORD_STORE);
                assert_int_equal(dock()->port, WORLD_PORT);
                remembered(1);
        }
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_FOREIGN), 0);
        world_router_pull(&world, 0);
        world_run(&world, 5);
        remembered(0);
}

static void test_word(void **state)
{
        (void)state;
        world_router_pull(&world, 0);
        world_rules(&world, "quarantine if thunderbolt = yes\n", 2);
        world_router(&world, DOCK, 2);
        world_routers_tell(&world, 20);
        assert_int_equal(dock()->word, WORD_RULE);
        remembered(1);
        world_router_pull(&world, 0);
        world_rules(&world, "quarantine\n", 2);
        world_router(&world, DOCK, 3);
        world_routers_tell(&world, 5);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        world_run(&world, 20);
        assert_int_equal(dock()->word, WORD_REQUEST);
        remembered(1);
}

/* Nothing is remembered of this boot. */
static void test_lost(void **state)
{
        (void)state;
        world.memory_status = MEMORY_FRESH;
        restarted();
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
        assert_int_equal(dock()->word, WORD_NONE);
        begin(NULL);
        world.router_memory.this_boot = false;
        restarted();
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
}

/* One with the same unique ID in its place, which somebody let in: nothing is inherited (I5). */
static void test_clone(void **state)
{
        (void)state;
        world.routers.routers[0].instance = ++world.instance_next;
        restarted();
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
        assert_int_equal(dock()->port, BASE_SBDF_NONE);
        begin(NULL);
        world.routers.routers[0].route = DOCK + 2;
        restarted();
        world_router_shows(&world, DOCK + 2, ROUTER_FOREIGN, REASON_NONE);
        begin(NULL);
        world.routers.routers[0].domain = world.routers.domains[0].number = 1;
        restarted();
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
}

/* The same kernel object says that it is another one. */
static void test_changed(void **state)
{
        static const size_t at[] = { offsetof(struct event_router, unique_id),
                                     offsetof(struct event_router, vendor),
                                     offsetof(struct event_router, device) + 1,
                                     offsetof(struct event_router, generation),
                                     offsetof(struct event_router, vendor_name),
                                     offsetof(struct event_router, device_name) + 3 };

        (void)state;
        for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
                begin(NULL);
                world.record_count = 0;
                *((uint8_t *)&world.routers.routers[0] + at[i]) ^= 1;
                restarted();
                world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
                assert_true(dock()->changed);
                assert_int_equal(world_records_count(&world, RECORD_ROUTER_CHANGED), 1);
                restarted(); /* and it stays so, told once */
                assert_true(dock()->changed);
                assert_int_equal(world_records_count(&world, RECORD_ROUTER_CHANGED), 1);
                world.routers.routers[0].authorized = AUTHORIZED_NO;
                world_routers_tell(&world, 5);
                world_router_shows(&world, DOCK, ROUTER_HELD, REASON_ROUTER_CHANGED);
        }
}

static void test_deauthorized(void **state)
{
        (void)state;
        world.routers.routers[0].enrolled = ENROLLED_NO;
        world.routers.routers[0].authorized = AUTHORIZED_NO;
        restarted();
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_NOT_ENROLLED);
        remembered(0);
        world.routers.routers[0].authorized = AUTHORIZED_YES; /* by somebody else */
        restarted();
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
}

/* By somebody else, while the daemon looks on: what it had done is over. */
static void test_authorized_by_another(void **state)
{
        (void)state;
        world.routers.routers[0].enrolled = ENROLLED_NO;
        world.routers.routers[0].authorized = AUTHORIZED_NO;
        world_routers_tell(&world, 5);
        remembered(0);
        world.routers.routers[0].authorized = AUTHORIZED_YES;
        world_routers_tell(&world, 5);
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
        remembered(0);
}

static void test_unreadable(void **state)
{
        (void)state;
        world.routers.routers[0].readable = false;
        restarted();
        world_router_shows(&world, DOCK, ROUTER_FOREIGN, REASON_NONE);
        assert_false(dock()->changed);
}

/* Its tunnel ended, or may have: which port is whose is to be seen anew. */
static void test_port_changed(void **state)
{
        (void)state;
        world.registers.slot_status |= MODEL_SLOT_STATUS_DLLSC;
        restarted();
        world_router_shows(&world, DOCK, ROUTER_AUTHORIZED, REASON_NONE);
        assert_int_equal(dock()->port, BASE_SBDF_NONE);
        remembered(1);
        begin(NULL);
        /* Of the port nothing is remembered, so that what is below it counts as there at boot. */
        world.memory.port = 0;
        world.registers.slot_status |= MODEL_SLOT_STATUS_DLLSC;
        restarted();
        assert_int_equal(dock()->port, BASE_SBDF_NONE);
        begin(NULL);
        world.registers.pciehp = true;
        restarted();
        assert_int_equal(dock()->port, BASE_SBDF_NONE);
        begin(NULL);
        world.found.slot = false; /* nothing would tell */
        world.config.selectors[0] =
                (struct event_selector){ .kind = SELECTOR_SBDF, .sbdf = WORLD_PORT };
        world.config.selector_count = 1;
        restarted();
        assert_true(world_port(&world)->external && world_port(&world)->occupied);
        assert_int_equal(dock()->port, BASE_SBDF_NONE);
        begin(NULL);
        world_unplug(&world);
        restarted();
        assert_int_equal(dock()->port, BASE_SBDF_NONE);
        begin(NULL);
        world.router_memory.routers[0].port = WORLD_PORT + 8; /* one that is not there */
        restarted();
        assert_int_equal(dock()->port, BASE_SBDF_NONE);
        assert_int_equal(dock()->recalled, BASE_SBDF_NONE);
}

/* What does not have its key has not got it with the next daemon either. */
static void test_refuted(void **state)
{
        (void)state;
        world_router_pull(&world, 0);
        world_domain(&world, SECURITY_SECURE, false);
        world.keyless = true;
        world_router(&world, DOCK, 2)->enrolled = ENROLLED_KEY;
        world_routers_tell(&world, 20);
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_KEY_REJECTED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2);
        restarted();
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_KEY_REJECTED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2);
}

/* That it is not to come back by itself is written before it goes. */
static void test_retired(void **state)
{
        (void)state;
        world_domain(&world, SECURITY_USER, true);
        world_run(&world, 5);
        world.hangs = EFFECT_DEAUTHORIZE;
        world_request(&world, REQUEST_EJECT, WORLD_PORT, "");
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_true(world.core.routers[0].retired);
        assert_true(world.router_memory.routers[0].retired);
        assert_int_equal(world.done[EFFECT_DEAUTHORIZE], 1);
        world.hangs = EFFECT_NONE;
        world.routers.routers[0].authorized = AUTHORIZED_NO; /* it was done, and the daemon died */
        restarted();
        world_router_shows(&world, DOCK, ROUTER_HELD, REASON_REQUESTED);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 1);
        world_unplug(&world);
        world_run(&world, 20);
        world_router_asks(&world, REQUEST_AUTHORIZE, DOCK, false);
        world_run(&world, 20);
        assert_int_equal(world.done[EFFECT_AUTHORIZE], 2);
        assert_false(world.router_memory.routers[0].retired);
}

/* The bus is not told of in time: that is said, and it is asked again. */
static void test_never_answered(void **state)
{
        const struct record *told;

        (void)state;
        world.hangs = EFFECT_ROUTERS;
        world_routers_tell(&world, 20);
        assert_int_equal(world_records_count(&world, RECORD_ROUTER_FAILED), 0);
        world_run(&world, 300);
        told = world_record(&world, RECORD_ROUTER_FAILED);
        assert_non_null(told);
        assert_int_equal(told->effect, EFFECT_ROUTERS);
        assert_int_equal(told->error, ETIMEDOUT);
        world.hangs = EFFECT_NONE;
        world_run(&world, 300);
        assert_true(world.core.routers_fresh);
}

/* A full disk lets nobody wait: the next daemon knows less. */
static void test_unwritable(void **state)
{
        (void)state;
        world_router_pull(&world, 0);
        world.fails = EFFECT_REMEMBER;
        world_router_enrolled(&world, DOCK, 2);
        world_run(&world, 60);
        world_router_shows(&world, DOCK, ROUTER_AUTHORIZED, REASON_NONE);
        assert_int_equal(world_records_count(&world, RECORD_MEMORY_FAILED), 1);
        assert_true(world.core.routers_renewed);
        world.fails = EFFECT_NONE;
        world_run(&world, 400);
        assert_false(world.core.routers_renewed);
        remembered(1);
}

/* Not before the first list: what the daemon before remembered would be lost. */
static void test_not_too_early(void **state)
{
        (void)state;
        world.hangs = EFFECT_ROUTERS;
        world_restart(&world);
        world_run(&world, 20);
        assert_int_equal(world.router_memory.router_count, 1);
        assert_int_equal(world.core.memory_router_count, 1);
        world.routers.truncated = true;
        world.hangs = EFFECT_NONE;
        restarted();
        assert_int_equal(world.router_memory.router_count, 1);
        assert_int_equal(world.core.memory_router_count, 1);
        /* One that is remembered, and that the list has no room for; and something to write down. */
        world.router_memory.routers[1] = world.router_memory.routers[0];
        world.router_memory.routers[1].instance += 100;
        world.router_memory.router_count = 2;
        world_restart(&world);
        world_run(&world, 20);
        world.core.routers_renewed = true;
        world_run(&world, 20);
        assert_int_equal(world.router_memory.router_count, 2);
        assert_int_equal(world.core.memory_router_count, 2);
        world.routers.truncated = false;
        world_routers_tell(&world, 20);
        assert_int_equal(world.core.memory_router_count, 0);
        remembered(1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_known_again, begin),
                cmocka_unit_test_setup(test_word, begin),
                cmocka_unit_test_setup(test_lost, begin),
                cmocka_unit_test_setup(test_clone, begin),
                cmocka_unit_test_setup(test_changed, begin),
                cmocka_unit_test_setup(test_deauthorized, begin),
                cmocka_unit_test_setup(test_never_answered, begin),
                cmocka_unit_test_setup(test_authorized_by_another, begin),
                cmocka_unit_test_setup(test_unreadable, begin),
                cmocka_unit_test_setup(test_port_changed, begin),
                cmocka_unit_test_setup(test_refuted, begin),
                cmocka_unit_test_setup(test_retired, begin),
                cmocka_unit_test_setup(test_unwritable, begin),
                cmocka_unit_test_setup(test_not_too_early, begin),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
