/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a dump: whatever was said lies within the line, and within what a function or table can hold. */
#include <string.h>

#include "core/event/parse.h"
#include "fuzz.h"

static void line_check(const char *text, size_t length)
{
        struct event_dump_line line;

        event_dump_parse(text, length, &line);
        base_assert(line.kind <= DUMP_BAD);
        base_assert((line.kind == DUMP_BAD) == (line.expected != NULL));
        base_assert(line.kind != DUMP_BAD || (line.column >= 1 && line.column <= length + 1));
        base_assert(line.count <= EVENT_DUMP_BYTES);
        if (line.kind == DUMP_CONFIG) {
                base_assert(line.count == EVENT_DUMP_BYTES && line.offset % EVENT_DUMP_BYTES == 0);
                base_assert(line.offset + line.count <= 4096);
        }
        if (line.kind != DUMP_FACT)
                return;
        base_assert(text[0] == '@' && line.fact < DUMP_FACT_MAX && line.length > 0);
        base_assert(line.value > text && line.value + line.length <= text + length);
        for (size_t i = 0; i < line.length; i++)
                base_assert(line.value[i] >= ' ' && line.value[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *)data;

        for (size_t start = 0, i = 0; i <= size; i++) {
                if (i < size && text[i] != '\n')
                        continue;
                line_check(text + start, i - start);
                start = i + 1;
        }
        return 0;
}
