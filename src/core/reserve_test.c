/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: requester IDs that are reserved, through the whole of the core. */
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
#include "core/policy/policy.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define ALL (WORLD_BUSES * 256u)
#define LEAF BASE_SBDF(0, 1, 0, 0)

static struct world world; /* too large for the stack */
static struct core core;

static void start(void)
{
        world_init(&world);
        world_amd(&world);
        world_start(&world);
        world_run(&world, 10);
}

static uint32_t owned(uint16_t owner)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < ALL; i++)
                count += *world_owner(&world, BASE_SBDF(0, 1, 0, 0) + i) == owner;
        return count;
}

static uint32_t reserved(void)
{
        return model_port_reserved(&world.core, world_port(&world));
}

static void test_empty_port(void **state)
{
        const struct record *record;
        uint32_t told = 0;

        (void)state;
        start();
        assert_int_equal(owned(EVENT_OWNER_DOM_IO), ALL);
        assert_int_equal(reserved(), ALL);
        assert_int_equal(world.done[EFFECT_RESERVE], WORLD_BUSES);
        assert_int_equal(world.done[EFFECT_OWNERS], 0);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        record = world_record(&world, RECORD_PORT_RESERVED);
        assert_non_null(record);
        assert_int_equal(record->count, ALL);
        assert_null(world_record(&world, RECORD_PLATFORM_WEAK));
        assert_non_null(world_record(&world, RECORD_PLATFORM_READY));
        world_run(&world, 50);
        assert_int_equal(world.done[EFFECT_RESERVE], WORLD_BUSES);
        for (uint32_t i = 0; i < world.record_count; i++)
                told += world.records[i].kind == RECORD_PORT_RESERVED;
        assert_int_equal(told, 1);
}

/* A device that is plugged where requester IDs are reserved is never dom0's, whoever enumerates it. */
static void test_plug_and_unplug(void **state)
{
        (void)state;
        start();
        world_plug(&world, 3);
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world_state(&world, 0), STATE_QUARANTINED);
        assert_int_equal(world.done[EFFECT_RESERVE], WORLD_BUSES);
        assert_int_equal(world.done[EFFECT_OWNERS], 0);
        assert_int_equal(world.adds, ALL);
        assert_int_equal(owned(EVENT_OWNER_DOM0), 0);
        assert_int_equal(reserved(), ALL);
        assert_int_equal(world.exposures, 0);
        world_unplug(&world);
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_int_equal(world.adds, ALL + 3); /* the kernel had Xen forget them */
        assert_int_equal(world.done[EFFECT_RESERVE], WORLD_BUSES + 1);
        assert_int_equal(owned(EVENT_OWNER_DOM_IO), ALL);
}

static void test_at_boot(void **state)
{
        (void)state;
        world_init(&world);
        world_amd(&world);
        world_plug(&world, 2);
        for (uint32_t i = 0; i < 2; i++) {
                world.functions[i].facts.instance = 7 + i;
                world.functions[i].owner = EVENT_OWNER_DOM0;
        }
        world.registers.slot_control = 0;
        world.registers.link_status = MODEL_LINK_STATUS_DLLLA;
        world_start(&world);
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(owned(EVENT_OWNER_DOM_IO), ALL);
        assert_int_equal(world.adds, ALL - 2);
}

static void test_restart(void **state)
{
        (void)state;
        start();
        world_restart(&world); /* what Xen does not say anew is not known */
        assert_int_equal(world.done[EFFECT_RESERVE], 2 * WORLD_BUSES);
        world_run(&world, 10);
        assert_int_equal(reserved(), ALL);
        assert_int_equal(world.adds, ALL);
}

