/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport.conf: what is accepted, and where and why the rest is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/sbdf.h"
#include "core/policy/config.h"
#include "core/policy/finding.h"

#define PATH_A "/sys/devices/pci0000:00/0000:00:04.0"

static void parsed(const char *text, struct event_config *config)
{
        struct policy_diagnosis diagnosis = { .message = "" };
        bool good = policy_config_parse(text, strlen(text), config, &diagnosis);

        if (!good)
                fail_msg("rejected at %u:%u: %s", diagnosis.line, diagnosis.column,
                         diagnosis.message);
}

static void test_default(void **state)
{
        struct event_config config, same;

        (void)state;
        policy_config_default(&config);
        assert_true(config.auto_ports);
        assert_int_equal(config.selector_count, 0);
        assert_int_equal(config.poll_interval_ms, 100);
        assert_string_equal(config.run_directory, "/run/sallyport");
        assert_string_equal(config.state_directory, "/var/lib/sallyport");
        same = config;
        parsed("", &config);
        parsed("\n\n# External=x\n ; [Nonsense\n[Ports]\n[Watch]  \n", &config);
        assert_memory_equal(&config, &same, sizeof config);
}

static void test_everything(void **state)
{
        struct event_config config;

        (void)state;
        policy_config_default(&config);
        parsed("[Ports]\nExternal = 0000:00:04.0\t00:1C.5  " PATH_A "\nExternal=auto\n"
               "  [Watch]\nPollIntervalMs\t=\t10000 \n[Paths]\nRunDirectory=/run/x\n"
               "StateDirectory=/a b",
               &config);
        assert_true(config.auto_ports);
        assert_int_equal(config.selector_count, 3);
        assert_int_equal(config.selectors[0].kind, SELECTOR_SBDF);
        assert_int_equal(config.selectors[0].sbdf, BASE_SBDF(0, 0, 4, 0));
        assert_int_equal(config.selectors[1].sbdf, BASE_SBDF(0, 0, 0x1c, 5));
        assert_int_equal(config.selectors[2].kind, SELECTOR_PATH);
        assert_string_equal(config.selectors[2].path, "/devices/pci0000:00/0000:00:04.0");
        assert_int_equal(config.poll_interval_ms, 10000);
        assert_string_equal(config.run_directory, "/run/x");
        assert_string_equal(config.state_directory, "/a b");
}

static void test_drop_in(void **state)
{
        struct event_config config;

        (void)state;
        policy_config_default(&config);
        parsed("[Ports]\nExternal=00:04.0 00:05.0\n[Boot]\nInUse=quarantine\n"
               "[Watch]\nPollIntervalMs=50\n",
               &config);
        assert_false(config.auto_ports);
        assert_int_equal(config.selector_count, 2);
        parsed("[Ports]\nExternal=00:06.0\n", &config);
        assert_int_equal(config.selector_count, 1);
        assert_int_equal(config.selectors[0].sbdf, BASE_SBDF(0, 0, 6, 0));
        assert_int_equal(config.selectors[1].sbdf, 0);
        assert_int_equal(config.poll_interval_ms, 50);
        assert_true(config.in_use_quarantine);
        parsed("[Boot]\nInUse=report\n", &config);
        assert_false(config.in_use_quarantine);
        parsed("[Ports]\nExternal=auto\n", &config);
        assert_true(config.auto_ports);
        assert_int_equal(config.selector_count, 0);
        assert_int_equal(config.forgiven, 0);
        parsed("[Vetting]\nForgive=unreadable  pasid-enabled\n", &config);
        assert_int_equal(config.forgiven, 1u << FINDING_UNREADABLE | 1u << FINDING_PASID_ENABLED);
        parsed("[Vetting]\nForgive=conventional\n", &config);
        assert_int_equal(config.forgiven, 1u << FINDING_CONVENTIONAL);
        parsed("[Vetting]\nForgive=none\n", &config);
        assert_int_equal(config.forgiven, 0);
}

