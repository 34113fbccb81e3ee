/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One story per test: the whole core against a small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/sbdf.h"
#include "core/step.h"
#include "world/world.h"

static struct world world; /* too large for the stack */

static bool closed(void)
{
        return !(world.registers.command & MODEL_COMMAND_BME);
}

static void empty_start(void)
{
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
}

static void arrived(uint32_t functions)
{
        empty_start();
        world_plug(&world, functions);
        world_run(&world, 20);
}

static void assert_all_quarantined(uint32_t functions)
{
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.core.function_count, functions);
        for (uint32_t i = 0; i < functions; i++) {
                assert_int_equal(world_state(&world, i), STATE_QUARANTINED);
                assert_int_equal(world.functions[i].owner, EVENT_OWNER_DOM_IO);
                assert_int_equal(world.functions[i].facts.driver[0], 0);
                assert_true(world.functions[i].facts.kept_off);
        }
        assert_true(closed());
        assert_int_equal(world.exposures, 0);
}

static void test_start_guards(void **state)
{
        (void)state;
        empty_start();
        assert_true(closed());
        assert_false(world.registers.pciehp);
        assert_true(world.registers.awake);
        assert_int_equal(world.registers.slot_control & 0x103f, 0);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_non_null(world_record(&world, RECORD_PORT_GUARDED));
        assert_non_null(world_record(&world, RECORD_PLATFORM_READY));
        assert_int_equal(world.done[EFFECT_RESCAN], 0);
}

static void test_arrival(void **state)
{
        (void)state;
        arrived(3);
        assert_all_quarantined(3);
        assert_non_null(world_record(&world, RECORD_ARRIVAL));
        assert_non_null(world_record(&world, RECORD_PORT_QUARANTINED));
        assert_int_equal(world.registers.slot_control & MODEL_SLOT_CONTROL_PCC, 0);
        assert_int_equal(world.registers.slot_control & MODEL_SLOT_CONTROL_PIC, 0x0100);
        assert_int_equal(world.done[EFFECT_RESCAN], 1);
        assert_false(world.core.functions[0].at_boot);
}

