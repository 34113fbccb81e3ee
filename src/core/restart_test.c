/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a daemon that starts again knows of the last one, and what it must not believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/report/report.h"
#include "core/step.h"
#include "world/world.h"

static struct world world; /* too large for the stack */

static void arrived(uint32_t functions)
{
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
        world_plug(&world, functions);
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* Plugged before the first daemon of this boot, by which the kernel gave it to dom0. */
static void booted(uint32_t functions)
{
        world_init(&world);
        world.registers.slot_control &= (uint16_t)~MODEL_SLOT_CONTROL_PCC;
        world_plug(&world, functions);
        for (uint32_t i = 0; i < functions; i++) {
                world.functions[i].facts.instance = world.instance_next++;
                world.functions[i].owner = EVENT_OWNER_DOM0;
        }
        world.registers.slot_status &= (uint16_t)~MODEL_SLOT_STATUS_EVENTS;
        world_start(&world);
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* Again, as a daemon that was killed; done[] then counts from here. */
static void restarted(void)
{
        memset(world.done, 0, sizeof world.done);
        world.record_count = 0;
        world_restart(&world);
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* Another device at the same addresses, alike or not, faster than anybody looks. */
static void swapped(uint64_t digest, bool told)
{
        for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++)
                if (world.functions[i].there)
                        world.functions[i].facts.digest += digest;
        if (told)
                world.registers.slot_status |= MODEL_SLOT_STATUS_PDC | MODEL_SLOT_STATUS_DLLSC;
}

static void test_plugged_before(void **state)
{
        (void)state;
        arrived(3);
        assert_int_equal(world.memory.count, 3);
        restarted();
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        for (uint32_t i = 0; i < 3; i++)
                assert_false(world.core.functions[i].at_boot);
}

static void test_there_at_boot(void **state)
{
        (void)state;
        booted(2);
        assert_true(world.core.functions[0].at_boot);
        restarted();
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        assert_true(world.core.functions[0].at_boot && world.core.functions[1].at_boot);
}

/* Plugged while no daemon ran: the port is known, the device is not. */
static void test_plugged_meanwhile(void **state)
{
        (void)state;
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
        assert_int_equal(world.memory.port, WORLD_PORT);
        assert_int_equal(world.memory.count, 0);
        world_plug(&world, 2);
        restarted();
        assert_false(world.core.functions[0].at_boot);
        assert_non_null(world_record(&world, RECORD_ARRIVAL));
}

/* By event bits where it is alike; by its bytes where the bits were lost. */
static void test_swapped_meanwhile(void **state)
{
        (void)state;
        for (uint64_t other = 0; other < 2; other++) {
                arrived(2);
                swapped(other, /* told= */ other == 0);
                restarted();
                assert_int_equal(world.done[EFFECT_REMOVE], 2);
                assert_int_equal(world.done[EFFECT_RESCAN], 1);
                assert_true(world.functions[0].facts.instance > 101);
                assert_false(world.core.functions[0].at_boot);
                assert_int_equal(world.memory.count, 2);
                assert_int_equal(world.memory.functions[0].instance,
                                 world.functions[0].facts.instance);
        }
}

/* Removed and enumerated by somebody else while no daemon ran, without a trace in the slot. */
static void test_recreated_meanwhile(void **state)
{
        (void)state;
        arrived(2);
        for (uint32_t i = 0; i < 2; i++) {
                world.functions[i].facts.instance = world.instance_next++;
                world.functions[i].facts.kept_off = false;
                world.functions[i].owner = EVENT_OWNER_DOM0;
        }
        restarted();
        assert_int_equal(world.done[EFFECT_REMOVE], 2);
        assert_false(world.core.functions[0].at_boot);
}

/* The bits that tell of a swap stay until the file no longer vouches for what was there. */
static void test_killed_again(void **state)
{
        (void)state;
        arrived(2);
        swapped(0, /* told= */ true);
        world.hangs = EFFECT_REMEMBER;
        world_restart(&world);
        world_run(&world, 10);
        assert_true(world.registers.slot_status & MODEL_SLOT_STATUS_PDC);
        assert_int_equal(world.memory.count, 2);
        world.hangs = EFFECT_NONE;
        restarted();
        assert_int_equal(world.done[EFFECT_REMOVE], 2);
}

/* Who binds pciehp clears the event bits. */
static void test_pciehp_meanwhile(void **state)
{
        (void)state;
        arrived(2);
        world.registers.pciehp = true;
        restarted();
        assert_int_equal(world.done[EFFECT_REMOVE], 2);
        assert_non_null(world_record(&world, RECORD_PCIEHP_BACK));
}

/* Without a memory, as after the initramfs: the mark at the kernel's object tells, unless the slot tells of a swap. */
static void test_marked(void **state)
{
        (void)state;
        booted(2);
        world.memory_status = MEMORY_FRESH;
        restarted();
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        assert_true(world.core.functions[0].at_boot);
        booted(2);
        world.memory_status = MEMORY_FRESH;
        world.registers.slot_status |= MODEL_SLOT_STATUS_PDC;
        restarted();
        assert_int_equal(world.done[EFFECT_REMOVE], 2);
        assert_false(world.core.functions[0].at_boot);
        arrived(2);
        world.memory_status = MEMORY_FRESH;
        restarted();
        assert_int_equal(world.done[EFFECT_REMOVE], 2);
}

/* What is remembered cannot be used: what wears our keep-off is enumerated anew. */
static void test_memory_lost(void **state)
{
        static const enum event_memory_status statuses[] = { MEMORY_DAMAGED, MEMORY_NEWER,
                                                             MEMORY_UNUSABLE };

        (void)state;
        for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
                booted(2);
                world.memory_status = statuses[i];
                restarted();
                assert_int_equal(world.done[EFFECT_REMOVE], 2);
                assert_false(world.core.functions[0].at_boot);
                assert_non_null(world_record(&world, RECORD_MEMORY_REJECTED));
        }
}

static void test_ejected(void **state)
{
        struct event event = { .kind = EVENT_REQUEST,
                               .request = { .id = 1, .verb = REQUEST_EJECT, .sbdf = WORLD_PORT } };

        (void)state;
        arrived(2);
        event.time_ms = world.now_ms;
        world_event(&world, &event);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_true(world.memory.ejected);
        memset(world.done, 0, sizeof world.done);
        world_restart(&world);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_int_equal(world.done[EFFECT_RESCAN], 0);
        world_unplug(&world);
        world_run(&world, 5);
        assert_false(world.memory.ejected);
}

/* What was there is taken back before the bits that tell of it are cleared; while it cannot be, nothing is claimed. */
static void test_unwritable(void **state)
{
        static struct report_row row;
        const struct record *record;

        (void)state;
        arrived(2);
        world.record_count = 0;
        world.fails = EFFECT_REMEMBER;
        swapped(0, /* told= */ true);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_MEMORY_OUTDATED);
        assert_true(world.registers.slot_status & MODEL_SLOT_STATUS_PDC);
        assert_int_equal(world.memory.count, 2);
        record = world_record(&world, RECORD_MEMORY_FAILED);
        assert_non_null(record);
        assert_int_equal(record->error, EIO);
        for (const struct record *other = record + 1; other < world.records + world.record_count;
             other++)
                assert_int_not_equal(other->kind, RECORD_MEMORY_FAILED); /* once */
        report_status_row(&world.core, &row);
        assert_string_equal(report_row_value(&row, "memory"), "unwritable");
        /* It was enumerated meanwhile; then swapped once more, which the bits that were still set hid. */
        assert_true(world.done[EFFECT_RESCAN] >= 2);
        memset(world.done, 0, sizeof world.done);
        world.fails = EFFECT_NONE;
        world_run(&world, 400);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.done[EFFECT_REMOVE], 2);
        assert_false(world.registers.slot_status & MODEL_SLOT_STATUS_PDC);
        report_status_row(&world.core, &row);
        assert_string_equal(report_row_value(&row, "memory"), "good");
        assert_int_equal(world.exposures, 0);
}

/* Where nothing was ever remembered, nothing has to be taken back: all goes on, and it is told. */
static void test_never_writable(void **state)
{
        (void)state;
        world_init(&world);
        world.fails = EFFECT_REMEMBER;
        world_start(&world);
        world_run(&world, 5);
        world_plug(&world, 2);
        world_run(&world, 60);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_non_null(world_record(&world, RECORD_MEMORY_FAILED));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plugged_before),
                cmocka_unit_test(test_there_at_boot),
                cmocka_unit_test(test_plugged_meanwhile),
                cmocka_unit_test(test_swapped_meanwhile),
                cmocka_unit_test(test_recreated_meanwhile),
                cmocka_unit_test(test_killed_again),
                cmocka_unit_test(test_pciehp_meanwhile),
                cmocka_unit_test(test_marked),
                cmocka_unit_test(test_memory_lost),
                cmocka_unit_test(test_ejected),
                cmocka_unit_test(test_unwritable),
                cmocka_unit_test(test_never_writable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
