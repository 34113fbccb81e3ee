/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk, one line of the table at a time: what goes first, what has to wait, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/plan/plan.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define FUNCTION BASE_SBDF(0, 1, 0, 0)

static struct core core; /* too large for the stack */
static struct effects effects;
static struct event event;
static struct model_port *const port = &core.ports[0];
static struct model_function *const function = &core.functions[0];

static void start(void)
{
        world_core_fill(&core);
        core.config.poll_interval_ms = 100;
        world_core_function(&core, FUNCTION);
}

/* One walk; returns the effect that leaves first, or EFFECT_NONE. */
static enum effect_kind walk(void)
{
        memset(&effects, 0, sizeof effects);
        plan_ports_advance(&core, &effects);
        assert_true(effects.count <= 1);
        return effects.count ? effects.items[0].kind : EFFECT_NONE;
}

static void test_nothing_to_do(void **state)
{
        (void)state;
        start();
        port->attempts[GOAL_RESCAN].tries = 3;
        function->quarantine.tries = 3;
        assert_int_equal(walk(), EFFECT_NONE);
        assert_int_equal(port->attempts[GOAL_RESCAN].tries, 0);
        assert_int_equal(function->quarantine.tries, 0);
        core.configured = false;
        port->closed = false;
        assert_int_equal(walk(), EFFECT_NONE);
}

static void test_internal_is_left_alone(void **state)
{
        (void)state;
        start();
        port->external = port->closed = false;
        assert_int_equal(walk(), EFFECT_NONE);
}

/* Each fact that is missing alone, and the effect that it asks for. */
static void test_each_goal(void **state)
{
        static const struct {
                size_t fact;
                enum effect_kind kind;
        } lines[] = {
                { offsetof(struct model_port, registers_fresh), EFFECT_PORT_READ },
                { offsetof(struct model_port, closed), EFFECT_PORT_CLOSE },
                { offsetof(struct model_port, registers.pcieport), EFFECT_PORT_BIND },
                { offsetof(struct model_port, registers.awake), EFFECT_PORT_AWAKE },
                { offsetof(struct model_port, inventory_fresh), EFFECT_INVENTORY },
                { offsetof(struct model_port, memory_fresh), EFFECT_REMEMBER },
                { offsetof(struct model_port, stable), EFFECT_INVENTORY },
                { offsetof(struct model_port, registers.decodes), EFFECT_PORT_DECODE },
                { offsetof(struct model_port, owners_fresh), EFFECT_OWNERS },
                { offsetof(struct model_port, rechecked), EFFECT_PORT_READ },
        };

        (void)state;
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
                start();
                memset((char *)port + lines[i].fact, 0, sizeof(bool));
                assert_int_equal(walk(), lines[i].kind);
        }
        start();
        port->status_seen = MODEL_SLOT_STATUS_PDC;
        assert_int_equal(walk(), EFFECT_SLOT_CLEAR);
        assert_int_equal(effects.items[0].value, MODEL_SLOT_STATUS_PDC);
        assert_false(port->registers_fresh);
}

/* Door 1 before all else; removal before enumeration (I5); drivers before owners. */
static void test_order(void **state)
{
        (void)state;
        start();
        port->closed = false;
        port->registers.pciehp = true;
        assert_int_equal(walk(), EFFECT_PORT_CLOSE);
        assert_int_equal(effects.items[0].deadline_ms, 0);
        assert_int_equal(port->token, 0);
        start();
        port->incarnation++;
        assert_int_equal(walk(), EFFECT_REMOVE);
        start();
        function->confirmed = false;
        function->facts.driver[0] = 'n';
        assert_int_equal(walk(), EFFECT_DRIVER_OFF);
        assert_int_equal(effects.items[0].instance, 7);
}

