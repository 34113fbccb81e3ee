/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules against facts: what each subject means, which rule decides, and what must be known for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/sbdf.h"
#include "core/policy/finding.h"
#include "core/policy/rules.h"

#define PATH "/devices/pci0000:00/0000:00:04.0"
#define MINUTE(day, hour, minute) ((day)*1440u + (hour)*60u + (minute))

static struct policy_rules rules;
static struct event_function function;
static struct policy_router router;
static struct policy_facts facts;

/* An NVMe disk behind two bridges, reached through Thunderbolt on a Wednesday. */
static int setup(void **state)
{
        (void)state;
        function = (struct event_function){ .vendor = 0x144d,
                                            .device = 0xa808,
                                            .subsystem_vendor = 0x144d,
                                            .subsystem_device = 0xa801,
                                            .class = 0x010802,
                                            .readable = true };
        router = (struct policy_router){ "d4030000-0090-8708-2315-9d8f2a1f0a1d", "Dell", "WD19TB",
                                         POLICY_KEY_CLAIMED };
        facts = (struct policy_facts){ .known = POLICY_KNOWN_ALL,
                                       .port = BASE_SBDF(0, 0, 4, 0),
                                       .path = PATH,
                                       .minute = MINUTE(2, 12, 30),
                                       .session = SESSION_LOCKED,
                                       .function = &function,
                                       .depth = 3,
                                       .position = { 0x00, 0x08, 0x01 },
                                       .findings = 1u << FINDING_CONVENTIONAL,
                                       .count = 5,
                                       .router = &router };
        return 0;
}

static void given(const char *text)
{
        struct policy_diagnosis diagnosis = { .message = "" };

        policy_rules_init(&rules);
        if (!policy_rules_parse("a.rules", text, strlen(text), &rules, &diagnosis))
                fail_msg("%s: rejected at %u:%u: %s", text, diagnosis.line, diagnosis.column,
                         diagnosis.message);
}

static bool holds(const char *condition)
{
        char text[512] = "reject if ";
        struct policy_decision decision;

        strncat(text, condition, sizeof text - strlen(text) - 1);
        given(text);
        assert_true(policy_rules_decide(&rules, &facts, &decision));
        assert_true(decision.rule == (decision.verdict == VERDICT_REJECT ? 0 : POLICY_RULE_NONE));
        return decision.verdict == VERDICT_REJECT;
}

static void all_hold(const char *const *conditions, bool expected)
{
        for (; *conditions; conditions++)
                if (holds(*conditions) != expected)
                        fail_msg("%s: expected %d", *conditions, expected);
}

static void test_hold(void **state)
{
        (void)state;
        all_hold((const char *const[]){ "port = 00:04.0",
                                        "port = { 00:05.0, 0000:00:04.0 }",
                                        "port != 00:05.0",
                                        "not port = 00:05.0",
                                        "not port != 00:04.0",
                                        "path = /sys/devices/pci0000:00/0000:00:04.0",
                                        "path = /sys/devices/*/0000:00:04.0",
                                        "path = *04.0",
                                        "path = \"*:00:04*\"",
                                        "position = 00.0/01.0/00.1",
                                        "position = { direct 00.0/01.0/00.1 }",
                                        "depth = 3",
                                        "depth = 1-3",
                                        "depth = 3-9",
                                        "depth > 2",
                                        "depth >= 3",
                                        "depth < 4",
                                        "depth <= 3",
                                        "depth != { 1 2 4 }",
                                        "id = 144d:a808",
                                        "id = 144D:A808",
                                        "id = 144d:*",
                                        "subsystem = 144d:a801",
                                        "class = 01",
                                        "class = 0108",
                                        "class = 010802",
                                        "kind = endpoint",
                                        "finding = conventional",
                                        "finding = { malformed conventional }",
                                        "finding != malformed",
                                        "functions = 5",
                                        "functions >= 5",
                                        "thunderbolt = yes",
                                        "unique-id = d4030000-0090-8708-2315-9d8f2a1f0a1d",
                                        "vendor-name = Dell",
                                        "vendor-name = \"De*\"",
                                        "device-name = \"WD\\x31*\"",
                                        "device-name = *TB",
                                        "key = claimed",
                                        "key != none",
                                        "session = locked",
                                        "session = { none locked }",
                                        "session != unlocked",
                                        "at-boot = no",
                                        "at-boot != yes",
                                        "arrival-time = 12:30-12:31",
                                        "arrival-time = 22:00-12:31",
                                        "arrival-time = 12:00-24:00",
                                        "arrival-day = wed",
                                        "arrival-day = { mon wed }",
                                        "arrival-day = sat-wed",
                                        "port = 00:04.0 and class = 01 and not at-boot = yes",
                                        NULL },
                 true);
}

