/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The language of rules: what is accepted, where and why the rest is not, and what is warned of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/policy/rules.h"

#define PORT "port = 00:04.0"
#define ID "id = 8086:15ef"
#define SUBSYSTEM "subsystem = 1028:0abc"
#define CLASS "class = 0c0330"
#define EXACT PORT " and " ID " and " SUBSYSTEM " and " CLASS

static struct policy_rules rules, same;

static void given(const char *name, const char *text)
{
        struct policy_diagnosis diagnosis = { .message = "" };

        if (!policy_rules_parse(name, text, strlen(text), &rules, &diagnosis))
                fail_msg("%s: rejected at %u:%u: %s", text, diagnosis.line, diagnosis.column,
                         diagnosis.message);
}

static int setup(void **state)
{
        (void)state;
        policy_rules_init(&rules);
        return 0;
}

struct wrong {
        const char *text;
        uint32_t line, column;
        const char *message;
};

static void all_wrong(const struct wrong *wrongs, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                const struct wrong *wrong = &wrongs[i];
                struct policy_diagnosis diagnosis = { .message = "" };

                same = rules;
                if (policy_rules_parse("b.rules", wrong->text, strlen(wrong->text), &rules,
                                       &diagnosis))
                        fail_msg("accepted: %s", wrong->text);
                assert_memory_equal(&rules, &same, sizeof rules);
                if (diagnosis.line != wrong->line || diagnosis.column != wrong->column ||
                    !strstr(diagnosis.message, wrong->message))
                        fail_msg("%s: %u:%u: %s", wrong->text, diagnosis.line, diagnosis.column,
                                 diagnosis.message);
        }
}

#define ALL_WRONG(...)                                   \
        all_wrong((const struct wrong[]){ __VA_ARGS__ }, \
                  sizeof((const struct wrong[]){ __VA_ARGS__ }) / sizeof(struct wrong))

static void test_grammar(void **state)
{
        (void)state;
        ALL_WRONG({ "allow", 1, 1, "no rule begins with 'allow', expected quarantine" },
                  { "\n # x\n  {", 3, 3, "no rule begins with '{'" },
                  { "reject if", 1, 10, "not a subject: end of file, expected port" },
                  { "reject if colour = 1", 1, 11, "not a subject: 'colour'" },
                  { "reject if port", 1, 15, "not an operator: end of file" },
                  { "reject if port < 00:04.0", 1, 16, "not an operator: '<', expected = or !=" },
                  { "reject if depth ! 1", 1, 17, "not an operator: '!', expected = != <" },
                  { "reject if depth , 1", 1, 17, "not an operator: ','" },
                  { "reject if port = 00:04.0 and", 1, 29, "not a subject: end of file" },
                  { "reject if not not port = 00:04.0", 1, 15, "not a subject: 'not'" },
                  { "reject for ever", 1, 12, "not a unit: 'ever', expected hierarchy" },
                  { "reject for function if depth = 1", 1, 21, "expected without-isolation" },
                  { "reject port = 00:04.0", 1, 8, "no rule begins with 'port'" },
                  { "reject if port = {", 1, 19, "not a value: end of file" },
                  { "reject if port = { }", 1, 20, "not a value: '}'" },
                  { "reject if port = { 00:04.0,, }", 1, 28, "not a value: ','" },
                  { "reject if port = { 00:04.0, }", 1, 29, "not a value: '}'" },
                  { "reject if port = { $a }", 1, 20, "variable in a list: '$a'" },
                  { "reject if port = $a", 1, 18, "unknown variable '$a'" },
                  { "hierarchy", 1, 1, "not a verdict: 'hierarchy'" },
                  { "default", 1, 8, "not a verdict: end of file" },
                  { "default ask default at-boot ask default reject", 1, 33,
                    "second 'default', exp" },
                  { "default at-boot ask\ndefault at-boot ask", 2, 1, "second 'default' at-boot" },
                  { "reject if vendor-name = \"x\n\"", 1, 25, "string without end: '\"x'" },
                  { "reject if vendor-name = \"x\\\"", 1, 25, "string without end: '\"x\\x5c\"'" },
                  { "reject \x01", 1, 8, "no rule begins with '\\x01'" });
}

