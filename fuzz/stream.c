/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes to events. */
#include "stream.h"

#include <stdbool.h>
#include <string.h>

#include "base/sbdf.h"
#include "core/model/model.h"
#include "core/policy/rules.h"
#include "begin.h"
#include "fuzz.h"

/* Bits of a count: all of them mean as many as fit. Rare, for it costs a hundred times the usual. */
#define CROWD_MASK 0x7fu
#define CROWD 0x7fu

static uint64_t number_take(struct fuzz_stream *stream, size_t bytes)
{
        uint64_t value = 0;

        while (bytes-- > 0)
                value = value << 8 | (stream->at < stream->size ? stream->data[stream->at++] : 0);
        return value;
}

static uint8_t byte_take(struct fuzz_stream *stream)
{
        return (uint8_t)number_take(stream, 1);
}

/* Of few addresses, so that they meet; or any. */
static uint32_t sbdf_take(struct fuzz_stream *stream)
{
        uint8_t byte = byte_take(stream);

        if (byte == 0xff)
                return BASE_SBDF_NONE;
        if (byte == 0xfe)
                return (uint32_t)number_take(stream, 4);
        return BASE_SBDF(0, byte >> 4, byte & 0xf, 0);
}

static uint32_t port_take(struct fuzz_stream *stream, const struct core *core)
{
        uint8_t byte = byte_take(stream);

        if (byte >= 0xc0 || core->port_count == 0)
                return sbdf_take(stream);
        return core->ports[byte % core->port_count].found.sbdf;
}

static uint32_t function_take(struct fuzz_stream *stream, const struct core *core)
{
        uint8_t byte = byte_take(stream);

        if (byte >= 0x80 || core->function_count == 0)
                return sbdf_take(stream);
        return core->functions[byte % core->function_count].facts.sbdf;
}

static uint32_t token_take(struct fuzz_stream *stream, const struct core *core, uint32_t port)
{
        uint8_t byte = byte_take(stream);

        if (byte == 0xff)
                return (uint32_t)number_take(stream, 4);
        if (byte >= 0xf8 && stream->begin & FUZZ_BEGIN_ROUTERS)
                return core->router_token;
        if (byte >= 0xf0)
                return core->discover_token;
        if (byte >= 0xe0 && core->port_count > 0) /* another port's */
                return core->ports[byte % core->port_count].token;
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].found.sbdf == port)
                        return core->ports[i].token;
        return 0;
}

static void place_take(struct fuzz_stream *stream, const struct core *core,
                       struct event_place *ret_place)
{
        uint8_t byte = byte_take(stream);

        memset(ret_place, 0, sizeof *ret_place);
        ret_place->truncated = byte & 0x80;
        ret_place->depth = byte & 0x40 ? LIMIT_DEPTH : byte & 3;
        for (uint32_t i = 0; i < ret_place->depth; i++)
                ret_place->above[i] = port_take(stream, core);
        ret_place->sbdf = byte & 0x20 ? port_take(stream, core) : sbdf_take(stream);
}

static void config_take(struct fuzz_stream *stream, struct event_config *ret_config)
{
        uint8_t byte = byte_take(stream);

        memset(ret_config, 0, sizeof *ret_config);
        ret_config->auto_ports = !(byte & 1);
        ret_config->forgiven = byte & 0x40 ? UINT32_MAX : 0;
        ret_config->while_locked = byte & 0x80;
        ret_config->poll_interval_ms = byte & 2 ? (uint32_t)number_take(stream, 4) : 100;
        ret_config->selector_count = byte & 4 ? LIMIT_SELECTORS : byte >> 3 & 3;
        for (uint32_t i = 0; i < ret_config->selector_count; i++) {
                struct event_selector *selector = &ret_config->selectors[i];

                selector->sbdf = sbdf_take(stream);
                selector->path[0] = (char)(selector->sbdf >> 8);
                selector->kind = byte & 0x20 ? SELECTOR_PATH : SELECTOR_SBDF;
        }
}

