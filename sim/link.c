/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lines of a scenario said, put together: addresses below the ports, and events that can happen. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "draft.h"

#define EVENT_EXPECTED                                                                           \
        ", expected plug, unplug, swap, eject, button, release, assign, unassign, guest-start, " \
        "guest-stop, silent, answer, kill, start, set-bme, bind-pciehp or rescan"

/* What follows the verb. */
enum operands { OPERANDS_NONE, OPERANDS_PORT, OPERANDS_DEVICE, OPERANDS_FUNCTION };

struct verb {
        const char *name;
        enum sim_move_kind move;
        enum operands operands;
};

static const struct verb verbs[] = {
        { "plug", MOVE_PLUG, OPERANDS_DEVICE },
        { "unplug", MOVE_UNPLUG, OPERANDS_PORT },
        { "swap", MOVE_SWAP, OPERANDS_DEVICE },
        { "eject", MOVE_EJECT, OPERANDS_PORT },
        { "button", MOVE_BUTTON, OPERANDS_PORT },
        { "release", MOVE_USE, OPERANDS_PORT },
        { "assign", MOVE_ASSIGN, OPERANDS_PORT },
        { "unassign", MOVE_UNASSIGN, OPERANDS_PORT },
        { "guest-start", MOVE_GUEST_START, OPERANDS_NONE },
        { "guest-stop", MOVE_GUEST_DIE, OPERANDS_NONE },
        { "silent", MOVE_DUMB, OPERANDS_FUNCTION },
        { "answer", MOVE_DUMB, OPERANDS_FUNCTION },
        { "kill", MOVE_CRASH, OPERANDS_NONE },
        { "start", MOVE_START, OPERANDS_NONE },
        { "set-bme", MOVE_SET_BME, OPERANDS_PORT },
        { "bind-pciehp", MOVE_BIND_PCIEHP, OPERANDS_PORT },
        { "rescan", MOVE_RESCAN, OPERANDS_PORT },
};

/* An event's words, found out. */
struct resolved {
        const struct verb *verb;
        struct span word, port_word, last_word;
        uint32_t port, device;
        struct draft_path path;
};

/* How it stands when an event's turn comes, as far as that is certain. */
struct course {
        bool dead;                  /* the daemon was killed */
        bool stopped;               /* the guest was */
        uint8_t plugged[SIM_PORTS]; /* identity, 0 = nothing */
        bool used[SIM_PORTS];
        bool silent[SIM_PORTS][SIM_FUNCTIONS];
};

static bool device_find(const struct draft *draft, struct span name, uint32_t *ret_device)
{
        for (uint32_t i = 0; i < draft->device_count; i++)
                if (draft->devices[i].name.length == name.length &&
                    memcmp(draft->devices[i].name.bytes, name.bytes, name.length) == 0) {
                        *ret_device = i;
                        return true;
                }
        return draft_reject(draft, "no such device: ", name, ", expected one with a [Device NAME]");
}

static bool port_find(const struct draft *draft, struct span address, uint32_t *ret_port)
{
        uint32_t sbdf;

        if (base_sbdf_parse(address.bytes, address.length, &sbdf))
                for (uint32_t i = 0; i < draft->port_count; i++)
                        if (draft->ports[i].sbdf == sbdf) {
                                *ret_port = i;
                                return true;
                        }
        return draft_reject(draft, "no such port: ", address,
                            ", expected one with a [Port ADDRESS]");
}

static bool path_equal(const struct draft_path *a, const struct draft_path *b)
{
        return a->length == b->length && memcmp(a->devfn, b->devfn, a->length) == 0;
}

/* Depth first: a bridge, all behind it, and only then what stands beside it. */
static bool path_before(const struct draft_path *a, const struct draft_path *b)
{
        size_t common = a->length < b->length ? a->length : b->length;
        int order = memcmp(a->devfn, b->devfn, common);

        return order != 0 ? order < 0 : a->length < b->length;
}

