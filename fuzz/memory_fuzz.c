/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state file: any bytes end somewhere, and every entry that was read is, written again, the same bytes. */
#include <string.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "fuzz.h"

static const uint8_t boot[EVENT_MEMORY_BOOT_SIZE] = "0123456789abcdef";
static struct event_memory memory;

/* Whose boot it was is not kept but compared: any other will do. */
static void entry_check(const uint8_t *bytes, size_t size, uint64_t sequence)
{
        static uint8_t written[EVENT_MEMORY_ENTRY_MAX];

        base_assert(memory.count <= LIMIT_PORT_FUNCTIONS);
        for (uint32_t i = memory.count; i < LIMIT_PORT_FUNCTIONS; i++)
                base_assert(memory.functions[i].instance == 0 && memory.functions[i].sbdf == 0);
        base_assert(memory.router_count <= LIMIT_ROUTERS);
        base_assert(memory.port == BASE_SBDF_NONE ? memory.count == 0 : memory.router_count == 0);
        for (uint32_t i = 0; i < LIMIT_ROUTERS; i++)
                base_assert(i < memory.router_count ? memory.routers[i].word < WORD_MAX
                                                    : memory.routers[i].instance == 0);
        if (!memory.this_boot)
                return;
        base_assert(event_memory_entry_write(&memory, sequence, boot, written) == size);
        base_assert(memcmp(written, bytes, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct event_memory_cursor cursor;
        uint8_t parsed[EVENT_MEMORY_BOOT_SIZE];
        size_t at;

        (void)event_memory_boot_parse((const char *)data, size, parsed);
        event_memory_begin(data, size, &cursor);
        base_assert(cursor.status != MEMORY_GOOD || size >= EVENT_MEMORY_HEAD_SIZE);
        at = cursor.at;
        while (event_memory_next(data, size, boot, &cursor, &memory)) {
                base_assert(cursor.at > at && cursor.at <= size);
                entry_check(data + at, cursor.at - at, cursor.sequence);
                at = cursor.at;
        }
        base_assert(cursor.status == MEMORY_GOOD || cursor.status == MEMORY_TORN ||
                    cursor.status == MEMORY_DAMAGED || cursor.status == MEMORY_NEWER);
        base_assert(cursor.status != MEMORY_GOOD || cursor.at == size);
        return 0;
}
