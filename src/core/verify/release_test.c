/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When door 1 may be open: each condition taken away by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define GUEST 3u

static struct core core; /* too large for the stack */
static struct model_port *port, *other;
static struct model_function *leaf, *bridge;

/* A disk that is the guest's and a bridge in quarantine, the port open; and another port, empty. */
static int setup(void **state)
{
        (void)state;
        world_core_fill(&core);
        world_core_fit(&core);
        port = &core.ports[0];
        leaf = world_core_function(&core, BASE_SBDF(0, 1, 0, 0));
        bridge = world_core_function(&core, BASE_SBDF(0, 1, 0, 1));
        bridge->facts.kind = FUNCTION_BRIDGE;
        world_core_own(&core, leaf, GUEST);
        other = &core.ports[1];
        *other = *port;
        other->found.sbdf = BASE_SBDF(0, 0, 5, 0);
        other->closed = true;
        other->open = false;
        other->occupied = other->up = false;
        memset(other->guest, 0, sizeof other->guest);
        other->domid = 0;
        core.port_count = 2;
        assert_true(verify_port_licensed(&core, port));
        return 0;
}

/* Without it there is no licence. */
#define NEEDS(change)                                                        \
        do {                                                                 \
                setup(NULL);                                                 \
                change;                                                      \
                assert_false(verify_port_licensed(&core, port));             \
                assert_false(verify_goal_met(&core, port, GOAL_GATE, NULL)); \
        } while (0)

static void test_port(void **state)
{
        (void)state;
        NEEDS(port->domid = 0);
        NEEDS(port->exposed = REASON_NEEDED);
        NEEDS(port->leaving = true; leaf->listed = bridge->listed = true);
        NEEDS(port->up = false);
        NEEDS(port->added = true);
        NEEDS(port->registers.readable = false);
        NEEDS(port->registers.pcieport = false);
        NEEDS(port->registers.pciehp = true);
        NEEDS(port->inventory_once = false);
        NEEDS(port->inventory_partial = true);
        NEEDS(port->registers.acs_control = 0);
        NEEDS(port->tainted = true);
        NEEDS(core.platform.intremap = FACT_UNKNOWN);
}

/* What the conditions of the port say, without the functions that would say the same. */
static void test_nothing_below_but_the_guests(void **state)
{
        (void)state;
        NEEDS(core.function_count = 0);
        NEEDS(port->leaving = true; leaf->facts.instance = 0; core.function_count = 1;
              leaf->listed = true);
        NEEDS(leaf->given = false; leaf->owner = EVENT_OWNER_DOM_IO; leaf->confirmed = true;
              leaf->facts.kept_off = true; memset(leaf->facts.driver, 0, LIMIT_DRIVER));
}

static void test_functions(void **state)
{
        (void)state;
        NEEDS(bridge->confirmed = false);
        NEEDS(bridge->owner = EVENT_OWNER_DOM0);
        NEEDS(bridge->owner = EVENT_OWNER_UNKNOWN);
        NEEDS(bridge->owner = GUEST + 1);
        NEEDS(bridge->facts.kept_off = false);
        NEEDS(bridge->facts.malformed = true);
        NEEDS(bridge->listed = false);
        NEEDS(bridge->incarnation--);
        NEEDS(leaf->owner = EVENT_OWNER_DOM_IO);
        NEEDS(leaf->owner = EVENT_OWNER_DOM_IO; leaf->confirmed = true; leaf->facts.kept_off = true;
              memset(leaf->facts.driver, 0, LIMIT_DRIVER); bridge->owner = GUEST;
              bridge->given = true);
        NEEDS(leaf->owner = GUEST + 1);
        NEEDS(leaf->facts.changed = true);
        NEEDS(leaf->given = false);
        setup(NULL);
        bridge->owner = GUEST; /* somebody attached it, to the same guest */
        assert_true(verify_port_licensed(&core, port));
}

/* To look once more takes nothing away. */
static void test_doubt(void **state)
{
        (void)state;
        setup(NULL);
        model_port_doubt(port);
        port->stable = false;
        assert_true(verify_port_licensed(&core, port));
}

static void amd(void)
{
        setup(NULL);
        core.platform.iommu = IOMMU_AMD;
        core.platform.coverage = (struct event_coverage){
                .known = true, .count = 1, .ranges = { { 0, BASE_SBDF(0, 0xff, 0x1f, 7) } }
        };
        leaf->owner = EVENT_OWNER_GUEST;
}

static void test_amd(void **state)
{
        (void)state;
        amd();
        assert_true(model_reserve_next(&core, port, &(uint8_t){ 0 }));
        assert_false(verify_port_licensed(&core, port));
        assert_true(verify_port_reached(&core, port));
        for (uint32_t i = 0; i < 4; i++)
                port->reserved[i] = UINT64_MAX;
        assert_true(verify_port_licensed(&core, port));
        assert_false(verify_port_reached(&core, port));
        leaf->held = 0; /* some guest's, but we did not give it */
        assert_false(verify_port_licensed(&core, port));
        leaf->held = GUEST;
        leaf->attach.error = 5;
        assert_false(verify_port_licensed(&core, port));
        leaf->attach.error = 0;
        assert_true(verify_port_licensed(&core, port));
        leaf->claimed = GUEST + 1; /* xenstore names another */
        assert_false(verify_port_licensed(&core, port));
        assert_true(verify_port_foreign(&core, port));
        leaf->claimed = GUEST;
        assert_true(verify_port_licensed(&core, port));
        assert_false(verify_port_foreign(&core, port));
        leaf->held = 0; /* and opens nothing */
        assert_false(verify_port_licensed(&core, port));
}

