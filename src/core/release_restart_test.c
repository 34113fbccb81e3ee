/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest has when the daemon starts: the whole core against a small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/model/model.h"
#include "core/step.h"
#include "world/world.h"

#define GUEST WORLD_GUEST_DOMID
#define LEAF WORLD_LEAF

static struct world world; /* too large for the stack */

/* What the state file holds is what it should. */
static void remembered(void)
{
        static struct event_memory wanted;

        assert_true(core_memory_fill(&world.core, WORLD_PORT, &wanted));
        assert_memory_equal(&world.memory, &wanted, sizeof wanted);
}

/* Whatever is decided reaches the state file. */
static void test_remembered(void **state)
{
        (void)state;
        world_assigned(&world);
        remembered();
        assert_string_equal(world.memory.guest, WORLD_GUEST);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        remembered();
        assert_string_equal(world.memory.guest, "");
        world_assigned(&world);
        world.guest = 0; /* it ends */
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world_guests_tell(&world);
        world_run(&world, 20);
        remembered();
        assert_string_equal(world.memory.guest, "");
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        remembered();
        assert_true(world.memory.withheld);
        world_unplug(&world);
        world_run(&world, 20);
        remembered();
        assert_false(world.memory.withheld);
}

/* ... what is given before it is carried out, and that it could not be. */
static void test_remembered_meanwhile(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.hangs = EFFECT_ATTACH;
        world_request(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST);
        world_run(&world, 20);
        assert_true(world.memory.functions[0].given);
        world_quarantined(&world);
        world.toolstack_fails = true;
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_FAILED, REASON_ATTACH_FAILED);
        remembered();
        assert_false(world.memory.functions[0].given);
}

/* The daemon dies while a guest uses it: the next one shuts the door, and opens it again once it has seen it all. */
static void test_restart(void **state)
{
        uint32_t muted, asked;

        (void)state;
        world_assigned(&world);
        asked = world.done[EFFECT_QUARANTINE];
        muted = world.done[EFFECT_PORT_DECODE];
        world_restart(&world);
        assert_int_equal(world.done[EFFECT_QUARANTINE],
                         asked + 1); /* the bridge: nobody quarantines a guest's */
        assert_int_equal(world.done[EFFECT_PORT_CLOSE], 2); /* at the first start, and now */
        world_run(&world, 20);
        assert_true(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_ASSIGNED);
        assert_string_equal(world_port(&world)->guest, WORLD_GUEST);
        assert_int_equal(world.done[EFFECT_ATTACH] + world.done[EFFECT_REGISTER], 2);
        assert_int_equal(world.done[EFFECT_PORT_DECODE], muted); /* the guest's driver works */
        assert_int_equal(world.exposures, 0);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE,
                   REASON_NONE); /* it is ours to take back */
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        world_restart(&world);
        world_run(&world, 20);
        assert_true(world_port(&world)->withheld);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* Pulled in that moment: what the state file knows, and does not answer any more, leaves no doubt of what it was. */
static void test_restart_pulled(void **state)
{
        (void)state;
        world_assigned(&world);
        world_unplug(&world);
        world.functions[0].facts.readable = false;
        world_restart(&world);
        world_run(&world, 40);
        assert_false(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_false(world_port(&world)->tainted);
}

/* Pulled so long before that the file says so, and detached, but not removed yet. */
static void pulled_before(void)
{
        world_assigned(&world);
        world.fails = EFFECT_REMOVE;
        world_unplug(&world);
        world.functions[0].facts.readable = false;
        world_run(&world, 60);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world.memory.functions[0].digest, EVENT_MEMORY_FORMER);
        assert_false(world.memory.functions[0].given);
        world.fails = EFFECT_NONE;
}

static void test_restart_pulled_before(void **state)
{
        (void)state;
        pulled_before();
        world_restart(&world);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_false(world_port(&world)->tainted);
}

/* ... nor detached: it is to be taken back from the guest that had it. */
static void test_restart_pulled_given(void **state)
{
        const struct event_memory_function *written = &world.memory.functions[0];

        (void)state;
        world_assigned(&world);
        world.fails = EFFECT_DETACH;
        world_unplug(&world);
        world.functions[0].facts.readable = false;
        world_run(&world, 2);
        assert_int_equal(written->digest, EVENT_MEMORY_FORMER);
        assert_true(!written->given && written->taken);
        assert_int_equal(written->rights, GUEST);
        world.fails = EFFECT_NONE;
        world_restart(&world);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_false(world_port(&world)->tainted);
        assert_int_equal(world.rights_dropped, 0);
}

