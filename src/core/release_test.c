/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest gets, and how it is taken back: the whole core against a small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/model/model.h"
#include "core/policy/rules.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define GUEST WORLD_GUEST_DOMID
#define LEAF WORLD_LEAF
#define BRIDGE BASE_SBDF(0, 1, 0, 1)

static struct world world; /* too large for the stack */

static void test_assign(void **state)
{
        (void)state;
        world_assigned(&world);
        assert_true(world_open(&world));
        assert_int_equal(world.functions[0].owner, GUEST);
        assert_int_equal(world.functions[1].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world.done[EFFECT_REGISTER], 1);
        assert_int_equal(world.done[EFFECT_PCIBACK_BIND], 1);
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
        assert_int_equal(world_state(&world, 0), STATE_ASSIGNED);
        assert_int_equal(world_state(&world, 1), STATE_QUARANTINED);
        assert_int_equal(world.exposures, 0);
        assert_int_equal(world_records_count(&world, RECORD_ASSIGNING), 1);
        assert_string_equal(world_record(&world, RECORD_PORT_ASSIGNED)->guest, WORLD_GUEST);
        assert_null(world_record(&world, RECORD_GATE_OPENED));
        assert_null(world_record(&world, RECORD_PORT_SHUT));
        assert_true(verify_machine_contained(&world.core));
        world_run(&world, 300); /* it stays so, and nothing more is done */
        assert_true(world_open(&world));
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 1);
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
}

/* The whole port: every endpoint, no bridge. */
static void test_assign_port(void **state)
{
        (void)state;
        world_quarantined(&world);
        world_asks(&world, REQUEST_ASSIGN, WORLD_PORT, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_int_equal(world.functions[0].owner, GUEST);
        assert_int_equal(world.functions[1].owner, EVENT_OWNER_DOM_IO);
}

static void refuses(uint32_t sbdf, const char *guest, enum record_reason reason)
{
        world_asks(&world, REQUEST_ASSIGN, sbdf, guest, RESULT_FAILED, reason);
        assert_false(world_open(&world));
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 0);
        assert_int_equal(world.done[EFFECT_ATTACH], 0);
}

static void test_assign_refused(void **state)
{
        (void)state;
        world_quarantined(&world);
        refuses(BRIDGE, WORLD_GUEST, REASON_BRIDGE);
        refuses(LEAF, "", REASON_NO_GUEST);
        refuses(LEAF, "nobody", REASON_NO_GUEST);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        world_quarantined(&world);
        world.core.platform.intremap = FACT_NO;
        refuses(LEAF, WORLD_GUEST, REASON_NO_INTREMAP);
        world_quarantined(&world);
        world.registers.acs_control = 0;
        refuses(LEAF, WORLD_GUEST, REASON_NO_ACS);
        world_quarantined(&world);
        world.core.ports[0].tainted = true;
        refuses(LEAF, WORLD_GUEST, REASON_TAINTED);
        world_quarantined(&world);
        world.core.functions[1].facts.malformed = true; /* of any function of the hierarchy */
        world_request(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST);
        world_run(&world, 1);
        world_replied(&world, RESULT_FAILED, REASON_FINDING);
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
        world_plug(&world, 2);
        world.guest = GUEST;
        world_request(&world, REQUEST_ASSIGN, WORLD_PORT, WORLD_GUEST);
        world_run(&world, 1);
        world_replied(&world, RESULT_FAILED, REASON_ARRIVING);
        world.core.platform.intremap = FACT_UNKNOWN; /* trying again would not help */
        world_request(&world, REQUEST_ASSIGN, WORLD_PORT, WORLD_GUEST);
        world_run(&world, 1);
        world_replied(&world, RESULT_FAILED, REASON_NO_INTREMAP);
}