static void test_values(void **state)
{
        (void)state;
        ALL_WRONG({ "ask if port = 4", 1, 15, "not a value: '4', expected a port's address" },
                  { "ask if port = \"00:04.0\"", 1, 15, "expected a port's address" },
                  { "ask if path = /devices/x", 1, 15, "expected /sys/devices/... or *" },
                  { "ask if path = \"\"", 1, 15, "not a value: ''" },
                  { "ask if position = 00.0/", 1, 19, "expected direct" },
                  { "ask if position = 20.0", 1, 19, "expected direct" },
                  { "ask if position = 00.8", 1, 19, "expected direct" },
                  { "ask if position = 00.0:01.0", 1, 19, "expected direct" },
                  { "ask if depth = -1", 1, 16, "expected a number" },
                  { "ask if depth = 65536", 1, 16, "expected a number" },
                  { "ask if depth = 5-3", 1, 16, "expected a number" },
                  { "ask if depth = 3-", 1, 16, "expected a number" },
                  { "ask if depth = 3-4-5", 1, 16, "expected a number" },
                  { "ask if depth > 3-4", 1, 16, "not one number: '3-4'" },
                  { "ask if depth > { 3 }", 1, 16, "not a value: '{'" },
                  { "ask if id = 8086:15e", 1, 13, "expected vendor:device" },
                  { "ask if id = 8086:15eg", 1, 13, "expected vendor:device" },
                  { "ask if id = *:15ef", 1, 13, "expected vendor:device" },
                  { "ask if id = *:*", 1, 13, "expected vendor:device" },
                  { "ask if id = 8086.15ef", 1, 13, "expected vendor:device" },
                  { "ask if class = 0x", 1, 16, "expected 2, 4 or 6" },
                  { "ask if class = 012", 1, 16, "expected 2, 4 or 6" },
                  { "ask if class = 01080210", 1, 16, "expected 2, 4 or 6" },
                  { "ask if kind = switch", 1, 15, "expected endpoint or bridge" },
                  { "ask if finding = odd", 1, 18, "expected the name of a finding" },
                  { "ask if key = good", 1, 14, "expected none, claimed or verified" },
                  { "ask if at-boot = true", 1, 18, "expected yes or no" },
                  { "ask if arrival-time = 6:00-7:00", 1, 23, "expected HH:MM-HH:MM" },
                  { "ask if arrival-time = 06:00-24:01", 1, 23, "expected HH:MM" },
                  { "ask if arrival-time = 24:00-06:00", 1, 23, "expected HH:MM" },
                  { "ask if arrival-time = 06:00-06:00", 1, 23, "expected HH:MM" },
                  { "ask if arrival-time = 06:60-07:00", 1, 23, "expected HH:MM" },
                  { "ask if arrival-time = 06:00", 1, 23, "expected HH:MM" },
                  { "ask if arrival-day = monday", 1, 22, "expected mon, tue" },
                  { "ask if arrival-day = mon-", 1, 22, "expected mon, tue" },
                  { "ask if vendor-name = \"\\x00\"", 1, 22, "escapes are \\xNN" },
                  { "ask if vendor-name = \"\\n\"", 1, 22, "escapes are" },
                  { "ask if vendor-name = \"\\x4\"", 1, 22, "escapes are" });
}

static void test_guests(void **state)
{
        (void)state;
        given("a.rules", "assign net.vm_2-x if depth = 1\nassign \"reject\"\n");
        assert_string_equal(policy_rules_guest(&rules, 0), "net.vm_2-x");
        assert_string_equal(policy_rules_guest(&rules, 1), "reject");
        ALL_WRONG({ "assign", 1, 7, "not a guest: end of file" },
                  { "assign\nreject if port = 00:04.0", 2, 1, "not a guest: 'reject'" },
                  { "assign Domain-0", 1, 8, "not dom0" }, { "assign dom0", 1, 8, "not dom0" },
                  { "assign \"dom0\"", 1, 8, "not dom0" }, { "assign 0", 1, 8, "not only digits" },
                  { "assign $x", 1, 8, "not a guest: '$x'" },
                  { "assign \"a b\"", 1, 8, "not a guest" },
                  { "assign \"\"", 1, 8, "not a guest: ''" },
                  { "assign a12345678901234567890123456789012345678901234567890123456789bcde", 1, 8,
                    "not a guest: 'a1234567890" },
                  { "default assign", 1, 15, "not a guest: end of file" });
}

