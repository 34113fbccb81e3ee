/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subjects and types by name, and values from text. */
#include "core/policy/subject.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/policy/finding.h"

#define SYSFS_ROOT "/sys"
#define DEVICES_ROOT "/sys/devices/"
#define NUMBER_MAX 65535u
#define DAY_MINUTES 1440u
#define WEEK_DAYS 7u
#define WORDS_MAX FINDING_MAX

static const struct {
        const char *name;
        enum policy_type type;
        uint32_t needs;
} subjects[SUBJECT_MAX] = {
        [SUBJECT_PORT] = { "port", TYPE_ADDRESS, POLICY_KNOWN_PORT },
        [SUBJECT_PATH] = { "path", TYPE_PATH, POLICY_KNOWN_PORT },
        [SUBJECT_POSITION] = { "position", TYPE_POSITION, POLICY_KNOWN_FUNCTION },
        [SUBJECT_DEPTH] = { "depth", TYPE_NUMBER, POLICY_KNOWN_FUNCTION },
        [SUBJECT_ID] = { "id", TYPE_ID, POLICY_KNOWN_FUNCTION },
        [SUBJECT_SUBSYSTEM] = { "subsystem", TYPE_ID, POLICY_KNOWN_FUNCTION },
        [SUBJECT_CLASS] = { "class", TYPE_CLASS, POLICY_KNOWN_FUNCTION },
        [SUBJECT_KIND] = { "kind", TYPE_KIND, POLICY_KNOWN_FUNCTION },
        [SUBJECT_FINDING] = { "finding", TYPE_FINDING, POLICY_KNOWN_FUNCTION },
        [SUBJECT_FUNCTIONS] = { "functions", TYPE_NUMBER, POLICY_KNOWN_COUNT },
        [SUBJECT_THUNDERBOLT] = { "thunderbolt", TYPE_ANSWER, POLICY_KNOWN_ROUTER },
        [SUBJECT_UNIQUE_ID] = { "unique-id", TYPE_STRING, POLICY_KNOWN_ROUTER },
        [SUBJECT_VENDOR_NAME] = { "vendor-name", TYPE_STRING, POLICY_KNOWN_ROUTER },
        [SUBJECT_DEVICE_NAME] = { "device-name", TYPE_STRING, POLICY_KNOWN_ROUTER },
        [SUBJECT_KEY] = { "key", TYPE_KEY, POLICY_KNOWN_ROUTER | POLICY_KNOWN_KEY },
        [SUBJECT_SESSION] = { "session", TYPE_SESSION, POLICY_KNOWN_SESSION },
        [SUBJECT_AT_BOOT] = { "at-boot", TYPE_ANSWER, 0 },
        [SUBJECT_ARRIVAL_TIME] = { "arrival-time", TYPE_TIME, POLICY_KNOWN_MINUTE },
        [SUBJECT_ARRIVAL_DAY] = { "arrival-day", TYPE_DAY, POLICY_KNOWN_MINUTE },
};

enum policy_type policy_subject_type(enum policy_subject subject)
{
        base_assert(subject < SUBJECT_MAX);
        return subjects[subject].type;
}

uint32_t policy_subject_needs(enum policy_subject subject)
{
        base_assert(subject < SUBJECT_MAX);
        return subjects[subject].needs;
}

enum policy_subject policy_subject_find(const struct policy_token *name)
{
        uint32_t subject = 0;

        while (subject < SUBJECT_MAX && !policy_token_is(name, subjects[subject].name))
                subject++;
        return (enum policy_subject)subject;
}

bool policy_text_add(struct policy_rules *rules, const char *bytes, size_t length, uint32_t *ret_at)
{
        if (length >= sizeof rules->text - rules->text_length)
                return false;
        if (length > 0)
                memcpy(rules->text + rules->text_length, bytes, length);
        *ret_at = rules->text_length;
        rules->text_length += (uint32_t)length + 1; /* what is behind is zero */
        return true;
}

