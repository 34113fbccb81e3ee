/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of requester IDs, as sorted ranges. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/event/event.h"

/** Adds first..last (SBDFs, first <= last). False, with *set as it was, where it does not fit. */
bool event_coverage_add(struct event_coverage *set, uint32_t first, uint32_t last);
/** Takes first..last away. False, with *set as it was, where what is left does not fit. */
bool event_coverage_remove(struct event_coverage *set, uint32_t first, uint32_t last);
/** Leaves what is in other as well. False, with *set as it was, where that does not fit. */
bool event_coverage_intersect(struct event_coverage *set, const struct event_coverage *other);

/** How many of first..last are in the set. */
uint64_t event_coverage_count(const struct event_coverage *set, uint32_t first, uint32_t last);
/** Is this one in the set? */
bool event_coverage_has(const struct event_coverage *set, uint32_t sbdf);
/** How many bits are set. */
uint32_t event_bus_count(const uint64_t devfns[static LIMIT_BUS_WORDS]);
/** Those of one bus, as bits by devfn: number devfn is bit devfn % 64 of word devfn / 64. */
void event_coverage_bus(const struct event_coverage *set, uint16_t segment, uint8_t bus,
                        uint64_t ret_devfns[static LIMIT_BUS_WORDS]);
