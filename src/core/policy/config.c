/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of sallyport.conf to a configuration: line by line, the first error ends it. */
#include "core/policy/config.h"

#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/policy/finding.h"

#define POLL_INTERVAL_MS_MIN 10
#define POLL_INTERVAL_MS_MAX 10000
#define SYSFS_ROOT "/sys"
#define DEVICES_ROOT "/devices/"
#define SELECTOR_EXPECTED ", expected auto, [DDDD:]BB:SS.F or /sys/devices/...DDDD:BB:SS.F"
#define SECTION_EXPECTED \
        ", expected [Ports], [Boot], [Vetting], [Guests], [Thunderbolt], [Watch] or [Paths]"

enum section {
        SECTION_NONE,
        SECTION_PORTS,
        SECTION_BOOT,
        SECTION_VETTING,
        SECTION_GUESTS,
        SECTION_THUNDERBOLT,
        SECTION_WATCH,
        SECTION_PATHS
};

/* A piece of the text, within one line. */
struct span {
        const char *bytes;
        size_t length;
};

struct parser {
        struct event_config draft; /* becomes the configuration only when all of the text is good */
        struct policy_diagnosis *diagnosis;
        const char *line_start;
        uint32_t line;
        enum section section;
        uint32_t keys_seen; /* bit = index into keys[] */
};

struct key {
        enum section section;
        const char *name;
        bool (*take)(struct parser *parser, struct span value);
        bool adds_up; /* may be given several times */
};

/* Tells what is wrong at `token`: "before 'token' after". A long token is cut, so that `after` is always there. */
static bool reject(struct parser *parser, const char *before, struct span token, const char *after)
{
        struct base_text message =
                base_text_on(parser->diagnosis->message, sizeof parser->diagnosis->message);

        base_text_add(&message, before);
        base_text_add_quoted(&message, token.bytes, token.length);
        base_text_add(&message, after);
        base_assert(!message.truncated);
        parser->diagnosis->line = parser->line;
        parser->diagnosis->column = (uint32_t)(token.bytes - parser->line_start) + 1;
        return false;
}

static bool blank(char character)
{
        return character == ' ' || character == '\t';
}

static struct span trimmed(struct span span)
{
        while (span.length > 0 && blank(span.bytes[0])) {
                span.bytes++;
                span.length--;
        }
        while (span.length > 0 && blank(span.bytes[span.length - 1]))
                span.length--;
        return span;
}

/* Cuts the first blank-separated word off *rest; false where there is none left. */
static bool word_next(struct span *rest, struct span *ret_word)
{
        struct span word = trimmed(*rest);
        size_t length = 0;

        while (length < word.length && !blank(word.bytes[length]))
                length++;
        if (length == 0)
                return false;
        *rest = (struct span){ word.bytes + length, word.length - length };
        *ret_word = (struct span){ word.bytes, length };
        return true;
}

/*
 * A path that can never match would leave its port unguarded in silence. So it must be spelled as the kernel spells
 * DEVPATH: no empty, "." or ".." component, and the last one a PCI address in its canonical form.
 */
static bool device_path_valid(struct span path)
{
        char canonical[BASE_SBDF_TEXT_SIZE];
        size_t start = strlen(DEVICES_ROOT);
        uint32_t sbdf;

        if (path.length < start || memcmp(path.bytes, DEVICES_ROOT, start) != 0)
                return false;
        for (size_t i = start; i < path.length; i++) {
                if (path.bytes[i] != '/')
                        continue;
                if (i == start || path.bytes[start] == '.')
                        return false;
                start = i + 1;
        }
        if (!base_sbdf_parse(path.bytes + start, path.length - start, &sbdf))
                return false;
        base_sbdf_format(sbdf, canonical);
        return base_text_is(path.bytes + start, path.length - start, canonical);
}

static bool selector_parse(struct span word, struct event_selector *ret_selector)
{
        struct event_selector selector = { .kind = SELECTOR_SBDF, .sbdf = BASE_SBDF_NONE };
        size_t root = strlen(SYSFS_ROOT);

        if (base_sbdf_parse(word.bytes, word.length, &selector.sbdf)) {
                *ret_selector = selector;
                return true;
        }
        if (word.length < root || memcmp(word.bytes, SYSFS_ROOT, root) != 0)
                return false;
        word = (struct span){ word.bytes + root, word.length - root };
        selector.kind = SELECTOR_PATH;
        if (!device_path_valid(word) ||
            !base_text_copy(word.bytes, word.length, selector.path, sizeof selector.path))
                return false;
        *ret_selector = selector;
        return true;
}

