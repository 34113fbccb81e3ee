/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From rules to what happens with a device: the whole core against a small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/policy/finding.h"
#include "core/policy/policy.h"
#include "core/report/report.h"
#include "core/step.h"
#include "world/world.h"

static struct world world; /* too large for the stack */

static void started(const char *text)
{
        world_init(&world);
        world_rules(&world, text, 1);
        world_start(&world);
        world_run(&world, 5);
}

static void arrived(const char *text, uint32_t functions)
{
        started(text);
        world_plug(&world, functions);
        world_run(&world, 40);
}

static void assert_out(void)
{
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_int_equal(world_port(&world)->reason, REASON_REJECTED);
        assert_int_equal(world_port(&world)->verdict, VERDICT_REJECT);
        assert_int_equal(world.core.function_count, 0);
        assert_true(world.registers.slot_control & MODEL_SLOT_CONTROL_PCC);
        assert_int_equal(world.exposures, 0);
}

static void assert_quarantined(void)
{
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_int_equal(world.exposures, 0);
}

static void test_none(void **state)
{
        (void)state;
        arrived("", 3);
        assert_quarantined();
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        assert_null(world_record(&world, RECORD_VERDICT));
}

/* What the port alone decides is decided before anything is read or powered. */
static void test_reject_port(void **state)
{
        const struct record *told;

        (void)state;
        arrived("reject if port = 0000:00:04.0\n", 3);
        assert_out();
        assert_int_equal(world.done[EFFECT_RESCAN], 0);
        told = world_record(&world, RECORD_REJECTED);
        assert_non_null(told);
        assert_string_equal(told->rule, "50-test.rules:1");
        assert_int_equal(told->count, 0);
}

/* An earlier rule asks for what is not known before: nothing is concluded from a later one. */
static void test_reject_port_after_id(void **state)
{
        (void)state;
        arrived("quarantine if class = 0108\nreject if port = 0000:00:04.0 and at-boot = no\n", 1);
        assert_quarantined();
        assert_int_equal(world.done[EFFECT_RESCAN], 1);
}

static void test_reject_id(void **state)
{
        (void)state;
        arrived("\nreject if class = 0108\n", 3);
        assert_out();
        assert_int_equal(world.done[EFFECT_RESCAN], 1);
        assert_string_equal(world_record(&world, RECORD_REJECTED)->rule, "50-test.rules:2");
}

static void test_reject_at_boot(void **state)
{
        (void)state;
        world_init(&world);
        world.registers.slot_control &= (uint16_t)~MODEL_SLOT_CONTROL_PCC;
        world_plug(&world, 2);
        for (uint32_t i = 0; i < 2; i++) {
                world.functions[i].facts.instance = world.instance_next++;
                world.functions[i].owner = EVENT_OWNER_DOM0;
        }
        world_rules(&world, "reject if at-boot = yes\n", 1);
        world_start(&world);
        world.exposures = 0; /* until then it was dom0's */
        world_run(&world, 40);
        assert_out();
        world_unplug(&world);
        world_run(&world, 10);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        world_plug(&world, 2);
        world_run(&world, 40);
        assert_quarantined();
}

/* A removal that does not succeed is tried on, and told; the door stays shut. */
static void test_reject_fails(void **state)
{
        (void)state;
        started("reject if class = 0108\n");
        world.fails = EFFECT_REMOVE;
        world_plug(&world, 1);
        world_run(&world, 300);
        assert_int_equal(world_port(&world)->state, STATE_CONTAINED);
        assert_int_equal(world_port(&world)->reason, REASON_REMOVE_FAILED);
        assert_in_range(world.done[EFFECT_REMOVE], 0, 12);
        world.fails = EFFECT_NONE;
        world_run(&world, 400);
        assert_out();
}

/* New rules give what the old ones rejected another trial. */
static void test_reload(void **state)
{
        (void)state;
        arrived("reject if class = 0108\n", 2);
        assert_out();
        world_rules(&world, "", 1);
        world_run(&world, 40);
        assert_quarantined();
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        world_rules(&world, "reject if class = 0108\n", 1);
        world_run(&world, 40);
        assert_out();
}

