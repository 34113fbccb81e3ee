/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the state file vouches for, and what an answer says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/model/model.h"
#include "world/world.h"

#define FUNCTION BASE_SBDF(0, 1, 0, 0)

static struct core core; /* too large for the stack */

static void test_another_boot(void **state)
{
        struct event event = { .kind = EVENT_MEMORY, .memory = { .port = WORLD_PORT, .count = 1 } };
        static struct effects effects;

        (void)state;
        memset(&core, 0, sizeof core);
        model_event_apply(&core, &event, &effects);
        assert_int_equal(core.memory_port_count, 0);
        assert_int_equal(core.memory_function_count, 0);
}

static struct model_port *port_make(void)
{
        struct model_port *port = &core.ports[0];

        world_core_fill(&core);
        (void)world_core_function(&core, FUNCTION);
        port->token = 5;
        port->pending = EFFECT_REMEMBER;
        port->pending_goal = GOAL_REMEMBERED;
        port->pending_incarnation = port->incarnation;
        port->memory_fresh = false;
        return port;
}

static void answer(int32_t error)
{
        struct event event = {
                .kind = EVENT_COMPLETED, .token = 5, .port = WORLD_PORT, .error = error
        };
        static struct effects effects;

        memset(&effects, 0, sizeof effects);
        model_event_apply(&core, &event, &effects);
}

static void test_written(void **state)
{
        struct model_port *port = port_make();

        (void)state;
        answer(0);
        assert_true(port->memory_fresh);
        assert_int_equal(port->remembered, 1);
        assert_true(port->rechecked);
        (void)port_make();
        port->guest[0] = 'x'; /* for whom the door may be opened next: that took its time */
        answer(0);
        assert_false(port->rechecked);
        (void)port_make();
        port->memory_dirty = true; /* something changed since it left */
        answer(0);
        assert_false(port->memory_fresh);
        (void)port_make();
        core.functions[0].listed = false;
        answer(0);
        assert_int_equal(port->remembered, 0);
        (void)port_make();
        port->incarnation = 2; /* what it says was taken out meanwhile */
        answer(0);
        assert_int_equal(port->remembered, 1);
        (void)port_make();
        port->remembered = 3;
        answer(EIO);
        assert_int_equal(port->remembered, 3);
        assert_false(port->memory_fresh);
        for (int i = 0; i < 3; i++) {
                static const int32_t errors[] = { ENOSPC, EIO, ETIMEDOUT };

                (void)port_make();
                port->remembered = 1; /* since it left */
                answer(errors[i]);
                assert_int_equal(port->remembered, errors[i] == ENOSPC ? 0 : 1);
        }
}

/* More than there is room for is not vouched for. */
static void test_too_many(void **state)
{
        static struct effects effects;
        static struct event event;

        (void)state;
        memset(&core, 0, sizeof core);
        for (uint32_t i = 0; i < LIMIT_PORTS + 1; i++) {
                event = (struct event){ .kind = EVENT_MEMORY,
                                        .memory = { .port = i + 1,
                                                    .this_boot = true,
                                                    .count = LIMIT_PORT_FUNCTIONS } };
                memset(&effects, 0, sizeof effects);
                model_event_apply(&core, &event, &effects);
        }
        assert_int_equal(core.memory_port_count, LIMIT_PORTS);
        assert_int_equal(core.memory_function_count, LIMIT_FUNCTIONS);
}

/* Of what is plugged, and known to the kernel; of no other port. */
static void test_function_remembered(void **state)
{
        const struct model_port *port = port_make();
        struct model_function *function = &core.functions[0];

        (void)state;
        assert_true(model_function_remembered(port, function));
        function->incarnation--;
        assert_false(model_function_remembered(port, function));
        function->incarnation++;
        function->listed = false;
        assert_false(model_function_remembered(port, function));
        function->listed = true;
        function->port++;
        assert_false(model_function_remembered(port, function));
}

/* Only this kernel object, with these bytes, below this port. */
static void test_vouches(void **state)
{
        struct event_function facts = { .sbdf = FUNCTION, .instance = 7, .digest = 8 };
        const struct event_memory_function *memory;

        (void)state;
        memset(&core, 0, sizeof core);
        core.memory_function_count = 1;
        core.memory_functions[0] = (struct model_memory_function){
                .port = WORLD_PORT,
                .facts = { .sbdf = FUNCTION, .instance = 7, .digest = 8, .at_boot = true }
        };
        memory = model_memory_vouches(&core, WORLD_PORT, &facts);
        assert_true(memory && memory->at_boot);
        assert_null(model_memory_vouches(&core, WORLD_PORT + 8, &facts));
        facts.instance++;
        assert_null(model_memory_vouches(&core, WORLD_PORT, &facts));
        facts.instance--;
        facts.digest++;
        assert_null(model_memory_vouches(&core, WORLD_PORT, &facts));
        facts.digest--;
        facts.sbdf++;
        assert_null(model_memory_vouches(&core, WORLD_PORT, &facts));
}

/* What was plugged before is known, whatever is read of it by now, and nothing is vouched for. */
static void test_former(void **state)
{
        const struct event_function facts = { .sbdf = FUNCTION,
                                              .instance = 7,
                                              .digest = EVENT_MEMORY_FORMER };
        static struct event_memory memory = {
                .port = WORLD_PORT,
                .this_boot = true,
                .count = 1,
                .functions = { { .sbdf = FUNCTION, .instance = 7, .digest = EVENT_MEMORY_FORMER } }
        };

        (void)state;
        memset(&core, 0, sizeof core);
        model_memory_apply(&core, &memory);
        assert_non_null(model_memory_names(&core, WORLD_PORT, &facts));
        assert_null(model_memory_vouches(&core, WORLD_PORT, &facts));
}

/* What was below since the boot is not forgotten with the daemon; and where nobody can tell, it counts. */
static void test_tainted(void **state)
{
        struct event event = { .kind = EVENT_MEMORY,
                               .memory = { .port = WORLD_PORT, .this_boot = true } };
        static struct effects effects;

        (void)state;
        for (enum event_memory_status status = 0; status < MEMORY_STATUS_MAX; status++)
                for (int remembered = 0; remembered < 2; remembered++) {
                        struct model_port *port = &core.ports[0];

                        world_core_fill(&core);
                        event.memory.tainted = remembered;
                        memset(&effects, 0, sizeof effects);
                        model_event_apply(&core, &event, &effects);
                        core.memory = status;
                        model_memory_recall(&core, port);
                        assert_int_equal(port->tainted, remembered || model_memory_bad(&core));
                        port->tainted = true; /* found again after it was forgotten */
                        model_memory_recall(&core, port);
                        assert_true(port->tainted);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_another_boot), cmocka_unit_test(test_written),
                cmocka_unit_test(test_too_many),     cmocka_unit_test(test_function_remembered),
                cmocka_unit_test(test_vouches),      cmocka_unit_test(test_former),
                cmocka_unit_test(test_tainted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