static const struct draft_function *function_find(const struct draft_device *device,
                                                  const struct draft_path *path)
{
        for (uint32_t i = 0; i < device->count; i++)
                if (path_equal(&device->functions[i].path, path))
                        return &device->functions[i];
        return NULL;
}

/* Is what this function needs there: the bridge above it, and function 0 beside it? */
static bool function_check(const struct draft *draft, const struct draft_device *device,
                           struct draft_function *function)
{
        struct draft_path path = function->path;
        const struct draft_function *other;

        if (function_find(device, &path) != function)
                return draft_reject(draft, "place given twice: ", function->text,
                                    ", expected one function at it");
        if (path.length == 1 && path.devfn[0] > 7)
                return draft_reject(draft, "not below a port: ", function->text,
                                    ", expected device number 00: a link has one device");
        for (uint8_t number = 1; number < 8; number++) {
                path.devfn[path.length - 1] =
                        (uint8_t)((function->path.devfn[path.length - 1] & ~7) | number);
                if (function_find(device, &path))
                        function->facts.header_type |= 0x80;
        }
        path.devfn[path.length - 1] &= (uint8_t)~7;
        if (!function_find(device, &path))
                return draft_reject(draft, "no function 0 beside ", function->text,
                                    ", expected one: without it nobody looks for the others");
        path.length--;
        other = path.length > 0 ? function_find(device, &path) : NULL;
        if (path.length > 0 && (!other || other->facts.kind != SIM_BRIDGE))
                return draft_reject(draft, "no bridge above ", function->text,
                                    ", expected a function of kind bridge there");
        return true;
}

static bool devices_check(struct draft *draft)
{
        for (uint32_t i = 0; i < draft->device_count; i++) {
                struct draft_device *device = &draft->devices[i];

                if (device->count == 0)
                        return draft_reject(draft, "no function in device ", device->name,
                                            ", expected Function=");
                for (uint32_t j = 0; j < device->count; j++)
                        if (!function_check(draft, device, &device->functions[j]))
                                return false;
        }
        return true;
}

static bool operands_resolve(const struct draft *draft, struct span rest, struct resolved *resolved)
{
        enum operands operands = resolved->verb->operands;
        struct span word;

        if (operands != OPERANDS_NONE) {
                (void)draft_word(&rest, &resolved->port_word);
                if (!port_find(draft, resolved->port_word, &resolved->port))
                        return false;
        }
        if (operands == OPERANDS_DEVICE || operands == OPERANDS_FUNCTION)
                (void)draft_word(&rest, &resolved->last_word);
        if (operands == OPERANDS_DEVICE &&
            !device_find(draft, resolved->last_word, &resolved->device))
                return false;
        if (operands == OPERANDS_FUNCTION &&
            !draft_path_parse(resolved->last_word, &resolved->path))
                return draft_reject(draft, "not a place: ", resolved->last_word,
                                    ", expected DD.F, or BRIDGE/DD.F behind a bridge");
        if (draft_word(&rest, &word))
                return draft_reject(draft, "one word too many: ", word, ", expected none");
        return true;
}

static bool event_resolve(const struct draft *draft, struct span event,
                          struct resolved *ret_resolved)
{
        struct resolved resolved = { .verb = NULL };

        (void)draft_word(&event, &resolved.word);
        for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
                if (base_text_is(resolved.word.bytes, resolved.word.length, verbs[i].name))
                        resolved.verb = &verbs[i];
        if (!resolved.verb)
                return draft_reject(draft, "unknown event ", resolved.word, EVENT_EXPECTED);
        if (!operands_resolve(draft, event, &resolved))
                return false;
        *ret_resolved = resolved;
        return true;
}