static int address_parse(const struct policy_token *token, struct policy_value *ret_value)
{
        uint32_t sbdf;

        if (!base_sbdf_parse(token->bytes, token->length, &sbdf))
                return -EINVAL;
        *ret_value = (struct policy_value){ sbdf, sbdf };
        return 0;
}

/* Exactly `digits` hexadecimal digits. */
static bool hex_read(const char *text, size_t digits, uint32_t *ret_value)
{
        uint32_t value = 0;

        for (size_t i = 0; i < digits; i++) {
                int digit = base_text_hex_digit(text[i]);

                if (digit < 0)
                        return false;
                value = value << 4 | (uint32_t)digit;
        }
        *ret_value = value;
        return true;
}

static int id_parse(const struct policy_token *token, struct policy_value *ret_value)
{
        bool any = token->length == 6 && token->bytes[5] == '*';
        uint32_t vendor, device = 0;

        if ((!any && token->length != 9) || token->bytes[4] != ':' ||
            !hex_read(token->bytes, 4, &vendor) ||
            (!any && !hex_read(token->bytes + 5, 4, &device)))
                return -EINVAL;
        *ret_value = (struct policy_value){ vendor << 16 | device, any ? 0xffff0000u : UINT32_MAX };
        return 0;
}

static int class_parse(const struct policy_token *token, struct policy_value *ret_value)
{
        size_t digits = token->length;
        uint32_t class, rest;

        if ((digits != 2 && digits != 4 && digits != 6) || !hex_read(token->bytes, digits, &class))
                return -EINVAL;
        rest = 24 - 4 * (uint32_t)digits;
        *ret_value = (struct policy_value){ class << rest, 0xffffffu >> rest << rest };
        return 0;
}

/* "NN" or "NN-NN". */
static bool number_read(const char **at, const char *end, uint32_t max, uint32_t *ret_number)
{
        const char *start = *at;
        uint32_t number = 0;

        for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
                number = number * 10 + (uint32_t)(**at - '0');
                if (number > max)
                        return false;
        }
        *ret_number = number;
        return *at > start;
}

static int number_parse(const struct policy_token *token, struct policy_value *ret_value)
{
        const char *at = token->bytes, *end = at + token->length;
        uint32_t low, high;

        if (!number_read(&at, end, NUMBER_MAX, &low))
                return -EINVAL;
        high = low;
        if (at < end && (*at++ != '-' || !number_read(&at, end, NUMBER_MAX, &high)))
                return -EINVAL;
        if (at < end || high < low)
                return -EINVAL;
        *ret_value = (struct policy_value){ low, high };
        return 0;
}

/* "HH:MM", up to 24:00. */
static bool hour_minute_read(const char *text, uint32_t *ret_minute)
{
        const char *at = text;
        uint32_t hour, minute;

        if (!number_read(&at, text + 2, 24, &hour) || at != text + 2 || *at++ != ':' ||
            !number_read(&at, text + 5, 59, &minute) || at != text + 5 ||
            hour * 60 + minute > DAY_MINUTES)
                return false;
        *ret_minute = hour * 60 + minute;
        return true;
}

/* "22:00-06:00": from then on, until just before. */
static int time_parse(const struct policy_token *token, struct policy_value *ret_value)
{
        uint32_t from, until;

        if (token->length != 11 || token->bytes[5] != '-' ||
            !hour_minute_read(token->bytes, &from) || !hour_minute_read(token->bytes + 6, &until) ||
            from == until || from == DAY_MINUTES)
                return -EINVAL;
        *ret_value = (struct policy_value){ from, (until + DAY_MINUTES - 1) % DAY_MINUTES };
        return 0;
}

