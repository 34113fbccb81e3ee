/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt routers as the kernel lists them: who is there, who changed, what became of what was asked. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/model/model.h"

#define HOP_BITS 8u /* of a route: drivers/thunderbolt/tb_regs.h, tb_route_length */

struct record_router model_router_name(const struct model_router *router)
{
        struct record_router name;

        memset(&name, 0, sizeof name); /* padding too: it goes into the core's state */
        name.any = true;
        name.domain = router->facts.domain;
        name.route = router->facts.route;
        name.instance = router->facts.instance;
        memcpy(name.unique_id, router->facts.unique_id, sizeof name.unique_id);
        return name;
}

static bool name_fits(const struct event_router *facts, const struct record_router *name)
{
        return facts->domain == name->domain && facts->route == name->route &&
               facts->instance == name->instance &&
               memcmp(facts->unique_id, name->unique_id, sizeof name->unique_id) == 0;
}

struct model_router *model_router_get(struct core *core, const struct record_router *name)
{
        base_assert(core->router_count <= LIMIT_ROUTERS);
        for (uint32_t i = 0; name->any && i < core->router_count; i++)
                if (name_fits(&core->routers[i].facts, name))
                        return &core->routers[i];
        return NULL;
}

uint32_t model_router_depth(const struct model_router *router)
{
        uint32_t depth = 0;

        for (uint64_t route = router->facts.route; route != 0; route >>= HOP_BITS)
                depth++;
        return depth;
}

static const struct model_router *router_at(const struct core *core, uint32_t domain,
                                            uint64_t route)
{
        for (uint32_t i = 0; route != 0 && i < core->router_count; i++)
                if (core->routers[i].facts.domain == domain &&
                    core->routers[i].facts.route == route)
                        return &core->routers[i];
        return NULL;
}

const struct model_router *model_router_parent(const struct core *core,
                                               const struct model_router *router)
{
        uint32_t depth = model_router_depth(router);

        if (depth <= 1)
                return NULL; /* the host is above it */
        return router_at(core, router->facts.domain,
                         router->facts.route & ((UINT64_C(1) << (depth - 1) * HOP_BITS) - 1));
}

const struct model_router *model_router_root(const struct core *core,
                                             const struct model_router *router)
{
        return router_at(core, router->facts.domain,
                         router->facts.route & ((UINT64_C(1) << HOP_BITS) - 1));
}

enum event_security model_router_security(const struct core *core,
                                          const struct model_router *router)
{
        for (uint32_t i = 0; i < core->domain_count; i++)
                if (core->domains[i].number == router->facts.domain)
                        return core->domains[i].security;
        return SECURITY_UNKNOWN;
}

bool model_router_open(const struct core *core, const struct model_router *router)
{
        return router->facts.authorized != AUTHORIZED_NO ||
               model_router_security(core, router) == SECURITY_NONE;
}

bool model_router_twin(const struct core *core, const struct model_router *router)
{
        for (uint32_t i = 0; i < core->router_count; i++)
                if (&core->routers[i] != router && core->routers[i].facts.readable &&
                    memcmp(core->routers[i].facts.unique_id, router->facts.unique_id,
                           sizeof router->facts.unique_id) == 0)
                        return true;
        return false;
}

static void told_add(char told[static LIMIT_TOLD], const char *name)
{
        size_t at = strlen(told), length = strlen(name);

        if (at > 0 && at < LIMIT_TOLD - 1)
                told[at++] = ' ';
        if (length > LIMIT_TOLD - 1 - at)
                length = LIMIT_TOLD - 1 - at;
        memcpy(told + at, name, length);
}

struct record model_router_record(const struct core *core, enum record_kind kind,
                                  enum record_reason reason, const struct model_router *router)
{
        struct record record = model_record(core, kind, reason, BASE_SBDF_NONE, BASE_SBDF_NONE);

        record.router = model_router_name(router);
        told_add(record.told, router->facts.vendor_name);
        told_add(record.told, router->facts.device_name);
        return record;
}

void model_routers_doubt(struct core *core)
{
        core->routers_fresh = false;
        core->routers_dirty = true;
}

void model_routers_reweigh(struct core *core)
{
        for (uint32_t i = 0; i < core->router_count; i++)
                core->routers[i].weighed = false;
        for (uint32_t i = 0; i < core->port_count; i++)
                core->ports[i].weighed = false;
}

