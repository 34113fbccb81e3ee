/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules: an error points into the text and changes nothing; an accepted set decides for any facts, none for dom0. */
#include <string.h>

#include "core/policy/finding.h"
#include "core/policy/rules.h"
#include "fuzz.h"

/* Facts are taken from the text's own end: so its words are found in them, and mutations of it change them. */
struct source {
        const uint8_t *data;
        size_t size;
};

static uint32_t bytes_take(struct source *source, unsigned int count)
{
        uint32_t value = 0;

        for (; count > 0; count--)
                value = value << 8 | (source->size > 0 ? source->data[--source->size] : 0);
        return value;
}

/* Some of the text, without NUL. */
static const char *text_take(struct source *source, char *ret_text, size_t room)
{
        size_t length = bytes_take(source, 1) % room, at = 0;

        while (at < length && source->size > 0)
                if (source->data[--source->size] != 0)
                        ret_text[at++] = (char)source->data[source->size];
        ret_text[at] = '\0';
        return ret_text;
}

static void diagnosis_check(const struct policy_diagnosis *diagnosis)
{
        size_t message = strnlen(diagnosis->message, sizeof diagnosis->message);

        base_assert(message > 0 && message < sizeof diagnosis->message);
        for (size_t i = 0; i < message; i++)
                base_assert(diagnosis->message[i] >= 0x20 && diagnosis->message[i] < 0x7f);
        base_assert(diagnosis->line >= 1 && diagnosis->column >= 1);
}

/* The place must be in the text, or just behind a line of it. */
static void place_check(const struct policy_diagnosis *diagnosis, const char *text, size_t length)
{
        size_t start = 0, end;

        for (uint32_t line = 1; line < diagnosis->line; line++) {
                while (start < length && text[start] != '\n')
                        start++;
                base_assert(start < length);
                start++;
        }
        for (end = start; end < length && text[end] != '\n';)
                end++;
        base_assert(diagnosis->column <= end - start + 1);
}

static void decision_check(const struct policy_rules *rules, const struct policy_decision *decision)
{
        bool assigns = decision->verdict == VERDICT_ASSIGN;

        base_assert(decision->verdict < VERDICT_MAX);
        base_assert(decision->verdict != VERDICT_TRUST_DOM0 || rules->trust_dom0);
        base_assert(decision->rule < rules->rule_count || decision->rule == POLICY_RULE_NONE);
        base_assert(decision->rule != POLICY_RULE_NONE || !decision->function_only);
        base_assert(assigns == (decision->guest[0] != '\0'));
        base_assert(strcmp(decision->guest, "dom0") != 0);
        base_assert(strcmp(decision->guest, "Domain-0") != 0);
}

/* Whether facts meet it or not: without the build option nothing is for dom0. */
static void verdicts_check(const struct policy_rules *rules)
{
        for (uint32_t i = 0; i < rules->rule_count; i++) {
                base_assert(rules->rules[i].verdict < VERDICT_MAX);
                base_assert(rules->rules[i].verdict != VERDICT_TRUST_DOM0 || rules->trust_dom0);
        }
        base_assert(rules->fallback.verdict != VERDICT_TRUST_DOM0);
        base_assert(rules->fallback_at_boot.verdict != VERDICT_TRUST_DOM0);
}

static struct policy_facts facts_take(struct source *source, struct event_function *ret_function)
{
        struct policy_facts facts = { .port = bytes_take(source, 4),
                                      .at_boot = bytes_take(source, 1) & 1,
                                      .minute = bytes_take(source, 2) % 10080,
                                      .depth = bytes_take(source, 1) % (LIMIT_DEPTH + 1) + 1,
                                      .findings = bytes_take(source, 4) % (1u << FINDING_MAX),
                                      .count = bytes_take(source, 1),
                                      .function = ret_function };

        memset(ret_function, 0, sizeof *ret_function);
        ret_function->vendor = (uint16_t)bytes_take(source, 2);
        ret_function->device = (uint16_t)bytes_take(source, 2);
        ret_function->subsystem_vendor = (uint16_t)bytes_take(source, 2);
        ret_function->subsystem_device = (uint16_t)bytes_take(source, 2);
        ret_function->class = bytes_take(source, 3);
        ret_function->kind = bytes_take(source, 1) & 1 ? FUNCTION_BRIDGE : FUNCTION_ENDPOINT;
        for (uint32_t i = 0; i < facts.depth; i++)
                facts.position[i] = (uint8_t)bytes_take(source, 1);
        return facts;
}

