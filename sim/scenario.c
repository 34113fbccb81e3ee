/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a scenario: sections, keys and values. The first error ends it. */
#include "scenario.h"

#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/policy/config.h"
#include "draft.h"

#define SECTIONS "[Machine], [Port ADDRESS], [Device NAME], [Events] or one of sallyport.conf"

/* SECTION_CONFIG: one of sallyport.conf, which policy_config_parse reads. */
enum section {
        SECTION_NONE,
        SECTION_MACHINE,
        SECTION_PORT,
        SECTION_DEVICE,
        SECTION_EVENTS,
        SECTION_CONFIG
};

struct lines {
        struct draft draft;
        enum section section;
        uint32_t keys_seen;     /* in this section: bit = index into keys[] */
        uint32_t sections_seen; /* bit = enum section */
        char config
                [SIM_SCENARIO_SIZE_MAX]; /* the text, with blanks for all that is not of sallyport.conf */
};

struct key {
        enum section section;
        const char *name;
        bool (*take)(struct lines *lines, struct span value);
        bool adds_up; /* may be given several times */
};

bool draft_reject(const struct draft *draft, const char *before, struct span token,
                  const char *after)
{
        struct sim_diagnosis *diagnosis = draft->diagnosis;
        struct base_text message = base_text_on(diagnosis->message, sizeof diagnosis->message);
        const char *start = draft->text;

        base_text_add(&message, before);
        base_text_add_quoted(&message, token.bytes, token.length);
        base_text_add(&message, after);
        base_assert(!message.truncated);
        diagnosis->line = 1;
        for (const char *at = draft->text; at < token.bytes; at++)
                if (*at == '\n') {
                        diagnosis->line++;
                        start = at + 1;
                }
        diagnosis->column = (uint32_t)(token.bytes - start) + 1;
        return false;
}

static bool blank(char character)
{
        return character == ' ' || character == '\t';
}

struct span draft_trimmed(struct span span)
{
        while (span.length > 0 && blank(span.bytes[0])) {
                span.bytes++;
                span.length--;
        }
        while (span.length > 0 && blank(span.bytes[span.length - 1]))
                span.length--;
        return span;
}

bool draft_word(struct span *rest, struct span *ret_word)
{
        struct span word = draft_trimmed(*rest);
        size_t length = 0;

        while (length < word.length && !blank(word.bytes[length]))
                length++;
        *rest = (struct span){ word.bytes + length, word.length - length };
        *ret_word = (struct span){ word.bytes, length };
        return length > 0;
}

static bool span_is(struct span span, const char *word)
{
        return base_text_is(span.bytes, span.length, word);
}

static bool yes_take(const struct lines *lines, struct span value, bool negated, bool *ret_yes)
{
        if (!span_is(value, "yes") && !span_is(value, "no"))
                return draft_reject(&lines->draft, "not an answer: ", value,
                                    ", expected yes or no");
        *ret_yes = span_is(value, "yes") != negated;
        return true;
}

static bool iommu_take(struct lines *lines, struct span value)
{
        if (!span_is(value, "vtd") && !span_is(value, "amd"))
                return draft_reject(&lines->draft, "not an IOMMU: ", value,
                                    ", expected vtd or amd");
        lines->draft.scenario->vendor = span_is(value, "amd") ? SIM_AMD : SIM_VTD;
        return true;
}

static bool xen_take(struct lines *lines, struct span value)
{
        uint16_t minor = 0;
        bool valid = value.length == 4 && memcmp(value.bytes, "4.", 2) == 0;

        for (size_t i = 2; i < value.length && valid; i++) {
                valid = value.bytes[i] >= '0' && value.bytes[i] <= '9';
                minor = (uint16_t)(minor * 10 + (value.bytes[i] - '0'));
        }
        if (!valid || minor < 17)
                return draft_reject(&lines->draft, "not a version of Xen: ", value,
                                    ", expected 4.17 to 4.99");
        lines->draft.scenario->xen_minor = minor;
        return true;
}

