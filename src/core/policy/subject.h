/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What conditions can be about: how their values are written, and when one holds. */
#pragma once

#include "core/policy/rules.h"
#include "core/policy/token.h"

enum policy_subject {
        SUBJECT_PORT,
        SUBJECT_PATH,
        SUBJECT_POSITION,
        SUBJECT_DEPTH,
        SUBJECT_ID,
        SUBJECT_SUBSYSTEM,
        SUBJECT_CLASS,
        SUBJECT_KIND,
        SUBJECT_FINDING,
        SUBJECT_FUNCTIONS,
        SUBJECT_THUNDERBOLT,
        SUBJECT_UNIQUE_ID,
        SUBJECT_VENDOR_NAME,
        SUBJECT_DEVICE_NAME,
        SUBJECT_KEY,
        SUBJECT_SESSION,
        SUBJECT_AT_BOOT,
        SUBJECT_ARRIVAL_TIME,
        SUBJECT_ARRIVAL_DAY,
        SUBJECT_MAX
};

/** How values are written. */
enum policy_type {
        TYPE_NONE,
        TYPE_ADDRESS,
        TYPE_PATH,
        TYPE_STRING,
        TYPE_POSITION,
        TYPE_NUMBER,
        TYPE_ID,
        TYPE_CLASS,
        TYPE_KIND,
        TYPE_FINDING,
        TYPE_KEY,
        TYPE_SESSION,
        TYPE_ANSWER,
        TYPE_TIME,
        TYPE_DAY,
        TYPE_MAX
};

/** How they are kept and compared. */
enum policy_form {
        FORM_RANGE,  /**< low <= fact <= high; none where high < low */
        FORM_CYCLE,  /**< the same on a circle: high < low goes over its end */
        FORM_MASKED, /**< (fact & high) == low */
        FORM_BIT,    /**< bit number low of the fact */
        FORM_CHAIN, /**< the devfns in text at low, high of them; 0 of them = directly below the port */
        FORM_GLOB, /**< the pattern in text at low, of high bytes; NUL stands for any bytes */
};

enum policy_type policy_subject_type(enum policy_subject subject);
enum policy_form policy_type_form(enum policy_type type);
/** ", expected ..." for messages. */
const char *policy_type_expected(enum policy_type type);

/** The subject of this name; SUBJECT_MAX where there is none. */
enum policy_subject policy_subject_find(const struct policy_token *name);

/**
 * One value. Patterns and chains are appended to rules->text. 0; -EINVAL: not of this type; -ENOSPC: no room left in
 * text. Nothing is changed then.
 */
int policy_value_parse(enum policy_type type, const struct policy_token *token,
                       struct policy_rules *rules, struct policy_value *ret_value);

/** Appends bytes and a NUL to rules->text. False where there is no room for them. */
bool policy_text_add(struct policy_rules *rules, const char *bytes, size_t length,
                     uint32_t *ret_at);

/** POLICY_KNOWN_* that must be known to decide about this subject; 0 where the fact always is. */
uint32_t policy_subject_needs(enum policy_subject subject);

/** Is the fact any of the condition's values? `negated` is the caller's. What it needs must be known. */
bool policy_condition_holds(const struct policy_rules *rules,
                            const struct policy_condition *condition,
                            const struct policy_facts *facts);

/** Is every fact that fits `inner` one that fits `outer`? Both of this type. False may mean "perhaps". */
bool policy_value_within(const struct policy_rules *rules, enum policy_type type,
                         struct policy_value inner, struct policy_value outer);
/** Is there no fact that fits both? False may mean "perhaps". */
bool policy_value_disjoint(const struct policy_rules *rules, enum policy_type type,
                           struct policy_value a, struct policy_value b);
