/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan: one table, one walk. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/plan/plan.h"
#include "core/policy/policy.h"
#include "core/verify/verify.h"

struct plan_goal {
        enum model_goal goal;
        enum effect_kind effect;
        uint32_t deadline_ms; /* 0: carried out at once */
        bool each;            /* about each function */
        bool needs_guard;     /* not before the port is ours: it would let something in */
        bool looks;           /* touches nothing: done for a port that is left open as well */
};

/*
 * The order is that of DESIGN.md section 3. Door 1 comes first and is never behind a worker; removal comes before a
 * new enumeration (I5); a former guest's rights end while the kernel still knows where the function's memory is, and
 * before anybody else can be dealt that (XSA-476); drivers go before the owner changes, since Xen resets MSI-X with it.
 * Deadlines: a rescan reads hostile config space (a Completion Timeout is up to 64 s by spec, 50 ms in practice);
 * unbinding waits for a driver's pending commands (nvme: 60 s). What the state file says of what was there is taken
 * back before anything destroys the evidence: a new binding of pciehp, or clearing the event bits. What is to be taken
 * back stands there before anybody is asked for it. One bus is reserved at a time: what is plugged meanwhile waits for
 * no more than that. A driver of dom0's is let on behind an open door only: its first command is DMA (nvme would wait
 * 60 s for the answer). Before Linux 7.2 drivers that are loaded bind while the kernel enumerates; behind two closed
 * doors nvme would wait for 60 s and more, and hold the pin's interrupt. So the port forwards nothing from there on,
 * and they give up at once (nvme_pci_enable: CSTS reads as all ones), until the list of what is there is stable without
 * them; but where a driver works with something already, a guest's or dom0's own, which would lose its device.
 */
static const struct plan_goal plan_goals[GOAL_MAX] = {
        { GOAL_REGISTERS, EFFECT_PORT_READ, 0, false, false, true },
        { GOAL_GATE, EFFECT_PORT_CLOSE, 0, false, false, false },
        { GOAL_FORGOTTEN, EFFECT_REMEMBER, PLAN_REMEMBER_MS, false, false, false },
        { GOAL_PCIEPORT, EFFECT_PORT_BIND, 10000, false, false, false },
        { GOAL_PCIEHP, EFFECT_PCIEHP_UNBIND, 20000, false, false, false },
        { GOAL_AWAKE, EFFECT_PORT_AWAKE, 5000, false, false, false },
        { GOAL_STATUS, EFFECT_SLOT_CLEAR, 0, false, false, false },
        { GOAL_SLOT, EFFECT_SLOT_CONTROL, 0, false, false, false },
        { GOAL_INVENTORY, EFFECT_INVENTORY, 30000, false, false, true },
        { GOAL_OWNERLESS, EFFECT_OWNERS, 10000, false, false, false },
        { GOAL_NOTED, EFFECT_REMEMBER, PLAN_REMEMBER_MS, false, false, false },
        { GOAL_DETACHED, EFFECT_DETACH, 60000, true, false, false },
        { GOAL_REVOKED, EFFECT_REVOKE, 10000, true, false, false },
        { GOAL_GONE, EFFECT_REMOVE, 60000, true, false, false },
        { GOAL_RESCAN, EFFECT_RESCAN, 120000, false, true, false },
        { GOAL_REMEMBERED, EFFECT_REMEMBER, PLAN_REMEMBER_MS, false, false, false },
        { GOAL_DRIVER, EFFECT_DRIVER_OFF, 75000, true, false, false },
        { GOAL_STABLE, EFFECT_INVENTORY, 30000, false, false, false },
        { GOAL_DECODES, EFFECT_PORT_DECODE, 0, false, false, false },
        { GOAL_QUARANTINE, EFFECT_QUARANTINE, 10000, true, false, false },
        { GOAL_OWNERS, EFFECT_OWNERS, 10000, false, false, true },
        { GOAL_RESERVED, EFFECT_RESERVE, 30000, false, true, false },
        { GOAL_RECHECK, EFFECT_PORT_READ, 0, false, false, false },
        { GOAL_GUEST, EFFECT_GUESTS, 5000, false, false, false },
        { GOAL_REGISTERED, EFFECT_REGISTER, 10000, true, true, false },
        { GOAL_PCIBACK, EFFECT_PCIBACK_BIND, 10000, true, true, false },
        { GOAL_ATTACHED, EFFECT_ATTACH, 60000, true, true, false },
        { GOAL_OPEN, EFFECT_PORT_OPEN, 0, false, true, false },
        { GOAL_PROBED, EFFECT_PROBE, 60000, true, false, false },
};

