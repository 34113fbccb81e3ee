/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Part of what is below a port goes while a guest has something there: the whole core against a small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sbdf.h"
#include "world/world.h"

#define GUEST WORLD_GUEST_DOMID
#define BRIDGE BASE_SBDF(0, 1, 0, 1)

static struct world world; /* too large for the stack */

/* A function of the guest's hierarchy is gone, below a bridge that stays, and what is left of it is looked at. */
static void one_goes(uint32_t index)
{
        world.functions[index].facts.readable = false;
        world_tell(&world, EVENT_LOOK, 40);
}

/* What the guest keeps is no obstacle to the removal of what went from beside it; then the door opens again. */
static void test_part_goes(void **state)
{
        (void)state;
        world_assigned(&world);
        one_goes(1);
        assert_int_equal(world_records_count(&world, RECORD_PORT_SHUT), 1);
        assert_int_equal(world_record(&world, RECORD_PORT_SHUT)->reason, REASON_UNREADABLE);
        assert_int_equal(world.done[EFFECT_REMOVE], 1);
        assert_int_equal(world.done[EFFECT_DETACH], 0);
        assert_int_equal(world.core.function_count, 1);
        assert_int_equal(world.functions[0].owner, GUEST);
        assert_int_equal(world_port(&world)->state, STATE_ASSIGNED);
        assert_true(world_open(&world));
        assert_int_equal(world.exposures, 0);
}

static void several_assigned(void)
{
        world.guest = GUEST;
        world_start(&world);
        world_run(&world, 40);
        world_plug(&world, 3);
        world_run(&world, 60);
        world_asks(&world, REQUEST_ASSIGN, WORLD_PORT, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
}

/* One of two that the guest has goes: it is detached first, and the guest goes on with the other. */
static void one_of_two_goes(void)
{
        several_assigned();
        one_goes(2);
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_true(world.forced);
        assert_int_equal(world.done[EFFECT_REMOVE], 1);
        assert_int_equal(world.core.function_count, 2);
        assert_int_equal(world.functions[0].owner, GUEST);
        assert_int_equal(world_port(&world)->state, STATE_ASSIGNED);
        assert_true(world_open(&world));
        assert_int_equal(world.exposures, 0);
}

static void test_one_of_two_goes(void **state)
{
        (void)state;
        world_init(&world);
        one_of_two_goes();
        world_init(&world);
        world_amd(&world);
        one_of_two_goes();
}

/* As long as what went is the guest's nothing is removed, and the guest's other one stands still. */
static void test_one_of_two_stays_attached(void **state)
{
        (void)state;
        world_init(&world);
        several_assigned();
        world.toolstack_fails = true;
        world.functions[1].facts.readable = false;
        one_goes(2);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        assert_false(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_DETACH_FAILED);
        world_asks(&world, REQUEST_UNASSIGN, BASE_SBDF(0, 1, 0, 2), "", RESULT_FAILED,
                   REASON_DETACH_FAILED); /* at once, and not when its time is over */
}

/* A bridge that does not answer is not removed with what is below it, which is the guest's. */
static void test_bridge_above_goes(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[0].facts.parent = BRIDGE;
        world_tell(&world, EVENT_LOOK, 40);
        one_goes(1);
        assert_false(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_UNREADABLE);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        assert_int_equal(world.functions[0].owner, GUEST);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_part_goes),
                cmocka_unit_test(test_one_of_two_goes),
                cmocka_unit_test(test_one_of_two_stays_attached),
                cmocka_unit_test(test_bridge_above_goes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