static void test_one_guest(void **state)
{
        (void)state;
        world_assigned(&world);
        world_asks(&world, REQUEST_ASSIGN, LEAF, "other", RESULT_FAILED, REASON_OTHER_GUEST);
        assert_true(world_open(&world));
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE,
                   REASON_NONE); /* once more is no harm */
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
}

/* A guest's driver masks all MSI-X vectors while it sets them up: what is beside it may not. */
static void test_guest_masks(void **state)
{
        const struct record *told;

        (void)state;
        world_assigned(&world);
        for (uint32_t i = 0; i < 2; i++) {
                world.functions[i].facts.enabled = EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X);
                world_tell(&world, EVENT_LOOK, 20);
                assert_int_equal(world_records_count(&world, RECORD_FINDINGS), i);
                assert_int_equal(world_open(&world), i == 0);
        }
        told = world_record(&world, RECORD_PORT_SHUT);
        assert_non_null(told);
        assert_int_equal(told->reason, REASON_FINDING);
        assert_int_equal(world.exposures, 0);
}

/* What is still masked when it is nobody's driver's any more is odd again. */
static void test_guest_leaves_masked(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[0].facts.enabled = EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world_records_count(&world, RECORD_FINDINGS), 1);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_FAILED, REASON_FINDING);
        assert_false(world_open(&world));
}

static void test_unassign(void **state)
{
        (void)state;
        world_assigned(&world);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_false(world_open(&world));
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_string_equal(world.functions[0].facts.driver, "");
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world_records_count(&world, RECORD_PORT_SHUT), 1);
        assert_int_equal(world_records_count(&world, RECORD_UNASSIGNED), 1);
        assert_int_equal(world.exposures, 0);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE); /* it is so */
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE,
                   REASON_NONE); /* and again */
        assert_int_equal(world.done[EFFECT_REGISTER], 2);
        assert_true(world_open(&world));
}

/* The order of taking back: the door, then the owner; of nothing else is door 1 shut. */
static void test_unassign_fails(void **state)
{
        (void)state;
        world_assigned(&world);
        world.toolstack_fails = true;
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_FAILED, REASON_DETACH_FAILED);
        assert_false(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world.functions[0].owner, GUEST);
        world.toolstack_fails = false;
        world_run(&world, 400);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
}

static void test_attach_fails(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.toolstack_fails = true;
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_FAILED, REASON_ATTACH_FAILED);
        assert_int_equal(world.done[EFFECT_ATTACH], VERIFY_ATTACH_TRIES);
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 0);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_string_equal(world.functions[0].facts.driver, "");
        assert_int_equal(world_port(&world)->guest[0], '\0');
}

/* Toolstack=none: somebody else attaches and detaches, when he comes to it. */
static void test_no_toolstack(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.core.config.toolstack = TOOLSTACK_NONE;
        world.lies = EFFECT_ATTACH;
        world_request(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST);
        world_run(&world, 300);
        assert_int_equal(world.reply_count, 0);
        assert_int_equal(world_port(&world)->state, STATE_ARRIVING);
        assert_false(world_open(&world));
        world.functions[0].owner = GUEST;
        world_run(&world, 400);
        world_replied(&world, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
        world.lies = EFFECT_DETACH;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 300);
        assert_int_equal(world.reply_count, 1);
        assert_false(world_open(&world));
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world_run(&world, 400);
        assert_int_equal(world.reply_count, 2);
        world_replied(&world, RESULT_DONE, REASON_NONE);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

static void test_no_toolstack_in_time(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.core.config.toolstack = TOOLSTACK_NONE;
        world.lies = EFFECT_ATTACH;
        world_request(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST);
        world_run(&world, 2000);
        world_replied(&world, RESULT_FAILED, REASON_TIMEOUT);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* It says that it attached, and Xen's owner is another. */
static void test_attach_lies(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.lies = EFFECT_ATTACH;
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_FAILED, REASON_ATTACH_FAILED);
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 0);
}

