/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physics, kernel and hypervisor of the simulated machine. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"

#define BRIDGE 0u /* functions[0]; the others hang behind it */

void sim_world_init(struct sim_world *ret_world, enum sim_vendor vendor, uint16_t xen_minor,
                    uint8_t ports, bool power_controller)
{
        memset(ret_world, 0, sizeof *ret_world);
        ret_world->vendor = vendor;
        ret_world->xen_minor = xen_minor;
        ret_world->port_count = ports;
        ret_world->now_ms = 100000;
        ret_world->instance_next = 1;
        for (uint32_t i = 0; i < ports; i++) {
                struct sim_port *port = &ret_world->ports[i];

                port->power_controller = power_controller;
                port->command = MODEL_COMMAND_BME;
                port->pcieport = port->pciehp = true;
                port->slot_control = power_controller ? MODEL_SLOT_CONTROL_PCC : 0;
                for (uint32_t j = 0; j < SIM_FUNCTIONS; j++)
                        port->functions[j].mapping =
                                vendor == SIM_AMD ? SIM_UNTRANSLATED : SIM_BLOCKED;
        }
}

uint32_t sim_sbdf(uint32_t port, uint32_t index)
{
        uint32_t bus = 1 + 2 * port;

        if (index == SIM_FUNCTIONS)
                return BASE_SBDF(0, 0, 4 + port, 0);
        return index == BRIDGE ? BASE_SBDF(0, bus, 0, 0) : BASE_SBDF(0, bus + 1, index - 1, 0);
}

uint32_t sim_port_index(uint32_t sbdf)
{
        for (uint32_t i = 0; i < SIM_PORTS; i++)
                if (sim_sbdf(i, SIM_FUNCTIONS) == sbdf)
                        return i;
        return SIM_PORTS;
}

static bool port_powered(const struct sim_port *port)
{
        return !port->power_controller || !(port->slot_control & MODEL_SLOT_CONTROL_PCC);
}

void sim_link_update(struct sim_port *port)
{
        bool up = (port->slot_status & MODEL_SLOT_STATUS_PDS) && port_powered(port);
        bool was = port->link_status & MODEL_LINK_STATUS_DLLLA;

        port->link_status = up ? MODEL_LINK_STATUS_DLLLA : 0;
        if (up != was)
                port->slot_status |= MODEL_SLOT_STATUS_DLLSC;
}

/* Can config requests reach this function: link up, and the bridge above it there? */
static bool function_answers(const struct sim_port *port, uint32_t index)
{
        const struct sim_function *function = &port->functions[index];

        if (!(port->link_status & MODEL_LINK_STATUS_DLLLA) || function->identity == 0 ||
            function->dumb)
                return false;
        return index == BRIDGE ||
               (port->functions[BRIDGE].identity != 0 && !port->functions[BRIDGE].dumb);
}

/*
 * PHYSDEVOP_pci_device_add (pci.c:pci_add_device): an existing entry is left as it is, a new one goes to dom0.
 * VT-d maps endpoints only; AMD-Vi maps everything (amd_iommu_add_device). A function that cannot be typed stays
 * without owner.
 */
static void xen_add(const struct sim_world *world, struct sim_function *function, uint32_t index)
{
        if (function->owner != SIM_ABSENT)
                return;
        if (function->strange) {
                function->owner = SIM_NOBODY;
                return;
        }
        function->owner = SIM_DOM0;
        if (world->vendor == SIM_AMD || index != BRIDGE)
                function->mapping = SIM_TO_DOM0;
        else
                function->mapping = SIM_BLOCKED;
}

static void port_enumerate(struct sim_world *world, struct sim_port *port)
{
        for (uint32_t i = 0; i < SIM_FUNCTIONS; i++) {
                struct sim_function *function = &port->functions[i];

                if (function->known != 0 || !function_answers(port, i))
                        continue;
                if (i != BRIDGE && port->functions[BRIDGE].known == 0)
                        continue;
                xen_add(world, function, i);
                function->known = function->identity;
                function->known_strange = function->strange;
                function->instance = world->instance_next++;
                function->kept_off = false;
                function->driver =
                        true; /* 6.1, 6.12: drivers_autoprobe is ignored (bus.c:pci_bus_add_device) */
                port->uevents = SIM_UEVENTS;
                port->changed = SIM_CHANGED;
        }
}

