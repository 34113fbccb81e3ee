/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests: who is there, and what toolstacks do, ours and others'. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "world.h"

/* pci.c:assign_device takes what dom_io owns; what was quarantined goes back there (pci.c:deassign_device). */
void sim_guest_attach(struct sim_port *port, struct sim_function *function, enum sim_owner owner)
{
        base_assert(function->owner == SIM_DOM_IO && function->mapping == SIM_BLOCKED);
        /* Its mapping leads to the guest's memory: for dom0's it is blocked. */
        function->owner = owner;
        function->seized = port->meddled = true;
        if (!function->pciback)
                port->uevents = SIM_UEVENTS;
        function->pciback = true;
        function->driver = function->kept_off = false;
}

void sim_guest_detach(struct sim_port *port, struct sim_function *function)
{
        base_assert(sim_guest_owns(function));
        function->owner = SIM_DOM_IO;
        function->seized = port->meddled = true;
}

void sim_guest_rob(struct sim_world *world, struct sim_port *port, uint32_t index)
{
        if (!sim_guest_owns(&port->functions[index]))
                return;
        if (port->functions[index].seized)
                port->hid = true; /* and nobody can say how it stands with it */
        else
                world->robbed = true;
}

void sim_guest_start(struct sim_world *world)
{
        world->domid++; /* Xen deals no number twice before all were dealt (domctl.c) */
        world->guest_there = world->guests_due = true;
}

static void owners_become(struct sim_world *world, enum sim_owner from, enum sim_owner to)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                for (uint32_t j = 0; j < sim_function_count(world, i); j++)
                        if (world->ports[i].functions[j].owner == from) {
                                world->ports[i].functions[j].owner = to;
                                world->ports[i].functions[j].seized |= to == SIM_DOM_IO;
                        }
}

/* xenstore forgets it first, then Xen takes back what it had (pci.c:pci_release_devices): no event tells of that. */
void sim_guest_die(struct sim_world *world)
{
        world->guest_there = false;
        world->guests_due = true;
        for (uint32_t i = 0; i < world->port_count; i++)
                for (uint32_t j = 0; j < sim_function_count(world, i); j++)
                        world->ports[i].functions[j].rights &= SIM_RIGHTS_OTHER;
        owners_become(world, SIM_GUEST, SIM_DYING);
}

void sim_guest_release(struct sim_world *world)
{
        owners_become(world, SIM_DYING, SIM_DOM_IO);
}

bool sim_guest_dying(const struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++)
                for (uint32_t j = 0; j < sim_function_count(world, i); j++)
                        if (world->ports[i].functions[j].owner == SIM_DYING)
                                return true;
        return false;
}

uint16_t sim_guest_domid(const struct sim_world *world, enum sim_owner owner)
{
        base_assert(owner >= SIM_GUEST);
        if (owner == SIM_OTHER)
                return SIM_OTHER_DOMID;
        return (uint16_t)(owner == SIM_DYING && world->guest_there ? world->domid - 1
                                                                   : world->domid);
}

/* libxl needs the guest, and to attach pciback and an answer (libxl_pci.c:libxl__device_pci_add). */
int32_t sim_guest_toolstack(struct sim_world *world, struct sim_function *function,
                            const struct effect *effect, bool answers)
{
        bool there = world->guest_there && effect->domid == world->domid;

        if (!there && effect->domid != SIM_OTHER_DOMID)
                return ESRCH;
        if (effect->kind == EFFECT_ATTACH) {
                if (function->owner != SIM_DOM_IO || !function->pciback)
                        return EPERM;
                if (!answers)
                        return EBUSY;
                function->owner = there ? SIM_GUEST : SIM_OTHER;
                function->seized = false;
                world->rights_dropped |= function->rights & ~sim_rights_owned(function);
                function->rights = sim_rights_owned(function);
                return 0;
        }
        if (!sim_guest_owns(function) || sim_guest_domid(world, function->owner) != effect->domid)
                return ENODEV;
        function->owner = SIM_DOM_IO;
        function->seized = false;
        return 0;
}

uint8_t sim_rights_owned(const struct sim_function *function)
{
        if (function->owner == SIM_GUEST)
                return SIM_RIGHTS_GUEST;
        return function->owner == SIM_OTHER ? SIM_RIGHTS_OTHER : 0;
}

/* By the number of a guest. */
static uint8_t rights_of(const struct sim_world *world, uint16_t domid)
{
        if (domid == SIM_OTHER_DOMID)
                return SIM_RIGHTS_OTHER;
        return world->guest_there && domid == world->domid ? SIM_RIGHTS_GUEST : 0;
}

int32_t sim_guest_revoke(const struct sim_world *world, struct sim_function *function,
                         uint16_t domid)
{
        function->rights &= (uint8_t)~rights_of(world, domid);
        return 0;
}

void sim_rights_tell(struct sim_function *function)
{
        if (sim_rights_owned(function))
                function->rights = sim_rights_owned(function);
}

void sim_rights_forget(struct sim_world *world)
{
        for (uint32_t i = 0; i < world->port_count; i++) {
                const struct sim_port *port = &world->ports[i];

                for (uint32_t j = 0; j < sim_function_count(world, i); j++) {
                        struct sim_function *function = &world->ports[i].functions[j];
                        uint16_t domid = function->remembered_given ? port->remembered_domid
                                                                    : function->remembered_rights;

                        function->rights &= port->remembered && function->remembered
                                                    ? rights_of(world, domid)
                                                    : 0;
                }
        }
}

static void guest_fill(struct event_guests *guests, uint16_t domid, const char *name)
{
        struct event_guest *guest = &guests->guests[guests->count++];

        guest->domid = domid;
        (void)base_text_copy(name, strlen(name), guest->name, sizeof guest->name);
}

void sim_guests_fill(uint16_t domid, struct event_guests *ret_guests)
{
        ret_guests->count = ret_guests->claim_count = 0;
        ret_guests->truncated = false;
        guest_fill(ret_guests, SIM_OTHER_DOMID, "other");
        if (domid != 0)
                guest_fill(ret_guests, domid, SIM_GUEST_NAME);
}

/* What is being done just then cannot be called back; of what else it gave away the core cannot say it did not know. */
void sim_claims_tell(struct sim_state *state)
{
        for (uint32_t i = 0; i < state->core.function_count; i++) {
                const struct model_function *known = &state->core.functions[i];

                for (uint32_t j = 0; known->given && j < state->core.port_count; j++) {
                        struct sim_port *port = &state->world.ports[j];
                        bool busy = port->pending_token != 0 &&
                                    port->pending.function == known->facts.sbdf;

                        if (busy || state->core.ports[j].domid == 0)
                                continue;
                        for (uint32_t k = 0; k < sim_function_count(&state->world, j); k++)
                                if (sim_sbdf(&state->world, j, k) == known->facts.sbdf &&
                                    port->functions[k].owner == SIM_OTHER)
                                        port->functions[k].seized = false;
                }
        }
}

void sim_claim_fill(uint32_t sbdf, const struct sim_function *function, uint16_t domid,
                    struct event_guests *guests)
{
        if (function->owner == SIM_OTHER)
                domid = SIM_OTHER_DOMID;
        if ((function->owner == SIM_OTHER || function->owner == SIM_GUEST) && domid != 0)
                guests->claims[guests->claim_count++] = (struct event_claim){ sbdf, domid };
}
