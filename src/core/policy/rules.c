/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of rules: recursive descent without recursion, one token ahead. The first error ends it. */
#include "core/policy/rules.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "core/policy/subject.h"

#ifndef SALLYPORT_TRUST_DOM0
#define SALLYPORT_TRUST_DOM0 0
#endif

#define ACKNOWLEDGED "without-isolation"
#define VERDICTS ", expected quarantine, reject, ask or assign GUEST"

struct parser {
        struct policy_rules *rules;
        struct policy_diagnosis *diagnosis;
        struct policy_scanner scanner;
        struct policy_token token; /* not yet taken */
        uint8_t file;
};

/* What rules held before, to be put back. */
struct mark {
        uint32_t file_count, rule_count, condition_count, value_count, variable_count, text_length;
        struct policy_fallback fallback, fallback_at_boot;
};

static bool reject_at(struct parser *parser, const struct policy_token *token, const char *before,
                      const char *after)
{
        struct base_text message =
                base_text_on(parser->diagnosis->message, sizeof parser->diagnosis->message);

        if (token->kind == TOKEN_UNTERMINATED)
                before = "string without end: ";
        base_text_add(&message, before);
        if (token->kind == TOKEN_END)
                base_text_add(&message, "end of file");
        else
                base_text_add_quoted(&message, token->bytes, token->length);
        base_text_add(&message, after);
        base_assert(!message.truncated);
        parser->diagnosis->line = token->line;
        parser->diagnosis->column = token->column;
        return false;
}

static bool reject(struct parser *parser, const char *before, const char *after)
{
        return reject_at(parser, &parser->token, before, after);
}

static struct policy_token take(struct parser *parser)
{
        struct policy_token token = parser->token;

        parser->token = policy_token_next(&parser->scanner);
        return token;
}

/* Takes the token where it is this word or sign. */
static bool take_if(struct parser *parser, const char *word)
{
        if (!policy_token_is(&parser->token, word))
                return false;
        (void)take(parser);
        return true;
}

static bool reserved(const struct policy_token *token)
{
        static const char *const words[] = {
                "let",       "default",    "quarantine", "reject",  "assign",
                "ask",       "trust-dom0", "for",        "if",      "and",
                "hierarchy", "function",   "not",        "at-boot", ACKNOWLEDGED,
        };

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (policy_token_is(token, words[i]))
                        return true;
        return false;
}