/* While the kernel enumerates, and as long as a driver of dom0's may be there, the port forwards nothing. */
static void test_decodes_last(void **state)
{
        (void)state;
        start();
        port->registers.decodes = false;
        port->token = 1; /* something is under way */
        port->pending_until_ms = core.now_ms + 1;
        assert_int_equal(walk(), EFFECT_NONE);
        start();
        port->registers.decodes = port->stable = false;
        port->attempts[GOAL_STABLE].retry_at_ms = core.now_ms + 1;
        assert_int_equal(walk(), EFFECT_NONE);
        start();
        port->registers.decodes = port->inventory_fresh = false;
        port->attempts[GOAL_INVENTORY].retry_at_ms = core.now_ms + 1;
        assert_int_equal(walk(), EFFECT_NONE);
        start();
        port->registers.decodes = function->confirmed = false;
        function->facts.driver[0] = 'n';
        function->driver.retry_at_ms = function->quarantine.retry_at_ms = core.now_ms + 1;
        assert_int_equal(walk(), EFFECT_NONE);
        start();
        core.function_count = 0; /* the kernel found nothing, and will be asked again */
        port->registers.decodes = false;
        port->attempts[GOAL_RESCAN].retry_at_ms = core.now_ms + 1;
        assert_int_equal(walk(), EFFECT_NONE);
        port->up = port->occupied = false;
        port->attempts[GOAL_SLOT].retry_at_ms = core.now_ms + 1; /* its indicators wait */
        assert_int_equal(walk(), EFFECT_PORT_DECODE);
        assert_int_equal(effects.items[0].deadline_ms, 0);
}

/* What was pulled or does not answer has no reset to wait for; what is ejected has. */
static void test_removal_forced(void **state)
{
        (void)state;
        start();
        port->incarnation++;
        assert_int_equal(walk(), EFFECT_REMOVE);
        assert_true(effects.items[0].forced);
        start();
        function->facts.readable = false;
        assert_int_equal(walk(), EFFECT_REMOVE);
        assert_true(effects.items[0].forced);
        start();
        port->up = false;
        port->attempts[GOAL_SLOT].retry_at_ms = core.now_ms + 1; /* its indicators wait */
        assert_int_equal(walk(), EFFECT_REMOVE);
        assert_true(effects.items[0].forced);
        start();
        port->leaving = true;
        port->attempts[GOAL_SLOT].retry_at_ms = core.now_ms + 1;
        assert_int_equal(walk(), EFFECT_REMOVE);
        assert_false(effects.items[0].forced);
}

/* What the state file says of a predecessor is taken back before the evidence goes, and before pciehp's. */
static void test_forgotten_first(void **state)
{
        (void)state;
        start();
        port->remembered = 1;
        assert_int_equal(walk(), EFFECT_NONE);
        port->incarnation = port->rescanned = 2;
        port->status_seen = MODEL_SLOT_STATUS_PDC;
        port->registers.pciehp = true;
        assert_int_equal(walk(), EFFECT_REMEMBER);
        assert_int_equal(port->pending_goal, GOAL_FORGOTTEN);
        assert_int_equal(port->remembered, 1); /* until it is written */
        assert_int_equal(walk(), EFFECT_NONE); /* the event bits stay meanwhile */
        port->token = 0;
        port->attempts[GOAL_FORGOTTEN] = (struct model_attempt){ core.now_ms + 1, 4, 28 };
        assert_int_equal(walk(), EFFECT_PCIEHP_UNBIND);
        port->token = 0;
        port->registers.pciehp = false;
        assert_int_equal(walk(), EFFECT_REMOVE); /* guarding goes on, but for the bits */
        port->token = 0;
        port->remembered = 0;
        assert_int_equal(walk(), EFFECT_SLOT_CLEAR);
}

/* When the effect has left, the file may name what is below; a change while it is written is noticed. */
static void test_remembered(void **state)
{
        (void)state;
        start();
        port->memory_fresh = false;
        port->memory_dirty = true;
        assert_int_equal(walk(), EFFECT_REMEMBER);
        assert_int_equal(port->remembered, 1);
        assert_int_equal(port->pending_remembered, 0);
        assert_false(port->memory_dirty || port->memory_fresh);
        start();
        port->memory_fresh = false;
        function->incarnation = 0; /* a predecessor's */
        function->listed = false;
        (void)walk();
        assert_int_equal(port->remembered, 0);
        start();
        port->ejected = true; /* with the functions gone, as it is then */
        core.function_count = 0;
        port->found.slot_cap = 0;
        assert_int_equal(walk(), EFFECT_REMEMBER);
        assert_true(port->memory_ejected);
        start(); /* not while bits are set, nor before it is ours and was listed */
        port->memory_fresh = false;
        port->status_seen = MODEL_SLOT_STATUS_ABP;
        assert_int_equal(walk(), EFFECT_SLOT_CLEAR);
        assert_int_equal(walk(), EFFECT_PORT_READ);
        port->reading = false;
        port->registers_fresh = true;
        assert_int_equal(walk(), EFFECT_SLOT_CLEAR);
        start();
        port->memory_fresh = port->inventory_fresh = false;
        assert_int_equal(walk(), EFFECT_INVENTORY);
}

