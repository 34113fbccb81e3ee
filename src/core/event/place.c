/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device paths: "/devices/pci0000:00/0000:00:04.0/0000:01:00.0". */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/event/parse.h"

static void place_push(struct event_place *place, uint32_t sbdf)
{
        if (place->sbdf != BASE_SBDF_NONE) {
                if (place->depth == LIMIT_DEPTH)
                        place->truncated = true;
                else
                        place->above[place->depth++] = place->sbdf;
        }
        place->sbdf = sbdf;
}

bool event_place_parse(const char *path, size_t length, struct event_place *ret_place)
{
        size_t start = 0;

        base_assert(path);
        memset(ret_place, 0, sizeof *ret_place);
        ret_place->sbdf = BASE_SBDF_NONE;
        for (size_t i = 0; i <= length; i++) {
                uint32_t sbdf;

                if (i < length && path[i] != '/')
                        continue;
                /* A whole component with its segment: "0000:00:04.0:pcie004" and "pci0000:00" are none. */
                if (i - start == BASE_SBDF_TEXT_SIZE - 1 &&
                    base_sbdf_parse(path + start, i - start, &sbdf))
                        place_push(ret_place, sbdf);
                start = i + 1;
        }
        base_assert(ret_place->depth <= LIMIT_DEPTH);
        return ret_place->sbdf != BASE_SBDF_NONE;
}