/* The verdict is the device's: what takes its place is judged anew. */
static void test_successor(void **state)
{
        (void)state;
        arrived("reject if class = 0604\n", 2);
        assert_out();
        world_unplug(&world);
        world_run(&world, 10);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        world_plug(&world, 1); /* without the bridge */
        world_run(&world, 40);
        assert_quarantined();
}

static void test_assign(void **state)
{
        const struct record *told;

        (void)state;
        arrived("assign sys-net if class = 0108\n", 2);
        assert_quarantined();
        assert_int_equal(world.core.functions[0].verdict, VERDICT_ASSIGN);
        assert_int_equal(world.core.functions[1].verdict, VERDICT_QUARANTINE);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASSIGN);
        assert_string_equal(policy_verdict_guest(&world.core, world_port(&world)->verdict_rule),
                            "sys-net");
        told = world_record(&world, RECORD_VERDICT);
        assert_non_null(told);
        assert_int_equal(told->verdict, VERDICT_ASSIGN);
        assert_int_equal(told->function, BASE_SBDF(0, 1, 0, 0));
}

static void test_disagreement(void **state)
{
        (void)state;
        arrived("assign a if class = 0108\nassign b if kind = bridge\n", 2);
        assert_quarantined();
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        assert_int_equal(world_port(&world)->verdict_why, REASON_RULES_DISAGREE);
        world_rules(&world, "assign a if class = 0108\nask if kind = bridge\n", 1);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASK);
        assert_int_equal(world_port(&world)->verdict_why, REASON_NONE);
        world_rules(&world, "assign a if class = 0108\nassign a if kind = bridge\n", 1);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASSIGN);
        assert_int_equal(world_port(&world)->verdict_why, REASON_NONE);
}

/* Whatever comes between the two. */
static void test_disagreement_around_question(void **state)
{
        (void)state;
        arrived("assign a if position = 00.0\nask if position = 00.1\nassign b\n", 3);
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        assert_int_equal(world_port(&world)->verdict_why, REASON_RULES_DISAGREE);
}

/* The core's function 01:00.index. */
static const struct model_function *function_get(uint32_t index)
{
        for (uint32_t i = 0; i < world.core.function_count; i++)
                if (world.core.functions[i].facts.sbdf == BASE_SBDF(0, 1, 0, index))
                        return &world.core.functions[i];
        fail_msg("no function %u", index);
        return NULL;
}

static void config_send(uint32_t forgiven)
{
        struct event event = { .kind = EVENT_CONFIG, .port = BASE_SBDF_NONE };

        world.config.forgiven = forgiven;
        event.config = world.config;
        world_event(&world, &event);
        world_run(&world, 3);
}

static void platform_send(enum event_iommu iommu)
{
        struct event event = { .kind = EVENT_PLATFORM, .port = BASE_SBDF_NONE };

        event.platform = world.core.platform;
        event.platform.iommu = iommu;
        world_event(&world, &event);
        world_run(&world, 1);
}

/* What is dangerous about one function bars the whole hierarchy; and says why. */
static void test_finding_bars(void **state)
{
        const struct record *told;

        (void)state;
        started("assign a if class = 0108\n");
        world_plug(&world, 3);
        world.functions[2].facts.enabled = EVENT_CAPABILITY_BIT(CAPABILITY_ATS);
        world_run(&world, 40);
        assert_quarantined();
        assert_int_equal(function_get(0)->verdict, VERDICT_ASSIGN);
        assert_false(function_get(0)->barred);
        assert_int_equal(function_get(2)->verdict, VERDICT_QUARANTINE);
        assert_true(function_get(2)->barred);
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        assert_int_equal(world_port(&world)->verdict_why, REASON_FINDING);
        assert_int_not_equal(world_port(&world)->verdict_rule, 0);
        told = world_record(&world, RECORD_BARRED);
        assert_non_null(told);
        assert_int_equal(told->function, BASE_SBDF(0, 1, 0, 2));
        assert_int_equal(told->count, 1u << FINDING_ATS_ENABLED);
        assert_string_equal(told->rule, "50-test.rules:1");
        told = world_record(&world, RECORD_FINDINGS);
        assert_non_null(told);
        assert_int_equal(told->count, 1u << FINDING_ATS_ENABLED);
        assert_int_equal(world_records_count(&world, RECORD_FINDINGS), 1);
}

