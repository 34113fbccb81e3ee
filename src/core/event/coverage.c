/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of requester IDs: sorted ranges that neither overlap nor touch. */
#include "core/event/coverage.h"

#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"

static uint32_t lower(uint32_t a, uint32_t b)
{
        return a < b ? a : b;
}

static uint32_t higher(uint32_t a, uint32_t b)
{
        return a > b ? a : b;
}

bool event_coverage_add(struct event_coverage *set, uint32_t first, uint32_t last)
{
        uint32_t at = 0, end;

        base_assert(first <= last && set->count <= LIMIT_COVERAGE);
        while (at < set->count && (uint64_t)set->ranges[at].last + 1 < first)
                at++;
        for (end = at; end < set->count && set->ranges[end].first <= (uint64_t)last + 1; end++) {
                first = lower(first, set->ranges[end].first);
                last = higher(last, set->ranges[end].last);
        }
        if (end == at && set->count == LIMIT_COVERAGE)
                return false;
        memmove(&set->ranges[at + 1], &set->ranges[end],
                (set->count - end) * sizeof set->ranges[0]);
        set->count = set->count + 1 - (end - at);
        set->ranges[at] = (struct event_range){ first, last };
        return true;
}

bool event_coverage_remove(struct event_coverage *set, uint32_t first, uint32_t last)
{
        struct event_coverage left = { .known = set->known };

        base_assert(first <= last && set->count <= LIMIT_COVERAGE);
        for (uint32_t i = 0; i < set->count; i++) {
                const struct event_range *range = &set->ranges[i];

                if (range->first < first &&
                    !event_coverage_add(&left, range->first, lower(range->last, first - 1)))
                        return false;
                if (range->last > last &&
                    !event_coverage_add(&left, higher(range->first, last + 1), range->last))
                        return false;
        }
        *set = left;
        return true;
}

bool event_coverage_intersect(struct event_coverage *set, const struct event_coverage *other)
{
        struct event_coverage both = { .known = set->known };
        uint32_t i = 0, j = 0;

        while (i < set->count && j < other->count) {
                const struct event_range *a = &set->ranges[i], *b = &other->ranges[j];
                uint32_t first = higher(a->first, b->first), last = lower(a->last, b->last);

                if (first <= last && !event_coverage_add(&both, first, last))
                        return false;
                if (a->last < b->last)
                        i++;
                else
                        j++;
        }
        *set = both;
        return true;
}

uint64_t event_coverage_count(const struct event_coverage *set, uint32_t first, uint32_t last)
{
        uint64_t count = 0;

        base_assert(first <= last && set->count <= LIMIT_COVERAGE);
        for (uint32_t i = 0; i < set->count; i++) {
                const struct event_range *range = &set->ranges[i];

                if (range->first <= last && range->last >= first)
                        count += (uint64_t)lower(range->last, last) - higher(range->first, first) +
                                 1;
        }
        return count;
}

bool event_coverage_has(const struct event_coverage *set, uint32_t sbdf)
{
        return event_coverage_count(set, sbdf, sbdf) == 1;
}

uint32_t event_bus_count(const uint64_t devfns[static LIMIT_BUS_WORDS])
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < LIMIT_BUS_WORDS; i++)
                for (uint64_t word = devfns[i]; word; word &= word - 1)
                        count++;
        return count;
}

void event_coverage_bus(const struct event_coverage *set, uint16_t segment, uint8_t bus,
                        uint64_t ret_devfns[static LIMIT_BUS_WORDS])
{
        uint32_t base = BASE_SBDF(segment, bus, 0, 0);

        memset(ret_devfns, 0, LIMIT_BUS_WORDS * sizeof ret_devfns[0]);
        for (uint32_t i = 0; i < set->count; i++) {
                const struct event_range *range = &set->ranges[i];

                if (range->last < base || range->first > base + 255)
                        continue;
                for (uint32_t at = higher(range->first, base) - base;
                     at <= lower(range->last, base + 255) - base; at++)
                        ret_devfns[at / 64] |= UINT64_C(1) << at % 64;
        }
}
