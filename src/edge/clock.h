/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one clock: events are stamped with it where they are observed, for core has no clock of its own. */
#pragma once

#include <stdint.h>
#include <time.h>

/** Milliseconds of CLOCK_BOOTTIME: it counts the time asleep, and nobody can set it. */
static inline uint64_t edge_clock_ms(void)
{
        struct timespec now = { 0 };

        (void)clock_gettime(CLOCK_BOOTTIME, &now);
        return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}