static bool external_take(struct parser *parser, struct span value)
{
        struct event_config *draft = &parser->draft;
        struct event_selector selector;
        struct span word;

        while (word_next(&value, &word)) {
                if (base_text_is(word.bytes, word.length, "auto")) {
                        draft->auto_ports = true;
                        continue;
                }
                if (!selector_parse(word, &selector))
                        return reject(parser, "not a port: ", word, SELECTOR_EXPECTED);
                if (draft->selector_count >= LIMIT_SELECTORS)
                        return reject(parser, "one port too many: ", word,
                                      ", expected at most 32 of them, or auto");
                draft->selectors[draft->selector_count++] = selector;
        }
        return true;
}

static bool in_use_take(struct parser *parser, struct span value)
{
        bool quarantine = base_text_is(value.bytes, value.length, "quarantine");

        if (!quarantine && !base_text_is(value.bytes, value.length, "report"))
                return reject(parser, "not a rule: ", value, ", expected report or quarantine");
        parser->draft.in_use_quarantine = quarantine;
        return true;
}

const char *policy_config_toolstack(enum effect_toolstack toolstack)
{
        static const char *const names[TOOLSTACK_MAX] = {
                [TOOLSTACK_XL] = "xl",
                [TOOLSTACK_VIRSH] = "virsh",
                [TOOLSTACK_QVM_PCI] = "qvm-pci",
                [TOOLSTACK_NONE] = "none",
        };

        base_assert(toolstack < TOOLSTACK_MAX);
        return names[toolstack];
}

static bool toolstack_take(struct parser *parser, struct span value)
{
        for (enum effect_toolstack i = 0; i < TOOLSTACK_MAX; i++)
                if (base_text_is(value.bytes, value.length, policy_config_toolstack(i))) {
                        parser->draft.toolstack = i;
                        return true;
                }
        return reject(parser, "not a toolstack: ", value, ", expected xl, virsh, qvm-pci or none");
}

static bool rescan_take(struct parser *parser, struct span value)
{
        bool pause = base_text_is(value.bytes, value.length, "pause");

        if (!pause && !base_text_is(value.bytes, value.length, "postpone"))
                return reject(parser, "not a rule: ", value, ", expected postpone or pause");
        parser->draft.pause = pause;
        return true;
}

static bool while_locked_take(struct parser *parser, struct span value)
{
        bool allow = base_text_is(value.bytes, value.length, "allow");

        if (!allow && !base_text_is(value.bytes, value.length, "hold"))
                return reject(parser, "not a rule: ", value, ", expected hold or allow");
        parser->draft.while_locked = allow;
        return true;
}

/* Each by its name: nobody forgives what he did not read of. */
static bool forgive_take(struct parser *parser, struct span value)
{
        enum policy_finding finding;
        struct span word;

        parser->draft.forgiven = 0;
        if (base_text_is(value.bytes, value.length, "none"))
                return true;
        while (word_next(&value, &word)) {
                if (!policy_finding_find(word.bytes, word.length, &finding))
                        return reject(parser, "not a finding: ", word,
                                      ", expected none, or names of findings (sallyport.conf(5))");
                parser->draft.forgiven |= 1u << finding;
        }
        return true;
}

static bool poll_interval_take(struct parser *parser, struct span value)
{
        uint32_t number = 0;
        bool valid = true;

        for (size_t i = 0; i < value.length && valid; i++) {
                valid = value.bytes[i] >= '0' && value.bytes[i] <= '9' &&
                        number <= POLL_INTERVAL_MS_MAX;
                number = valid ? number * 10 + (uint32_t)(value.bytes[i] - '0') : 0;
        }
        if (!valid || number < POLL_INTERVAL_MS_MIN || number > POLL_INTERVAL_MS_MAX)
                return reject(parser, "not an interval: ", value,
                              ", expected milliseconds from 10 to 10000");
        parser->draft.poll_interval_ms = number;
        return true;
}

static bool directory_take(struct parser *parser, struct span value, char *ret_directory)
{
        if (value.bytes[0] != '/')
                return reject(parser, "not a directory: ", value, ", expected an absolute path");
        if (!base_text_copy(value.bytes, value.length, ret_directory, LIMIT_DIRECTORY))
                return reject(parser, "directory too long: ", value, ", expected at most 79 bytes");
        return true;
}

static bool run_directory_take(struct parser *parser, struct span value)
{
        return directory_take(parser, value, parser->draft.run_directory);
}

static bool state_directory_take(struct parser *parser, struct span value)
{
        return directory_take(parser, value, parser->draft.state_directory);
}

_Static_assert(LIMIT_SELECTORS == 32 && LIMIT_DIRECTORY == 80,
               "the messages above name the limits");

static const struct key keys[] = {
        { SECTION_PORTS, "External", external_take, true },
        { SECTION_BOOT, "InUse", in_use_take, false },
        { SECTION_VETTING, "Forgive", forgive_take, false },
        { SECTION_GUESTS, "Toolstack", toolstack_take, false },
        { SECTION_GUESTS, "RescanWhileOpen", rescan_take, false },
        { SECTION_THUNDERBOLT, "WhileLocked", while_locked_take, false },
        { SECTION_WATCH, "PollIntervalMs", poll_interval_take, false },
        { SECTION_PATHS, "RunDirectory", run_directory_take, false },
        { SECTION_PATHS, "StateDirectory", state_directory_take, false },
};

