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
        assert_int_equal(policy_platform_weakness(&platform), REASON_COVERAGE);
        platform.coverage.known = true;
        assert_int_equal(policy_platform_weakness(&platform), REASON_NONE);
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

static uint32_t bits(const char *words)
{
        uint32_t evidence = 0;

        for (enum policy_evidence i = EVIDENCE_ROOT; i < EVIDENCE_MAX; i++) {
                const char *word = policy_evidence_word(i), *at = words;
                size_t length = strlen(word);

                for (; at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL)
                        if (strncmp(at, word, length) == 0 && strchr(" ", at[length]))
                                evidence |= POLICY_EVIDENCE_BIT(i);
        }
        return evidence;
}

/* What each piece of evidence is worth, alone and beside others. */
static void test_verdicts(void **state)
{
        static const struct {
                const char *words;
                bool external;
                enum record_reason why;
        } verdicts[] = {
                { "", false, REASON_NOT_HOTPLUG },
                { "root-port slot", false, REASON_NOT_HOTPLUG },
                { "downstream-port slot surprise attention-button", false, REASON_NOT_HOTPLUG },
                { "slot hot-plug", true, REASON_HOTPLUG_CAPABLE },
                { "external-facing", true, REASON_EXTERNAL_FACING },
                { "external-facing firmware-contradicts", true, REASON_EXTERNAL_FACING },
                { "slot hot-plug external-facing usb4", true, REASON_EXTERNAL_FACING },
                { "usb4", true, REASON_USB4 },
                { "usb4 others-marked", true, REASON_USB4 },
                { "slot hot-plug usb4", true, REASON_USB4 },
                { "hot-plug-in-d3", false, REASON_NOT_HOTPLUG },
                { "firmware-unclear firmware-contradicts", false, REASON_NOT_HOTPLUG },
                { "controller-beside", false,
                  REASON_NOT_HOTPLUG }, /* the host interface's own port */
                { "controller-below child-removable", false, REASON_NOT_HOTPLUG },
                { "others-marked", false, REASON_NOT_HOTPLUG },
                { "slot hot-plug others-marked", false, REASON_FIRMWARE_INTERNAL },
                { "root-port slot hot-plug controller-below others-marked", false,
                  REASON_FIRMWARE_INTERNAL },
                { "slot hot-plug surprise others-marked", true, REASON_HOTPLUG_CAPABLE },
                { "slot hot-plug attention-button others-marked", true, REASON_HOTPLUG_CAPABLE },
                { "slot hot-plug hot-plug-in-d3 others-marked", true, REASON_HOTPLUG_CAPABLE },
                { "slot hot-plug child-removable others-marked", true, REASON_HOTPLUG_CAPABLE },
                { "slot hot-plug controller-beside others-marked", true, REASON_HOTPLUG_CAPABLE },
                { "slot hot-plug firmware-unclear others-marked", true, REASON_HOTPLUG_CAPABLE },
                { "slot hot-plug firmware-contradicts others-marked", true,
                  REASON_HOTPLUG_CAPABLE },
                { "root-port slot hot-plug surprise external-facing hot-plug-in-d3 "
                  "controller-below soldered",
                  false, REASON_CONTROLLER },
                { "root-port external-facing hot-plug-in-d3 controller-below soldered", false,
                  REASON_CONTROLLER },
        };

        (void)state;
        for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
                enum record_reason why = REASON_NONE;
                bool external = policy_evidence_external(bits(verdicts[i].words), &why);

                if (external != verdicts[i].external || why != verdicts[i].why)
                        print_error("wrong: %s\n", verdicts[i].words);
                assert_int_equal(external, verdicts[i].external);
                assert_int_equal(why, verdicts[i].why);
        }
}

/*
 * Of every combination: a hot-plug-capable port is internal only where firmware marks others and all else is silent, or
 * where firmware, undisputed, has a controller soldered in below that is there.
 */
static void test_closed_in_doubt(void **state)
{
        const uint32_t hotplug = POLICY_EVIDENCE_BIT(EVIDENCE_HOTPLUG),
                       silent = POLICY_EVIDENCE_BIT(EVIDENCE_ROOT) |
                                POLICY_EVIDENCE_BIT(EVIDENCE_DOWNSTREAM) |
                                POLICY_EVIDENCE_BIT(EVIDENCE_SLOT) |
                                POLICY_EVIDENCE_BIT(EVIDENCE_CONTROLLER_BELOW) |
                                POLICY_EVIDENCE_BIT(EVIDENCE_SOLDERED) |
                                POLICY_EVIDENCE_BIT(EVIDENCE_CONFIGURED),
                       others = POLICY_EVIDENCE_BIT(EVIDENCE_OTHERS_MARKED),
                       marked = POLICY_EVIDENCE_BIT(EVIDENCE_EXTERNAL_FACING),
                       soldered = bits("root-port hot-plug-in-d3 controller-below soldered"),
                       against = bits("usb4 firmware-unclear firmware-contradicts");
        enum record_reason why;

        (void)state;
        for (uint32_t evidence = 0; evidence < POLICY_EVIDENCE_BIT(EVIDENCE_MAX); evidence++) {
                bool external = policy_evidence_external(evidence, &why);

                if ((evidence & soldered) == soldered && !(evidence & against))
                        assert_false(external);
                else if (evidence & hotplug)
                        assert_int_equal(!external, (evidence & ~silent) == (hotplug | others));
                else if (evidence & marked)
                        assert_true(external);
        }
}