static void platform_take(struct fuzz_stream *stream, struct event_platform *ret_platform)
{
        uint16_t bits = (uint16_t)number_take(stream, 2);

        *ret_platform = (struct event_platform){ .iommu = bits % IOMMU_MAX,
                                                 .xen = (bits >> 2 & 3) % 3,
                                                 .iommu_on = (bits >> 4 & 3) % 3,
                                                 .intremap = (bits >> 6 & 3) % 3,
                                                 .ats = (bits >> 8 & 3) % 3,
                                                 .passthrough = (bits >> 10 & 3) % 3,
                                                 .xen_major = 4,
                                                 .xen_minor = byte_take(stream) };
        if (ret_platform->iommu != IOMMU_AMD || !(bits & 0x1000))
                return;
        ret_platform->coverage = (struct event_coverage){
                .known = true,
                .count = 1,
                .ranges = { { BASE_SBDF(0, 1, 0, 0), BASE_SBDF(0, bits & 0x2000 ? 9 : 3, 31, 7) } },
        };
}

static void found_take(struct fuzz_stream *stream, const struct core *core,
                       struct event_port *ret_found)
{
        uint8_t byte = byte_take(stream);

        memset(ret_found, 0, sizeof *ret_found);
        ret_found->sbdf = byte & 1 ? port_take(stream, core) : sbdf_take(stream);
        ret_found->path[0] = (char)(ret_found->sbdf >> 8);
        ret_found->slot = !(byte & 2);
        ret_found->link_cap = byte & 4 ? 0 : MODEL_LINK_CAP_DLLLARC;
        ret_found->slot_cap = byte & 8 ? byte_take(stream) : MODEL_SLOT_CAP_HPC;
        ret_found->slot_cap |= byte & 0x10 ? MODEL_SLOT_CAP_NCCS : 0;
        ret_found->pcie_cap = 0x40;
        ret_found->acs_cap = byte & 0x20 ? 0x140 : 0;
        ret_found->port_type = 4;
        if (byte & 0x40)
                place_take(stream, core, &ret_found->place);
}

static void registers_take(struct fuzz_stream *stream, struct event_port_registers *ret_registers)
{
        uint8_t byte = byte_take(stream);

        *ret_registers = (struct event_port_registers){
                .readable = !(byte & 1),
                .command = byte & 2 ? MODEL_COMMAND_BME : 0,
                .pcieport = !(byte & 4),
                .pciehp = byte & 8,
                .awake = !(byte & 0x10),
                .decodes = !(byte & 0x12),
                .link_status = (uint16_t)(byte & 0x20 ? 0 : MODEL_LINK_STATUS_DLLLA),
                .acs_control = (uint16_t)(byte & 0x40 ? 0 : MODEL_ACS_SV),
        };
        /* One by one: initialisers have no order. */
        ret_registers->slot_control = (uint16_t)number_take(stream, 2);
        ret_registers->slot_status = (uint16_t)number_take(stream, 2);
        if (byte & 0x80) {
                ret_registers->secondary = byte_take(stream);
                ret_registers->subordinate = byte_take(stream);
        }
}

/* As many as an inventory holds: what no input of a sensible length could spell out. */
static void inventory_crowd(struct fuzz_stream *stream, uint32_t port,
                            struct event_inventory *ret_inventory)
{
        uint32_t first = BASE_SBDF(0, byte_take(stream), 0, 0);

        ret_inventory->count = LIMIT_PORT_FUNCTIONS;
        for (uint32_t i = 0; i < LIMIT_PORT_FUNCTIONS; i++) {
                struct event_function *function = &ret_inventory->functions[i];

                memset(function, 0, sizeof *function);
                function->sbdf = first + i;
                function->parent = port;
                function->instance = function->sbdf + 1ull;
                function->readable = function->kept_off = true;
        }
}

static void inventory_take(struct fuzz_stream *stream, const struct core *core, uint32_t port,
                           struct event_inventory *ret_inventory)
{
        uint8_t byte = byte_take(stream);

