/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that can never decide, and variables for nothing. Only what is certain is told. */
#include <string.h>

#include "base/text.h"
#include "core/policy/rules.h"
#include "core/policy/subject.h"

static enum policy_type type_of(const struct policy_condition *condition)
{
        return policy_subject_type((enum policy_subject)condition->subject);
}

static bool values_within(const struct policy_rules *rules, const struct policy_condition *inner,
                          const struct policy_condition *outer)
{
        for (uint32_t i = 0; i < inner->count; i++) {
                struct policy_value value = rules->values[inner->first + i];
                bool found = false;

                for (uint32_t j = 0; j < outer->count && !found; j++)
                        found = policy_value_within(rules, type_of(inner), value,
                                                    rules->values[outer->first + j]);
                if (!found)
                        return false;
        }
        return true;
}

static bool values_disjoint(const struct policy_rules *rules, const struct policy_condition *a,
                            const struct policy_condition *b)
{
        for (uint32_t i = 0; i < a->count; i++)
                for (uint32_t j = 0; j < b->count; j++)
                        if (!policy_value_disjoint(rules, type_of(a), rules->values[a->first + i],
                                                   rules->values[b->first + j]))
                                return false;
        return true;
}

/* Does b hold wherever a does? Both are about the same subject. */
static bool implies(const struct policy_rules *rules, const struct policy_condition *a,
                    const struct policy_condition *b)
{
        if (a->negated)
                return b->negated && values_within(rules, b, a);
        return b->negated ? values_disjoint(rules, a, b) : values_within(rules, a, b);
}

/* Can they not hold together? Both are about the same subject. */
static bool excludes(const struct policy_rules *rules, const struct policy_condition *a,
                     const struct policy_condition *b)
{
        if (a->negated && b->negated)
                return false;
        if (a->negated)
                return values_within(rules, b, a);
        return b->negated ? values_within(rules, a, b) : values_disjoint(rules, a, b);
}

/* A range without numbers excludes itself; else two conditions exclude each other. */
static bool contradicts_itself(const struct policy_rules *rules, const struct policy_rule *rule)
{
        const struct policy_condition *conditions = &rules->conditions[rule->first];

        for (uint32_t i = 0; i < rule->count; i++)
                for (uint32_t j = 0; j <= i; j++)
                        if (conditions[i].subject == conditions[j].subject &&
                            (i != j || !conditions[i].negated) &&
                            excludes(rules, &conditions[i], &conditions[j]))
                                return true;
        return false;
}

/* Does the earlier rule take everything that the later one could? */
static bool shadows(const struct policy_rules *rules, const struct policy_rule *earlier,
                    const struct policy_rule *later)
{
        for (uint32_t i = 0; i < earlier->count; i++) {
                const struct policy_condition *outer = &rules->conditions[earlier->first + i];
                bool implied = false;

                for (uint32_t j = 0; j < later->count && !implied; j++) {
                        const struct policy_condition *inner = &rules->conditions[later->first + j];

                        implied = inner->subject == outer->subject && implies(rules, inner, outer);
                }
                if (!implied)
                        return false;
        }
        return true;
}

static struct base_text warning_begin(uint8_t file, uint32_t line, uint32_t column,
                                      struct policy_warning *ret_warning)
{
        ret_warning->file = file;
        ret_warning->diagnosis.line = line;
        ret_warning->diagnosis.column = column;
        return base_text_on(ret_warning->diagnosis.message, sizeof ret_warning->diagnosis.message);
}

static bool rule_check(const struct policy_rules *rules, uint32_t index,
                       struct policy_warning *ret_warning)
{
        const struct policy_rule *rule = &rules->rules[index];
        bool contradiction = contradicts_itself(rules, rule);
        struct base_text message;
        const char *file;
        uint32_t earlier = 0;

        while (!contradiction && earlier < index && !shadows(rules, &rules->rules[earlier], rule))
                earlier++;
        if (!contradiction && earlier == index)
                return false;
        message = warning_begin(rule->file, rule->line, rule->column, ret_warning);
        if (contradiction) {
                base_text_add(&message, "never decides: its conditions exclude each other");
                return true;
        }
        base_text_add(&message, "never decides: the rule in ");
        file = policy_rules_file(rules, earlier);
        base_text_add_quoted(&message, file, strlen(file));
        base_text_add(&message, ":");
        base_text_add_u64(&message, policy_rules_line(rules, earlier));
        base_text_add(&message, " takes all that it could");
        return true;
}

static bool variable_check(const struct policy_rules *rules, const struct policy_variable *variable,
                           struct policy_warning *ret_warning)
{
        struct base_text message;

        if (variable->type != TYPE_NONE)
                return false;
        message = warning_begin(variable->file, variable->line, variable->column, ret_warning);
        base_text_add(&message, "no rule uses $");
        base_text_add(&message, rules->text + variable->name);
        return true;
}

bool policy_rules_check(const struct policy_rules *rules, uint32_t *item,
                        struct policy_warning *ret_warning)
{
        bool found = false;

        while (!found && *item < rules->rule_count)
                found = rule_check(rules, (*item)++, ret_warning);
        while (!found && *item < rules->rule_count + rules->variable_count)
                found = variable_check(rules, &rules->variables[(*item)++ - rules->rule_count],
                                       ret_warning);
        return found;
}
