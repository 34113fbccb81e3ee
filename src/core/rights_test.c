/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest that something was taken from may still map, and take-backs that a crash cuts off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/model/model.h"
#include "core/plan/plan.h"
#include "core/step.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define GUEST WORLD_GUEST_DOMID
#define LEAF WORLD_LEAF

static struct world world; /* too large for the stack */

/* At rest the guest that it was taken from has no rights, whatever its toolstack left. */
static void test_revoked(void **state)
{
        (void)state;
        world_assigned(&world);
        assert_int_equal(world.functions[0].rights, GUEST);
        assert_int_equal(world.done[EFFECT_REVOKE], 0);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world.functions[0].rights, 0);
        assert_int_equal(world.done[EFFECT_REVOKE], 1);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world_record(&world, RECORD_UNASSIGNED)->reason, REASON_NONE);
        world_run(&world, 600);
        assert_int_equal(world.done[EFFECT_REVOKE], 1);
}

static void test_revoked_amd(void **state)
{
        (void)state;
        world_quarantined_amd(&world);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world.functions[0].rights, 0);
        assert_int_equal(world.done[EFFECT_REVOKE], 1);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* What was pulled or ejected is still there for the kernel while that is done. */
static void test_revoked_before_removal(void **state)
{
        (void)state;
        world_assigned(&world);
        world_unplug(&world);
        world_run(&world, 20);
        assert_int_equal(world.done[EFFECT_REVOKE], 1);
        assert_int_equal(world.rights_dropped, 0);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        world_assigned(&world);
        world_asks(&world, REQUEST_EJECT, WORLD_PORT, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world.done[EFFECT_REVOKE], 1);
        assert_int_equal(world.rights_dropped, 0);
}

/* An attachment by somebody else, and its end: the list that named the guest is all that is known. */
static void test_foreign(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.functions[0].owner = world.functions[0].rights = GUEST + 1;
        world_tell(&world, EVENT_OVERRUN, 20);
        assert_int_equal(world_state(&world, 0), STATE_ASSIGNED);
        assert_int_equal(world.done[EFFECT_REVOKE], 0);
        assert_int_equal(world.memory.functions[0].rights, GUEST + 1);
        assert_false(world.memory.functions[0].taken);
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world_tell(&world, EVENT_LOOK, 20);
        assert_int_equal(world.functions[0].rights, 0);
        assert_int_equal(world.memory.functions[0].rights, 0);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* Where Xen does not say that they are gone: told once, nobody else gets it, and it is tried again. */
static void test_stay(void **state)
{
        const struct record *told;

        (void)state;
        world_assigned(&world);
        world.rights_stay = true;
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_FAILED, REASON_RIGHTS_LEFT);
        assert_false(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_RIGHTS_LEFT);
        assert_int_equal(world_state(&world, 0), STATE_CONTAINED);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world_records_count(&world, RECORD_FUNCTION_RIGHTS), 1);
        told = world_record(&world, RECORD_FUNCTION_RIGHTS);
        assert_int_equal(told->count, GUEST);
        assert_int_equal(told->error, EBUSY);
        assert_int_equal(world_records_count(&world, RECORD_UNASSIGNED), 1);
        world.guest = GUEST + 1;
        world_guests_tell(&world);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_FAILED, REASON_RIGHTS_LEFT);
        world_run(&world, 600);
        assert_int_equal(world_records_count(&world, RECORD_FUNCTION_RIGHTS), 1);
        assert_in_range(world.done[EFFECT_REVOKE], 5, 12);
        world.rights_stay = false; /* as when that guest is destroyed */
        world_run(&world, 400);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_int_equal(world.rights_dropped, 0);
}

/* It is not removed either. */
static void test_stay_pulled(void **state)
{
        (void)state;
        world_assigned(&world);
        world.rights_stay = true;
        world_unplug(&world);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_RIGHTS_LEFT);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        world.rights_stay = false;
        world_run(&world, 400);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_int_equal(world.rights_dropped, 0);
}

/* Whose rights are left outlives the daemon, also where something else sits there by now. */
static void test_stay_restart(void **state)
{
        (void)state;
        world_assigned(&world);
        world.rights_stay = true;
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_FAILED, REASON_RIGHTS_LEFT);
        assert_int_equal(world.memory.functions[0].rights, GUEST);
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->reason, REASON_RIGHTS_LEFT);
        world.registers.slot_status |= MODEL_SLOT_STATUS_DLLSC; /* swapped while no daemon runs */
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->reason, REASON_RIGHTS_LEFT);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        world.rights_stay = false;
        world_run(&world, 400);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.rights_dropped, 0);
}