static bool name_byte(char byte, bool guest)
{
        return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
               (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_' ||
               (guest && (byte == '.' || byte == '+' || byte == ':' || byte == '@'));
}

static bool name_valid(const struct policy_token *token, bool guest, size_t size)
{
        bool valid = token->length > 0 && token->length < size;

        for (size_t i = 0; valid && i < token->length; i++)
                valid = name_byte(token->bytes[i], guest);
        return valid;
}

/*
 * Never dom0 by another name; and no number, which would be a domain ID (libxl_name_to_domid does not take them, but
 * xl does): whatever had that number then would get the device.
 */
static bool guest_valid(const struct policy_token *token)
{
        bool number = true;

        if ((token->kind != TOKEN_STRING && (token->kind != TOKEN_WORD || reserved(token))) ||
            !name_valid(token, true, LIMIT_GUEST))
                return false;
        for (size_t i = 0; i < token->length; i++)
                number = number && token->bytes[i] >= '0' && token->bytes[i] <= '9';
        return !number && !base_text_is(token->bytes, token->length, "Domain-0") &&
               !base_text_is(token->bytes, token->length, "dom0");
}

static bool text_keep(struct parser *parser, const struct policy_token *token, const char *bytes,
                      size_t length, uint32_t *ret_at)
{
        if (policy_text_add(parser->rules, bytes, length, ret_at))
                return true;
        return reject_at(parser, token, "no room for ",
                         ", expected less text in all rules together");
}

/* quarantine | reject | ask | assign GUEST | trust-dom0 */
static bool verdict_parse(struct parser *parser, uint8_t *ret_verdict, uint32_t *ret_guest)
{
        static const struct {
                const char *word;
                enum record_verdict verdict;
        } verdicts[] = {
                { "quarantine", VERDICT_QUARANTINE }, { "reject", VERDICT_REJECT },
                { "assign", VERDICT_ASSIGN },         { "ask", VERDICT_ASK },
                { "trust-dom0", VERDICT_TRUST_DOM0 },
        };
        size_t i = 0;

        while (i < sizeof verdicts / sizeof verdicts[0] &&
               !policy_token_is(&parser->token, verdicts[i].word))
                i++;
        if (i == sizeof verdicts / sizeof verdicts[0])
                return reject(parser, "not a verdict: ", VERDICTS);
        if (verdicts[i].verdict == VERDICT_TRUST_DOM0 && !parser->rules->trust_dom0)
                return reject(parser, "this build has no ",
                              VERDICTS "; the build option trust-dom0 is off");
        (void)take(parser);
        *ret_verdict = (uint8_t)verdicts[i].verdict;
        *ret_guest = 0;
        if (verdicts[i].verdict != VERDICT_ASSIGN)
                return true;
        if (!guest_valid(&parser->token))
                return reject(parser, "not a guest: ",
                              ", expected its name: letters, digits and -_.+:@, not only digits, "
                              "not dom0; words of the rules in quotes");
        if (!text_keep(parser, &parser->token, parser->token.bytes, parser->token.length,
                       ret_guest))
                return false;
        (void)take(parser);
        return true;
}

static bool default_parse(struct parser *parser)
{
        struct policy_token start = take(parser);
        bool at_boot = take_if(parser, "at-boot");
        struct policy_fallback *fallback =
                at_boot ? &parser->rules->fallback_at_boot : &parser->rules->fallback;

        if (fallback->said)
                return reject_at(parser, &start, "second ",
                                 at_boot ? " at-boot, expected one in all files"
                                         : ", expected one in all files");
        if (policy_token_is(&parser->token, "trust-dom0"))
                return reject(parser, "no default: ", VERDICTS);
        fallback->said = true;
        return verdict_parse(parser, &fallback->verdict, &fallback->guest);
}

static bool value_reject(struct parser *parser, const struct policy_token *token, int error,
                         enum policy_type type)
{
        if (error == -ENOSPC)
                return reject_at(parser, token, "no room for ",
                                 ", expected less text in all rules together");
        return reject_at(parser, token, "not a value: ", policy_type_expected(type));
}

static bool value_append(struct parser *parser, struct policy_value value)
{
        struct policy_rules *rules = parser->rules;

        if (rules->value_count == LIMIT_RULE_VALUES)
                return reject(parser, "one value too many before ",
                              ", expected at most 16384 in all rules together");
        rules->values[rules->value_count++] = value;
        return true;
}

/* "{" value { [","] value } "}", each given to `add`. */
static bool list_parse(struct parser *parser, enum policy_type type,
                       bool (*add)(struct parser *parser, enum policy_type type),
                       uint16_t *ret_count)
{
        uint16_t count = 0;

        if (!take_if(parser, "{"))
                return reject(parser, "not a list: ", ", expected {");
        do {
                if (parser->token.kind != TOKEN_WORD && parser->token.kind != TOKEN_STRING)
                        return reject(parser, "not a value: ", ", expected one, in a list { }");
                if (parser->token.kind == TOKEN_WORD && parser->token.bytes[0] == '$')
                        return reject(parser, "variable in a list: ", ", expected a value");
                if (!add(parser, type))
                        return false;
                count++;
        } while (take_if(parser, ",") || !policy_token_is(&parser->token, "}"));
        (void)take(parser);
        *ret_count = count;
        return true;
}

static bool value_add(struct parser *parser, enum policy_type type)
{
        struct policy_value value;
        int error = policy_value_parse(type, &parser->token, parser->rules, &value);

        if (error)
                return value_reject(parser, &parser->token, error, type);
        if (!value_append(parser, value))
                return false;
        (void)take(parser);
        return true;
}

/* As it stands, a string with the quote in front: what it means shows where it is used. */
static bool word_add(struct parser *parser, enum policy_type type)
{
        const struct policy_token *token = &parser->token;
        size_t quote = token->kind == TOKEN_STRING;
        struct policy_value word = { .high = (uint32_t)(token->length + quote) };

        base_assert(type == TYPE_NONE);
        if (token->length > 4 * (size_t)LIMIT_RULE_STRING)
                return reject(parser, "too long: ", ", expected at most 448 bytes");
        if (!text_keep(parser, token, token->bytes - quote, token->length + quote, &word.low) ||
            !value_append(parser, word))
                return false;
        (void)take(parser);
        return true;
}

/* The variable of this name, which may have '$' in front; NULL where there is none. */
static struct policy_variable *variable_find(struct policy_rules *rules, const char *name,
                                             size_t length)
{
        for (uint32_t i = 0; i < rules->variable_count; i++)
                if (base_text_is(name, length, rules->text + rules->variables[i].name))
                        return &rules->variables[i];
        return NULL;
}

static bool let_parse(struct parser *parser)
{
        struct policy_rules *rules = parser->rules;
        struct policy_variable variable = { .file = parser->file, .type = TYPE_NONE };
        struct policy_token name;

        (void)take(parser);
        name = parser->token;
        if (name.kind != TOKEN_WORD || reserved(&name) || !name_valid(&name, false, LIMIT_VARIABLE))
                return reject(parser, "not a name: ",
                              ", expected up to 31 letters, digits, - and _, that are no word of "
                              "the rules");
        if (variable_find(rules, name.bytes, name.length))
                return reject(parser, "variable given twice: ", ", expected another name");
        if (rules->variable_count == LIMIT_RULE_VARIABLES)
                return reject(parser, "one variable too many: ", ", expected at most 256 of them");
        if (!text_keep(parser, &name, name.bytes, name.length, &variable.name))
                return false;
        (void)take(parser);
        if (!take_if(parser, "="))
                return reject(parser, "no assignment: ", ", expected =");
        variable.line = name.line;
        variable.column = name.column;
        variable.first_word = rules->value_count;
        if (!list_parse(parser, TYPE_NONE, word_add, &variable.count))
                return false;
        rules->variables[rules->variable_count++] = variable;
        return true;
}

static bool word_reject(struct parser *parser, const struct policy_token *use,
                        const struct policy_token *word, int error, enum policy_type type)
{
        char before[64];
        struct base_text text = base_text_on(before, sizeof before);
        struct policy_token there = *word;

        if (error == -ENOSPC)
                return value_reject(parser, use, error, type);
        /* The list may be in another file: the message is about its use. */
        there.line = use->line;
        there.column = use->column;
        base_text_add(&text, "in ");
        for (size_t i = 0; i < use->length; i++)
                base_text_add_char(&text, use->bytes[i]);
        base_text_add(&text, " not a value: ");
        return reject_at(parser, &there, before, policy_type_expected(type));
}

/* Its words become values of this type. */
static bool variable_convert(struct parser *parser, struct policy_variable *variable,
                             const struct policy_token *use, enum policy_type type)
{
        struct policy_rules *rules = parser->rules;
        uint32_t first = rules->value_count;

        for (uint32_t i = 0; i < variable->count; i++) {
                struct policy_value word = rules->values[variable->first_word + i], value;
                bool string = rules->text[word.low] == '"';
                struct policy_token token = { string ? TOKEN_STRING : TOKEN_WORD,
                                              rules->text + word.low + string, word.high - string,
                                              use->line, use->column };
                int error = policy_value_parse(type, &token, rules, &value);

                if (error)
                        return word_reject(parser, use, &token, error, type);
                if (!value_append(parser, value))
                        return false;
        }
        variable->first = first;
        variable->type = (uint8_t)type;
        return true;
}

static bool variable_use(struct parser *parser, enum policy_type type,
                         struct policy_condition *condition)
{
        const struct policy_token *use = &parser->token;
        struct policy_variable *variable =
                variable_find(parser->rules, use->bytes + 1, use->length - 1);

        if (!variable)
                return reject(parser, "unknown variable ", ", expected one that a let before made");
        if (variable->type != TYPE_NONE && variable->type != type)
                return reject(parser, "used for something else before: ",
                              ", expected a list of its own for each kind of value");
        if (variable->type == TYPE_NONE && !variable_convert(parser, variable, use, type))
                return false;
        condition->first = variable->first;
        condition->count = variable->count;
        (void)take(parser);
        return true;
}

/* value | list | $variable */
static bool values_parse(struct parser *parser, struct policy_condition *condition)
{
        enum policy_type type = policy_subject_type((enum policy_subject)condition->subject);

        condition->first = parser->rules->value_count;
        condition->count = 1;
        if (policy_token_is(&parser->token, "{"))
                return list_parse(parser, type, value_add, &condition->count);
        if (parser->token.kind == TOKEN_WORD && parser->token.bytes[0] == '$')
                return variable_use(parser, type, condition);
        return value_add(parser, type);
}

/* Behind < <= > >=: one number, kept as the range it means. */
static bool bound_parse(struct parser *parser, const struct policy_token *sign,
                        struct policy_condition *condition)
{
        struct policy_value *value = &parser->rules->values[parser->rules->value_count];
        struct policy_token number = parser->token;
        bool equal = sign->length == 2;
        uint32_t bound;

        condition->first = parser->rules->value_count;
        condition->count = 1;
        if (!value_add(parser, TYPE_NUMBER))
                return false;
        if (value->low != value->high)
                return reject_at(parser, &number, "not one number: ", ", expected one up to 65535");
        bound = value->low;
        if (sign->bytes[0] == '>')
                *value = (struct policy_value){ equal ? bound : bound + 1, UINT32_MAX };
        else if (equal || bound > 0)
                *value = (struct policy_value){ 0, equal ? bound : bound - 1 };
        else
                *value = (struct policy_value){ 1, 0 };
        return true;
}

static bool condition_parse(struct parser *parser)
{
        struct policy_rules *rules = parser->rules;
        struct policy_condition condition = { .negated = take_if(parser, "not") };
        enum policy_subject subject = policy_subject_find(&parser->token);
        struct policy_token sign;
        bool different, good;

        if (subject == SUBJECT_MAX)
                return reject(
                        parser, "not a subject: ",
                        ", expected port, path, position, depth, id, subsystem, class, kind, "
                        "finding, functions, thunderbolt, unique-id, vendor-name, device-name, "
                        "key, session, at-boot, arrival-time or arrival-day");
        if (rules->condition_count == LIMIT_RULE_CONDITIONS)
                return reject(parser, "one condition too many: ",
                              ", expected at most 8192 in all rules together");
        (void)take(parser);
        condition.subject = (uint8_t)subject;
        different = policy_token_is(&parser->token, "!=");
        if (different || policy_token_is(&parser->token, "=")) {
                (void)take(parser);
                condition.negated = condition.negated != different;
                good = values_parse(parser, &condition);
        } else if (policy_subject_type(subject) != TYPE_NUMBER) {
                return reject(parser, "not an operator: ", ", expected = or !=");
        } else if (parser->token.kind == TOKEN_SIGN &&
                   (parser->token.bytes[0] == '<' || parser->token.bytes[0] == '>')) {
                sign = take(parser);
                good = bound_parse(parser, &sign, &condition);
        } else {
                return reject(parser, "not an operator: ", ", expected = != < <= > or >=");
        }
        if (good)
                rules->conditions[rules->condition_count++] = condition;
        return good;
}

/* "for" "hierarchy", or "for" "function" and the word that says that the manual was read. */
static bool unit_parse(struct parser *parser, struct policy_rule *rule)
{
        if (!take_if(parser, "for") || take_if(parser, "hierarchy"))
                return true;
        if (!take_if(parser, "function"))
                return reject(parser,
                              "not a unit: ", ", expected hierarchy, or function " ACKNOWLEDGED);
        if (!take_if(parser, ACKNOWLEDGED))
                return reject(parser, "unit not acknowledged before ",
                              ", expected " ACKNOWLEDGED
                              ": functions below one port can forge each other's requester ID; see "
                              "sallyport-rules(5)");
        rule->function_only = true;
        return true;
}

/* Does the rule ask for exactly one value of this, of which all bits count? */
static bool exact(const struct policy_rules *rules, const struct policy_rule *rule,
                  enum policy_subject subject)
{
        for (uint32_t i = rule->first; i < rule->first + rule->count; i++) {
                const struct policy_condition *condition = &rules->conditions[i];
                const struct policy_value *value = &rules->values[condition->first];

                if (condition->subject != subject || condition->negated || condition->count != 1)
                        continue;
                if (subject == SUBJECT_PORT ||
                    value->high == (subject == SUBJECT_CLASS ? 0xffffffu : UINT32_MAX))
                        return true;
        }
        return false;
}

static bool rule_parse(struct parser *parser)
{
        struct policy_rules *rules = parser->rules;
        struct policy_token start = parser->token;
        struct policy_rule rule = { .first = rules->condition_count,
                                    .line = start.line,
                                    .column = start.column,
                                    .file = parser->file };

        if (rules->rule_count == LIMIT_RULES)
                return reject(parser, "one rule too many: ", ", expected at most 2048 of them");
        if (!verdict_parse(parser, &rule.verdict, &rule.guest) || !unit_parse(parser, &rule))
                return false;
        if (take_if(parser, "if"))
                do {
                        if (rule.count == LIMIT_RULE_TERMS)
                                return reject(parser, "one condition too many: ",
                                              ", expected at most 32 in a rule");
                        if (!condition_parse(parser))
                                return false;
                        rule.count++;
                } while (take_if(parser, "and"));
        if (rule.verdict == VERDICT_TRUST_DOM0 &&
            !(exact(rules, &rule, SUBJECT_PORT) && exact(rules, &rule, SUBJECT_ID) &&
              exact(rules, &rule, SUBJECT_SUBSYSTEM) && exact(rules, &rule, SUBJECT_CLASS)))
                return reject_at(parser, &start, "not exact: ",
                                 ", expected port, id, subsystem and class, each with = and one "
                                 "whole value");
        if (rule.verdict == VERDICT_TRUST_DOM0 && rule.function_only)
                return reject_at(parser, &start, "not for a function alone: ",
                                 ", expected no 'for function': what is beside it could be "
                                 "somebody else's");
        rules->rules[rules->rule_count++] = rule;
        return true;
}

static bool statements_parse(struct parser *parser)
{
        bool good = true;

        while (good && parser->token.kind != TOKEN_END) {
                const struct policy_token *token = &parser->token;

                if (policy_token_is(token, "let"))
                        good = let_parse(parser);
                else if (policy_token_is(token, "default"))
                        good = default_parse(parser);
                else if (reserved(token))
                        good = rule_parse(parser);
                else
                        good = reject(parser, "no rule begins with ", VERDICTS ", let or default");
        }
        return good;
}

static bool file_begin(struct parser *parser, const char *name)
{
        struct policy_rules *rules = parser->rules;
        struct policy_token token = { TOKEN_STRING, name, strlen(name), 1, 1 };

        if (rules->file_count == LIMIT_RULE_FILES)
                return reject_at(parser, &token, "one file too many: ", ", expected at most 64");
        if (token.length >= LIMIT_RULE_FILE)
                return reject_at(parser, &token, "name too long: ", ", expected at most 255 bytes");
        parser->file = (uint8_t)rules->file_count;
        return text_keep(parser, &token, name, token.length, &rules->files[rules->file_count++]);
}

/* All that was appended becomes zero again: sets are compared and hashed whole. */
static void rules_restore(struct policy_rules *rules, const struct mark *mark)
{
        memset(rules->files + mark->file_count, 0,
               (rules->file_count - mark->file_count) * sizeof rules->files[0]);
        memset(rules->rules + mark->rule_count, 0,
               (rules->rule_count - mark->rule_count) * sizeof rules->rules[0]);
        memset(rules->conditions + mark->condition_count, 0,
               (rules->condition_count - mark->condition_count) * sizeof rules->conditions[0]);
        memset(rules->values + mark->value_count, 0,
               (rules->value_count - mark->value_count) * sizeof rules->values[0]);
        memset(rules->variables + mark->variable_count, 0,
               (rules->variable_count - mark->variable_count) * sizeof rules->variables[0]);
        memset(rules->text + mark->text_length, 0, rules->text_length - mark->text_length);
        for (uint32_t i = 0; i < mark->variable_count; i++) {
                struct policy_variable *variable = &rules->variables[i];

                if (variable->type != TYPE_NONE && variable->first >= mark->value_count) {
                        variable->type = TYPE_NONE;
                        variable->first = 0;
                }
        }
        rules->file_count = mark->file_count;
        rules->rule_count = mark->rule_count;
        rules->condition_count = mark->condition_count;
        rules->value_count = mark->value_count;
        rules->variable_count = mark->variable_count;
        rules->text_length = mark->text_length;
        rules->fallback = mark->fallback;
        rules->fallback_at_boot = mark->fallback_at_boot;
}

void policy_rules_init(struct policy_rules *ret_rules)
{
        memset(ret_rules, 0, sizeof *ret_rules);
        ret_rules->text_length = 1;
        ret_rules->trust_dom0 = SALLYPORT_TRUST_DOM0;
}

bool policy_rules_parse(const char *name, const char *text, size_t length,
                        struct policy_rules *rules, struct policy_diagnosis *ret_diagnosis)
{
        struct parser parser = { .rules = rules,
                                 .diagnosis = ret_diagnosis,
                                 .scanner = { text, text + length, text, 1 } };
        struct mark mark = { rules->file_count,  rules->rule_count,      rules->condition_count,
                             rules->value_count, rules->variable_count,  rules->text_length,
                             rules->fallback,    rules->fallback_at_boot };

        base_assert(name && (text || length == 0));
        parser.token = policy_token_next(&parser.scanner);
        if (file_begin(&parser, name) && statements_parse(&parser))
                return true;
        rules_restore(rules, &mark);
        return false;
}
