/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physics, kernel and hypervisor of the simulated machine. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"

void sim_world_init(struct sim_world *ret_world, const struct sim_shape *shape,
                    enum sim_vendor vendor, uint16_t xen_minor, uint8_t ports)
{
        base_assert(ports <= shape->port_count);
        memset(ret_world, 0, sizeof *ret_world);
        ret_world->shape = shape;
        ret_world->vendor = vendor;
        ret_world->xen_minor = xen_minor;
        ret_world->port_count = ports;
        ret_world->now_ms = 100000;
        ret_world->instance_next = 1;
        for (uint32_t i = 0; i < ports; i++) {
                struct sim_port *port = &ret_world->ports[i];

                port->command = MODEL_COMMAND_BME | SIM_COMMAND_MEMORY;
                port->pcieport = true;
                port->pciehp = !shape->ports[i].fixed;
                port->slot_control = shape->ports[i].power_controller ? MODEL_SLOT_CONTROL_PCC : 0;
                for (uint32_t j = 0; j < shape->ports[i].count; j++)
                        port->functions[j].mapping =
                                vendor == SIM_AMD ? SIM_UNTRANSLATED : SIM_BLOCKED;
        }
}

uint32_t sim_port_index(const struct sim_world *world, uint32_t sbdf)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                if (sim_port_sbdf(world, i) == sbdf)
                        return i;
        return SIM_PORTS;
}

uint32_t sim_function_index(const struct sim_world *world, uint32_t port, uint32_t sbdf)
{
        for (uint32_t i = 0; i < sim_function_count(world, port); i++)
                if (sim_sbdf(world, port, i) == sbdf)
                        return i;
        return SIM_FUNCTIONS;
}

const struct sim_facts *sim_facts(const struct sim_world *world, uint32_t port, uint32_t index,
                                  uint8_t identity)
{
        base_assert(identity >= 1 && identity <= SIM_DEVICES);
        return &world->shape->ports[port].places[index].facts[identity - 1];
}

bool sim_port_driven(const struct sim_world *world, uint32_t port)
{
        for (uint32_t i = 0; i < sim_function_count(world, port); i++)
                if (world->ports[port].functions[i].driver)
                        return true;
        return false;
}

/* Link state and its event bits follow presence and power (PCIe Base Spec 6.7.3.3). */
static void link_update(struct sim_world *world, uint32_t number)
{
        struct sim_port *port = &world->ports[number];
        bool powered = !sim_shape_of(world, number)->power_controller ||
                       !(port->slot_control & MODEL_SLOT_CONTROL_PCC);
        bool up = (port->slot_status & MODEL_SLOT_STATUS_PDS) && powered;
        bool was = port->link_status & MODEL_LINK_STATUS_DLLLA;

        port->link_status = up ? MODEL_LINK_STATUS_DLLLA : 0;
        if (up != was)
                port->slot_status |= MODEL_SLOT_STATUS_DLLSC;
}

/* Everything below the port is replaced, faster than anybody looks. */
static void device_set(struct sim_world *world, uint32_t number, uint8_t identity)
{
        struct sim_port *port = &world->ports[number];

        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                struct sim_function *function = &port->functions[i];

                function->identity = 0;
                function->dumb = function->strange = function->altered = false;
                if (identity == 0 || sim_facts(world, number, i, identity)->kind == SIM_NONE)
                        continue;
                function->identity = identity;
                function->strange = sim_facts(world, number, i, identity)->untyped;
        }
        port->hid = port->meddled = false;
}

/* Can config requests reach this function: link up, and every bridge above it there? */
static bool function_answers(const struct sim_world *world, uint32_t number, uint32_t index)
{
        const struct sim_port *port = &world->ports[number];

        if (!(port->link_status & MODEL_LINK_STATUS_DLLLA))
                return false;
        while (index != SIM_DIRECT) {
                if (port->functions[index].identity == 0 || port->functions[index].dumb)
                        return false;
                index = sim_shape_of(world, number)->places[index].parent;
        }
        return true;
}