static void test_one_worker(void **state)
{
        (void)state;
        start();
        port->registers.pciehp = true;
        port->token = 9;
        port->pending_until_ms = core.now_ms + 1;
        assert_int_equal(walk(), EFFECT_NONE);
        port->closed = false;
        assert_int_equal(walk(), EFFECT_PORT_CLOSE); /* that waits for nobody */
        assert_int_equal(port->token, 9);
}

/* An edge that never answers: given up, and what it did meanwhile is not known. */
static void test_worker_given_up(void **state)
{
        (void)state;
        start();
        port->token = 9;
        port->pending_until_ms = core.now_ms + 1;
        assert_int_equal(walk(), EFFECT_NONE);
        core.now_ms++;
        assert_int_equal(walk(), EFFECT_PORT_READ);
        assert_int_equal(port->token, 0);
        assert_false(port->inventory_fresh || port->owners_fresh);
}

static void test_reading_under_way(void **state)
{
        (void)state;
        start();
        port->closed = false;
        port->reading = true;
        assert_int_equal(walk(), EFFECT_NONE);
}

/* Nothing is enumerated before the port is ours, and before 100 ms of quiet. */
static void test_rescan_waits(void **state)
{
        (void)state;
        start();
        core.function_count = 0;
        port->incarnation++;
        port->closed = false;
        port->attempts[GOAL_GATE].retry_at_ms = core.now_ms + 50; /* closing it did not work */
        assert_int_equal(walk(), EFFECT_NONE);
        port->closed = true;
        port->up_since_ms = core.now_ms - VERIFY_SETTLE_MS + 1;
        assert_int_equal(walk(), EFFECT_NONE);
        core.now_ms++;
        assert_int_equal(walk(), EFFECT_RESCAN);
        assert_int_equal(port->pending_incarnation, 2);
        assert_int_equal(port->pending_until_ms, core.now_ms + 120000 + 5000);
}

/* PCIe Base Spec 6.7.3.2: the next command after Command Completed, or 1 s. */
static void test_slot_command_waits(void **state)
{
        (void)state;
        start();
        port->registers.slot_control |= 0x0020;
        port->command_until_ms = core.now_ms + 1;
        assert_int_equal(walk(), EFFECT_NONE);
        core.now_ms++;
        assert_int_equal(walk(), EFFECT_SLOT_CONTROL);
        assert_int_equal(port->command_until_ms, core.now_ms + 1000);
        start();
        port->registers.slot_control |= 0x0020;
        port->found.slot_cap |= MODEL_SLOT_CAP_NCCS;
        assert_int_equal(walk(), EFFECT_SLOT_CONTROL);
        assert_int_equal(port->command_until_ms, 0);
}

/* Removing over an entry without owner panics Xen before 4.19 (I7). */
static void test_removal_waits_for_owners(void **state)
{
        (void)state;
        start();
        port->incarnation++;
        function->owner = EVENT_OWNER_NOBODY;
        assert_int_not_equal(walk(), EFFECT_REMOVE);
        start();
        port->incarnation++;
        port->owners_fresh = false;
        assert_int_equal(walk(), EFFECT_OWNERS);
}

/*
 * A rescan reaches below every port: what it brings in must not be removed unseen. Found by the simulator: two ports, a
 * function that Xen cannot type shown below one while the other is rescanned, and Xen 4.17 panics.
 */
static void test_rescan_and_removal_exclude_each_other(void **state)
{
        struct model_port *other = &core.ports[1];

        (void)state;
        start();
        core.port_count = 2;
        *other = (struct model_port){ .found.sbdf = BASE_SBDF(0, 0, 5, 0),
                                      .token = 9,
                                      .pending_until_ms = UINT64_MAX };
        other->pending = EFFECT_RESCAN;
        port->incarnation++;
        assert_int_equal(walk(), EFFECT_NONE);
        other->pending = EFFECT_INVENTORY;
        assert_int_equal(walk(), EFFECT_REMOVE);

        port->token = 0;
        core.function_count = 0;
        other->pending = EFFECT_REMOVE;
        assert_int_equal(walk(), EFFECT_NONE);
        other->token = 0;
        assert_int_equal(walk(), EFFECT_RESCAN);
}

static void test_children_leave_with_their_bridge(void **state)
{
        (void)state;
        start();
        world_core_function(&core, BASE_SBDF(0, 2, 0, 0))->facts.parent = FUNCTION;
        port->incarnation++;
        assert_int_equal(walk(), EFFECT_REMOVE);
        assert_int_equal(effects.items[0].function, FUNCTION);
        assert_int_equal(function->removal.tries, 1);
        assert_int_equal(core.functions[1].removal.tries, 0);
}

