/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings: what contradicts itself, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

static void test_names(void **state)
{
        (void)state;
        assert_string_equal(policy_finding_name(FINDING_UNREADABLE), "unreadable");
        assert_string_equal(policy_finding_name(FINDING_MALFORMED), "malformed");
        assert_string_equal(policy_finding_name(FINDING_CHANGED), "changed");
        assert_string_equal(policy_finding_name(FINDING_CONVENTIONAL), "conventional");
        assert_string_equal(policy_finding_name(FINDING_HEADER_CLASS), "header-class");
        assert_string_equal(policy_finding_name(FINDING_PORT_TYPE), "port-type");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_header_class),
                cmocka_unit_test(test_bits),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
