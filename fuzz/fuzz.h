/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every fuzz target shares: its entry point, and the property of places that two parsers must keep. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/event/event.h"

/**
 * One input; called by libFuzzer and by replay.c. data[0..size) is on the heap and exactly as long, so that the
 * sanitizers see every overrun. A property that does not hold ends the process (base_assert). Always returns 0.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Whatever was parsed to it, a place that was accepted holds addresses only, and zeroes behind them. */
static inline void fuzz_place_check(const struct event_place *place)
{
        base_assert(place->sbdf != BASE_SBDF_NONE);
        base_assert(place->depth <= LIMIT_DEPTH);
        base_assert(!place->truncated || place->depth == LIMIT_DEPTH);
        for (uint32_t i = 0; i < LIMIT_DEPTH; i++)
                base_assert(i < place->depth ? place->above[i] != BASE_SBDF_NONE
                                             : place->above[i] == 0);
}