static const char *const *words_of(enum policy_type type, const char *storage[static WORDS_MAX],
                                   uint32_t *ret_count)
{
        static const char *const kinds[] = { "endpoint", "bridge" };
        static const char *const keys[] = { "none", "claimed", "verified" };
        static const char *const sessions[] = { "locked", "unlocked", "none" };
        static const char *const answers[] = { "no", "yes" };
        static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

        if (type == TYPE_FINDING) {
                for (uint32_t i = 0; i < FINDING_MAX; i++)
                        storage[i] = policy_finding_get((enum policy_finding)i)->name;
                *ret_count = FINDING_MAX;
                return storage;
        }
        *ret_count = type == TYPE_KEY       ? POLICY_KEY_MAX
                     : type == TYPE_DAY     ? WEEK_DAYS
                     : type == TYPE_SESSION ? SESSION_MAX - SESSION_LOCKED
                                            : 2;
        return type == TYPE_KEY       ? keys
               : type == TYPE_DAY     ? days
               : type == TYPE_SESSION ? sessions
               : type == TYPE_KIND    ? kinds
                                      : answers;
}

static bool word_read(enum policy_type type, const char *bytes, size_t length, uint32_t *ret_number)
{
        const char *storage[WORDS_MAX];
        uint32_t count;
        const char *const *words = words_of(type, storage, &count);

        for (uint32_t i = 0; i < count; i++)
                if (base_text_is(bytes, length, words[i])) {
                        *ret_number = i;
                        return true;
                }
        return false;
}

static int word_parse(enum policy_type type, const struct policy_token *token,
                      struct policy_value *ret_value)
{
        const char *dash = type == TYPE_DAY ? memchr(token->bytes, '-', token->length) : NULL;
        size_t length = dash ? (size_t)(dash - token->bytes) : token->length;
        uint32_t low, high;

        if (!word_read(type, token->bytes, length, &low))
                return -EINVAL;
        high = low;
        if (dash && !word_read(type, dash + 1, token->length - length - 1, &high))
                return -EINVAL;
        *ret_value = (struct policy_value){ low, high };
        return 0;
}

/* "direct", or the way down from the port: "00.0/01.0". */
static int position_parse(const struct policy_token *token, struct policy_rules *rules,
                          struct policy_value *ret_value)
{
        char chain[LIMIT_DEPTH + 1];
        uint32_t count = 0, device, at;

        if (base_text_is(token->bytes, token->length, "direct")) {
                *ret_value = (struct policy_value){ 0, 0 };
                return 0;
        }
        for (size_t i = 0;; i += 5) {
                const char *step = token->bytes + i;

                if (count == sizeof chain || token->length - i < 4 || !hex_read(step, 2, &device) ||
                    device > 0x1f || step[2] != '.' || step[3] < '0' || step[3] > '7')
                        return -EINVAL;
                chain[count++] = (char)(device << 3 | (uint32_t)(step[3] - '0'));
                if (token->length - i == 4)
                        break;
                if (step[4] != '/')
                        return -EINVAL;
        }
        if (!policy_text_add(rules, chain, count, &at))
                return -ENOSPC;
        *ret_value = (struct policy_value){ at, count };
        return 0;
}

/* One byte behind a backslash at text[0..length), and how many bytes that took; 0 where it is no escape. */
static size_t escape_read(const char *text, size_t length, char *ret_byte)
{
        uint32_t value;

        if (length >= 2 && (text[1] == '\\' || text[1] == '"' || text[1] == '*')) {
                *ret_byte = text[1];
                return 2;
        }
        if (length < 4 || text[1] != 'x' || !hex_read(text + 2, 2, &value) || value == 0)
                return 0;
        *ret_byte = (char)value;
        return 4;
}

/* A pattern as it is compared: NUL for each '*', escapes replaced. */
static int glob_parse(const struct policy_token *token, struct policy_rules *rules,
                      struct policy_value *ret_value)
{
        char pattern[LIMIT_RULE_STRING];
        uint32_t length = 0, at;

