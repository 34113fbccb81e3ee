/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readings of a port: what each difference from the last one means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/model/model.h"
#include "world/world.h"

static struct core core; /* too large for the stack */
static struct effects effects;
static struct event_port_registers seen;
static struct model_port *const port = &core.ports[0];

/* A port at rest with one function; `seen` is what it showed last. */
static void start(void)
{
        world_core_fill(&core);
        world_core_function(&core, BASE_SBDF(0, 1, 0, 0));
        seen = port->registers;
}

static void reading(void)
{
        static struct event event;

        event.kind = EVENT_PORT_READ;
        event.time_ms = core.now_ms;
        event.port = WORLD_PORT;
        event.registers = seen;
        memset(&effects, 0, sizeof effects);
        model_event_apply(&core, &event, &effects);
}

static bool told(enum record_kind kind)
{
        for (uint32_t i = 0; i < effects.record_count; i++)
                if (effects.records[i].kind == kind)
                        return true;
        return false;
}

/* What is below has to be read again. */
static bool doubted(void)
{
        return !port->inventory_fresh && port->inventory_dirty && !port->owners_fresh &&
               port->owners_dirty;
}

static void test_same_again(void **state)
{
        (void)state;
        start();
        port->reading = true;
        port->registers_fresh = port->rechecked = false;
        reading();
        assert_false(port->reading);
        assert_true(port->registers_fresh && port->rechecked);
        assert_true(port->inventory_fresh && port->owners_fresh);
        assert_int_equal(port->incarnation, 1);
        assert_int_equal(effects.record_count, 0);
}

/* All ones, or nothing: the doors are in doubt, presence keeps its last value. */
static void test_unreadable(void **state)
{
        (void)state;
        start();
        memset(&seen, 0, sizeof seen);
        reading();
        assert_false(port->closed || port->registers.readable);
        assert_true(port->up && port->registers_fresh);
        assert_false(told(RECORD_GATE_OPENED));
        assert_int_equal(port->incarnation, 1);
}

/* Whoever opened the door may have enumerated too, and while a worker was looking. */
static void test_gate_opened(void **state)
{
        (void)state;
        start();
        seen.command = MODEL_COMMAND_BME;
        reading();
        assert_false(port->closed || port->inventory_fresh);
        assert_true(port->inventory_dirty);
        assert_true(told(RECORD_GATE_OPENED));
        reading();
        assert_false(told(RECORD_GATE_OPENED));
}

static void test_pciehp_back(void **state)
{
        (void)state;
        start();
        seen.pciehp = true;
        port->incarnation = 3;
        reading();
        assert_true(told(RECORD_PCIEHP_BACK));
        assert_true(doubted());
        assert_int_equal(port->incarnation, 4); /* it may have cleared the event bits of a swap */
}

/* Guarded is said when all three are so, and once. */
static void test_guarded(void **state)
{
        (void)state;
        start();
        port->guarded = false;
        seen.pciehp = true;
        reading();
        assert_false(port->guarded);
        seen.pciehp = false;
        seen.pcieport = false;
        reading();
        assert_false(port->guarded);
        seen.pcieport = true;
        seen.command = MODEL_COMMAND_BME;
        reading();
        assert_false(port->guarded);
        seen.command = 0x0003;
        reading();
        assert_true(port->guarded && told(RECORD_PORT_GUARDED));
        reading();
        assert_false(told(RECORD_PORT_GUARDED));
}

static void test_bus_range(void **state)
{
        (void)state;
        start();
        seen.subordinate++;
        reading();
        assert_false(port->owners_fresh);
        start();
        seen.secondary++;
        reading();
        assert_false(port->owners_fresh);
}

/* Another incarnation: nothing that was verified, failed or pressed is about it (I5). */
static void assert_new_incarnation(void)
{
        assert_int_equal(port->incarnation, 2);
        assert_true(doubted());
        assert_int_equal(port->button_at_ms, 0);
        assert_int_equal(port->attempts[GOAL_RESCAN].tries, 0);
}

