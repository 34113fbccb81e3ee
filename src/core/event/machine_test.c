/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0's kernel says of itself: each word, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/event/parse.h"

static void test_autoprobe(void **state)
{
        (void)state;
        assert_false(event_linux_autoprobe(0, 0));
        assert_false(event_linux_autoprobe(6, 12));
        assert_false(event_linux_autoprobe(7, 1));
        assert_true(event_linux_autoprobe(7, 2));
        assert_true(event_linux_autoprobe(8, 0));
}

static void test_linux(void **state)
{
        static const char *const bad[] = {
                "",     "6",       "6.",      ".1",   "x.1", "6.x",           "0.1",
                "-6.1", "65536.1", "6.65536", " 6.1", "6,1", "99999999999.1", "6.123456"
        };
        uint16_t major = 1, minor = 1;

        (void)state;
        assert_true(event_linux_parse("6.1.0-25-amd64", 14, &major, &minor));
        assert_int_equal(major, 6);
        assert_int_equal(minor, 1);
        assert_true(event_linux_parse("7.12-rc1", 8, &major, &minor));
        assert_int_equal(minor, 12);
        assert_true(event_linux_parse("65535.65535", 11, &major, &minor));
        assert_int_equal(minor, 65535);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                major = minor = 1;
                assert_false(event_linux_parse(bad[i], strlen(bad[i]), &major, &minor));
                assert_int_equal(major, 0);
                assert_int_equal(minor, 0);
        }
}

static enum event_fact lockdown(const char *text)
{
        return event_lockdown_parse(text, strlen(text));
}

static void test_lockdown(void **state)
{
        (void)state;
        assert_int_equal(lockdown("[none] integrity confidentiality\n"), FACT_NO);
        assert_int_equal(lockdown("none [integrity] confidentiality\n"), FACT_YES);
        assert_int_equal(lockdown("none integrity [confidentiality]\n"), FACT_YES);
        assert_int_equal(lockdown("none [more] confidentiality\n"), FACT_YES);
        assert_int_equal(lockdown("none integrity confidentiality\n"), FACT_UNKNOWN);
        assert_int_equal(lockdown("[none"), FACT_UNKNOWN);
        assert_int_equal(lockdown("[]"), FACT_UNKNOWN);
        assert_int_equal(lockdown(""), FACT_UNKNOWN);
}

static void test_parameter(void **state)
{
        (void)state;
        assert_int_equal(event_parameter_parse("Y\n", 2), FACT_YES);
        assert_int_equal(event_parameter_parse("N", 1), FACT_NO);
        assert_int_equal(event_parameter_parse("1\n", 2), FACT_YES);
        assert_int_equal(event_parameter_parse("0\n", 2), FACT_NO);
        assert_int_equal(event_parameter_parse("2\n", 2), FACT_UNKNOWN);
        assert_int_equal(event_parameter_parse("", 0), FACT_UNKNOWN);
}

static void test_quarantine(void **state)
{
        static const struct {
                const char *text;
                enum event_quarantine quarantine;
        } all[] = { { "", QUARANTINE_BASIC },
                    { "iommu=verbose", QUARANTINE_BASIC },
                    { "iommu=quarantine", QUARANTINE_BASIC },
                    { "iommu=quarantine=on", QUARANTINE_BASIC },
                    { "iommu=no-quarantine,verbose", QUARANTINE_OFF },
                    { "iommu=quarantine=off", QUARANTINE_OFF },
                    { "iommu=quarantine=scratch-page", QUARANTINE_SCRATCH },
                    { "dom0-iommu=quarantine=off", QUARANTINE_BASIC },
                    { "iommu=quarantine=off iommu=quarantine=basic", QUARANTINE_BASIC } };

        (void)state;
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                struct event_platform platform = { 0 };

                event_cmdline_parse(all[i].text, strlen(all[i].text), &platform);
                assert_int_equal(platform.quarantine, all[i].quarantine);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_autoprobe),  cmocka_unit_test(test_linux),
                cmocka_unit_test(test_lockdown),   cmocka_unit_test(test_parameter),
                cmocka_unit_test(test_quarantine),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