/* What answers there by then, of the same model, is another one: nothing of what is known is about it (I5). */
static void test_restart_swapped_before(void **state)
{
        uint64_t instance;

        (void)state;
        pulled_before();
        instance = world.functions[0].facts.instance;
        world_plug(&world, 1);
        world.functions[0].facts.instance = instance;
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world_restart(&world);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_not_equal(world.functions[0].facts.instance, instance);
        assert_false(world_port(&world)->tainted);
        assert_int_equal(world.exposures, 0);
}

/* Where there is no owner list: which guest has it is not told, and it was we who gave it. */
static void test_restart_amd(void **state)
{
        (void)state;
        world_quarantined_amd(&world);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        world_restart(&world);
        world_run(&world, 40);
        assert_true(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_ASSIGNED);
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
        assert_int_equal(world.exposures, 0);
}

/* What was asked for and not yet done is done by the next daemon. */
static void test_restart_meanwhile(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.hangs = EFFECT_ATTACH;
        world_request(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST);
        world_run(&world, 10);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        world.hangs = EFFECT_NONE;
        world_restart(&world);
        world_run(&world, 40);
        assert_true(world_open(&world));
        assert_int_equal(world.functions[0].owner, GUEST);
        assert_int_equal(world.exposures, 0);
}

/* A guest is about to be given what is below when the daemon dies, where Xen has no owner list. */
static void given_amd(void)
{
        world_quarantined_amd(&world);
        world.hangs = EFFECT_REGISTER;
        world_request(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST);
        world_run(&world, 10);
        assert_true(world.memory.functions[0].given);
        assert_string_equal(world.functions[0].facts.driver, "");
        world.hangs = EFFECT_NONE;
}

/*
 * ... and it is pulled before the next one starts, or ejected before that one has looked. For all that the state file
 * says it may have been attached; pciback does not hold it, so that nothing but Xen tells.
 */
static void test_restart_meanwhile_amd(void **state)
{
        (void)state;
        given_amd();
        world_unplug(&world);
        world.functions[0].refuses = true; /* what is gone reads as all ones */
        world_restart(&world);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_int_equal(world.done[EFFECT_DETACH], 0);
        given_amd();
        world_restart(&world);
        world_asks(&world, REQUEST_EJECT, WORLD_PORT, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        given_amd();
        world.functions[0].owner = world.functions[0].rights =
                GUEST; /* it was attached meanwhile */
        world_unplug(&world);
        world_restart(&world);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_int_equal(world.rights_dropped, 0);
}

/* Whose it is cannot be learned: that is told, and nothing is removed. Then it can be. */
static void test_restart_meanwhile_unasked(void **state)
{
        (void)state;
        given_amd();
        world_unplug(&world);
        world.fails = EFFECT_QUARANTINE;
        world_restart(&world);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_QUARANTINE_REFUSED);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        world.fails = EFFECT_NONE;
        world_run(&world, 400);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_int_equal(world.rights_dropped, 0);
}

/* A driver of dom0's that somebody let on meanwhile goes before Xen is asked: asking resets MSI-X. */
static void test_restart_meanwhile_driven(void **state)
{
        uint32_t off;

        (void)state;
        given_amd();
        off = world.done[EFFECT_DRIVER_OFF];
        memcpy(world.functions[0].facts.driver, "nvme", sizeof "nvme");
        world.functions[0].facts.kept_off = false;
        world.fails = EFFECT_QUARANTINE; /* so that it is seen */
        world_unplug(&world);
        world_restart(&world);
        world_run(&world, 10);
        assert_int_equal(world.done[EFFECT_DRIVER_OFF], off + 1);
        assert_string_equal(world.functions[0].facts.driver, "");
        world.fails = EFFECT_NONE;
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_int_equal(world.done[EFFECT_DRIVER_OFF], off + 1);
}

