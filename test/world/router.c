/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt routers of the small machine. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "world.h"

static struct event_router *router_find(struct world *world, const struct record_router *name)
{
        for (uint32_t i = 0; i < world->routers.count; i++) {
                struct event_router *router = &world->routers.routers[i];

                if (router->domain == name->domain && router->route == name->route &&
                    router->instance == name->instance &&
                    memcmp(router->unique_id, name->unique_id, sizeof name->unique_id) == 0)
                        return router;
        }
        return NULL;
}

static int32_t store_act(struct world *world, const struct effect *effect)
{
        int32_t error = ENOENT;

        for (uint32_t i = 0; i < world->routers.count; i++) {
                struct event_router *router = &world->routers.routers[i];

                if (memcmp(router->unique_id, effect->router.unique_id, sizeof router->unique_id) !=
                    0)
                        continue;
                error = effect->kind == EFFECT_FORGET && router->enrolled == ENROLLED_NO ? ENOENT
                                                                                         : 0;
                router->enrolled = effect->kind == EFFECT_FORGET ? ENROLLED_NO
                                   : effect->new_key             ? ENROLLED_NEW_KEY
                                                                 : ENROLLED_YES;
                router->manual = effect->manual;
        }
        return error;
}

int32_t world_router_act(struct world *world, const struct effect *effect)
{
        struct event_router *router = router_find(world, &effect->router);

        if (effect->kind == EFFECT_FORGET || effect->kind == EFFECT_ENROLL)
                return store_act(world, effect);
        if (!router)
                return ESTALE;
        if (effect->kind == EFFECT_DEAUTHORIZE) {
                router->authorized = AUTHORIZED_NO;
                return 0;
        }
        if (effect->authorize != AUTHORIZE_PLAIN)
                router->key = ROUTER_KEY_OURS;
        if (effect->authorize == AUTHORIZE_CHALLENGE && world->keyless)
                return EKEYREJECTED;
        router->authorized =
                effect->authorize == AUTHORIZE_CHALLENGE ? AUTHORIZED_CHALLENGED : AUTHORIZED_YES;
        return 0;
}

void world_routers_tell(struct world *world, uint32_t polls)
{
        struct event event = { .kind = EVENT_UEVENT, .port = BASE_SBDF_NONE };

        event.uevent.action = UEVENT_CHANGE;
        event.uevent.subsystem = SUBSYSTEM_THUNDERBOLT;
        event.time_ms = world->now_ms;
        world_event(world, &event);
        world_run(world, polls);
}

void world_domain(struct world *world, enum event_security security, bool deauthorizes)
{
        world->routers.domain_count = 1;
        world->routers.domains[0] =
                (struct event_domain){ .security = security, .deauthorizes = deauthorizes };
}

struct event_router *world_router(struct world *world, uint64_t route, uint8_t identity)
{
        struct event_router *router = &world->routers.routers[world->routers.count++];

        base_assert(world->routers.count <= LIMIT_ROUTERS);
        if (world->routers.domain_count == 0)
                world_domain(world, SECURITY_USER, /* deauthorizes= */ true);
        memset(router, 0, sizeof *router);
        router->route = route;
        router->instance = ++world->instance_next;
        router->readable = true;
        memset(router->unique_id, identity, sizeof router->unique_id);
        router->vendor = 0x8086;
        router->device = identity;
        router->generation = 4;
        router->authorized = AUTHORIZED_NO;
        router->enrolled = ENROLLED_NO;
        router->takes_key = world->routers.domains[0].security == SECURITY_SECURE;
        (void)base_text_copy("Maker", 5, router->vendor_name, sizeof router->vendor_name);
        (void)base_text_copy("Dock", 4, router->device_name, sizeof router->device_name);
        return router;
}

enum model_router_state world_router_state(const struct world *world, uint64_t route,
                                           enum record_reason *ret_reason)
{
        *ret_reason = REASON_NONE;
        for (uint32_t i = 0; i < world->core.router_count; i++) {
                const struct model_router *router = &world->core.routers[i];

                if (router->facts.route != route)
                        continue;
                *ret_reason = router->reason;
                return router->state;
        }
        return ROUTER_NONE;
}