void sim_functions_see(struct sim_world *world, uint32_t port)
{
        struct sim_port *to = &world->ports[port];

        for (uint32_t i = 0; i < sim_function_count(world, port); i++) {
                to->seen[i] = to->functions[i];
                to->seen[i].dumb = !function_answers(world, port, i);
                if (sim_guest_owns(&to->functions[i]))
                        to->seen[i].seen_domid = sim_guest_domid(world, to->functions[i].owner);
        }
}

/*
 * PHYSDEVOP_pci_device_add (pci.c:pci_add_device): an existing entry is left as it is, a new one goes to dom0.
 * VT-d maps endpoints only, and a function that it cannot type stays without owner; AMD-Vi maps everything
 * (amd_iommu_add_device).
 */
static void xen_add(const struct sim_world *world, struct sim_function *function, bool endpoint)
{
        if (function->owner != SIM_ABSENT)
                return;
        function->blank = false;
        if (function->strange && world->vendor == SIM_VTD) {
                function->owner = SIM_NOBODY;
                return;
        }
        function->owner = SIM_DOM0;
        if (world->vendor == SIM_AMD || endpoint)
                function->mapping = SIM_TO_DOM0;
        else
                function->mapping = SIM_BLOCKED;
}

/*
 * Does the kernel look at this address: the bridge above was enumerated as one, and function 0 of the same device was
 * found before (probe.c:pci_scan_slot)?
 */
static bool function_scanned(const struct sim_world *world, uint32_t number, uint32_t index)
{
        const struct sim_function *functions = world->ports[number].functions;
        const struct sim_place *place = &sim_shape_of(world, number)->places[index];

        if (place->first != index && functions[place->first].known == 0)
                return false;
        if (place->parent == SIM_DIRECT)
                return true;
        return functions[place->parent].known != 0 &&
               sim_facts(world, number, place->parent, functions[place->parent].known)->kind ==
                       SIM_BRIDGE;
}

static void port_enumerate(struct sim_world *world, uint32_t number)
{
        struct sim_port *port = &world->ports[number];

        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                struct sim_function *function = &port->functions[i];
                const struct sim_facts *facts;

                if (function->known != 0 || !function_answers(world, number, i) ||
                    !function_scanned(world, number, i))
                        continue;
                facts = sim_facts(world, number, i, function->identity);
                xen_add(world, function, facts->kind == SIM_ENDPOINT);
                function->known = function->identity;
                function->known_strange = function->strange;
                function->former = false;
                function->instance = world->instance_next++;
                function->kept_off = function->pciback = function->registered = false;
                /* 6.1, 6.12: drivers_autoprobe is ignored (bus.c:pci_bus_add_device) */
                function->driver = facts->driver != NULL;
                port->uevents = SIM_UEVENTS;
        }
}

void sim_kernel_rescan(struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                port_enumerate(world, i);
}

/* PHYSDEVOP_pci_device_remove. An entry without owner: vpci_remove_device follows a null pointer before 4.19 (H4). */
static void xen_remove(struct sim_world *world, const struct sim_port *port,
                       struct sim_function *function)
{
        if (function->owner == SIM_ABSENT)
                return;
        /* Not held against the core: what dom0's root had enumerated while a removal was under way. */
        if (function->owner == SIM_NOBODY && world->xen_minor < 19 && !port->lost)
                world->panicked = true;
        function->owner = SIM_ABSENT;
        function->seized = function->lent = false;
        function->mapping = SIM_BLOCKED; /* AMD: V=1 TV=0, aborted; VT-d: no entry */
}

/* Is it the function `top` or below it? Everything is, for SIM_DIRECT. */
static bool function_below(const struct sim_world *world, uint32_t number, uint32_t index,
                           uint32_t top)
{
        while (index != top && index != SIM_DIRECT)
                index = sim_shape_of(world, number)->places[index].parent;
        return index == top;
}

/* sysfs remove of one function and all below it; of all below the port for SIM_DIRECT. */
static void kernel_remove(struct sim_world *world, uint32_t number, uint32_t top)
{
        struct sim_port *port = &world->ports[number];

        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                struct sim_function *function = &port->functions[i];

                if (function->known == 0 || !function_below(world, number, i, top))
                        continue;
                xen_remove(world, port, function);
                function->known = 0;
                function->instance = 0;
                function->rights = 0; /* what is dealt its memory next is another's */
                function->driver = function->kept_off = function->former = false;
                function->pciback = false;
                function->remembered = false; /* the file may name it: nothing can be it any more */
                port->uevents = SIM_UEVENTS;
        }
}

