/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One predicate per goal. */
#include <stddef.h>

#include "base/assert.h"
#include "core/event/coverage.h"
#include "core/verify/verify.h"

bool verify_port_guarded(const struct model_port *port)
{
        return port->read_once && port->registers.readable && port->closed &&
               port->registers.pcieport && !port->registers.pciehp;
}

bool verify_port_bare(const struct core *core, const struct model_port *port)
{
        return port->inventory_fresh && port->owners_fresh && model_function_count(core, port) == 0;
}

/* Where there is no list: AMD-Vi takes what the IVRS covers, of any type, and nothing else (amd_iommu_add_device). */
static bool function_ownerless(const struct core *core, const struct model_function *function)
{
        if (model_unlisted(core))
                return !event_coverage_has(&core->platform.coverage, function->facts.sbdf);
        return function->owner == EVENT_OWNER_NOBODY;
}

bool verify_port_ownerless(const struct core *core, const struct model_port *port)
{
        const struct event_platform *platform = &core->platform;

        if (platform->xen == FACT_NO)
                return false;
        if (platform->xen_major > 4 || (platform->xen_major == 4 && platform->xen_minor >= 19))
                return false; /* 635dd1120a: vpci_remove_device no longer follows a missing owner */
        if (!port->owners_fresh)
                return true;
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    function_ownerless(core, &core->functions[i]))
                        return true;
        return false;
}

bool verify_port_settling(const struct core *core, const struct model_port *port)
{
        bool blind = !(port->found.link_cap & MODEL_LINK_CAP_DLLLARC);

        return port->up && core->now_ms - port->up_since_ms <
                                   (blind ? VERIFY_SETTLE_BLIND_MS : VERIFY_SETTLE_MS);
}

static bool slot_met(const struct core *core, const struct model_port *port)
{
        uint16_t mask, wanted;

        if (!port->found.slot)
                return true;
        wanted = verify_slot_wanted(core, port, &mask);
        return (port->registers.slot_control & mask) == wanted;
}

static bool rescan_met(const struct core *core, const struct model_port *port)
{
        if (!port->up || port->leaving || port->ejected)
                return true;
        if (port->rescanned != port->incarnation)
                return false;
        return !port->inventory_fresh || model_function_count(core, port) > 0;
}

bool verify_function_driverless(const struct model_function *function)
{
        return !function->listed || (function->facts.driver[0] == '\0' && function->facts.kept_off);
}

static bool driver_met(const struct core *core, const struct model_port *port,
                       const struct model_function *function)
{
        /* The driver of what leaves goes with it; but where Xen is to be asked whose it is, before that. */
        bool leaves =
                model_function_leaves(port, function) && !model_function_unasked(core, function);

        if (!function->listed || leaves || model_owner_guest(function->owner) ||
            (port->trusted && function->given))
                return true;
        /* Never from under a guest: as long as it is not known that there is none, pciback stays. */
        if (model_function_pciback(function) &&
            (function->given || function->due || !function->confirmed || !port->owners_fresh ||
             function->owner != EVENT_OWNER_DOM_IO))
                return true;
        return function->driver_asked || verify_function_driverless(function);
}

bool verify_function_withdrawable(const struct model_port *port,
                                  const struct model_function *function)
{
        return function->refused && function->quarantine.tries >= VERIFY_TRIES &&
               function->listed && verify_function_driverless(function) && port->owners_fresh &&
               function->owner == EVENT_OWNER_DOM0;
}

/* Did Xen give it back to dom0, by a rule? So it counts as long as no owner list that was read since says another. */
static bool returned_met(const struct core *core, const struct model_port *port,
                         const struct model_function *function)
{
        if (!port->trusted || !function->given || !function->registered)
                return false;
        return (!model_unlisted(core) && !port->owners_fresh) ||
               verify_function_trusted(core, port, function);
}

static bool quarantine_met(const struct core *core, const struct model_port *port,
                           const struct model_function *function)
{
        if (model_function_leaves(port, function)) /* but to whom is it to be taken from? */
                return !model_function_unasked(core, function) &&
                       !(function->due && model_owner_guest(function->owner));
        if (function->due)
                return false;
        if (model_owner_guest(function->owner))
                return true;
        if (!function->listed && function->owner == EVENT_OWNER_NOBODY)
                return true; /* no owner, no mapping, and nothing may be done to it (I7) */
        return function->confirmed || function->withdrawn || returned_met(core, port, function);
}

/* Wherever something is below, or was: Xen's list has to agree. (Each reading also prints to Xen's console.) */
static bool owners_met(const struct core *core, const struct model_port *port)
{
        return port->owners_fresh ||
               (model_function_count(core, port) == 0 && !port->leaving && !port->owners_due);
}

/* Of a port that is ours and was just listed; whose event bits are clear, for that is what is said with it. */
static bool memory_written(const struct model_port *port)
{
        if (!port->inventory_fresh || port->status_seen || !verify_port_guarded(port))
                return true;
        return port->memory_fresh && port->memory_ejected == port->ejected;
}

/* No guest waits for a disk that is full: the next daemon trusts less. */
static bool remembered_met(const struct core *core, const struct model_port *port)
{
        if (core->memory_failed && port->guest[0] != '\0')
                return true;
        return memory_written(port);
}