/* The door is looked at after the enumeration: a kernel that opens it does not keep it open. */
static void test_arrival_kernel_opens(void **state)
{
        (void)state;
        empty_start();
        world.rescan_opens = true;
        world_plug(&world, 2);
        world_run(&world, 20);
        assert_true(closed());
        assert_non_null(world_record(&world, RECORD_GATE_OPENED));
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

static void test_at_boot(void **state)
{
        (void)state;
        world_init(&world);
        world.registers.slot_control &= (uint16_t)~MODEL_SLOT_CONTROL_PCC;
        world_plug(&world, 3);
        for (uint32_t i = 0; i < 3; i++) {
                world.functions[i].facts.instance = world.instance_next++;
                world.functions[i].owner = EVENT_OWNER_DOM0;
        }
        world_start(&world);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        for (uint32_t i = 0; i < 3; i++)
                assert_int_equal(world.functions[i].owner, EVENT_OWNER_DOM_IO);
        assert_true(world.core.functions[0].at_boot);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
}

static void test_surprise_and_successor(void **state)
{
        uint64_t first;

        (void)state;
        arrived(2);
        first = world.functions[0].facts.instance;
        world_unplug(&world);
        world_run(&world, 10);
        assert_int_equal(world.core.function_count, 0);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_non_null(world_record(&world, RECORD_REMOVAL_SURPRISE));
        assert_non_null(world_record(&world, RECORD_UNPLUGGED));
        world_plug(&world, 2);
        world_run(&world, 20);
        assert_all_quarantined(2);
        assert_int_not_equal(world.functions[0].facts.instance, first);
}

/* Gone and back between two looks: only the sticky bits of Slot Status tell. */
static void test_swap_between_polls(void **state)
{
        uint64_t first;

        (void)state;
        arrived(1);
        first = world.functions[0].facts.instance;
        world.functions[0].facts.digest = 99;
        world.registers.slot_status |= MODEL_SLOT_STATUS_PDC;
        world_run(&world, 20);
        assert_int_not_equal(world.functions[0].facts.instance, first);
        assert_all_quarantined(1);
        assert_non_null(world_record(&world, RECORD_REMOVAL_SURPRISE));
        assert_int_equal(world_record(&world, RECORD_REMOVAL_SURPRISE)->reason, REASON_SWAPPED);
}

static void test_gate_opened_by_others(void **state)
{
        (void)state;
        arrived(2);
        world.registers.command |= MODEL_COMMAND_BME;
        world_run(&world, 1);
        assert_true(closed());
        assert_non_null(world_record(&world, RECORD_GATE_OPENED));
        world_run(&world, 5);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

static void test_pciehp_comes_back(void **state)
{
        (void)state;
        empty_start();
        world.registers.pciehp = true;
        world.registers.command |= MODEL_COMMAND_BME;
        world_run(&world, 3);
        assert_false(world.registers.pciehp);
        assert_true(closed());
        assert_non_null(world_record(&world, RECORD_PCIEHP_BACK));
}

static void test_quarantine_refused(void **state)
{
        (void)state;
        empty_start();
        world_plug(&world, 3);
        world.functions[1].refuses = true;
        world_run(&world, 30);
        assert_int_equal(world_state(&world, 0), STATE_QUARANTINED);
        assert_int_equal(world_state(&world, 1), STATE_CONTAINED);
        assert_int_equal(world_state(&world, 2), STATE_QUARANTINED);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_record(&world, RECORD_FUNCTION_CONTAINED)->error, EBUSY);
        assert_int_equal(world.registers.slot_control & MODEL_SLOT_CONTROL_AIC, 0x0040);
        assert_true(closed());
}

/* A hypervisor call that says yes and does nothing: the owner list contradicts it. */
static void test_quarantine_lies(void **state)
{
        (void)state;
        empty_start();
        world.lies = EFFECT_QUARANTINE;
        world_plug(&world, 1);
        world_run(&world, 30);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM0);
        assert_int_equal(world_state(&world, 0), STATE_CONTAINED);
        assert_int_equal(world.core.functions[0].reason, REASON_OWNER_DIFFERS);
        assert_true(closed());
}

static void test_driver_clings(void **state)
{
        (void)state;
        empty_start();
        world_plug(&world, 2);
        world.functions[0].clings = true;
        world_run(&world, 30);
        assert_int_equal(world_state(&world, 0), STATE_CONTAINED);
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world_state(&world, 1), STATE_QUARANTINED);
        assert_false(world.registers.decodes); /* it is to find nothing to work with */
        world.functions[0].clings = false;
        world_run(&world, 400);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_true(world.registers.decodes);
}

/* A port that does not forward again what it has to is told of: whoever is given what is below could not use it. */
static void test_decode_refused(void **state)
{
        (void)state;
        empty_start();
        world.lies = EFFECT_PORT_DECODE;
        world_plug(&world, 1);
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_DECODE_REFUSED);
        assert_int_equal(world_state(&world, 0), STATE_QUARANTINED);
        world.lies = EFFECT_NONE;
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

/* No effect's failure, for however long, lets anything through; and when it ends, all converges. */
static void test_every_effect_fails(void **state)
{
        (void)state;
        for (int kind = EFFECT_PORT_BIND; kind < EFFECT_REPLY; kind++) {
                if (kind == EFFECT_SLOT_CONTROL || kind == EFFECT_SLOT_CLEAR)
                        continue;
                world_init(&world);
                world.fails = (enum effect_kind)kind;
                world_start(&world);
                world_plug(&world, 2);
                world_run(&world, 50);
                assert_true(closed());
                world.fails = EFFECT_NONE;
                world_run(&world, 700);
                assert_all_quarantined(2);
        }
}

static void test_every_effect_hangs(void **state)
{
        (void)state;
        for (int kind = EFFECT_PORT_BIND; kind < EFFECT_REPLY; kind++) {
                if (kind == EFFECT_SLOT_CONTROL || kind == EFFECT_SLOT_CLEAR)
                        continue;
                empty_start();
                world.hangs = (enum effect_kind)kind;
                world_plug(&world, 2);
                world_run(&world, 20);
                assert_true(closed());
                world.hangs = EFFECT_NONE;
                world_run(&world, 2000);
                assert_all_quarantined(2);
        }
}

