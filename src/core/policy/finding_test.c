/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings: what contradicts itself, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/policy/finding.h"

static uint32_t header(uint8_t type, uint32_t class)
{
        struct event_function function = { .header_type = type, .class = class, .readable = true };

        return policy_findings_gather(&function);
}

static void test_header_class(void **state)
{
        const uint32_t wrong = 1u << FINDING_HEADER_CLASS;

        (void)state;
        assert_int_equal(header(0x00, 0x010802), 0);
        assert_int_equal(header(0x80, 0x020000), 0);
        assert_int_equal(header(0x00, 0x060000), 0);
        assert_int_equal(header(0x01, 0x060400), 0);
        assert_int_equal(header(0x81, 0x060401), 0);
        assert_int_equal(header(0x01, 0x060940), 0);
        assert_int_equal(header(0x02, 0x060700), 0);
        assert_int_equal(header(0x00, 0x060400), wrong);
        assert_int_equal(header(0x00, 0x060700), wrong);
        assert_int_equal(header(0x01, 0x010802), wrong);
        assert_int_equal(header(0x01, 0x060700), wrong);
        assert_int_equal(header(0x02, 0x060400), wrong);
        assert_int_equal(header(0x03, 0x060400), wrong);
        assert_int_equal(header(0x7f, 0x020000), wrong);
}

static void test_bits(void **state)
{
        struct event_function function = { .readable = true };

        (void)state;
        assert_int_equal(policy_findings_gather(&function), 0);
        function.malformed = true;
        assert_int_equal(policy_findings_gather(&function), 1u << FINDING_MALFORMED);
        function = (struct event_function){ .readable = true, .changed = true };
        assert_int_equal(policy_findings_gather(&function), 1u << FINDING_CHANGED);
        function = (struct event_function){ .readable = true, .conventional = true };
        assert_int_equal(policy_findings_gather(&function), 1u << FINDING_CONVENTIONAL);
        function = (struct event_function){ .readable = true, .type_wrong = true };
        assert_int_equal(policy_findings_gather(&function), 1u << FINDING_PORT_TYPE);
        function = (struct event_function){ .malformed = true, .header_type = 0xff };
        assert_int_equal(policy_findings_gather(&function), 1u << FINDING_UNREADABLE);
}

/* Each word, by its own fact alone: facts that are set for one finding cause no other. */
static void test_each(void **state)
{
        static const struct {
                struct event_function facts;
                const char *names;
        } all[] = {
                { { .inconsistent = true }, "inconsistent" },
                { { .pci_bridge = true }, "pci-bridge" },
                { { .buses_wrong = true }, "bus-numbers" },
                { { .bars_overlap = true }, "bar-overlap" },
                { { .bars_outside = true }, "bar-outside" },
                { { .capabilities = EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X) }, "" },
                { { .enabled = EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X) }, "msix-masked" },
                { { .capabilities = EVENT_CAPABILITY_BIT(CAPABILITY_PHANTOM) }, "phantom" },
                { { .enabled = EVENT_CAPABILITY_BIT(CAPABILITY_PHANTOM) }, "phantom-enabled" },
                { { .capabilities = EVENT_CAPABILITY_BIT(CAPABILITY_SR_IOV) }, "sr-iov" },
                { { .enabled = EVENT_CAPABILITY_BIT(CAPABILITY_SR_IOV) }, "sr-iov-enabled" },
                { { .capabilities = EVENT_CAPABILITY_BIT(CAPABILITY_ATS) }, "ats" },
                { { .enabled = EVENT_CAPABILITY_BIT(CAPABILITY_ATS) }, "ats-enabled" },
                { { .capabilities = EVENT_CAPABILITY_BIT(CAPABILITY_PRI) }, "pri" },
                { { .enabled = EVENT_CAPABILITY_BIT(CAPABILITY_PRI) }, "pri-enabled" },
                { { .capabilities = EVENT_CAPABILITY_BIT(CAPABILITY_PASID) }, "pasid" },
                { { .enabled = EVENT_CAPABILITY_BIT(CAPABILITY_PASID) }, "pasid-enabled" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                struct event_function facts = all[i].facts;
                enum policy_finding finding;
                uint32_t expected = 0;

                facts.readable = true;
                if (policy_finding_find(all[i].names, strlen(all[i].names), &finding))
                        expected = 1u << finding;
                else
                        assert_string_equal(all[i].names, "");
                assert_int_equal(policy_findings_gather(&facts), expected);
                facts.readable = false;
                assert_int_equal(policy_findings_gather(&facts), 1u << FINDING_UNREADABLE);
        }
}

static void test_names(void **state)
{
        enum policy_finding found = FINDING_MAX;

        (void)state;
        for (enum policy_finding i = 0; i < FINDING_MAX; i++) {
                const struct policy_finding_info *info = policy_finding_get(i);

                assert_true(policy_finding_find(info->name, strlen(info->name), &found));
                assert_int_equal(found, i);
                assert_true(strlen(info->meaning) > 0 && strlen(info->consequence) > 0);
        }
        assert_false(policy_finding_find("malforme", 8, &found));
        assert_false(policy_finding_find("", 0, &found));
        assert_int_equal(found, FINDING_MAX - 1);
        assert_string_equal(policy_finding_get(FINDING_UNREADABLE)->name, "unreadable");
        assert_string_equal(policy_finding_get(FINDING_PORT_TYPE)->name, "port-type");
}

static void test_severity(void **state)
{
        const uint32_t info = 1u << FINDING_SR_IOV | 1u << FINDING_ATS | 1u << FINDING_PRI |
                              1u << FINDING_PASID,
                       warning = 1u << FINDING_CONVENTIONAL | 1u << FINDING_PCI_BRIDGE |
                                 1u << FINDING_PHANTOM,
                       all = (1u << FINDING_MAX) - 1;

        (void)state;
        assert_int_equal(policy_findings_worse(all, SEVERITY_INFO), all);
        assert_int_equal(policy_findings_worse(all, SEVERITY_WARNING), all & ~info);
        assert_int_equal(policy_findings_worse(all, SEVERITY_DANGEROUS), all & ~info & ~warning);
        assert_int_equal(policy_findings_worse(warning, SEVERITY_DANGEROUS), 0);
        assert_string_equal(policy_severity_name(SEVERITY_INFO), "info");
        assert_string_equal(policy_severity_name(SEVERITY_WARNING), "warning");
        assert_string_equal(policy_severity_name(SEVERITY_DANGEROUS), "dangerous");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_header_class), cmocka_unit_test(test_bits),
                cmocka_unit_test(test_each),         cmocka_unit_test(test_names),
                cmocka_unit_test(test_severity),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