void sim_kernel_rescan(struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                port_enumerate(world, &world->ports[i]);
}

void sim_kernel_pciehp(struct sim_world *world, struct sim_port *port)
{
        if (!port->pciehp)
                return;
        if (port->slot_status & MODEL_SLOT_STATUS_PDS) {
                port->slot_control &= (uint16_t)~MODEL_SLOT_CONTROL_PCC;
                sim_link_update(port);
                port_enumerate(world, port);
                port->command |=
                        MODEL_COMMAND_BME; /* setup-bus.c:pci_assign_unassigned_bridge_resources */
        } else {
                bool panicked = world->panicked;

                sim_kernel_remove(world, port, BRIDGE);
                world->panicked = panicked; /* what stock pciehp brings down is not held against the core */
        }
        port->slot_status &= (uint16_t)~MODEL_SLOT_STATUS_EVENTS;
}

/* PHYSDEVOP_pci_device_remove. An entry without owner: vpci_remove_device follows a null pointer before 4.19 (H4). */
static void xen_remove(struct sim_world *world, struct sim_function *function)
{
        if (function->owner == SIM_ABSENT)
                return;
        if (function->owner == SIM_NOBODY && world->xen_minor < 19)
                world->panicked = true;
        function->owner = SIM_ABSENT;
        function->mapping = SIM_BLOCKED; /* AMD: V=1 TV=0, aborted; VT-d: no entry */
}

void sim_kernel_remove(struct sim_world *world, struct sim_port *port, uint32_t index)
{
        for (uint32_t i = 0; i < SIM_FUNCTIONS; i++) {
                struct sim_function *function = &port->functions[i];

                if ((i != index && index != BRIDGE) || function->known == 0)
                        continue;
                xen_remove(world, function);
                function->known = 0;
                function->instance = 0;
                function->driver = function->kept_off = false;
                port->uevents = SIM_UEVENTS;
                port->changed = SIM_CHANGED;
        }
}

static struct sim_function *function_find(struct sim_world *world, const struct effect *effect,
                                          uint32_t *ret_index)
{
        struct sim_port *port = &world->ports[sim_port_index(effect->port)];

        for (uint32_t i = 0; i < SIM_FUNCTIONS; i++)
                if (sim_sbdf(sim_port_index(effect->port), i) == effect->function) {
                        *ret_index = i;
                        return &port->functions[i];
                }
        return NULL;
}

/* XEN_DOMCTL_assign_device to DOMID_IO: known, owned by dom0 or dom_io, and MSI-X not masked (all ones: H1). */
static int32_t xen_quarantine(struct sim_function *function)
{
        if (function->owner == SIM_ABSENT)
                return ENODEV;
        if (function->owner == SIM_NOBODY || function->identity == 0 || function->dumb)
                return EBUSY;
        function->owner = SIM_DOM_IO;
        function->mapping = SIM_BLOCKED;
        return 0;
}

/* Effects on one function. The edge compares the instance before it acts; the licence is broken where that let by. */
static int32_t function_act(struct sim_world *world, const struct effect *effect)
{
        struct sim_port *port = &world->ports[sim_port_index(effect->port)];
        uint32_t index = 0;
        struct sim_function *function = function_find(world, effect, &index);

        if (!function)
                return ENODEV;
        if (effect->instance != 0 && effect->instance != function->instance)
                return function->known ? ESTALE : ENOENT;
        if (effect->instance == 0 && effect->kind != EFFECT_QUARANTINE &&
            effect->kind != EFFECT_CONFIRM)
                world->licence_broken = true;
        if (effect->kind == EFFECT_QUARANTINE || effect->kind == EFFECT_CONFIRM)
                return xen_quarantine(function);
        if (effect->kind == EFFECT_REMOVE) {
                sim_kernel_remove(world, port, index);
                return 0;
        }
        base_assert(effect->kind == EFFECT_DRIVER_OFF);
        function->kept_off = true;
        function->driver = false;
        return 0;
}

static void slot_control(struct sim_port *port, const struct effect *effect)
{
        port->slot_control = (uint16_t)((port->slot_control & ~effect->mask) | effect->value);
        port->slot_status |= MODEL_SLOT_STATUS_CC;
        sim_link_update(port);
}

