/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A core in the middle of things, for tests of one room. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/step.h"
#include "world/world.h"

void world_core_fill(struct core *ret_core)
{
        struct model_port *port = &ret_core->ports[0];

        core_init(ret_core);
        ret_core->now_ms = 100000;
        ret_core->configured = ret_core->discovered = true;
        ret_core->platform = (struct event_platform){
                .xen = FACT_YES, .iommu = IOMMU_VTD, .xen_major = 4, .xen_minor = 17
        };
        ret_core->port_count = 1;
        port->found = (struct event_port){ .sbdf = WORLD_PORT,
                                           .link_cap = MODEL_LINK_CAP_DLLLARC,
                                           .slot = true,
                                           .slot_cap = MODEL_SLOT_CAP_HPC | MODEL_SLOT_CAP_ABP |
                                                       MODEL_SLOT_CAP_PCP | MODEL_SLOT_CAP_PIP |
                                                       MODEL_SLOT_CAP_AIP };
        port->registers = (struct event_port_registers){ .readable = true,
                                                         .pcieport = true,
                                                         .awake = true,
                                                         .decodes = true,
                                                         .secondary = 1,
                                                         .subordinate = 4,
                                                         .slot_control = 0x01c0,
                                                         .slot_status = MODEL_SLOT_STATUS_PDS,
                                                         .link_status = MODEL_LINK_STATUS_DLLLA };
        port->external = port->judged = port->read_once = port->registers_fresh = true;
        port->taken = port->rechecked = port->guarded = port->closed = port->occupied = port->up =
                true;
        port->incarnation = port->rescanned = 1;
        port->inventory_fresh = port->inventory_once = port->stable = port->owners_fresh = true;
        port->memory_fresh = true;
}

struct model_function *world_core_function(struct core *core, uint32_t sbdf)
{
        struct model_function *function = model_function_add(core, &core->ports[0], sbdf);

        base_assert(function);
        function->facts.instance = 7;
        function->facts.readable = function->facts.kept_off = true;
        function->owner = EVENT_OWNER_DOM_IO;
        function->listed = function->asked = function->confirmed = true;
        return function;
}

void world_core_fit(struct core *core)
{
        core->platform.iommu_on = core->platform.intremap = FACT_YES;
        core->platform.ats = core->platform.passthrough = FACT_NO;
        core->ports[0].found.acs_cap = 0x100;
        core->ports[0].registers.acs_control = MODEL_ACS_SV;
}

struct model_port *world_core_pair(struct core *ret_core)
{
        struct model_port *port = &ret_core->ports[0], *other = &ret_core->ports[1];

        world_core_fill(ret_core);
        ret_core->config.poll_interval_ms = 100;
        world_core_fit(ret_core);
        port->state = STATE_QUARANTINED;
        *other = *port;
        other->found.sbdf = BASE_SBDF(0, 0, 5, 0);
        other->rescanned = 0;
        ret_core->port_count = 2;
        return other;
}

void world_core_own(struct core *core, struct model_function *function, uint16_t domid)
{
        struct model_port *port = &core->ports[0];

        function->given = function->registered = true;
        function->held = function->owner = domid;
        function->confirmed = function->asked = function->facts.kept_off = false;
        memcpy(function->facts.driver, EVENT_PCIBACK_DRIVER, sizeof EVENT_PCIBACK_DRIVER);
        memcpy(port->guest, WORLD_GUEST, sizeof WORLD_GUEST);
        port->domid = domid;
        port->guests_fresh = true;
        port->closed = false;
        port->open = true;
}

void world_core_trust(struct core *core, struct model_function *function)
{
        struct model_port *port = &core->ports[0];

        function->given = function->returned = function->registered = true;
        function->owner = EVENT_OWNER_DOM0;
        function->verdict = port->verdict = VERDICT_TRUST_DOM0;
        function->confirmed = function->asked = function->facts.kept_off = false;
        memcpy(function->facts.driver, "nvme", sizeof "nvme");
        port->trusted = port->open = true;
        port->closed = false;
}

bool world_asked(const struct effects *effects, enum effect_kind kind, uint32_t port)
{
        for (uint32_t i = 0; i < effects->count; i++)
                if (effects->items[i].kind == kind && effects->items[i].port == port)
                        return true;
        return false;
}

uint32_t world_told(const struct effects *effects, enum record_kind kind)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < effects->record_count; i++)
                count += effects->records[i].kind == kind;
        return count;
}
