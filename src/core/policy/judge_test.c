/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a port external, and a platform weak: one fact at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/policy/policy.h"

static struct core core; /* too large for the stack */
static struct effects effects;

static struct event_platform platform_good(void)
{
        return (struct event_platform){ .iommu = IOMMU_VTD,
                                        .xen = FACT_YES,
                                        .iommu_on = FACT_YES,
                                        .intremap = FACT_YES,
                                        .ats = FACT_NO,
                                        .passthrough = FACT_NO };
}

/* Each fact, in both ways in which it is not good: unknown counts against it (I6). */
static void test_platform_weakness(void **state)
{
        struct event_platform platform = platform_good();

        (void)state;
        assert_int_equal(policy_platform_weakness(&platform), REASON_NONE);
        platform.iommu = IOMMU_AMD;
        assert_int_equal(policy_platform_weakness(&platform), REASON_AMD_UNSUPPORTED);
        platform.iommu = IOMMU_UNKNOWN;
        assert_int_equal(policy_platform_weakness(&platform), REASON_UNKNOWN_VENDOR);
        for (enum event_fact bad = FACT_UNKNOWN; bad <= FACT_NO; bad++) {
                platform = platform_good();
                platform.intremap = bad;
                assert_int_equal(policy_platform_weakness(&platform), REASON_NO_INTREMAP);
                platform.iommu_on = bad;
                assert_int_equal(policy_platform_weakness(&platform), REASON_NO_IOMMU);
                platform.xen = bad;
                assert_int_equal(policy_platform_weakness(&platform), REASON_NO_XEN);
        }
        for (int bad = FACT_UNKNOWN; bad <= FACT_YES; bad += 2) {
                platform = platform_good();
                platform.passthrough = (enum event_fact)bad;
                assert_int_equal(policy_platform_weakness(&platform), REASON_PASSTHROUGH);
                platform.ats = (enum event_fact)bad;
                assert_int_equal(policy_platform_weakness(&platform), REASON_ATS);
        }
}

static void test_platform_is_told_once(void **state)
{
        (void)state;
        memset(&core, 0, sizeof core);
        memset(&effects, 0, sizeof effects);
        policy_platform_judge(&core, &effects);
        assert_int_equal(effects.record_count, 0);
        core.platform = platform_good();
        policy_platform_judge(&core, &effects);
        policy_platform_judge(&core, &effects);
        assert_int_equal(effects.record_count, 1);
        assert_int_equal(effects.records[0].kind, RECORD_PLATFORM_READY);
        core.platform_known = false;
        core.platform.ats = FACT_YES;
        policy_platform_judge(&core, &effects);
        assert_int_equal(effects.record_count, 2);
        assert_int_equal(effects.records[1].kind, RECORD_PLATFORM_WEAK);
        assert_int_equal(effects.records[1].reason, REASON_ATS);
}

static void test_source_validation(void **state)
{
        struct model_port port = { .found = { .acs_cap = 0x148 },
                                   .read_once = true,
                                   .registers = { .acs_control = MODEL_ACS_SV } };

        (void)state;
        assert_true(policy_port_validated(&port));
        port.registers.acs_control = 0x1c;
        assert_false(policy_port_validated(&port));
        port.registers.acs_control = 0x1d;
        port.read_once = false;
        assert_false(policy_port_validated(&port));
        port.read_once = true;
        port.found.acs_cap = 0;
        assert_false(policy_port_validated(&port));
}

/* One port per device number, below nothing. */
static struct model_port *port_add(uint32_t device, const char *path, uint32_t slot_cap)
{
        struct model_port *port = &core.ports[core.port_count++];

        port->found.sbdf = port->found.place.sbdf = BASE_SBDF(0, 0, device, 0);
        memcpy(port->found.path, path, strlen(path) + 1);
        port->found.slot = slot_cap != 0;
        port->found.slot_cap = slot_cap;
        return port;
}

static void judge_begin(bool auto_ports)
{
        memset(&core, 0, sizeof core);
        memset(&effects, 0, sizeof effects);
        core.config.auto_ports = auto_ports;
        core.configured = true;
}

static void test_automatic(void **state)
{
        struct model_port *hotplug, *fixed, *slotless;

        (void)state;
        judge_begin(true);
        hotplug = port_add(4, "/a", MODEL_SLOT_CAP_HPC);
        fixed = port_add(5, "/b", 0x3f);
        slotless = port_add(6, "/c", 0);
        slotless->found.slot_cap = MODEL_SLOT_CAP_HPC; /* without a slot it means nothing */
        core.configured = false;
        policy_ports_judge(&core, &effects);
        assert_false(hotplug->judged);
        core.configured = true;
        hotplug->inventory_fresh = hotplug->owners_fresh = hotplug->registers_fresh = true;
        policy_ports_judge(&core, &effects);
        assert_true(hotplug->external);
        assert_int_equal(hotplug->why, REASON_HOTPLUG_CAPABLE);
        assert_false(hotplug->inventory_fresh || hotplug->owners_fresh || hotplug->registers_fresh);
        assert_false(fixed->external);
        assert_int_equal(fixed->why, REASON_NOT_HOTPLUG);
        assert_false(slotless->external);
        assert_int_equal(effects.record_count, 2);
        policy_ports_judge(&core, &effects);
        assert_int_equal(effects.record_count, 2);
}

static void test_selectors(void **state)
{
        struct model_port *by_address, *by_path, *neither;

        (void)state;
        judge_begin(false);
        by_address = port_add(4, "/a", 0);
        by_path = port_add(5, "/b", 0);
        neither = port_add(6, "/c", MODEL_SLOT_CAP_HPC);
        core.config.selectors[0] = (struct event_selector){ .kind = SELECTOR_PATH, .path = "/b" };
        core.config.selectors[1] =
                (struct event_selector){ .kind = SELECTOR_SBDF, .sbdf = BASE_SBDF(0, 0, 4, 0) };
        core.config.selector_count = 2;
        policy_ports_judge(&core, &effects);
        assert_true(by_address->external);
        assert_int_equal(by_address->why, REASON_CONFIGURED);
        assert_true(by_path->external);
        assert_false(neither->external);
        assert_int_equal(neither->why, REASON_NOT_CONFIGURED);
}

/* A hot-plug-capable port of a dock: the port above speaks for it, also where it is found later. */
static void test_below_external(void **state)
{
        struct model_port *above, *below;

        (void)state;
        judge_begin(true);
        below = port_add(9, "/a/b", MODEL_SLOT_CAP_HPC);
        below->found.place.above[0] = BASE_SBDF(0, 0, 4, 0);
        below->found.place.depth = 1;
        policy_ports_judge(&core, &effects);
        assert_true(below->external);
        above = port_add(4, "/a", 0);
        policy_ports_judge(&core, &effects);
        assert_true(below->external); /* what hangs below an internal port is guarded itself */
        above->judged = false;
        above->found.slot = true;
        above->found.slot_cap = MODEL_SLOT_CAP_HPC;
        policy_ports_judge(&core, &effects);
        policy_ports_judge(&core, &effects);
        assert_true(above->external);
        assert_false(below->external);
        assert_int_equal(below->why, REASON_BELOW_EXTERNAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_platform_weakness),
                cmocka_unit_test(test_platform_is_told_once),
                cmocka_unit_test(test_source_validation),
                cmocka_unit_test(test_automatic),
                cmocka_unit_test(test_selectors),
                cmocka_unit_test(test_below_external),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