        for (size_t i = 0; i < token->length; length++) {
                size_t taken = 1;
                char byte = token->bytes[i];

                if (byte == '*')
                        byte = '\0'; /* any bytes; an escaped one is itself */
                if (length == sizeof pattern || token->bytes[i] == '\0')
                        return -EINVAL;
                if (byte == '\\')
                        taken = escape_read(token->bytes + i, token->length - i, &byte);
                if (taken == 0)
                        return -EINVAL;
                pattern[length] = byte;
                i += taken;
        }
        if (!policy_text_add(rules, pattern, length, &at))
                return -ENOSPC;
        *ret_value = (struct policy_value){ at, length };
        return 0;
}

/* The kernel's DEVPATH has no "/sys" in front; people copy paths that have it. */
static int path_parse(const struct policy_token *token, struct policy_rules *rules,
                      struct policy_value *ret_value)
{
        struct policy_token path = *token;
        size_t root = strlen(DEVICES_ROOT), cut = strlen(SYSFS_ROOT);

        if (path.length > 0 && path.bytes[0] == '*')
                return glob_parse(&path, rules, ret_value);
        if (path.length < root || memcmp(path.bytes, DEVICES_ROOT, root) != 0)
                return -EINVAL;
        path.bytes += cut;
        path.length -= cut;
        return glob_parse(&path, rules, ret_value);
}

int policy_value_parse(enum policy_type type, const struct policy_token *token,
                       struct policy_rules *rules, struct policy_value *ret_value)
{
        bool string = type == TYPE_PATH || type == TYPE_STRING;

        if (token->kind != TOKEN_WORD && !(string && token->kind == TOKEN_STRING))
                return -EINVAL;
        switch (type) {
        case TYPE_ADDRESS:
                return address_parse(token, ret_value);
        case TYPE_PATH:
                return path_parse(token, rules, ret_value);
        case TYPE_STRING:
                return glob_parse(token, rules, ret_value);
        case TYPE_POSITION:
                return position_parse(token, rules, ret_value);
        case TYPE_NUMBER:
                return number_parse(token, ret_value);
        case TYPE_ID:
                return id_parse(token, ret_value);
        case TYPE_CLASS:
                return class_parse(token, ret_value);
        case TYPE_KIND:
        case TYPE_FINDING:
        case TYPE_KEY:
        case TYPE_SESSION:
        case TYPE_ANSWER:
        case TYPE_DAY:
                return word_parse(type, token, ret_value);
        case TYPE_TIME:
                return time_parse(token, ret_value);
        case TYPE_NONE:
        case TYPE_MAX:
                break;
        }
        base_assert(false);
        return -EINVAL;
}

const char *policy_type_expected(enum policy_type type)
{
        static const char *const expected[TYPE_MAX] = {
                [TYPE_ADDRESS] = ", expected a port's address, [DDDD:]BB:SS.F",
                [TYPE_PATH] = ", expected /sys/devices/... or *..., at most 448 bytes",
                [TYPE_STRING] = ", expected at most 448 bytes; escapes are \\xNN \\\" \\\\ \\*",
                [TYPE_POSITION] = ", expected direct, or the way down as SS.F/SS.F...",
                [TYPE_NUMBER] = ", expected a number up to 65535, or a range as 2-5",
                [TYPE_ID] = ", expected vendor:device, four hex digits each, or vendor:*",
                [TYPE_CLASS] = ", expected 2, 4 or 6 hex digits",
                [TYPE_KIND] = ", expected endpoint or bridge",
                [TYPE_FINDING] = ", expected the name of a finding: see sallyport-rules(5)",
                [TYPE_KEY] = ", expected none, claimed or verified",
                [TYPE_SESSION] = ", expected locked, unlocked or none",
                [TYPE_ANSWER] = ", expected yes or no",
                [TYPE_TIME] = ", expected HH:MM-HH:MM",
                [TYPE_DAY] = ", expected mon, tue, wed, thu, fri, sat, sun, or a range as mon-fri",
        };

        base_assert(type > TYPE_NONE && type < TYPE_MAX);
        return expected[type];
}
