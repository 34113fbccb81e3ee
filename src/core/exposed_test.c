/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports that stay open for what dom0 does below them: the whole core against a small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/policy/policy.h"
#include "core/report/report.h"
#include "core/verify/verify.h"
#include "world/world.h"

/* More than the time between two looks at what is used. */
#define POLLS 40

static struct world world; /* too large for the stack */

static bool closed(void)
{
        return !(world.registers.command & MODEL_COMMAND_BME);
}

static void use_set(uint32_t uses, const char *first)
{
        memset(&world.found.use, 0, sizeof world.found.use);
        world.found.use.uses = uses;
        memcpy(world.found.use.first, first, strlen(first));
}

/* A machine that booted with something plugged, which dom0 has. */
static void boot(uint32_t uses)
{
        world_init(&world);
        world.registers.slot_control &= (uint16_t)~MODEL_SLOT_CONTROL_PCC;
        world_plug(&world, 2);
        world.registers.slot_status &= (uint16_t)~MODEL_SLOT_STATUS_EVENTS; /* by pciehp */
        for (uint32_t i = 0; i < 2; i++) {
                world.functions[i].facts.instance = world.instance_next++;
                world.functions[i].owner = EVENT_OWNER_DOM0;
        }
        use_set(uses, "nvme0n1p2 on /");
}

static void run(void)
{
        world_start(&world);
        world_run(&world, 20);
}

/* Does udev load no driver for what is below the port? dom0 goes on with what an open port has. */
static bool modules_refused(void)
{
        char text[REPORT_UDEV_SIZE];
        size_t length = report_udev_rules(&world.core, text, sizeof text);

        assert_int_equal(length, strlen(text));
        return strstr(text, world.found.path) != NULL;
}

static void assert_exposed(enum record_reason reason)
{
        struct report_row row;

        assert_int_equal(world_port(&world)->state, STATE_EXPOSED);
        assert_int_equal(world_port(&world)->reason, reason);
        assert_false(closed());
        assert_true(world.registers.pciehp);
        for (uint32_t i = 0; i < EFFECT_MAX; i++)
                if (i != EFFECT_DISCOVER && i != EFFECT_PORT_READ && i != EFFECT_INVENTORY &&
                    i != EFFECT_OWNERS && i != EFFECT_ROUTERS)
                        assert_int_equal(world.done[i], 0);
        assert_int_equal(world_records_count(&world, RECORD_PORT_EXPOSED), 1);
        assert_int_equal(world_records_count(&world, RECORD_PORT_GUARDED), 0);
        assert_false(verify_machine_contained(&world.core));
        assert_false(modules_refused());
        report_status_row(&world.core, &row);
        assert_string_equal(report_row_value(&row, "exposed"), "1");
        assert_true(report_function_row(&world.core, 0, &row));
        assert_string_equal(report_row_value(&row, "state"), "exposed");
        assert_string_equal(report_row_value(&row, "owner"), "dom0");
        assert_string_equal(report_row_value(&row, "at_boot"), "true");
}

static void assert_quarantined(void)
{
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_true(closed());
        for (uint32_t i = 0; i < 2; i++) {
                assert_int_equal(world.functions[i].owner, EVENT_OWNER_DOM_IO);
                assert_true(world.core.functions[i].at_boot);
        }
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        assert_true(verify_machine_contained(&world.core));
        assert_true(modules_refused());
}

/* Only what is guarded is named, and only as a path that udev cannot take for more than it is. */
static void test_udev(void **state)
{
        struct model_port *port;

        (void)state;
        boot(0);
        run();
        assert_true(modules_refused());
        port = &world.core.ports[0];
        port->external = false;
        assert_false(modules_refused());
        port->external = true;
        port->found.path[20] = '*';
        memcpy(world.found.path, port->found.path, sizeof world.found.path);
        assert_false(modules_refused());
        port->found.path[20] = '\"';
        memcpy(world.found.path, port->found.path, sizeof world.found.path);
        assert_false(modules_refused());
}

