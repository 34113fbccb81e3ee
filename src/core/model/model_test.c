/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events into the state: what is believed, what is doubted, what belongs to whom. */
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

#define PORT WORLD_PORT
#define FUNCTION BASE_SBDF(0, 1, 0, 0)

static struct core core; /* too large for the stack */
static struct effects effects;
static struct event event;
static struct model_port *const port = &core.ports[0];

static void start(void)
{
        world_core_fill(&core);
        memset(&effects, 0, sizeof effects);
}

static struct event *event_of(enum event_kind kind)
{
        memset(&event, 0, sizeof event);
        event.kind = kind;
        event.time_ms = core.now_ms;
        event.port = PORT;
        return &event;
}

static void apply(void)
{
        memset(&effects, 0, sizeof effects);
        model_event_apply(&core, &event, &effects);
}

static void pending_set(enum effect_kind kind, enum model_goal goal)
{
        port->token = 50;
        port->pending = kind;
        port->pending_goal = goal;
        port->pending_function = BASE_SBDF_NONE;
        port->pending_incarnation = port->incarnation;
        port->inventory_dirty = port->owners_dirty = false;
}

static void answer(enum event_kind kind)
{
        event_of(kind)->token = 50;
}

static uint32_t records_of(enum record_kind kind)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < effects.record_count; i++)
                count += effects.records[i].kind == kind;
        return count;
}

static void test_time_does_not_run_back(void **state)
{
        (void)state;
        start();
        event_of(EVENT_NONE)->time_ms = 99900;
        apply();
        assert_int_equal(core.now_ms, 100000);
        event.time_ms = 100100;
        apply();
        assert_int_equal(core.now_ms, 100100);
}

/* Only the answer that is waited for ends the wait, and only once; what it shows must be what was asked for. */
static void test_answers(void **state)
{
        (void)state;
        start();
        pending_set(EFFECT_OWNERS, GOAL_OWNERS);
        world_core_function(&core, FUNCTION);
        answer(EVENT_INVENTORY);
        event.token = 49;
        apply();
        assert_int_equal(port->token, 50);
        event.token = 0;
        apply();
        assert_int_equal(port->token, 50);
        event.token = 50;
        apply();
        assert_int_equal(port->token, 0);
        assert_int_equal(core.function_count, 1); /* no inventory was asked for */
        pending_set(EFFECT_INVENTORY, GOAL_INVENTORY);
        answer(EVENT_OWNERS);
        apply();
        assert_int_equal(port->token, 0);
        assert_int_equal(core.functions[0].owner, EVENT_OWNER_DOM_IO);
}

static void uevent_of(enum event_action action, uint32_t sbdf, uint32_t above)
{
        start();
        port->inventory_dirty = port->owners_dirty = false;
        event_of(EVENT_UEVENT)->uevent = (struct event_uevent){ .action = action,
                                                                .subsystem = SUBSYSTEM_PCI,
                                                                .place = { .sbdf = sbdf } };
        event.uevent.place.above[0] = above;
        event.uevent.place.depth = above != 0;
        apply();
}

static bool doubted(void)
{
        return !port->registers_fresh && !port->inventory_fresh && port->inventory_dirty &&
               !port->owners_fresh && port->owners_dirty;
}

static bool untouched(void)
{
        return port->registers_fresh && port->inventory_fresh && !port->inventory_dirty &&
               port->owners_fresh && !port->owners_dirty;
}