static bool ats_take(struct lines *lines, struct span value)
{
        return yes_take(lines, value, false, &lines->draft.scenario->shape.ats);
}

static bool intremap_take(struct lines *lines, struct span value)
{
        return yes_take(lines, value, true, &lines->draft.scenario->shape.no_intremap);
}

static bool passthrough_take(struct lines *lines, struct span value)
{
        return yes_take(lines, value, false, &lines->draft.scenario->shape.dom0_passthrough);
}

static struct draft_port *port_last(struct lines *lines)
{
        return &lines->draft.ports[lines->draft.port_count - 1];
}

static bool power_take(struct lines *lines, struct span value)
{
        return yes_take(lines, value, false, &port_last(lines)->power_controller);
}

static bool hotplug_take(struct lines *lines, struct span value)
{
        return yes_take(lines, value, true, &port_last(lines)->fixed);
}

static bool acs_take(struct lines *lines, struct span value)
{
        return yes_take(lines, value, true, &port_last(lines)->no_acs);
}

static bool at_boot_take(struct lines *lines, struct span value)
{
        port_last(lines)->at_boot = value;
        return true;
}

static bool use_take(struct lines *lines, struct span value)
{
        struct draft_port *port = port_last(lines);

        if (!span_is(value, "needed") && !span_is(value, "in-use"))
                return draft_reject(&lines->draft, "not a use: ", value,
                                    ", expected needed or in-use");
        port->use = value;
        port->spared = span_is(value, "in-use");
        return true;
}

/* A hexadecimal number of exactly so many digits. */
static bool hex_parse(struct span text, size_t digits, uint32_t *ret_value)
{
        uint32_t value = 0;

        if (text.length != digits)
                return false;
        for (size_t i = 0; i < digits; i++) {
                int digit = base_text_hex_digit(text.bytes[i]);

                if (digit < 0)
                        return false;
                value = value << 4 | (uint32_t)digit;
        }
        *ret_value = value;
        return true;
}

bool draft_path_parse(struct span text, struct draft_path *ret_path)
{
        struct draft_path path = { .length = 0 };

        for (;;) {
                uint32_t device;

                if (text.length < 4 || path.length == SIM_DEPTH ||
                    !hex_parse((struct span){ text.bytes, 2 }, 2, &device) || device > 0x1f ||
                    text.bytes[2] != '.' || text.bytes[3] < '0' || text.bytes[3] > '7')
                        return false;
                path.devfn[path.length++] =
                        (uint8_t)(device << 3 | (uint32_t)(text.bytes[3] - '0'));
                if (text.length == 4)
                        break;
                if (text.bytes[4] != '/')
                        return false;
                text = (struct span){ text.bytes + 5, text.length - 5 };
        }
        *ret_path = path;
        return true;
}

/* Names of devices and drivers: what needs no quoting anywhere. */
static bool name_valid(struct span name)
{
        for (size_t i = 0; i < name.length; i++) {
                char c = name.bytes[i];

                if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
                    c != '-' && c != '_')
                        return false;
        }
        return name.length > 0 && name.length < SIM_NAME;
}

static bool kind_take(const struct lines *lines, struct span word, struct sim_facts *facts)
{
        facts->kind = span_is(word, "bridge") ? SIM_BRIDGE : SIM_ENDPOINT;
        facts->header_type = facts->kind == SIM_BRIDGE;
        facts->untyped = span_is(word, "unknown");
        if (facts->kind == SIM_BRIDGE || facts->untyped || span_is(word, "endpoint"))
                return true;
        return draft_reject(&lines->draft, "not a kind: ", word,
                            ", expected endpoint, bridge or unknown");
}

static bool class_take(const struct lines *lines, struct span word, struct sim_facts *facts)
{
        uint32_t class;

        if (hex_parse(word, 6, &facts->class))
                return true;
        if (!hex_parse(word, 4, &class))
                return draft_reject(&lines->draft, "not a class: ", word,
                                    ", expected 4 or 6 hexadecimal digits");
        facts->class = class << 8;
        return true;
}

