/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IVRS: a set is sorted and its ranges do not touch; bytes that are no table leave it alone. */
#include <string.h>

#include "core/event/coverage.h"
#include "core/event/parse.h"
#include "fuzz.h"

static void set_check(const struct event_coverage *set)
{
        base_assert(set->count <= LIMIT_COVERAGE);
        for (uint32_t i = 0; i < set->count; i++) {
                base_assert(set->ranges[i].first <= set->ranges[i].last);
                base_assert(i == 0 || set->ranges[i].first > (uint64_t)set->ranges[i - 1].last + 1);
        }
}

/* Counted by bus and by range, the same requester IDs. */
static void bus_check(const struct event_coverage *set, uint8_t bus)
{
        uint64_t devfns[LIMIT_BUS_WORDS], count = 0;
        uint32_t base = BASE_SBDF(0, bus, 0, 0);

        event_coverage_bus(set, 0, bus, devfns);
        for (uint32_t i = 0; i < 256; i++) {
                bool has = devfns[i / 64] >> i % 64 & 1;

                base_assert(event_coverage_has(set, base + i) == has);
                count += has;
        }
        base_assert(event_coverage_count(set, base, base + 255) == count);
}

/* The same table with its length, signature and checksum made right: so that the rest is reached. */
static bool parse_mended(const uint8_t *data, size_t size, struct event_coverage *coverage)
{
        static uint8_t bytes[65536];
        uint8_t sum = 0;

        if (size < 48 || size > sizeof bytes)
                return false;
        memcpy(bytes, data, size);
        memcpy(bytes, "IVRS", 4);
        for (int i = 0; i < 4; i++)
                bytes[4 + i] = (uint8_t)(size >> 8 * i);
        bytes[9] = 0;
        for (size_t i = 0; i < size; i++)
                sum = (uint8_t)(sum + bytes[i]);
        bytes[9] = (uint8_t)-sum;
        return event_ivrs_parse(bytes, size, coverage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct event_coverage coverage, other;

        memset(&coverage, 0x55, sizeof coverage);
        other = coverage;
        if (!event_ivrs_parse(data, size, &coverage))
                base_assert(memcmp(&coverage, &other, sizeof coverage) == 0);
        if (!parse_mended(data, size, &coverage)) {
                base_assert(memcmp(&coverage, &other, sizeof coverage) == 0);
                return 0;
        }
        base_assert(coverage.known);
        set_check(&coverage);
        bus_check(&coverage, data[size - 1]);
        /* What is taken away and put back is there again. */
        other = coverage;
        if (coverage.count > 0 &&
            event_coverage_remove(&other, coverage.ranges[0].first, coverage.ranges[0].last)) {
                set_check(&other);
                base_assert(other.count == coverage.count - 1);
                base_assert(event_coverage_add(&other, coverage.ranges[0].first,
                                               coverage.ranges[0].last));
                base_assert(memcmp(&other.ranges, &coverage.ranges,
                                   coverage.count * sizeof coverage.ranges[0]) == 0);
        }
        return 0;
}