static void test_port_does_not_open(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.lies = EFFECT_PORT_OPEN;
        world_request(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST);
        world_run(&world, 60);
        world_replied(&world, RESULT_FAILED, REASON_OPEN_REFUSED);
        world_run(&world, 60);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* Xen gives what the guest had to DOMID_IO; pciback holds it still. */
static void test_guest_dies(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world.guest = 0;
        world_guests_tell(&world);
        world_run(&world, 10);
        assert_false(world_open(&world));
        assert_int_equal(world.done[EFFECT_DETACH], 0);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world_record(&world, RECORD_UNASSIGNED)->reason, REASON_GUEST_GONE);
        assert_string_equal(world.functions[0].facts.driver, "");
        world.guest = GUEST + 1; /* another with its name inherits nothing */
        world_guests_tell(&world);
        world_run(&world, 10);
        assert_false(world_open(&world));
}

/* While it dies Xen still has what it had: nobody is asked to detach it, and that is no alarm. */
static void test_guest_dies_slowly(void **state)
{
        (void)state;
        world_assigned(&world);
        world.guest = 0;
        world_guests_tell(&world);
        world_run(&world, 30);
        assert_false(world_open(&world));
        assert_int_equal(world.done[EFFECT_DETACH], 0);
        assert_int_not_equal(world_port(&world)->state, STATE_CONTAINED);
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world_run(&world, 400);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* It takes its devices along, under another number: to whom nothing was given. */
static void test_guest_reboots(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[0].owner = world.guest = GUEST + 1;
        world_guests_tell(&world);
        world_run(&world, 30);
        assert_false(world_open(&world));
        assert_int_equal(world.done[EFFECT_DETACH], 0);
        assert_int_equal(world.functions[0].owner, GUEST + 1);
        assert_non_null(world_record(&world, RECORD_FUNCTION_FOREIGN));
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
}

/* Xen tells nobody who asked it for what: it is looked at again from time to time. */
static void test_drift(void **state)
{
        uint32_t owners;

        (void)state;
        world_assigned(&world);
        world_tell(&world, EVENT_LOOK, 5);
        assert_true(world_open(&world));
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 1);
        world.functions[0].owner = EVENT_OWNER_DOM_IO; /* xl pci-detach by somebody else */
        world_tell(&world, EVENT_LOOK, 5);
        assert_false(world_open(&world) && world.functions[0].owner != GUEST);
        world_quarantined(&world);
        owners = world.done[EFFECT_OWNERS];
        world_tell(&world, EVENT_LOOK, 5); /* nothing is a guest's */
        assert_int_equal(world.done[EFFECT_OWNERS], owners);
}

static void test_pulled_while_assigned(void **state)
{
        (void)state;
        world_assigned(&world);
        assert_false(world.forced);
        world_unplug(&world);
        world_run(&world, 20);
        assert_false(world_open(&world));
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_true(world.forced);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_int_equal(world_port(&world)->guest[0], '\0');
        world_plug(&world, 2); /* another, or the same: nothing is inherited */
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_false(world_open(&world));
        assert_int_equal(world.exposures, 0);
}

/* Nothing is enumerated, or removed, while the guest still owns what is gone. */
static void test_pulled_and_toolstack_hangs(void **state)
{
        uint32_t rescans;

        (void)state;
        world_assigned(&world);
        rescans = world.done[EFFECT_RESCAN];
        world.toolstack_fails = true;
        world_unplug(&world);
        world_run(&world, 40);
        assert_false(world_open(&world));
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_DETACH_FAILED);
        assert_int_equal(world.done[EFFECT_RESCAN], rescans);
        world.functions[0].owner = EVENT_OWNER_DOM_IO; /* the guest was destroyed */
        world.guest = 0;
        world_guests_tell(&world);
        world_run(&world, 400);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        world_plug(&world, 1);
        world_run(&world, 10);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* Something new below an open port: the door is shut before anybody looks at it. */