/* Which devices each port sees, as bits; and that AtBoot and every event name what there is. */
static bool devices_seen(struct draft *draft, uint8_t ret_seen[static SIM_PORTS])
{
        memset(ret_seen, 0, SIM_PORTS);
        for (uint32_t i = 0; i < draft->port_count; i++) {
                uint32_t device = 0;

                if (draft->ports[i].at_boot.length == 0 && draft->ports[i].use.length > 0)
                        return draft_reject(draft,
                                            "nothing is there to be used: ", draft->ports[i].use,
                                            ", expected AtBoot= as well");
                if (draft->ports[i].at_boot.length == 0)
                        continue;
                draft->scenario->used[i] = draft->ports[i].use.length > 0;
                if (!device_find(draft, draft->ports[i].at_boot, &device))
                        return false;
                draft->scenario->at_boot[i] = (uint8_t)(device + 1);
                ret_seen[i] = (uint8_t)(ret_seen[i] | 1u << device);
        }
        for (uint32_t i = 0; i < draft->event_count; i++) {
                struct resolved event;

                if (!event_resolve(draft, draft->events[i], &event))
                        return false;
                if (event.verb->operands == OPERANDS_DEVICE)
                        ret_seen[event.port] = (uint8_t)(ret_seen[event.port] | 1u << event.device);
        }
        return true;
}

/* The places below one port, while they are collected. */
struct places {
        uint32_t count;
        struct draft_path paths[SIM_FUNCTIONS];
};

static bool place_add(struct places *places, const struct draft_path *path)
{
        uint32_t at = 0;

        while (at < places->count && path_before(&places->paths[at], path))
                at++;
        if (at < places->count && path_equal(&places->paths[at], path))
                return true;
        if (places->count == SIM_FUNCTIONS)
                return false;
        memmove(&places->paths[at + 1], &places->paths[at],
                (places->count - at) * sizeof places->paths[0]);
        places->paths[at] = *path;
        places->count++;
        return true;
}

static uint8_t place_index(const struct places *places, const struct draft_path *path)
{
        for (uint32_t i = 0; i < places->count; i++)
                if (path_equal(&places->paths[i], path))
                        return (uint8_t)i;
        return SIM_DIRECT;
}

static bool places_collect(const struct draft *draft, const struct draft_port *port, uint8_t seen,
                           struct places *ret_places)
{
        ret_places->count = 0;
        for (uint32_t i = 0; i < draft->device_count; i++)
                for (uint32_t j = 0; (seen & 1u << i) && j < draft->devices[i].count; j++)
                        if (!place_add(ret_places, &draft->devices[i].functions[j].path))
                                return draft_reject(
                                        draft, "too many places below port ", port->address,
                                        ", expected at most 16 in all that is plugged there");
        return true;
}

/* What each device has at the place. Returns whether one of them has a bridge there. */
static bool facts_fill(const struct draft *draft, uint8_t seen, const struct draft_path *path,
                       struct sim_place *place)
{
        bool bridge = false;

        for (uint32_t i = 0; i < draft->device_count; i++) {
                const struct draft_function *function = function_find(&draft->devices[i], path);

                if (!function || !(seen & 1u << i))
                        continue;
                place->facts[i] = function->facts;
                bridge |= function->facts.kind == SIM_BRIDGE;
        }
        return bridge;
}