static void test_hold_not(void **state)
{
        (void)state;
        all_hold((const char *const[]){ "port = 0001:00:04.0",
                                        "port != 00:04.0",
                                        "port = { 00:05.0 00:06.0 }",
                                        "path = /sys/devices/pci0000:00/0000:00:04.0/*",
                                        "path = *04.1",
                                        "path = /sys/devices/pci0000:01*",
                                        "position = direct",
                                        "position = 00.0/01.0",
                                        "position = 00.0/01.0/00.2",
                                        "position = 00.0/01.0/00.1/00.0",
                                        "depth = 2",
                                        "depth > 3",
                                        "depth >= 4",
                                        "depth < 3",
                                        "depth <= 2",
                                        "depth < 0",
                                        "depth = 4-9",
                                        "depth = 0-2",
                                        "id = 144d:a809",
                                        "id = 144c:*",
                                        "subsystem = 144d:a808",
                                        "class = 02",
                                        "class = 0107",
                                        "class = 010803",
                                        "kind = bridge",
                                        "finding = { malformed changed }",
                                        "functions < 5",
                                        "thunderbolt = no",
                                        "unique-id = \"\"",
                                        "vendor-name = Del",
                                        "vendor-name = Delll",
                                        "vendor-name = \"D\\x2a\"",
                                        "vendor-name = \"D\\*\"",
                                        "vendor-name = dell",
                                        "device-name = \"*W\"",
                                        "key = { none verified }",
                                        "session = unlocked",
                                        "session != locked",
                                        "session = { unlocked none }",
                                        "at-boot = yes",
                                        "arrival-time = 12:31-12:30",
                                        "arrival-time = 12:29-12:30",
                                        "arrival-day = thu-tue",
                                        "port = 00:04.0 and class = 02",
                                        NULL },
                 false);
}

static void test_no_router(void **state)
{
        (void)state;
        facts.router = NULL;
        all_hold((const char *const[]){ "thunderbolt = yes", "vendor-name = *", "unique-id = *",
                                        "device-name = *", "key = none", "key = claimed", NULL },
                 false);
        assert_true(holds("thunderbolt = no"));
        assert_true(holds("key != verified"));
}

static void test_direct(void **state)
{
        (void)state;
        facts.depth = 1;
        facts.position[0] = 0x08;
        assert_true(holds("position = direct"));
        assert_true(holds("position = 01.0"));
        assert_false(holds("position = 00.0"));
        function.kind = FUNCTION_BRIDGE;
        assert_true(holds("kind = bridge"));
        facts.at_boot = true;
        assert_true(holds("at-boot = yes"));
        facts.minute = MINUTE(6, 23, 59);
        assert_true(holds("arrival-time = 23:59-00:00 and arrival-day = sun"));
        facts.minute = MINUTE(0, 0, 0);
        assert_true(holds("arrival-time = 23:59-00:01 and arrival-day = mon"));
        assert_false(holds("arrival-time = 23:59-00:00"));
}

static void test_session(void **state)
{
        (void)state;
        facts.session = SESSION_UNLOCKED;
        assert_true(holds("session = unlocked"));
        assert_false(holds("session = { locked none }"));
        facts.session = SESSION_NONE;
        assert_true(holds("session = none"));
        assert_false(holds("session = { locked unlocked }"));
        assert_true(policy_rules_session(&rules));
        given("ask if key = none and port = 00:04.0");
        assert_false(policy_rules_session(&rules));
        given("ask if key = none\nask if port = 00:04.0 and session != none");
        assert_true(policy_rules_session(&rules));
}

static void decided(enum record_verdict verdict, uint32_t rule)
{
        struct policy_decision decision;

        assert_true(policy_rules_decide(&rules, &facts, &decision));
        assert_int_equal(decision.verdict, verdict);
        assert_true(decision.rule == rule);
}

static void undecided(void)
{
        struct policy_decision decision, same;

        memset(&decision, 0x5a, sizeof decision);
        same = decision;
        assert_false(policy_rules_decide(&rules, &facts, &decision));
        assert_memory_equal(&decision, &same, sizeof decision);
}