static void start_with_past(void)
{
        start();
        port->button_at_ms = 99000;
        port->attempts[GOAL_RESCAN].tries = 9;
}

static void test_removal_and_arrival(void **state)
{
        (void)state;
        start_with_past();
        seen.slot_status = MODEL_SLOT_STATUS_PDC;
        seen.link_status = 0;
        reading();
        assert_new_incarnation();
        assert_false(port->up || port->occupied);
        assert_true(told(RECORD_REMOVAL_SURPRISE));
        start_with_past();
        port->up = port->occupied = false;
        seen.slot_status |= MODEL_SLOT_STATUS_PDC;
        reading();
        assert_new_incarnation();
        assert_true(told(RECORD_ARRIVAL));
        assert_int_equal(port->up_since_ms, core.now_ms);
        assert_int_equal(port->occupied_since_ms, core.now_ms);
}

/* Gone and back between two looks: either bit says so. */
static void test_swap(void **state)
{
        static const uint16_t bits[] = { MODEL_SLOT_STATUS_PDC, MODEL_SLOT_STATUS_DLLSC };

        (void)state;
        for (size_t i = 0; i < 2; i++) {
                start_with_past();
                seen.slot_status |= bits[i];
                reading();
                assert_new_incarnation();
                assert_int_equal(port->up_since_ms, core.now_ms);
                assert_int_equal(effects.records[0].reason, REASON_SWAPPED);
                reading(); /* not cleared yet: seen already */
                assert_int_equal(port->incarnation, 2);
        }
}

/* A bit that would not be cleared hid every swap: that it is clear at last counts as one. Found by the simulator. */
static void test_swap_behind_a_sticky_bit(void **state)
{
        const uint16_t status = MODEL_SLOT_STATUS_PDC | MODEL_SLOT_STATUS_ABP;

        (void)state;
        start_with_past();
        port->status_seen = status;
        port->attempts[GOAL_STATUS].tries = 1; /* it was cleared at the first try */
        reading();
        assert_int_equal(port->incarnation, 1);
        port->status_seen = status;
        port->attempts[GOAL_STATUS].tries = 2;
        reading();
        assert_new_incarnation();
        assert_int_equal(port->button_at_ms, 0);
        port->status_seen = MODEL_SLOT_STATUS_ABP;
        port->attempts[GOAL_STATUS].tries = 2;
        reading();
        assert_int_equal(port->incarnation, 2);
        assert_int_equal(port->button_at_ms, 0);
}

/* What happened before the daemon looked is not an arrival. */
static void test_first_look(void **state)
{
        (void)state;
        start();
        port->read_once = port->up = port->occupied = false;
        seen.slot_status |= MODEL_SLOT_STATUS_PDC | MODEL_SLOT_STATUS_DLLSC;
        reading();
        assert_int_equal(port->incarnation, 1);
        assert_int_equal(effects.record_count, 0);
        assert_int_equal(port->up_since_ms, core.now_ms);
        start();
        port->read_once = false;
        seen.slot_status |= MODEL_SLOT_STATUS_ABP;
        reading();
        assert_int_equal(port->button_at_ms, 0);
}

static void test_power_and_latch(void **state)
{
        (void)state;
        start();
        seen.slot_control |= MODEL_SLOT_CONTROL_PCC;
        reading();
        assert_false(port->up);
        start();
        port->found.slot_cap &= ~MODEL_SLOT_CAP_PCP; /* no controller: the bit means nothing */
        seen.slot_control |= MODEL_SLOT_CONTROL_PCC;
        reading();
        assert_true(port->up);
        start();
        seen.slot_status |= MODEL_SLOT_STATUS_MRLSS; /* no sensor: likewise */
        reading();
        assert_true(port->up);
        port->found.slot_cap |= MODEL_SLOT_CAP_MRLSP;
        reading();
        assert_false(port->up);
}