/*
 * What the toolstack or the kernel is asked next cannot be seen to be wanted by a daemon that comes after this one. One
 * try is waited for: no disk that is full keeps a device with its guest, or in its slot.
 */
static bool noted_met(const struct core *core, const struct model_port *port)
{
        if (port->attempts[GOAL_NOTED].tries > 0 || memory_written(port))
                return true;
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];

                if (model_function_remembered(port, function) &&
                    ((port->leaving && port->verdict != VERDICT_REJECT) ||
                     model_function_returns(port, function)))
                        return false;
        }
        return true;
}

/*
 * Before something is removed, or detached: who owns it now? And before what pciback holds is quarantined, of which
 * nobody has asked that: a guest may have it, and then Xen only refuses.
 */
static bool owners_wanted(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];

                if (function->port != port->found.sbdf)
                        continue;
                if (model_function_returns(port, function) ||
                    (model_function_pciback(function) && function->owner == EVENT_OWNER_UNKNOWN))
                        return true;
        }
        return model_port_leaves(core, port);
}

bool verify_goal_met(const struct core *core, const struct model_port *port, enum model_goal goal,
                     const struct model_function *function)
{
        switch (goal) {
        case GOAL_REGISTERS:
                return port->registers_fresh;
        case GOAL_GATE:
                return port->closed || verify_port_licensed(core, port);
        case GOAL_FORGOTTEN:
                return port->remembered == 0 || port->remembered == port->incarnation;
        case GOAL_PCIEPORT:
                return port->registers.pcieport;
        case GOAL_PCIEHP:
                return !port->registers.pciehp;
        case GOAL_AWAKE:
                return port->registers.awake;
        case GOAL_STATUS:
                return port->status_seen == 0;
        case GOAL_SLOT:
                return slot_met(core, port);
        case GOAL_INVENTORY:
                return port->inventory_fresh;
        case GOAL_OWNERLESS:
                return port->owners_fresh || !owners_wanted(core, port);
        case GOAL_NOTED:
                return noted_met(core, port);
        case GOAL_DETACHED:
                return function->due || !model_function_returns(port, function);
        case GOAL_REVOKED:
                return verify_function_revoked(core, port, function);
        case GOAL_GONE:
                return !model_function_leaves(port, function);
        case GOAL_RESCAN:
                return rescan_met(core, port);
        case GOAL_REMEMBERED:
                return remembered_met(core, port);
        case GOAL_DRIVER:
                return driver_met(core, port, function);
        case GOAL_STABLE:
                return port->stable || model_function_count(core, port) == 0;
        case GOAL_DECODES:
                return port->registers.decodes;
        case GOAL_QUARANTINE:
                return quarantine_met(core, port, function);
        case GOAL_OWNERS:
                return owners_met(core, port);
        case GOAL_RESERVED:
                return !model_reserve_next(core, port, &(uint8_t){ 0 });
        case GOAL_RECHECK:
                return port->rechecked || model_function_count(core, port) == 0;
        case GOAL_GUEST:
                return (port->domid != 0 && port->guests_fresh) || port->trusted;
        case GOAL_REGISTERED:
                return !function->given || function->registered ||
                       model_owner_guest(function->owner);
        case GOAL_PCIBACK:
                return !function->given || model_function_pciback(function) ||
                       model_owner_guest(function->owner) || port->trusted;
        case GOAL_ATTACHED:
                return !function->given || port->trusted ||
                       verify_function_assigned(port, function);
        case GOAL_OPEN:
                return !port->closed || !verify_port_given(core, port);
        case GOAL_PROBED:
                return !port->trusted || !function->given || !function->facts.kept_off;
        case GOAL_MAX:
                break;
        }
        base_assert(false);
}

bool verify_goal_each(enum model_goal goal)
{
        return goal == GOAL_GONE || goal == GOAL_DRIVER || goal == GOAL_QUARANTINE ||
               goal == GOAL_DETACHED || goal == GOAL_REVOKED || goal == GOAL_REGISTERED ||
               goal == GOAL_PCIBACK || goal == GOAL_ATTACHED || goal == GOAL_PROBED;
}

enum model_goal verify_port_goals(const struct model_port *port)
{
        return port->guest[0] == '\0' && !port->trusted ? GOAL_GUEST : GOAL_MAX;
}

enum model_goal verify_goal_missing(const struct core *core, const struct model_port *port,
                                    const struct model_function **ret_function)
{
        enum model_goal end = verify_port_goals(port);

        *ret_function = NULL;
        for (enum model_goal goal = 0; goal < end; goal++) {
                if (!verify_goal_each(goal)) {
                        if (!verify_goal_met(core, port, goal, NULL))
                                return goal;
                        continue;
                }
                for (uint32_t i = core->function_count; i > 0; i--) {
                        const struct model_function *function = &core->functions[i - 1];

                        if (function->port != port->found.sbdf ||
                            verify_goal_met(core, port, goal, function))
                                continue;
                        *ret_function = function;
                        return goal;
                }
        }
        return GOAL_MAX;
}
