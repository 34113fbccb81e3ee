/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of an effect: what has to be looked at again, for its return code proves nothing. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/event/coverage.h"
#include "core/model/model.h"

/* The function that the effect was licensed for, if it is still that one (I5). */
static struct model_function *pending_function(struct core *core, const struct model_port *port)
{
        struct model_function *function =
                model_function_get(core, port->found.sbdf, port->pending_function);

        if (function && function->facts.instance == port->pending_instance)
                return function;
        return NULL;
}

bool model_completed_failed(const struct core *core, const struct model_port *port,
                            const struct event *event)
{
        const struct model_function *function = model_function_find(core, port->pending_function);

        if (event->error == EUSERS && model_unlisted(core) && function && function->given)
                return port->pending != EFFECT_QUARANTINE && port->pending != EFFECT_CONFIRM;
        return event->error != 0;
}

static struct record failure_record(const struct core *core, const struct model_port *port,
                                    int32_t error)
{
        struct record record = model_record(core, RECORD_EFFECT_FAILED, REASON_NONE,
                                            port->found.sbdf, port->pending_function);

        record.error = error;
        record.effect = port->pending;
        return record;
}

static void failure_tell(const struct core *core, const struct model_port *port,
                         const struct event *event, struct effects *effects)
{
        const char *told = event->completed.told;
        const char *end = memchr(told, '\0', sizeof event->completed.told);
        struct record record = failure_record(core, port, event->error);

        if (end && (port->pending == EFFECT_ATTACH || port->pending == EFFECT_DETACH))
                memcpy(record.told, told, (size_t)(end - told));
        core_record_add(effects, &record);
}

/* Which guest has it, Xen does not tell: all that is known is whom the port names, or xenstore. 0: nobody is named. */
static uint16_t guest_named(const struct model_port *port, const struct model_function *function)
{
        bool asked = function->claimed != 0 && function->claimed == function->held; /* to be taken back from there */

        if (asked || model_function_contested(port, function))
                return function->claimed;
        return port->guest[0] != '\0' ? port->domid : 0;
}

/*
 * Who owns what was changed. A list that is being read now may be from before; where there is none, what assigning said
 * tells the owner: DOMID_IO, if it said twice that it was done. Withdrawing says nothing about it.
 */
static void owner_tell(const struct core *core, struct model_port *port,
                       struct model_function *function, int32_t error)
{
        if (!model_unlisted(core)) {
                if (port->pending == EFFECT_CONFIRM)
                        return; /* it changes nothing */
                port->owners_fresh = false;
                port->owners_dirty = true;
                return;
        }
        if (!function || port->pending == EFFECT_WITHDRAW)
                return;
        port->rechecked = false;
        if (error == 0)
                function->owner = port->pending == EFFECT_CONFIRM ? EVENT_OWNER_DOM_IO
                                                                  : EVENT_OWNER_UNKNOWN;
        else if (error != EUSERS)
                function->owner = EVENT_OWNER_UNKNOWN;
        else
                function->owner = event_coverage_has(&core->platform.coverage, function->facts.sbdf)
                                          ? EVENT_OWNER_GUEST
                                          : EVENT_OWNER_NOBODY;
        if (function->owner == EVENT_OWNER_GUEST && guest_named(port, function) != 0)
                model_rights_note(port, function, guest_named(port, function));
}

/* Effects by which a function goes from hand to hand: from Xen's to DOMID_IO's, out of its books, to a guest. */
static void handover_end(struct core *core, struct model_port *port,
                         struct model_function *function, int32_t error)
{
        bool done = error == 0;

