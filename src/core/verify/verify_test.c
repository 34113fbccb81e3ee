/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Predicates at their borders: each fact that a verdict needs, taken away alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define PORT WORLD_PORT
#define FUNCTION BASE_SBDF(0, 1, 0, 0)

static struct core core; /* too large for the stack */
static struct model_port *const port = &core.ports[0];
static struct model_function *const function = &core.functions[0];
static enum record_reason why;

/* A port with one function, verified: nothing is missing. */
static void whole(void)
{
        world_core_fill(&core);
        world_core_function(&core, FUNCTION);
}

static enum model_state port_state(void)
{
        return verify_port_state(&core, port, &why);
}

static enum model_state function_state(void)
{
        return verify_function_state(&core, port, function, &why);
}

static void test_guarded(void **state)
{
        bool *const facts[] = { &port->registers.readable, &port->closed,
                                &port->registers.pcieport };

        (void)state;
        whole();
        assert_true(verify_port_guarded(port));
        for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
                *facts[i] = false;
                assert_false(verify_port_guarded(port));
                assert_false(verify_machine_contained(&core));
                assert_int_not_equal(port_state(), STATE_QUARANTINED);
                *facts[i] = true;
        }
        port->registers.pciehp = true;
        assert_false(verify_port_guarded(port));
        assert_int_equal(port_state(), STATE_STARTING);
}

static void test_machine_contained(void **state)
{
        (void)state;
        whole();
        assert_true(verify_machine_contained(&core));
        core.overflowed = true;
        assert_false(verify_machine_contained(&core));
        core.overflowed = false;
        core.discovered = false;
        assert_false(verify_machine_contained(&core));
        core.discovered = true;
        core.port_count = 2; /* the other one was never closed */
        assert_true(verify_machine_contained(&core));
        core.ports[1].external = true;
        assert_false(verify_machine_contained(&core));
}

/* Whatever is still to be done because of how the machine was found. */
static void test_machine_settled(void **state)
{
        (void)state;
        whole();
        for (enum model_state i = STATE_NONE; i < STATE_MAX; i++) {
                port->state = i;
                assert_int_equal(verify_machine_settled(&core),
                                 i != STATE_NONE && i != STATE_STARTING && i != STATE_ARRIVING &&
                                         i != STATE_LEAVING);
        }
        port->state = STATE_EMPTY;
        core.discover = true;
        assert_false(verify_machine_settled(&core));
        core.discover = false;
        core.discover_token = 1;
        assert_false(verify_machine_settled(&core));
        core.discover_token = 0;
        core.discovered = false;
        assert_false(verify_machine_settled(&core));
}

static void test_bare(void **state)
{
        (void)state;
        whole();
        assert_false(verify_port_bare(&core, port));
        core.function_count = 0;
        assert_true(verify_port_bare(&core, port));
        port->inventory_fresh = false;
        assert_false(verify_port_bare(&core, port));
        port->inventory_fresh = true;
        port->owners_fresh = false;
        assert_false(verify_port_bare(&core, port));
}

/* Xen 4.19 no longer follows a missing owner (635dd1120a). */
static void test_ownerless(void **state)
{
        static const struct {
                uint16_t major, minor;
                bool panics;
        } versions[] = { { 3, 20, true },  { 4, 17, true },  { 4, 18, true },
                         { 4, 19, false }, { 4, 20, false }, { 5, 0, false } };

        (void)state;
        for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
                whole();
                core.platform.xen_major = versions[i].major;
                core.platform.xen_minor = versions[i].minor;
                assert_false(verify_port_ownerless(&core, port));
                function->owner = EVENT_OWNER_ABSENT;
                assert_false(verify_port_ownerless(&core, port));
                function->owner = EVENT_OWNER_NOBODY;
                assert_int_equal(verify_port_ownerless(&core, port), versions[i].panics);
                function->owner = EVENT_OWNER_DOM0;
                port->owners_fresh = false; /* not known is as bad */
                assert_int_equal(verify_port_ownerless(&core, port), versions[i].panics);
        }
        core.platform = (struct event_platform){ .xen = FACT_NO };
        assert_false(verify_port_ownerless(&core, port));
        core.platform = (struct event_platform){ .xen = FACT_UNKNOWN };
        assert_true(verify_port_ownerless(&core, port));
}

