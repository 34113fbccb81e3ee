/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel lists, what Xen lists, and what an effect's end makes stale. */
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
#define OTHER BASE_SBDF(0, 2, 0, 0)

static struct core core; /* too large for the stack */
static struct effects effects;
static struct event event;
static struct model_port *const port = &core.ports[0];
static struct model_function *const function = &core.functions[0];

/* A port with one function in quarantine, and an effect under way. */
static void start(enum effect_kind pending, enum model_goal goal)
{
        world_core_fill(&core);
        world_core_function(&core, FUNCTION);
        memset(&effects, 0, sizeof effects);
        memset(&event, 0, sizeof event);
        event.time_ms = core.now_ms;
        event.port = WORLD_PORT;
        event.token = port->token = 50;
        port->pending = pending;
        port->pending_goal = goal;
        port->pending_function = FUNCTION;
        port->pending_instance = function->facts.instance;
        port->pending_incarnation = port->incarnation;
}

static void answer(enum event_kind kind)
{
        event.kind = kind;
        event.token = port->token = 50;
        memset(&effects, 0, sizeof effects);
        model_event_apply(&core, &event, &effects);
}

static void completed(enum effect_kind kind, enum model_goal goal, int32_t error)
{
        start(kind, goal);
        event.error = error;
        answer(EVENT_COMPLETED);
}

/* The inventory that shows what is known already. */
static void inventory_start(void)
{
        start(EFFECT_INVENTORY, GOAL_INVENTORY);
        event.inventory.count = 1;
        event.inventory.functions[0] = function->facts;
}

static void owners_start(uint16_t owner)
{
        start(EFFECT_OWNERS, GOAL_OWNERS);
        event.owners.count = 1;
        event.owners.owners[0] = (struct event_owner){ FUNCTION, owner };
}

static void test_same_inventory(void **state)
{
        (void)state;
        inventory_start();
        port->stable = false;
        function->driver_asked = true;
        answer(EVENT_INVENTORY);
        assert_true(port->inventory_fresh && port->stable && port->owners_fresh);
        assert_true(function->confirmed);
        assert_false(function->driver_asked); /* if a driver is there again, it is told again */
        assert_false(port->owners_due);
        assert_int_equal(effects.record_count, 0);
}

/* Masked MSI-X is its driver's doing where it is a guest's, whoever gave it, or being given; not on its way back. */
static void test_masked(void **state)
{
        (void)state;
        for (uint32_t i = 0; i < 8; i++) {
                bool held = i & 1, given = i & 2, owned = i & 4;

                inventory_start();
                event.inventory.functions[0].enabled = EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X);
                function->held = held ? 3 : 0;
                function->given = given;
                function->owner = owned ? 3 : EVENT_OWNER_DOM_IO;
                answer(EVENT_INVENTORY);
                assert_int_equal(function->facts.enabled == 0, owned || (given && held));
        }
}

static void test_inventory_from_before(void **state)
{
        (void)state;
        inventory_start();
        port->inventory_fresh = false;
        port->inventory_dirty = true;
        answer(EVENT_INVENTORY);
        assert_false(port->inventory_fresh);
        inventory_start();
        event.inventory.truncated = true;
        answer(EVENT_INVENTORY);
        assert_true(port->inventory_partial);
        assert_false(port->inventory_fresh);
        event.inventory.truncated = false;
        answer(EVENT_INVENTORY);
        assert_true(port->inventory_fresh);
}

/* Somebody bound pciback, who may have given it to a guest since: it is asked again, but for what is given by us. */
static void test_pciback_appears(void **state)
{
        struct event_function *facts = &event.inventory.functions[0];

        (void)state;
        inventory_start();
        memcpy(facts->driver, EVENT_PCIBACK_DRIVER, sizeof EVENT_PCIBACK_DRIVER);
        answer(EVENT_INVENTORY);
        assert_false(function->confirmed || function->asked);
        inventory_start();
        function->given = true;
        memcpy(facts->driver, EVENT_PCIBACK_DRIVER, sizeof EVENT_PCIBACK_DRIVER);
        answer(EVENT_INVENTORY);
        assert_true(function->confirmed);
        inventory_start();
        memcpy(function->facts.driver, EVENT_PCIBACK_DRIVER, sizeof EVENT_PCIBACK_DRIVER);
        event.inventory.functions[0] = function->facts; /* it was so before */
        answer(EVENT_INVENTORY);
        assert_true(function->confirmed);
}