        ret_inventory->truncated = byte & 0x80;
        if ((byte & CROWD_MASK) == CROWD) {
                inventory_crowd(stream, port, ret_inventory);
                return;
        }
        ret_inventory->count = byte & 7;
        for (uint32_t i = 0; i < ret_inventory->count; i++) {
                struct event_function *function = &ret_inventory->functions[i];
                uint8_t bits = byte_take(stream);

                memset(function, 0, sizeof *function);
                function->sbdf = function_take(stream, core);
                function->parent = bits & 1 ? function_take(stream, core) : port;
                function->instance = bits & 2 ? byte_take(stream) : function->sbdf + 1ull;
                function->digest = bits & 4 ? byte_take(stream) : 0;
                function->conventional = function->digest & 0x80;
                function->enabled = (uint8_t)(function->digest >> 1 & 0x3f);
                function->readable = !(bits & 8);
                function->changed = bits & 0x10;
                function->kept_off = !(bits & 0x20);
                function->driver[0] = bits & 0x40 ? 'd' : '\0';
                function->kind = bits & 0x80 ? FUNCTION_BRIDGE : FUNCTION_ENDPOINT;
        }
}

static void owners_take(struct fuzz_stream *stream, const struct core *core,
                        struct event_owners *ret_owners)
{
        static const uint16_t owners[] = { EVENT_OWNER_DOM_IO,  EVENT_OWNER_DOM0,
                                           EVENT_OWNER_NOBODY,  EVENT_OWNER_ABSENT,
                                           EVENT_OWNER_UNKNOWN, 5 };
        uint8_t byte = byte_take(stream);

        ret_owners->truncated = byte & 0x80;
        if ((byte & CROWD_MASK) == CROWD) {
                ret_owners->count = LIMIT_OWNERS;
                byte = byte_take(stream);
                for (uint32_t i = 0; i < LIMIT_OWNERS; i++)
                        ret_owners->owners[i] =
                                (struct event_owner){ .sbdf = BASE_SBDF(0, byte, 0, 0) + i,
                                                      .domid = EVENT_OWNER_DOM_IO };
                return;
        }
        ret_owners->count = byte & 7;
        for (uint32_t i = 0; i < ret_owners->count; i++) {
                uint8_t owner = byte_take(stream);

                ret_owners->owners[i].sbdf = function_take(stream, core);
                ret_owners->owners[i].domid =
                        owner == 0xff ? (uint16_t)number_take(stream, 2)
                                      : owners[owner % (sizeof owners / sizeof owners[0])];
        }
}

static void request_take(struct fuzz_stream *stream, const struct core *core,
                         struct event_request *ret_request)
{
        static const enum event_verb verbs[8] = { REQUEST_EJECT,    REQUEST_EJECT,   REQUEST_ASSIGN,
                                                  REQUEST_UNASSIGN, REQUEST_MAX,     REQUEST_ASSIGN,
                                                  REQUEST_ASSIGN,   REQUEST_UNASSIGN };
        uint8_t byte = byte_take(stream);

        ret_request->id = ++stream->requests;
        ret_request->verb = verbs[byte >> 5 & 7];
        if (stream->begin & FUZZ_BEGIN_ROUTERS && (byte & 0xc0) == 0xc0)
                ret_request->verb = byte & 0x20   ? REQUEST_AUTHORIZE
                                    : byte & 0x10 ? REQUEST_ENROLL
                                                  : REQUEST_FORGET;
        memset(&ret_request->router, 0, sizeof ret_request->router);
        ret_request->router.route = byte & 2 ? 0 : 1u + (byte >> 2 & 1);
        ret_request->manual = byte & 8;
        ret_request->sbdf = byte & 1 ? function_take(stream, core) : port_take(stream, core);
        memset(ret_request->guest, 0, sizeof ret_request->guest);
        if (ret_request->verb == REQUEST_ASSIGN && (byte & 0x1c) != 0x1c) /* else of no name */
                ret_request->guest[0] = (char)('a' + (byte >> 2 & 3)); /* guests_take knows these */
}

