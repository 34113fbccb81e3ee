/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each example of sallyport-rules(5): is it accepted, and does it decide what the page says? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "core/policy/subject.h"

#define FENCE "```\n"
#define DECIDES "# decides: "
#define GRAMMAR "rules     = "
#define NOON 720u

static char page[65536];
static struct policy_rules rules;
static struct event_function function;
static struct policy_router router;
static struct policy_facts facts;
static char text[4][LIMIT_PATH];

/* What the page calls neutral. */
static void facts_reset(void)
{
        function = (struct event_function){ .readable = true };
        router = (struct policy_router){ "", "", "", POLICY_KEY_NONE };
        facts = (struct policy_facts){ .known = POLICY_KNOWN_ALL,
                                       .port = BASE_SBDF(0, 0, 0x1c, 4),
                                       .path = "/devices/pci0000:00/0000:00:1c.4",
                                       .minute = NOON,
                                       .session = SESSION_UNLOCKED,
                                       .function = &function,
                                       .depth = 1,
                                       .count = 1 };
}

static const char *text_take(unsigned int index, const char *value)
{
        assert_true(strlen(value) < sizeof text[index]);
        return memcpy(text[index], value, strlen(value) + 1);
}

static void position_take(const char *chain, uint32_t depth)
{
        facts.depth = depth;
        memcpy(facts.position, chain, depth);
}

static void router_take(enum policy_subject subject, const char *word, uint32_t key)
{
        facts.router = &router;
        if (subject == SUBJECT_UNIQUE_ID)
                router.unique_id = text_take(1, word);
        else if (subject == SUBJECT_VENDOR_NAME)
                router.vendor_name = text_take(2, word);
        else if (subject == SUBJECT_DEVICE_NAME)
                router.device_name = text_take(3, word);
        else
                router.key = (enum policy_key)key;
}

/* A value as rules write it, of which there is one fact. */
static void fact_take(enum policy_subject subject, struct policy_value value, const char *word)
{
        if (subject == SUBJECT_PORT)
                facts.port = value.low;
        else if (subject == SUBJECT_PATH)
                facts.path = text_take(0, word + strlen("/sys"));
        else if (subject == SUBJECT_POSITION)
                position_take(rules.text + value.low, value.high);
        else if (subject == SUBJECT_DEPTH)
                facts.depth = value.low;
        else if (subject == SUBJECT_ID)
                function.vendor = (uint16_t)(value.low >> 16),
                function.device = (uint16_t)value.low;
        else if (subject == SUBJECT_SUBSYSTEM)
                function.subsystem_vendor = (uint16_t)(value.low >> 16),
                function.subsystem_device = (uint16_t)value.low;
        else if (subject == SUBJECT_CLASS)
                function.class = value.low;
        else if (subject == SUBJECT_KIND)
                function.kind = value.low ? FUNCTION_BRIDGE : FUNCTION_ENDPOINT;
        else if (subject == SUBJECT_FINDING)
                facts.findings |= 1u << value.low;
        else if (subject == SUBJECT_FUNCTIONS)
                facts.count = value.low;
        else if (subject == SUBJECT_SESSION)
                facts.session = (enum record_session)(SESSION_LOCKED + value.low);
        else if (subject == SUBJECT_AT_BOOT)
                facts.at_boot = value.low != 0;
        else if (subject == SUBJECT_ARRIVAL_DAY)
                facts.minute = value.low * 1440 + facts.minute % 1440;
        else
                router_take(subject, word, value.low);
}

static void fact_read(char *word)
{
        char *value_text = strchr(word, '=');
        struct policy_token name = { TOKEN_WORD, word, 0, 1, 1 },
                            token = { TOKEN_WORD, NULL, 0, 1, 1 };
        struct policy_value value;
        enum policy_subject subject;
        unsigned int hour, minute;

        if (strcmp(word, "before-enumeration") == 0) {
                facts.known = POLICY_KNOWN_MINUTE | POLICY_KNOWN_PORT | POLICY_KNOWN_SESSION;
                return;
        }
        if (!value_text) {
                fail_msg("no fact: %s", word);
                return;
        }
        name.length = (size_t)(value_text++ - word);
        subject = policy_subject_find(&name);
        assert_true(subject < SUBJECT_MAX);
        if (subject == SUBJECT_ARRIVAL_TIME) {
                assert_int_equal(sscanf(value_text, "%2u:%2u", &hour, &minute), 2);
                facts.minute = facts.minute / 1440 * 1440 + hour * 60 + minute;
                return;
        }
        token.bytes = value_text;
        token.length = strlen(value_text);
        if (policy_value_parse(policy_subject_type(subject), &token, &rules, &value) != 0)
                fail_msg("no value: %s", word);
        fact_take(subject, value, value_text);
}

