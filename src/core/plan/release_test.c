/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is given by the rules, what waits for an open port, and how a stay ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/plan/plan.h"
#include "core/policy/policy.h"
#include "core/policy/rules.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define GUEST WORLD_GUEST_DOMID
#define LEAF BASE_SBDF(0, 1, 0, 0)

static struct core core; /* too large for the stack */
static struct effects effects;
static struct policy_rules rules;
static struct model_port *port, *other;
static struct model_function *leaf, *second, *bridge;

/* Two disks and a bridge, quarantined; another port, to which something was just plugged. */
static int setup(void **state)
{
        (void)state;
        memset(&effects, 0, sizeof effects);
        other = world_core_pair(&core);
        port = &core.ports[0];
        leaf = world_core_function(&core, LEAF);
        second = world_core_function(&core, BASE_SBDF(0, 1, 1, 0));
        bridge = world_core_function(&core, BASE_SBDF(0, 1, 0, 1));
        bridge->facts.kind = FUNCTION_BRIDGE;
        return 0;
}

static void own(struct model_function *function)
{
        world_core_own(&core, function, GUEST);
        assert_true(verify_port_licensed(&core, port));
}

static void walk(void)
{
        memset(&effects, 0, sizeof effects);
        plan_ports_advance(&core, &effects);
}

static void test_rescan_waits(void **state)
{
        (void)state;
        walk();
        assert_true(world_asked(&effects, EFFECT_RESCAN, other->found.sbdf)); /* nothing is open */
        setup(NULL);
        own(leaf);
        walk();
        assert_false(world_asked(&effects, EFFECT_RESCAN, other->found.sbdf));
        assert_int_equal(world_told(&effects, RECORD_RESCAN_POSTPONED), 1);
        walk();
        assert_int_equal(world_told(&effects, RECORD_RESCAN_POSTPONED), 0);
        port->closed = true; /* used, but closed */
        walk();
        assert_true(world_asked(&effects, EFFECT_RESCAN, other->found.sbdf));
}

static void test_rescan_pauses(void **state)
{
        (void)state;
        own(leaf);
        core.config.pause = true;
        walk();
        assert_true(world_asked(&effects, EFFECT_PORT_CLOSE, port->found.sbdf));
        assert_int_equal(world_told(&effects, RECORD_PORT_SHUT), 1);
        assert_int_equal(world_told(&effects, RECORD_RESCAN_POSTPONED), 0);
        assert_false(world_asked(&effects, EFFECT_RESCAN, other->found.sbdf));
        port->closed = port->registers_fresh = true;
        walk();
        assert_int_equal(world_told(&effects, RECORD_PORT_SHUT), 0);
        assert_true(world_asked(&effects, EFFECT_RESCAN, other->found.sbdf));
        assert_false(world_asked(&effects, EFFECT_PORT_OPEN,
                                 port->found.sbdf)); /* not while it goes on */
}

/* Why a door was shut: not for a rescan where nobody asked for one. */
static enum record_reason shut_reason(void)
{
        walk();
        for (uint32_t i = 0; i < effects.record_count; i++)
                if (effects.records[i].kind == RECORD_PORT_SHUT)
                        return effects.records[i].reason;
        return REASON_NONE;
}

static void test_shut_reason(void **state)
{
        (void)state;
        own(leaf);
        core.config.pause = true;
        assert_int_equal(shut_reason(), REASON_OTHER_PORT_OPEN);
        setup(NULL);
        own(leaf);
        core.config.pause = true;
        other->external = false;
        port->added = true;
        assert_int_equal(shut_reason(), REASON_ARRIVING);
}

/* The door is the last, and waits for whatever is under way or is to be tried again. */
static void test_open_is_last(void **state)
{
        (void)state;
        other->external = false;
        own(leaf);
        port->closed = true;
        port->token = 5;
        port->pending = EFFECT_INVENTORY;
        port->pending_until_ms = core.now_ms + 1000;
        walk();
        assert_false(world_asked(&effects, EFFECT_PORT_OPEN, port->found.sbdf));
        port->token = 0;
        port->memory_fresh = false;
        port->attempts[GOAL_REMEMBERED].retry_at_ms = core.now_ms + 1000;
        walk();
        assert_false(world_asked(&effects, EFFECT_PORT_OPEN, port->found.sbdf));
        port->memory_fresh = true;
        walk();
        assert_true(world_asked(&effects, EFFECT_PORT_OPEN, port->found.sbdf));
}

static void test_absent_guest_is_not_asked_for(void **state)
{
        (void)state;
        other->external = false;
        leaf->given = true;
        memcpy(port->guest, WORLD_GUEST, sizeof WORLD_GUEST);
        walk();
        assert_true(world_asked(&effects, EFFECT_GUESTS, port->found.sbdf));
        port->token = 0;
        port->guests_fresh = true;
        port->attempts[GOAL_GUEST].retry_at_ms = 0;
        walk();
        assert_int_equal(effects.count, 0);
}