/* Ports without slot go by their link, and those without link reporting cannot tell. */
static void test_no_slot(void **state)
{
        (void)state;
        start();
        port->found.slot = false;
        seen.slot_status = 0;
        reading();
        assert_true(port->occupied && port->up);
        seen.link_status = 0;
        reading();
        assert_false(port->occupied || port->up);
        port->found.link_cap = 0;
        reading();
        assert_true(port->occupied && port->up);
}

static void press(void)
{
        seen.slot_status |= MODEL_SLOT_STATUS_ABP;
        reading();
        seen.slot_status &= (uint16_t)~MODEL_SLOT_STATUS_ABP;
}

/* QEMU shows a plug as a press too, and its bit of the change can be missing. */
static void test_button_at_plug(void **state)
{
        (void)state;
        start();
        seen.slot_status |= MODEL_SLOT_STATUS_PDC; /* swapped; that bit is not cleared at once, */
        reading();
        press(); /* and hides that of the next swap */
        assert_int_equal(port->button_at_ms, 0);
        assert_false(told(RECORD_REMOVAL_ORDERLY));
        seen.slot_status &= (uint16_t)~MODEL_SLOT_STATUS_PDC;
        reading();
        press();
        assert_int_equal(port->button_at_ms, core.now_ms);
        start();
        seen.slot_status &= (uint16_t)~MODEL_SLOT_STATUS_PDS;
        reading();
        seen.slot_status |= MODEL_SLOT_STATUS_PDS; /* it was cleared together with the pull's */
        press();
        assert_true(port->occupied);
        assert_int_equal(port->button_at_ms, 0);
}

static void test_button(void **state)
{
        (void)state;
        start();
        press();
        assert_int_equal(port->button_at_ms, core.now_ms);
        assert_true(told(RECORD_REMOVAL_ORDERLY));
        reading();
        press();
        assert_int_equal(port->button_at_ms, 0);
        assert_true(told(RECORD_REMOVAL_CANCELLED));
        start();
        port->leaving = true;
        press();
        assert_int_equal(port->button_at_ms, 0);
        start();
        port->found.slot_cap &= ~MODEL_SLOT_CAP_ABP;
        press();
        assert_int_equal(port->button_at_ms, 0);
        start();
        port->ejected = true;
        press(); /* it is to come back */
        assert_false(port->ejected);
        assert_int_equal(port->incarnation, 2);
        assert_true(doubted());
}

static void test_ejected_until_empty(void **state)
{
        (void)state;
        start();
        port->ejected = true;
        reading();
        assert_true(port->ejected);
        seen.slot_status = 0;
        seen.link_status = 0;
        reading();
        assert_false(port->ejected);
}

static void test_command_completed(void **state)
{
        (void)state;
        start();
        port->command_until_ms = core.now_ms + 500;
        reading();
        assert_int_equal(port->command_until_ms, core.now_ms + 500);
        seen.slot_status |= MODEL_SLOT_STATUS_CC;
        reading();
        assert_int_equal(port->command_until_ms, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_same_again),
                cmocka_unit_test(test_unreadable),
                cmocka_unit_test(test_gate_opened),
                cmocka_unit_test(test_pciehp_back),
                cmocka_unit_test(test_guarded),
                cmocka_unit_test(test_bus_range),
                cmocka_unit_test(test_removal_and_arrival),
                cmocka_unit_test(test_swap),
                cmocka_unit_test(test_swap_behind_a_sticky_bit),
                cmocka_unit_test(test_first_look),
                cmocka_unit_test(test_power_and_latch),
                cmocka_unit_test(test_no_slot),
                cmocka_unit_test(test_button),
                cmocka_unit_test(test_button_at_plug),
                cmocka_unit_test(test_ejected_until_empty),
                cmocka_unit_test(test_command_completed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