static void setup_trusted(void)
{
        setup(NULL);
        memset(port->guest, 0, sizeof port->guest);
        port->domid = leaf->held = 0;
        world_core_trust(&core, leaf);
        assert_true(verify_port_licensed(&core, port));
}

static void shows(enum model_state below, enum record_reason why)
{
        enum record_reason reason;

        assert_int_equal(verify_function_state(&core, port, leaf, &reason), below);
        assert_int_equal(reason, why);
}

/* What a rule made dom0's: by the rule, after it was asked for, and while nothing says otherwise. */
static void test_trusted(void **state)
{
        (void)state;
        setup_trusted();
        shows(STATE_TRUSTED, REASON_NONE);
        leaf->pciback.tries = leaf->registration.tries = VERIFY_TRIES; /* the last one did it */
        shows(STATE_TRUSTED, REASON_NONE);
        leaf->facts.kept_off = true;
        shows(STATE_CONTAINED, REASON_UNPROBED);
        leaf->registered = false;
        shows(STATE_CONTAINED, REASON_NOT_REGISTERED);
#define NEEDS_TRUST(change)                                               \
        do {                                                              \
                setup_trusted();                                          \
                change;                                                   \
                assert_false(verify_function_trusted(&core, port, leaf)); \
                assert_false(verify_port_licensed(&core, port));          \
        } while (0)
        NEEDS_TRUST(port->trusted = false);
        NEEDS_TRUST(leaf->given = false);
        NEEDS_TRUST(leaf->registered = false);
        NEEDS_TRUST(leaf->confirmed = true);
        NEEDS_TRUST(leaf->owner = EVENT_OWNER_DOM_IO);
        NEEDS_TRUST(leaf->owner = EVENT_OWNER_UNKNOWN);
        NEEDS_TRUST(memcpy(leaf->facts.driver, EVENT_PCIBACK_DRIVER, sizeof EVENT_PCIBACK_DRIVER));
        setup_trusted();
        bridge->confirmed = false;
        assert_false(verify_port_licensed(&core, port));
        setup_trusted();
        model_port_doubt(port);
        assert_true(verify_port_licensed(&core, port));
}

static void test_reached(void **state)
{
        (void)state;
        setup(NULL);
        assert_true(verify_port_reached(&core, port));
        core.function_count = 1;
        assert_false(verify_port_reached(&core, port));
        leaf->facts.header_type = EVENT_HEADER_MULTI_FUNCTION;
        assert_true(verify_port_reached(&core, port));
        leaf->facts.header_type = 0;
        leaf->facts.kind = FUNCTION_BRIDGE;
        assert_true(verify_port_reached(&core, port));
        leaf->facts.kind = FUNCTION_ENDPOINT;
        leaf->facts.parent = BASE_SBDF(0, 1, 0, 1);
        assert_true(verify_port_reached(&core, port));
}

/* RescanWhileOpen=pause: shut while another port is enumerated, or is about to be. */
static void test_pause(void **state)
{
        (void)state;
        setup(NULL);
        other->occupied = other->up = true;
        other->rescanned = 0;
        assert_true(verify_port_licensed(&core, port));
        core.config.pause = true;
        assert_false(verify_port_licensed(&core, port));
        other->attempts[GOAL_RESCAN].tries = VERIFY_TRIES; /* it is not waited for without end */
        assert_true(verify_port_licensed(&core, port));
        other->token = 5;
        other->pending = EFFECT_RESCAN;
        assert_false(verify_port_licensed(&core, port));
        other->pending = EFFECT_INVENTORY;
        assert_true(verify_port_licensed(&core, port));
        other->attempts[GOAL_RESCAN].tries = 0;
        other->registers.pciehp = true; /* not ours: nothing is enumerated there */
        assert_true(verify_port_licensed(&core, port));
        other->registers.pciehp = false;
        other->external = false;
        assert_true(verify_port_licensed(&core, port));
        other->external = true;
        core.function_count = 1; /* and not where nothing can show itself */
        assert_true(verify_port_licensed(&core, port));
}

static void test_contained(void **state)
{
        (void)state;
        setup(NULL);
        assert_true(verify_machine_contained(&core));
        port->added = true;
        assert_false(verify_machine_contained(&core));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_port),
                cmocka_unit_test(test_nothing_below_but_the_guests),
                cmocka_unit_test(test_functions),
                cmocka_unit_test(test_doubt),
                cmocka_unit_test(test_amd),
                cmocka_unit_test(test_trusted),
                cmocka_unit_test(test_reached),
                cmocka_unit_test(test_pause),
                cmocka_unit_test(test_contained),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