/* P/rescan. Through an open door it is what Sallyport must never do. */
static void port_rescan(struct sim_world *world, const struct sim_port *port)
{
        if ((port->command & MODEL_COMMAND_BME) && !port->intruded)
                world->rescan_while_open = true;
        sim_kernel_rescan(world);
}

static int32_t port_act(struct sim_world *world, struct sim_port *port, const struct effect *effect)
{
        if (effect->kind == EFFECT_PORT_CLOSE)
                port->command &= (uint16_t)~MODEL_COMMAND_BME;
        else if (effect->kind == EFFECT_PORT_BIND)
                port->pcieport = true;
        else if (effect->kind == EFFECT_PORT_AWAKE)
                port->awake = true;
        else if (effect->kind == EFFECT_PCIEHP_UNBIND)
                port->pciehp = false;
        else if (effect->kind == EFFECT_SLOT_CONTROL)
                slot_control(port, effect);
        else if (effect->kind == EFFECT_SLOT_CLEAR)
                port->slot_status &= (uint16_t)~effect->value;
        else if (effect->kind == EFFECT_RESCAN)
                port_rescan(world, port);
        else
                return function_act(world, effect);
        return 0;
}

int32_t sim_effect_act(struct sim_world *world, const struct effect *effect, bool fault_lies)
{
        struct sim_port *port;

        if (fault_lies || effect->kind == EFFECT_INVENTORY || effect->kind == EFFECT_OWNERS)
                return 0;
        base_assert(sim_port_index(effect->port) < world->port_count);
        port = &world->ports[sim_port_index(effect->port)];
        return port_act(world, port, effect);
}

struct event_port_registers sim_registers(const struct sim_world *world, uint32_t port)
{
        const struct sim_port *from = &world->ports[port];

        return (struct event_port_registers){
                .readable = true,
                .command = from->command,
                .link_status = from->link_status,
                .slot_control = from->slot_control,
                .slot_status = from->slot_status,
                .acs_control = 0x1d,
                .secondary = base_sbdf_bus(sim_sbdf(port, 0)),
                .subordinate = base_sbdf_bus(sim_sbdf(port, 1)),
                .pcieport = from->pcieport,
                .pciehp = from->pciehp,
                .awake = from->awake,
        };
}

void sim_inventory_fill(uint32_t port, const struct sim_function *functions,
                        struct event_inventory *ret_inventory)
{
        ret_inventory->count = 0;
        ret_inventory->truncated = false;
        for (uint32_t i = 0; i < SIM_FUNCTIONS; i++) {
                const struct sim_function *from = &functions[i];
                struct event_function *to;

                if (from->known == 0)
                        continue;
                to = &ret_inventory->functions[ret_inventory->count++];
                memset(to, 0, sizeof *to);
                to->sbdf = sim_sbdf(port, i);
                to->parent = i == BRIDGE ? sim_sbdf(port, SIM_FUNCTIONS) : sim_sbdf(port, BRIDGE);
                to->instance = from->instance;
                to->readable = from->identity != 0 && !from->dumb;
                to->digest = to->readable ? from->identity : 0;
                to->kind = i == BRIDGE ? FUNCTION_BRIDGE : FUNCTION_ENDPOINT;
                to->changed = to->readable && from->identity != from->known;
                to->kept_off = from->kept_off;
                if (from->driver)
                        to->driver[0] = 'd';
        }
}

void sim_owners_fill(uint32_t port, const struct sim_function *functions,
                     struct event_owners *ret_owners)
{
        static const uint16_t domids[] = { [SIM_ABSENT] = EVENT_OWNER_ABSENT,
                                           [SIM_NOBODY] = EVENT_OWNER_NOBODY,
                                           [SIM_DOM0] = EVENT_OWNER_DOM0,
                                           [SIM_DOM_IO] = EVENT_OWNER_DOM_IO };

        ret_owners->count = 0;
        ret_owners->truncated = false;
        for (uint32_t i = 0; i < SIM_FUNCTIONS; i++)
                if (functions[i].owner != SIM_ABSENT)
                        ret_owners->owners[ret_owners->count++] =
                                (struct event_owner){ sim_sbdf(port, i),
                                                      domids[functions[i].owner] };
}