/* PCIe Base Spec 6.6.1: 100 ms after link training, 1 s where that cannot be seen. */
static void test_settling(void **state)
{
        (void)state;
        whole();
        port->up_since_ms = core.now_ms - VERIFY_SETTLE_MS;
        assert_false(verify_port_settling(&core, port));
        port->up_since_ms++;
        assert_true(verify_port_settling(&core, port));
        port->found.link_cap = 0;
        port->up_since_ms = core.now_ms - VERIFY_SETTLE_BLIND_MS;
        assert_false(verify_port_settling(&core, port));
        port->up_since_ms++;
        assert_true(verify_port_settling(&core, port));
        port->up = false; /* what is switched off settles nothing */
        assert_false(verify_port_settling(&core, port));
}

/* I6: each single fact that is missing takes the word away. */
static void test_function_quarantined(void **state)
{
        static const uint16_t others[] = { EVENT_OWNER_UNKNOWN, EVENT_OWNER_ABSENT,
                                           EVENT_OWNER_NOBODY, EVENT_OWNER_DOM0 };

        (void)state;
        whole();
        assert_int_equal(function_state(), STATE_QUARANTINED);
        function->confirmed = false;
        assert_int_equal(function_state(), STATE_ARRIVING);
        whole();
        function->facts.driver[0] = 'n';
        assert_int_equal(function_state(), STATE_ARRIVING);
        whole();
        function->facts.kept_off = false;
        assert_int_equal(function_state(), STATE_ARRIVING);
        whole();
        port->stable = false;
        assert_int_equal(function_state(), STATE_ARRIVING);
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
                whole();
                function->owner = others[i];
                assert_int_equal(function_state(), STATE_ARRIVING);
        }
}

static void test_function_goes(void **state)
{
        (void)state;
        whole();
        port->up = false;
        assert_int_equal(function_state(), STATE_GONE);
        whole();
        port->incarnation++;
        assert_int_equal(function_state(), STATE_GONE);
        whole();
        port->leaving = true;
        assert_int_equal(function_state(), STATE_GONE);
        whole();
        function->facts.readable = false;
        assert_int_equal(function_state(), STATE_GONE);
        whole();
        function->facts.changed = true;
        assert_int_equal(function_state(), STATE_GONE);
        assert_int_equal(why, REASON_CHANGED);
        function->facts.readable = false;
        assert_int_equal(function_state(), STATE_GONE);
        assert_int_equal(why, REASON_UNREADABLE);
        function->removal.tries = VERIFY_TRIES;
        assert_int_equal(function_state(), STATE_GONE);
        assert_int_equal(why, REASON_REMOVE_FAILED);
        assert_int_equal(port_state(), STATE_CONTAINED);
        function->removal.tries--;
        assert_int_not_equal(port_state(), STATE_CONTAINED);
        function->listed = false; /* what Xen alone knows is not the kernel's to remove */
        assert_int_not_equal(function_state(), STATE_GONE);
}

static void test_function_of_a_guest(void **state)
{
        (void)state;
        whole();
        function->owner = 1;
        assert_int_equal(function_state(), STATE_ASSIGNED);
        function->owner = 0x7fef;
        assert_int_equal(function_state(), STATE_ASSIGNED);
        function->confirmed = false;
        function->facts.driver[0] = 'p'; /* pciback */
        function->facts.kept_off = false;
        assert_true(verify_goal_met(&core, port, GOAL_DRIVER, function));
        assert_true(verify_goal_met(&core, port, GOAL_QUARANTINE, function));
        function->owner = 0x7ff0; /* DOMID_SELF: no guest */
        assert_int_not_equal(function_state(), STATE_ASSIGNED);
        assert_false(verify_goal_met(&core, port, GOAL_DRIVER, function));
        assert_false(verify_goal_met(&core, port, GOAL_QUARANTINE, function));
}