#define PLAN_BACKOFF_MS 1000u
#define PLAN_BACKOFF_MAX_MS 30000u
#define PLAN_GRACE_MS \
        5000u /* the edge's own deadline comes first; this is for an edge that forgot */
#define PLAN_COMMAND_MS 1000u /* Command Completed is due within 1 s (PCIe Base Spec 6.7.3.2) */

void plan_attempt_count(const struct core *core, struct model_attempt *attempt)
{
        uint32_t wait_ms = 0;

        attempt->tries++;
        if (attempt->tries >= VERIFY_TRIES) {
                uint32_t doublings = attempt->tries - VERIFY_TRIES;

                wait_ms = doublings < 5 ? PLAN_BACKOFF_MS << doublings : PLAN_BACKOFF_MAX_MS;
        }
        attempt->retry_at_ms = core->now_ms + wait_ms;
}

/* Closing a door never waits longer than for the next look. */
static void attempt_count(const struct core *core, struct model_attempt *attempt,
                          const struct plan_goal *line)
{
        plan_attempt_count(core, attempt);
        if (line->deadline_ms == 0 && attempt->tries >= VERIFY_TRIES)
                attempt->retry_at_ms = core->now_ms + core->config.poll_interval_ms;
}

static void effect_tell(struct core *core, const struct effect *effect, struct effects *effects)
{
        struct record record = model_record(core, RECORD_EFFECT_STARTED, REASON_NONE, effect->port,
                                            effect->function);

        record.effect = effect->kind;
        core_record_add(effects, &record);
}

/* What is the matter with the first function that is not what it was, or not there any more? */
static enum record_reason gone_reason(const struct core *core, const struct model_port *port)
{
        enum record_reason reason;

        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    verify_function_state(core, port, &core->functions[i], &reason) == STATE_GONE)
                        return reason;
        return REASON_NONE;
}

/* That a guest's or dom0's device stands still from now on, and why. */
static void shut_tell(const struct core *core, struct model_port *port, struct effects *effects)
{
        enum record_reason bars, reason = REASON_ARRIVING;
        struct record record;

        if (!port->open)
                return;
        port->open = false;
        bars = gone_reason(core, port);
        if (!bars)
                bars = verify_port_bars(core, port);
        if (!port->up)
                reason = REASON_NO_LINK;
        else if (port->leaving || port->request != 0)
                reason = REASON_REQUESTED;
        else if (port->domid == 0 && !port->trusted)
                reason = REASON_GUEST_GONE;
        else if (bars)
                reason = bars;
        else if (verify_port_foreign(core, port))
                reason = REASON_OTHER_GUEST;
        else if (verify_port_paused(core, port))
                reason = REASON_OTHER_PORT_OPEN;
        record = model_record(core, port->trusted ? RECORD_TRUST_SHUT : RECORD_PORT_SHUT, reason,
                              port->found.sbdf, BASE_SBDF_NONE);
        memcpy(record.guest, port->guest, sizeof record.guest);
        core_record_add(effects, &record);
}

/* Registers that the effect is to write. */
static void effect_registers(const struct core *core, const struct model_port *port,
                             struct effect *effect)
{
        uint16_t mask;

        if (effect->kind == EFFECT_SLOT_CONTROL) {
                effect->value = verify_slot_wanted(core, port, &mask);
                effect->mask = mask;
        } else if (effect->kind == EFFECT_SLOT_CLEAR) {
                effect->value = port->status_seen;
        }
}

