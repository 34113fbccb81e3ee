/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts against values, and values against each other. */
#include <string.h>

#include "base/assert.h"
#include "core/policy/subject.h"

#define DAY_MINUTES 1440u
#define WEEK_DAYS 7u

enum policy_form policy_type_form(enum policy_type type)
{
        switch (type) {
        case TYPE_ADDRESS:
        case TYPE_NUMBER:
        case TYPE_KIND:
        case TYPE_KEY:
        case TYPE_SESSION:
        case TYPE_ANSWER:
                return FORM_RANGE;
        case TYPE_TIME:
        case TYPE_DAY:
                return FORM_CYCLE;
        case TYPE_ID:
        case TYPE_CLASS:
                return FORM_MASKED;
        case TYPE_FINDING:
                return FORM_BIT;
        case TYPE_POSITION:
                return FORM_CHAIN;
        case TYPE_PATH:
        case TYPE_STRING:
                return FORM_GLOB;
        case TYPE_NONE:
        case TYPE_MAX:
                break;
        }
        base_assert(false);
        return FORM_RANGE;
}

static uint32_t cycle_size(enum policy_type type)
{
        return type == TYPE_TIME ? DAY_MINUTES : WEEK_DAYS;
}

static bool cycle_has(struct policy_value value, uint32_t fact)
{
        if (value.low <= value.high)
                return value.low <= fact && fact <= value.high;
        return value.low <= fact || fact <= value.high;
}

/* NUL stands for any bytes, as many as it takes; one star is given more only where the rest does not fit. */
static bool glob_matches(const char *pattern, size_t length, const char *text, size_t text_length)
{
        size_t at = 0, i = 0, star = SIZE_MAX, star_i = 0;

        while (i < text_length)
                if (at < length && pattern[at] == '\0') {
                        star = at++;
                        star_i = i;
                } else if (at < length && pattern[at] == text[i]) {
                        at++;
                        i++;
                } else if (star != SIZE_MAX) {
                        at = star + 1;
                        i = ++star_i;
                } else {
                        return false;
                }
        while (at < length && pattern[at] == '\0')
                at++;
        return at == length;
}

static bool chain_matches(const struct policy_rules *rules, struct policy_value value,
                          const uint8_t *position, uint32_t depth)
{
        if (value.high == 0)
                return depth == 1;
        return depth == value.high && depth <= LIMIT_DEPTH + 1 &&
               memcmp(rules->text + value.low, position, depth) == 0;
}

static bool number_matches(enum policy_form form, struct policy_value value, uint32_t fact)
{
        if (form == FORM_RANGE)
                return value.low <= fact && fact <= value.high;
        if (form == FORM_CYCLE)
                return cycle_has(value, fact);
        if (form == FORM_MASKED)
                return (fact & value.high) == value.low;
        return (fact >> value.low & 1) != 0; /* FORM_BIT */
}

static uint32_t pair(uint16_t vendor, uint16_t device)
{
        return (uint32_t)vendor << 16 | device;
}

static bool number_of(enum policy_subject subject, const struct policy_facts *facts,
                      uint32_t *ret_fact)
{
        switch (subject) {
        case SUBJECT_PORT:
                *ret_fact = facts->port;
                return true;
        case SUBJECT_DEPTH:
                *ret_fact = facts->depth;
                return true;
        case SUBJECT_ID:
                *ret_fact = pair(facts->function->vendor, facts->function->device);
                return true;
        case SUBJECT_SUBSYSTEM:
                *ret_fact =
                        pair(facts->function->subsystem_vendor, facts->function->subsystem_device);
                return true;
        case SUBJECT_CLASS:
                *ret_fact = facts->function->class;
                return true;
        case SUBJECT_KIND:
                *ret_fact = facts->function->kind == FUNCTION_BRIDGE;
                return true;
        case SUBJECT_FINDING:
                *ret_fact = facts->findings;
                return true;
        case SUBJECT_FUNCTIONS:
                *ret_fact = facts->count;
                return true;
        case SUBJECT_THUNDERBOLT:
                *ret_fact = facts->router != NULL;
                return true;
        case SUBJECT_KEY: /* what is no router has none of them */
                *ret_fact = facts->router ? (uint32_t)facts->router->key : 0;
                return facts->router != NULL;
        case SUBJECT_SESSION: /* as their words are counted: subject.c */
                base_assert(facts->session != SESSION_UNKNOWN);
                *ret_fact = (uint32_t)facts->session - SESSION_LOCKED;
                return true;
        case SUBJECT_AT_BOOT:
                *ret_fact = facts->at_boot;
                return true;
        case SUBJECT_ARRIVAL_TIME:
                *ret_fact = facts->minute % DAY_MINUTES;
                return true;
        case SUBJECT_ARRIVAL_DAY:
                *ret_fact = facts->minute / DAY_MINUTES % WEEK_DAYS;
                return true;
        case SUBJECT_PATH:
        case SUBJECT_POSITION:
        case SUBJECT_UNIQUE_ID:
        case SUBJECT_VENDOR_NAME:
        case SUBJECT_DEVICE_NAME:
        case SUBJECT_MAX:
                break;
        }
        base_assert(false);
        return false;
}