static void test_needed_is_left_open(void **state)
{
        const struct record *record;

        (void)state;
        boot(EVENT_USE_BIT(USE_SYSTEM) | EVENT_USE_BIT(USE_STORAGE));
        run();
        assert_exposed(REASON_NEEDED);
        record = world_record(&world, RECORD_PORT_EXPOSED);
        assert_int_equal(record->reason, REASON_NEEDED);
        assert_string_equal(record->driver, "nvme0n1p2 on /");
        world_run(&world, 100);
        assert_exposed(REASON_NEEDED);
}

/* An orderly removal of what dom0 needs is refused; what happens to the slot is pciehp's business. */
static void test_exposed_is_left_alone(void **state)
{
        struct event event = { .kind = EVENT_REQUEST, .port = BASE_SBDF_NONE };

        (void)state;
        boot(EVENT_USE_BIT(USE_SWAP));
        run();
        event.request.id = 7;
        event.request.sbdf = WORLD_PORT;
        event.time_ms = world.now_ms;
        world_event(&world, &event);
        world.registers.slot_status |= MODEL_SLOT_STATUS_ABP;
        world_run(&world, 70);
        assert_int_equal(world.reply_count, 1);
        assert_int_equal(world.replies[0].result, RESULT_FAILED);
        assert_int_equal(world.replies[0].reason, REASON_NEEDED);
        world.registers.slot_status |= MODEL_SLOT_STATUS_PDC;
        world_run(&world, 5);
        assert_int_equal(world_records_count(&world, RECORD_REMOVAL_SURPRISE) +
                                 world_records_count(&world, RECORD_REMOVAL_ORDERLY) +
                                 world_records_count(&world, RECORD_FUNCTION_FOUND) +
                                 world_records_count(&world, RECORD_ARRIVAL),
                         0);
}

static void test_closed_when_no_longer_used(void **state)
{
        (void)state;
        boot(EVENT_USE_BIT(USE_MOUNT));
        run();
        assert_exposed(REASON_IN_USE);
        use_set(EVENT_USE_BIT(USE_STORAGE), "");
        world_run(&world, POLLS);
        assert_quarantined();
        assert_int_equal(world_records_count(&world, RECORD_PORT_CUT_OFF), 0);
        use_set(EVENT_USE_BIT(USE_SYSTEM), "");
        world_run(&world, 2 * POLLS);
        assert_quarantined();
}

static void test_never_exposed_again(void **state)
{
        uint32_t discoveries;

        (void)state;
        boot(0);
        run();
        assert_quarantined();
        discoveries = world.done[EFFECT_DISCOVER];
        use_set(EVENT_USE_BIT(USE_SYSTEM), "boot_vga");
        world_run(&world, 2 * POLLS);
        assert_int_equal(world.done[EFFECT_DISCOVER], discoveries); /* nothing is waited for */
        world_restart(&world); /* it looks used, and is closed */
        world_run(&world, 20);
        assert_quarantined();
        assert_int_equal(world_records_count(&world, RECORD_PORT_EXPOSED) +
                                 world_records_count(&world, RECORD_PORT_CUT_OFF),
                         0);
}

static void test_in_use_quarantine(void **state)
{
        (void)state;
        boot(EVENT_USE_BIT(USE_NETWORK) | EVENT_USE_BIT(USE_MOUNT));
        world.config.in_use_quarantine = true;
        run();
        assert_quarantined();
        assert_int_equal(world_records_count(&world, RECORD_PORT_CUT_OFF), 1);
        assert_int_equal(world_record(&world, RECORD_PORT_CUT_OFF)->reason, REASON_IN_USE);
        boot(EVENT_USE_BIT(USE_KEYBOARDS));
        world.config.in_use_quarantine = true;
        run();
        assert_exposed(REASON_NEEDED);
}

static void test_named_is_closed(void **state)
{
        (void)state;
        boot(EVENT_USE_BIT(USE_SYSTEM));
        world.config.selector_count = 1;
        world.config.selectors[0].sbdf = WORLD_PORT;
        run();
        assert_quarantined();
        assert_int_equal(world_records_count(&world, RECORD_PORT_CUT_OFF), 1);
        assert_int_equal(world_record(&world, RECORD_PORT_CUT_OFF)->reason, REASON_NEEDED);
}