/* Each fact that identifies a function: where it changes, nothing that was verified counts. */
static void test_changed_function(void **state)
{
        (void)state;
        for (int fact = 0; fact < 4; fact++) {
                struct event_function *facts = &event.inventory.functions[0];

                inventory_start();
                facts->digest += fact == 0;
                facts->readable = fact != 1;
                facts->changed = fact == 2;
                facts->parent += fact == 3;
                answer(EVENT_INVENTORY);
                assert_false(function->confirmed || function->asked);
                assert_false(port->stable || port->owners_fresh);
                assert_true(port->owners_dirty);
                assert_int_equal(core.function_count, 1);
        }
}

/* The same address, another kernel object: the former is gone, the new one is not verified (I5). */
/* Whatever is judged: each fact alone. */
static void test_judged_facts(void **state)
{
        (void)state;
        for (int fact = 0; fact < 9; fact++) {
                struct event_function *facts = &event.inventory.functions[0];

                inventory_start();
                facts->inconsistent = fact == 0;
                facts->buses_wrong = fact == 1;
                facts->bars_overlap = fact == 2;
                facts->bars_outside = fact == 3;
                facts->capabilities = fact == 4;
                facts->enabled = fact == 5;
                facts->malformed = fact == 6;
                facts->pci_bridge = fact == 7;
                facts->secondary = fact == 8;
                port->weighed = true;
                answer(EVENT_INVENTORY);
                assert_false(function->confirmed || port->stable || port->weighed);
        }
}

static bool tainted(struct event_function facts, bool known)
{
        inventory_start();
        if (!known)
                core.function_count = 0;
        facts.sbdf = FUNCTION;
        facts.parent = WORLD_PORT;
        facts.instance = 7;
        event.inventory.functions[0] = facts;
        answer(EVENT_INVENTORY);
        return port->tainted;
}

/* What VT-d may keep an entry for; and what could be that, for all that is known, when it is seen first. */
static void test_taint(void **state)
{
        (void)state;
        for (int known = 0; known < 2; known++) {
                assert_false(tainted((struct event_function){ .readable = true }, known));
                assert_true(tainted(
                        (struct event_function){ .readable = true, .conventional = true }, known));
                assert_true(tainted((struct event_function){ .readable = true, .pci_bridge = true },
                                    known));
                assert_true(tainted(
                        (struct event_function){ .readable = true, .inconsistent = true }, known));
                assert_int_equal(
                        tainted((struct event_function){ .readable = true, .changed = true },
                                known),
                        !known);
                assert_int_equal(tainted((struct event_function){ .readable = false }, known),
                                 !known);
        }
        /* known to Xen alone until now: nobody has looked at it yet */
        inventory_start();
        function->listed = false;
        event.inventory.functions[0].readable = false;
        answer(EVENT_INVENTORY);
        assert_true(port->tainted);
        answer(EVENT_INVENTORY);
        assert_true(port->tainted);
        model_port_forget(&core, port);
        assert_true(port->tainted);
}

/* What Xen refused while only it knew of the address counts for nothing that the kernel lists there later (I5). */
static void test_listed_later(void **state)
{
        (void)state;
        inventory_start();
        function->listed = false;
        function->refused = function->withdrawn = true;
        function->quarantine = (struct model_attempt){ .tries = 7, .retry_at_ms = 9, .error = 19 };
        answer(EVENT_INVENTORY);
        assert_true(function->listed);
        assert_false(function->refused || function->withdrawn || function->confirmed);
        assert_int_equal(function->quarantine.tries, 0);
        assert_int_equal(function->quarantine.error, 0);
}

static void test_successor(void **state)
{
        (void)state;
        inventory_start();
        event.inventory.functions[0].instance++;
        answer(EVENT_INVENTORY);
        assert_int_equal(core.function_count, 1);
        assert_int_equal(function->facts.instance, 8);
        assert_false(function->confirmed);
        assert_int_equal(function->owner, EVENT_OWNER_UNKNOWN);
        assert_false(port->stable);
        assert_int_equal(effects.records[0].kind, RECORD_FUNCTION_GONE);
        assert_int_equal(effects.records[1].kind, RECORD_FUNCTION_FOUND);
}