/* Which requester IDs are to be reserved next. */
static void effect_bus(const struct core *core, struct model_port *port, struct effect *effect)
{
        bool any = model_reserve_next(core, port, &port->reserve_bus);

        base_assert(any); /* else the goal was met */
        port->reserve_doubted = false;
        effect->bus_first = effect->bus_last = port->reserve_bus;
        (void)model_reserve_wanted(core, port, port->reserve_bus, effect->requesters);
}

/* Whom a toolstack is told of: who owns it, or whom it is given to. From now on taking it back is for us. */
static void effect_guest(const struct core *core, const struct model_port *port,
                         struct model_function *function, struct effect *effect)
{
        bool named = function->owner != EVENT_OWNER_GUEST && model_owner_guest(function->owner);

        effect->toolstack = core->config.toolstack;
        effect->domid = named ? function->owner : port->domid;
        if (effect->kind != EFFECT_ATTACH && !named && function->rights != 0)
                effect->domid = function->rights;
        if (effect->domid == port->domid)
                memcpy(effect->guest, port->guest, sizeof effect->guest);
        if (effect->kind == EFFECT_ATTACH)
                function->held = function->rights = effect->domid;
}

/* What an effect that runs at once makes stale; the answer to the others does it (model/completed.c). */
static void effect_at_once(const struct core *core, struct model_port *port,
                           const struct effect *effect)
{
        port->reading = effect->kind == EFFECT_PORT_READ;
        if (!port->reading)
                port->registers_fresh = false;
        if (effect->kind == EFFECT_PORT_OPEN)
                port->open = true;
        if (effect->kind == EFFECT_SLOT_CONTROL && !(port->found.slot_cap & MODEL_SLOT_CAP_NCCS))
                port->command_until_ms = core->now_ms + PLAN_COMMAND_MS;
}

/* From now on the state file may name what is below, until the answer says that it does not. */
static void memory_leave(const struct core *core, struct model_port *port)
{
        port->memory_dirty = false;
        port->pending_remembered = port->remembered;
        port->memory_ejected = port->ejected;
        if (port->remembered != 0)
                return;
        for (uint32_t i = 0; i < core->function_count; i++)
                if (model_function_remembered(port, &core->functions[i]))
                        port->remembered = port->incarnation;
}

static void effect_in_worker(struct core *core, struct model_port *port,
                             const struct plan_goal *line, struct effect *effect)
{
        effect->token = ++core->token_next ? core->token_next : ++core->token_next;
        port->token = effect->token;
        port->pending = effect->kind;
        port->pending_goal = line->goal;
        port->pending_function = effect->function;
        port->pending_instance = effect->instance;
        port->pending_incarnation = port->incarnation;
        port->pending_until_ms = core->now_ms + effect->deadline_ms + PLAN_GRACE_MS;
        if (effect->kind == EFFECT_INVENTORY)
                port->inventory_dirty = false;
        if (effect->kind == EFFECT_OWNERS)
                port->owners_dirty = false;
        if (effect->kind == EFFECT_REMEMBER)
                memory_leave(core, port);
}

/* What is made dom0's by a rule goes back and forth: whoever was asked to quarantine it has taken it from dom0. */
static void trusted_leave(struct model_function *function, enum model_goal goal)
{
        if (goal == GOAL_QUARANTINE)
                function->registered = false;
        if (goal == GOAL_REGISTERED)
                function->returned = true; /* to take it back is for us */
}

/* What the line asks for, where that is not the same for every function. */
static enum effect_kind effect_chosen(const struct core *core, const struct model_port *port,
                                      const struct model_function *function,
                                      const struct plan_goal *line)
{
        if (line->goal == GOAL_QUARANTINE && function)
                return function->asked                                ? EFFECT_CONFIRM
                       : verify_function_withdrawable(port, function) ? EFFECT_WITHDRAW
                                                                      : EFFECT_QUARANTINE;
        if (line->goal == GOAL_DETACHED && function && model_function_orphaned(port, function))
                return model_unlisted(core) ? EFFECT_QUARANTINE : EFFECT_OWNERS;
        return line->effect;
}