/* What a router says that it is, and what it cannot change while it is the same kernel object. */
static bool identity_same(const struct event_router *a, const struct event_router *b)
{
        return memcmp(a->unique_id, b->unique_id, sizeof a->unique_id) == 0 &&
               a->vendor == b->vendor && a->device == b->device && a->generation == b->generation &&
               base_text_equal(a->vendor_name, b->vendor_name) &&
               base_text_equal(a->device_name, b->device_name);
}

/* Each name with its end. */
uint64_t model_router_digest(const struct event_router *facts)
{
        const uint8_t numbers[] = { (uint8_t)facts->vendor, (uint8_t)(facts->vendor >> 8),
                                    (uint8_t)facts->device, (uint8_t)(facts->device >> 8),
                                    facts->generation };
        const char *names[] = { facts->vendor_name, facts->device_name };
        uint64_t digest = BASE_DIGEST_BEGIN;

        for (size_t i = 0; i < sizeof numbers; i++)
                digest = base_digest_add(digest, numbers[i]);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                for (size_t at = 0; at == 0 || names[i][at - 1] != '\0'; at++)
                        digest = base_digest_add(digest, (uint8_t)names[i][at]);
        return digest;
}

bool model_router_ours(const struct model_router *router)
{
        return router->asked && (router->facts.authorized == AUTHORIZED_YES ||
                                 router->facts.authorized == AUTHORIZED_CHALLENGED);
}

static void router_drop(struct core *core, uint32_t index)
{
        base_assert(index < core->router_count);
        core->routers_renewed = true;
        core->router_count--;
        memmove(&core->routers[index], &core->routers[index + 1],
                (core->router_count - index) * sizeof core->routers[0]);
        memset(&core->routers[core->router_count], 0, sizeof core->routers[0]);
}

static const struct event_router *list_find(const struct event_routers *list,
                                            const struct event_router *facts)
{
        for (uint32_t i = 0; i < list->count; i++)
                if (list->routers[i].domain == facts->domain &&
                    list->routers[i].route == facts->route &&
                    list->routers[i].instance == facts->instance)
                        return &list->routers[i];
        return NULL;
}

/* One that was listed before, and is again. What it was asked is over when it shows that it was not done. */
static void router_update(struct core *core, struct model_router *router,
                          const struct event_router *facts, struct effects *effects)
{
        bool was_ours = model_router_ours(router);
        struct record record;

        if (router->facts.readable && facts->readable && !router->changed &&
            !identity_same(&router->facts, facts)) {
                router->changed = core->routers_renewed = true;
                record = model_router_record(core, RECORD_ROUTER_CHANGED, REASON_ROUTER_CHANGED,
                                             router);
                core_record_add(effects, &record);
        }
        router->facts = *facts;
        if (facts->authorized == AUTHORIZED_NO) {
                router->awaited = router->asked = false;
                router->word = WORD_NONE; /* whose it was says nothing of who does it next */
                router->tunnel_at_ms = 0;
        } else if (router->awaited && router->tunnel_at_ms == 0) {
                router->tunnel_at_ms = core->now_ms;
        }
        if (model_router_ours(router) != was_ours)
                core->routers_renewed = true;
}

static void router_add(struct core *core, const struct event_router *facts, struct effects *effects)
{
        struct model_router *router;
        struct record record;

        if (core->router_count == LIMIT_ROUTERS) {
                core->routers_truncated = true;
                return;
        }
        router = &core->routers[core->router_count++];
        memset(router, 0, sizeof *router);
        router->facts = *facts;
        router->port = router->recalled = BASE_SBDF_NONE;
        router->minute = core->minute;
        record = model_router_record(core, RECORD_ROUTER_FOUND, REASON_NONE, router);
        core_record_add(effects, &record);
        model_memory_router_recall(core, router, effects);
}

/* The kernel deals each place once; a list that says otherwise is not one to act upon. */
static bool list_sound(const struct event_routers *list)
{
        for (uint32_t i = 0; i < list->count; i++) {
                if (list->routers[i].route == 0)
                        return false;
                for (uint32_t j = 0; j < i; j++)
                        if (list->routers[i].domain == list->routers[j].domain &&
                            list->routers[i].route == list->routers[j].route)
                                return false;
        }
        return true;
}

/* What it brought is gone with it, and below a switch that stays nobody tells of that. */
static void brought_doubt(struct core *core)
{
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].external)
                        model_port_doubt(&core->ports[i]);
}