#define KEY_COUNT (sizeof keys / sizeof keys[0])

static const char *keys_expected(enum section section)
{
        switch (section) {
        case SECTION_NONE:
                return SECTION_EXPECTED " before it";
        case SECTION_PORTS:
                return " in [Ports], expected External";
        case SECTION_BOOT:
                return " in [Boot], expected InUse";
        case SECTION_VETTING:
                return " in [Vetting], expected Forgive";
        case SECTION_GUESTS:
                return " in [Guests], expected Toolstack or RescanWhileOpen";
        case SECTION_THUNDERBOLT:
                return " in [Thunderbolt], expected WhileLocked";
        case SECTION_WATCH:
                return " in [Watch], expected PollIntervalMs";
        case SECTION_PATHS:
                return " in [Paths], expected RunDirectory or StateDirectory";
        }
        base_assert(false);
        return "";
}

static bool section_parse(struct parser *parser, struct span line)
{
        static const struct {
                const char *text;
                enum section section;
        } sections[] = {
                { "[Ports]", SECTION_PORTS },
                { "[Boot]", SECTION_BOOT },
                { "[Vetting]", SECTION_VETTING },
                { "[Guests]", SECTION_GUESTS },
                { "[Thunderbolt]", SECTION_THUNDERBOLT },
                { "[Watch]", SECTION_WATCH },
                { "[Paths]", SECTION_PATHS },
        };

        for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
                if (base_text_is(line.bytes, line.length, sections[i].text)) {
                        parser->section = sections[i].section;
                        return true;
                }
        return reject(parser, "unknown section ", line, SECTION_EXPECTED);
}

/* The first External= of a file replaces what earlier files said; further ones add to it. */
static bool key_begin(struct parser *parser, size_t index, struct span name)
{
        bool again = parser->keys_seen & 1u << index;

        if (again && !keys[index].adds_up)
                return reject(parser, "key given twice: ", name, ", expected once in a file");
        if (!again && keys[index].take == external_take) {
                parser->draft.auto_ports = false;
                parser->draft.selector_count = 0;
                memset(parser->draft.selectors, 0, sizeof parser->draft.selectors);
        }
        parser->keys_seen |= 1u << index;
        return true;
}

static bool assignment_parse(struct parser *parser, struct span line)
{
        const char *equals = memchr(line.bytes, '=', line.length);
        struct span name, value;

        if (!equals)
                return reject(parser, "no assignment: ", line, ", expected Key=value");
        name = trimmed((struct span){ line.bytes, (size_t)(equals - line.bytes) });
        value = trimmed(
                (struct span){ equals + 1, line.length - (size_t)(equals - line.bytes) - 1 });
        for (size_t i = 0; i < KEY_COUNT; i++) {
                if (keys[i].section != parser->section ||
                    !base_text_is(name.bytes, name.length, keys[i].name))
                        continue;
                if (value.length == 0)
                        return reject(parser, "no value for ", name, ", expected one after '='");
                return key_begin(parser, i, name) && keys[i].take(parser, value);
        }
        return reject(parser, parser->section == SECTION_NONE ? "no section for " : "unknown key ",
                      name, keys_expected(parser->section));
}

static bool line_parse(struct parser *parser, struct span line)
{
        const char *nul = memchr(line.bytes, '\0', line.length);

        if (nul)
                return reject(parser, "NUL byte: ", (struct span){ nul, 1 }, ", expected text");
        line = trimmed(line);
        if (line.length == 0 || line.bytes[0] == '#' || line.bytes[0] == ';')
                return true;
        if (line.bytes[0] == '[')
                return section_parse(parser, line);
        return assignment_parse(parser, line);
}

void policy_config_default(struct event_config *ret_config)
{
        memset(ret_config, 0, sizeof *ret_config);
        ret_config->poll_interval_ms = 100;
        ret_config->auto_ports = true;
        memcpy(ret_config->run_directory, "/run/sallyport", sizeof "/run/sallyport");
        memcpy(ret_config->state_directory, "/var/lib/sallyport", sizeof "/var/lib/sallyport");
}

bool policy_config_parse(const char *text, size_t length, struct event_config *config,
                         struct policy_diagnosis *ret_diagnosis)
{
        struct parser parser = { .draft = *config, .diagnosis = ret_diagnosis, .line = 0 };
        const char *end = text + length;

        base_assert(text || length == 0);

        while (text < end) {
                const char *feed = memchr(text, '\n', (size_t)(end - text));
                const char *stop = feed ? feed : end;

                parser.line++;
                parser.line_start = text;
                if (!line_parse(&parser, (struct span){ text, (size_t)(stop - text) }))
                        return false;
                text = feed ? feed + 1 : end;
        }
        *config = parser.draft;
        return true;
}