/* Does any driver work with what the kernel lists: pciback for a guest, or one of dom0's from before we came? */
static bool port_driven(const struct core *core, const struct model_port *port)
{
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *function = &core->functions[i];

                if (function->port == port->found.sbdf && function->listed &&
                    function->facts.driver[0] != '\0')
                        return true;
        }
        return false;
}

static void effect_leave(struct core *core, struct model_port *port,
                         struct model_function *function, const struct plan_goal *line,
                         struct effects *effects)
{
        struct effect effect = {
                .kind = effect_chosen(core, port, function, line),
                .deadline_ms = line->deadline_ms,
                .port = port->found.sbdf,
                .function = function ? function->facts.sbdf : BASE_SBDF_NONE,
                .instance = function && function->listed ? function->facts.instance : 0,
                .pcie_cap = port->found.pcie_cap,
                .acs_cap = port->found.acs_cap,
                .bus_first = port->registers.secondary,
                .bus_last = port->registers.subordinate,
        };

        if (line->goal == GOAL_QUARANTINE && function)
                function->due = false;
        if (line->goal == GOAL_RESERVED)
                effect_bus(core, port, &effect);
        if (function && port->trusted)
                trusted_leave(function, line->goal);
        if (function && (line->goal == GOAL_DETACHED || line->goal == GOAL_GONE))
                effect.forced = !port->up || function->incarnation != port->incarnation ||
                                !function->facts.readable;
        if (function && (line->goal == GOAL_ATTACHED || line->goal == GOAL_DETACHED ||
                         line->goal == GOAL_REVOKED))
                effect_guest(core, port, function, &effect);
        effect.at_boot = line->goal == GOAL_DRIVER && function && function->at_boot;
        effect.mutes = line->goal == GOAL_RESCAN && !port_driven(core, port);
        effect_registers(core, port, &effect);
        attempt_count(core, model_goal_attempt(port, function, line->goal), line);
        if (line->deadline_ms == 0)
                effect_at_once(core, port, &effect);
        else
                effect_in_worker(core, port, line, &effect);
        if (effect.kind == EFFECT_PORT_CLOSE)
                shut_tell(core, port, effects);
        if (effect.kind != EFFECT_PORT_READ)
                effect_tell(core, &effect, effects);
        (void)core_effect_add(
                effects,
                &effect); /* no room: registers stale or token pending, so it is tried again */
}

static bool effect_pending(const struct core *core, enum effect_kind kind)
{
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].token != 0 && core->ports[i].pending == kind)
                        return true;
        return false;
}

/*
 * The port, open, that enumerating what is below this one would reach below: it has to wait for that. Of several one
 * that is dom0's, which does not pause. NULL: there is none.
 */
static const struct model_port *port_reached(const struct core *core, const struct model_port *port)
{
        const struct model_port *reached = NULL;

        for (uint32_t i = 0; i < core->port_count; i++) {
                const struct model_port *other = &core->ports[i];

                if (other != port && !other->closed && model_port_used(core, other) &&
                    verify_port_reached(core, other) && (!reached || other->trusted))
                        reached = other;
        }
        return reached;
}

/*
 * A rescan reaches below every port of its bus (probe.c:pci_rescan_bus): what it brings in there must not be taken for
 * what the owner list showed before a removal, since a function without owner among it would panic Xen < 4.19 (I7).
 * And one bus is reserved at a time: what Xen's console tells meanwhile is lowered for all (edge/actuator/reserve.c).
 */
static bool line_excluded(const struct core *core, const struct model_port *port,
                          const struct plan_goal *line)
{
        return (line->goal == GOAL_RESCAN && effect_pending(core, EFFECT_REMOVE)) ||
               (line->goal == GOAL_GONE && effect_pending(core, EFFECT_RESCAN)) ||
               (line->goal == GOAL_RESCAN && port_reached(core, port)) ||
               (line->goal == GOAL_RESERVED && effect_pending(core, EFFECT_RESERVE));
}