static void test_restart_anywhere(void **state)
{
        (void)state;
        for (uint32_t polls = 0; polls < 12; polls++) {
                empty_start();
                world_plug(&world, 3);
                world_run(&world, polls);
                assert_true(closed());
                world_restart(&world);
                assert_true(closed());
                world_run(&world, 30);
                assert_all_quarantined(3);
        }
}

static struct event eject_event(uint64_t id, uint32_t sbdf)
{
        return (struct event){ .kind = EVENT_REQUEST,
                               .time_ms = world.now_ms,
                               .request = { .id = id, .verb = REQUEST_EJECT, .sbdf = sbdf } };
}

static void test_eject(void **state)
{
        struct event event;

        (void)state;
        arrived(3);
        event = eject_event(41, BASE_SBDF(0, 1, 0, 2));
        world_event(&world, &event);
        event = eject_event(42, WORLD_PORT);
        world_event(&world, &event);
        world_run(&world, 10);
        assert_int_equal(world.reply_count, 2);
        assert_int_equal(world.replies[0].request, 42);
        assert_int_equal(world.replies[0].result, RESULT_BUSY);
        assert_int_equal(world.replies[1].request, 41);
        assert_int_equal(world.replies[1].result, RESULT_DONE);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_int_equal(world.core.function_count, 0);
        assert_int_equal(world.registers.slot_control & MODEL_SLOT_CONTROL_PCC,
                         MODEL_SLOT_CONTROL_PCC);
        assert_int_equal(world.registers.slot_control & MODEL_SLOT_CONTROL_PIC, 0x0300);
        world_run(&world, 20);
        assert_int_equal(world.core.function_count, 0); /* still plugged, and left alone */
        world_unplug(&world);
        world_run(&world, 5);
        world_plug(&world, 1);
        world_run(&world, 20);
        assert_all_quarantined(1);
}

static void test_eject_unknown_and_failing(void **state)
{
        struct event event;

        (void)state;
        arrived(1);
        event = eject_event(1, BASE_SBDF(0, 9, 0, 0));
        world_event(&world, &event);
        world_run(&world, 1);
        assert_int_equal(world.replies[0].result, RESULT_UNKNOWN);
        world.fails = EFFECT_REMOVE;
        event = eject_event(2, WORLD_PORT);
        world_event(&world, &event);
        world_run(&world, 100);
        assert_int_equal(world.reply_count, 2);
        assert_int_equal(world.replies[1].result, RESULT_FAILED);
        assert_int_equal(world.replies[1].reason, REASON_REMOVE_FAILED);
        assert_true(closed());
}

static void test_attention_button(void **state)
{
        (void)state;
        arrived(2);
        world.registers.slot_status |= MODEL_SLOT_STATUS_ABP;
        world_run(&world, 10);
        assert_int_equal(world.core.function_count, 2);
        assert_int_equal(world.registers.slot_control & MODEL_SLOT_CONTROL_PIC, 0x0200);
        world.registers.slot_status |= MODEL_SLOT_STATUS_ABP; /* cancels */
        world_run(&world, 60);
        assert_int_equal(world.core.function_count, 2);
        assert_non_null(world_record(&world, RECORD_REMOVAL_CANCELLED));
        world.registers.slot_status |= MODEL_SLOT_STATUS_ABP;
        world_run(&world, 70);
        assert_int_equal(world.core.function_count, 0);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
}

/* QEMU sets Attention Button Pressed with every plug. */
static void test_button_with_plug_means_nothing(void **state)
{
        (void)state;
        empty_start();
        world_plug(&world, 2);
        world.registers.slot_status |= MODEL_SLOT_STATUS_ABP;
        world_run(&world, 80);
        assert_all_quarantined(2);
        assert_null(world_record(&world, RECORD_REMOVAL_ORDERLY));
}