static void test_shown_while_open(void **state)
{
        struct event event = { .kind = EVENT_UEVENT, .port = BASE_SBDF_NONE };

        (void)state;
        world_assigned(&world);
        event.time_ms = world.now_ms;
        event.uevent = (struct event_uevent){ .action = UEVENT_ADD, .subsystem = SUBSYSTEM_PCI };
        event.uevent.place.sbdf = BASE_SBDF(0, 1, 0, 2);
        event.uevent.place.depth = 1;
        event.uevent.place.above[0] = WORLD_PORT;
        world.hangs = EFFECT_INVENTORY;
        world_event(&world, &event);
        world_run(&world, 1);
        assert_false(world_open(&world));
        world.hangs = EFFECT_NONE;
        world_run(&world, 800);
        assert_true(world_open(&world)); /* there was nothing */
}

/* Among what was lost may be that something showed itself: the door is shut until that is known. */
static void test_overrun_shuts(void **state)
{
        (void)state;
        world_assigned(&world);
        world_tell(&world, EVENT_OVERRUN, 10);
        assert_int_equal(world_records_count(&world, RECORD_PORT_SHUT), 1);
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 2);
        assert_true(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_ASSIGNED);
}

/* A function beside it that dom0 owns, by whomever: the licence is gone. */
static void test_contradiction_shuts(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[1].owner = GUEST + 1; /* another guest got the bridge */
        world_tell(&world, EVENT_OVERRUN, 5);
        assert_false(world_open(&world));
        assert_non_null(world_record(&world, RECORD_FUNCTION_FOREIGN));
        world_assigned(&world);
        world.registers.pciehp = true;
        world_run(&world, 5);
        assert_int_equal(world.done[EFFECT_DETACH], 1); /* what was there is another now */
        assert_false(world_open(&world));
}

static void test_eject_assigned(void **state)
{
        (void)state;
        world_assigned(&world);
        world_asks(&world, REQUEST_EJECT, WORLD_PORT, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_false(world_open(&world));
}

/* What somebody else attached stays closed, and is not ours to eject; asked for it, it is taken back. */
static void test_foreign(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.functions[0].owner = GUEST;
        world_tell(&world, EVENT_OVERRUN, 10);
        assert_false(world_open(&world));
        assert_int_equal(world_records_count(&world, RECORD_FUNCTION_FOREIGN), 1);
        world_asks(&world, REQUEST_EJECT, WORLD_PORT, "", RESULT_FAILED, REASON_OWNED_BY_GUEST);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
}

static void three_quarantined(void)
{
        world_quarantined(&world);
        world_plug(&world, 3);
        world_tell(&world, EVENT_OVERRUN, 60);
}

/* Somebody gives the third function to another guest, by xl. */
static void other_given(void)
{
        world.functions[2].owner = GUEST + 1;
        memcpy(world.functions[2].facts.driver, EVENT_PCIBACK_DRIVER, sizeof EVENT_PCIBACK_DRIVER);
        world_tell(&world, EVENT_OVERRUN, 20);
        assert_false(world_open(&world));
}

static void assert_leaf_returns(void)
{
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world.functions[2].owner, GUEST + 1);
}

/* Of two guests that somebody gave something to, one gives it back, and the other is asked for nothing. */
static void test_foreign_two(void **state)
{
        (void)state;
        three_quarantined();
        world.functions[0].owner = GUEST;
        other_given();
        assert_int_equal(world_records_count(&world, RECORD_FUNCTION_FOREIGN), 2);
        assert_leaf_returns();
}

/* The same where the first one's guest has the port, which was shut for the other. */
static void test_foreign_beside(void **state)
{
        (void)state;
        three_quarantined();
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
        other_given();
        world.fails = EFFECT_DETACH;
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_FAILED, REASON_DETACH_FAILED);
        world.fails = EFFECT_NONE;
        assert_leaf_returns();
}