/* Never a requester ID that is not covered; and it is said of the port. */
static void test_partly_covered(void **state)
{
        const struct record *record;

        (void)state;
        world_init(&world);
        world_amd(&world);
        world.coverage.ranges[0].last = BASE_SBDF(0, 2, 0, 3);
        world_start(&world);
        world_run(&world, 10);
        assert_int_equal(world.adds, 260);
        assert_int_equal(reserved(), 260);
        assert_int_equal(world.done[EFFECT_RESERVE], 2); /* nothing on the other buses */
        record = world_record(&world, RECORD_PLATFORM_WEAK);
        assert_non_null(record);
        assert_int_equal(record->port, WORLD_PORT);
        assert_int_equal(record->reason, REASON_UNCOVERED);
        assert_null(world_record(&world, RECORD_PORT_RESERVED));
        assert_int_equal(policy_port_uncovered(&world.core, world_port(&world)), REASON_UNCOVERED);
}

static void test_coverage_unknown(void **state)
{
        const struct record *record;

        (void)state;
        world_init(&world);
        world_amd(&world);
        world.coverage = (struct event_coverage){ 0 };
        world_plug(&world, 1);
        world_start(&world);
        world_run(&world, 40);
        record = world_record(&world, RECORD_PLATFORM_WEAK);
        assert_non_null(record);
        assert_int_equal(record->reason, REASON_COVERAGE);
        assert_int_equal(world.done[EFFECT_RESERVE] + world.done[EFFECT_OWNERS], 0);
        /* What Xen can be told is quarantined all the same, but it may be without owner: it is not removed (I7). */
        assert_int_equal(world_state(&world, 0), STATE_QUARANTINED);
        world_unplug(&world);
        world_run(&world, 40);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_OWNERLESS);
}

static void test_not_on_vtd(void **state)
{
        (void)state;
        world_init(&world);
        world_amd(&world);
        world.iommu = IOMMU_VTD;
        world_start(&world);
        world_run(&world, 10);
        assert_int_equal(world.done[EFFECT_RESERVE], 0);
        assert_int_equal(owned(EVENT_OWNER_ABSENT), ALL);
        assert_int_equal(policy_port_uncovered(&world.core, world_port(&world)), REASON_NONE);
        world.core.platform.iommu = IOMMU_UNKNOWN;
        assert_int_equal(policy_port_uncovered(&world.core, world_port(&world)),
                         REASON_UNKNOWN_VENDOR);
}

static void test_fails(void **state)
{
        (void)state;
        world_init(&world);
        world_amd(&world);
        world.fails = EFFECT_RESERVE;
        world_start(&world);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_UNRESERVED);
        assert_in_range(world.done[EFFECT_RESERVE], VERIFY_TRIES, VERIFY_TRIES + 2);
        world.fails = EFFECT_NONE;
        world_run(&world, 50);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_int_equal(reserved(), ALL);
}

/* One that is refused keeps none of the others, and the port is not called reserved. */
static void test_refused(void **state)
{
        (void)state;
        world_init(&world);
        world_amd(&world);
        *world_owner(&world, BASE_SBDF(0, 2, 3, 0)) = 5;
        world_start(&world);
        world_run(&world, 40);
        assert_int_equal(owned(EVENT_OWNER_DOM_IO), ALL - 1);
        assert_int_equal(reserved(), ALL - 256);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->attempts[GOAL_RESERVED].error, EUSERS);
        assert_null(world_record(&world, RECORD_PORT_RESERVED));
}

/* What is plugged while it goes on waits for one bus, not for all of them. */
static void test_arrival_comes_first(void **state)
{
        (void)state;
        world_init(&world);
        world_amd(&world);
        world.hangs = EFFECT_RESERVE; /* the first is on its way for 35 s */
        world_start(&world);
        world_run(&world, 1);
        assert_int_equal(world.done[EFFECT_RESERVE], 1);
        world_plug(&world, 1);
        world_run(&world, 20);
        assert_int_equal(world.done[EFFECT_RESERVE], 1);
        assert_int_equal(world.done[EFFECT_RESCAN], 0);
        world_run(&world, 400);
        assert_int_equal(world_state(&world, 0), STATE_QUARANTINED);
        assert_int_equal(world_port(&world)->state, STATE_ARRIVING); /* not all is blocked */
}