/* What the kernel does not list and nobody owns has no mapping, and must not be touched (I7). */
static void test_function_without_owner(void **state)
{
        (void)state;
        whole();
        function->confirmed = false;
        function->owner = EVENT_OWNER_NOBODY;
        assert_false(verify_goal_met(&core, port, GOAL_QUARANTINE, function));
        function->listed = false;
        assert_true(verify_goal_met(&core, port, GOAL_QUARANTINE, function));
        function->owner = EVENT_OWNER_DOM0;
        assert_false(verify_goal_met(&core, port, GOAL_QUARANTINE, function));
}

static void test_port_quarantined(void **state)
{
        bool *const facts[] = { &port->inventory_fresh, &port->owners_fresh, &port->rechecked,
                                &port->registers.awake, &port->registers.decodes };

        (void)state;
        whole();
        assert_int_equal(port_state(), STATE_QUARANTINED);
        for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
                *facts[i] = false;
                assert_int_equal(port_state(), STATE_ARRIVING);
                port->state = STATE_QUARANTINED; /* looking once more takes no verdict away */
                assert_int_equal(port_state(), STATE_QUARANTINED);
                port->state = STATE_NONE;
                *facts[i] = true;
        }
        port->state = STATE_QUARANTINED;
        function->confirmed = false;
        assert_int_equal(port_state(), STATE_ARRIVING);
        function->confirmed = true;
        port->incarnation = function->incarnation = 2; /* not enumerated yet */
        assert_int_equal(port_state(), STATE_ARRIVING);
}

/* A port is never better than what hangs below it; what hangs below another does not matter. */
static void test_port_and_functions(void **state)
{
        (void)state;
        whole();
        core.function_count = 2;
        core.functions[1] = *function;
        core.functions[1].port = BASE_SBDF(0, 0, 5, 0);
        core.functions[1].confirmed = false;
        core.functions[1].quarantine.tries = VERIFY_TRIES;
        assert_int_equal(port_state(), STATE_QUARANTINED);
        core.functions[1].port = PORT;
        assert_int_equal(port_state(), STATE_CONTAINED);
        core.functions[1].quarantine.tries--;
        assert_int_equal(port_state(), STATE_ARRIVING);
}

static void test_port_failures(void **state)
{
        (void)state;
        whole();
        port->attempts[GOAL_OWNERS].tries = VERIFY_TRIES;
        assert_int_equal(port_state(), STATE_QUARANTINED); /* it was met in the end */
        port->owners_fresh = false;
        assert_int_equal(port_state(), STATE_CONTAINED);
        assert_int_equal(why, REASON_OWNERS_UNREADABLE);
        whole();
        port->registers.readable = false;
        assert_int_equal(port_state(), STATE_CONTAINED);
        assert_int_equal(why, REASON_PORT_UNREADABLE);
        whole();
        port->leaving = true;
        function->owner = EVENT_OWNER_NOBODY;
        assert_int_equal(port_state(), STATE_CONTAINED);
        assert_int_equal(why, REASON_OWNERLESS);
        port->leaving = false;
        function->incarnation = 1;
        assert_int_not_equal(port_state(), STATE_CONTAINED);
}

static void test_port_without_link(void **state)
{
        (void)state;
        whole();
        core.function_count = 0;
        port->up = false;
        port->occupied_since_ms = core.now_ms - VERIFY_LINK_MS;
        assert_int_equal(port_state(), STATE_EMPTY);
        port->occupied_since_ms--;
        assert_int_equal(port_state(), STATE_CONTAINED);
        assert_int_equal(why, REASON_NO_LINK);
        port->registers.slot_control |= MODEL_SLOT_CONTROL_PCC;
        assert_int_equal(port_state(), STATE_EMPTY);
        core.function_count = 1; /* the kernel still lists it */
        assert_int_equal(port_state(), STATE_LEAVING);
}