static void test_finding_forgiven(void **state)
{
        (void)state;
        started("assign a if class = 0108\n");
        world.config.forgiven = 1u << FINDING_ATS_ENABLED;
        config_send(1u << FINDING_ATS_ENABLED);
        world_plug(&world, 1);
        world.functions[0].facts.enabled = EVENT_CAPABILITY_BIT(CAPABILITY_ATS);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASSIGN);
        assert_int_equal(world_port(&world)->verdict_why, REASON_NONE);
        assert_int_equal(world_records_count(&world, RECORD_FINDINGS), 0);
        config_send(1u << FINDING_PRI_ENABLED); /* it counts from now on */
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        assert_int_equal(world_port(&world)->verdict_why, REASON_FINDING);
        assert_true(function_get(0)->barred);
        assert_int_equal(world_records_count(&world, RECORD_FINDINGS), 1);
        assert_int_equal(world_records_count(&world, RECORD_BARRED), 1);
}

/* What is no danger bars nothing, and is told only from a warning on. */
static void test_finding_harmless(void **state)
{
        (void)state;
        started("assign a if class = 0108\n");
        world_plug(&world, 1);
        world.functions[0].facts.capabilities =
                EVENT_CAPABILITY_BIT(CAPABILITY_ATS) | EVENT_CAPABILITY_BIT(CAPABILITY_PHANTOM);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASSIGN);
        assert_int_equal(world_record(&world, RECORD_FINDINGS)->count, 1u << FINDING_PHANTOM);
}

/* It is checked again whenever the function is read; and what flips does not fill the journal. */
static void test_finding_later(void **state)
{
        (void)state;
        arrived("assign a if class = 0108\n", 1);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASSIGN);
        for (uint32_t i = 1; i <= 4; i++) {
                struct event event = { .kind = EVENT_OVERRUN, .port = BASE_SBDF_NONE };

                world.functions[0].facts.enabled =
                        i % 2 ? EVENT_CAPABILITY_BIT(CAPABILITY_PASID) : 0;
                world_event(&world, &event);
                world_run(&world, 20);
                assert_int_equal(world_port(&world)->verdict,
                                 i % 2 ? VERDICT_QUARANTINE : VERDICT_ASSIGN);
                assert_quarantined();
        }
        assert_int_equal(world_records_count(&world, RECORD_FINDINGS), 1);
}

/* A stale alias of VT-d's outlives what it came from: H2. */
static void test_taint(void **state)
{
        (void)state;
        started("assign a if class = 0108\n");
        world_plug(&world, 1);
        world.functions[0].facts.conventional = true;
        world_run(&world, 40);
        assert_quarantined();
        assert_true(world_port(&world)->tainted);
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        assert_int_equal(world_port(&world)->verdict_why, REASON_TAINTED);
        assert_int_equal(world_records_count(&world, RECORD_PORT_TAINTED), 1);
        assert_int_equal(world_record(&world, RECORD_PORT_TAINTED)->port, WORLD_PORT);
        world_unplug(&world);
        world_run(&world, 20);
        world_plug(&world, 1);
        world_run(&world, 40);
        assert_false(function_get(0)->facts.conventional);
        assert_int_equal(world_port(&world)->verdict_why, REASON_TAINTED);
        platform_send(IOMMU_AMD); /* which keeps no such entry */
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASSIGN);
        platform_send(IOMMU_UNKNOWN);
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        platform_send(IOMMU_VTD);
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        assert_int_equal(world_records_count(&world, RECORD_PORT_TAINTED), 1);
        world_restart(&world);
        world_run(&world, 40);
        assert_true(world_port(&world)->tainted);
}

/* A state file that cannot be read says nothing of what was below: all external ports are tainted, and no other. */
static void test_taint_unknown(void **state)
{
        (void)state;
        for (int hotplug = 0; hotplug < 2; hotplug++) {
                world_init(&world);
                world.memory_status = MEMORY_DAMAGED;
                if (!hotplug)
                        world.found.slot_cap = 0;
                world_start(&world);
                world_run(&world, 10);
                assert_int_equal(policy_port_tainted(&world.core, world_port(&world)), hotplug);
                assert_int_equal(world_records_count(&world, RECORD_PORT_TAINTED), hotplug);
        }
}