/* A new configuration that names the port, or that takes what is in use. */
static void test_reload_closes(void **state)
{
        struct event event = { .kind = EVENT_CONFIG, .port = BASE_SBDF_NONE };

        (void)state;
        boot(EVENT_USE_BIT(USE_MOUNT));
        run();
        assert_exposed(REASON_IN_USE);
        event.config = world.config;
        event.config.in_use_quarantine = true;
        event.time_ms = world.now_ms;
        world_event(&world, &event);
        world_run(&world, 20);
        assert_quarantined();
}

static void test_unknown_keeps_nothing_open(void **state)
{
        (void)state;
        boot(0);
        world.found.use.unknown = true;
        run();
        assert_quarantined();
}

static void test_internal_is_not_exposed(void **state)
{
        (void)state;
        boot(EVENT_USE_BIT(USE_SYSTEM));
        world.found.slot_cap = 0;
        run();
        assert_int_equal(world_port(&world)->state, STATE_INTERNAL);
        assert_int_equal(world_port(&world)->exposed, REASON_NONE);
        assert_false(world_port(&world)->taken);
        assert_int_equal(world.done[EFFECT_DISCOVER], 1);
        use_set(0, "");
        world_run(&world, 2 * POLLS);
        assert_int_equal(world_records_count(&world, RECORD_PORT_INTERNAL), 1);
}

/* Before dom0's root is mounted: an unmarked slot with a disk may hold it, a marked port is closed. */
static void test_early(void **state)
{
        (void)state;
        boot(EVENT_USE_BIT(USE_STORAGE));
        world.config.early = true;
        run();
        assert_exposed(REASON_ROOT_UNKNOWN);
        world.config.early = false;
        world_restart(&world);
        world_run(&world, 20);
        assert_quarantined();
        boot(EVENT_USE_BIT(USE_STORAGE));
        world.config.early = true;
        world.found.firmware.external_facing = true;
        run();
        assert_quarantined();
        boot(0);
        world.config.early = true;
        run();
        assert_quarantined();
}

static void test_every_kind(void **state)
{
        struct event_config report = { .in_use_quarantine = false },
                            quarantine = { .in_use_quarantine = true };

        (void)state;
        for (enum event_use_kind i = 0; i < USE_MAX; i++) {
                struct event_use use = { .uses = EVENT_USE_BIT(i) };
                enum record_reason grade = i <= USE_KEYBOARDS ? REASON_NEEDED
                                           : i == USE_STORAGE ? REASON_NONE
                                                              : REASON_IN_USE;

                assert_int_equal(policy_use_grade(&use), grade);
                assert_int_equal(policy_use_exposes(&report, REASON_USB4, &use), grade);
                assert_int_equal(policy_use_exposes(&quarantine, REASON_USB4, &use),
                                 grade == REASON_IN_USE ? REASON_NONE : grade);
                assert_int_equal(policy_use_exposes(&report, REASON_CONFIGURED, &use), REASON_NONE);
                assert_true(strlen(policy_use_word(i)) > 0);
        }
}

/* What was there at boot stays marked across daemons; what came later is not marked by a restart. */
static void test_mark_survives(void **state)
{
        (void)state;
        boot(0);
        run();
        world_restart(&world);
        world_run(&world, 20);
        assert_quarantined();
        world_init(&world);
        world_start(&world);
        world_run(&world, 5);
        world_plug(&world, 2);
        world_run(&world, 20);
        assert_false(world.core.functions[0].at_boot);
        world_restart(&world);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_false(world.core.functions[0].at_boot);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_udev),
                cmocka_unit_test(test_needed_is_left_open),
                cmocka_unit_test(test_exposed_is_left_alone),
                cmocka_unit_test(test_closed_when_no_longer_used),
                cmocka_unit_test(test_never_exposed_again),
                cmocka_unit_test(test_in_use_quarantine),
                cmocka_unit_test(test_named_is_closed),
                cmocka_unit_test(test_reload_closes),
                cmocka_unit_test(test_unknown_keeps_nothing_open),
                cmocka_unit_test(test_internal_is_not_exposed),
                cmocka_unit_test(test_early),
                cmocka_unit_test(test_every_kind),
                cmocka_unit_test(test_mark_survives),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
