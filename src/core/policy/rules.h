/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules: text to a flat set, and the set against facts to a verdict. First match decides. sallyport-rules(5). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event/event.h"
#include "core/limits.h"
#include "core/policy/config.h"
#include "core/record.h"

/** What of struct policy_facts is known yet; the rest must not be looked at. at_boot always is. */
#define POLICY_KNOWN_MINUTE 0x1u   /**< when it arrived, in local time */
#define POLICY_KNOWN_FUNCTION 0x2u /**< enumerated and read: function, position, findings */
#define POLICY_KNOWN_COUNT 0x4u    /**< everything below the port was counted */
#define POLICY_KNOWN_ROUTER 0x8u   /**< whether there is a Thunderbolt router, and which */
#define POLICY_KNOWN_KEY 0x10u     /**< what that has proved */
#define POLICY_KNOWN_PORT 0x20u    /**< port and path */
#define POLICY_KNOWN_SESSION 0x40u /**< whether the session is locked */
#define POLICY_KNOWN_ALL 0x7fu

/** What a Thunderbolt router has proved: nothing; it says the unique ID of one that is enrolled; it has its key too. */
enum policy_key { POLICY_KEY_NONE, POLICY_KEY_CLAIMED, POLICY_KEY_VERIFIED, POLICY_KEY_MAX };

/** What a Thunderbolt router says of itself. Hostile, but for key. */
struct policy_router {
        const char *unique_id, *vendor_name, *device_name; /**< never NULL */
        enum policy_key key;
};

/** What a rule can ask of one function, or of a port before anything was enumerated below it. */
struct policy_facts {
        uint32_t known;   /**< POLICY_KNOWN_* */
        uint32_t port;    /**< SBDF of the external port */
        const char *path; /**< its DEVPATH, "/devices/pci0000:00/0000:00:04.0" */
        bool at_boot;     /**< it was there when the machine booted */
        uint32_t minute;  /**< of the week, local time at arrival: 0 = Monday 00:00 .. 10079 */
        enum record_session session; /**< never SESSION_UNKNOWN where known */
        const struct event_function *function;
        uint32_t depth; /**< entries of position: 1 = directly below the port */
        uint8_t position[LIMIT_DEPTH +
                         1]; /**< devfn of each bridge below the port, and of the function */
        uint32_t findings;   /**< bits by enum policy_finding */
        uint32_t count;      /**< functions below the port */
        const struct policy_router *router; /**< NULL: not reached through Thunderbolt */
};

/** Which rule decided: its place in the set; or none, then a default did. */
#define POLICY_RULE_NONE UINT32_MAX

struct policy_decision {
        enum record_verdict verdict;
        bool function_only; /**< "for function", acknowledged; else the whole hierarchy */
        uint32_t rule;      /**< index, or POLICY_RULE_NONE */
        const char *guest;  /**< of VERDICT_ASSIGN, in the set; else "" */
};

/** One value of a condition. What low and high mean depends on the subject's form (subject.h). */
struct policy_value {
        uint32_t low, high;
};

struct policy_condition {
        uint32_t first;  /**< of its values */
        uint16_t count;  /**< any of them will do */
        uint8_t subject; /**< enum policy_subject */
        bool negated;
};

struct policy_rule {
        uint32_t first; /**< of its conditions: all must hold */
        uint32_t line, column;
        uint32_t guest; /**< of VERDICT_ASSIGN, in text; else 0, where "" stands */
        uint8_t count;
        uint8_t file;
        uint8_t verdict; /**< enum record_verdict */
        bool function_only;
};

/** A list by name. Its words become values when a rule uses it first: only then it is known what they are. */
struct policy_variable {
        uint32_t name; /**< in text, without '$' */
        uint32_t line, column;
        uint32_t first_word; /**< among the values: low, high = place and length in text */
        uint32_t first;      /**< of its values, as many as words; where it is used */
        uint16_t count;
        uint8_t file;
        uint8_t type; /**< enum policy_type; TYPE_NONE where it is not used */
};

/** What decides where no rule does. */
struct policy_fallback {
        uint32_t guest; /**< as in struct policy_rule */
        uint8_t verdict;
        bool said; /**< some file has it */
};

/** The rules of all files, flat; policy_rules_init makes an empty one. About 600 KiB: never on a stack. */
struct policy_rules {
        uint32_t file_count, rule_count, condition_count, value_count, variable_count;
        uint32_t text_length; /**< the first byte is the empty string */
        bool trust_dom0; /**< this build knows `trust-dom0`: set by policy_rules_init, changed by tests only */
        struct policy_fallback fallback, fallback_at_boot;
        uint32_t files[LIMIT_RULE_FILES]; /**< names, in text */
        struct policy_rule rules[LIMIT_RULES];
        struct policy_condition conditions[LIMIT_RULE_CONDITIONS];
        struct policy_value values[LIMIT_RULE_VALUES];
        struct policy_variable variables[LIMIT_RULE_VARIABLES];
        char text[LIMIT_RULE_TEXT];
};

/** No rules: everything is quarantined. */
void policy_rules_init(struct policy_rules *ret_rules);

/**
 * Appends the rules of one file, named `name` (base name, for people). Grammar: sallyport-rules(5). On the first error
 * returns false, fills *ret_diagnosis and leaves *rules as it was.
 */
bool policy_rules_parse(const char *name, const char *text, size_t length,
                        struct policy_rules *rules, struct policy_diagnosis *ret_diagnosis);

/**
 * What the rules say of these facts. False, with *ret_decision untouched, where a rule that could decide asks for
 * something that is not known yet: then nothing may be concluded. With POLICY_KNOWN_ALL always true.
 */
bool policy_rules_decide(const struct policy_rules *rules, const struct policy_facts *facts,
                         struct policy_decision *ret_decision);

/** Has any rule a condition on the session? */
bool policy_rules_session(const struct policy_rules *rules);
/** Has the rule a condition on the Thunderbolt router? rule < rule_count. */
bool policy_rules_router(const struct policy_rules *rules, uint32_t rule);

/** The file (base name) and line of a rule; rule < rule_count. */
const char *policy_rules_file(const struct policy_rules *rules, uint32_t rule);
uint32_t policy_rules_line(const struct policy_rules *rules, uint32_t rule);

/** Something that is not wrong, but can hardly be meant. */
struct policy_warning {
        uint32_t file; /**< which of the set's */
        struct policy_diagnosis diagnosis;
};

/**
 * Looks for rules that can never decide - an earlier one takes all that they could, or their conditions exclude each
 * other - and for variables that nobody uses. Begin with *item = 0 and call until it returns false; each call gives one
 * warning. What it finds is so; it does not find all that is so (a rule may be shadowed by several others together).
 */
bool policy_rules_check(const struct policy_rules *rules, uint32_t *item,
                        struct policy_warning *ret_warning);

/** The guest that a rule assigns to, or "". rule < rule_count. */
const char *policy_rules_guest(const struct policy_rules *rules, uint32_t rule);