/* Door 1 is opened when nothing else is missing: not while something is under way, or waits to be tried again. */
static bool open_ready(const struct core *core, const struct model_port *port)
{
        const struct model_function *function;

        return port->token == 0 && verify_goal_missing(core, port, &function) == GOAL_OPEN &&
               verify_port_licensed(core, port);
}

/* Has the kernel enumerated all, and is no driver of dom0's there that should not be? */
static bool decode_ready(const struct core *core, const struct model_port *port)
{
        if (port->token != 0 || !verify_goal_met(core, port, GOAL_INVENTORY, NULL) ||
            !verify_goal_met(core, port, GOAL_RESCAN, NULL) ||
            !verify_goal_met(core, port, GOAL_STABLE, NULL))
                return false;
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf &&
                    !verify_goal_met(core, port, GOAL_DRIVER, &core->functions[i]))
                        return false;
        return true;
}

/* May this line act now, or does something else have to come first? */
static bool line_ready(const struct core *core, const struct model_port *port,
                       const struct plan_goal *line)
{
        if (line->deadline_ms != 0 && port->token != 0)
                return false;
        if (line->needs_guard && (!verify_port_guarded(port) || verify_port_settling(core, port)))
                return false;
        if (line->goal == GOAL_SLOT && port->command_until_ms > core->now_ms)
                return false;
        if (line->goal == GOAL_STATUS && !verify_goal_met(core, port, GOAL_FORGOTTEN, NULL))
                return false; /* if we die, the bits are all that tells the next daemon */
        if (line->effect == EFFECT_OWNERS && model_unlisted(core))
                return false; /* what was doubted in this step is asked in the next: model_owners_settle */
        if (line->goal == GOAL_GONE && verify_port_ownerless(core, port))
                return false;
        if (line->goal == GOAL_OPEN && !open_ready(core, port))
                return false;
        if (line->goal == GOAL_DECODES && !decode_ready(core, port))
                return false;
        if (line->goal > GOAL_GUEST && !verify_goal_met(core, port, GOAL_GUEST, NULL))
                return false;
        if (line->goal == GOAL_PROBED && (port->closed || !verify_port_licensed(core, port)))
                return false;
        if (line->goal == GOAL_GUEST && port->guests_fresh)
                return false; /* there is none of this name; when one comes, we are told */
        return !line_excluded(core, port, line);
}

/* Children leave with the bridge above them: only the topmost function that leaves is removed. */
static bool function_topmost(struct core *core, const struct model_port *port,
                             const struct model_function *function)
{
        const struct model_function *above =
                model_function_get(core, port->found.sbdf, function->facts.parent);

        return !above || !model_function_leaves(port, above);
}

/*
 * Nothing is removed from the kernel that a guest owns, nor a bridge above that, nor anything while something that went
 * is still a guest's. What a guest has beside it, and keeps, is no obstacle: a dock behind a dock was pulled. (What a
 * rule made dom0's is dom0's no more when something leaves: plan/trust.c:trust_ends.)
 */
static bool removal_barred(const struct core *core, const struct model_port *port,
                           const struct model_function *function)
{
        for (uint32_t i = 0; i < core->function_count; i++) {
                const struct model_function *used = &core->functions[i];

                if (used->port == port->found.sbdf &&
                    (model_function_used(core, used) || used->rights != 0) &&
                    (!used->listed || model_function_leaves(port, used) ||
                     verify_function_below(core, port, used, function)))
                        return true;
        }
        return false;
}

