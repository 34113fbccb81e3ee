/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clocks: events are stamped with them where they are observed, for core has none of its own. */
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

/** Minute of the week in local time, 0 = Monday 00:00: for rules about the time of day. */
static inline uint16_t edge_clock_minute(void)
{
        time_t now = time(NULL);
        struct tm local = { 0 };
        int day;

        if (!localtime_r(&now, &local))
                return 0;
        day = (local.tm_wday + 6) % 7; /* tm_wday counts from Sunday */
        return (uint16_t)((day * 24 + local.tm_hour) * 60 + local.tm_min);
}

/** When that was by the wall clock as it stands now: milliseconds since 1970, UTC. */
static inline uint64_t edge_clock_wall_ms(uint64_t time_ms)
{
        struct timespec now = { 0 };

        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u + time_ms -
               edge_clock_ms();
}