/* What an answer says of a toolstack is kept; of any other effect those bytes are nothing. */
static void test_told(void **state)
{
        static const struct {
                enum effect_kind kind;
                enum model_goal goal;
                const char *told;
        } all[] = {
                { EFFECT_ATTACH, GOAL_ATTACHED, "no" },
                { EFFECT_DETACH, GOAL_DETACHED, "no" },
                { EFFECT_INVENTORY, GOAL_INVENTORY, "" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                start();
                pending_set(all[i].kind, all[i].goal);
                answer(EVENT_COMPLETED);
                event.error = EREMOTEIO;
                memcpy(event.completed.told, "no", sizeof "no");
                apply();
                assert_int_equal(records_of(RECORD_EFFECT_FAILED), 1);
                assert_string_equal(effects.records[0].told, all[i].told);
                assert_int_equal(effects.records[0].error, EREMOTEIO);
        }
        start();
        pending_set(EFFECT_ATTACH, GOAL_ATTACHED);
        answer(EVENT_COMPLETED);
        event.error = EREMOTEIO;
        memset(event.completed.told, 'x',
               sizeof event.completed.told); /* without an end: not ours */
        apply();
        assert_string_equal(effects.records[0].told, "");
}

/* After an attachment (AMD-Vi), and when Xen has learned of it anew, what was tried before does not count. */
static void test_asked_anew(void **state)
{
        struct model_function *function;

        (void)state;
        start();
        core.platform.iommu = IOMMU_AMD;
        function = world_core_function(&core, FUNCTION);
        function->quarantine = (struct model_attempt){ .retry_at_ms = 999999, .tries = 9 };
        pending_set(EFFECT_ATTACH, GOAL_ATTACHED);
        port->pending_function = FUNCTION;
        port->pending_instance = function->facts.instance;
        function->asked = function->confirmed = true;
        answer(EVENT_COMPLETED);
        apply();
        assert_true(function->due);
        assert_false(function->asked || function->confirmed); /* Xen is asked twice */
        assert_int_equal(function->owner, EVENT_OWNER_UNKNOWN);
        assert_int_equal(function->quarantine.tries, 0);
        function->quarantine.tries = 9;
        pending_set(EFFECT_REGISTER, GOAL_REGISTERED);
        port->pending_function = FUNCTION;
        answer(EVENT_COMPLETED);
        apply();
        assert_true(function->registered);
        assert_int_equal(function->quarantine.tries, 0);
}

static void test_uevent_below(void **state)
{
        (void)state;
        uevent_of(UEVENT_ADD, FUNCTION, PORT);
        assert_true(doubted());
        assert_false(core.discover);
        uevent_of(UEVENT_BIND, FUNCTION, PORT);
        assert_true(doubted());
        uevent_of(UEVENT_REMOVE, FUNCTION, PORT);
        assert_true(doubted());
        uevent_of(UEVENT_UNBIND, FUNCTION, PORT); /* mostly our own doing */
        assert_true(untouched());
        event.uevent.action = UEVENT_ADD;
        event.uevent.subsystem = SUBSYSTEM_OTHER;
        apply();
        assert_true(untouched());
}

static void test_uevent_of_the_port(void **state)
{
        (void)state;
        uevent_of(UEVENT_BIND, PORT, 0);
        assert_false(port->registers_fresh);
        assert_true(port->inventory_fresh);
        assert_false(core.discover);
        uevent_of(UEVENT_REMOVE, PORT, 0);
        assert_true(core.discover);
}

static void test_uevent_elsewhere(void **state)
{
        static const enum event_action actions[] = { UEVENT_ADD, UEVENT_REMOVE };

        (void)state;
        for (size_t i = 0; i < 2; i++) {
                uevent_of(actions[i], BASE_SBDF(0, 0, 7, 0), 0);
                assert_true(core.discover);
                assert_true(untouched());
        }
        uevent_of(UEVENT_BIND, BASE_SBDF(0, 0, 7, 0), 0);
        assert_false(core.discover);
}

/* Between an external port and the root there may be ports that are not. */
static void test_uevent_below_internal_port(void **state)
{
        (void)state;
        start();
        core.ports[1] = core.ports[0];
        core.ports[0].found.sbdf = BASE_SBDF(0, 0, 1, 0);
        core.ports[0].external = false;
        core.port_count = 2;
        event_of(EVENT_UEVENT)->uevent = (struct event_uevent){
                .action = UEVENT_ADD,
                .place = { .sbdf = FUNCTION, .depth = 2, .above = { BASE_SBDF(0, 0, 1, 0), PORT } },
        };
        apply();
        assert_true(core.ports[0].inventory_fresh);
        assert_false(core.ports[1].inventory_fresh);
}

static void test_lost_uevents(void **state)
{
        (void)state;
        start();
        event_of(EVENT_OVERRUN);
        apply();
        assert_true(doubted());
        assert_true(core.discover);
        assert_int_equal(records_of(RECORD_OVERRUN), 1);
        start();
        event_of(EVENT_UEVENT)->uevent.place.truncated = true; /* too deep to say where */
        event.uevent.place.sbdf = FUNCTION;
        apply();
        assert_true(doubted());
        assert_true(core.discover);
}

static void test_config_and_platform_come_again(void **state)
{
        (void)state;
        start();
        core.platform_known = true;
        event_of(EVENT_CONFIG);
        apply();
        assert_false(port->judged);
        assert_true(core.discover);
        event_of(EVENT_PLATFORM);
        apply();
        assert_false(core.platform_known);
}

static void test_discovery_failed(void **state)
{
        (void)state;
        start();
        core.discover_token = 9;
        event_of(EVENT_COMPLETED)->token = 8;
        event.error = EIO;
        apply();
        assert_int_equal(core.discover_token, 9);
        event.token = 9;
        apply();
        assert_int_equal(core.discover_token, 0);
        assert_true(core.discover);
        assert_int_equal(core.discover_until_ms, core.now_ms + 1000); /* not in a busy loop */
}

static void found_send(uint32_t sbdf, uint32_t slot_cap)
{
        event_of(EVENT_PORT_FOUND)->found =
                (struct event_port){ .sbdf = sbdf, .slot = true, .slot_cap = slot_cap };
        apply();
}

static void test_ports_come_and_go(void **state)
{
        (void)state;
        start();
        world_core_function(&core, FUNCTION);
        core.functions[1] = core.functions[0];
        core.functions[1].port = BASE_SBDF(0, 0, 2, 0);
        core.function_count = 2;
        core.discovered = false;
        core.discovery = 3;
        core.discover_token = 9;
        found_send(BASE_SBDF(0, 0, 6, 0), 0x40);
        found_send(BASE_SBDF(0, 0, 2, 0), 0x40);
        assert_int_equal(core.port_count, 3);
        for (uint32_t i = 0; i < 3; i++)
                assert_int_equal(core.ports[i].found.sbdf, BASE_SBDF(0, 0, 2 + 2 * i, 0));
        assert_int_equal(core.ports[0].incarnation, 1);
        event_of(EVENT_PORTS_END)->token = 8; /* of an earlier discovery */
        apply();
        assert_int_equal(core.port_count, 3);
        assert_false(core.discovered);
        event.token = 9;
        apply();
        assert_true(core.discovered);
        assert_int_equal(core.port_count,
                         2); /* 04.0 was not found, and its functions left with it */
        assert_int_equal(records_of(RECORD_PORT_LOST), 1);
        assert_int_equal(core.function_count, 1);
        assert_int_equal(core.functions[0].port, BASE_SBDF(0, 0, 2, 0));
        core.ports[0].judged = true;
        found_send(BASE_SBDF(0, 0, 2, 0), 0x40);
        assert_true(core.ports[0].judged);
        found_send(BASE_SBDF(0, 0, 2, 0), 0x00); /* it is another one now */
        assert_false(core.ports[0].judged);
}

static void test_too_many_ports(void **state)
{
        (void)state;
        start();
        for (uint32_t i = 1; i < LIMIT_PORTS; i++)
                found_send(BASE_SBDF(1, i, 0, 0), 0x40);
        assert_int_equal(core.port_count, LIMIT_PORTS);
        assert_false(core.overflowed);
        found_send(BASE_SBDF(2, 0, 0, 0), 0x40);
        assert_int_equal(core.port_count, LIMIT_PORTS);
        assert_true(core.overflowed);
        assert_int_equal(records_of(RECORD_OVERFLOW), 1);
}

/* An inventory is the answer to one that was asked for. */
static void inventory_send(uint32_t count, const struct event_function *functions)
{
        pending_set(EFFECT_INVENTORY, GOAL_INVENTORY);
        answer(EVENT_INVENTORY);
        event.inventory.count = count;
        memcpy(event.inventory.functions, functions, count * sizeof *functions);
}

static void test_too_many_functions(void **state)
{
        struct event_function facts = { .sbdf = FUNCTION, .readable = true };

        (void)state;
        start();
        for (uint32_t i = 0; i < LIMIT_FUNCTIONS; i++) {
                world_core_function(&core, BASE_SBDF(3, i >> 3, 0, i & 7));
                core.functions[i].port = BASE_SBDF(0, 0, 9, 0);
        }
        assert_null(model_function_add(&core, port, FUNCTION));
        inventory_send(1, &facts);
        apply();
        assert_int_equal(core.function_count, LIMIT_FUNCTIONS);
        assert_true(port->inventory_partial);
        assert_false(port->inventory_fresh);
        assert_int_equal(records_of(RECORD_OVERFLOW), 1);
        pending_set(EFFECT_OWNERS, GOAL_OWNERS);
        port->inventory_partial = false;
        answer(EVENT_OWNERS);
        event.owners.count = 1;
        event.owners.owners[0] = (struct event_owner){ FUNCTION, EVENT_OWNER_DOM0 };
        apply();
        assert_true(port->inventory_partial);
        assert_false(port->owners_fresh);
        assert_int_equal(records_of(RECORD_OVERFLOW), 1);
}

/* Taking one out of the middle leaves the others as they were. */
static void test_function_drop(void **state)
{
        (void)state;
        start();
        for (uint32_t i = 0; i < 5; i++)
                world_core_function(&core, BASE_SBDF(0, 1, 0, i));
        model_function_drop(&core, &core.functions[1]);
        assert_int_equal(core.function_count, 4);
        assert_int_equal(core.functions[0].facts.sbdf, FUNCTION);
        for (uint32_t i = 1; i < 4; i++)
                assert_int_equal(core.functions[i].facts.sbdf, BASE_SBDF(0, 1, 0, i + 1));
        assert_int_equal(core.functions[4].facts.sbdf, 0);
}

/* The same address below two ports is two functions (segments apart, buses can be renumbered). */
static void test_function_of_its_port(void **state)
{
        (void)state;
        start();
        world_core_function(&core, FUNCTION);
        assert_null(model_function_get(&core, BASE_SBDF(0, 0, 5, 0), FUNCTION));
        assert_non_null(model_function_get(&core, PORT, FUNCTION));
        assert_int_equal(core.functions[0].incarnation, 1);
}

static void test_function_new(void **state)
{
        (void)state;
        start();
        port->incarnation = 4;
        assert_int_equal(model_function_add(&core, port, FUNCTION)->incarnation, 4);
        assert_int_equal(core.functions[0].owner, EVENT_OWNER_UNKNOWN);
        assert_false(core.functions[0].listed);
}

static void test_forgive_own_only(void **state)
{
        const struct model_attempt failed = { .tries = 9, .retry_at_ms = 99999, .error = EIO };

        (void)state;
        start();
        for (uint32_t i = 0; i < 2; i++) {
                struct model_function *function = world_core_function(&core, BASE_SBDF(0, 1, 0, i));

                function->driver = function->quarantine = function->removal = failed;
        }
        core.functions[1].port = BASE_SBDF(0, 0, 5, 0);
        port->attempts[GOAL_RESCAN] = failed;
        model_port_forgive(&core, port);
        assert_int_equal(port->attempts[GOAL_RESCAN].tries, 0);
        assert_int_equal(core.functions[0].driver.tries, 0);
        assert_int_equal(core.functions[0].quarantine.tries, 0);
        assert_int_equal(core.functions[0].removal.tries, 0);
        assert_int_equal(core.functions[1].driver.tries, 9);
        assert_int_equal(core.functions[1].quarantine.tries, 9);
        assert_int_equal(core.functions[1].removal.tries, 9);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_time_does_not_run_back),
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_told),
                cmocka_unit_test(test_asked_anew),
                cmocka_unit_test(test_uevent_below),
                cmocka_unit_test(test_uevent_of_the_port),
                cmocka_unit_test(test_uevent_elsewhere),
                cmocka_unit_test(test_uevent_below_internal_port),
                cmocka_unit_test(test_lost_uevents),
                cmocka_unit_test(test_config_and_platform_come_again),
                cmocka_unit_test(test_discovery_failed),
                cmocka_unit_test(test_ports_come_and_go),
                cmocka_unit_test(test_too_many_ports),
                cmocka_unit_test(test_too_many_functions),
                cmocka_unit_test(test_function_drop),
                cmocka_unit_test(test_function_of_its_port),
                cmocka_unit_test(test_function_new),
                cmocka_unit_test(test_forgive_own_only),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