/* NULL where there is none. */
static const char *text_of(enum policy_subject subject, const struct policy_facts *facts)
{
        if (subject == SUBJECT_PATH)
                return facts->path;
        if (!facts->router)
                return NULL;
        if (subject == SUBJECT_UNIQUE_ID)
                return facts->router->unique_id;
        return subject == SUBJECT_VENDOR_NAME ? facts->router->vendor_name
                                              : facts->router->device_name;
}

bool policy_condition_holds(const struct policy_rules *rules,
                            const struct policy_condition *condition,
                            const struct policy_facts *facts)
{
        enum policy_subject subject = (enum policy_subject)condition->subject;
        enum policy_form form = policy_type_form(policy_subject_type(subject));
        const struct policy_value *values = rules->values + condition->first;
        const char *text = form == FORM_GLOB ? text_of(subject, facts) : NULL;
        size_t length = text ? strlen(text) : 0;
        uint32_t fact = 0;
        bool found = false;

        if (form == FORM_GLOB ? !text : form != FORM_CHAIN && !number_of(subject, facts, &fact))
                return false;
        for (uint32_t i = 0; i < condition->count && !found; i++)
                if (form == FORM_GLOB)
                        found = glob_matches(rules->text + values[i].low, values[i].high, text,
                                             length);
                else if (form == FORM_CHAIN)
                        found = chain_matches(rules, values[i], facts->position, facts->depth);
                else
                        found = number_matches(form, values[i], fact);
        return found;
}

static bool cycle_within(uint32_t size, struct policy_value inner, struct policy_value outer)
{
        uint32_t inner_size = (inner.high + size - inner.low) % size + 1;
        uint32_t outer_size = (outer.high + size - outer.low) % size + 1;

        return outer_size == size ||
               (inner.low + size - outer.low) % size + inner_size <= outer_size;
}

static bool chain_equal(const struct policy_rules *rules, struct policy_value a,
                        struct policy_value b)
{
        return a.high == b.high &&
               (a.high == 0 || memcmp(rules->text + a.low, rules->text + b.low, a.high) == 0);
}

bool policy_value_within(const struct policy_rules *rules, enum policy_type type,
                         struct policy_value inner, struct policy_value outer)
{
        switch (policy_type_form(type)) {
        case FORM_RANGE:
                return inner.low > inner.high ||
                       (outer.low <= inner.low && inner.high <= outer.high);
        case FORM_CYCLE:
                return cycle_within(cycle_size(type), inner, outer);
        case FORM_MASKED:
                return (inner.high & outer.high) == outer.high &&
                       (inner.low & outer.high) == outer.low;
        case FORM_BIT:
                return inner.low == outer.low;
        case FORM_CHAIN:
                return chain_equal(rules, inner, outer) || (outer.high == 0 && inner.high == 1);
        case FORM_GLOB: /* a star of inner fits nothing but a star of outer */
                return glob_matches(rules->text + outer.low, outer.high, rules->text + inner.low,
                                    inner.high);
        }
        base_assert(false);
        return false;
}

/* Do they differ before the first star, or have none and differ? */
static bool glob_disjoint(const char *a, size_t a_length, const char *b, size_t b_length)
{
        size_t i = 0;

        while (i < a_length && i < b_length && a[i] != '\0' && a[i] == b[i])
                i++;
        if (i < a_length && a[i] == '\0')
                return false;
        if (i < b_length && b[i] == '\0')
                return false;
        return i < a_length || i < b_length;
}

bool policy_value_disjoint(const struct policy_rules *rules, enum policy_type type,
                           struct policy_value a, struct policy_value b)
{
        switch (policy_type_form(type)) {
        case FORM_RANGE:
                return a.low > a.high || b.low > b.high || a.high < b.low || b.high < a.low;
        case FORM_CYCLE:
                return !cycle_has(a, b.low) && !cycle_has(b, a.low);
        case FORM_MASKED:
                return (a.low & b.high) != (b.low & a.high);
        case FORM_BIT: /* a function can have several */
                return false;
        case FORM_CHAIN:
                if (a.high == 0 || b.high == 0)
                        return a.high > 1 || b.high > 1;
                return !chain_equal(rules, a, b);
        case FORM_GLOB:
                return glob_disjoint(rules->text + a.low, a.high, rules->text + b.low, b.high);
        }
        base_assert(false);
        return false;
}
