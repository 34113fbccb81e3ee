/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reading of a port: door 1, presence, link, button; and what changed since the last one. */
#include "base/assert.h"
#include "base/sbdf.h"
#include "core/model/model.h"

/* The event bits that tell of another device. */
#define SLOT_STATUS_CHANGED (MODEL_SLOT_STATUS_PDC | MODEL_SLOT_STATUS_DLLSC)

static void port_tell(struct core *core, const struct model_port *port, enum record_kind kind,
                      enum record_reason reason, struct effects *effects)
{
        struct record record = model_record(core, kind, reason, port->found.sbdf, BASE_SBDF_NONE);

        record.count = model_function_count(core, port);
        core_record_add(effects, &record);
}

/*
 * At the first look: what an earlier daemon of this boot had left is another now. It had cleared the slot's event bits
 * and taken pciehp off, which clears them when it is bound (pciehp_hpc.c:pcie_init).
 */
static bool known_changed(const struct model_port *port, uint16_t events)
{
        return port->known && ((events & SLOT_STATUS_CHANGED) || port->registers.pciehp);
}

/* Door 1 and the drivers that could open it: did somebody undo what we had seen done? */
static void guard_compare(struct core *core, struct model_port *port,
                          const struct event_port_registers *seen, struct effects *effects)
{
        bool closed = seen->readable && !(seen->command & MODEL_COMMAND_BME);

        if (port->guarded && port->closed && seen->readable && !closed && !port->open) {
                port_tell(core, port, RECORD_GATE_OPENED, REASON_NONE, effects);
                port->inventory_fresh = false; /* whoever opened it may have enumerated too */
                port->inventory_dirty = true;
        }
        if (port->guarded && seen->readable && seen->pciehp && !port->registers.pciehp) {
                port_tell(core, port, RECORD_PCIEHP_BACK, REASON_NONE, effects);
                /* It cleared the slot's event bits (pciehp_hpc.c:pcie_init): a swap just before would not be seen. */
                model_port_incarnation_next(core, port);
                model_reserve_forget(port); /* and it removes from Xen what it removes */
        }
        port->closed = closed;
        port->open = port->open && !closed;
        if (closed && seen->pcieport && !seen->pciehp && !port->guarded) {
                port->guarded = true;
                port_tell(core, port, RECORD_PORT_GUARDED, port->why, effects);
        }
}

/*
 * Attention button, PCIe Base Spec 6.7.1.5: a press starts 5 s in which a second one cancels. Together with a change of
 * presence or link it means nothing: QEMU reports a plug as both, and pciehp lets presence win
 * (pciehp_ctrl.c:pciehp_handle_presence_or_link_change).
 */
static void button_press(struct core *core, struct model_port *port, struct effects *effects)
{
        if (port->button_at_ms) {
                port->button_at_ms = 0;
                port_tell(core, port, RECORD_REMOVAL_CANCELLED, REASON_BUTTON, effects);
        } else if (port->ejected) {
                port->ejected = false;
                model_port_incarnation_next(core, port);
        } else if (port->occupied && !port->leaving) {
                port->button_at_ms = core->now_ms;
                port_tell(core, port, RECORD_REMOVAL_ORDERLY, REASON_BUTTON, effects);
        }
}

/*
 * Slot Status event bits that are set and were not acted upon yet. They are sticky: GOAL_STATUS clears them. One that
 * it had to clear more than once, or could not clear at once (GOAL_FORGOTTEN), hid whatever happened meanwhile, so that
 * its end counts as one more event.
 */
static uint16_t status_events(struct model_port *port, const struct event_port_registers *seen)
{
        uint16_t set = port->found.slot ? seen->slot_status & MODEL_SLOT_STATUS_EVENTS : 0;
        uint16_t events = (uint16_t)(set & ~port->status_seen);

        if (port->attempts[GOAL_STATUS].tries > 1 || port->attempts[GOAL_FORGOTTEN].tries > 1)
                events |= (uint16_t)(port->status_seen & ~set & SLOT_STATUS_CHANGED);
        port->status_seen = set;
        return events;
}

static bool port_occupied(const struct model_port *port)
{
        if (port->found.slot)
                return (port->registers.slot_status & MODEL_SLOT_STATUS_PDS) != 0;
        if (port->found.link_cap & MODEL_LINK_CAP_DLLLARC)
                return (port->registers.link_status & MODEL_LINK_STATUS_DLLLA) != 0;
        return true; /* neither slot nor link reporting: only an enumeration can tell */
}

