/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each check of the audit, one fact at a time: good, bad and unknown. The golden folder is the only argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/policy/finding.h"
#include "core/report/report.h"
#include "world/world.h"

#define FUNCTION BASE_SBDF(0, 1, 0, 0)

static const char *golden_folder;
static struct core core; /* too large for the stack */
static struct event_machine machine;
static struct model_port *port;

static int good(void **state)
{
        (void)state;
        world_core_fill(&core);
        port = &core.ports[0];
        port->found.acs_cap = 0x100;
        port->registers.acs_control = 0x1f;
        port->state = STATE_QUARANTINED;
        world_core_function(&core, FUNCTION);
        core.discovered = true;
        core.platform = (struct event_platform){ .iommu = IOMMU_VTD,
                                                 .xen = FACT_YES,
                                                 .iommu_on = FACT_YES,
                                                 .intremap = FACT_YES,
                                                 .ats = FACT_NO,
                                                 .passthrough = FACT_NO,
                                                 .quarantine = QUARANTINE_BASIC,
                                                 .xen_major = 4,
                                                 .xen_minor = 19 };
        machine = (struct event_machine){ .linux_major = 7,
                                          .linux_minor = 2,
                                          .lockdown = FACT_NO,
                                          .acpiphp = FACT_NO,
                                          .boltd = FACT_NO,
                                          .udev = FACT_YES,
                                          .udev_rules = FACT_YES,
                                          .thunderbolt = THUNDERBOLT_ABSENT,
                                          .drivers_known = true,
                                          .cardbus_known = true };
        return 0;
}

/* The verdict of a check about a subject; "" where there is no such line. */
static const char *verdict_about(const char *check, const char *subject)
{
        static struct report_row row;

        for (uint32_t i = 0; report_audit_row(&core, &machine, i, &row); i++)
                if (strcmp(report_row_value(&row, "check"), check) == 0 &&
                    (!subject || strcmp(report_row_value(&row, "subject"), subject) == 0))
                        return report_row_value(&row, "verdict");
        return "";
}

#define EXPECT(check, verdict) assert_string_equal(verdict_about(check, NULL), verdict)

static void test_all_good(void **state)
{
        struct report_row row;
        uint32_t i = 0;

        (void)state;
        for (; report_audit_row(&core, &machine, i, &row); i++) {
                assert_string_equal(report_row_value(&row, "verdict"), "ok");
                assert_string_equal(report_row_value(&row, "todo"), "");
                assert_string_not_equal(report_row_value(&row, "what"), "");
                assert_string_not_equal(report_row_value(&row, "why"), "");
        }
        assert_true(i > 15);
        assert_int_equal(row.count, 0);
}

/* What nobody knows is weak, and says so; what is about ports is broken where no port is known to be guarded. */
static void test_nothing_known(void **state)
{
        static const char *const broken[] = { "ports" };
        struct report_row row;

        (void)state;
        memset(&core, 0, sizeof core);
        memset(&machine, 0, sizeof machine);
        for (uint32_t i = 0; report_audit_row(&core, &machine, i, &row); i++) {
                bool wrong = strcmp(report_row_value(&row, "check"), broken[0]) == 0;

                assert_string_equal(report_row_value(&row, "verdict"), wrong ? "broken" : "weak");
                if (!wrong)
                        assert_string_equal(report_row_value(&row, "what"), "unknown");
                assert_string_not_equal(report_row_value(&row, "todo"), "");
        }
}

/* Facts of the platform that must be so, or door 2 does not hold. */
static void test_platform(void **state)
{
        static const struct {
                const char *check;
                size_t offset;
                enum event_fact bad;
        } facts[] = {
                { "xen", offsetof(struct event_platform, xen), FACT_NO },
                { "iommu", offsetof(struct event_platform, iommu_on), FACT_NO },
                { "interrupt-remapping", offsetof(struct event_platform, intremap), FACT_NO },
                { "ats", offsetof(struct event_platform, ats), FACT_YES },
                { "dom0-iommu", offsetof(struct event_platform, passthrough), FACT_YES },
        };

        (void)state;
        for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
                enum event_fact *fact =
                        (enum event_fact *)(void *)((char *)&core.platform + facts[i].offset);

                EXPECT(facts[i].check, "ok");
                *fact = FACT_UNKNOWN;
                EXPECT(facts[i].check, "weak");
                *fact = facts[i].bad;
                EXPECT(facts[i].check, "broken");
        }
        core.platform.iommu = IOMMU_UNKNOWN;
        EXPECT("iommu-tables", "weak");
        core.platform.iommu = IOMMU_AMD;
        EXPECT("iommu-tables", "broken");
        core.platform.coverage.known = true;
        EXPECT("iommu-tables", "ok");
}