/* What was given to one guest stays shut where another has it by now, and nobody's where that guest has ended. */
static void test_restart_guest_changes(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[0].owner = GUEST + 1;
        world_restart(&world);
        world_run(&world, 40);
        assert_false(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_OTHER_GUEST);
        world_assigned(&world);
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world.guest = GUEST + 1; /* it was started anew */
        world_restart(&world);
        world_guests_tell(&world);
        world_run(&world, 40);
        assert_false(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_string_equal(world_port(&world)->guest, "");
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
}

/* That the guest of before is gone is told before anybody has looked below the port; its successor inherits nothing. */
static void test_restart_before_look(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world.hangs = EFFECT_INVENTORY;
        world_restart(&world);
        world.guest = 0;
        world_guests_tell(&world);
        world_run(&world, 1);
        world.guest = GUEST + 1;
        world_guests_tell(&world);
        world.hangs = EFFECT_NONE;
        world_run(&world, 600);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_string_equal(world_port(&world)->guest, "");
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
}

/* A full disk keeps nothing from a guest. */
static void test_not_remembered(void **state)
{
        (void)state;
        world_quarantined(&world);
        world.fails = EFFECT_REMEMBER;
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
        assert_int_equal(world_records_count(&world, RECORD_MEMORY_FAILED), 1);
}

/* A daemon that does not know of it shuts the door, and takes nothing from the guest. */
static void restarted(void)
{
        world_assigned(&world);
        world.memory.guest[0] = '\0';
        world.memory.domid = 0;
        for (uint32_t i = 0; i < world.memory.count; i++)
                world.memory.functions[i].given = false;
        world_restart(&world);
        world_run(&world, 20);
        assert_false(world_open(&world));
        assert_int_equal(world.functions[0].owner, GUEST);
        assert_string_equal(world.functions[0].facts.driver, EVENT_PCIBACK_DRIVER);
        assert_int_equal(world.done[EFFECT_DETACH], 0);
        assert_int_equal(world_state(&world, 0), STATE_ASSIGNED);
}

static void test_restart_unaware(void **state)
{
        (void)state;
        restarted();
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
        assert_int_equal(world.exposures, 0);
}

/* Without a state file the bridge above it is to be enumerated anew, and stays with it: that is told. */
static void forgotten(void)
{
        world.functions[0].facts.parent = BASE_SBDF(0, 1, 0, 1);
        world.memory.port = 0;
        world_restart(&world);
        world_run(&world, 60);
        assert_false(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_OWNED_BY_GUEST);
        assert_int_equal(world_records_count(&world, RECORD_PORT_CONTAINED), 1);
        assert_int_equal(world.functions[0].owner, GUEST);
        assert_int_equal(world.done[EFFECT_REMOVE] + world.done[EFFECT_DETACH], 0);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_FAILED, REASON_OWNED_BY_GUEST);
        world.functions[0].owner = EVENT_OWNER_DOM_IO; /* its guest gives it back */
        world_tell(&world, EVENT_LOOK, 60);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_int_equal(world.exposures, 0);
}

static void test_restart_forgotten(void **state)
{
        (void)state;
        world_assigned(&world);
        forgotten();
        world_quarantined_amd(&world);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        forgotten();
}

/* ... and to be taken back by who is asked to. */
static void test_restart_forgotten_unassign(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[0].facts.parent = BASE_SBDF(0, 1, 0, 1);
        world.memory.port = 0;
        world_restart(&world);
        world_run(&world, 40);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.rights_dropped, 0);
}

/* Nor is anything removed beside what Xen alone knows, as a guest's. */
static void test_restart_stray(void **state)
{
        (void)state;
        world_assigned(&world);
        world.functions[0].facts.instance = 0; /* removed by somebody else */
        world_unplug(&world);
        world_restart(&world);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_OWNED_BY_GUEST);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
}

static void test_restart_by_rule(void **state)
{
        (void)state;
        restarted();
        world_rules(&world, "assign " WORLD_GUEST "\n", 0);
        world_guests_tell(&world);
        world_run(&world, 20);
        assert_true(world_open(&world));
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
        assert_int_equal(world_port(&world)->state, STATE_ASSIGNED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_remembered),
                cmocka_unit_test(test_remembered_meanwhile),
                cmocka_unit_test(test_restart),
                cmocka_unit_test(test_restart_pulled),
                cmocka_unit_test(test_restart_pulled_before),
                cmocka_unit_test(test_restart_pulled_given),
                cmocka_unit_test(test_restart_swapped_before),
                cmocka_unit_test(test_restart_amd),
                cmocka_unit_test(test_restart_meanwhile),
                cmocka_unit_test(test_restart_meanwhile_amd),
                cmocka_unit_test(test_restart_meanwhile_unasked),
                cmocka_unit_test(test_restart_meanwhile_driven),
                cmocka_unit_test(test_restart_guest_changes),
                cmocka_unit_test(test_restart_before_look),
                cmocka_unit_test(test_not_remembered),
                cmocka_unit_test(test_restart_unaware),
                cmocka_unit_test(test_restart_forgotten),
                cmocka_unit_test(test_restart_forgotten_unassign),
                cmocka_unit_test(test_restart_stray),
                cmocka_unit_test(test_restart_by_rule),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