/* Four places, a few unique IDs and names; most of it as it was, so that a list confirms the one before. */
static void router_take(struct fuzz_stream *stream, struct event_router *ret_router)
{
        uint8_t place = byte_take(stream), facts = byte_take(stream), store = byte_take(stream);

        memset(ret_router, 0, sizeof *ret_router);
        ret_router->domain = place >> 7;
        ret_router->route = (place & 1 ? 0x301u : 1u) + (place >> 1 & 1);
        ret_router->instance = 1u + (place >> 2 & 3);
        ret_router->readable = (place & 0x70) != 0x70;
        ret_router->unique_id[0] = facts >> 6;
        ret_router->vendor_name[0] = (char)('a' + (facts >> 5 & 1));
        ret_router->authorized = (facts >> 3 & 3) % (AUTHORIZED_CHALLENGED + 1);
        ret_router->key = (facts >> 1 & 3) % (ROUTER_KEY_OTHER + 1);
        ret_router->takes_key = facts & 1;
        ret_router->enrolled = (store & 7) % (ENROLLED_KEY + 1);
        ret_router->manual = store & 8;
        ret_router->boot = store & 0x10;
}

/* Of routers as a list can name them. */
static void memory_routers_take(struct fuzz_stream *stream, const struct core *core, uint8_t byte,
                                struct event_memory *ret_memory)
{
        struct event_router facts;

        ret_memory->port = BASE_SBDF_NONE;
        ret_memory->router_count = byte & 3;
        for (uint32_t i = 0; i < ret_memory->router_count; i++) {
                struct event_memory_router *router = &ret_memory->routers[i];
                uint8_t flags = byte_take(stream);

                router_take(stream, &facts);
                router->domain = facts.domain;
                router->route = facts.route;
                router->instance = facts.instance;
                router->digest = model_router_digest(&facts) + (flags >> 7);
                memcpy(router->unique_id, facts.unique_id, sizeof router->unique_id);
                router->port = port_take(stream, core);
                router->word = (enum event_word)(flags & 3);
                router->changed = flags & 4;
                router->refuted = flags & 8;
                router->retired = flags & 16;
                router->ambiguous = flags & 32;
        }
}

static void memory_take(struct fuzz_stream *stream, const struct core *core,
                        struct event_memory *ret_memory)
{
        uint8_t byte = byte_take(stream);

        memset(ret_memory, 0, sizeof *ret_memory);
        ret_memory->port = port_take(stream, core);
        ret_memory->this_boot = !(byte & 0x80);
        if (stream->begin & FUZZ_BEGIN_ROUTERS && byte & 0x10) {
                memory_routers_take(stream, core, byte, ret_memory);
                return;
        }
        ret_memory->ejected = byte & 0x40;
        ret_memory->tainted = (byte & 0x60) == 0x60;
        ret_memory->count = (byte & CROWD_MASK) == CROWD ? LIMIT_PORT_FUNCTIONS : byte & 7;
        for (uint32_t i = 0; i < ret_memory->count; i++) {
                struct event_memory_function *function = &ret_memory->functions[i];

                function->sbdf = function_take(stream, core);
                function->instance = function->sbdf + 1ull;
                function->at_boot = byte & 0x20;
        }
}

static void memory_end_take(struct fuzz_stream *stream, struct event *event)
{
        event->error = byte_take(stream);
        event->memory_end = (struct event_memory_end){ .status = (enum event_memory_status)(
                                                               event->error % MEMORY_STATUS_MAX),
                                                       .aside = event->token };
}

/* Time goes on, or jumps, or goes back. */
static uint64_t time_take(struct fuzz_stream *stream, uint8_t how)
{
        static const uint32_t steps_ms[] = { 100, 0, 1000, 2500, 6000, 30000, 100000, 1 };

        if (how < sizeof steps_ms / sizeof steps_ms[0])
                return stream->time_ms + steps_ms[how];
        if (how == 0xf)
                return number_take(stream, 8);
        if (how == 0xe)
                return stream->time_ms - 1000;
        return stream->time_ms + 50;
}