/* What Xen is not known to block goes to nobody, also while asking has to wait. */
static void test_out_of_quarantine(void **state)
{
        (void)state;
        other->external = false;
        own(leaf);
        leaf->owner = EVENT_OWNER_DOM_IO;
        port->closed = true;
        leaf->quarantine.retry_at_ms = core.now_ms + 1000;
        walk();
        assert_false(world_asked(&effects, EFFECT_ATTACH, port->found.sbdf));
        leaf->confirmed = true;
        walk();
        assert_true(world_asked(&effects, EFFECT_ATTACH, port->found.sbdf));
}

/* A toolstack has to answer before the request's own time ends; for what was pulled nobody is waited for. */
static void test_detach(void **state)
{
        (void)state;
        other->external = false;
        own(leaf);
        leaf->given = false;
        port->closed = true;
        walk();
        assert_int_equal(effects.items[0].kind, EFFECT_DETACH);
        assert_false(effects.items[0].forced);
        assert_true(effects.items[0].deadline_ms < 90000);
        setup(NULL);
        other->external = false;
        own(leaf);
        port->closed = true;
        port->up = false;
        walk();
        assert_int_equal(effects.items[0].kind, EFFECT_DETACH);
        assert_true(effects.items[0].forced);
}

static void request(enum event_verb verb, uint32_t sbdf)
{
        struct event event = { .kind = EVENT_REQUEST };

        event.request = (struct event_request){ .id = 9, .verb = verb, .sbdf = sbdf };
        memcpy(event.request.guest, WORLD_GUEST, sizeof WORLD_GUEST);
        memset(&effects, 0, sizeof effects);
        plan_request_apply(&core, &event, &effects);
}

static void test_one_is_meant(void **state)
{
        (void)state;
        request(REQUEST_ASSIGN, LEAF);
        assert_true(leaf->given);
        assert_false(second->given);
        assert_false(bridge->given);
        setup(NULL);
        own(leaf);
        own(second);
        request(REQUEST_UNASSIGN, LEAF);
        assert_false(leaf->given);
        assert_true(second->given);
        assert_true(port->withheld);
}

/* One that fails takes nothing from the guest that it has; where all are the guest's, the port failed, and all go. */
static void test_undo(void **state)
{
        (void)state;
        own(leaf);
        request(REQUEST_ASSIGN, second->facts.sbdf);
        assert_true(second->given);
        assert_false(port->memory_fresh); /* it is to be written down */
        port->memory_fresh = true;
        second->attach.tries = VERIFY_ATTACH_TRIES;
        port->closed = true;
        memset(&effects, 0, sizeof effects);
        plan_release_advance(&core, port, &effects);
        assert_int_equal(effects.items[0].result, RESULT_FAILED);
        assert_int_equal(effects.items[0].reason, REASON_ATTACH_FAILED);
        assert_false(second->given || port->memory_fresh);
        assert_true(leaf->given);
        request(REQUEST_ASSIGN, LEAF);
        core.now_ms += 1000000;
        port->closed = true;
        memset(&effects, 0, sizeof effects);
        plan_release_advance(&core, port, &effects);
        assert_int_equal(effects.items[0].reason, REASON_TIMEOUT);
        assert_false(leaf->given);
}

/* Not before the guest has nothing more of it. */
static void test_stay_ends(void **state)
{
        (void)state;
        own(leaf);
        leaf->given = false;
        plan_release_advance(&core, port, &effects);
        assert_string_equal(port->guest, WORLD_GUEST);
        leaf->owner = EVENT_OWNER_DOM_IO;
        plan_release_advance(&core, port, &effects);
        assert_string_equal(port->guest, "");
        assert_int_equal(world_told(&effects, RECORD_UNASSIGNED), 1);
        assert_int_equal(leaf->held, 0);
        setup(NULL);
        own(leaf);
        core.platform.iommu =
                IOMMU_AMD; /* where Xen has to be asked whose it is since it was attached */
        leaf->given = false;
        leaf->owner = EVENT_OWNER_DOM_IO;
        leaf->due = true;
        plan_release_advance(&core, port, &effects);
        assert_string_equal(port->guest, WORLD_GUEST);
        leaf->due = false;
        plan_release_advance(&core, port, &effects);
        assert_string_equal(port->guest, "");
        setup(NULL);
        own(leaf);
        leaf->given = false;
        port->domid = 0; /* the guest is gone, and what has that number by now is another */
        leaf->detach.tries = 10;
        plan_release_advance(&core, port, &effects);
        assert_string_equal(port->guest, WORLD_GUEST);
        leaf->detach.tries = 11;
        plan_release_advance(&core, port, &effects);
        assert_string_equal(port->guest, "");
}