static void test_latch(void **state)
{
        uint16_t mask;

        (void)state;
        whole();
        core.function_count = 0;
        port->registers.slot_status = MODEL_SLOT_STATUS_MRLSS;
        assert_int_equal(port_state(), STATE_ARRIVING); /* no sensor: the bit means nothing */
        port->found.slot_cap |= MODEL_SLOT_CAP_MRLSP;
        assert_int_equal(port_state(), STATE_EMPTY);
        assert_int_equal(why, REASON_MRL_OPEN);
        assert_int_equal(verify_slot_wanted(&core, port, &mask) & MODEL_SLOT_CONTROL_PCC,
                         MODEL_SLOT_CONTROL_PCC);
        port->registers.slot_status = 0;
        assert_int_equal(verify_slot_wanted(&core, port, &mask) & MODEL_SLOT_CONTROL_PCC, 0);
        assert_int_not_equal(port_state(), STATE_EMPTY);
}

static uint16_t slot_wanted(uint16_t bits)
{
        uint16_t mask, wanted = verify_slot_wanted(&core, port, &mask);

        assert_int_equal(mask & bits, bits);
        return wanted & bits;
}

/* PCIe Base Spec 6.7.1: power and green light go together, yellow asks for an operator. */
static void test_slot_power(void **state)
{
        const uint16_t pcc = MODEL_SLOT_CONTROL_PCC;

        (void)state;
        whole();
        assert_int_equal(slot_wanted(pcc), 0);
        port->leaving = true;
        assert_int_equal(slot_wanted(pcc), 0); /* until all has left */
        core.function_count = 0;
        assert_int_equal(slot_wanted(pcc), pcc);
        whole();
        port->ejected = true;
        assert_int_equal(slot_wanted(pcc), pcc);
        whole();
        port->registers.slot_control |= pcc;
        assert_int_equal(slot_wanted(pcc), 0); /* it is ours: power on */
        port->leaving = true;
        assert_int_equal(slot_wanted(pcc), pcc);
        port->leaving = false;
        port->closed = false; /* not ours: it stays off */
        assert_int_equal(slot_wanted(pcc), pcc);
        port->registers.slot_control = 0x01c0;
        assert_int_equal(slot_wanted(pcc), 0); /* what is on stays on */
        port->occupied = false;
        assert_int_equal(slot_wanted(pcc), pcc);
}

static void test_slot_lights(void **state)
{
        const uint16_t green = MODEL_SLOT_CONTROL_PIC, yellow = MODEL_SLOT_CONTROL_AIC;

        (void)state;
        whole();
        assert_int_equal(slot_wanted(MODEL_SLOT_CONTROL_INTERRUPTS), 0);
        assert_int_equal(slot_wanted(green), 0x0100);
        assert_int_equal(slot_wanted(yellow), 0x00c0);
        port->button_at_ms = 1;
        assert_int_equal(slot_wanted(green), 0x0200);
        port->button_at_ms = 0;
        port->state = STATE_ARRIVING;
        assert_int_equal(slot_wanted(green), 0x0200);
        port->state = STATE_CONTAINED;
        assert_int_equal(slot_wanted(green), 0x0100);
        assert_int_equal(slot_wanted(yellow), 0x0040);
        port->ejected = true;
        assert_int_equal(slot_wanted(green), 0x0300);
}

static void test_rescan_goal(void **state)
{
        (void)state;
        whole();
        assert_true(verify_goal_met(&core, port, GOAL_RESCAN, NULL));
        core.function_count = 0; /* asked, and nothing was found */
        assert_false(verify_goal_met(&core, port, GOAL_RESCAN, NULL));
        port->inventory_fresh = false;
        assert_true(verify_goal_met(&core, port, GOAL_RESCAN, NULL));
        whole();
        port->incarnation = 3; /* asked about an earlier one */
        assert_false(verify_goal_met(&core, port, GOAL_RESCAN, NULL));
        port->leaving = true;
        assert_true(verify_goal_met(&core, port, GOAL_RESCAN, NULL));
        port->leaving = false;
        port->ejected = true;
        assert_true(verify_goal_met(&core, port, GOAL_RESCAN, NULL));
        port->ejected = port->up = false;
        assert_true(verify_goal_met(&core, port, GOAL_RESCAN, NULL));
}

