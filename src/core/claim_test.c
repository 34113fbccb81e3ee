/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What xenstore says of whose a function is, where Xen does not tell: the whole core against a small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sbdf.h"
#include "core/model/model.h"
#include "world/world.h"

#define GUEST WORLD_GUEST_DOMID
#define OTHER 9u
#define LEAF WORLD_LEAF

static struct world world; /* too large for the stack */

static void assigned_amd(void)
{
        world_quarantined_amd(&world);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_true(world_open(&world));
}

/* xenstore says so, and the polls after it. */
static void claims(uint16_t domid, uint32_t polls)
{
        world.functions[0].claimed = domid;
        world_guests_tell(&world);
        world_run(&world, polls);
}

static void contained(void)
{
        assert_false(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_OTHER_GUEST);
}

/* What agrees, and what is not said, changes nothing: not even a look. */
static void test_agrees(void **state)
{
        uint32_t asked;

        (void)state;
        assigned_amd();
        asked = world.done[EFFECT_QUARANTINE] + world.done[EFFECT_CONFIRM];
        claims(GUEST, 5);
        claims(0, 5);
        assert_true(world_open(&world));
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 1);
        assert_int_equal(world.done[EFFECT_QUARANTINE] + world.done[EFFECT_CONFIRM], asked);
}

/*
 * Somebody takes it from its guest, and gives it to another: the door is shut before Xen does so, nobody gets in
 * between, and what is asked for is taken back from who has it.
 */
static void test_regiven(void **state)
{
        const struct record *told;

        (void)state;
        assigned_amd();
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        claims(OTHER, 1);
        contained();
        assert_int_equal(world_record(&world, RECORD_PORT_SHUT)->reason, REASON_OTHER_GUEST);
        told = world_record(&world, RECORD_FUNCTION_CLAIMED);
        assert_non_null(told);
        assert_int_equal(told->count, OTHER);
        assert_string_equal(told->guest, WORLD_GUEST);
        world_run(&world, 600);
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
        world.functions[0].owner = world.functions[0].rights = OTHER;
        claims(OTHER, 40);
        contained();
        assert_int_equal(world_records_count(&world, RECORD_FUNCTION_CLAIMED), 1);
        world_asks(&world, REQUEST_EJECT, WORLD_PORT, "", RESULT_FAILED, REASON_OWNED_BY_GUEST);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        claims(0, 40);
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world.functions[0].rights, 0);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 1);
        assert_int_equal(world.exposures, 0);
}

/* Asked for before anybody has looked whether the other one has it by now. */
static void test_regiven_unseen(void **state)
{
        (void)state;
        assigned_amd();
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        claims(OTHER, 5);
        world.functions[0].owner = world.functions[0].rights = OTHER;
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world.functions[0].rights, 0);
}

/* That the word is gone is no word; another one is. */
static void test_word_gone(void **state)
{
        (void)state;
        assigned_amd();
        world.functions[0].owner = OTHER;
        claims(OTHER, 10);
        claims(0, 100);
        contained();
        world.functions[0].owner = GUEST;
        claims(GUEST, 20);
        assert_true(world_open(&world));
        assert_int_equal(world_port(&world)->state, STATE_ASSIGNED);
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
}

/* The other one gave it up: it is its guest's again, as what was only taken from him is. */
static void test_nobodys(void **state)
{
        (void)state;
        assigned_amd();
        world.functions[0].owner = world.functions[0].rights = OTHER;
        claims(OTHER, 10);
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        claims(0, 10);
        claims(0, 40);
        assert_true(world_open(&world));
        assert_int_equal(world.functions[0].owner, GUEST);
        assert_int_equal(world.rights_dropped, 0);
}

/* Xen's own list says whose it is. */
static void test_listed(void **state)
{
        uint32_t lists;

        (void)state;
        world_assigned(&world);
        lists = world.done[EFFECT_OWNERS];
        claims(OTHER, 10);
        assert_true(world_open(&world));
        assert_int_equal(world.done[EFFECT_OWNERS], lists);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
}

/* What somebody else gave away is nobody's to open, but can be taken back: xenstore tells from whom. */
static void test_foreign(void **state)
{
        (void)state;
        world_quarantined_amd(&world);
        world.functions[0].owner = world.functions[0].rights = OTHER;
        claims(OTHER, 1);
        world_tell(&world, EVENT_OVERRUN, 40);
        assert_int_equal(world_records_count(&world, RECORD_FUNCTION_FOREIGN), 1);
        assert_false(world_open(&world));
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world.functions[0].rights, 0);
}

/* A former guest may still map its memory: no word of anybody's makes that be forgotten. */
static void test_rights_kept(void **state)
{
        (void)state;
        assigned_amd();
        world.rights_stay = true;
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 100);
        assert_int_equal(world_state(&world, 0), STATE_CONTAINED);
        world.functions[0].owner = OTHER;
        claims(OTHER, 1);
        world_tell(&world, EVENT_OVERRUN, 40);
        assert_int_equal(world.core.functions[0].owner, EVENT_OWNER_GUEST);
        assert_int_equal(world.core.functions[0].rights, GUEST);
        world_request(&world, REQUEST_UNASSIGN, LEAF, "");
        world_run(&world, 40);
        assert_int_equal(world.core.functions[0].rights, GUEST);
}

/* Somebody else is at it: it is not given to anybody, nor is what he got taken away again. */
static void test_assign_meanwhile(void **state)
{
        (void)state;
        world_quarantined_amd(&world);
        claims(OTHER, 1);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_FAILED, REASON_OTHER_GUEST);
        assert_int_equal(world.done[EFFECT_ATTACH] + world.done[EFFECT_REGISTER], 0);
        claims(0, 1);
        world_asks(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        world_asks(&world, REQUEST_UNASSIGN, LEAF, "", RESULT_DONE, REASON_NONE);
        world.hangs = EFFECT_ATTACH;
        world_request(&world, REQUEST_ASSIGN, LEAF, WORLD_GUEST);
        world_run(&world, 10);
        world.functions[0].owner = OTHER;
        claims(OTHER, 700);
        world_replied(&world, RESULT_FAILED, REASON_OTHER_GUEST);
        world_run(&world, 100);
        assert_int_equal(world.functions[0].owner, OTHER);
        assert_int_equal(world.done[EFFECT_DETACH], 1);
        assert_false(world_open(&world));
}

/* Given to another while no daemon ran: the next one reads xenstore before it opens the door again. */
static void test_restart(void **state)
{
        (void)state;
        assigned_amd();
        world.functions[0].owner = world.functions[0].claimed = OTHER;
        world_restart(&world);
        world_run(&world, 100);
        contained();
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 1);
        world.functions[0].owner = GUEST;
        claims(GUEST, 40);
        assert_true(world_open(&world));
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
        assert_int_equal(world.exposures, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_agrees),           cmocka_unit_test(test_regiven),
                cmocka_unit_test(test_regiven_unseen),   cmocka_unit_test(test_word_gone),
                cmocka_unit_test(test_nobodys),          cmocka_unit_test(test_listed),
                cmocka_unit_test(test_foreign),          cmocka_unit_test(test_rights_kept),
                cmocka_unit_test(test_assign_meanwhile), cmocka_unit_test(test_restart),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