static void test_variables(void **state)
{
        (void)state;
        given("a.rules",
              "let docks = { 8086:15ef, 8086:* }\nlet names = { Dell \"x y\" }\n"
              "reject if id = $docks\nask if not id = $docks and vendor-name != $names\n");
        assert_int_equal(rules.variable_count, 2);
        assert_int_equal(rules.conditions[0].first, rules.conditions[1].first);
        assert_int_equal(rules.conditions[0].count, 2);
        given("b.rules", "let odd = { 01 zz } let free = { \"a\" } reject if subsystem = $docks");
        ALL_WRONG(
                { "let docks = { 1 }", 1, 5, "variable given twice: 'docks'" },
                { "let if = { 1 }", 1, 5, "not a name: 'if'" },
                { "let a.b = { 1 }", 1, 5, "not a name: 'a.b'" },
                { "let a { 1 }", 1, 7, "no assignment: '{'" },
                { "let a = 1", 1, 9, "not a list: '1'" },
                { "let a = { $docks }", 1, 11, "variable in a list" },
                { "let a", 1, 6, "no assignment: end of file" },
                { "let abcdefghijklmnopqrstuvwxyz123456 = { 1 }", 1, 5, "not a name" },
                { "ask if class = $docks", 1, 16, "used for something else before: '$docks'" },
                { "\nask if class = $odd", 2, 16, "in $odd not a value: 'zz', expected 2, 4 or 6" },
                { "ask if device-name = $free reject if class = $free", 1, 46, "something else" });
        given("c.rules", "ask if device-name = $free");
}

static void test_trust_dom0(void **state)
{
        (void)state;
        rules.trust_dom0 = false;
        ALL_WRONG({ "trust-dom0 if " EXACT, 1, 1, "this build has no 'trust-dom0'" },
                  { "default trust-dom0", 1, 9, "no default: 'trust-dom0'" });
        rules.trust_dom0 = true;
        given("a.rules", "trust-dom0 if " EXACT);
        given("b.rules", "trust-dom0 if at-boot = no and " EXACT);
        assert_int_equal(rules.rules[1].verdict, VERDICT_TRUST_DOM0);
        ALL_WRONG({ "default trust-dom0", 1, 9, "no default: 'trust-dom0'" },
                  { "\ntrust-dom0", 2, 1, "not exact: 'trust-dom0', expected port, id" },
                  { "trust-dom0 if " ID " and " SUBSYSTEM " and " CLASS, 1, 1, "not exact" },
                  { "trust-dom0 if " PORT " and " SUBSYSTEM " and " CLASS, 1, 1, "not exact" },
                  { "trust-dom0 if " PORT " and " ID " and " CLASS, 1, 1, "not exact" },
                  { "trust-dom0 if " PORT " and " ID " and " SUBSYSTEM, 1, 1, "not exact" },
                  { "trust-dom0 for function without-isolation if " EXACT, 1, 1,
                    "not for a function alone: 'trust-dom0'" },
                  { "trust-dom0 if id = 8086:* and " PORT " and " SUBSYSTEM " and " CLASS, 1, 1,
                    "not exact" },
                  { "trust-dom0 if subsystem = 1028:* and " PORT " and " ID " and " CLASS, 1, 1,
                    "not exact" },
                  { "trust-dom0 if class = 0c03 and " PORT " and " ID " and " SUBSYSTEM, 1, 1,
                    "not exact" },
                  { "trust-dom0 if not " PORT " and " ID " and " SUBSYSTEM " and " CLASS, 1, 1,
                    "not exact" },
                  { "trust-dom0 if port = { 00:04.0 00:05.0 } and " ID " and " SUBSYSTEM
                    " and " CLASS,
                    1, 1, "" });
}

static void warned(const char *text, const char *message)
{
        struct policy_warning warning = { .file = UINT32_MAX };
        uint32_t item = 0;
        bool found;

        policy_rules_init(&rules);
        given("w.rules", text);
        found = policy_rules_check(&rules, &item, &warning);
        if (found != (message != NULL))
                fail_msg("%s: %s", text, found ? warning.diagnosis.message : "no warning");
        if (!found || !message)
                return;
        assert_int_equal(warning.file, 0);
        if (!strstr(warning.diagnosis.message, message))
                fail_msg("%s: %s", text, warning.diagnosis.message);
}