static void test_function_gone(void **state)
{
        (void)state;
        inventory_start();
        event.inventory.count = 0;
        answer(EVENT_INVENTORY);
        assert_int_equal(core.function_count, 0);
        assert_true(port->owners_due); /* Xen has to have forgotten it too */
        assert_false(port->owners_fresh || port->stable);
        answer(EVENT_INVENTORY);
        assert_true(port->owners_due);
        assert_true(port->stable);
}

/* Found now, it belongs to what was enumerated last, which may not be what is plugged by now. */
static void test_function_found(void **state)
{
        (void)state;
        inventory_start();
        port->incarnation = 5;
        port->rescanned = 4;
        port->ejected = true;
        event.inventory.functions[1] = (struct event_function){ .sbdf = OTHER, .readable = true };
        event.inventory.count = 2;
        answer(EVENT_INVENTORY);
        assert_int_equal(core.function_count, 2);
        assert_int_equal(core.functions[1].incarnation, 4);
        assert_true(core.functions[1].listed);
        assert_false(core.functions[1].at_boot);
        assert_false(port->ejected);
        assert_false(port->stable || port->owners_fresh);
        inventory_start();
        core.function_count = 0;
        port->rescanned = 0;
        port->inventory_once = false;
        event.inventory.functions[0].kept_off = false;
        answer(EVENT_INVENTORY);
        assert_true(function->at_boot);
        assert_int_equal(function->incarnation, 1);
        assert_false(port->stable); /* one inventory proves nothing */
        event.inventory.functions[0].kept_off = true;
        answer(EVENT_INVENTORY);
        assert_true(port->stable);
        /* Swapped after the first look, before the first inventory: it was enumerated for the predecessor. */
        inventory_start();
        core.function_count = 0;
        port->rescanned = 0;
        port->inventory_once = false;
        event.inventory.functions[0].kept_off = false;
        port->incarnation = port->pending_incarnation = 2;
        answer(EVENT_INVENTORY);
        assert_int_equal(function->incarnation, 1);
        assert_true(model_function_leaves(port, function));
}

/* An earlier daemon has kept it off: its mark says whether it was there at boot. */
static void test_function_marked(void **state)
{
        (void)state;
        for (int at_boot = 0; at_boot <= 1; at_boot++) {
                inventory_start();
                core.function_count = 0;
                port->inventory_once = false;
                event.inventory.functions[0].kept_off = true;
                event.inventory.functions[0].kept_at_boot = at_boot;
                answer(EVENT_INVENTORY);
                assert_int_equal(function->at_boot, at_boot);
        }
}

/* What the state file says was given is so, and ours to take back; unless the guest was looked for, and is gone. */
static void test_function_given(void **state)
{
        (void)state;
        for (uint16_t domid = 0; domid <= 3; domid += 3) {
                inventory_start();
                core.function_count = 0;
                port->inventory_once = false;
                port->domid = domid;
                core.memory_function_count = 1;
                core.memory_functions[0] = (struct model_memory_function){
                        .port = WORLD_PORT,
                        .facts = { .instance = event.inventory.functions[0].instance,
                                   .digest = event.inventory.functions[0].digest,
                                   .sbdf = FUNCTION,
                                   .given = true }
                };
                answer(EVENT_INVENTORY);
                assert_int_equal(function->given, domid != 0);
                assert_int_equal(function->held, domid);
        }
}

/* What Xen alone knows stays until Xen says otherwise, and is listed once the kernel does. */
static void test_function_of_xen_only(void **state)
{
        (void)state;
        inventory_start();
        function->listed = false;
        event.inventory.count = 0;
        answer(EVENT_INVENTORY);
        assert_int_equal(core.function_count, 1);
        inventory_start();
        function->listed = false;
        answer(EVENT_INVENTORY);
        assert_true(function->listed);
        assert_false(function->confirmed);
        owners_start(EVENT_OWNER_DOM_IO);
        function->listed = false;
        event.owners.count = 0;
        answer(EVENT_OWNERS);
        assert_int_equal(core.function_count, 0);
}

static void test_same_owners(void **state)
{
        (void)state;
        owners_start(EVENT_OWNER_DOM_IO);
        port->owners_fresh = false;
        port->owners_due = true;
        answer(EVENT_OWNERS);
        assert_true(port->owners_fresh && function->confirmed && function->asked);
        assert_false(port->owners_due);
        assert_false(port->rechecked); /* the port is looked at once more */
}