/* Xen 4.17 panics when an entry without owner is removed (I7): the function stays, contained. */
static void test_ownerless_is_not_removed(void **state)
{
        (void)state;
        empty_start();
        world_plug(&world, 1);
        world.functions[0].owner = EVENT_OWNER_NOBODY;
        world.functions[0].refuses = true;
        world_run(&world, 20);
        world_unplug(&world);
        world_run(&world, 20);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        assert_int_equal(world.done[EFFECT_WITHDRAW], 0);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_OWNERLESS);
}

static void test_guest_keeps_its_device(void **state)
{
        struct event event;

        (void)state;
        arrived(2);
        world.functions[0].owner = 5;
        event = (struct event){ .kind = EVENT_OVERRUN, .time_ms = world.now_ms };
        world_event(&world, &event);
        world_run(&world, 10);
        assert_int_equal(world_state(&world, 0), STATE_ASSIGNED);
        assert_int_equal(world.functions[0].owner, 5);
        event = eject_event(7, WORLD_PORT);
        world_event(&world, &event);
        world_run(&world, 5);
        assert_int_equal(world.replies[0].result, RESULT_FAILED);
        assert_int_equal(world.replies[0].reason, REASON_OWNED_BY_GUEST);
        assert_true(closed());
}

static void test_unreadable_port(void **state)
{
        (void)state;
        arrived(1);
        world.registers.readable = false;
        world_run(&world, 10);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_PORT_UNREADABLE);
}

static void test_no_link(void **state)
{
        (void)state;
        empty_start();
        world.registers.slot_status |= MODEL_SLOT_STATUS_PDS;
        world_run(&world, 40);
        world.registers.link_status = 0;
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->reason, REASON_NO_LINK);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
}

static void configure(bool automatic, bool named)
{
        struct event event = { .kind = EVENT_CONFIG,
                               .time_ms = world.now_ms,
                               .port = BASE_SBDF_NONE,
                               .config = world.core.config };

        event.config.auto_ports = automatic;
        event.config.selector_count = named;
        event.config.selectors[0] =
                (struct event_selector){ .kind = SELECTOR_SBDF, .sbdf = WORLD_PORT };
        world_event(&world, &event);
        world_run(&world, 2);
}

/* The same configuration once more changes nothing, and tells nothing of ports. */
static void test_reload_same(void **state)
{
        uint32_t records;

        (void)state;
        arrived(2);
        records = world.record_count;
        configure(true, false);
        assert_all_quarantined(2);
        assert_int_equal(world.record_count, records);
}

/* A port that is no longer external stays guarded until nothing is below it; then it stays closed, and is said. */
static void test_reload_releases(void **state)
{
        (void)state;
        arrived(2);
        configure(false, false);
        assert_true(world_port(&world)->external);
        assert_int_equal(world_port(&world)->why, REASON_OCCUPIED);
        assert_null(world_record(&world, RECORD_PORT_RELEASED));
        assert_all_quarantined(2);
        world_unplug(&world);
        world_run(&world, 20);
        assert_false(world_port(&world)->external);
        assert_int_equal(world_port(&world)->state, STATE_INTERNAL);
        assert_int_equal(world.core.function_count, 0);
        assert_non_null(world_record(&world, RECORD_PORT_RELEASED));
        assert_int_equal(world_record(&world, RECORD_PORT_RELEASED)->reason, REASON_NOT_CONFIGURED);
        assert_true(closed());
        assert_false(world.registers.pciehp);
        assert_int_equal(world.exposures, 0);
}

/* One that is named again in time, or comes back later, is guarded as from the beginning. */
static void test_reload_takes_back(void **state)
{
        (void)state;
        arrived(1);
        configure(false, false);
        configure(false, true);
        assert_int_equal(world_port(&world)->why, REASON_CONFIGURED);
        assert_all_quarantined(1);
        configure(true, false); /* unnamed: by its evidence now */
        assert_int_equal(world_port(&world)->why, REASON_HOTPLUG_CAPABLE);
        assert_all_quarantined(1);
        configure(false, false);
        world_unplug(&world);
        world_run(&world, 20);
        assert_false(world_port(&world)->external);
        world_plug(&world, 2);
        world_run(&world, 5);
        assert_int_equal(world.core.function_count, 0); /* nobody watches */
        assert_true(closed());
        configure(false, true);
        world_run(&world, 20);
        assert_all_quarantined(2);
}

