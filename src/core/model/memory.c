/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What outlives the daemon: which kernel objects are of what is plugged, and whose they are to be. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/model/model.h"

/*
 * A daemon that starts cannot see whether a function that the kernel lists is of the device that is plugged, or of one
 * that was swapped for it (I5). The memory says for which kernel objects the last daemon knew. It is used only by a
 * daemon of the same boot, for instances and Slot Status bits begin anew with each.
 */
void model_memory_apply(struct core *core, const struct event_memory *memory)
{
        struct model_memory_port *port;

        base_assert(memory->count <= LIMIT_PORT_FUNCTIONS);
        base_assert(memory->router_count <= LIMIT_ROUTERS);
        if (!memory->this_boot)
                return; /* what is not in memory is not vouched for */
        if (memory->port == BASE_SBDF_NONE) {
                memcpy(core->memory_routers, memory->routers, sizeof core->memory_routers);
                core->memory_router_count = memory->router_count;
                return;
        }
        if (core->memory_port_count == LIMIT_PORTS)
                return;
        port = &core->memory_ports[core->memory_port_count++];
        port->port = memory->port;
        port->ejected = memory->ejected;
        port->tainted = memory->tainted;
        port->withheld = memory->withheld;
        port->leaving = memory->leaving;
        port->functions = memory->count > 0;
        port->domid = memory->domid;
        memcpy(port->guest, memory->guest, sizeof port->guest);
        for (uint32_t i = 0; i < memory->count && core->memory_function_count < LIMIT_FUNCTIONS;
             i++) {
                struct model_memory_function *function =
                        &core->memory_functions[core->memory_function_count++];

                function->facts = memory->functions[i];
                function->port = memory->port;
                function->former = function->facts.digest == EVENT_MEMORY_FORMER;
        }
}

void model_memory_end(struct core *core, const struct event *event, struct effects *effects)
{
        static const enum record_reason reasons[MEMORY_STATUS_MAX] = {
                [MEMORY_DAMAGED] = REASON_MEMORY_DAMAGED,
                [MEMORY_NEWER] = REASON_MEMORY_NEWER,
                [MEMORY_UNUSABLE] = REASON_MEMORY_UNUSABLE,
        };
        enum event_memory_status status = event->memory_end.status;
        struct record record = model_record(core, RECORD_MEMORY_REJECTED, REASON_NONE,
                                            BASE_SBDF_NONE, BASE_SBDF_NONE);

        base_assert(status < MEMORY_STATUS_MAX);
        core->memory = status;
        record.reason = reasons[status];
        record.error = event->error;
        record.count = event->memory_end.aside;
        if (status == MEMORY_TORN)
                record.kind = RECORD_MEMORY_TORN;
        if (status == MEMORY_TORN || record.reason)
                core_record_add(effects, &record);
}

void model_memory_recall(struct core *core, struct model_port *port)
{
        /* Of what cannot be read nobody knows what was below since the boot. */
        port->tainted = port->tainted || model_memory_bad(core);
        for (uint32_t i = 0; i < core->memory_port_count; i++) {
                const struct model_memory_port *memory = &core->memory_ports[i];

                if (memory->port != port->found.sbdf)
                        continue;
                port->known = true;
                port->ejected = port->memory_ejected = memory->ejected;
                port->tainted = port->tainted || memory->tainted;
                port->remembered = memory->functions ? MODEL_INCARNATION_FIRST : 0;
                port->withheld = memory->withheld;
                port->leaving = memory->leaving;
                port->domid = memory->domid;
                memcpy(port->guest, memory->guest, sizeof port->guest);
                core->memory_port_count--;
                memmove(&core->memory_ports[i], &core->memory_ports[i + 1],
                        (core->memory_port_count - i) * sizeof *memory);
                memset(&core->memory_ports[core->memory_port_count], 0, sizeof *memory);
                return;
        }
}

static const struct model_memory_function *memory_find(const struct core *core, uint32_t port,
                                                       const struct event_function *facts)
{
        for (uint32_t i = 0; i < core->memory_function_count; i++) {
                const struct model_memory_function *memory = &core->memory_functions[i];

                if (memory->port == port && memory->facts.sbdf == facts->sbdf &&
                    memory->facts.instance == facts->instance)
                        return memory;
        }
        return NULL;
}

const struct event_memory_function *model_memory_vouches(const struct core *core, uint32_t port,
                                                         const struct event_function *facts)
{
        const struct model_memory_function *memory = memory_find(core, port, facts);

        return memory && !memory->former && memory->facts.digest == facts->digest ? &memory->facts
                                                                                  : NULL;
}

const struct event_memory_function *model_memory_names(const struct core *core, uint32_t port,
                                                       const struct event_function *facts)
{
        const struct model_memory_function *memory = memory_find(core, port, facts);

        return memory ? &memory->facts : NULL;
}

void model_memory_outdate(struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->memory_function_count; i++)
                if (core->memory_functions[i].port == port->found.sbdf)
                        core->memory_functions[i].former = true;
}

void model_memory_renew(struct model_port *port)
{
        port->memory_fresh = false;
        port->memory_dirty = true;
}

void model_memory_drop(struct core *core, const struct model_port *port)
{
        uint32_t kept = 0;

        for (uint32_t i = 0; i < core->memory_function_count; i++)
                if (core->memory_functions[i].port != port->found.sbdf)
                        core->memory_functions[kept++] = core->memory_functions[i];
        memset(&core->memory_functions[kept], 0,
               (core->memory_function_count - kept) * sizeof core->memory_functions[0]);
        core->memory_function_count = kept;
}