/* Every other owner, and none, contradicts what assigning told us (I6). */
static void test_owner_contradicts(void **state)
{
        static const uint16_t owners[] = { EVENT_OWNER_DOM0, EVENT_OWNER_NOBODY, 5 };

        (void)state;
        for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
                owners_start(owners[i]);
                answer(EVENT_OWNERS);
                assert_int_equal(function->owner, owners[i]);
                assert_false(function->confirmed || function->asked);
        }
        owners_start(EVENT_OWNER_DOM_IO);
        event.owners.count = 0;
        answer(EVENT_OWNERS);
        assert_int_equal(core.function_count, 1); /* the kernel lists it */
        assert_int_equal(function->owner, EVENT_OWNER_ABSENT);
        assert_false(function->confirmed || function->asked);
}

static void test_owners_that_do_not_count(void **state)
{
        (void)state;
        for (int why = 0; why < 3; why++) {
                owners_start(EVENT_OWNER_DOM_IO);
                port->owners_fresh = false;
                port->owners_due = true;
                port->owners_dirty = why == 0;
                event.owners.truncated = why == 1;
                port->inventory_partial = why == 2;
                answer(EVENT_OWNERS);
                assert_false(port->owners_fresh);
                assert_true(port->owners_due);
        }
}

/* Xen knows more than the kernel showed: it is guarded like the others, and the kernel is asked again. */
static void test_stray(void **state)
{
        (void)state;
        owners_start(EVENT_OWNER_DOM_IO);
        event.owners.owners[1] = (struct event_owner){ OTHER, EVENT_OWNER_DOM0 };
        event.owners.count = 2;
        answer(EVENT_OWNERS);
        assert_int_equal(core.function_count, 2);
        assert_int_equal(core.functions[1].owner, EVENT_OWNER_DOM0);
        assert_false(core.functions[1].listed);
        assert_false(port->inventory_fresh || port->stable);
}

static void test_completed_makes_stale(void **state)
{
        static const enum effect_kind on_port[] = { EFFECT_PORT_BIND, EFFECT_PORT_AWAKE,
                                                    EFFECT_PCIEHP_UNBIND };

        (void)state;
        for (size_t i = 0; i < sizeof on_port / sizeof on_port[0]; i++) {
                completed(on_port[i], GOAL_PCIEHP, 0);
                assert_false(port->registers_fresh);
        }
        completed(EFFECT_REMOVE, GOAL_GONE, 0);
        assert_false(port->registers_fresh || port->inventory_fresh || port->owners_fresh);
        completed(EFFECT_DRIVER_OFF, GOAL_DRIVER, 0);
        assert_false(port->stable);
        assert_true(function->driver_asked);
        completed(EFFECT_QUARANTINE, GOAL_QUARANTINE, 0);
        assert_false(port->owners_fresh);
        assert_true(port->owners_dirty);
}

/* The enumeration was asked for what was plugged then. */
static void test_rescan_completed(void **state)
{
        (void)state;
        start(EFFECT_RESCAN, GOAL_RESCAN);
        port->rescanned = 0;
        port->incarnation = 6;
        answer(EVENT_COMPLETED);
        assert_int_equal(port->rescanned, 1);
        assert_false(port->registers_fresh || port->inventory_fresh || port->owners_fresh);
}

/* It looked below every port of the bus, not only below the one that it was asked for. */
static void test_rescan_puts_every_port_in_doubt(void **state)
{
        (void)state;
        start(EFFECT_RESCAN, GOAL_RESCAN);
        core.port_count = 2;
        core.ports[1] = *port;
        core.ports[1].found.sbdf = BASE_SBDF(0, 0, 5, 0);
        core.ports[1].token = 0;
        core.ports[1].inventory_fresh = core.ports[1].owners_fresh = true;
        answer(EVENT_COMPLETED);
        assert_false(core.ports[1].inventory_fresh || core.ports[1].owners_fresh);
}

/* Which error it was is told to people and decides nothing: so one stands for all of them in the simulator. */
static void test_errors_are_alike(void **state)
{
        static struct core first, other;

        (void)state;
        for (enum effect_kind kind = EFFECT_NONE + 1; kind < EFFECT_MAX; kind++) {
                for (int32_t error = 1; error < 134; error++) { /* EHWPOISON is 133 */
                        completed(kind, GOAL_QUARANTINE, error);
                        for (uint32_t i = 0; i < effects.record_count; i++)
                                assert_int_equal(effects.records[i].error, error);
                        port->attempts[GOAL_QUARANTINE].error = function->quarantine.error = 1;
                        memcpy(error == 1 ? &first : &other, &core, sizeof core);
                        if (error > 1)
                                assert_memory_equal(&first, &other, sizeof core);
                }
        }
}