/* Neither a worker nor a request is lost over it, nor is a port released that was not looked at yet. */
static void test_reload_meanwhile(void **state)
{
        struct event event = { .kind = EVENT_REQUEST, .port = BASE_SBDF_NONE };

        (void)state;
        arrived(1);
        event.time_ms = world.now_ms;
        event.request =
                (struct event_request){ .id = 7, .verb = REQUEST_EJECT, .sbdf = WORLD_PORT };
        world.hangs = EFFECT_REMOVE;
        world_event(&world, &event);
        configure(false, false);
        assert_true(world_port(&world)->external);
        world.hangs = EFFECT_NONE;
        world_run(&world, 1500);
        assert_int_equal(world.reply_count, 1);
        empty_start();
        world.core.ports[0].inventory_fresh = false;
        world.hangs = EFFECT_INVENTORY;
        configure(false, false);
        assert_true(world_port(&world)->external);
        world.hangs = EFFECT_NONE;
        world_run(&world, 600);
        assert_false(world_port(&world)->external);
}

/* A port above takes over: what was asked of the one below is answered, and what was below is found anew. */
static void test_port_above_takes_over(void **state)
{
        struct effects effects = { 0 };
        struct event event = { .kind = EVENT_NONE, .port = BASE_SBDF_NONE };
        struct model_port *above;

        (void)state;
        arrived(2);
        world.core.port_count = 2;
        above = &world.core.ports[1];
        above->found.sbdf = BASE_SBDF(0, 0, 7, 0);
        above->external = above->judged = true;
        world.core.ports[0].found.place.depth = 1;
        world.core.ports[0].found.place.above[0] = above->found.sbdf;
        world.core.ports[0].request = 9;
        event.time_ms = world.now_ms;
        core_step(&world.core, &event, &effects);
        assert_false(world.core.ports[0].external);
        assert_int_equal(world.core.function_count, 0);
        assert_int_equal(effects.items[0].kind, EFFECT_REPLY);
        assert_int_equal(effects.items[0].request, 9);
        assert_int_equal(effects.items[0].result, RESULT_FAILED);
        assert_int_equal(effects.items[0].reason, REASON_BELOW_EXTERNAL);
        assert_int_equal(world.core.ports[0].request, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_start_guards),
                cmocka_unit_test(test_arrival),
                cmocka_unit_test(test_arrival_kernel_opens),
                cmocka_unit_test(test_at_boot),
                cmocka_unit_test(test_surprise_and_successor),
                cmocka_unit_test(test_swap_between_polls),
                cmocka_unit_test(test_gate_opened_by_others),
                cmocka_unit_test(test_pciehp_comes_back),
                cmocka_unit_test(test_quarantine_refused),
                cmocka_unit_test(test_quarantine_lies),
                cmocka_unit_test(test_driver_clings),
                cmocka_unit_test(test_decode_refused),
                cmocka_unit_test(test_every_effect_fails),
                cmocka_unit_test(test_every_effect_hangs),
                cmocka_unit_test(test_restart_anywhere),
                cmocka_unit_test(test_eject),
                cmocka_unit_test(test_eject_unknown_and_failing),
                cmocka_unit_test(test_attention_button),
                cmocka_unit_test(test_button_with_plug_means_nothing),
                cmocka_unit_test(test_ownerless_is_not_removed),
                cmocka_unit_test(test_guest_keeps_its_device),
                cmocka_unit_test(test_unreadable_port),
                cmocka_unit_test(test_no_link),
                cmocka_unit_test(test_reload_same),
                cmocka_unit_test(test_reload_releases),
                cmocka_unit_test(test_reload_takes_back),
                cmocka_unit_test(test_reload_meanwhile),
                cmocka_unit_test(test_port_above_takes_over),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