/* AMD-Vi: each requester ID of the bus range has to be covered, and to be reserved. */
static void test_requesters(void **state)
{
        struct event_coverage *coverage = &core.platform.coverage;

        (void)state;
        EXPECT("iommu-coverage", "ok");
        EXPECT("reserved", "ok");
        core.platform.iommu = IOMMU_AMD;
        coverage->known = true;
        coverage->count = 1;
        coverage->ranges[0] = (struct event_range){ 0, 0xffff };
        EXPECT("iommu-coverage", "ok");
        EXPECT("reserved", "weak");
        memset(port->reserved, 0xff, sizeof port->reserved);
        EXPECT("reserved", "ok");
        port->reserved[0] &= ~UINT64_C(4); /* bus 2 */
        EXPECT("reserved", "weak");
        coverage->ranges[0].last = BASE_SBDF(0, 4, 31, 6);
        EXPECT("iommu-coverage", "broken");
        coverage->ranges[0].first = BASE_SBDF(0, 5, 0, 0);
        coverage->ranges[0].last = BASE_SBDF(0, 5, 31, 7);
        EXPECT("iommu-coverage", "broken");
        EXPECT("reserved", "weak");
        core.platform.iommu = IOMMU_UNKNOWN;
        EXPECT("iommu-coverage", "weak");
        EXPECT("reserved", "weak");
}

static void test_quarantine(void **state)
{
        static const char *const verdicts[QUARANTINE_MAX] = { [QUARANTINE_UNKNOWN] = "weak",
                                                              [QUARANTINE_OFF] = "weak",
                                                              [QUARANTINE_BASIC] = "ok",
                                                              [QUARANTINE_SCRATCH] = "ok" };

        (void)state;
        for (int i = 0; i < QUARANTINE_MAX; i++) {
                core.platform.quarantine = (enum event_quarantine)i;
                EXPECT("quarantine", verdicts[i]);
        }
}