static void test_functions_of_other_ports(void **state)
{
        (void)state;
        start();
        function->port = BASE_SBDF(0, 0, 5, 0);
        function->confirmed = false;
        function->facts.driver[0] = 'n';
        world_core_function(&core, FUNCTION); /* the same address, below this port */
        assert_int_equal(walk(), EFFECT_NONE);
}

/* Closing is tried at once three times, then as often as the port is looked at, never less. */
static void test_closing_is_tried_again(void **state)
{
        (void)state;
        start();
        port->closed = false;
        for (uint32_t tries = 1; tries < 20; tries++) {
                uint64_t wait = tries < VERIFY_TRIES ? 0 : 100;

                port->registers_fresh = true;
                assert_int_equal(walk(), EFFECT_PORT_CLOSE);
                assert_int_equal(port->attempts[GOAL_GATE].retry_at_ms, core.now_ms + wait);
                port->registers_fresh = true;
                if (wait > 0)
                        assert_int_equal(walk(), EFFECT_NONE);
                core.now_ms += wait;
        }
}

/* Everything else ever more rarely, up to every 30 s. */
static void test_backoff(void **state)
{
        static const uint64_t waits[] = { 0, 0, 0, 1000, 2000, 4000, 8000, 16000 };

        (void)state;
        start();
        port->registers.pciehp = true;
        for (uint32_t tries = 1; tries < 80; tries++) {
                uint64_t wait = tries <= sizeof waits / sizeof waits[0] ? waits[tries - 1] : 30000;

                assert_int_equal(walk(), EFFECT_PCIEHP_UNBIND);
                assert_int_equal(port->attempts[GOAL_PCIEHP].retry_at_ms, core.now_ms + wait);
                port->token = 0;
                core.now_ms += wait;
        }
}

/* Tokens are never 0: that means none. */
static void test_token_wraps(void **state)
{
        (void)state;
        start();
        core.token_next = UINT32_MAX;
        port->registers.pciehp = true;
        assert_int_equal(walk(), EFFECT_PCIEHP_UNBIND);
        assert_int_equal(port->token, 1);
        assert_int_equal(effects.items[0].token, 1);
}

static uint32_t discover(void)
{
        memset(&effects, 0, sizeof effects);
        plan_discovery_advance(&core, &effects);
        return effects.count;
}

static void test_discovery(void **state)
{
        (void)state;
        start();
        assert_int_equal(discover(), 0);
        core.discover = true;
        core.discover_until_ms = core.now_ms + 1;
        assert_int_equal(discover(), 0);
        core.now_ms++;
        assert_int_equal(discover(), 1);
        assert_int_equal(core.discovery, 1);
        assert_int_equal(effects.items[0].token, core.discover_token);
        assert_false(core.discover);
        core.discover = true; /* something came meanwhile: after this one, another */
        assert_int_equal(discover(), 0);
        core.discover_token = 0;
        assert_int_equal(discover(), 1);
        assert_int_equal(core.discovery, 2);
}

static const struct effect *request(uint64_t id, enum event_verb verb, uint32_t sbdf)
{
        memset(&effects, 0, sizeof effects);
        memset(&event, 0, sizeof event);
        event.kind = EVENT_REQUEST;
        event.request = (struct event_request){ .id = id, .verb = verb, .sbdf = sbdf };
        plan_request_apply(&core, &event, &effects);
        return effects.count ? &effects.items[0] : NULL;
}

static const struct effect *advance(void)
{
        memset(&effects, 0, sizeof effects);
        plan_requests_advance(&core, &effects);
        return effects.count ? &effects.items[0] : NULL;
}

static void test_request_refused(void **state)
{
        (void)state;
        start();
        assert_int_equal(request(1, REQUEST_EJECT, BASE_SBDF(0, 9, 0, 0))->result, RESULT_UNKNOWN);
        assert_int_equal(request(1, REQUEST_MAX, WORLD_PORT)->result, RESULT_UNKNOWN);
        port->external = false;
        assert_int_equal(request(1, REQUEST_EJECT, WORLD_PORT)->result, RESULT_UNKNOWN);
        port->external = true;
        function->owner = 5;
        assert_int_equal(request(1, REQUEST_EJECT, WORLD_PORT)->reason, REASON_OWNED_BY_GUEST);
        assert_false(port->leaving);
        function->port = BASE_SBDF(0, 0, 5, 0); /* the guest's device is elsewhere */
        assert_null(request(1, REQUEST_EJECT, WORLD_PORT));
        assert_true(port->leaving);
        assert_int_equal(request(2, REQUEST_EJECT, WORLD_PORT)->result, RESULT_BUSY);
}