static void test_count_and_position(void **state)
{
        (void)state;
        arrived("assign a if functions = 3 and position = 00.1\n", 3);
        assert_int_equal(world.core.functions[0].verdict, VERDICT_QUARANTINE);
        assert_int_equal(world.core.functions[1].verdict, VERDICT_ASSIGN);
}

static void test_arrival_time(void **state)
{
        (void)state;
        world_init(&world);
        world.minute = 3 * 24 * 60 + 12 * 60; /* Thursday, noon */
        world_rules(&world, "ask if arrival-time = 09:00-17:00\n", 1);
        world_start(&world);
        world_run(&world, 5);
        world_plug(&world, 1);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASK);
        world.minute = 3 * 24 * 60 + 20 * 60; /* when it came counts, not what the clock says now */
        world_run(&world, 5);
        world_rules(&world, "ask if arrival-time = 09:00-17:00\n", 1);
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASK);
}

/* The button asks for another trial: an id has to be read again. */
static void test_button_tries_again(void **state)
{
        (void)state;
        arrived("reject if class = 0108\n", 1);
        assert_out();
        world.registers.slot_status |= MODEL_SLOT_STATUS_ABP;
        world_run(&world, 80);
        assert_int_equal(world.done[EFFECT_RESCAN], 2);
        assert_out();
}

/* Removed, and enumerated anew on request: what it was to dom0 at boot is over. */
static void test_button_after_boot(void **state)
{
        (void)state;
        world_init(&world);
        world_plug(&world, 1);
        world_rules(&world, "reject if at-boot = yes\n", 1);
        world_start(&world);
        world_run(&world, 20);
        assert_out();
        world.registers.slot_status |= MODEL_SLOT_STATUS_ABP;
        world_run(&world, 80);
        assert_quarantined();
}

static void test_ejected_stays(void **state)
{
        struct event event = { .kind = EVENT_REQUEST };

        (void)state;
        arrived("", 1);
        event.time_ms = world.now_ms;
        event.request =
                (struct event_request){ .id = 7, .verb = REQUEST_EJECT, .sbdf = WORLD_PORT };
        world_event(&world, &event);
        world_run(&world, 40);
        world_rules(&world, "ask\n", 1);
        world_run(&world, 40);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_int_equal(world_port(&world)->reason, REASON_NONE);
}

/* What is out is not judged again by new rules, which may be fewer. */
static void test_ejected_by_rules_that_are_gone(void **state)
{
        static struct report_row row;

        (void)state;
        arrived("quarantine if port = 0000:00:09.0\nask if class = 0108\n", 1);
        assert_int_equal(world_port(&world)->verdict_rule, 2);
        world_request(&world, REQUEST_EJECT, WORLD_PORT, "");
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        world_rules(&world, "quarantine\n", 1);
        assert_true(report_port_row(&world.core, 0, &row));
        assert_string_equal(report_row_value(&row, "rule"), "");
}

static void test_guest_keeps(void **state)
{
        struct event event = { .kind = EVENT_OVERRUN };

        (void)state;
        arrived("", 1);
        world.functions[0].owner = 5;
        event.time_ms = world.now_ms;
        world_event(&world, &event);
        world_run(&world, 10);
        world_rules(&world, "reject\n", 1);
        world_run(&world, 20);
        assert_int_equal(world.done[EFFECT_REMOVE], 0);
        assert_int_equal(world.functions[0].owner, 5);
}

/* A slot that was occupied at the first look, never powered, and then used for something else. */
static void test_unseen_at_boot(void **state)
{
        (void)state;
        world_init(&world);
        world_plug(&world, 1);
        world_rules(&world, "reject if at-boot = yes and arrival-day = mon\n", 1);
        world_start(&world);
        world_run(&world, 20);
        assert_out();
        assert_int_equal(world.done[EFFECT_RESCAN], 0);
        world_unplug(&world);
        world_run(&world, 10);
        world_plug(&world, 1);
        world_run(&world, 40);
        assert_quarantined();
}