/* Doubt about the list is doubt about each confirmation. */
static void test_doubt(void **state)
{
        struct event event = { .kind = EVENT_OVERRUN };
        uint32_t confirms;

        (void)state;
        start();
        world_plug(&world, 2);
        world_run(&world, 30);
        confirms = world.done[EFFECT_CONFIRM];
        event.time_ms = world.now_ms;
        world_event(&world, &event);
        world_run(&world, 10);
        assert_int_equal(world.done[EFFECT_CONFIRM], confirms + 2);
        assert_int_equal(world.done[EFFECT_RESERVE], 2 * WORLD_BUSES);
        assert_int_equal(world.done[EFFECT_OWNERS], 0);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        world.functions[0].owner = 3; /* a guest's, meanwhile */
        world_event(&world, &event);
        world_run(&world, 10);
        assert_int_equal(world_state(&world, 0), STATE_ASSIGNED);
        assert_int_equal(world.core.functions[0].owner, EVENT_OWNER_GUEST);
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        world_event(&world, &event);
        world_run(&world, 10);
        assert_int_equal(world_state(&world, 0), STATE_QUARANTINED);
        world.functions[0].owner = EVENT_OWNER_ABSENT;
        world_event(&world, &event);
        world_run(&world, 40);
        assert_int_equal(world_state(&world, 0), STATE_CONTAINED);
        assert_int_equal(world.core.functions[0].owner, EVENT_OWNER_UNKNOWN);
}

static void test_bus_range_changes(void **state)
{
        (void)state;
        world_init(&world);
        world_amd(&world);
        world.registers.subordinate = 2;
        world_start(&world);
        world_run(&world, 10);
        assert_int_equal(world.adds, 512);
        assert_int_equal(reserved(), 512);
        world.registers.secondary = 2;
        world.registers.subordinate = 4;
        world_run(&world, 10);
        assert_int_equal(world.adds, ALL);
        assert_int_equal(reserved(), 768);
        *world_owner(&world, BASE_SBDF(0, 1, 9, 0)) = EVENT_OWNER_ABSENT; /* while it was not P's */
        world.registers.secondary = 1;
        world_run(&world, 10);
        assert_int_equal(world.adds, ALL + 1);
        assert_int_equal(owned(EVENT_OWNER_DOM_IO), ALL);
        world.registers.secondary = world.registers.subordinate = 0; /* none at all */
        world_run(&world, 10);
        assert_int_equal(model_port_requesters(&world.core, world_port(&world)).count, 0);
        assert_int_equal(policy_port_uncovered(&world.core, world_port(&world)), REASON_UNCOVERED);
}

static void uevent_send(enum event_action action, uint32_t sbdf)
{
        struct event event = { .kind = EVENT_UEVENT,
                               .time_ms = world.now_ms,
                               .uevent = { .action = action,
                                           .subsystem = SUBSYSTEM_PCI,
                                           .place = { .sbdf = sbdf, .depth = 1 } } };

        event.uevent.place.above[0] = WORLD_PORT;
        world_event(&world, &event);
        world_run(&world, 5);
}

/* Something came and went between two looks: the kernel had Xen forget it. */
static void test_uevents(void **state)
{
        struct event event = { .kind = EVENT_UEVENT, .uevent = { .place = { .truncated = true } } };

        (void)state;
        start();
        uevent_send(UEVENT_ADD, BASE_SBDF(0, 3, 1, 0));
        assert_int_equal(world.done[EFFECT_RESERVE], WORLD_BUSES);
        *world_owner(&world, BASE_SBDF(0, 3, 1, 0)) = EVENT_OWNER_ABSENT;
        uevent_send(UEVENT_REMOVE, BASE_SBDF(0, 3, 1, 0));
        assert_int_equal(world.done[EFFECT_RESERVE], WORLD_BUSES + 1);
        assert_int_equal(owned(EVENT_OWNER_DOM_IO), ALL);
        event.time_ms = world.now_ms;
        world_event(&world, &event);
        world_run(&world, 5);
        assert_int_equal(world.done[EFFECT_RESERVE], 2 * WORLD_BUSES + 1);
        world.registers.pciehp = true;
        world_run(&world, 10);
        assert_int_equal(world.done[EFFECT_RESERVE], 3 * WORLD_BUSES + 1);
}