static void test_contradictions(void **state)
{
        const char *never = "its conditions exclude each other";

        (void)state;
        warned("ask if class = 02 and class = 01", never);
        warned("ask if class = 02 and class = 0200", NULL);
        warned("ask if class = 0201 and class = 0200", never);
        warned("ask if at-boot = yes and at-boot = no", never);
        warned("ask if at-boot = yes and not at-boot = yes", never);
        warned("ask if at-boot != no and at-boot = no", never);
        warned("ask if at-boot != no and not at-boot = yes", NULL);
        warned("ask if not class = 0200 and not class = 02", NULL);
        warned("ask if depth < 0", never);
        warned("ask if not depth < 0", NULL);
        warned("ask if depth > 3 and depth <= 3", never);
        warned("ask if depth > 3 and depth < 5", NULL);
        warned("ask if depth = { 1 2 } and depth = { 3 4 }", never);
        warned("ask if depth = { 1 2 } and depth = { 2 4 }", NULL);
        warned("ask if id = 8086:15ef and not id = 8086:*", never);
        warned("ask if id = 8086:* and not id = 8086:15ef", NULL);
        warned("ask if id = 8086:* and id = 8087:0001", never);
        warned("ask if finding = malformed and finding = changed", NULL);
        warned("ask if finding = malformed and finding != malformed", never);
        warned("ask if position = direct and position = 00.0/00.0", never);
        warned("ask if position = direct and position = 00.0", NULL);
        warned("ask if position = 01.0 and position = 00.0", never);
        warned("ask if arrival-time = 22:00-06:00 and arrival-time = 06:00-22:00", never);
        warned("ask if arrival-time = 22:00-06:01 and arrival-time = 06:00-22:00", NULL);
        warned("ask if arrival-day = sat-sun and arrival-day = mon-fri", never);
        warned("ask if vendor-name = Dell and vendor-name = Apple", never);
        warned("ask if vendor-name = Dell* and vendor-name = Del", never);
        warned("ask if vendor-name = De* and vendor-name = Dell", NULL);
        warned("ask if vendor-name = Dell and vendor-name != De*", never);
}

static void test_unreachable(void **state)
{
        const char *never = "never decides: the rule in 'w.rules':1 takes all that it could";

        (void)state;
        warned("ask\nreject if depth = 1", never);
        warned("ask if depth = 1\nreject if depth = 1", never);
        warned("ask if depth = 1\nreject", NULL);
        warned("ask if depth = 1\nreject if depth = 2", NULL);
        warned("ask if depth < 5\nreject if depth = { 1 2 } and class = 02", never);
        warned("ask if depth < 5 and class = 02\nreject if depth = 1", NULL);
        warned("ask if class = 02\nreject if class = 0200", never);
        warned("ask if class = 0200\nreject if class = 02", NULL);
        warned("ask if id = 8086:*\nreject if id = { 8086:1234 8086:* }", never);
        warned("ask if not id = 8086:1234\nreject if not id = 8086:*", never);
        warned("ask if not id = 8086:*\nreject if not id = 8086:1234", NULL);
        warned("ask if not id = 8086:*\nreject if id = 8087:*", never);
        warned("ask if not finding = malformed\nreject if finding = changed", NULL);
        warned("ask if finding = { malformed changed }\nreject if finding = changed", never);
        warned("ask if position = direct\nreject if position = 01.0", never);
        warned("ask if position = 01.0\nreject if position = direct", NULL);
        warned("ask if vendor-name = D*\nreject if vendor-name = De*l", never);
        warned("ask if vendor-name = D*l\nreject if vendor-name = De*", NULL);
        warned("ask if arrival-time = 22:00-06:00\nreject if arrival-time = 23:00-01:00", never);
        warned("ask if arrival-time = 22:00-06:00\nreject if arrival-time = 21:00-01:00", NULL);
        warned("ask if arrival-day = mon-sun\nreject if arrival-day = sat-mon", never);
        warned("ask if port = 00:04.0\nreject if path = *", NULL);
}