/* Bus numbers as the kernel deals them: the port's own first, then one for each bridge, depth first. */
static bool port_link(const struct draft *draft, uint32_t number, uint8_t seen, uint32_t *bus)
{
        const struct draft_port *port = &draft->ports[number];
        struct sim_shape_port *shape = &draft->scenario->shape.ports[number];
        uint32_t behind[SIM_FUNCTIONS] = { 0 }; /* the bus behind each bridge */
        uint32_t first = (*bus)++;
        struct places places;

        if (!places_collect(draft, port, seen, &places))
                return false;
        for (uint32_t i = 0; i < places.count; i++) {
                struct sim_place *place = &shape->places[i];
                struct draft_path path = places.paths[i];
                uint8_t devfn = path.devfn[path.length - 1];

                path.devfn[path.length - 1] &= (uint8_t)~7;
                place->first = place_index(&places, &path);
                path.length--;
                place->parent = place_index(&places, &path);
                place->sbdf = BASE_SBDF(base_sbdf_segment(port->sbdf),
                                        place->parent == SIM_DIRECT ? first : behind[place->parent],
                                        0, 0) |
                              devfn;
                if (facts_fill(draft, seen, &places.paths[i], place))
                        behind[i] = (*bus)++;
        }
        if (*bus > 256)
                return draft_reject(draft, "no bus number left below port ", port->address,
                                    ", expected ports on lower buses");
        shape->sbdf = port->sbdf;
        shape->power_controller = port->power_controller;
        shape->fixed = port->fixed;
        shape->no_acs = port->no_acs;
        shape->spared = port->spared;
        shape->bus_first = (uint8_t)first;
        shape->bus_last = (uint8_t)(*bus - 1);
        shape->count = (uint8_t)places.count;
        return true;
}

static bool shape_link(struct draft *draft)
{
        struct sim_shape *shape = &draft->scenario->shape;
        uint8_t seen[SIM_PORTS];
        uint32_t bus = 1;

        if (!devices_seen(draft, seen))
                return false;
        for (uint32_t i = 0; i < draft->port_count; i++) {
                const struct draft_port *port = &draft->ports[i];

                if (port->power_controller && port->fixed)
                        return draft_reject(draft,
                                            "power controller, but no hot-plug: ", port->address,
                                            ", expected HotPlug=yes");
                if (bus <= base_sbdf_bus(port->sbdf))
                        bus = base_sbdf_bus(port->sbdf) + 1u;
        }
        for (uint32_t i = 0; i < draft->port_count; i++)
                if (!port_link(draft, i, seen[i], &bus))
                        return false;
        shape->port_count = (uint8_t)draft->port_count;
        shape->config = &draft->scenario->config;
        return true;
}

/* Can it happen now? Whether the daemon runs, and what is plugged, is known without running anything. */
static bool event_possible(const struct draft *draft, const struct resolved *event,
                           const struct course *course)
{
        enum sim_move_kind move = event->verb->move;

        if (move == MOVE_START && !course->dead)
                return draft_reject(draft, "the daemon runs: ", event->word,
                                    ", expected kill before it");
        if ((move == MOVE_CRASH || move == MOVE_EJECT || move == MOVE_ASSIGN ||
             move == MOVE_UNASSIGN) &&
            course->dead)
                return draft_reject(draft, "the daemon was killed: ", event->word,
                                    ", expected start before it");
        if ((move == MOVE_GUEST_START && !course->stopped) ||
            (move == MOVE_GUEST_DIE && course->stopped))
                return draft_reject(draft, "it is so already: ", event->word,
                                    ", expected guest-stop and guest-start in turn");
        if (move == MOVE_PLUG && course->plugged[event->port] != 0)
                return draft_reject(draft, "something is plugged there: ", event->port_word,
                                    ", expected unplug before, or swap");
        if (move == MOVE_USE && !course->used[event->port])
                return draft_reject(draft, "nothing is used there: ", event->port_word,
                                    ", expected Use= of the port");
        if ((move == MOVE_UNPLUG || move == MOVE_SWAP || move == MOVE_DUMB) &&
            course->plugged[event->port] == 0)
                return draft_reject(draft, "nothing is plugged there: ", event->port_word,
                                    ", expected plug before");
        return true;
}

/* The index of the place that a path leads to; SIM_DIRECT where there is none. */
static uint8_t path_follow(const struct sim_shape_port *shape, const struct draft_path *path)
{
        uint8_t at = SIM_DIRECT;

        for (uint32_t level = 0; level < path->length; level++) {
                uint8_t above = at;

                at = SIM_DIRECT;
                for (uint8_t i = 0; i < shape->count; i++)
                        if (shape->places[i].parent == above &&
                            (uint8_t)shape->places[i].sbdf == path->devfn[level])
                                at = i;
                if (at == SIM_DIRECT)
                        break;
        }
        return at;
}

