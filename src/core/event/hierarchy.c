/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where functions stand: which buses and addresses are theirs, and whether those are anybody else's. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"

/* include/linux/ioport.h */
#define RESOURCE_IO 0x00000100u
#define RESOURCE_MEMORY 0x00000200u
#define RESOURCE_ROM_SHADOW \
        0x00000002u /* of the ROM: a copy in RAM, no address of the function's */
#define RESOURCE_MEMORY_64 0x00100000u
#define RESOURCE_UNSET 0x20000000u
/* include/linux/pci.h: 6 BARs, the ROM; then 6 of virtual functions, if built so; of bridges 4 windows more. */
#define LINE_ROM 6u
#define LINES_PLAIN (LIMIT_BARS + LIMIT_WINDOWS)
#define LINES_MAX (LIMIT_BARS + 6 + LIMIT_WINDOWS)
#define CLASS_SUBTRACTIVE 0x060401u

struct line {
        uint64_t first, last, flags;
};

/* " 0x00000000fe000000"; false where there is no such number. */
static bool number_take(const char *text, size_t length, size_t *at, uint64_t *ret_value)
{
        uint64_t value = 0;
        size_t digits = 0;

        while (*at < length && text[*at] == ' ')
                (*at)++;
        if (length - *at < 2 || text[*at] != '0' || text[*at + 1] != 'x')
                return false;
        for (*at += 2; *at < length; (*at)++, digits++) {
                int digit = base_text_hex_digit(text[*at]);

                if (digit < 0)
                        break;
                if (digits >= 16)
                        return false;
                value = value << 4 | (uint64_t)digit;
        }
        *ret_value = value;
        return digits > 0;
}

/* How many lines there are, or 0 where one of them is none, or they are too many. */
static uint32_t lines_parse(const char *text, size_t length,
                            struct line ret_lines[static LINES_MAX])
{
        uint32_t count = 0;

        for (size_t at = 0; at < length; at++) {
                struct line *line = &ret_lines[count];

                if (count == LINES_MAX || !number_take(text, length, &at, &line->first) ||
                    !number_take(text, length, &at, &line->last) ||
                    !number_take(text, length, &at, &line->flags) ||
                    (at < length && text[at] != '\n'))
                        return 0;
                count++;
        }
        return count;
}

static bool line_assigned(const struct line *line)
{
        return (line->flags & (RESOURCE_IO | RESOURCE_MEMORY)) && !(line->flags & RESOURCE_UNSET) &&
               line->first != 0 && line->last >= line->first;
}

static struct event_address_range range_of(const struct line *line)
{
        return (struct event_address_range){ .first = line->first,
                                             .last = line->last,
                                             .io = line->flags & RESOURCE_IO };
}

/*
 * Where a BAR's own register has it (PCIe Base Spec 7.5.1.2.1), with the kernel's size. A register that holds 0 was
 * reset: then the function answers nowhere, and the kernel's word stands.
 */
static void bar_take(const uint8_t *bytes, size_t length, uint32_t number, const struct line *line,
                     struct event_address_range *range)
{
        uint32_t at = 0x10u + 4 * number;
        bool wide = (line->flags & RESOURCE_MEMORY_64) && number < 5;
        uint64_t base = 0, size;

        if (number >= LINE_ROM || at + (wide ? 8 : 4) > length)
                return;
        for (uint32_t i = wide ? 8 : 4; i > 0; i--)
                base = base << 8 | bytes[at + i - 1];
        base &= range->io ? ~(uint64_t)0x3 : ~(uint64_t)0xf;
        if (base == 0)
                return;
        size = range->last - range->first;
        range->first = base;
        range->last = base > UINT64_MAX - size ? UINT64_MAX : base + size;
}

void event_ranges_parse(const char *text, size_t length, const uint8_t *bytes, size_t bytes_length,
                        struct event_ranges *ret_ranges)
{
        struct line lines[LINES_MAX];
        uint32_t count = lines_parse(text, length, lines), bars = count;

        memset(ret_ranges, 0, sizeof *ret_ranges);
        ret_ranges->known = count > 0;
        if (count == LINES_MAX || count == LINES_PLAIN)
                bars = count - LIMIT_WINDOWS;
        for (uint32_t i = 0; i < count; i++) {
                struct event_address_range range = range_of(&lines[i]);

                if (!line_assigned(&lines[i]) ||
                    (i == LINE_ROM && (lines[i].flags & RESOURCE_ROM_SHADOW)))
                        continue;
                if (i >= bars) {
                        ret_ranges->windows[ret_ranges->window_count++] = range;
                        continue;
                }
                if (i >= LIMIT_BARS)
                        continue; /* of virtual functions, which have their own lines where there are any */
                bar_take(bytes, bytes_length, i, &lines[i], &range);
                ret_ranges->bars[ret_ranges->bar_count++] = range;
        }
}

