/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests: who a hierarchy is given to, whether he is there, and what he still owns. */
#include <errno.h>
#include <stddef.h>

#include "base/assert.h"
#include "base/text.h"
#include "core/event/guests.h"
#include "core/model/model.h"

/* The guest that the port is given to: by its number once that is known, for names can change. */
static const struct event_guest *guest_find(const struct event_guests *guests,
                                            const struct model_port *port)
{
        if (port->domid == 0)
                return event_guest_find(guests, port->guest);
        for (uint32_t i = 0; i < guests->count; i++)
                if (guests->guests[i].domid == port->domid)
                        return &guests->guests[i];
        return NULL;
}

void model_release_end(struct core *core, struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];

                if (function->port != port->found.sbdf || !function->given)
                        continue;
                function->given = false;
                model_memory_renew(port);
        }
        for (uint32_t i = 0; i < core->memory_function_count; i++) {
                struct model_memory_function *memory = &core->memory_functions[i];

                if (memory->port != port->found.sbdf || !memory->facts.given)
                        continue;
                memory->facts.given = false;
                memory->facts.rights = port->domid;
        }
        port->owners_fresh = false;
        port->owners_dirty = true;
}

/* Xen gives what a guest had that is no more to DOMID_IO (pci_release_devices): that is to be seen. */
static void guest_compare(struct core *core, struct model_port *port,
                          const struct event_guests *guests)
{
        const struct event_guest *guest = guest_find(guests, port);

        if (guest) {
                if (port->domid != guest->domid)
                        model_memory_renew(port);
                port->domid = guest->domid;
        } else if (!guests->truncated && port->domid != 0) {
                port->domid = 0;
                model_release_end(core, port);
        }
}

/*
 * Where Xen does not tell which guest owns a function, the toolstack's word may shut the door, and open none. (Where
 * Xen's list tells, that is what is so, and a node may be one that was left behind.) libxl writes the node before it
 * asks Xen (libxl__device_pci_add), so that nothing may be another's yet: Xen is asked as long as the two differ. That
 * the node is gone is no word: whoever fails to attach what a guest has removes it too (device_pci_add_done). So the
 * last word stands until there is another, or Xen says that the function is nobody's.
 */
static void claim_compare(const struct core *core, const struct model_port *port,
                          struct model_function *function, uint16_t claimed)
{
        bool before = model_function_contested(port, function);

        if (claimed != 0 || !before || !model_function_used(core, function))
                function->claimed = claimed;
        if (!before && !model_function_contested(port, function))
                return;
        function->due = true;
        function->quarantine = (struct model_attempt){ 0 }; /* a new question */
}

void model_guests_apply(struct core *core, const struct event *event)
{
        base_assert(event->guests.claim_count <= LIMIT_CLAIMS);
        for (uint32_t i = 0; i < core->port_count; i++) {
                struct model_port *port = &core->ports[i];

                if (model_token_take(port, event->token))
                        port->guests_fresh = true;
                if (port->guest[0] != '\0')
                        guest_compare(core, port, &event->guests);
        }
        for (uint32_t i = 0; model_unlisted(core) && i < core->function_count; i++) {
                struct model_function *function = &core->functions[i];
                const struct model_port *port = model_port_get(core, function->port);

                if (port)
                        claim_compare(core, port, function,
                                      event_guests_claim(&event->guests, function->facts.sbdf));
        }
}

bool model_function_held(const struct model_function *function)
{
        bool any = function->owner == EVENT_OWNER_GUEST; /* which guest it is, Xen does not tell */
        uint16_t holder = any && function->claimed != 0 ? function->claimed : function->owner;

        return function->held != 0 && model_owner_guest(function->owner) &&
               (holder == function->held || holder == EVENT_OWNER_GUEST ||
                function->held == EVENT_OWNER_GUEST);
}

bool model_function_contested(const struct model_port *port, const struct model_function *function)
{
        return function->given && port->domid != 0 && function->claimed != 0 &&
               function->claimed != port->domid;
}

bool model_function_orphaned(const struct model_port *port, const struct model_function *function)
{
        return port->guest[0] != '\0' && port->domid == 0 && model_function_held(function);
}

bool model_function_returns(const struct model_port *port, const struct model_function *function)
{
        bool leaves = model_function_leaves(port, function);

        if (!model_owner_guest(function->owner))
                return false;
        return leaves || (model_function_held(function) && !function->given);
}

bool model_function_pciback(const struct model_function *function)
{
        return base_text_equal(function->facts.driver, EVENT_PCIBACK_DRIVER);
}

void model_rights_note(struct model_port *port, struct model_function *function, uint16_t domid)
{
        if (function->rights == domid)
                return;
        function->rights = domid;
        model_memory_renew(port);
}

bool model_function_disowned(const struct model_function *function)
{
        return function->quarantine.error == EBUSY || function->quarantine.error == ENODEV;
}

bool model_function_unasked(const struct core *core, const struct model_function *function)
{
        if (!model_unlisted(core) || (!model_function_pciback(function) && function->rights == 0))
                return false;
        return function->due ||
               (function->owner == EVENT_OWNER_UNKNOWN && !model_function_disowned(function));
}

bool model_function_used(const struct core *core, const struct model_function *function)
{
        return model_owner_guest(function->owner) || model_function_unasked(core, function);
}

bool model_port_used(const struct core *core, const struct model_port *port)
{
        if (port->trusted)
                return true;
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    model_function_used(core, &core->functions[i]))
                        return true;
        return false;
}