        if (port->pending == EFFECT_QUARANTINE) {
                /* Where there is no list, two answers without error have to come, one after the other. */
                function->asked = done || !model_unlisted(core);
                function->refused = !done;
        } else if (port->pending == EFFECT_CONFIRM) {
                function->confirmed = function->asked = done;
                function->refused = !done;
                /* Where it is asked again and again because of others' doubt, none of the answers is a failure. */
                if (done && model_unlisted(core))
                        function->quarantine = (struct model_attempt){ 0 };
        } else if (port->pending == EFFECT_WITHDRAW) {
                function->withdrawn = done;
                function->refused = false; /* where it failed, assigning is tried again first */
        } else if (port->pending == EFFECT_REGISTER) {
                function->registered = done;
                function->asked = function->confirmed = false;
                function->quarantine = (struct model_attempt){ 0 }; /* from the beginning */
                if (port->trusted) /* the doubt was about the one who had it before */
                        function->due = false;
        } else if (model_unlisted(core)) { /* attached or detached: nothing but Xen, asked twice, tells whose it is */
                function->confirmed = function->asked = false;
                function->due = true;
                function->owner = EVENT_OWNER_UNKNOWN;
                function->quarantine = (struct model_attempt){ 0 }; /* a new question */
        }
}

void model_completed_apply(struct core *core, struct model_port *port, const struct event *event,
                           struct effects *effects)
{
        int32_t error = event->error;
        struct model_function *function = pending_function(core, port);

        base_assert(port->pending_goal < GOAL_MAX);
        model_goal_attempt(port, function, port->pending_goal)->error = error;
        if (port->pending != EFFECT_REMEMBER && model_completed_failed(core, port, event))
                failure_tell(core, port, event, effects);
        switch (port->pending) {
        case EFFECT_PORT_BIND:
        case EFFECT_PORT_AWAKE:
        case EFFECT_PCIEHP_UNBIND:
                port->registers_fresh = false;
                break;
        case EFFECT_RESCAN:
                port->rescanned = port->pending_incarnation;
                for (uint32_t i = 0; i < core->port_count; i++)
                        model_port_doubt(&core->ports[i]); /* it looked below all of them */
                break;
        case EFFECT_REMOVE:
                model_port_doubt(port);
                break;
        case EFFECT_DRIVER_OFF:
                if (function)
                        function->driver_asked = true;
                port->stable = false; /* one inventory, after the last of them, shows which have gone */
                break;
        case EFFECT_PCIBACK_BIND:
        case EFFECT_PROBE:
                port->inventory_fresh = false;
                port->inventory_dirty = true;
                break;
        case EFFECT_QUARANTINE:
        case EFFECT_CONFIRM:
        case EFFECT_WITHDRAW:
        case EFFECT_REGISTER:
                if (function)
                        handover_end(core, port, function, error);
                owner_tell(core, port, function, error);
                break;
        case EFFECT_ATTACH:
        case EFFECT_DETACH:
                if (function)
                        handover_end(core, port, function, error);
                model_port_doubt(port); /* whoever did it may have bound and unbound drivers */
                break;
        case EFFECT_REVOKE:
                if (function && !error) /* Xen was asked after it was done */
                        model_rights_note(port, function, 0);
                break;
        case EFFECT_REMEMBER:
                model_memory_written(core, port, error, effects);
                break;
        case EFFECT_NONE: case EFFECT_DISCOVER: /* the others are observations that failed: their facts stay stale */
        case EFFECT_PORT_READ:
        case EFFECT_INVENTORY:
        case EFFECT_OWNERS:
        case EFFECT_RESERVE:
        case EFFECT_PORT_CLOSE:
        case EFFECT_SLOT_CONTROL: case EFFECT_SLOT_CLEAR:
        case EFFECT_GUESTS: case EFFECT_PORT_OPEN: case EFFECT_PORT_DECODE:
        case EFFECT_ROUTERS: case EFFECT_AUTHORIZE: case EFFECT_DEAUTHORIZE: /* these are no port's */
        case EFFECT_ENROLL: case EFFECT_FORGET:
        case EFFECT_REPLY:
        case EFFECT_MAX:
                break;
        }
}

void model_completed_lost(struct core *core, struct model_port *port, struct effects *effects)
{
        struct record record = failure_record(core, port, ETIMEDOUT);
        struct model_attempt *attempt;

        base_assert(port->pending_goal < GOAL_MAX);
        attempt = model_goal_attempt(port, pending_function(core, port), port->pending_goal);
        attempt->error = ETIMEDOUT;
        port->token = 0; /* whatever comes later is not believed */
        if (port->pending == EFFECT_REMEMBER)
                model_memory_written(core, port, ETIMEDOUT, effects);
        else
                core_record_add(effects, &record);
        model_port_doubt(port);
}