/* What stock pciehp brings down is not held against the core. */
static void pciehp_remove(struct sim_world *world, uint32_t number)
{
        bool panicked = world->panicked;

        kernel_remove(world, number, SIM_DIRECT);
        world->panicked = panicked;
}

void sim_kernel_pciehp(struct sim_world *world, uint32_t number)
{
        struct sim_port *port = &world->ports[number];

        if (!port->pciehp)
                return;
        if (port->slot_status & MODEL_SLOT_STATUS_PDS) {
                port->slot_control &= (uint16_t)~MODEL_SLOT_CONTROL_PCC;
                link_update(world, number);
                port_enumerate(world, number);
                port->command |=
                        MODEL_COMMAND_BME; /* setup-bus.c:pci_assign_unassigned_bridge_resources */
        } else {
                pciehp_remove(world, number);
        }
        port->slot_status &= (uint16_t)~MODEL_SLOT_STATUS_EVENTS;
}

void sim_port_plug(struct sim_world *world, uint32_t port, uint8_t identity)
{
        struct sim_port *to = &world->ports[port];

        for (uint32_t i = 0; i < sim_function_count(world, port); i++)
                to->functions[i].former = to->functions[i].known != 0;
        device_set(world, port, identity);
        to->unread = true;
        if (identity != 0 && (to->link_status & MODEL_LINK_STATUS_DLLLA))
                to->slot_status |= MODEL_SLOT_STATUS_DLLSC;
        to->slot_status |= MODEL_SLOT_STATUS_PDC;
        if (identity != 0)
                to->slot_status |= MODEL_SLOT_STATUS_PDS;
        else
                to->slot_status &= (uint16_t)~MODEL_SLOT_STATUS_PDS;
        link_update(world, port);
        /* An event in a slot that is on: whatever is there now, what was there goes first (pciehp_ctrl.c). */
        if (to->pciehp)
                pciehp_remove(world, port);
        sim_kernel_pciehp(world, port);
}

void sim_function_plug(struct sim_world *world, uint32_t port, uint32_t index, uint8_t identity)
{
        struct sim_function *function = &world->ports[port].functions[index];

        function->former = function->known != 0;
        function->identity = identity;
        function->dumb = function->strange = function->altered = false;
        world->ports[port].lost = SIM_LOST;
}

/* Is this one of the requester IDs that EFFECT_RESERVE is about? */
static bool effect_asks(const struct effect *effect, uint32_t sbdf)
{
        uint8_t devfn = (uint8_t)sbdf;

        return base_sbdf_bus(sbdf) == effect->bus_first &&
               (effect->requesters[devfn / 64] >> devfn % 64 & 1);
}

/* The index of the effect's function below the port; SIM_FUNCTIONS where there is none such. */
/* XEN_DOMCTL_assign_device to DOMID_IO: known, owned by dom0 or dom_io, and MSI-X not masked (all ones: H1). */
static int32_t xen_quarantine(struct sim_function *function)
{
        if (function->owner == SIM_ABSENT)
                return ENODEV;
        if (function->owner == SIM_NOBODY || sim_guest_owns(function))
                return EUSERS;
        if ((function->identity == 0 || function->dumb) && !function->blank)
                return EBUSY;
        function->owner = SIM_DOM_IO;
        function->mapping = SIM_BLOCKED;
        function->lent = false;
        return 0;
}

/* EFFECT_RESERVE, for the addresses that something can ever be at. */
static void port_reserve(struct sim_world *world, uint32_t number, const struct effect *effect)
{
        struct sim_port *port = &world->ports[number];

        if (world->vendor != SIM_AMD ||
            effect->bus_first < sim_shape_of(world, number)->bus_first ||
            effect->bus_first > sim_shape_of(world, number)->bus_last)
                world->added_unasked = true;
        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                struct sim_function *function = &port->functions[i];

                if (!effect_asks(effect, sim_sbdf(world, number, i)))
                        continue;
                if (function->owner == SIM_ABSENT) {
                        xen_add(world, function, /* endpoint= */ true);
                        function->blank = !function_answers(world, number, i);
                }
                (void)xen_quarantine(function);
        }
}