bool model_memory_bad(const struct core *core)
{
        return core->memory == MEMORY_DAMAGED || core->memory == MEMORY_NEWER ||
               core->memory == MEMORY_UNUSABLE;
}

bool model_function_remembered(const struct model_port *port, const struct model_function *function)
{
        return function->port == port->found.sbdf && function->listed &&
               function->incarnation == port->incarnation;
}

static bool functions_remembered(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++)
                if (model_function_remembered(port, &core->functions[i]))
                        return true;
        return false;
}

/* Said once, until it works again. */
static void written_tell(struct core *core, uint32_t port, int32_t error, struct effects *effects)
{
        struct record record =
                model_record(core, RECORD_MEMORY_FAILED, REASON_NONE, port, BASE_SBDF_NONE);

        record.error = error;
        if (error && !core->memory_failed)
                core_record_add(effects, &record);
        core->memory_failed = error != 0;
}

void model_memory_written(struct core *core, struct model_port *port, int32_t error,
                          struct effects *effects)
{
        written_tell(core, port->found.sbdf, error, effects);
        if (error && error != EIO && error != ETIMEDOUT)
                port->remembered =
                        port->pending_remembered; /* it was not written (edge/store/store.h) */
        if (error)
                return;
        port->memory_fresh = !port->memory_dirty;
        /* Of another incarnation by now: it may name some, and they are former ones. */
        if (port->pending_incarnation != port->incarnation)
                port->remembered = port->pending_incarnation;
        else
                port->remembered = functions_remembered(core, port) ? port->incarnation : 0;
}

void model_memory_routers_written(struct core *core, int32_t error, struct effects *effects)
{
        written_tell(core, BASE_SBDF_NONE, error, effects);
        core->remembering.error = error;
        if (error)
                core->routers_renewed = true;
        else
                core->remembering = (struct model_attempt){ 0 };
}

static const struct event_memory_router *router_memory_find(const struct core *core,
                                                            const struct event_router *facts)
{
        for (uint32_t i = 0; i < core->memory_router_count; i++) {
                const struct event_memory_router *memory = &core->memory_routers[i];

                if (memory->domain == facts->domain && memory->route == facts->route &&
                    memory->instance == facts->instance)
                        return memory;
        }
        return NULL;
}

/* What speaks against it outlives the daemon by itself; what speaks for it only where the kernel's facts agree. */
void model_memory_router_recall(struct core *core, struct model_router *router,
                                struct effects *effects)
{
        const struct event_router *facts = &router->facts;
        const struct event_memory_router *memory = router_memory_find(core, facts);
        struct record record;
        bool same;

        if (!memory)
                return;
        same = facts->readable && memory->digest == model_router_digest(facts) &&
               memcmp(memory->unique_id, facts->unique_id, sizeof facts->unique_id) == 0;
        router->refuted = memory->refuted;
        router->retired = memory->retired;
        router->changed = memory->changed || (facts->readable && !same);
        if (router->changed && !memory->changed) {
                record = model_router_record(core, RECORD_ROUTER_CHANGED, REASON_ROUTER_CHANGED,
                                             router);
                core_record_add(effects, &record);
        }
        router->asked = same && memory->word != WORD_NONE;
        router->asked = model_router_ours(router);
        if (!router->asked)
                return;
        router->word = memory->word;
        router->ambiguous = memory->ambiguous;
        router->recalled = memory->port;
}

/*
 * A tunnel that ended is a link that ended, which the slot's event bits tell, and so does pciehp where somebody bound
 * it. Where there is no slot nothing would.
 */
static bool place_kept(const struct model_port *port)
{
        return port->external && port->found.slot && port->occupied && !port->changed_first &&
               port->incarnation == MODEL_INCARNATION_FIRST;
}

void model_memory_routers_place(struct core *core)
{
        for (uint32_t i = 0; i < core->router_count; i++) {
                struct model_router *router = &core->routers[i];
                const struct model_port *port = model_port_get(core, router->recalled);

                if (router->recalled == BASE_SBDF_NONE || !core->discovered ||
                    (port && !port->read_once))
                        continue;
                if (port && place_kept(port) && model_router_ours(router)) {
                        router->port = router->recalled;
                        model_routers_reweigh(core);
                }
                router->recalled = BASE_SBDF_NONE;
                core->routers_renewed = true;
        }
}

void model_memory_routers_fill(const struct core *core, struct event_memory *ret_memory)
{
        for (uint32_t i = 0; i < core->router_count; i++) {
                const struct model_router *router = &core->routers[i];
                const struct event_router *facts = &router->facts;
                struct event_memory_router *to = &ret_memory->routers[ret_memory->router_count];
                bool ours = model_router_ours(router);

                if (!ours && !router->changed && !router->refuted && !router->retired)
                        continue;
                to->domain = facts->domain;
                to->route = facts->route;
                to->instance = facts->instance;
                to->digest = model_router_digest(facts);
                memcpy(to->unique_id, facts->unique_id, sizeof to->unique_id);
                to->port = BASE_SBDF_NONE;
                if (ours) {
                        to->word = router->word;
                        to->ambiguous = router->ambiguous;
                        to->port = router->recalled == BASE_SBDF_NONE ? router->port
                                                                      : router->recalled;
                }
                to->changed = router->changed;
                to->refuted = router->refuted;
                to->retired = router->retired;
                ret_memory->router_count++;
        }
}