static bool port_up(const struct model_port *port)
{
        if (!port->occupied || model_port_unpowered(port) || model_port_unlatched(port))
                return false;
        return !(port->found.link_cap & MODEL_LINK_CAP_DLLLARC) ||
               (port->registers.link_status & MODEL_LINK_STATUS_DLLLA);
}

/* What is so now. Presence and link are what the slot shows, or the link where there is none. */
static void presence_take(const struct core *core, struct model_port *port, bool first)
{
        bool was_up = port->up, was_occupied = port->occupied;

        port->occupied = port_occupied(port);
        port->up = port_up(port);
        if (port->occupied && !was_occupied)
                port->occupied_since_ms = core->now_ms;
        if (!port->occupied && port->ejected)
                port->ejected = false;
        if (port->up && !was_up)
                port->up_since_ms = core->now_ms;
        if (first || (port->occupied && !was_occupied)) {
                port->at_boot = first && port->occupied;
                port->minute = core->minute;
                port->weighed = false;
        }
}

static void presence_compare(struct core *core, struct model_port *port, uint16_t events,
                             bool first, struct effects *effects)
{
        bool was_up = port->up;
        uint32_t functions = model_function_count(core, port);

        presence_take(core, port, first);
        if (first) {
                port->changed_first = port->registers.pciehp || (events & SLOT_STATUS_CHANGED);
                /* What happened before the first daemon looked: GOAL_RESCAN and GOAL_QUARANTINE find out. */
                if (!known_changed(port, events))
                        return;
                port_tell(core, port, port->registers.pciehp ? RECORD_PCIEHP_BACK : RECORD_ARRIVAL,
                          REASON_NONE, effects);
                model_port_incarnation_next(core, port);
                port->leaving = false; /* that was asked of what is not there any more */
                return;
        }
        if (was_up && !port->up) {
                if (functions > 0 && !port->leaving && !port->ejected && !port->exposed)
                        port_tell(core, port, RECORD_REMOVAL_SURPRISE, REASON_NONE, effects);
                model_port_incarnation_next(core, port);
        } else if (!was_up && port->up) {
                if (!port->exposed)
                        port_tell(core, port, RECORD_ARRIVAL, REASON_NONE, effects);
                model_port_incarnation_next(core, port);
        } else if (port->up && (events & SLOT_STATUS_CHANGED)) {
                /* Gone and back between two looks: the same address, perhaps another device. */
                if (functions > 0 && !port->exposed)
                        port_tell(core, port, RECORD_REMOVAL_SURPRISE, REASON_SWAPPED, effects);
                model_port_incarnation_next(core, port);
                port->up_since_ms = core->now_ms;
        }
}

void model_registers_apply(struct core *core, struct model_port *port,
                           const struct event_port_registers *seen, struct effects *effects)
{
        bool first = !port->read_once, was_occupied = port->occupied;
        uint16_t events;

        port->reading = false;
        if (port->external)
                guard_compare(core, port, seen, effects);
        if (!seen->readable) {
                /* Presence, link and drivers keep their last values; only the doors are in doubt. */
                port->registers.readable = false;
                port->registers_fresh = true;
                return;
        }
        if (port->registers.secondary != seen->secondary ||
            port->registers.subordinate != seen->subordinate) {
                port->owners_fresh = false;
                model_reserve_forget(port);
        }
        port->registers = *seen;
        port->read_once = true;
        port->registers_fresh = true;
        port->rechecked = true;
        if (seen->slot_status & MODEL_SLOT_STATUS_CC)
                port->command_until_ms = 0;
        events = status_events(port, seen);
        presence_compare(core, port, events, first, effects);
        /* The bit of a change may have been seen before, or cleared: with that of the pull just before this plug. */
        if (((events | port->status_seen) & SLOT_STATUS_CHANGED) ||
            port->occupied != was_occupied || port->exposed)
                return; /* the button of an exposed port is pciehp's */
        if ((events & MODEL_SLOT_STATUS_ABP) && !first &&
            (port->found.slot_cap & MODEL_SLOT_CAP_ABP))
                button_press(core, port, effects);
}
