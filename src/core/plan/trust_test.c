/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trust-dom0: each condition by itself, and what waits for what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/plan/plan.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define GUEST WORLD_GUEST_DOMID

static struct core core; /* too large for the stack */
static struct effects effects;
static struct model_port *port, *other;
static struct model_function *leaf, *second;

/* Two disks and a bridge, quarantined; a rule trusts the first. Another port, to which something was just plugged. */
static int setup(void **state)
{
        (void)state;
        memset(&effects, 0, sizeof effects);
        other = world_core_pair(&core);
        port = &core.ports[0];
        leaf = world_core_function(&core, BASE_SBDF(0, 1, 0, 0));
        second = world_core_function(&core, BASE_SBDF(0, 1, 1, 0));
        world_core_function(&core, BASE_SBDF(0, 1, 0, 1))->facts.kind = FUNCTION_BRIDGE;
        leaf->verdict = port->verdict = VERDICT_TRUST_DOM0;
        return 0;
}

static void setup_trusted(void)
{
        setup(NULL);
        world_core_trust(&core, leaf);
        assert_true(verify_port_licensed(&core, port));
}

static void advance(void)
{
        memset(&effects, 0, sizeof effects);
        plan_trust_advance(&core, &effects);
}

#define NOT_BEGUN(change)                    \
        do {                                 \
                setup(NULL);                 \
                change;                      \
                advance();                   \
                assert_false(port->trusted); \
                assert_false(leaf->given);   \
        } while (0)

static void test_begin(void **state)
{
        (void)state;
        advance();
        assert_true(port->trusted);
        assert_true(leaf->given);
        assert_false(second->given);
        assert_false(other->trusted);
        assert_int_equal(effects.record_count, 1);
        advance(); /* once */
        assert_int_equal(effects.record_count, 0);
        NOT_BEGUN(port->withheld = true);
        NOT_BEGUN(memcpy(port->guest, WORLD_GUEST, sizeof WORLD_GUEST));
        NOT_BEGUN(port->request = 5);
        NOT_BEGUN(port->button_at_ms = 1);
        NOT_BEGUN(port->verdict = VERDICT_QUARANTINE);
        NOT_BEGUN(port->verdict_why = REASON_RULES_DISAGREE);
        NOT_BEGUN(second->owner = GUEST);
        NOT_BEGUN(second->confirmed = false);
        NOT_BEGUN(port->exposed = REASON_IN_USE);
        NOT_BEGUN(core.platform.intremap = FACT_UNKNOWN);
        NOT_BEGUN(leaf->verdict = VERDICT_QUARANTINE);
        NOT_BEGUN(leaf->facts.kind = FUNCTION_BRIDGE);
}

#define ENDS(change, why)                                                      \
        do {                                                                   \
                setup_trusted();                                               \
                change;                                                        \
                advance();                                                     \
                assert_false(port->trusted);                                   \
                assert_false(leaf->given);                                     \
                assert_false(port->open);                                      \
                assert_int_equal(effects.record_count, 1);                     \
                assert_int_equal(effects.records[0].kind, RECORD_TRUST_ENDED); \
                assert_int_equal(effects.records[0].reason, why);              \
        } while (0)

static void test_end(void **state)
{
        (void)state;
        setup_trusted();
        advance();
        assert_true(port->trusted);
        assert_int_equal(effects.record_count, 0);
        ENDS(port->up = false, REASON_NO_LINK);
        ENDS(port->leaving = true, REASON_REQUESTED);
        ENDS(port->withheld = true, REASON_REQUESTED);
        ENDS(leaf->given = false, REASON_CHANGED);
        ENDS(second->facts.changed = true, REASON_CHANGED);
        ENDS(leaf->verdict = VERDICT_ASSIGN, REASON_UNTRUSTED);
        ENDS(port->verdict = VERDICT_QUARANTINE, REASON_UNTRUSTED);
        ENDS(port->verdict_why = REASON_FINDING, REASON_UNTRUSTED);
        ENDS(leaf->owner = GUEST, REASON_OWNED_BY_GUEST);
        ENDS(core.platform.intremap = FACT_NO, REASON_NO_INTREMAP);
        assert_false(port->withheld);
        ENDS(port->closed = true; second->confirmed = false;
             second->driver.tries = VERIFY_TRIES, REASON_DRIVER_BOUND);
        assert_true(port->withheld);
        assert_false(port->memory_fresh); /* and the next daemon knows it */
}