static void test_first(void **state)
{
        struct policy_decision decision;

        (void)state;
        given("ask if class = 02\n\nassign net-vm for function without-isolation if class = 01\n"
              "reject if class = 01 default ask default at-boot assign \"if\"");
        decided(VERDICT_ASSIGN, 1);
        assert_true(policy_rules_decide(&rules, &facts, &decision));
        assert_true(decision.function_only);
        assert_string_equal(decision.guest, "net-vm");
        assert_string_equal(policy_rules_file(&rules, 1), "a.rules");
        assert_int_equal(policy_rules_line(&rules, 1), 3);
        assert_int_equal(policy_rules_line(&rules, 2), 4);
        function.class = 0x030000;
        decided(VERDICT_ASK, POLICY_RULE_NONE);
        facts.at_boot = true;
        assert_true(policy_rules_decide(&rules, &facts, &decision));
        assert_int_equal(decision.verdict, VERDICT_ASSIGN);
        assert_string_equal(decision.guest, "if");
        assert_false(decision.function_only);
}

static void test_nothing_said(void **state)
{
        (void)state;
        policy_rules_init(&rules);
        facts.known = 0;
        decided(VERDICT_QUARANTINE, POLICY_RULE_NONE);
        given("default reject");
        decided(VERDICT_REJECT, POLICY_RULE_NONE);
        facts.at_boot = true;
        decided(VERDICT_QUARANTINE, POLICY_RULE_NONE);
}

static void test_open(void **state)
{
        static const struct {
                const char *condition;
                uint32_t needs;
        } conditions[] = {
                { "position = direct", POLICY_KNOWN_FUNCTION },
                { "depth = 3", POLICY_KNOWN_FUNCTION },
                { "id = 144d:a808", POLICY_KNOWN_FUNCTION },
                { "subsystem = 144d:a808", POLICY_KNOWN_FUNCTION },
                { "class = 01", POLICY_KNOWN_FUNCTION },
                { "kind = endpoint", POLICY_KNOWN_FUNCTION },
                { "finding = changed", POLICY_KNOWN_FUNCTION },
                { "functions = 5", POLICY_KNOWN_COUNT },
                { "thunderbolt = no", POLICY_KNOWN_ROUTER },
                { "unique-id = *", POLICY_KNOWN_ROUTER },
                { "vendor-name = *", POLICY_KNOWN_ROUTER },
                { "device-name = *", POLICY_KNOWN_ROUTER },
                { "key = none", POLICY_KNOWN_ROUTER },
                { "key = none", POLICY_KNOWN_KEY },
                { "session = locked", POLICY_KNOWN_SESSION },
                { "port = 00:1c.4", POLICY_KNOWN_PORT },
                { "path = *", POLICY_KNOWN_PORT },
                { "arrival-time = 00:00-24:00", POLICY_KNOWN_MINUTE },
                { "arrival-day = mon-sun", POLICY_KNOWN_MINUTE },
        };

        (void)state;
        for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
                char text[128] = "reject if ";

                strncat(text, conditions[i].condition, sizeof text - strlen(text) - 1);
                given(text);
                facts.known = POLICY_KNOWN_ALL & ~conditions[i].needs;
                undecided();
                strncat(text, " and at-boot = yes", sizeof text - strlen(text) - 1);
                given(text);
                decided(VERDICT_QUARANTINE, POLICY_RULE_NONE);
        }
}

/* Before anything is enumerated: what cannot be known yet is not looked at. */
static void test_open_order(void **state)
{
        (void)state;
        facts.known = POLICY_KNOWN_PORT;
        facts.function = NULL;
        given("reject if port = 00:04.0\nask if id = 144d:*");
        decided(VERDICT_REJECT, 0);
        given("ask if id = 144d:*\nreject if port = 00:04.0");
        undecided();
        given("ask if id = 144d:* and at-boot = yes\nreject if port = 00:04.0");
        decided(VERDICT_REJECT, 1);
        given("ask if port = 00:05.0 and id = 144d:*\nreject if path = *04.0");
        decided(VERDICT_REJECT, 1);
        given("ask if id = 144d:*\ndefault reject");
        undecided();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_hold, setup),
                cmocka_unit_test_setup(test_hold_not, setup),
                cmocka_unit_test_setup(test_no_router, setup),
                cmocka_unit_test_setup(test_direct, setup),
                cmocka_unit_test_setup(test_session, setup),
                cmocka_unit_test_setup(test_first, setup),
                cmocka_unit_test_setup(test_nothing_said, setup),
                cmocka_unit_test_setup(test_open, setup),
                cmocka_unit_test_setup(test_open_order, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