static void verdict_check(const char *line, const char *expected)
{
        static const char *const names[] = { "quarantine", "reject", "assign ", "ask",
                                             "trust-dom0" };
        struct policy_decision decision;
        char shown[128];
        struct base_text said = base_text_on(shown, sizeof shown);

        if (policy_rules_decide(&rules, &facts, &decision)) {
                base_text_add(&said, names[decision.verdict]);
                base_text_add(&said, decision.guest);
                base_text_add(&said, decision.function_only ? " for function" : "");
        } else {
                base_text_add(&said, "nothing yet");
        }
        if (strcmp(shown, expected) != 0)
                fail_msg("%s: decides %s", line, shown);
}

/* "FACT ... -> VERDICT" */
static void line_check(const char *start, size_t length)
{
        char line[256], copy[256], *arrow, *rest = copy;

        assert_true(length < sizeof line);
        memcpy(line, start, length);
        line[length] = '\0';
        memcpy(copy, line, length + 1);
        arrow = strstr(copy, " -> ");
        if (!arrow) {
                fail_msg("no verdict: %s", line);
                return;
        }
        *arrow = '\0';
        facts_reset();
        for (char *word; (word = strsep(&rest, " "));)
                fact_read(word);
        verdict_check(line, arrow + strlen(" -> "));
}

static void rules_read(const char *block, size_t length)
{
        struct policy_diagnosis diagnosis = { .message = "" };
        struct policy_warning warning;
        uint32_t item = 0;
        bool trusts = memmem(block, length, "trust-dom0", strlen("trust-dom0")) != NULL;

        policy_rules_init(&rules);
        rules.trust_dom0 = false;
        if (trusts)
                assert_false(policy_rules_parse("page.rules", block, length, &rules, &diagnosis));
        rules.trust_dom0 = trusts;
        if (!policy_rules_parse("page.rules", block, length, &rules, &diagnosis))
                fail_msg("%.*s: %u:%u: %s", (int)length, block, diagnosis.line, diagnosis.column,
                         diagnosis.message);
        if (policy_rules_check(&rules, &item, &warning))
                fail_msg("%.*s: %u:%u: %s", (int)length, block, warning.diagnosis.line,
                         warning.diagnosis.column, warning.diagnosis.message);
}

static void block_check(const char *block, const char *end)
{
        unsigned int checked = 0;

        rules_read(block, (size_t)(end - block));
        for (const char *line = block, *next; line < end; line = next) {
                next = strchr(line, '\n') + 1;
                if (strncmp(line, DECIDES, strlen(DECIDES)) != 0)
                        continue;
                line += strlen(DECIDES);
                line_check(line, (size_t)(next - line) - 1);
                checked++;
        }
        if (checked == 0)
                fail_msg("decides nothing: %.*s", (int)(end - block), block);
}

static void test_examples(void **state)
{
        unsigned int blocks = 0;

        (void)state;
        for (const char *at = page; (at = strstr(at, FENCE));) {
                const char *block = at + strlen(FENCE), *end = strstr(block, FENCE);

                assert_non_null(end);
                if (strncmp(block, GRAMMAR, strlen(GRAMMAR)) != 0)
                        block_check(block, end);
                blocks++;
                at = end + strlen(FENCE);
        }
        assert_in_range(blocks, 9, 99);
}

/* Each subject has its entry, and each is in an example. */
static void test_subjects(void **state)
{
        static const char *const entries[SUBJECT_MAX] = {
                "*port* =",         "*path* =",         "*position* =",    "*depth* =",
                "*id* =",           "*subsystem* =",    "*class* =",       "*kind* =",
                "*finding* =",      "*functions* =",    "*thunderbolt* =", "*unique-id*, *",
                "*vendor-name*, *", "*device-name* =",  "*key* =",         "*session* =",
                "*at-boot* =",      "*arrival-time* =", "*arrival-day* =",
        };
        const char *examples = strstr(page, "\n# EXAMPLES\n");

        (void)state;
        assert_non_null(examples);
        for (uint32_t i = 0; i < SUBJECT_MAX; i++) {
                struct policy_token name = { TOKEN_WORD, entries[i] + 1,
                                             strcspn(entries[i] + 1, "*"), 1, 1 };

                if (!strstr(page, entries[i]))
                        fail_msg("no entry: %s", entries[i]);
                if (!memmem(examples, strlen(examples), name.bytes, name.length))
                        fail_msg("in no example: %s", entries[i]);
                assert_int_equal(policy_subject_find(&name), i);
        }
}

/* What scdoc makes of it: a backslash lets the next byte stand for itself. */
static void escapes_remove(void)
{
        char *out = page;

        for (const char *at = page; *at; at++) {
                if (*at == '\\' && at[1])
                        at++;
                *out++ = *at;
        }
        *out = '\0';
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_examples),
                cmocka_unit_test(test_subjects),
        };
        FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
        size_t length;

        if (!file) {
                (void)fprintf(stderr, "usage: %s PAGE\n", argv[0]);
                return 2;
        }
        length = fread(page, 1, sizeof page, file);
        (void)fclose(file);
        if (length == 0 || length == sizeof page)
                return 2;
        page[length] = '\0';
        escapes_remove();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
