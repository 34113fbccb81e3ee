/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as operators and the kernel write them: what is accepted can be written and read again. */
#include "fuzz.h"

#define UNTOUCHED 0xa5a5a5a5u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint32_t sbdf = UNTOUCHED, again;
        char text[BASE_SBDF_TEXT_SIZE];

        if (!base_sbdf_parse((const char *)data, size, &sbdf)) {
                base_assert(sbdf == UNTOUCHED);
                return 0;
        }
        base_assert(size == 7 || size == BASE_SBDF_TEXT_SIZE - 1);
        base_assert(size != 7 || base_sbdf_segment(sbdf) == 0);
        base_assert(sbdf != BASE_SBDF_NONE);
        base_sbdf_format(sbdf, text);
        base_assert(base_sbdf_parse(text, sizeof text - 1, &again));
        base_assert(again == sbdf);
        return 0;
}
