/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events per second of the core: at rest, where it is polled, and while hierarchies come and go. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "world/world.h"

#define ARRIVALS 2000u
#define POLLS 200000u
#define FUNCTIONS 6u

static struct world world;

static double seconds(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Events given to the core: a poll is one; an effect is answered by one, a discovery by two. */
static uint64_t events(uint64_t polls)
{
        uint64_t sum = polls + world.done[EFFECT_DISCOVER];

        for (uint32_t kind = 0; kind < EFFECT_MAX; kind++)
                if (kind != EFFECT_REPLY)
                        sum += world.done[kind];
        return sum;
}

static void print(const char *name, uint64_t count, double duration)
{
        printf("core_%s_events_per_s %.0f\n", name, (double)count / duration);
        printf("core_%s_events %" PRIu64 "\n", name, count);
}

int main(void)
{
        uint64_t polls = 0, before;
        double start;

        world_init(&world);
        world_start(&world);
        world_plug(&world, FUNCTIONS);
        world_run(&world, 20);
        before = events(polls);
        start = seconds();
        world_run(&world, POLLS);
        polls += POLLS;
        print("rest", events(polls) - before, seconds() - start);

        before = events(polls);
        start = seconds();
        for (uint32_t i = 0; i < ARRIVALS; i++) {
                world_unplug(&world);
                world_run(&world, 5);
                world_plug(&world, FUNCTIONS);
                world_run(&world, 5);
                polls += 10;
        }
        print("arrival", events(polls) - before, seconds() - start);
        if (world_state(&world, 0) == STATE_QUARANTINED)
                return 0;
        (void)fputs("core_bench: the last arrival did not end in quarantine\n", stderr);
        return 1;
}
