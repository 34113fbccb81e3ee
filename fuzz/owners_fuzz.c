/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's console: the owner list in range and bounded, and only the last dump counts. */
#include <stdbool.h>
#include <string.h>

#include "core/event/parse.h"
#include "fuzz.h"

#define TEXT_MAX 4096u
#define BUS_FIRST 0x0a
#define BUS_LAST 0x0c

/* Whatever stood on the console before it, this is what Xen says last. */
static const char last_dump[] = "\n(XEN) ==== PCI devices ====\n"
                                "(XEN) ==== segment 0000 ====\n"
                                "(XEN) 0000:0a:00.0 - DomIO:8003 - node -1\n"
                                "(XEN) 0000:0b:00.0 - NULL - node -1\n"
                                "(XEN) 0000:0d:00.0 - d0 - node -1\n";

static void owners_check(const struct event_owners *owners, uint8_t first, uint8_t last)
{
        base_assert(owners->count <= LIMIT_OWNERS);
        base_assert(!owners->truncated || owners->count == LIMIT_OWNERS);
        for (uint32_t i = 0; i < owners->count; i++) {
                const struct event_owner *owner = &owners->owners[i];
                uint8_t bus = base_sbdf_bus(owner->sbdf);

                base_assert(base_sbdf_segment(owner->sbdf) == 0 && bus >= first && bus <= last);
                base_assert(owner->domid < 0x7ff0u || owner->domid == EVENT_OWNER_DOM_IO ||
                            owner->domid == EVENT_OWNER_NOBODY);
        }
}

/* The list of a range is what the list of everything says of that range, in the same order. */
static void range_check(const struct event_owners *all, const struct event_owners *some)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < all->count; i++) {
                const struct event_owner *owner = &all->owners[i];
                uint8_t bus = base_sbdf_bus(owner->sbdf);

                if (bus < BUS_FIRST || bus > BUS_LAST)
                        continue;
                base_assert(count < some->count && some->owners[count].sbdf == owner->sbdf &&
                            some->owners[count].domid == owner->domid);
                count++;
        }
        base_assert(all->truncated || count == some->count);
}

static void last_dump_check(const uint8_t *data, size_t size)
{
        static char text[TEXT_MAX + sizeof last_dump];
        static struct event_owners owners;

        memcpy(text, data, size);
        memcpy(text + size, last_dump, sizeof last_dump - 1);
        base_assert(event_owners_parse(text, size + sizeof last_dump - 1, 0, BUS_FIRST, BUS_LAST,
                                       &owners));
        base_assert(owners.count == 2 && !owners.truncated);
        base_assert(owners.owners[0].domid == EVENT_OWNER_DOM_IO);
        base_assert(owners.owners[1].domid == EVENT_OWNER_NOBODY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct event_owners all, some;
        const char *text = (const char *)data;
        bool whole;

        if (size > TEXT_MAX)
                return 0;
        all.count = some.count = UINT32_MAX;
        whole = event_owners_parse(text, size, 0, 0, UINT8_MAX, &all);
        base_assert(event_owners_parse(text, size, 0, BUS_FIRST, BUS_LAST, &some) == whole);
        if (whole) {
                owners_check(&all, 0, UINT8_MAX);
                owners_check(&some, BUS_FIRST, BUS_LAST);
                range_check(&all, &some);
        } else {
                base_assert(all.count == UINT32_MAX && some.count == UINT32_MAX);
        }
        last_dump_check(data, size);
        base_assert(event_intremap_parse(text, size) <= FACT_YES);
        return 0;
}