/* A look that fails takes nothing away; behind a closed door it is a failure like any other. */
static void test_look_fails(void **state)
{
        (void)state;
        setup_trusted();
        port->owners_fresh = false;
        port->attempts[GOAL_OWNERS].tries = VERIFY_TRIES;
        advance();
        assert_true(port->trusted);
        port->closed = true;
        advance();
        assert_false(port->trusted);
        assert_true(port->withheld);
        setup_trusted();
        leaf->facts.kept_off = true;
        leaf->pciback.tries = VERIFY_TRIES;
        advance();
        assert_false(port->trusted);
}

static void walk(void)
{
        memset(&effects, 0, sizeof effects);
        plan_ports_advance(&core, &effects);
}

/* Not behind a closed door, and not in doubt, even where what comes first has to wait. */
static void test_probe_is_last(void **state)
{
        (void)state;
        setup_trusted();
        other->external = false;
        leaf->facts.kept_off = true;
        walk();
        assert_true(world_asked(&effects, EFFECT_PROBE, port->found.sbdf));
        setup_trusted();
        other->external = false;
        leaf->facts.kept_off = port->closed = true;
        port->memory_fresh = false;
        port->attempts[GOAL_REMEMBERED].retry_at_ms = core.now_ms + 1000;
        walk();
        assert_int_equal(effects.count, 0);
        setup_trusted();
        other->external = false;
        leaf->facts.kept_off = port->added = true;
        port->attempts[GOAL_GATE].retry_at_ms = core.now_ms + 1000;
        walk();
        assert_int_equal(effects.count, 0);
}

/* A port that is open for dom0 does not pause for another: that waits, and says so, whatever RescanWhileOpen= is. */
static void test_no_pause(void **state)
{
        struct model_port *third = &core.ports[2];

        (void)state;
        for (uint32_t i = 0; i < 2; i++) {
                setup_trusted();
                core.config.pause = i > 0;
                assert_true(verify_port_licensed(&core, port));
                walk();
                assert_false(world_asked(&effects, EFFECT_RESCAN, other->found.sbdf));
                assert_int_equal(world_told(&effects, RECORD_RESCAN_POSTPONED), 1);
        }
        /* Beside one that is open for a guest, and comes first. */
        setup_trusted();
        *third = *port;
        third->found.sbdf = BASE_SBDF(0, 0, 6, 0);
        core.port_count = 3;
        for (uint32_t i = 0; i < core.function_count; i++)
                core.functions[i].port = third->found.sbdf;
        port->trusted = false;
        (void)world_core_function(&core, BASE_SBDF(0, 1, 0, 0));
        (void)world_core_function(&core, BASE_SBDF(0, 1, 0, 1));
        world_core_own(&core, &core.functions[core.function_count - 2], GUEST);
        core.config.pause = true;
        walk();
        assert_int_equal(world_told(&effects, RECORD_RESCAN_POSTPONED), 1);
}

/* One name means all that dom0 has: at once. */
static void test_unassign(void **state)
{
        const struct event_request request = { .id = 9,
                                               .verb = REQUEST_UNASSIGN,
                                               .sbdf = BASE_SBDF(0, 1, 1, 0) };

        (void)state;
        setup_trusted();
        plan_release_request(&core, port, &request, &effects);
        assert_false(leaf->given);
        assert_true(port->withheld);
}

/* The port is read once more after every worker. */
static void test_reading(void **state)
{
        const struct event event = { .kind = EVENT_COMPLETED, .token = 5, .port = WORLD_PORT };

        (void)state;
        setup_trusted();
        port->token = 5;
        port->pending = EFFECT_REMEMBER;
        port->pending_goal = GOAL_REMEMBERED;
        port->rechecked = true;
        model_event_apply(&core, &event, &effects);
        assert_false(port->rechecked);
}

/* Where there is no list, a doubt from before it was given back would take it from dom0 again. */
static void test_doubt(void **state)
{
        const struct event event = { .kind = EVENT_COMPLETED };

        (void)state;
        setup_trusted();
        core.platform.iommu = IOMMU_AMD;
        leaf->due = leaf->confirmed = true;
        leaf->registered = false;
        port->pending = EFFECT_REGISTER;
        port->pending_goal = GOAL_REGISTERED;
        port->pending_function = leaf->facts.sbdf;
        port->pending_instance = leaf->facts.instance;
        model_completed_apply(&core, port, &event, &effects);
        assert_true(leaf->registered);
        assert_false(leaf->due);
        assert_false(leaf->confirmed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_begin, setup),
                cmocka_unit_test(test_end),
                cmocka_unit_test(test_look_fails),
                cmocka_unit_test(test_probe_is_last),
                cmocka_unit_test(test_no_pause),
                cmocka_unit_test(test_unassign),
                cmocka_unit_test(test_reading),
                cmocka_unit_test(test_doubt),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