/* The kernel removes what is below with it; Xen forgets one requester ID alone. */
static void robberies_note(struct sim_world *world, uint32_t number, uint32_t top)
{
        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                const struct sim_function *function = &world->ports[number].functions[i];

                if (!function_below(world, number, i, top))
                        continue;
                world->rights_dropped |= function->rights && !function->seized;
                sim_guest_rob(world, &world->ports[number], i);
        }
}

/* PHYSDEVOP_pci_device_remove and _add: Xen reads anew what it is, and gives it to dom0. */
static void function_register(struct sim_world *world, uint32_t number, uint32_t index)
{
        struct sim_function *function = &world->ports[number].functions[index];
        bool lent = sim_loan_granted(world, number, index);

        xen_remove(world, &world->ports[number], function);
        xen_add(world, function,
                sim_facts(world, number, index, function->known)->kind == SIM_ENDPOINT);
        function->registered = true;
        function->lent = lent;
}

/* driver_override, and whoever is bound leaves; pciback takes only what nobody holds. */
static void function_drive(struct sim_world *world, struct sim_function *function, bool pciback)
{
        if (pciback && !function->registered)
                world->unregistered = true;
        function->kept_off = !pciback;
        function->pciback = pciback && !function->driver;
        if (!pciback)
                function->driver = false;
}

/* driver_override is taken away, and the kernel asks its drivers: one that has no answer to its questions leaves. */
static void function_probe(struct sim_world *world, uint32_t number, uint32_t index)
{
        struct sim_function *function = &world->ports[number].functions[index];

        function->kept_off = false;
        function->driver = sim_facts(world, number, index, function->known)->driver != NULL &&
                           function_answers(world, number, index);
}

static int32_t function_change(struct sim_world *world, uint32_t number, uint32_t index,
                               enum effect_kind kind)
{
        struct sim_function *function = &world->ports[number].functions[index];

        if (kind == EFFECT_DRIVER_OFF || kind == EFFECT_PCIBACK_BIND) {
                if (function->pciback && kind == EFFECT_DRIVER_OFF)
                        sim_guest_rob(world, &world->ports[number], index);
                function_drive(world, function, kind == EFFECT_PCIBACK_BIND);
                return 0;
        }
        if (kind == EFFECT_REMOVE)
                robberies_note(world, number, index);
        else
                sim_guest_rob(world, &world->ports[number], index);
        if (kind == EFFECT_PROBE)
                function_probe(world, number, index);
        else if (kind == EFFECT_WITHDRAW)
                xen_remove(world, &world->ports[number], function);
        else if (kind == EFFECT_REGISTER)
                function_register(world, number, index);
        else if (kind == EFFECT_REMOVE)
                kernel_remove(world, number, index);
        else
                base_assert(false);
        return 0;
}

/* Effects on one function. The edge compares the instance before it acts; the licence is broken where that let by. */
static int32_t function_act(struct sim_world *world, const struct effect *effect)
{
        uint32_t port = sim_port_index(world, effect->port);
        uint32_t index = sim_function_index(world, port, effect->function);
        struct sim_function *function;

        if (index == SIM_FUNCTIONS)
                return ENODEV;
        function = &world->ports[port].functions[index];
        if (effect->instance != 0 && effect->instance != function->instance)
                return function->known ? ESTALE : ENOENT;
        if (effect->instance == 0 && effect->kind != EFFECT_QUARANTINE &&
            effect->kind != EFFECT_CONFIRM && effect->kind != EFFECT_DETACH)
                world->licence_broken = true;
        if (effect->kind == EFFECT_QUARANTINE || effect->kind == EFFECT_CONFIRM)
                return xen_quarantine(function);
        if (effect->kind == EFFECT_REVOKE)
                return sim_guest_revoke(world, function, effect->domid);
        if (effect->kind == EFFECT_ATTACH || effect->kind == EFFECT_DETACH)
                return sim_guest_toolstack(world, function, effect,
                                           function_answers(world, port, index));
        return function_change(world, port, index, effect->kind);
}