/* The index of the bridge directly above, or `count` where that is the port. */
static uint32_t parent_index(const struct event_inventory *inventory, uint32_t index)
{
        uint32_t parent = 0;

        while (parent < inventory->count &&
               inventory->functions[parent].sbdf != inventory->functions[index].parent)
                parent++;
        return parent == index ? inventory->count : parent;
}

struct buses {
        uint8_t first, last;
};

/* Those that the bridge above forwards; false where they are not known, or it says that it has none. */
static bool buses_above(const struct event_inventory *inventory, const struct event_above *above,
                        uint32_t parent, struct buses *ret_buses)
{
        const struct event_function *bridge = &inventory->functions[parent];

        *ret_buses = parent == inventory->count
                             ? (struct buses){ above->secondary, above->subordinate }
                             : (struct buses){ bridge->secondary, bridge->subordinate };
        return ret_buses->last != 0;
}

static bool bridge_numbered(const struct event_function *function)
{
        return function->readable && function->kind == FUNCTION_BRIDGE &&
               (function->secondary != 0 || function->subordinate != 0);
}

static bool buses_overlap(const struct event_function *a, const struct event_function *b)
{
        return a->secondary <= b->subordinate && b->secondary <= a->subordinate;
}

static void buses_judge(struct event_inventory *inventory, const struct event_above *above,
                        uint32_t index)
{
        struct event_function *function = &inventory->functions[index];
        uint32_t parent = parent_index(inventory, index);
        uint8_t bus = base_sbdf_bus(function->sbdf);
        struct buses buses;
        bool known = buses_above(inventory, above, parent, &buses);

        /* What the kernel found behind a bridge has to be on a bus of it: else the registers are not what they were. */
        if (parent < inventory->count && inventory->functions[parent].readable &&
            (!known || bus < buses.first || bus > buses.last))
                inventory->functions[parent].buses_wrong = true;
        if (!bridge_numbered(function))
                return;
        if (function->secondary <= bus || function->subordinate < function->secondary ||
            (known && function->subordinate > buses.last))
                function->buses_wrong = true;
        for (uint32_t i = 0; i < index; i++) {
                struct event_function *sibling = &inventory->functions[i];

                if (sibling->parent != function->parent || !bridge_numbered(sibling) ||
                    !buses_overlap(sibling, function))
                        continue;
                function->buses_wrong = sibling->buses_wrong = true;
        }
}

/* Do two BARs of these functions, which may be the same one, overlap? */
static bool bars_meet(const struct event_ranges *a, const struct event_ranges *b)
{
        for (uint32_t i = 0; i < a->bar_count; i++)
                for (uint32_t j = 0; j < (a == b ? i : b->bar_count); j++)
                        if (a->bars[i].io == b->bars[j].io && a->bars[i].first <= b->bars[j].last &&
                            b->bars[j].first <= a->bars[i].last)
                                return true;
        return false;
}

static bool range_forwarded(const struct event_ranges *bridge,
                            const struct event_address_range *range)
{
        for (uint32_t i = 0; i < bridge->window_count; i++)
                if (bridge->windows[i].io == range->io &&
                    bridge->windows[i].first <= range->first &&
                    range->last <= bridge->windows[i].last)
                        return true;
        return false;
}

/*
 * What forwards to this function: the bridge above, or the one above that where it decodes subtractively (what it has
 * no window for, it forwards all the same).
 */
static const struct event_ranges *forwarder(const struct event_inventory *inventory,
                                            const struct event_ranges *ranges,
                                            const struct event_above *above, uint32_t index)
{
        for (uint32_t i = 0; i < LIMIT_DEPTH; i++) {
                index = parent_index(inventory, index);
                if (index == inventory->count)
                        return &above->ranges;
                if (inventory->functions[index].class != CLASS_SUBTRACTIVE)
                        break;
        }
        return &ranges[index];
}

static void bars_judge(struct event_inventory *inventory, const struct event_ranges *ranges,
                       const struct event_above *above, uint32_t index)
{
        struct event_function *function = &inventory->functions[index];
        const struct event_ranges *own = &ranges[index],
                                  *bridge = forwarder(inventory, ranges, above, index);

        for (uint32_t i = 0; i <= index; i++)
                if (bars_meet(own, &ranges[i]))
                        function->bars_overlap = inventory->functions[i].bars_overlap = true;
        for (uint32_t i = 0; bridge->known && i < own->bar_count; i++)
                if (!range_forwarded(bridge, &own->bars[i]))
                        function->bars_outside = true;
}

void event_hierarchy_judge(struct event_inventory *inventory, const struct event_ranges *ranges,
                           const struct event_above *above)
{
        base_assert(inventory->count <= LIMIT_PORT_FUNCTIONS);
        for (uint32_t i = 0; i < inventory->count; i++)
                inventory->functions[i].buses_wrong = inventory->functions[i].bars_overlap =
                        inventory->functions[i].bars_outside = false;
        for (uint32_t i = 0; i < inventory->count; i++) {
                if (!inventory->functions[i].readable)
                        continue;
                buses_judge(inventory, above, i);
                bars_judge(inventory, ranges, above, i);
        }
}