/* With all known, something is decided; with less, the same or nothing, and what is not known is not looked at. */
static void decide_check(const struct policy_rules *rules, struct source source)
{
        char path[LIMIT_PATH], texts[3][64];
        struct policy_router router = { .key = (enum policy_key)(bytes_take(&source, 1) %
                                                                 POLICY_KEY_MAX) };
        struct policy_decision whole, part;
        struct event_function function;
        struct policy_facts facts = facts_take(&source, &function);

        router.unique_id = text_take(&source, texts[0], sizeof texts[0]);
        router.vendor_name = text_take(&source, texts[1], sizeof texts[1]);
        router.device_name = text_take(&source, texts[2], sizeof texts[2]);
        facts.path = text_take(&source, path, sizeof path);
        facts.router = bytes_take(&source, 1) & 1 ? &router : NULL;
        facts.session = (enum record_session)(SESSION_LOCKED + bytes_take(&source, 1) % 3);
        facts.known = POLICY_KNOWN_ALL;
        base_assert(policy_rules_decide(rules, &facts, &whole));
        decision_check(rules, &whole);
        facts.known = bytes_take(&source, 1) & POLICY_KNOWN_ALL;
        if (!(facts.known & POLICY_KNOWN_FUNCTION))
                facts.function = NULL;
        if (!policy_rules_decide(rules, &facts, &part))
                return;
        base_assert(part.verdict == whole.verdict && part.rule == whole.rule);
}

/* One warning at most for each rule and variable. */
static void warnings_check(const struct policy_rules *rules)
{
        struct policy_warning warning;
        uint32_t item = 0, told = 0;

        for (; policy_rules_check(rules, &item, &warning); told++) {
                base_assert(warning.file < rules->file_count);
                diagnosis_check(&warning.diagnosis);
        }
        base_assert(item == rules->rule_count + rules->variable_count && told <= item);
}

/* What is behind the counts must be zero, and is much: the beginnings show it. */
static bool same(const struct policy_rules *a, const struct policy_rules *b)
{
        return a->file_count == b->file_count && a->rule_count == b->rule_count &&
               a->condition_count == b->condition_count && a->value_count == b->value_count &&
               a->variable_count == b->variable_count && a->text_length == b->text_length &&
               memcmp(&a->fallback, &b->fallback, sizeof a->fallback) == 0 &&
               memcmp(&a->fallback_at_boot, &b->fallback_at_boot, sizeof a->fallback_at_boot) ==
                       0 &&
               memcmp(a->files, b->files, sizeof a->files) == 0 &&
               memcmp(a->rules, b->rules, 64 * sizeof a->rules[0]) == 0 &&
               memcmp(a->conditions, b->conditions, 256 * sizeof a->conditions[0]) == 0 &&
               memcmp(a->values, b->values, 1024 * sizeof a->values[0]) == 0 &&
               memcmp(a->variables, b->variables, 64 * sizeof a->variables[0]) == 0 &&
               memcmp(a->text, b->text, 4096) == 0;
}

/* Zeroes all that an input of this length can have written: cheaper than the whole of it, each time. */
static void clear(struct policy_rules *rules)
{
        memset(rules->rules, 0, rules->rule_count * sizeof rules->rules[0]);
        memset(rules->conditions, 0, rules->condition_count * sizeof rules->conditions[0]);
        memset(rules->values, 0, rules->value_count * sizeof rules->values[0]);
        memset(rules->variables, 0, rules->variable_count * sizeof rules->variables[0]);
        memset(rules->text, 0, rules->text_length);
        memset(rules->files, 0, sizeof rules->files);
        memset(&rules->fallback, 0, sizeof rules->fallback);
        memset(&rules->fallback_at_boot, 0, sizeof rules->fallback_at_boot);
        rules->file_count = rules->rule_count = rules->condition_count = rules->value_count = 0;
        rules->variable_count = 0;
        rules->text_length = 1;
}

/* One file; where it is rejected, the set is as a twin that never saw it. */
static bool file_read(const char *name, const char *text, size_t length, struct policy_rules *rules,
                      const struct policy_rules *twin)
{
        struct policy_diagnosis diagnosis;

        if (policy_rules_parse(name, text, length, rules, &diagnosis))
                return true;
        diagnosis_check(&diagnosis);
        place_check(&diagnosis, text, length);
        base_assert(same(rules, twin));
        return false;
}

/* A second file on top of a set that has something of everything: the input itself, which may use what is there. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char before[] = "let ids = { 8086:15ef 10ec:* } let words = { a \"b*\" }\n"
                                     "assign net if id = $ids and port = 00:1c.4\n";
        static struct policy_rules alone, second, twin;
        const char *text = (const char *)data;

        if (twin.file_count == 0) {
                policy_rules_init(&alone);
                policy_rules_init(&second);
                policy_rules_init(&twin);
                base_assert(file_read("a.rules", before, sizeof before - 1, &twin, &twin));
        }
        clear(&second);
        base_assert(same(&alone, &second));
        if (file_read("b.rules", text, size, &alone, &second)) {
                decide_check(&alone, (struct source){ data, size });
                verdicts_check(&alone);
                warnings_check(&alone);
        }
        clear(&alone);
        base_assert(file_read("a.rules", before, sizeof before - 1, &second, &twin));
        if (file_read("b.rules", text, size, &second, &twin)) {
                decide_check(&second, (struct source){ data, size });
                verdicts_check(&second);
                warnings_check(&second);
        }
        return 0;
}