static void slot_control(struct sim_world *world, uint32_t number, const struct effect *effect)
{
        struct sim_port *port = &world->ports[number];

        port->slot_control = (uint16_t)((port->slot_control & ~effect->mask) | effect->value);
        port->slot_status |= MODEL_SLOT_STATUS_CC;
        link_update(world, number);
}

/* P/rescan. Through an open door, or where another may open it, it is what Sallyport must never do. */
static void port_rescan(struct sim_world *world, struct sim_port *port, bool mutes)
{
        bool guarded = !(port->command & MODEL_COMMAND_BME) && port->pcieport && !port->pciehp;

        if (!guarded && !port->intruded)
                world->rescan_unguarded = true;
        if (mutes)
                port->command &= (uint16_t)~SIM_COMMAND_MEMORY;
        sim_kernel_rescan(world);
}

/* At the moment when the core opens door 1 there is nothing below but the guest's, what is lent and what is blocked. */
static void port_open(struct sim_world *world, uint32_t number)
{
        struct sim_port *port = &world->ports[number];
        bool told = !port->lost && !port->intruded, given = false;

        port->command |= MODEL_COMMAND_BME;
        port->opened = true;
        for (uint32_t i = 0; i < sim_function_count(world, number); i++) {
                const struct sim_function *function = &port->functions[i];

                given |= sim_guest_owns(function) || function->seized || function->lent;
                world->opened_former |= function->former && told;
                world->opened_wrong |= function->mapping != SIM_BLOCKED && !function->lent && told;
        }
        world->opened_wrong |= !given && told;
}

static int32_t port_act(struct sim_world *world, uint32_t number, const struct effect *effect)
{
        struct sim_port *port = &world->ports[number];

        if (effect->kind == EFFECT_PORT_CLOSE)
                port->command &= (uint16_t)~MODEL_COMMAND_BME;
        else if (effect->kind == EFFECT_PORT_OPEN)
                port_open(world, number);
        else if (effect->kind == EFFECT_PORT_BIND)
                port->pcieport = true;
        else if (effect->kind == EFFECT_PORT_AWAKE)
                port->awake = true;
        else if (effect->kind == EFFECT_PCIEHP_UNBIND)
                port->pciehp = false;
        else if (effect->kind == EFFECT_SLOT_CONTROL)
                slot_control(world, number, effect);
        else if (effect->kind == EFFECT_SLOT_CLEAR)
                port->slot_status &= (uint16_t)~effect->value;
        else if (effect->kind == EFFECT_RESCAN)
                port_rescan(world, port, effect->mutes);
        else if (effect->kind == EFFECT_PORT_DECODE)
                port->command |= SIM_COMMAND_MEMORY;
        else if (effect->kind == EFFECT_RESERVE)
                port_reserve(world, number, effect);
        else
                return function_act(world, effect);
        return 0;
}

int32_t sim_effect_act(struct sim_world *world, const struct effect *effect, bool fault_lies)
{
        uint32_t port = sim_port_index(world, effect->port);

        base_assert(port < world->port_count);
        if (fault_lies && effect->kind == EFFECT_PORT_CLOSE)
                world->ports[port].stuck = true;
        if (fault_lies || effect->kind == EFFECT_INVENTORY || effect->kind == EFFECT_OWNERS ||
            effect->kind == EFFECT_REMEMBER || effect->kind == EFFECT_GUESTS)
                return 0;
        return port_act(world, port, effect);
}

void sim_reserved_fill(const struct sim_world *world, uint32_t port,
                       struct event_reserved *ret_reserved)
{
        const struct effect *effect = &world->ports[port].pending;

        memcpy(ret_reserved->blocked, effect->requesters, sizeof ret_reserved->blocked);
        ret_reserved->error = 0;
        for (uint32_t i = 0; i < sim_function_count(world, port); i++) {
                uint32_t sbdf = sim_sbdf(world, port, i);
                uint8_t devfn = (uint8_t)sbdf;

                if (!effect_asks(effect, sbdf) || world->ports[port].seen[i].owner == SIM_DOM_IO)
                        continue;
                ret_reserved->blocked[devfn / 64] &= ~(UINT64_C(1) << devfn % 64);
                ret_reserved->error = EBUSY;
        }
}