static void test_versions(void **state)
{
        static const struct {
                uint16_t major, minor;
                const char *xen, *kernel, *autoprobe;
        } versions[] = {
                { 4, 16, "weak", "weak", "weak" }, { 4, 17, "weak", "weak", "weak" },
                { 4, 18, "weak", "weak", "weak" }, { 4, 19, "ok", "weak", "weak" },
                { 4, 21, "ok", "weak", "weak" },   { 4, 22, "weak", "weak", "weak" },
                { 5, 0, "weak", "weak", "weak" },  { 6, 1, "weak", "weak", "weak" },
                { 6, 12, "weak", "ok", "weak" },   { 7, 1, "weak", "weak", "weak" },
                { 7, 2, "weak", "ok", "ok" },      { 7, 3, "weak", "weak", "ok" },
                { 0, 0, "weak", "weak", "weak" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
                core.platform.xen_major = machine.linux_major = versions[i].major;
                core.platform.xen_minor = machine.linux_minor = versions[i].minor;
                EXPECT("xen-version", versions[i].xen);
                EXPECT("linux-version", versions[i].kernel);
                EXPECT("autoprobe", versions[i].autoprobe);
        }
}

static void test_machine(void **state)
{
        (void)state;
        machine.lockdown = FACT_YES;
        EXPECT("lockdown", "broken"); /* door 1 cannot be shut */
        machine.acpiphp = FACT_YES;
        EXPECT("acpiphp", "weak");
        machine.boltd = FACT_YES;
        EXPECT("boltd", "weak");
        machine.udev_rules = FACT_NO;
        EXPECT("modules", "weak");
        machine.udev = FACT_NO; /* nobody loads anything */
        EXPECT("modules", "ok");
        machine.udev_rules = FACT_UNKNOWN;
        EXPECT("modules", "weak");
        machine.modules = FACT_NO;
        EXPECT("modules", "ok");
        machine.thunderbolt = THUNDERBOLT_UNGUARDED;
        EXPECT("thunderbolt", "weak");
        machine.thunderbolt = THUNDERBOLT_GUARDED;
        EXPECT("thunderbolt", "ok");
        machine.thunderbolt = THUNDERBOLT_NO_TUNNELS;
        EXPECT("thunderbolt", "ok");
        machine.thunderbolt = THUNDERBOLT_UNKNOWN;
        EXPECT("thunderbolt", "weak");
        machine.built_in = 2;
        EXPECT("built-in-drivers", "weak");
        core.overflowed = true;
        EXPECT("ports", "broken");
}

/* Only a locker that has told logind is known to do so; where nothing waits nobody has to be there. */
static void test_session(void **state)
{
        (void)state;
        EXPECT("session", "ok");
        machine.thunderbolt = THUNDERBOLT_UNKNOWN;
        EXPECT("session", "weak");
        machine.thunderbolt = THUNDERBOLT_UNGUARDED;
        EXPECT("session", "ok");
        machine.thunderbolt = THUNDERBOLT_GUARDED;
        EXPECT("session", "weak"); /* not told yet */
        core.session = SESSION_NONE;
        core.session_why = REASON_NO_LOGIND;
        EXPECT("session", "weak");
        core.session = SESSION_UNLOCKED;
        core.session_why = REASON_PRESENT;
        EXPECT("session", "weak");
        core.locked_hint = true;
        EXPECT("session", "ok");
        core.session = SESSION_UNKNOWN;
        EXPECT("session", "weak");
        core.config.while_locked = true;
        EXPECT("session", "ok");
}

/* A socket that no port guards is a hole, unless what says that it is one hangs below a guarded port. */
static void test_cardbus(void **state)
{
        (void)state;
        machine.cardbus_count = 1;
        machine.cardbus[0] = BASE_SBDF(0, 6, 0, 0);
        EXPECT("cardbus", "broken");
        machine.cardbus[0] = FUNCTION;
        EXPECT("cardbus", "ok");
        machine.cardbus_known = false;
        EXPECT("cardbus", "weak");
        machine.cardbus_count = 2;
        machine.cardbus[1] = BASE_SBDF(0, 6, 0, 0);
        EXPECT("cardbus", "broken");
}

static void test_gate(void **state)
{
        bool *const facts[] = { &port->closed, &port->registers.pcieport, &port->registers.readable,
                                &port->read_once };

        (void)state;
        for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
                *facts[i] = false;
                EXPECT("gate", "broken");
                *facts[i] = true;
                EXPECT("gate", "ok");
        }
        port->registers.pciehp = true;
        EXPECT("gate", "broken");
        port->external = false; /* none of ours: not told */
        EXPECT("gate", "");
}

static void test_acs(void **state)
{
        (void)state;
        for (uint16_t bit = 0x02; bit <= 0x10; bit = (uint16_t)(bit << 1)) {
                port->registers.acs_control = (uint16_t)(0x1f & ~bit);
                EXPECT("acs-redirect", "weak");
                EXPECT("acs-source-validation", "ok");
        }
        port->registers.acs_control = 0x1e;
        EXPECT("acs-source-validation", "broken");
        EXPECT("acs-redirect", "ok");
        port->registers.acs_control = 0x1f;
        port->found.acs_cap = 0;
        EXPECT("acs-source-validation", "broken");
        EXPECT("acs-redirect", "weak");
        port->registers.readable = false;
        EXPECT("acs-source-validation", "weak");
        EXPECT("acs-redirect", "weak");
}

static void test_findings(void **state)
{
        (void)state;
        EXPECT("taint", "ok");
        EXPECT("findings", "");
        port->tainted = true;
        EXPECT("taint", "weak");
        core.platform.iommu = IOMMU_AMD;
        EXPECT("taint", "ok");
        core.functions[0].facts.capabilities = EVENT_CAPABILITY_BIT(CAPABILITY_ATS);
        EXPECT("findings", "");
        core.functions[0].facts.enabled = EVENT_CAPABILITY_BIT(CAPABILITY_ATS);
        EXPECT("findings", "weak");
        core.config.forgiven = 1u << FINDING_ATS_ENABLED;
        EXPECT("findings", "");
        core.functions[0].facts.readable = false;
        EXPECT("findings", "weak");
        core.functions[0].listed = false; /* known to Xen only: nobody has read it */
        EXPECT("findings", "");
}