static void test_guests(void **state)
{
        static const struct {
                const char *text;
                enum effect_toolstack toolstack;
        } toolstacks[] = {
                { "[Guests]\nToolstack=virsh\n", TOOLSTACK_VIRSH },
                { "[Guests]\nToolstack = qvm-pci", TOOLSTACK_QVM_PCI },
                { "[Guests]\nToolstack=none", TOOLSTACK_NONE },
                { "[Guests]\nToolstack=xl", TOOLSTACK_XL },
        };
        struct event_config config;

        (void)state;
        policy_config_default(&config);
        assert_int_equal(config.toolstack, TOOLSTACK_XL);
        assert_false(config.pause);
        for (size_t i = 0; i < sizeof toolstacks / sizeof toolstacks[0]; i++) {
                parsed(toolstacks[i].text, &config);
                assert_int_equal(config.toolstack, toolstacks[i].toolstack);
        }
        parsed("[Guests]\nRescanWhileOpen=pause\nToolstack=none\n", &config);
        assert_true(config.pause);
        parsed("[Guests]\nRescanWhileOpen=postpone\n", &config);
        assert_false(config.pause);
        assert_int_equal(config.toolstack, TOOLSTACK_NONE);
}

static void test_while_locked(void **state)
{
        struct event_config config;

        (void)state;
        policy_config_default(&config);
        assert_false(config.while_locked);
        parsed("[Thunderbolt]\nWhileLocked=allow\n", &config);
        assert_true(config.while_locked);
        parsed("[Thunderbolt]\nWhileLocked = hold\n", &config);
        assert_false(config.while_locked);
}