/* What leaves while a bus is being reserved is not taken for reserved. */
static void test_doubt_meanwhile(void **state)
{
        struct model_port *port = &core.ports[0];
        struct event event = { .kind = EVENT_RESERVED, .token = 5, .port = WORLD_PORT };
        static struct effects effects;

        (void)state;
        for (int doubted = 0; doubted < 2; doubted++) {
                world_core_fill(&core);
                world_init(&world);
                world_amd(&world);
                core.platform.iommu = IOMMU_AMD;
                core.platform.coverage = world.coverage;
                port->token = 5;
                port->pending = EFFECT_RESERVE;
                port->pending_goal = GOAL_RESERVED;
                port->reserve_bus = 2;
                port->attempts[GOAL_RESERVED].tries = 3;
                memset(&event.reserved, 0xff, sizeof event.reserved);
                event.reserved.error = 0;
                if (doubted)
                        model_reserve_doubt(port, BASE_SBDF(0, 2, 0, 0));
                model_event_apply(&core, &event, &effects);
                assert_int_equal(model_port_reserved(&core, port), doubted ? 0 : 256);
                assert_int_equal(port->attempts[GOAL_RESERVED].tries, doubted ? 3 : 0);
                assert_false(port->rechecked);
        }
        event.reserved.blocked[1] &= ~UINT64_C(1);
        event.reserved.error = EBUSY;
        port->reserve_doubted = false;
        port->token = 5;
        model_event_apply(&core, &event, &effects);
        assert_int_equal(model_port_reserved(&core, port), 0);
        assert_int_equal(port->attempts[GOAL_RESERVED].error, EBUSY);
}

/* A function counts where Xen said that it blocks it. */
static void test_functions_count(void **state)
{
        struct model_function *function;

        (void)state;
        world_core_fill(&core);
        core.platform.iommu = IOMMU_AMD;
        core.platform.coverage =
                (struct event_coverage){ .known = true, .count = 1, .ranges = { { 0, 0xffff } } };
        memset(core.ports[0].reserved, 0xff, sizeof core.ports[0].reserved);
        function = world_core_function(&core, LEAF);
        assert_int_equal(model_port_reserved(&core, &core.ports[0]), ALL);
        function->confirmed = false;
        assert_int_equal(model_port_reserved(&core, &core.ports[0]), ALL - 1);
}

/* What the IVRS does not cover and Xen refuses is nobody's: it must not be removed (I7). */
static void test_not_covered_refused(void **state)
{
        (void)state;
        world_init(&world);
        world_amd(&world);
        world.coverage.ranges[0].first = BASE_SBDF(0, 2, 0, 0);
        world_plug(&world, 1);
        world.functions[0].owner = EVENT_OWNER_NOBODY;
        world_start(&world);
        world_run(&world, 40);
        assert_int_equal(world.core.functions[0].owner, EVENT_OWNER_NOBODY);
        assert_int_equal(world_state(&world, 0), STATE_CONTAINED);
        assert_int_equal(world.core.functions[0].reason, REASON_UNCOVERED);
        world_unplug(&world);
        world_run(&world, 40);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
}

static struct model_port *port_add(uint32_t number, uint8_t first, uint8_t last)
{
        struct model_port *port = &core.ports[number];

        *port = core.ports[0];
        port->found.sbdf = BASE_SBDF(0, 0, 4 + number, 0);
        port->registers.secondary = first;
        port->registers.subordinate = last;
        core.port_count = number + 1;
        return port;
}