/* One of a few sets, which ask for everything that there is to know; or none. */
static const struct policy_rules *rules_take(struct fuzz_stream *stream)
{
        static const char *const texts[] = {
                "reject if port = 0000:00:04.0\nask if at-boot = yes\n",
                "quarantine if class = 0604\nreject if finding = malformed\nassign a\n",
                ("assign a if kind = endpoint\n"
                 "assign b if functions > 2 and session != locked\n"
                 "ask if depth = 2\n"),
        };
        static struct policy_rules sets[sizeof texts / sizeof texts[0]];
        struct policy_diagnosis diagnosis;
        size_t number = byte_take(stream) % (sizeof texts / sizeof texts[0] + 1);

        if (number == 0)
                return NULL;
        if (sets[number - 1].rule_count == 0) {
                policy_rules_init(&sets[number - 1]);
                base_assert(policy_rules_parse("fuzzed", texts[number - 1],
                                               strlen(texts[number - 1]), &sets[number - 1],
                                               &diagnosis));
        }
        return &sets[number - 1];
}

/* All of them, or some and an error. */
static void reserved_take(struct fuzz_stream *stream, struct event_reserved *ret_reserved)
{
        uint8_t byte = byte_take(stream);

        memset(ret_reserved->blocked, byte ? byte : 0xff, sizeof ret_reserved->blocked);
        ret_reserved->error = byte;
}

/* What is asked for most often comes more than once; what is asked of Xen is the vendor's affair. */
static enum event_kind kind_take(const struct fuzz_stream *stream, const struct core *core,
                                 uint8_t byte)
{
        static const enum event_kind kinds[16] = {
                EVENT_NONE,      EVENT_PORT_READ, EVENT_INVENTORY,  EVENT_OWNERS,
                EVENT_COMPLETED, EVENT_REQUEST,   EVENT_UEVENT,     EVENT_OVERRUN,
                EVENT_CONFIG,    EVENT_PLATFORM,  EVENT_PORT_FOUND, EVENT_LOOK,
                EVENT_GUESTS,    EVENT_COMPLETED, EVENT_RULES,      EVENT_INVENTORY,
        };

        if (stream->begin & FUZZ_BEGIN_MEMORY && (byte & 0xf) >= 0xe)
                return byte & 1 ? EVENT_MEMORY : EVENT_MEMORY_END;
        if (stream->begin & FUZZ_BEGIN_ROUTERS && (byte & 0xf) >= 0xa && (byte & 0xf) <= 0xb)
                return byte & 1 ? EVENT_SESSIONS : EVENT_ROUTERS;
        if (kinds[byte & 0xf] == EVENT_OWNERS && core->platform.iommu == IOMMU_AMD)
                return EVENT_RESERVED;
        return kinds[byte & 0xf];
}

/* The one that the port is given to, by its number or name, or others. */
static void guests_take(struct fuzz_stream *stream, const struct core *core,
                        struct event_guests *ret_guests)
{
        uint8_t byte = byte_take(stream);

        memset(ret_guests, 0, sizeof *ret_guests);
        ret_guests->truncated = byte & 0x80;
        ret_guests->count = byte & 3;
        for (uint32_t i = 0; i < ret_guests->count; i++) {
                struct event_guest *guest = &ret_guests->guests[i];

                guest->domid = (uint16_t)(1 + (byte_take(stream) & 3));
                guest->name[0] = (char)('a' + (byte >> 2 & 1) + (char)i);
        }
        ret_guests->claim_count = byte >> 5 & 3;
        for (uint32_t i = 0; i < ret_guests->claim_count; i++) {
                ret_guests->claims[i].sbdf = function_take(stream, core);
                ret_guests->claims[i].domid = (uint16_t)(1 + (byte_take(stream) & 3));
        }
}

static void routers_take(struct fuzz_stream *stream, const struct core *core, struct event *event)
{
        struct event_routers *list = &event->routers;
        uint8_t byte = byte_take(stream);

        memset(list, 0, sizeof *list);
        if (byte & 0xc0)
                event->token = core->router_token;
        list->truncated = (byte & 0x38) == 0x38;
        list->domain_count = 2;
        list->domains[0].security = (byte & 0x30) ? SECURITY_SECURE : SECURITY_NONE;
        list->domains[1].number = 1;
        list->domains[1].security = SECURITY_USER;
        list->domains[1].deauthorizes = true;
        list->count = (byte & 7) == 7 ? LIMIT_ROUTERS : byte & 7;
        for (uint32_t i = 0; i < list->count; i++)
                router_take(stream, &list->routers[i]);
}