static const struct {
        const char *text;
        uint32_t line, column;
        const char *message;
} rejected[] = {
        { "External=auto", 1, 1,
          "no section for 'External', expected [Ports], [Boot], "
          "[Vetting], [Guests], [Thunderbolt], [Watch] or [Paths] before it" },
        { "\n  [Port]\n", 2, 3,
          "unknown section '[Port]', expected [Ports], [Boot], [Vetting], [Guests], "
          "[Thunderbolt], [Watch] or [Paths]" },
        { "[Ports] #", 1, 1,
          "unknown section '[Ports] #', expected [Ports], [Boot], [Vetting], [Guests], "
          "[Thunderbolt], [Watch] or [Paths]" },
        { "[Ports", 1, 1,
          "unknown section '[Ports', expected [Ports], [Boot], [Vetting], [Guests], "
          "[Thunderbolt], [Watch] or [Paths]" },
        { "[Ports]\nExternl=auto", 2, 1, "unknown key 'Externl' in [Ports], expected External" },
        { "[Boot]\nInuse=report", 2, 1, "unknown key 'Inuse' in [Boot], expected InUse" },
        { "[Boot]\nInUse=Quarantine", 2, 7,
          "not a rule: 'Quarantine', expected report or quarantine" },
        { "[Watch]\nexternal=auto", 2, 1,
          "unknown key 'external' in [Watch], expected PollIntervalMs" },
        { "[Paths]\n External=auto", 2, 2,
          "unknown key 'External' in [Paths], expected RunDirectory or StateDirectory" },
        { "[Vetting]\nforgive=ats", 2, 1, "unknown key 'forgive' in [Vetting], expected Forgive" },
        { "[Vetting]\nForgive=ats at", 2, 13,
          "not a finding: 'at', expected none, or names of findings (sallyport.conf(5))" },
        { "[Vetting]\nForgive=none ats", 2, 9,
          "not a finding: 'none', expected none, or names of findings (sallyport.conf(5))" },
        { "[Vetting]\nForgive=dangerous", 2, 9,
          "not a finding: 'dangerous', expected none, or names of findings (sallyport.conf(5))" },
        { "[Vetting]\nForgive=ats\nForgive=pri", 3, 1,
          "key given twice: 'Forgive', expected once in a file" },
        { "[Guests]\nToolstack=Xl", 2, 11,
          "not a toolstack: 'Xl', expected xl, virsh, qvm-pci or none" },
        { "[Guests]\nToolstack=/usr/sbin/xl", 2, 11,
          "not a toolstack: '/usr/sbin/xl', expected xl, virsh, qvm-pci or none" },
        { "[Guests]\nRescanWhileOpen=no", 2, 17, "not a rule: 'no', expected postpone or pause" },
        { "[Thunderbolt]\nWhileLocked=yes", 2, 13, "not a rule: 'yes', expected hold or allow" },
        { "[Thunderbolt]\nLocked=hold", 2, 1,
          "unknown key 'Locked' in [Thunderbolt], expected WhileLocked" },
        { "[Guests]\nRescan=pause", 2, 1,
          "unknown key 'Rescan' in [Guests], expected Toolstack or RescanWhileOpen" },
        { "[Guests]\nToolstack=xl\nToolstack=xl", 3, 1,
          "key given twice: 'Toolstack', expected once in a file" },
        { "[Ports]\n=auto", 2, 1, "unknown key '' in [Ports], expected External" },
        { "[Ports]\nauto", 2, 1, "no assignment: 'auto', expected Key=value" },
        { "[Ports]\nExternal=  ", 2, 1, "no value for 'External', expected one after '='" },
        { "[Ports]\nExternal=auto 00:04", 2, 15,
          "not a port: '00:04', expected auto, [DDDD:]BB:SS.F or /sys/devices/...DDDD:BB:SS.F" },
        { "[Ports]\nExternal=00:04.0 # mine", 2, 18,
          "not a port: '#', expected auto, [DDDD:]BB:SS.F or /sys/devices/...DDDD:BB:SS.F" },
        { "[Ports]\r\n", 1, 1,
          "unknown section '[Ports]\\x0d', expected [Ports], [Boot], "
          "[Vetting], [Guests], [Thunderbolt], [Watch] or [Paths]" },
        { "[Watch]\nPollIntervalMs=9", 2, 16,
          "not an interval: '9', expected milliseconds from 10 to 10000" },
        { "[Watch]\nPollIntervalMs=10001", 2, 16,
          "not an interval: '10001', expected milliseconds from 10 to 10000" },
        { "[Watch]\nPollIntervalMs=4294967396", 2, 16,
          "not an interval: '4294967396', expected milliseconds from 10 to 10000" },
        { "[Watch]\nPollIntervalMs = 100ms", 2, 18,
          "not an interval: '100ms', expected milliseconds from 10 to 10000" },
        { "[Watch]\nPollIntervalMs=20\nPollIntervalMs=20", 3, 1,
          "key given twice: 'PollIntervalMs', expected once in a file" },
        { "[Paths]\nRunDirectory=run", 2, 14, "not a directory: 'run', expected an absolute path" },
        { "[Paths]\n"
          "RunDirectory=/0123456789012345678901234567890123456789012345678901234567890123456789"
          "0123456789",
          2, 14,
          "directory too long: '/0123456789012345678901234567890123456789012345...',"
          " expected at most 79 bytes" },
};

static void test_rejected(void **state)
{
        struct event_config before, config;

        (void)state;
        policy_config_default(&before);
        for (size_t i = 0; i < sizeof rejected / sizeof rejected[0]; i++) {
                struct policy_diagnosis diagnosis = { .line = 0 };

                config = before;
                assert_false(policy_config_parse(rejected[i].text, strlen(rejected[i].text),
                                                 &config, &diagnosis));
                assert_string_equal(diagnosis.message, rejected[i].message);
                assert_int_equal(diagnosis.line, rejected[i].line);
                assert_int_equal(diagnosis.column, rejected[i].column);
                assert_memory_equal(&config, &before, sizeof config);
        }
}

static void test_nul_rejected(void **state)
{
        static const char text[] = "# a comment\n# with\0a NUL byte";
        struct policy_diagnosis diagnosis = { .line = 0 };
        struct event_config config;

        (void)state;
        policy_config_default(&config);
        assert_false(policy_config_parse(text, sizeof text - 1, &config, &diagnosis));
        assert_string_equal(diagnosis.message, "NUL byte: '\\x00', expected text");
        assert_int_equal(diagnosis.line, 2);
        assert_int_equal(diagnosis.column, 7);
}