/* More than there are numbers for: the ports that come first have them, each wholly or not at all. */
static void test_limit(void **state)
{
        const struct model_port *second, *third;

        (void)state;
        world_core_fill(&core);
        core.platform.iommu = IOMMU_AMD;
        core.platform.coverage =
                (struct event_coverage){ .known = true, .count = 1, .ranges = { { 0, 0xffff } } };
        second = port_add(1, 10, 101);
        third = port_add(2, 200, 200);
        assert_true(model_port_reserves(&core, &core.ports[0]));
        assert_true(model_port_reserves(&core, second)); /* 4 and 92: just so many */
        assert_false(model_port_reserves(&core, third));
        assert_int_equal(policy_port_uncovered(&core, third), REASON_RESERVE_LIMIT);
        core.ports[0].external = false;
        assert_true(model_port_reserves(&core, third));
        assert_false(model_port_reserves(&core, &core.ports[0]));
        core.ports[0].external = true;
        core.ports[0].exposed = REASON_NEEDED;
        assert_true(model_port_reserves(&core, third));
        assert_false(model_port_reserves(&core, &core.ports[0]));
}

/* What Xen's console tells is lowered meanwhile: by one worker at a time. */
static void test_one_at_a_time(void **state)
{
        static struct effects effects;
        uint32_t asked[2] = { 0 };

        (void)state;
        memset(&effects, 0, sizeof effects);
        world_core_fill(&core);
        core.platform.iommu = IOMMU_AMD;
        core.platform.coverage =
                (struct event_coverage){ .known = true, .count = 1, .ranges = { { 0, 0xffff } } };
        core.ports[0].found.slot = core.ports[0].up = false; /* nothing else to do */
        (void)port_add(1, 10, 11);
        for (uint32_t round = 0; round < 2; round++) {
                memset(&effects, 0, sizeof effects);
                plan_ports_advance(&core, &effects);
                for (uint32_t i = 0; i < effects.count; i++)
                        asked[round] += effects.items[i].kind == EFFECT_RESERVE;
                core.ports[0].token = 0;
                core.ports[0].reserved[0] = UINT64_MAX; /* the other's turn */
        }
        assert_int_equal(asked[0], 1);
        assert_int_equal(asked[1], 1);
        assert_int_equal(core.ports[1].pending, EFFECT_RESERVE);
}

/* An assignment that fails ends what the guest has: each function's owner is asked then, and no list is read. */
static void test_no_list_after_failure(void **state)
{
        (void)state;
        world_init(&world);
        world_amd(&world);
        world.found.slot_cap &=
                ~(MODEL_SLOT_CAP_PIP | MODEL_SLOT_CAP_AIP); /* no light comes first */
        world.guest = WORLD_GUEST_DOMID;
        world_start(&world);
        world_run(&world, 10);
        world_plug(&world, 3);
        world_run(&world, 40);
        world.functions[1].refuses = true; /* the bridge, when it is confirmed once more */
        world_asks(&world, REQUEST_ASSIGN, LEAF + 2, WORLD_GUEST, RESULT_FAILED,
                   REASON_QUARANTINE_REFUSED);
        assert_int_equal(world.done[EFFECT_ATTACH], 1);
        world.functions[1].refuses = false;
        world_run(&world, 400);
        assert_int_equal(world.done[EFFECT_OWNERS], 0);
        assert_int_equal(world.core.function_count, 3);
        assert_int_equal(world.functions[2].owner, EVENT_OWNER_DOM_IO);
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_list_after_failure),
                cmocka_unit_test(test_empty_port),
                cmocka_unit_test(test_plug_and_unplug),
                cmocka_unit_test(test_at_boot),
                cmocka_unit_test(test_restart),
                cmocka_unit_test(test_partly_covered),
                cmocka_unit_test(test_coverage_unknown),
                cmocka_unit_test(test_not_on_vtd),
                cmocka_unit_test(test_fails),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_arrival_comes_first),
                cmocka_unit_test(test_doubt),
                cmocka_unit_test(test_bus_range_changes),
                cmocka_unit_test(test_uevents),
                cmocka_unit_test(test_doubt_meanwhile),
                cmocka_unit_test(test_functions_count),
                cmocka_unit_test(test_not_covered_refused),
                cmocka_unit_test(test_limit),
                cmocka_unit_test(test_one_at_a_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
