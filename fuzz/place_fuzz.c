/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device paths to places: a place that was read can be written as a path and read again. */
#include <string.h>

#include "base/text.h"
#include "core/event/parse.h"
#include "fuzz.h"

static void path_write(const struct event_place *place, struct base_text *path)
{
        base_text_add(path, "/devices/pci0000:00");
        for (uint32_t i = 0; i < place->depth; i++) {
                base_text_add_char(path, '/');
                base_text_add_sbdf(path, place->above[i]);
        }
        base_text_add_char(path, '/');
        base_text_add_sbdf(path, place->sbdf);
        base_assert(!path->truncated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char buffer[LIMIT_PATH + 16];
        struct base_text path = base_text_on(buffer, sizeof buffer);
        struct event_place place, again;

        memset(&place, 0xff, sizeof place);
        if (!event_place_parse((const char *)data, size, &place)) {
                base_assert(place.sbdf == BASE_SBDF_NONE && place.depth == 0 && !place.truncated);
                return 0;
        }
        fuzz_place_check(&place);
        path_write(&place, &path);
        base_assert(event_place_parse(path.buffer, path.length, &again));
        base_assert(!again.truncated && again.sbdf == place.sbdf && again.depth == place.depth);
        base_assert(memcmp(again.above, place.above, sizeof place.above) == 0);
        return 0;
}