/* What was attached already is taken over by asking for it. */
static void test_foreign_adopted(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.functions[0].owner = GUEST;
        world_tell(&world, EVENT_OVERRUN, 10);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
        assert_int_equal(world.done[EFFECT_ATTACH] + world.done[EFFECT_REGISTER], 0);
}

static void test_amd(void **state)
{
        (void)state;
        world_quarantined_amd(&world);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
        assert_int_equal(world.functions[0].owner, GUEST);
        assert_int_equal(world.exposures, 0);
        world_tell(&world, EVENT_OVERRUN,
                   10); /* Xen is asked once more, and says that it is a guest's: no failure */
        assert_true(world_open(&world));
        assert_null(world_record(&world, RECORD_EFFECT_FAILED));
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_false(world_open(&world));
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* What nobody here gave, and a guest has, is no answer that was waited for. */
static void test_amd_foreign(void **state)
{
        (void)state;
        world_quarantined_amd(&world);
        assert_null(world_record(&world, RECORD_EFFECT_FAILED));
        world.functions[0].owner = GUEST;
        world_tell(&world, EVENT_OVERRUN, 10);
        assert_false(world_open(&world));
        assert_non_null(world_record(&world, RECORD_EFFECT_FAILED));
        assert_int_equal(world.core.functions[0].reason, REASON_OWNED_BY_GUEST);
}

/*
 * Whenever one is attached or detached the others are confirmed once more: that counts as no failure of theirs, however
 * many there are, so that nothing is said to be out of control and nothing waits.
 */
static void test_amd_several(void **state)
{
        (void)state;
        world_init(&world);
        world_amd(&world);
        world.guest = GUEST;
        world_start(&world);
        world_run(&world, 40);
        world_plug(&world, WORLD_FUNCTIONS);
        world_run(&world, 60);
        world_asks(&world, REQUEST_ASSIGN, WORLD_PORT, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
        world_asks(&world, REQUEST_UNASSIGN, WORLD_PORT, "", RESULT_DONE, REASON_NONE);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.done[EFFECT_DETACH], WORLD_FUNCTIONS - 1);
        assert_null(world_record(&world, RECORD_FUNCTION_CONTAINED));
        assert_null(world_record(&world, RECORD_PORT_CONTAINED));
        for (uint32_t i = 0; i < world.core.function_count; i++)
                assert_int_equal(world.core.functions[i].quarantine.tries, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_assign),
                cmocka_unit_test(test_assign_port),
                cmocka_unit_test(test_assign_refused),
                cmocka_unit_test(test_one_guest),
                cmocka_unit_test(test_guest_masks),
                cmocka_unit_test(test_guest_leaves_masked),
                cmocka_unit_test(test_unassign),
                cmocka_unit_test(test_unassign_fails),
                cmocka_unit_test(test_attach_fails),
                cmocka_unit_test(test_no_toolstack),
                cmocka_unit_test(test_no_toolstack_in_time),
                cmocka_unit_test(test_attach_lies),
                cmocka_unit_test(test_port_does_not_open),
                cmocka_unit_test(test_guest_dies),
                cmocka_unit_test(test_guest_dies_slowly),
                cmocka_unit_test(test_guest_reboots),
                cmocka_unit_test(test_drift),
                cmocka_unit_test(test_pulled_while_assigned),
                cmocka_unit_test(test_pulled_and_toolstack_hangs),
                cmocka_unit_test(test_shown_while_open),
                cmocka_unit_test(test_overrun_shuts),
                cmocka_unit_test(test_contradiction_shuts),
                cmocka_unit_test(test_eject_assigned),
                cmocka_unit_test(test_foreign),
                cmocka_unit_test(test_foreign_two),
                cmocka_unit_test(test_foreign_beside),
                cmocka_unit_test(test_foreign_adopted),
                cmocka_unit_test(test_amd),
                cmocka_unit_test(test_amd_foreign),
                cmocka_unit_test(test_amd_several),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