static bool id_take(const struct lines *lines, struct span word, struct sim_facts *facts)
{
        uint32_t vendor, device;

        if (word.length != 9 || word.bytes[4] != ':' ||
            !hex_parse((struct span){ word.bytes, 4 }, 4, &vendor) || vendor == 0xffff ||
            !hex_parse((struct span){ word.bytes + 5, 4 }, 4, &device))
                return draft_reject(&lines->draft, "not an ID: ", word,
                                    ", expected VENDOR:DEVICE, 4 hexadecimal digits each");
        facts->vendor = (uint16_t)vendor;
        facts->device = (uint16_t)device;
        return true;
}

/* The driver is the last word, and may be left out: bridges are pcieport's, and others nobody's. */
static bool driver_take(struct lines *lines, struct span rest, struct draft_function *function)
{
        struct draft *draft = &lines->draft;
        uint32_t device = draft->device_count - 1;
        char *driver = draft->scenario->drivers[device][draft->devices[device].count];
        struct span word;

        function->facts.driver = function->facts.kind == SIM_BRIDGE ? "pcieport" : NULL;
        if (!draft_word(&rest, &word))
                return true;
        if (!name_valid(word))
                return draft_reject(draft, "not a driver: ", word,
                                    ", expected letters, digits, - and _, at most 23");
        (void)base_text_copy(word.bytes, word.length, driver, SIM_NAME);
        function->facts.driver = driver;
        if (draft_word(&rest, &word))
                return draft_reject(draft, "one word too many: ", word,
                                    ", expected PATH KIND CLASS VENDOR:DEVICE [DRIVER]");
        return true;
}

static bool function_take(struct lines *lines, struct span value)
{
        struct draft_device *device = &lines->draft.devices[lines->draft.device_count - 1];
        struct draft_function *function = &device->functions[device->count];
        struct span word;

        if (device->count == SIM_FUNCTIONS)
                return draft_reject(&lines->draft, "one function too many: ", value,
                                    ", expected at most 16 in a device");
        memset(function, 0, sizeof *function);
        (void)draft_word(&value, &word);
        function->text = word;
        if (!draft_path_parse(word, &function->path))
                return draft_reject(&lines->draft, "not a place: ", word,
                                    ", expected DD.F, or BRIDGE/DD.F behind a bridge");
        (void)draft_word(&value, &word);
        if (!kind_take(lines, word, &function->facts))
                return false;
        (void)draft_word(&value, &word);
        if (!class_take(lines, word, &function->facts))
                return false;
        (void)draft_word(&value, &word);
        if (!id_take(lines, word, &function->facts) || !driver_take(lines, value, function))
                return false;
        device->count++;
        return true;
}

static bool do_take(struct lines *lines, struct span value)
{
        struct draft *draft = &lines->draft;

        if (draft->event_count == SIM_EVENTS)
                return draft_reject(draft, "one event too many: ", value,
                                    ", expected at most 64 of them");
        draft->events[draft->event_count++] = value;
        return true;
}

/* The messages here name the limits. */
_Static_assert(SIM_FUNCTIONS == 16, "functions");
_Static_assert(SIM_EVENTS == 64, "events");
_Static_assert(SIM_NAME == 24, "name");
_Static_assert(SIM_PORTS == 8, "ports");
_Static_assert(SIM_DEVICES == 8, "devices");

static const struct key keys[] = {
        { SECTION_MACHINE, "Iommu", iommu_take, false },
        { SECTION_MACHINE, "Xen", xen_take, false },
        { SECTION_MACHINE, "Ats", ats_take, false },
        { SECTION_MACHINE, "InterruptRemapping", intremap_take, false },
        { SECTION_MACHINE, "Dom0Passthrough", passthrough_take, false },
        { SECTION_PORT, "PowerController", power_take, false },
        { SECTION_PORT, "HotPlug", hotplug_take, false },
        { SECTION_PORT, "Acs", acs_take, false },
        { SECTION_PORT, "AtBoot", at_boot_take, false },
        { SECTION_PORT, "Use", use_take, false },
        { SECTION_DEVICE, "Function", function_take, true },
        { SECTION_EVENTS, "Do", do_take, true },
};