static void test_unused(void **state)
{
        struct policy_warning warning;
        uint32_t item = 0;

        (void)state;
        given("a.rules",
              "let one = { 1 }\nlet two = { 2 }\nlet three = { 3 }\nask if depth = $two\n"
              "ask if depth = 2");
        assert_true(policy_rules_check(&rules, &item, &warning));
        assert_int_equal(warning.diagnosis.line, 5);
        assert_int_equal(warning.diagnosis.column, 1);
        assert_true(policy_rules_check(&rules, &item, &warning));
        assert_string_equal(warning.diagnosis.message, "no rule uses $one");
        assert_int_equal(warning.diagnosis.line, 1);
        assert_int_equal(warning.diagnosis.column, 5);
        assert_true(policy_rules_check(&rules, &item, &warning));
        assert_string_equal(warning.diagnosis.message, "no rule uses $three");
        assert_false(policy_rules_check(&rules, &item, &warning));
}

static void repeat(char *text, size_t size, const char *piece, uint32_t count)
{
        size_t length = 0;

        text[0] = '\0';
        for (uint32_t i = 0; i < count; i++) {
                assert_true(length + strlen(piece) < size);
                memcpy(text + length, piece, strlen(piece) + 1);
                length += strlen(piece);
        }
}

static void test_limits(void **state)
{
        static char text[LIMIT_RULE_TEXT * 2];
        struct policy_diagnosis diagnosis;
        char name[16];

        (void)state;
        repeat(text, sizeof text, "ask ", LIMIT_RULES);
        given("a.rules", text);
        ALL_WRONG({ "ask", 1, 1, "one rule too many: 'ask'" });
        assert_true(setup(NULL) == 0);
        memcpy(text, "ask if ", 8);
        repeat(text + 7, sizeof text - 7, "depth = 1 and ", LIMIT_RULE_TERMS);
        ALL_WRONG({ text, 1, 7 + 14 * LIMIT_RULE_TERMS + 1, "one condition too many" });
        for (uint32_t i = 0; i < LIMIT_RULE_FILES; i++) {
                (void)snprintf(name, sizeof name, "%u.rules", i);
                given(name, "");
        }
        ALL_WRONG({ "", 1, 1, "one file too many: 'b.rules'" });
        assert_true(setup(NULL) == 0);
        repeat(text, sizeof text, "let a = { 1 1 1 1 1 1 1 1 } ask if depth = $a\n", 1);
        given("a.rules", text);
        memcpy(text, "ask if depth = { ", 18);
        repeat(text + 17, sizeof text - 17, "1 ", LIMIT_RULE_VALUES - 16);
        memcpy(text + strlen(text), "1 }", 4);
        ALL_WRONG({ text, 1, 17 + 2 * (LIMIT_RULE_VALUES - 16) + 1, "one value too many" });
        memset(name, 0, sizeof name);
        memset(text, 'x', LIMIT_RULE_FILE);
        text[LIMIT_RULE_FILE] = '\0';
        assert_false(policy_rules_parse(text, "", 0, &rules, &diagnosis));
}

static void test_text_full(void **state)
{
        static char text[LIMIT_RULE_TEXT * 2];
        char piece[LIMIT_RULE_STRING + 32] = "ask if vendor-name = ";
        size_t start = strlen(piece);
        struct policy_diagnosis diagnosis;

        (void)state;
        memset(piece + start, 'x', LIMIT_RULE_STRING);
        memcpy(piece + start + LIMIT_RULE_STRING, "\n", 2);
        given("a.rules", piece);
        assert_int_equal(rules.values[0].high, LIMIT_RULE_STRING);
        repeat(text, sizeof text, piece, LIMIT_RULE_TEXT / (LIMIT_RULE_STRING + 1));
        same = rules;
        assert_false(policy_rules_parse("b.rules", text, strlen(text), &rules, &diagnosis));
        assert_non_null(strstr(diagnosis.message, "no room for 'xxx"));
        assert_memory_equal(&rules, &same, sizeof rules);
        memcpy(piece + start + LIMIT_RULE_STRING, "x", 2);
        assert_false(policy_rules_parse("b.rules", piece, strlen(piece), &rules, &diagnosis));
        assert_non_null(strstr(diagnosis.message, "at most 448 bytes"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_grammar, setup),
                cmocka_unit_test_setup(test_values, setup),
                cmocka_unit_test_setup(test_guests, setup),
                cmocka_unit_test_setup(test_variables, setup),
                cmocka_unit_test_setup(test_trust_dom0, setup),
                cmocka_unit_test_setup(test_contradictions, setup),
                cmocka_unit_test_setup(test_unreachable, setup),
                cmocka_unit_test_setup(test_unused, setup),
                cmocka_unit_test_setup(test_limits, setup),
                cmocka_unit_test_setup(test_text_full, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