/* The device that takes another's place has a time of its own. */
static void test_swapped_time(void **state)
{
        (void)state;
        arrived("ask if arrival-day = tue\n", 1);
        assert_int_equal(world_port(&world)->verdict, VERDICT_QUARANTINE);
        world.minute = 24 * 60;
        world.registers.slot_status |= MODEL_SLOT_STATUS_DLLSC;
        world_run(&world, 60);
        assert_quarantined();
        assert_int_equal(world_port(&world)->verdict, VERDICT_ASK);
}

/* One room: a port at rest with these functions below, asked once. */
static struct core core;

static enum record_verdict weighed(const char *text)
{
        static struct effects effects;

        core.rules = world_rules_make(text);
        core.ports[0].weighed = false;
        memset(&effects, 0, sizeof effects);
        policy_verdicts_weigh(&core, &effects);
        return core.ports[0].verdict;
}

static void test_position(void **state)
{
        (void)state;
        world_core_fill(&core);
        (void)world_core_function(&core, BASE_SBDF(0, 1, 0, 0));
        world_core_function(&core, BASE_SBDF(0, 2, 1, 0))->facts.parent = BASE_SBDF(0, 1, 0, 0);
        assert_int_equal(weighed("ask if position = 00.0/01.0\n"), VERDICT_ASK);
        assert_int_equal(core.functions[0].verdict, VERDICT_QUARANTINE);
        assert_int_equal(core.functions[1].verdict, VERDICT_ASK);
        core.functions[1].facts.parent =
                BASE_SBDF(0, 9, 0, 0); /* not known: neither is the place */
        assert_int_equal(weighed("ask if depth = 2\n"), VERDICT_QUARANTINE);
}

static void test_function_at_boot(void **state)
{
        (void)state;
        world_core_fill(&core);
        world_core_function(&core, BASE_SBDF(0, 1, 0, 0))->at_boot = true;
        assert_int_equal(weighed("ask if at-boot = yes\n"), VERDICT_ASK);
        assert_int_equal(weighed("reject if at-boot = no\n"), VERDICT_QUARANTINE);
}

static void test_function_only(void **state)
{
        (void)state;
        world_core_fill(&core);
        (void)world_core_function(&core, BASE_SBDF(0, 1, 0, 0));
        assert_int_equal(weighed("reject for function without-isolation if depth = 1\n"),
                         VERDICT_QUARANTINE);
        assert_int_equal(core.functions[0].verdict, VERDICT_REJECT);
}

static void test_predecessor(void **state)
{
        (void)state;
        world_core_fill(&core);
        (void)world_core_function(&core, BASE_SBDF(0, 1, 0, 0));
        core.ports[0].incarnation++;
        assert_int_equal(weighed("reject\n"), VERDICT_QUARANTINE);
        assert_false(core.ports[0].weighed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_none),
                cmocka_unit_test(test_reject_port),
                cmocka_unit_test(test_reject_port_after_id),
                cmocka_unit_test(test_reject_id),
                cmocka_unit_test(test_reject_at_boot),
                cmocka_unit_test(test_reject_fails),
                cmocka_unit_test(test_reload),
                cmocka_unit_test(test_successor),
                cmocka_unit_test(test_assign),
                cmocka_unit_test(test_disagreement),
                cmocka_unit_test(test_disagreement_around_question),
                cmocka_unit_test(test_finding_bars),
                cmocka_unit_test(test_finding_forgiven),
                cmocka_unit_test(test_finding_harmless),
                cmocka_unit_test(test_finding_later),
                cmocka_unit_test(test_taint),
                cmocka_unit_test(test_taint_unknown),
                cmocka_unit_test(test_count_and_position),
                cmocka_unit_test(test_arrival_time),
                cmocka_unit_test(test_button_tries_again),
                cmocka_unit_test(test_button_after_boot),
                cmocka_unit_test(test_ejected_stays),
                cmocka_unit_test(test_ejected_by_rules_that_are_gone),
                cmocka_unit_test(test_guest_keeps),
                cmocka_unit_test(test_unseen_at_boot),
                cmocka_unit_test(test_swapped_time),
                cmocka_unit_test(test_position),
                cmocka_unit_test(test_function_at_boot),
                cmocka_unit_test(test_function_only),
                cmocka_unit_test(test_predecessor),
        };

        return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
