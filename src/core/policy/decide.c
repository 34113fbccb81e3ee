/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set against facts: the first rule that holds, if nothing before it is open. */
#include "base/assert.h"
#include "core/policy/rules.h"
#include "core/policy/subject.h"

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_OPEN };

/* One condition that does not hold says no, whatever else is open. */
static enum truth rule_holds(const struct policy_rules *rules, const struct policy_rule *rule,
                             const struct policy_facts *facts)
{
        enum truth truth = TRUTH_YES;

        for (uint32_t i = 0; i < rule->count; i++) {
                const struct policy_condition *condition = &rules->conditions[rule->first + i];
                uint32_t needs = policy_subject_needs((enum policy_subject)condition->subject);

                if ((needs & ~facts->known) != 0)
                        truth = TRUTH_OPEN;
                else if (policy_condition_holds(rules, condition, facts) == condition->negated)
                        return TRUTH_NO;
        }
        return truth;
}

bool policy_rules_decide(const struct policy_rules *rules, const struct policy_facts *facts,
                         struct policy_decision *ret_decision)
{
        const struct policy_fallback *fallback =
                facts->at_boot ? &rules->fallback_at_boot : &rules->fallback;

        for (uint32_t i = 0; i < rules->rule_count; i++) {
                const struct policy_rule *rule = &rules->rules[i];
                enum truth truth = rule_holds(rules, rule, facts);

                if (truth == TRUTH_NO)
                        continue;
                if (truth == TRUTH_OPEN)
                        return false;
                *ret_decision = (struct policy_decision){ (enum record_verdict)rule->verdict,
                                                          rule->function_only, i,
                                                          rules->text + rule->guest };
                return true;
        }
        *ret_decision = (struct policy_decision){ (enum record_verdict)fallback->verdict, false,
                                                  POLICY_RULE_NONE, rules->text + fallback->guest };
        return true;
}

/* Does one of count conditions from `first` on need that to be known? */
static bool conditions_need(const struct policy_rules *rules, uint32_t first, uint32_t count,
                            uint32_t known)
{
        for (uint32_t i = first; i < first + count; i++)
                if (policy_subject_needs((enum policy_subject)rules->conditions[i].subject) & known)
                        return true;
        return false;
}

bool policy_rules_session(const struct policy_rules *rules)
{
        return conditions_need(rules, 0, rules->condition_count, POLICY_KNOWN_SESSION);
}

bool policy_rules_router(const struct policy_rules *rules, uint32_t rule)
{
        base_assert(rule < rules->rule_count);
        return conditions_need(rules, rules->rules[rule].first, rules->rules[rule].count,
                               POLICY_KNOWN_ROUTER);
}

const char *policy_rules_file(const struct policy_rules *rules, uint32_t rule)
{
        base_assert(rule < rules->rule_count);
        return rules->text + rules->files[rules->rules[rule].file];
}

uint32_t policy_rules_line(const struct policy_rules *rules, uint32_t rule)
{
        base_assert(rule < rules->rule_count);
        return rules->rules[rule].line;
}

const char *policy_rules_guest(const struct policy_rules *rules, uint32_t rule)
{
        base_assert(rule < rules->rule_count);
        return rules->text + rules->rules[rule].guest;
}