/* Done is what was seen: not what is under way. */
static void test_done_is_seen(void **state)
{
        (void)state;
        own(leaf);
        request(REQUEST_UNASSIGN, LEAF);
        memset(&effects, 0, sizeof effects);
        plan_release_advance(&core, port, &effects);
        assert_int_equal(effects.count, 0);
        setup(NULL);
        request(REQUEST_ASSIGN, LEAF);
        memset(&effects, 0, sizeof effects);
        plan_release_advance(&core, port, &effects);
        assert_int_equal(effects.count, 0);
}

static void rules_read(const char *text)
{
        struct policy_diagnosis diagnosis;

        policy_rules_init(&rules);
        assert_true(policy_rules_parse("t.rules", text, strlen(text), &rules, &diagnosis));
        core.rules = &rules;
        port->weighed = false;
        memset(&effects, 0, sizeof effects);
        policy_verdicts_weigh(&core, &effects);
}

static void guests(const char *name, uint16_t domid)
{
        struct event event = { .kind = EVENT_GUESTS };

        event.guests.count = 1;
        event.guests.guests[0].domid = domid;
        (void)strncpy(event.guests.guests[0].name, name, LIMIT_GUEST - 1);
        memset(&effects, 0, sizeof effects);
        plan_release_rules(&core, &event, &effects);
}

static void test_rules(void **state)
{
        (void)state;
        other->external = false;
        rules_read("assign sys-net\n");
        guests("sys-usb", 4);
        assert_false(leaf->given); /* it does not run */
        guests(WORLD_GUEST, GUEST);
        assert_true(leaf->given && second->given);
        assert_false(bridge->given);
        assert_string_equal(port->guest, WORLD_GUEST);
        assert_int_equal(world_told(&effects, RECORD_ASSIGNING), 1);
        setup(NULL);
        other->external = false;
        rules_read("assign sys-net\n");
        port->withheld = true;
        guests(WORLD_GUEST, GUEST);
        assert_false(leaf->given);
        port->withheld = false;
        port->state = STATE_ARRIVING;
        guests(WORLD_GUEST, GUEST);
        assert_false(leaf->given);
        port->state = STATE_QUARANTINED;
        bridge->facts.malformed = true;
        guests(WORLD_GUEST, GUEST);
        assert_false(leaf->given);
        bridge->facts.malformed = false;
        port->verdict = VERDICT_REJECT;
        guests(WORLD_GUEST, GUEST);
        assert_false(leaf->given);
        setup(NULL);
        other->external = false;
        rules_read("assign sys-usb for function without-isolation if position = 01.0\n"
                   "assign sys-net\n");
        guests(WORLD_GUEST, GUEST);
        assert_true(leaf->given);
        assert_false(second->given); /* it is for another guest */
}

/* What is contained beside it, without being asked back, does not make it fail. */
static void test_unassign_beside(void **state)
{
        enum record_reason reason;

        (void)state;
        own(leaf);
        leaf->given = false;
        port->closed = true;
        (void)strncpy(second->facts.driver, "nvme", sizeof second->facts.driver - 1);
        second->driver.tries = VERIFY_TRIES;
        assert_int_equal(verify_port_state(&core, port, &reason), STATE_CONTAINED);
        port->request = 7;
        port->request_verb = REQUEST_UNASSIGN;
        port->request_sbdf = LEAF;
        port->request_until_ms = core.now_ms + 1000;
        plan_requests_advance(&core, &effects);
        assert_false(world_asked(&effects, EFFECT_REPLY, port->found.sbdf));
        leaf->detach.tries = VERIFY_TRIES;
        plan_requests_advance(&core, &effects);
        assert_true(world_asked(&effects, EFFECT_REPLY, port->found.sbdf));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_rescan_waits, setup),
                cmocka_unit_test_setup(test_rescan_pauses, setup),
                cmocka_unit_test_setup(test_shut_reason, setup),
                cmocka_unit_test_setup(test_open_is_last, setup),
                cmocka_unit_test_setup(test_absent_guest_is_not_asked_for, setup),
                cmocka_unit_test_setup(test_out_of_quarantine, setup),
                cmocka_unit_test_setup(test_detach, setup),
                cmocka_unit_test_setup(test_one_is_meant, setup),
                cmocka_unit_test_setup(test_undo, setup),
                cmocka_unit_test_setup(test_stay_ends, setup),
                cmocka_unit_test_setup(test_done_is_seen, setup),
                cmocka_unit_test_setup(test_rules, setup),
                cmocka_unit_test_setup(test_unassign_beside, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