static void list_merge(struct core *core, const struct event_routers *list, struct effects *effects)
{
        struct record record;

        for (uint32_t i = core->router_count; i > 0; i--) {
                struct model_router *router = &core->routers[i - 1];
                const struct event_router *facts = list_find(list, &router->facts);

                if (facts) {
                        router_update(core, router, facts, effects);
                        continue;
                }
                record = model_router_record(core, RECORD_ROUTER_GONE, REASON_NONE, router);
                core_record_add(effects, &record);
                router_drop(core, i - 1);
                brought_doubt(core);
        }
        for (uint32_t i = 0; i < list->count; i++) {
                bool known = false;

                for (uint32_t j = 0; j < core->router_count; j++)
                        known |= core->routers[j].facts.domain == list->routers[i].domain &&
                                 core->routers[j].facts.route == list->routers[i].route;
                if (!known)
                        router_add(core, &list->routers[i], effects);
        }
}

void model_routers_apply(struct core *core, const struct event *event, struct effects *effects)
{
        const struct event_routers *list = &event->routers;
        bool was_truncated = core->routers_truncated;
        struct record record;

        base_assert(list->count <= LIMIT_ROUTERS && list->domain_count <= LIMIT_DOMAINS);
        if (event->token == 0 || event->token != core->router_token ||
            core->router_pending != EFFECT_ROUTERS)
                return;
        core->router_token = 0;
        core->routers_fresh = !core->routers_dirty;
        core->routers_once = true;
        core->listing.tries = 0;
        core->domain_count = list->domain_count;
        memcpy(core->domains, list->domains, sizeof core->domains);
        core->routers_truncated = list->truncated || !list_sound(list);
        if (list_sound(list))
                list_merge(core, list, effects);
        if (!core->routers_truncated && core->memory_router_count > 0) {
                memset(core->memory_routers, 0, sizeof core->memory_routers);
                core->memory_router_count = 0;
                core->routers_renewed = true; /* not all of it need have been so any more */
        }
        model_routers_reweigh(core);
        if (!core->routers_truncated || was_truncated)
                return;
        record = model_record(core, RECORD_ROUTERS_OVERFLOW, REASON_ROUTERS_LIMIT, BASE_SBDF_NONE,
                              BASE_SBDF_NONE);
        core_record_add(effects, &record);
}

/* What was meant for a router that is not there any more is nobody's (I5). */
static void authorize_end(struct core *core, int32_t error, struct effects *effects)
{
        struct model_router *router = model_router_get(core, &core->router_pending_name);
        struct record record;

        if (!router)
                return;
        router->attempt.error = error;
        if (core->router_pending != EFFECT_AUTHORIZE || error != EKEYREJECTED)
                return;
        router->refuted = core->routers_renewed = true;
        record = model_router_record(core, RECORD_ROUTER_REFUTED, REASON_KEY_REJECTED, router);
        core_record_add(effects, &record);
}

static void failure_tell(const struct core *core, int32_t error, struct effects *effects)
{
        struct record record = model_record(core, RECORD_ROUTER_FAILED, REASON_NONE, BASE_SBDF_NONE,
                                            BASE_SBDF_NONE);

        record.effect = core->router_pending;
        record.router = core->router_pending_name;
        record.error = error;
        core_record_add(effects, &record);
}

static void effect_end(struct core *core, int32_t error, struct effects *effects)
{
        core->router_token = 0;
        if (core->router_pending == EFFECT_REMEMBER) {
                model_memory_routers_written(core, error, effects);
                return;
        }
        core->routers_fresh = false; /* what it did is looked at next */
        if (core->router_pending == EFFECT_AUTHORIZE || core->router_pending == EFFECT_DEAUTHORIZE)
                authorize_end(core, error, effects);
        if (core->router_pending == EFFECT_ENROLL || core->router_pending == EFFECT_FORGET) {
                core->router_request.acted = true;
                core->router_request.error = error;
        }
        if (error)
                failure_tell(core, error, effects);
}

void model_routers_completed(struct core *core, const struct event *event, struct effects *effects)
{
        if (event->token != 0 && event->token == core->router_token)
                effect_end(core, event->error, effects);
}

void model_routers_lost(struct core *core, struct effects *effects)
{
        effect_end(core, ETIMEDOUT, effects); /* and whatever comes later is not believed */
}