/* The same of what a guest owns when the daemon dies: swapped meanwhile. */
static void test_given_restart(void **state)
{
        (void)state;
        world_assigned(&world);
        world.registers.slot_status |= MODEL_SLOT_STATUS_DLLSC;
        world.functions[0].owner = EVENT_OWNER_DOM_IO; /* somebody detached it */
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world.rights_dropped, 0);
        assert_int_equal(world.done[EFFECT_REVOKE], 1);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* The next daemon goes on with what was asked for. */
static void test_unassign_cut(void **state)
{
        (void)state;
        world_assigned(&world);
        world.hangs = EFFECT_DETACH;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 5);
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_true(world.memory.functions[0].taken); /* before it was asked for */
        assert_false(world.memory.functions[0].given);
        world.hangs = EFFECT_NONE;
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world.functions[0].rights, 0);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_string_equal(world_port(&world)->guest, "");
        assert_true(world_port(&world)->withheld);
        assert_int_equal(world.exposures, 0);
}

/* Each is written, whatever became of the one before. */
static void test_unassign_noted_again(void **state)
{
        (void)state;
        world_assigned(&world);
        world.core.ports[0].attempts[GOAL_NOTED].tries = 1;
        world.hangs = EFFECT_DETACH;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 5);
        assert_true(world.memory.functions[0].taken);
}

static void test_unassign_cut_amd(void **state)
{
        (void)state;
        world_quarantined_amd(&world);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        world.hangs = EFFECT_DETACH;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 5);
        world.hangs = EFFECT_NONE;
        world_restart(&world);
        world_run(&world, 60);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world.functions[0].rights, 0);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* What somebody else attached, and the operator wants back: nobody here knows that guest by name. */
static void test_unassign_foreign_cut(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.functions[0].owner = world.functions[0].rights = GUEST + 1;
        world_tell(&world, EVENT_OVERRUN, 20);
        world.hangs = EFFECT_DETACH;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 5);
        world.hangs = EFFECT_NONE;
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* ... and what he did not ask for stays where it is. */
static void test_foreign_restart(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.functions[0].owner = world.functions[0].rights = GUEST + 1;
        world_tell(&world, EVENT_OVERRUN, 20);
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world.functions[0].owner, GUEST + 1);
        assert_int_equal(world.done[EFFECT_DETACH], 0);
        assert_int_equal(world.done[EFFECT_REVOKE], 0);
}

static void eject_cut(enum effect_kind at)
{
        world_assigned(&world);
        world.hangs = at;
        world_request(&world, REQUEST_EJECT, WORLD_PORT, "");
        world_run(&world, 10);
        assert_int_equal(world.done[at], 1);
        assert_true(world.memory.leaving);
        world.hangs = EFFECT_NONE;
}

/* An eject goes on to the end: detached, revoked, removed, ejected. */
static void test_eject_cut(void **state)
{
        static const enum effect_kind kinds[] = { EFFECT_DETACH, EFFECT_REVOKE, EFFECT_REMOVE };

        (void)state;
        for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
                eject_cut(kinds[i]);
                world_restart(&world);
                world_run(&world, 40);
                assert_int_equal(world_port(&world)->state, STATE_EJECTED);
                assert_int_equal(world_records_count(&world, RECORD_EJECTED), 1);
                assert_int_equal(world.rights_dropped, 0);
                assert_false(world.memory.leaving);
                assert_true(world.memory.ejected);
        }
}

/* But what was plugged since stays. */
static void test_eject_cut_swapped(void **state)
{
        (void)state;
        eject_cut(EFFECT_DETACH);
        world.registers.slot_status |= MODEL_SLOT_STATUS_DLLSC;
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world_records_count(&world, RECORD_EJECTED), 0);
}

/* One that failed was answered, and is not begun again. */
static void test_eject_failed(void **state)
{
        (void)state;
        world_assigned(&world);
        world.toolstack_fails = true;
        world_asks(&world, REQUEST_EJECT, WORLD_PORT, "", RESULT_FAILED, REASON_DETACH_FAILED);
        world_run(&world, 40);
        assert_false(world.memory.leaving);
}

/* A disk that is full, or hangs, keeps nothing with its guest: it is tried once. */
static void test_not_noted(void **state)
{
        (void)state;
        world_assigned(&world);
        world.fails = EFFECT_REMEMBER;
        world.done[EFFECT_REMEMBER] = 0;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 1);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        world_run(&world, 40);
        world_replied(&world, RESULT_DONE, REASON_NONE);
        world_assigned(&world);
        world.hangs = EFFECT_REMEMBER;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 100);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
}