static void test_below(void **state)
{
        (void)state;
        port->state = STATE_CONTAINED;
        port->reason = REASON_QUARANTINE_REFUSED;
        EXPECT("below", "broken");
        port->state = STATE_STARTING;
        EXPECT("below", "weak");
        port->state = STATE_EMPTY;
        EXPECT("below", "ok");
        EXPECT("at-boot", "");
        world_core_function(&core, BASE_SBDF(0, 1, 0, 1))->at_boot = true;
        assert_string_equal(verdict_about("at-boot", "0000:01:00.1"), "weak");
        assert_string_equal(verdict_about("at-boot", "0000:01:00.0"), "");
}

/* Checks of each port stand together, and those of the second are about the second. */
static void test_two_ports(void **state)
{
        (void)state;
        core.ports[2] = core.ports[1] = core.ports[0];
        core.port_count = 3;
        core.ports[1].external = false;
        core.ports[2].found.sbdf = BASE_SBDF(0, 0, 6, 0);
        core.ports[2].closed = false;
        assert_string_equal(verdict_about("gate", "0000:00:04.0"), "ok");
        assert_string_equal(verdict_about("gate", "0000:00:06.0"), "broken");
        assert_string_equal(verdict_about("acs-redirect", "0000:00:06.0"), "ok");
}

/* Every text, once in a bad machine. */
static void test_golden(void **state)
{
        static char made[32768], expected[sizeof made];
        struct base_text text = base_text_on(made, sizeof made);
        struct report_row row;
        char path[512];
        size_t length = 0;
        FILE *file;

        (void)state;
        core.platform = (struct event_platform){ .xen = FACT_YES,
                                                 .xen_major = 4,
                                                 .xen_minor = 17,
                                                 .ats = FACT_YES,
                                                 .quarantine = QUARANTINE_OFF };
        machine = (struct event_machine){ .linux_major = 6,
                                          .linux_minor = 1,
                                          .built_in = 3,
                                          .drivers_known = true,
                                          .built_in_first = "e\033vil",
                                          .acpiphp = FACT_YES,
                                          .boltd = FACT_YES,
                                          .udev = FACT_YES,
                                          .udev_rules = FACT_NO,
                                          .lockdown = FACT_YES,
                                          .cardbus_count = 1,
                                          .thunderbolt = THUNDERBOLT_UNGUARDED };
        port->closed = false;
        port->registers.acs_control = 0;
        core.functions[0].at_boot = true;
        core.functions[0].facts.malformed = true;
        port->tainted = true;
        for (uint32_t i = 0; report_audit_row(&core, &machine, i, &row); i++)
                for (uint32_t j = 0; j < row.count; j++) {
                        base_text_add(&text, row.fields[j].value);
                        base_text_add(&text, j + 1 < row.count ? " | " : "\n");
                }
        assert_false(text.truncated);
        (void)snprintf(path, sizeof path, "%s/audit.txt", golden_folder);
        file = fopen(path, getenv("GOLDEN_WRITE") ? "we" : "re");
        assert_non_null(file);
        if (getenv("GOLDEN_WRITE"))
                assert_true(fputs(made, file) >= 0);
        else
                length = fread(expected, 1, sizeof expected - 1, file);
        (void)fclose(file);
        expected[length] = '\0';
        if (!getenv("GOLDEN_WRITE"))
                assert_string_equal(made, expected);
}

#define TEST(name) cmocka_unit_test_setup(name, good)

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                TEST(test_session),   TEST(test_all_good),   TEST(test_nothing_known),
                TEST(test_platform),  TEST(test_requesters), TEST(test_quarantine),
                TEST(test_versions),  TEST(test_machine),    TEST(test_cardbus),
                TEST(test_gate),      TEST(test_acs),        TEST(test_below),
                TEST(test_two_ports), TEST(test_golden),     TEST(test_findings),
        };

        if (argc != 2)
                return EXIT_FAILURE;
        golden_folder = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