static void sessions_take(struct fuzz_stream *stream, struct event_sessions *ret_sessions)
{
        uint8_t byte = byte_take(stream);

        memset(ret_sessions, 0, sizeof *ret_sessions);
        ret_sessions->status = (byte & 3) % (SESSIONS_LISTED + 1);
        ret_sessions->truncated = (byte & 0x1c) == 0x1c;
        ret_sessions->count = byte >> 5 == 7 ? LIMIT_SESSIONS : byte >> 5 & 3;
        for (uint32_t i = 0; i < ret_sessions->count; i++) {
                uint8_t facts = byte_take(stream);

                ret_sessions->sessions[i] =
                        (struct event_session){ (facts & 7) % (SESSION_CLASS_OTHER + 1),
                                                (facts >> 3 & 7) % (SESSION_STATE_CLOSING + 1),
                                                (facts >> 6) % (FACT_YES + 1) };
        }
}

static void uevent_take(struct fuzz_stream *stream, const struct core *core,
                        struct event_uevent *ret_uevent)
{
        ret_uevent->action = byte_take(stream) % (UEVENT_OTHER + 1);
        ret_uevent->subsystem = byte_take(stream) % (SUBSYSTEM_OTHER + 1);
        place_take(stream, core, &ret_uevent->place);
}

static void event_take(struct fuzz_stream *stream, const struct core *core)
{
        struct event *event = &stream->event;
        uint8_t byte = byte_take(stream);

        event->kind = kind_take(stream, core, byte);
        event->time_ms = stream->time_ms = time_take(stream, byte >> 4);
        event->port = port_take(stream, core);
        event->token = token_take(stream, core, event->port);
        event->error = 0;
        switch (event->kind) {
        case EVENT_NONE:
        case EVENT_LOOK:
        case EVENT_OVERRUN:
        case EVENT_MAX:
                break;
        case EVENT_ROUTERS:
                routers_take(stream, core, event);
                break;
        case EVENT_SESSIONS:
                sessions_take(stream, &event->sessions);
                break;
        case EVENT_RULES:
                event->rules = rules_take(stream);
                break;
        case EVENT_PORTS_END:
                event->token = event->token ? event->token : core->discover_token;
                break;
        case EVENT_COMPLETED:
                event->error = byte_take(stream);
                break;
        case EVENT_CONFIG:
                config_take(stream, &event->config);
                break;
        case EVENT_PLATFORM:
                platform_take(stream, &event->platform);
                break;
        case EVENT_PORT_FOUND:
                found_take(stream, core, &event->found);
                break;
        case EVENT_PORT_READ:
                registers_take(stream, &event->registers);
                event->minute = (uint16_t)(number_take(stream, 2) % EVENT_MINUTES);
                break;
        case EVENT_INVENTORY:
                inventory_take(stream, core, event->port, &event->inventory);
                break;
        case EVENT_OWNERS:
                owners_take(stream, core, &event->owners);
                break;
        case EVENT_RESERVED:
                reserved_take(stream, &event->reserved);
                break;
        case EVENT_UEVENT:
                uevent_take(stream, core, &event->uevent);
                break;
        case EVENT_REQUEST:
                request_take(stream, core, &event->request);
                break;
        case EVENT_MEMORY:
                memory_take(stream, core, &event->memory);
                break;
        case EVENT_GUESTS:
                guests_take(stream, core, &event->guests);
                break;
        case EVENT_MEMORY_END:
                memory_end_take(stream, event);
                break;
        }
}

void fuzz_stream_begin(struct fuzz_stream *stream, const uint8_t *data, size_t size)
{
        stream->data = data;
        stream->size = size;
        stream->at = 0;
        stream->begun = 0;
        stream->requests = 0;
        stream->time_ms = 0;
        stream->begin = byte_take(stream);
}

const struct event *fuzz_stream_next(struct fuzz_stream *stream, const struct core *core)
{
        if (stream->begun < fuzz_begin_count(stream))
                fuzz_begin_next(stream, core);
        else if (stream->at < stream->size)
                event_take(stream, core);
        else
                return NULL;
        return &stream->event;
}