/* While it hangs nothing is called done, quarantined or anybody's. */
static void test_revoked_first(void **state)
{
        (void)state;
        world_assigned(&world);
        world.hangs = EFFECT_REVOKE;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 20);
        assert_int_equal(world.done[EFFECT_REVOKE], 1);
        assert_int_not_equal(world_state(&world, 0), STATE_QUARANTINED);
        assert_int_equal(world.reply_count, 1); /* that of the assign */
        assert_int_equal(world_records_count(&world, RECORD_UNASSIGNED), 0);
}

/* What is never answered is given up, told, and tried again. The state file has a text of its own. */
static void test_never_answered(void **state)
{
        const struct record *told;

        (void)state;
        world_assigned(&world);
        world.hangs = EFFECT_DETACH;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 2);
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_int_equal(world_records_count(&world, RECORD_EFFECT_FAILED), 0);
        world_run(&world, 2000);
        assert_in_range(world.done[EFFECT_DETACH], 2, 20);
        told = world_record(&world, RECORD_EFFECT_FAILED);
        assert_non_null(told);
        assert_int_equal(told->effect, EFFECT_DETACH);
        assert_int_equal(told->function, LEAF);
        assert_int_equal(told->error, ETIMEDOUT);
        assert_int_equal(world.core.functions[0].detach.error, ETIMEDOUT);
        world.hangs = EFFECT_NONE;
        world_run(&world, 2000);
        assert_int_equal(world_state(&world, 0), STATE_QUARANTINED);
        assert_int_equal(world_records_count(&world, RECORD_MEMORY_FAILED), 0);
        world.hangs = EFFECT_REMEMBER;
        world_request(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST);
        world_run(&world, 2000);
        assert_int_equal(world_records_count(&world, RECORD_MEMORY_FAILED), 1);
}

/* Nothing is detached below a port that does not answer; that is said at once. */
static void test_unassign_unreadable(void **state)
{
        (void)state;
        world_assigned(&world);
        world.registers.readable = false;
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_FAILED, REASON_PORT_UNREADABLE);
        world.registers.readable = true;
        world_run(&world, 100);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
}

/* An eject where no guest is: that it was begun is written before anything is removed. */
static void test_eject_noted(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.hangs = EFFECT_REMOVE;
        world_request(&world, REQUEST_EJECT, WORLD_PORT, "");
        world_run(&world, 5);
        assert_int_equal(world.done[EFFECT_REMOVE], 1);
        assert_true(world.memory.leaving);
}

/* What a rule rejects is removed by the next daemon's rules, or not. */
static void test_rejected(void **state)
{
        static struct event_memory written;

        (void)state;
        world_quarantined(&world);
        world.hangs = EFFECT_REMOVE;
        world_rules(&world, "reject\n", 10);
        assert_true(world_port(&world)->leaving);
        assert_true(core_memory_fill(&world.core, WORLD_PORT, &written));
        assert_false(written.leaving);
}

/* Where attaching may have got as far as the rights, they are taken away. */
static void test_attach_cut(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.toolstack_fails = true;
        world.functions[0].rights = GUEST; /* libxl gives them before it attaches */
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_FAILED, REASON_ATTACH_FAILED);
        world_run(&world, 20);
        assert_int_equal(world.functions[0].rights, 0);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* AMD-Vi: not before Xen was asked who owns it. */
static void test_amd_asked_first(void **state)
{
        struct model_port *port;
        struct model_function *function;
        static struct core core;

        (void)state;
        world_core_fill(&core);
        core.platform.iommu = IOMMU_AMD;
        function = world_core_function(&core, LEAF);
        port = &core.ports[0];
        function->rights = GUEST;
        assert_true(verify_function_unowned(&core, port, function));
        function->due = true;
        assert_false(verify_function_unowned(&core, port, function));
        function->due = false;
        function->owner = EVENT_OWNER_UNKNOWN;
        assert_false(verify_function_unowned(&core, port, function));
        function->quarantine.error = EBUSY;
        assert_true(verify_function_unowned(&core, port, function));
        function->quarantine.error = ENODEV;
        assert_true(verify_function_unowned(&core, port, function));
        function->owner = EVENT_OWNER_GUEST;
        assert_false(verify_function_unowned(&core, port, function));
}