/* A function falls silent, or answers again: the move is the same for both. */
static bool silence_link(const struct draft *draft, const struct resolved *event,
                         struct course *course, struct sim_move *move)
{
        const struct sim_shape_port *shape = &draft->scenario->shape.ports[event->port];
        const struct draft_device *device = &draft->devices[course->plugged[event->port] - 1];
        bool silent = base_text_equal(event->verb->name, "silent");

        if (!function_find(device, &event->path))
                return draft_reject(draft, "no such function: ", event->last_word,
                                    ", expected one of the device that is plugged");
        move->detail = path_follow(shape, &event->path);
        base_assert(move->detail < SIM_FUNCTIONS);
        if (course->silent[event->port][move->detail] == silent)
                return draft_reject(draft, "it does so already: ", event->last_word,
                                    ", expected silent and answer in turn");
        course->silent[event->port][move->detail] = silent;
        return true;
}

/* "plug 0000:00:04.0 dock", whatever blanks and capitals there were. */
static void event_tell(const struct draft *draft, const struct resolved *event,
                       struct sim_event *ret_event)
{
        struct base_text text = base_text_on(ret_event->text, sizeof ret_event->text);

        base_text_add(&text, event->verb->name);
        if (event->port_word.length > 0) {
                base_text_add_char(&text, ' ');
                base_text_add_sbdf(&text, draft->ports[event->port].sbdf);
        }
        if (event->last_word.length > 0) {
                base_text_add_char(&text, ' ');
                base_text_add_escaped(&text, event->last_word.bytes, event->last_word.length);
        }
        base_assert(!text.truncated);
}

static bool event_link(const struct draft *draft, const struct resolved *event,
                       struct course *course, struct sim_event *ret_event)
{
        struct sim_move move = { (uint8_t)event->verb->move, (uint8_t)event->port, 0 };

        if (!event_possible(draft, event, course))
                return false;
        if (move.kind == MOVE_CRASH || move.kind == MOVE_START)
                course->dead = move.kind == MOVE_CRASH;
        if (move.kind == MOVE_GUEST_START || move.kind == MOVE_GUEST_DIE)
                course->stopped = move.kind == MOVE_GUEST_DIE;
        if (move.kind == MOVE_USE)
                course->used[event->port] = false;
        if (event->verb->operands == OPERANDS_DEVICE)
                move.detail = (uint8_t)(event->device + 1);
        if (event->verb->operands == OPERANDS_FUNCTION &&
            !silence_link(draft, event, course, &move))
                return false;
        if (move.kind == MOVE_PLUG || move.kind == MOVE_SWAP || move.kind == MOVE_UNPLUG) {
                course->plugged[event->port] = move.detail;
                course->used[event->port] = false;
                memset(course->silent[event->port], 0, sizeof course->silent[event->port]);
        }
        ret_event->move = move;
        event_tell(draft, event, ret_event);
        return true;
}

static bool events_link(const struct draft *draft)
{
        struct sim_scenario *scenario = draft->scenario;
        struct course course = { .dead = false };

        memcpy(course.plugged, scenario->at_boot, sizeof course.plugged);
        memcpy(course.used, scenario->used, sizeof course.used);
        for (uint32_t i = 0; i < draft->event_count; i++) {
                struct resolved event;

                if (!event_resolve(draft, draft->events[i], &event) ||
                    !event_link(draft, &event, &course, &scenario->events[i]))
                        return false;
        }
        scenario->event_count = draft->event_count;
        return true;
}

bool draft_link(struct draft *draft)
{
        if (draft->port_count == 0)
                return draft_reject(draft, "no port up to ",
                                    (struct span){ draft->text + draft->length, 0 },
                                    ", expected a section [Port ADDRESS]");
        return devices_check(draft) && shape_link(draft) && events_link(draft);
}