/* A request starts afresh: nothing is believed, and old failures do not fail it. */
static void test_request_begins(void **state)
{
        (void)state;
        start();
        function->removal.tries = VERIFY_TRIES;
        port->button_at_ms = 1;
        assert_null(request(1, REQUEST_EJECT, FUNCTION));
        assert_false(port->registers_fresh || port->inventory_fresh || port->owners_fresh);
        assert_int_equal(function->removal.tries, 0);
        assert_int_equal(port->button_at_ms, 0);
        assert_null(advance());
}

/* What an eject leaves behind when all is gone. */
static void request_bare(void)
{
        start();
        assert_null(request(1, REQUEST_EJECT, WORLD_PORT));
        core.function_count = 0;
        port->registers_fresh = port->inventory_fresh = port->owners_fresh = true;
        port->registers.slot_control = 0x07c0; /* power off, lights off */
}

static void test_request_done(void **state)
{
        (void)state;
        request_bare();
        port->registers.slot_control = 0x01c0; /* the power is still on */
        assert_null(advance());
        port->registers.slot_control = 0x07c0;
        port->owners_fresh = false; /* Xen was not asked */
        assert_null(advance());
        port->owners_fresh = true;
        assert_int_equal(advance()->result, RESULT_DONE);
        assert_true(port->ejected);
        assert_false(port->leaving);
        assert_null(advance());
        assert_int_equal(port->request, 0);
        request_bare();
        port->occupied = false; /* taken out meanwhile: nothing is there that was ejected */
        assert_int_equal(advance()->result, RESULT_DONE);
        assert_false(port->ejected);
}

static void test_request_fails(void **state)
{
        (void)state;
        start();
        assert_null(request(1, REQUEST_EJECT, WORLD_PORT));
        port->registers_fresh = port->inventory_fresh = port->owners_fresh = true;
        function->removal.tries = VERIFY_TRIES;
        assert_int_equal(advance()->result, RESULT_FAILED);
        assert_int_equal(effects.items[0].reason, REASON_REMOVE_FAILED);
        assert_false(port->leaving || port->ejected);
        assert_false(port->registers_fresh || port->inventory_fresh || port->owners_fresh);
        assert_null(advance());
        start();
        assert_null(request(2, REQUEST_EJECT, WORLD_PORT));
        core.now_ms += 89999;
        assert_null(advance());
        core.now_ms++;
        assert_int_equal(advance()->reason, REASON_TIMEOUT);
        assert_int_equal(port->request, 0);
}

/* PCIe Base Spec 6.7.1.5: five seconds in which the press can be taken back. */
static void test_button(void **state)
{
        (void)state;
        start();
        port->button_at_ms = core.now_ms;
        core.now_ms += 4999;
        assert_null(advance());
        assert_false(port->leaving);
        core.now_ms++;
        assert_null(advance());
        assert_true(port->leaving);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_to_do),
                cmocka_unit_test(test_internal_is_left_alone),
                cmocka_unit_test(test_each_goal),
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_decodes_last),
                cmocka_unit_test(test_removal_forced),
                cmocka_unit_test(test_forgotten_first),
                cmocka_unit_test(test_remembered),
                cmocka_unit_test(test_removal_forced),
                cmocka_unit_test(test_forgotten_first),
                cmocka_unit_test(test_remembered),
                cmocka_unit_test(test_one_worker),
                cmocka_unit_test(test_worker_given_up),
                cmocka_unit_test(test_reading_under_way),
                cmocka_unit_test(test_rescan_waits),
                cmocka_unit_test(test_slot_command_waits),
                cmocka_unit_test(test_removal_waits_for_owners),
                cmocka_unit_test(test_rescan_and_removal_exclude_each_other),
                cmocka_unit_test(test_children_leave_with_their_bridge),
                cmocka_unit_test(test_functions_of_other_ports),
                cmocka_unit_test(test_closing_is_tried_again),
                cmocka_unit_test(test_backoff),
                cmocka_unit_test(test_token_wraps),
                cmocka_unit_test(test_discovery),
                cmocka_unit_test(test_request_refused),
                cmocka_unit_test(test_request_begins),
                cmocka_unit_test(test_request_done),
                cmocka_unit_test(test_request_fails),
                cmocka_unit_test(test_button),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