static void test_confirm_completed(void **state)
{
        (void)state;
        start(EFFECT_CONFIRM, GOAL_QUARANTINE);
        function->confirmed = false;
        answer(EVENT_COMPLETED);
        assert_true(function->confirmed && function->asked);
        completed(EFFECT_CONFIRM, GOAL_QUARANTINE, EBUSY);
        assert_false(function->confirmed || function->asked); /* asked for anew */
        assert_int_equal(function->quarantine.error, EBUSY);
        assert_int_equal(port->attempts[GOAL_QUARANTINE].error, 0);
}

/* The answer about what was there before says nothing about what is there now (I5). */
static void test_withdraw_completed(void **state)
{
        (void)state;
        completed(EFFECT_WITHDRAW, GOAL_QUARANTINE, 0);
        assert_true(function->withdrawn);
        assert_false(port->owners_fresh);
        assert_true(port->owners_dirty);
        start(EFFECT_WITHDRAW, GOAL_QUARANTINE);
        function->refused = true;
        event.error = EBUSY;
        answer(EVENT_COMPLETED);
        assert_false(function->withdrawn || function->refused || port->owners_fresh);
        completed(EFFECT_QUARANTINE, GOAL_QUARANTINE, EBUSY);
        assert_true(function->refused);
        completed(EFFECT_CONFIRM, GOAL_QUARANTINE, EBUSY);
        assert_true(function->refused);
        answer(EVENT_COMPLETED);
        event.error = 0;
        answer(EVENT_COMPLETED);
        assert_false(function->refused);
}

static void test_completed_for_predecessor(void **state)
{
        (void)state;
        start(EFFECT_CONFIRM, GOAL_QUARANTINE);
        function->facts.instance++;
        function->confirmed = function->asked = false;
        answer(EVENT_COMPLETED);
        assert_false(function->confirmed || function->asked);
}

static void test_failures_are_told(void **state)
{
        (void)state;
        completed(EFFECT_REMOVE, GOAL_GONE, EIO);
        assert_int_equal(effects.record_count, 1);
        assert_int_equal(effects.records[0].kind, RECORD_EFFECT_FAILED);
        assert_int_equal(effects.records[0].error, EIO);
        assert_int_equal(effects.records[0].function, FUNCTION);
        assert_int_equal(function->removal.error, EIO);
        completed(EFFECT_DRIVER_OFF, GOAL_DRIVER, EIO);
        assert_int_equal(function->driver.error, EIO);
        completed(EFFECT_RESCAN, GOAL_RESCAN, EIO);
        assert_int_equal(port->attempts[GOAL_RESCAN].error, EIO);
        completed(EFFECT_REMOVE, GOAL_GONE, 0);
        assert_int_equal(effects.record_count, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_same_inventory),
                cmocka_unit_test(test_masked),
                cmocka_unit_test(test_inventory_from_before),
                cmocka_unit_test(test_changed_function),
                cmocka_unit_test(test_pciback_appears),
                cmocka_unit_test(test_judged_facts),
                cmocka_unit_test(test_taint),
                cmocka_unit_test(test_listed_later),
                cmocka_unit_test(test_successor),
                cmocka_unit_test(test_function_gone),
                cmocka_unit_test(test_function_found),
                cmocka_unit_test(test_function_marked),
                cmocka_unit_test(test_function_given),
                cmocka_unit_test(test_function_of_xen_only),
                cmocka_unit_test(test_same_owners),
                cmocka_unit_test(test_owner_contradicts),
                cmocka_unit_test(test_owners_that_do_not_count),
                cmocka_unit_test(test_stray),
                cmocka_unit_test(test_completed_makes_stale),
                cmocka_unit_test(test_rescan_completed),
                cmocka_unit_test(test_rescan_puts_every_port_in_doubt),
                cmocka_unit_test(test_errors_are_alike),
                cmocka_unit_test(test_confirm_completed),
                cmocka_unit_test(test_withdraw_completed),
                cmocka_unit_test(test_completed_for_predecessor),
                cmocka_unit_test(test_failures_are_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