/* Each fact gives its evidence, and no other. */
static void test_facts(void **state)
{
        struct event_port found = { .port_type = 4 };

        (void)state;
        assert_int_equal(policy_evidence_gather(&found), bits("root-port"));
        found = (struct event_port){ .port_type = 6, .slot_cap = UINT32_MAX };
        assert_int_equal(policy_evidence_gather(&found), bits("downstream-port"));
        found.slot = true;
        found.slot_cap = MODEL_SLOT_CAP_HPC;
        assert_int_equal(policy_evidence_gather(&found), bits("downstream-port slot hot-plug"));
        found.slot_cap = MODEL_SLOT_CAP_HPS;
        assert_int_equal(policy_evidence_gather(&found), bits("downstream-port slot surprise"));
        found.slot_cap = MODEL_SLOT_CAP_ABP;
        assert_int_equal(policy_evidence_gather(&found),
                         bits("downstream-port slot attention-button"));
        found = (struct event_port){ .firmware = { .external_facing = true, .others = true } };
        assert_int_equal(policy_evidence_gather(&found), bits("external-facing"));
        found.firmware = (struct event_firmware){ .others = true, .described = true };
        assert_int_equal(policy_evidence_gather(&found), bits("others-marked"));
        found.firmware = (struct event_firmware){ .hotplug_d3 = true };
        assert_int_equal(policy_evidence_gather(&found), bits("hot-plug-in-d3"));
        found.firmware = (struct event_firmware){ .usb4 = true };
        assert_int_equal(policy_evidence_gather(&found), bits("usb4"));
        found.firmware = (struct event_firmware){ .soldered = true };
        assert_int_equal(policy_evidence_gather(&found), bits("soldered"));
        found.firmware = (struct event_firmware){ .unclear = true };
        assert_int_equal(policy_evidence_gather(&found), bits("firmware-unclear"));
        found.firmware = (struct event_firmware){ .contradicts = true };
        assert_int_equal(policy_evidence_gather(&found), bits("firmware-contradicts"));
        found = (struct event_port){ .controller_beside = true };
        assert_int_equal(policy_evidence_gather(&found), bits("controller-beside"));
        found = (struct event_port){ .controller_below = true };
        assert_int_equal(policy_evidence_gather(&found), bits("controller-below"));
        found = (struct event_port){ .child_removable = true };
        assert_int_equal(policy_evidence_gather(&found), bits("child-removable"));
}

/* The only thing that spoke for it is unplugged: a port does not open by that. */
static void test_stays_external(void **state)
{
        struct model_port *port;

        (void)state;
        judge_begin(true);
        port = port_add(4, "/a", MODEL_SLOT_CAP_HPC);
        port->found.firmware.others = true;
        port->found.child_removable = true;
        policy_ports_judge(&core, &effects);
        assert_true(port->external);
        port->found.child_removable = false;
        port->judged = false;
        policy_ports_judge(&core, &effects);
        assert_true(port->external);
        assert_int_equal(port->why, REASON_HOTPLUG_CAPABLE);
        assert_int_equal(port->evidence, bits("slot hot-plug others-marked"));
        assert_int_equal(effects.record_count, 0);
}

/* Named by the operator, it is external whatever speaks against it; left out, it is not, whatever speaks for it. */
static void test_configuration_wins(void **state)
{
        struct model_port *named, *left_out;

        (void)state;
        judge_begin(false);
        named = port_add(4, "/a", 0);
        named->found.firmware.others = true;
        left_out = port_add(5, "/b", MODEL_SLOT_CAP_HPC);
        left_out->found.firmware.external_facing = true;
        core.config.selectors[0] = (struct event_selector){ .kind = SELECTOR_PATH, .path = "/a" };
        core.config.selector_count = 1;
        policy_ports_judge(&core, &effects);
        assert_true(named->external);
        assert_int_equal(named->why, REASON_CONFIGURED);
        assert_int_equal(named->evidence, bits("others-marked configured"));
        assert_false(left_out->external);
        assert_int_equal(left_out->why, REASON_NOT_CONFIGURED);
        assert_int_equal(left_out->evidence, bits("slot hot-plug external-facing"));
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

/* An external port that the configuration does not want any more: each thing that its release has to wait for. */
static void test_release(void **state)
{
        (void)state;
        for (int i = 0; i < 7; i++) {
                struct model_port *port = &core.ports[0];

                memset(&core, 0, sizeof core);
                memset(&effects, 0, sizeof effects);
                core.configured = true;
                core.port_count = 1;
                port->found.sbdf = BASE_SBDF(0, 0, 4, 0);
                port->external = port->inventory_fresh = true;
                port->why = REASON_HOTPLUG_CAPABLE;
                port->closed = true;
                port->inventory_fresh = i != 1;
                port->token = i == 2;
                port->request = i == 3;
                port->leaving = i == 4;
                port->owners_due = i == 5;
                if (i == 6)
                        assert_non_null(model_function_add(&core, port, BASE_SBDF(0, 1, 0, 0)));
                policy_ports_judge(&core, &effects);
                assert_int_equal(port->external, i != 0);
                assert_int_equal(port->judged, i == 0);
                assert_int_equal(port->why, i == 0 ? REASON_NOT_CONFIGURED : REASON_OCCUPIED);
                assert_int_equal(port->closed, i != 0); /* forgotten: nothing of it counts */
                assert_int_equal(effects.record_count, i == 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_platform_weakness),
                cmocka_unit_test(test_platform_is_told_once),
                cmocka_unit_test(test_source_validation),
                cmocka_unit_test(test_automatic),
                cmocka_unit_test(test_verdicts),
                cmocka_unit_test(test_closed_in_doubt),
                cmocka_unit_test(test_facts),
                cmocka_unit_test(test_stays_external),
                cmocka_unit_test(test_configuration_wins),
                cmocka_unit_test(test_selectors),
                cmocka_unit_test(test_below_external),
                cmocka_unit_test(test_release),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
