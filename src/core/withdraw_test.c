/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Xen refuses to quarantine: the whole core against a small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/model/model.h"
#include "core/verify/verify.h"
#include "world/world.h"

static struct world world; /* too large for the stack */

static void started(void)
{
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
}

/* What refuses DOMID_IO for good is taken out of Xen's books: nothing is mapped for it, and it stays contained (H1). */
static void test_quarantine_refused_for_good(void **state)
{
        (void)state;
        started();
        world_plug(&world, 2);
        world.functions[1].refuses = true;
        world_run(&world, 30);
        assert_int_equal(world.done[EFFECT_WITHDRAW], 1);
        assert_int_equal(world.functions[1].owner, EVENT_OWNER_ABSENT);
        assert_int_equal(world_state(&world, 0), STATE_QUARANTINED);
        assert_int_equal(world_state(&world, 1), STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_WITHDRAWN);
        assert_non_null(world_record(&world, RECORD_FUNCTION_WITHDRAWN));
        world.functions[1].refuses = false;
        world_run(&world, 400);
        assert_int_equal(world.done[EFFECT_WITHDRAW], 1); /* it rests there */
        assert_int_equal(world_port(&world)->reason, REASON_WITHDRAWN);
        assert_int_equal(world_records_count(&world, RECORD_FUNCTION_WITHDRAWN), 1);
        assert_false(world.registers.command & MODEL_COMMAND_BME);
        world_unplug(&world);
        world_run(&world, 20);
        world_plug(&world, 2);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

static void test_quarantine_refused_for_a_while(void **state)
{
        (void)state;
        started();
        world_plug(&world, 2);
        world.functions[1].refuses = true;
        for (uint32_t i = 0; i < 20 && world_state(&world, 1) != STATE_CONTAINED; i++)
                world_run(&world, 1);
        assert_int_equal(world_state(&world, 1), STATE_CONTAINED);
        world.functions[1].refuses = false;
        world.fails = EFFECT_WITHDRAW;
        world_run(&world, 100);
        assert_int_equal(world.done[EFFECT_WITHDRAW], 1);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* It was said that Xen forgot it, and the list has it still: then that does not count. */
static void test_withdrawal_lies(void **state)
{
        (void)state;
        started();
        world_plug(&world, 1);
        world.functions[0].refuses = true;
        world.lies = EFFECT_WITHDRAW;
        world_run(&world, 200);
        assert_true(world.done[EFFECT_WITHDRAW] > 1);
        assert_int_equal(world_state(&world, 0), STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_QUARANTINE_REFUSED);
        assert_null(world_record(&world, RECORD_PORT_QUARANTINED));
}

/* Each fact without which it is not asked of Xen. */
static void test_withdrawable(void **state)
{
        struct model_port *port = &world.core.ports[0];
        struct model_function *function = &world.core.functions[0], good;

        (void)state;
        world_core_fill(&world.core);
        (void)world_core_function(&world.core, BASE_SBDF(0, 1, 0, 0));
        function->owner = EVENT_OWNER_DOM0;
        function->refused = true;
        function->quarantine.tries = VERIFY_TRIES;
        good = *function;
        assert_true(verify_function_withdrawable(port, function));
        for (int fact = 0; fact < 8; fact++) {
                static const uint16_t owners[] = { EVENT_OWNER_NOBODY, EVENT_OWNER_ABSENT,
                                                   EVENT_OWNER_UNKNOWN, 5, EVENT_OWNER_DOM_IO };

                *function = good;
                function->refused = fact != 0;
                function->quarantine.tries -= fact == 1;
                function->listed = fact != 2;
                if (fact >= 3)
                        function->owner = owners[fact - 3];
                assert_false(verify_function_withdrawable(port, function));
        }
        *function = good;
        memcpy(function->facts.driver, "nvme", 5); /* its interrupts are not torn down yet */
        assert_false(verify_function_withdrawable(port, function));
        *function = good;
        port->owners_fresh = false;
        assert_false(verify_function_withdrawable(port, function));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_quarantine_refused_for_good),
                cmocka_unit_test(test_quarantine_refused_for_a_while),
                cmocka_unit_test(test_withdrawal_lies),
                cmocka_unit_test(test_withdrawable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