static const char *keys_expected(enum section section)
{
        switch (section) {
        case SECTION_NONE:
        case SECTION_CONFIG:
                return ", expected a section before it: " SECTIONS;
        case SECTION_MACHINE:
                return ", expected Iommu, Xen, Ats, InterruptRemapping or Dom0Passthrough";
        case SECTION_PORT:
                return ", expected PowerController, HotPlug, Acs, AtBoot or Use";
        case SECTION_DEVICE:
                return ", expected Function";
        case SECTION_EVENTS:
                return ", expected Do";
        }
        return "";
}

static bool port_begin(struct lines *lines, struct span address)
{
        struct draft *draft = &lines->draft;
        struct draft_port port = { .address = address };

        if (!base_sbdf_parse(address.bytes, address.length, &port.sbdf))
                return draft_reject(draft, "not a port: ", address, ", expected [DDDD:]BB:SS.F");
        for (uint32_t i = 0; i < draft->port_count; i++)
                if (draft->ports[i].sbdf == port.sbdf)
                        return draft_reject(draft, "port given twice: ", address,
                                            ", expected one section for it");
        if (draft->port_count == SIM_PORTS)
                return draft_reject(draft, "one port too many: ", address,
                                    ", expected at most 8 of them");
        draft->ports[draft->port_count++] = port;
        return true;
}

static bool device_begin(struct lines *lines, struct span name)
{
        struct draft *draft = &lines->draft;

        if (!name_valid(name))
                return draft_reject(draft, "not a name: ", name,
                                    ", expected letters, digits, - and _, at most 23");
        for (uint32_t i = 0; i < draft->device_count; i++)
                if (draft->devices[i].name.length == name.length &&
                    memcmp(draft->devices[i].name.bytes, name.bytes, name.length) == 0)
                        return draft_reject(draft, "device given twice: ", name,
                                            ", expected one section for it");
        if (draft->device_count == SIM_DEVICES)
                return draft_reject(draft, "one device too many: ", name,
                                    ", expected at most 8 of them");
        draft->devices[draft->device_count++] = (struct draft_device){ .name = name };
        return true;
}

/* "[Port 0000:00:04.0]": the word, and what follows it. */
static bool section_parse(struct lines *lines, struct span line)
{
        static const struct {
                const char *word;
                enum section section;
        } sections[] = {
                { "Machine", SECTION_MACHINE }, { "Port", SECTION_PORT },
                { "Device", SECTION_DEVICE },   { "Events", SECTION_EVENTS },
                { "Ports", SECTION_CONFIG },    { "Watch", SECTION_CONFIG },
                { "Paths", SECTION_CONFIG },    { "Boot", SECTION_CONFIG },
                { "Vetting", SECTION_CONFIG },  { "Guests", SECTION_CONFIG },
        };
        struct span inner = { line.bytes + 1, line.length - 1 }, word;
        enum section section = SECTION_NONE;
        bool named;

        if (inner.length > 0 && inner.bytes[inner.length - 1] == ']')
                inner.length--;
        else
                return draft_reject(&lines->draft, "unknown section ", line,
                                    ", expected " SECTIONS);
        (void)draft_word(&inner, &word);
        inner = draft_trimmed(inner);
        for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
                if (span_is(word, sections[i].word))
                        section = sections[i].section;
        named = section == SECTION_PORT || section == SECTION_DEVICE;
        if (section == SECTION_NONE || named != (inner.length > 0))
                return draft_reject(&lines->draft, "unknown section ", line,
                                    ", expected " SECTIONS);
        if (!named && section != SECTION_CONFIG && (lines->sections_seen & 1u << section))
                return draft_reject(&lines->draft, "section given twice: ", line,
                                    ", expected once");
        lines->section = section;
        lines->sections_seen |= 1u << section;
        lines->keys_seen = 0;
        if (section == SECTION_PORT)
                return port_begin(lines, inner);
        return section == SECTION_DEVICE ? device_begin(lines, inner) : true;
}