/* Of what is just being given only that guest's rights are left alone, and none where something leaves. */
static void test_given(void **state)
{
        static struct core core;
        struct model_function *function, *other;
        struct model_port *port;

        (void)state;
        world_core_fill(&core);
        function = world_core_function(&core, LEAF);
        other = world_core_function(&core, LEAF + 1);
        port = &core.ports[0];
        port->domid = GUEST;
        function->given = true;
        function->rights = GUEST;
        assert_true(verify_function_revoked(&core, port, function));
        function->rights = GUEST + 1;
        assert_false(verify_function_revoked(&core, port, function));
        function->rights = GUEST;
        other->facts.changed = true; /* it leaves */
        assert_false(verify_function_revoked(&core, port, function));
}

/* Is a function of this owner, of which no rights are known, removed at once? */
static bool removed(uint16_t owner)
{
        static struct core core;
        static struct effects effects;
        struct model_function *function;

        memset(&effects, 0, sizeof effects);
        world_core_fill(&core);
        function = world_core_function(&core, LEAF);
        function->owner = owner;
        function->detach.retry_at_ms = UINT64_MAX;
        core.ports[0].leaving = true;
        core.ports[0].command_until_ms = UINT64_MAX; /* its light waits */
        core.ports[0].attempts[GOAL_NOTED].tries = 1;
        plan_ports_advance(&core, &effects);
        for (uint32_t i = 0; i < effects.count; i++)
                if (effects.items[i].kind == EFFECT_REMOVE)
                        return true;
        return false;
}

/* What a guest owns is not removed either. */
static void test_owned_not_removed(void **state)
{
        (void)state;
        assert_false(removed(GUEST));
        assert_true(removed(EVENT_OWNER_DOM_IO));
}

/* Quarantined is only what no former guest may map. */
static void test_state(void **state)
{
        static struct core core;
        struct model_function *function;
        enum record_reason reason;

        (void)state;
        world_core_fill(&core);
        function = world_core_function(&core, LEAF);
        assert_int_equal(verify_function_state(&core, &core.ports[0], function, &reason),
                         STATE_QUARANTINED);
        function->rights = GUEST;
        assert_int_equal(verify_function_state(&core, &core.ports[0], function, &reason),
                         STATE_ARRIVING);
}

/* The door stays shut for one guest while another may map what is beside its function. */
static void test_licence(void **state)
{
        static struct core core;
        struct model_function *beside;

        (void)state;
        world_core_fill(&core);
        world_core_fit(&core);
        world_core_own(&core, world_core_function(&core, LEAF), GUEST);
        beside = world_core_function(&core, LEAF + 1);
        assert_true(verify_port_licensed(&core, &core.ports[0]));
        beside->rights = GUEST + 1;
        assert_false(verify_port_licensed(&core, &core.ports[0]));
}

/* What was given when the daemon died, and of which a swap tells that it is another now: its rights go first. */
static void test_given_swapped(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world.functions[0].facts.digest++; /* the slot told nothing */
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world.done[EFFECT_REVOKE], 1);
        assert_int_equal(world.rights_dropped, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_revoked),
                cmocka_unit_test(test_revoked_amd),
                cmocka_unit_test(test_revoked_before_removal),
                cmocka_unit_test(test_foreign),
                cmocka_unit_test(test_stay),
                cmocka_unit_test(test_stay_pulled),
                cmocka_unit_test(test_stay_restart),
                cmocka_unit_test(test_given_restart),
                cmocka_unit_test(test_unassign_cut),
                cmocka_unit_test(test_unassign_cut_amd),
                cmocka_unit_test(test_unassign_noted_again),
                cmocka_unit_test(test_unassign_foreign_cut),
                cmocka_unit_test(test_foreign_restart),
                cmocka_unit_test(test_eject_cut),
                cmocka_unit_test(test_eject_cut_swapped),
                cmocka_unit_test(test_eject_failed),
                cmocka_unit_test(test_not_noted),
                cmocka_unit_test(test_revoked_first),
                cmocka_unit_test(test_never_answered),
                cmocka_unit_test(test_unassign_unreadable),
                cmocka_unit_test(test_eject_noted),
                cmocka_unit_test(test_rejected),
                cmocka_unit_test(test_attach_cut),
                cmocka_unit_test(test_amd_asked_first),
                cmocka_unit_test(test_given),
                cmocka_unit_test(test_owned_not_removed),
                cmocka_unit_test(test_state),
                cmocka_unit_test(test_licence),
                cmocka_unit_test(test_given_swapped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
