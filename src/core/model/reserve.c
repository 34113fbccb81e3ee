/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requester IDs that are reserved. */

/*
 * On AMD-Vi the DMA of one that Xen does not know passes untranslated, and one that it
 * knows for DOMID_IO's stays so whatever is plugged there, whoever enumerates it (pci.c:pci_add_device).
 */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/event/coverage.h"
#include "core/model/model.h"

bool model_unlisted(const struct core *core)
{
        return core->platform.iommu == IOMMU_AMD;
}

/* First and last requester ID of the port's bus range; false where it has none. */
static bool port_range(const struct model_port *port, uint32_t *ret_first, uint32_t *ret_last)
{
        uint16_t segment = base_sbdf_segment(port->found.sbdf);
        uint8_t first = port->registers.secondary, last = port->registers.subordinate;

        if (!port->read_once || first <= base_sbdf_bus(port->found.sbdf) || last < first)
                return false;
        *ret_first = BASE_SBDF(segment, first, 0, 0);
        *ret_last = BASE_SBDF(segment, last, 31, 7);
        return true;
}

struct model_requesters model_port_requesters(const struct core *core,
                                              const struct model_port *port)
{
        struct model_requesters requesters = { 0 };
        uint32_t first, last;

        if (!port_range(port, &first, &last))
                return requesters;
        requesters.count = last - first + 1;
        if (model_unlisted(core) && core->platform.coverage.known)
                requesters.covered =
                        (uint32_t)event_coverage_count(&core->platform.coverage, first, last);
        return requesters;
}

bool model_port_reserves(const struct core *core, const struct model_port *port)
{
        uint32_t count = model_port_requesters(core, port).covered;

        if (count == 0 || !port->external || port->exposed)
                return false;
        for (uint32_t i = 0; i < core->port_count && &core->ports[i] != port; i++)
                if (core->ports[i].external && !core->ports[i].exposed)
                        count += model_port_requesters(core, &core->ports[i]).covered;
        return count <= LIMIT_RESERVED;
}

uint32_t model_reserve_wanted(const struct core *core, const struct model_port *port, uint8_t bus,
                              uint64_t ret_devfns[static LIMIT_BUS_WORDS])
{
        uint16_t segment = base_sbdf_segment(port->found.sbdf);

        event_coverage_bus(&core->platform.coverage, segment, bus, ret_devfns);
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];
                uint8_t devfn = (uint8_t)function->facts.sbdf;

                if (function->port == port->found.sbdf && function->listed &&
                    base_sbdf_bus(function->facts.sbdf) == bus)
                        ret_devfns[devfn / 64] &= ~(UINT64_C(1) << devfn % 64);
        }
        return event_bus_count(ret_devfns);
}

static bool bus_done(const struct model_port *port, uint8_t bus)
{
        return port->reserved[bus / 64] >> bus % 64 & 1;
}

bool model_reserve_next(const struct core *core, const struct model_port *port, uint8_t *ret_bus)
{
        uint32_t first = port->registers.secondary, count, from;

        if (!model_port_reserves(core, port))
                return false;
        count = port->registers.subordinate - first + 1;
        from = port->reserve_bus < first ? 0 : port->reserve_bus - first + 1;
        for (uint32_t i = 0; i < count; i++) {
                uint8_t bus = (uint8_t)(first + (from + i) % count);
                uint64_t devfns[LIMIT_BUS_WORDS];

                if (bus_done(port, bus) || model_reserve_wanted(core, port, bus, devfns) == 0)
                        continue;
                *ret_bus = bus;
                return true;
        }
        return false;
}

uint32_t model_port_reserved(const struct core *core, const struct model_port *port)
{
        uint64_t devfns[LIMIT_BUS_WORDS];
        uint32_t count = 0;

        if (!model_port_reserves(core, port))
                return 0;
        for (uint32_t bus = port->registers.secondary; bus <= port->registers.subordinate; bus++)
                if (bus_done(port, (uint8_t)bus))
                        count += model_reserve_wanted(core, port, (uint8_t)bus, devfns);
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];

                count += function->port == port->found.sbdf && function->listed &&
                         function->confirmed &&
                         event_coverage_has(&core->platform.coverage, function->facts.sbdf);
        }
        return count;
}

void model_reserve_doubt(struct model_port *port, uint32_t sbdf)
{
        uint8_t bus = base_sbdf_bus(sbdf);

        port->reserved[bus / 64] &= ~(UINT64_C(1) << bus % 64);
        port->reserve_doubted = true;
}

void model_reserve_forget(struct model_port *port)
{
        memset(port->reserved, 0, sizeof port->reserved);
        port->reserve_doubted = true;
        port->reserved_told = false;
}

void model_reserved_apply(const struct core *core, struct model_port *port,
                          const struct event_reserved *reserved)
{
        uint64_t wanted[LIMIT_BUS_WORDS];
        uint8_t bus = port->reserve_bus;

        base_assert(port->pending_goal == GOAL_RESERVED);
        port->rechecked = false;
        port->attempts[GOAL_RESERVED].error = reserved->error;
        (void)model_reserve_wanted(core, port, bus, wanted);
        for (uint32_t i = 0; i < LIMIT_BUS_WORDS; i++)
                if (wanted[i] & ~reserved->blocked[i])
                        return;
        if (port->reserve_doubted)
                return; /* something left while it was done */
        port->reserved[bus / 64] |= UINT64_C(1) << bus % 64;
        port->attempts[GOAL_RESERVED] = (struct model_attempt){ 0 }; /* it goes on */
}

/* Was it found to be DOMID_IO's, or a guest's? */
static bool function_owned(const struct model_function *function)
{
        return function->confirmed || model_owner_guest(function->owner);
}

/*
 * The list has a line for each reserved requester ID, more than Xen's console ring holds, and prints them with its list
 * of devices locked: what it would say is asked by assigning once more.
 */
void model_owners_settle(struct core *core)
{
        if (!model_unlisted(core))
                return;
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_port *port = model_port_get(core, core->functions[i].port);

                if (port && !port->owners_fresh && function_owned(&core->functions[i]))
                        core->functions[i].due = true;
        }
        for (uint32_t i = 0; i < core->port_count; i++) {
                core->ports[i].owners_fresh = true;
                core->ports[i].owners_due = false;
        }
}