static bool assignment_parse(struct lines *lines, struct span line)
{
        const char *equals = memchr(line.bytes, '=', line.length);
        struct span name, value;

        if (!equals)
                return draft_reject(&lines->draft, "no assignment: ", line, ", expected Key=value");
        name = draft_trimmed((struct span){ line.bytes, (size_t)(equals - line.bytes) });
        value = draft_trimmed(
                (struct span){ equals + 1, line.length - (size_t)(equals - line.bytes) - 1 });
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
                if (keys[i].section != lines->section || !span_is(name, keys[i].name))
                        continue;
                if (value.length == 0)
                        return draft_reject(&lines->draft, "no value for ", name,
                                            ", expected one after '='");
                if (!keys[i].adds_up && (lines->keys_seen & 1u << i))
                        return draft_reject(&lines->draft, "key given twice: ", name,
                                            ", expected once in a section");
                lines->keys_seen |= 1u << i;
                return keys[i].take(lines, value);
        }
        return draft_reject(&lines->draft, "unknown key ", name, keys_expected(lines->section));
}

static bool line_parse(struct lines *lines, struct span line)
{
        const char *nul = memchr(line.bytes, '\0', line.length);
        struct span inner = draft_trimmed(line);

        if (nul)
                return draft_reject(&lines->draft, "NUL byte: ", (struct span){ nul, 1 },
                                    ", expected text");
        if (inner.length > 0 && inner.bytes[0] == '[' && !section_parse(lines, inner))
                return false;
        if (lines->section == SECTION_CONFIG) {
                memcpy(lines->config + (line.bytes - lines->draft.text), line.bytes, line.length);
                return true;
        }
        if (inner.length == 0 || inner.bytes[0] == '#' || inner.bytes[0] == ';' ||
            inner.bytes[0] == '[')
                return true;
        return assignment_parse(lines, inner);
}

/* Every line; what is of sallyport.conf is left in lines->config, at the place where it stands. */
static bool lines_parse(struct lines *lines)
{
        const char *at = lines->draft.text, *end = at + lines->draft.length;

        memset(lines->config, ' ', lines->draft.length);
        while (at < end) {
                const char *feed = memchr(at, '\n', (size_t)(end - at));
                const char *stop = feed ? feed : end;

                if (!line_parse(lines, (struct span){ at, (size_t)(stop - at) }))
                        return false;
                if (feed)
                        lines->config[feed - lines->draft.text] = '\n';
                at = feed ? feed + 1 : end;
        }
        return true;
}

/* The daemon's own parser: the same words, the same errors, at the same place. */
static bool config_parse(const struct lines *lines)
{
        struct sim_diagnosis *to = lines->draft.diagnosis;
        struct policy_diagnosis diagnosis;

        policy_config_default(&lines->draft.scenario->config);
        if (policy_config_parse(lines->config, lines->draft.length, &lines->draft.scenario->config,
                                &diagnosis))
                return true;
        to->line = diagnosis.line;
        to->column = diagnosis.column;
        (void)base_text_copy(diagnosis.message, strlen(diagnosis.message), to->message,
                             sizeof to->message);
        return false;
}

bool sim_scenario_parse(const char *text, size_t length, struct sim_scenario *ret_scenario,
                        struct sim_diagnosis *ret_diagnosis)
{
        static struct lines lines; /* large */

        base_assert(text || length == 0);
        memset(ret_scenario, 0, sizeof *ret_scenario);
        memset(&lines.draft, 0, sizeof lines.draft);
        lines.section = SECTION_NONE;
        lines.sections_seen = lines.keys_seen = 0;
        lines.draft.text = length > 0 ? text : "";
        lines.draft.length = length;
        lines.draft.diagnosis = ret_diagnosis;
        lines.draft.scenario = ret_scenario;
        ret_scenario->xen_minor = 17;
        if (length > SIM_SCENARIO_SIZE_MAX)
                return draft_reject(&lines.draft, "too long after ", (struct span){ text, 8 },
                                    ", expected at most 65536 bytes");
        return lines_parse(&lines) && config_parse(&lines) && draft_link(&lines.draft);
}