/* Returns true where an effect left for this line, or must be waited for before later lines. */
static bool line_each(struct core *core, struct model_port *port, const struct plan_goal *line,
                      struct effects *effects)
{
        for (uint32_t i = core->function_count; i > 0;
             i--) { /* leaves before the bridges above them */
                struct model_function *function = &core->functions[i - 1];

                if (function->port != port->found.sbdf ||
                    verify_goal_met(core, port, line->goal, function) ||
                    model_goal_attempt(port, function, line->goal)->retry_at_ms > core->now_ms)
                        continue;
                if (line->goal == GOAL_GONE && (!function_topmost(core, port, function) ||
                                                removal_barred(core, port, function)))
                        continue;
                if (line->goal > GOAL_GUEST && line->goal < GOAL_OPEN &&
                    (!verify_function_blocked(function) ||
                     model_function_contested(port, function)))
                        continue; /* it goes to anybody out of quarantine only, and while nobody else gives it away */
                if (line->goal == GOAL_REVOKED && !verify_function_unowned(core, port, function))
                        continue; /* who owns it is asked first */
                if (!line_ready(core, port, line))
                        return line_excluded(core, port, line);
                effect_leave(core, port, function, line, effects);
                return true;
        }
        return false;
}

/* Said once for what is plugged: it is for the operator to decide. */
static void postponed_tell(struct core *core, struct model_port *port, const struct plan_goal *line,
                           struct effects *effects)
{
        struct record record = model_record(core, RECORD_RESCAN_POSTPONED, REASON_OTHER_PORT_OPEN,
                                            port->found.sbdf, BASE_SBDF_NONE);
        const struct model_port *reached;

        if (line->goal != GOAL_RESCAN || port->postponed)
                return;
        reached = port_reached(core, port);
        if (!reached || (core->config.pause && !reached->trusted))
                return;
        port->postponed = true;
        core_record_add(effects, &record);
}

static bool line_whole(struct core *core, struct model_port *port, const struct plan_goal *line,
                       struct effects *effects)
{
        if (verify_goal_met(core, port, line->goal, NULL)) {
                /*
                 * What is done at once, only looked at or written was done; the other lines' tries count until the
                 * port rests.
                 */
                if (line->deadline_ms == 0 || line->effect == EFFECT_INVENTORY ||
                    line->effect == EFFECT_OWNERS || line->goal == GOAL_REMEMBERED)
                        port->attempts[line->goal] = (struct model_attempt){ 0 };
                return false;
        }
        if (port->attempts[line->goal].retry_at_ms > core->now_ms)
                return false;
        if (!line_ready(core, port, line)) {
                postponed_tell(core, port, line, effects);
                return false;
        }
        effect_leave(core, port, NULL, line, effects);
        return true;
}

static void port_advance(struct core *core, struct model_port *port, struct effects *effects)
{
        const struct model_function *function;

        if (port->token != 0 && core->now_ms >= port->pending_until_ms)
                model_completed_lost(core, port, effects);
        if (port->reading)
                return; /* the answer is on its way; if it is lost, the watcher's next look does as well */
        for (enum model_goal i = 0; i < verify_port_goals(port); i++) {
                const struct plan_goal *line = &plan_goals[i];
                bool left = false;

                if (!port->exposed || line->looks)
                        left = line->each ? line_each(core, port, line, effects)
                                          : line_whole(core, port, line, effects);
                if (left)
                        return;
        }
        if (port->token == 0 && verify_goal_missing(core, port, &function) == GOAL_MAX)
                model_port_forgive(core, port);
}

void plan_ports_advance(struct core *core, struct effects *effects)
{
        if (!core->configured)
                return;
        for (uint32_t i = 0; i < core->port_count; i++)
                if (core->ports[i].external)
                        port_advance(core, &core->ports[i], effects);
}

void plan_discovery_advance(struct core *core, struct effects *effects)
{
        struct effect effect = { .kind = EFFECT_DISCOVER,
                                 .port = BASE_SBDF_NONE,
                                 .function = BASE_SBDF_NONE };

        if (core->discover_again_ms && core->now_ms >= core->discover_again_ms) {
                core->discover_again_ms = 0;
                core->discover = true;
        }
        if (core->discover_token != 0 || !core->discover || !core->configured ||
            core->now_ms < core->discover_until_ms)
                return;
        core->discover = false;
        core->discovery++;
        core->token_next++;
        core->discover_token = core->token_next;
        effect.token = core->discover_token;
        if (!core_effect_add(effects, &effect)) {
                core->discover_token = 0;
                core->discover = true;
        }
}
