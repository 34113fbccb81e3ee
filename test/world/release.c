/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of releases begin with, and ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "world/world.h"

static void guest_start(struct world *world, uint32_t polls)
{
        world->guest = WORLD_GUEST_DOMID;
        world_start(world);
        world_run(world, polls);
        world_plug(world, 2);
        world_run(world, polls);
        assert_int_equal(world_port(world)->state, STATE_QUARANTINED);
}

void world_quarantined(struct world *world)
{
        world_init(world);
        guest_start(world, 10);
}

void world_quarantined_amd(struct world *world)
{
        world_init(world);
        world_amd(world);
        guest_start(world, 40);
}

void world_request(struct world *world, enum event_verb verb, uint32_t sbdf, const char *guest)
{
        struct event event = { .kind = EVENT_REQUEST, .port = BASE_SBDF_NONE };

        event.time_ms = world->now_ms;
        event.request.id = world->reply_count + 1;
        event.request.verb = verb;
        event.request.sbdf = sbdf;
        (void)strncpy(event.request.guest, guest, sizeof event.request.guest - 1);
        world_event(world, &event);
}

void world_tell(struct world *world, enum event_kind kind, uint32_t polls)
{
        struct event event = { .kind = kind, .time_ms = world->now_ms, .port = BASE_SBDF_NONE };

        world_event(world, &event);
        world_run(world, polls);
}

void world_guests_fill(const struct world *world, struct event_guests *ret_guests)
{
        for (uint32_t i = 0; i < WORLD_FUNCTIONS; i++)
                if (world->functions[i].claimed != 0)
                        ret_guests->claims[ret_guests->claim_count++] =
                                (struct event_claim){ world->functions[i].facts.sbdf,
                                                      world->functions[i].claimed };
        if (world->guest == 0)
                return;
        ret_guests->count = 1;
        ret_guests->guests[0] = (struct event_guest){ .domid = world->guest, .name = WORLD_GUEST };
}

void world_guests_tell(struct world *world)
{
        struct event event = { .kind = EVENT_GUESTS, .port = BASE_SBDF_NONE };

        event.time_ms = world->now_ms;
        world_guests_fill(world, &event.guests);
        world_event(world, &event);
}

bool world_open(const struct world *world)
{
        return world->registers.command & MODEL_COMMAND_BME;
}

void world_replied(const struct world *world, enum effect_result result, enum record_reason reason)
{
        assert_true(world->reply_count > 0);
        assert_int_equal(world->replies[world->reply_count - 1].result, result);
        assert_int_equal(world->replies[world->reply_count - 1].reason, reason);
}

void world_asks(struct world *world, enum event_verb verb, uint32_t sbdf, const char *guest,
                enum effect_result result, enum record_reason reason)
{
        uint32_t replies = world->reply_count;

        world_request(world, verb, sbdf, guest);
        world_run(world, 40);
        assert_int_equal(world->reply_count, replies + 1);
        world_replied(world, result, reason);
}

void world_assigned(struct world *world)
{
        world_quarantined(world);
        world_asks(world, REQUEST_ASSIGN, WORLD_LEAF, WORLD_GUEST, RESULT_DONE, REASON_NONE);
        assert_int_equal(world_port(world)->state, STATE_ASSIGNED);
}