/* Spellings that the kernel never uses would match nothing, and leave a port unguarded. */
static void test_path_spelling(void **state)
{
        static const char *const paths[] = {
                "/devices/pci0000:00/0000:00:04.0",
                "/sys/devices",
                "/sys/devices/",
                "/sys/devices/pci0000:00",
                "/sys/devices/pci0000:00/0000:00:04.0/",
                "/sys/devices/pci0000:00//0000:00:04.0",
                "/sys/devices//pci0000:00/0000:00:04.0",
                "/sys/devices/pci0000:00/../0000:00:04.0",
                "/sys/devices/./pci0000:00/0000:00:04.0",
                "/sys/devices/pci0000:00/00:04.0",
                "/sys/devices/pci0000:00/0000:00:1C.0",
                "/sys/bus/pci/devices/0000:00:04.0",
                "/system/devices/pci0000:00/0000:00:04.0",
        };

        (void)state;
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
                char text[128] = "[Ports]\nExternal=";
                struct policy_diagnosis diagnosis = { .line = 0 };
                struct event_config config;

                strncat(text, paths[i], sizeof text - strlen(text) - 1);
                policy_config_default(&config);
                if (policy_config_parse(text, strlen(text), &config, &diagnosis))
                        fail_msg("accepted %s", paths[i]);
                assert_int_equal(diagnosis.line, 2);
                assert_int_equal(diagnosis.column, 10);
        }
}

static void test_selector_limit(void **state)
{
        char text[LIMIT_SELECTORS * 8 + 64] = "[Ports]\nExternal=";
        struct policy_diagnosis diagnosis = { .line = 0 };
        struct event_config config;

        (void)state;
        for (size_t i = 0; i < LIMIT_SELECTORS; i++)
                memcpy(text + 17 + 8 * i, "00:04.0 ", 9);
        policy_config_default(&config);
        parsed(text, &config);
        assert_int_equal(config.selector_count, LIMIT_SELECTORS);
        memcpy(text + 17 + 8ul * LIMIT_SELECTORS, "00:05.0", 8);
        assert_false(policy_config_parse(text, strlen(text), &config, &diagnosis));
        assert_int_equal(diagnosis.column, 10 + 8 * LIMIT_SELECTORS);
        assert_string_equal(diagnosis.message,
                            "one port too many: '00:05.0', expected at most 32 of them, or auto");
}

/* Whatever the bytes, the message fits and names a place inside the text. */
static void test_any_bytes(void **state)
{
        char text[64];
        uint32_t seed = 1;

        (void)state;
        for (unsigned int round = 0; round < 20000; round++) {
                static const char alphabet[] = "[]Ports=\n#;/ :.0\\\xff\x01";
                struct policy_diagnosis diagnosis = { .line = 1, .column = 1 };
                struct event_config config;

                for (size_t i = 0; i < sizeof text; i++) {
                        seed = seed * 1664525u + 1013904223u;
                        text[i] = alphabet[(seed >> 16) % sizeof alphabet];
                }
                memcpy(text, "[Ports]\nExternal=", round % 2 ? 17 : 0);
                policy_config_default(&config);
                (void)policy_config_parse(text, sizeof text, &config, &diagnosis);
                assert_in_range(diagnosis.line, 1, sizeof text);
                assert_in_range(diagnosis.column, 1, sizeof text);
                assert_true(strlen(diagnosis.message) < sizeof diagnosis.message);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_while_locked),   cmocka_unit_test(test_default),
                cmocka_unit_test(test_everything),     cmocka_unit_test(test_drop_in),
                cmocka_unit_test(test_rejected),       cmocka_unit_test(test_guests),
                cmocka_unit_test(test_nul_rejected),   cmocka_unit_test(test_path_spelling),
                cmocka_unit_test(test_selector_limit), cmocka_unit_test(test_any_bytes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