/* An empty port needs no owner list, unless something went away, or is to go. */
static void test_owners_goal(void **state)
{
        (void)state;
        whole();
        port->owners_fresh = false;
        assert_false(verify_goal_met(&core, port, GOAL_OWNERS, NULL));
        core.function_count = 0;
        assert_true(verify_goal_met(&core, port, GOAL_OWNERS, NULL));
        port->owners_due = true;
        assert_false(verify_goal_met(&core, port, GOAL_OWNERS, NULL));
        port->owners_due = false;
        port->leaving = true;
        assert_false(verify_goal_met(&core, port, GOAL_OWNERS, NULL));
}

/* Of a port that is ours, was listed, and whose event bits are clear: the file has to hold what is so. */
static void test_remembered_goal(void **state)
{
        bool *const needs[] = { &port->inventory_fresh, &port->closed, &port->registers.pcieport };

        (void)state;
        whole();
        assert_true(verify_goal_met(&core, port, GOAL_REMEMBERED, NULL));
        port->ejected = true;
        assert_false(verify_goal_met(&core, port, GOAL_REMEMBERED, NULL));
        port->memory_ejected = true;
        assert_true(verify_goal_met(&core, port, GOAL_REMEMBERED, NULL));
        port->memory_fresh = false;
        for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
                assert_false(verify_goal_met(&core, port, GOAL_REMEMBERED, NULL));
                *needs[i] = false;
                assert_true(verify_goal_met(&core, port, GOAL_REMEMBERED, NULL));
                *needs[i] = true;
        }
        core.memory_failed = true;
        assert_false(verify_goal_met(&core, port, GOAL_REMEMBERED, NULL));
        memcpy(port->guest, WORLD_GUEST,
               sizeof WORLD_GUEST); /* who does not wait for a disk that is full */
        assert_true(verify_goal_met(&core, port, GOAL_REMEMBERED, NULL));
        core.memory_failed = false;
        assert_false(verify_goal_met(&core, port, GOAL_REMEMBERED, NULL));
        port->status_seen = MODEL_SLOT_STATUS_PDC;
        assert_true(verify_goal_met(&core, port, GOAL_REMEMBERED, NULL));
}

/* What the state file says of a guest was so when it was written. */
static void test_guest_goal(void **state)
{
        (void)state;
        whole();
        port->domid = 3;
        assert_false(verify_goal_met(&core, port, GOAL_GUEST, NULL));
        port->guests_fresh = true;
        assert_true(verify_goal_met(&core, port, GOAL_GUEST, NULL));
        port->domid = 0;
        assert_false(verify_goal_met(&core, port, GOAL_GUEST, NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_guarded),
                cmocka_unit_test(test_remembered_goal),
                cmocka_unit_test(test_guest_goal),
                cmocka_unit_test(test_machine_contained),
                cmocka_unit_test(test_machine_settled),
                cmocka_unit_test(test_bare),
                cmocka_unit_test(test_ownerless),
                cmocka_unit_test(test_settling),
                cmocka_unit_test(test_function_quarantined),
                cmocka_unit_test(test_function_goes),
                cmocka_unit_test(test_function_of_a_guest),
                cmocka_unit_test(test_function_without_owner),
                cmocka_unit_test(test_port_quarantined),
                cmocka_unit_test(test_port_and_functions),
                cmocka_unit_test(test_port_failures),
                cmocka_unit_test(test_port_without_link),
                cmocka_unit_test(test_latch),
                cmocka_unit_test(test_slot_power),
                cmocka_unit_test(test_slot_lights),
                cmocka_unit_test(test_rescan_goal),
                cmocka_unit_test(test_owners_goal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
