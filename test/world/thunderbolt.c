/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of Thunderbolt do and look at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sbdf.h"
#include "world/world.h"

struct event_router *world_router_enrolled(struct world *world, uint64_t route, uint8_t identity)
{
        struct event_router *router = world_router(world, route, identity);

        router->enrolled = ENROLLED_YES;
        world_routers_tell(world, 5);
        return router;
}

void world_session(struct world *world, enum event_fact locked, uint32_t polls)
{
        struct event event = { .kind = EVENT_SESSIONS, .port = BASE_SBDF_NONE };

        world->sessions = (struct event_sessions){
                .status = SESSIONS_LISTED,
                .count = 1,
                .sessions = { { SESSION_CLASS_USER, SESSION_STATE_ACTIVE, locked } },
        };
        event.sessions = world->sessions;
        world_event(world, &event);
        world_run(world, polls);
}

void world_router_pull(struct world *world, uint32_t index)
{
        world->routers.routers[index] = world->routers.routers[--world->routers.count];
        world_routers_tell(world, 5);
}

void world_router_asks(struct world *world, enum event_verb verb, uint64_t route, bool manual)
{
        struct event event = { .kind = EVENT_REQUEST, .port = BASE_SBDF_NONE };

        event.request.id = 7;
        event.request.verb = verb;
        event.request.router.route = route;
        event.request.manual = manual;
        world_event(world, &event);
        world_run(world, 5);
}

void world_router_shows(const struct world *world, uint64_t route, enum model_router_state state,
                        enum record_reason reason)
{
        enum record_reason found;

        assert_int_equal(world_router_state(world, route, &found), state);
        assert_int_equal(found, reason);
}
