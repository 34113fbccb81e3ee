/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one switch over everything that can be asked of the world. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/actuator/actuator.h"
#include "edge/actuator/pci.h"
#include "edge/actuator/sysfs.h"
#include "edge/actuator/thunderbolt.h"
#include "edge/actuator/xen.h"
#include "edge/cleanup.h"
#include "edge/actuator/toolstack.h"
#include "edge/clock.h"
#include "edge/source/guests.h"
#include "edge/source/thunderbolt.h"

int actuator_open(const char *sysfs_path, const char *proc_path, struct actuator *ret_actuator)
{
        int sysfs = actuator_sysfs_open(AT_FDCWD, sysfs_path);

        if (sysfs < 0)
                return sysfs;
        *ret_actuator = (struct actuator){ .sysfs = sysfs,
                                           .run = -1,
                                           .store = { .folder = -1, .error = -ENODEV } };
        ret_actuator->proc = actuator_sysfs_open(AT_FDCWD, proc_path);
        return 0;
}

void actuator_close(struct actuator *actuator)
{
        if (actuator->sysfs >= 0)
                (void)close(actuator->sysfs);
        if (actuator->proc >= 0)
                (void)close(actuator->proc);
        if (actuator->run >= 0)
                (void)close(actuator->run);
        actuator->sysfs = actuator->proc = actuator->run = -1;
}

/* Xen is asked only while the function is still the one that was meant. */
static int function_xen(const struct actuator *actuator, const struct effect *effect,
                        int (*ask)(struct actuator_xen *xen, uint32_t sbdf))
{
        EDGE_CLEANUP_FD int folder = -1;
        struct actuator_xen *xen = NULL;
        int error;

        if (effect->instance != 0) {
                folder = actuator_function_open(actuator, effect);
                if (folder < 0)
                        return folder;
        }
        error = actuator_xen_open(&xen);
        if (!error)
                error = ask(xen, effect->function);
        (void)actuator_xen_close(xen);
        return error;
}

/* Forgotten for certain, so that it is not the old entry that stays (physdev.c: an add of a known function is none). */
static int function_register(struct actuator_xen *xen, uint32_t sbdf)
{
        int error = actuator_xen_withdraw(xen, sbdf);

        return error ? error : actuator_xen_add(xen, sbdf);
}

/* It is the first that is read of a port: before it is known, nothing is done to what is below. */
static int inventory_read(const struct actuator *actuator, const struct effect *effect,
                          struct event_inventory *ret_inventory)
{
        int error = actuator_toolstack_await(actuator, effect);

        return error ? error : actuator_inventory_read(actuator, effect, ret_inventory);
}

static int owners_read(const struct effect *effect, struct event_owners *ret_owners)
{
        EDGE_CLEANUP_MEMORY char *text = NULL;
        struct actuator_xen *xen = NULL;
        size_t length = 0;
        int error = actuator_xen_open(&xen);

        if (!error)
                error = actuator_xen_owners_text(xen, &text, &length);
        (void)actuator_xen_close(xen);
        if (error)
                return error;
        if (!event_owners_parse(text, length, base_sbdf_segment(effect->port), effect->bus_first,
                                effect->bus_last, ret_owners))
                return -ENODATA;
        return 0;
}

/* What answers this effect where it succeeds. EVENT_NONE: not done here. */
static enum event_kind answer_kind(enum effect_kind kind)
{
        switch (kind) {
        case EFFECT_PORT_READ:
                return EVENT_PORT_READ;
        case EFFECT_INVENTORY:
                return EVENT_INVENTORY;
        case EFFECT_OWNERS:
                return EVENT_OWNERS;
        case EFFECT_RESERVE:
                return EVENT_RESERVED;
        case EFFECT_GUESTS:
                return EVENT_GUESTS;
        case EFFECT_ROUTERS:
                return EVENT_ROUTERS;
        case EFFECT_CONFIRM:
        case EFFECT_PORT_CLOSE:
        case EFFECT_PORT_BIND:
        case EFFECT_PORT_AWAKE:
        case EFFECT_PCIEHP_UNBIND:
        case EFFECT_SLOT_CONTROL:
        case EFFECT_SLOT_CLEAR:
        case EFFECT_RESCAN:
        case EFFECT_PORT_DECODE:
        case EFFECT_DRIVER_OFF:
        case EFFECT_QUARANTINE:
        case EFFECT_WITHDRAW:
        case EFFECT_REMOVE:
        case EFFECT_REMEMBER:
        case EFFECT_REGISTER:
        case EFFECT_PCIBACK_BIND:
        case EFFECT_ATTACH:
        case EFFECT_DETACH:
        case EFFECT_REVOKE:
        case EFFECT_PORT_OPEN:
        case EFFECT_PROBE:
        case EFFECT_AUTHORIZE:
        case EFFECT_DEAUTHORIZE:
        case EFFECT_ENROLL:
        case EFFECT_FORGET:
                return EVENT_COMPLETED;
        case EFFECT_NONE:
        case EFFECT_DISCOVER:
        case EFFECT_REPLY:
        case EFFECT_MAX:
                break;
        }
        return EVENT_NONE;
}

static int act(const struct actuator *actuator, const struct effect *effect, struct event *event)
{
        switch (effect->kind) {
        case EFFECT_PORT_READ:
                actuator_port_read(actuator, effect, &event->registers);
                return 0;
        case EFFECT_INVENTORY:
                return inventory_read(actuator, effect, &event->inventory);
        case EFFECT_OWNERS:
                return owners_read(effect, &event->owners);
        case EFFECT_RESERVE:
                return actuator_requesters_reserve(effect, &event->reserved);
        case EFFECT_PORT_CLOSE:
        case EFFECT_PORT_OPEN:
        case EFFECT_PORT_DECODE:
                return actuator_port_command(actuator, effect);
        case EFFECT_PORT_BIND:
                return actuator_port_bind(actuator, effect);
        case EFFECT_PORT_AWAKE:
                return actuator_port_awake(actuator, effect);
        case EFFECT_PCIEHP_UNBIND:
                return actuator_pciehp_unbind(actuator, effect);
        case EFFECT_SLOT_CONTROL:
                return actuator_slot_control(actuator, effect);
        case EFFECT_SLOT_CLEAR:
                return actuator_slot_clear(actuator, effect);
        case EFFECT_RESCAN:
                return actuator_port_rescan(actuator, effect);
        case EFFECT_DRIVER_OFF:
                return actuator_function_driver_off(actuator, effect);
        case EFFECT_CONFIRM:
        case EFFECT_QUARANTINE:
                return function_xen(actuator, effect, actuator_xen_quarantine);
        case EFFECT_WITHDRAW:
                return function_xen(actuator, effect, actuator_xen_withdraw);
        case EFFECT_REMOVE:
                return actuator_function_remove(actuator, effect);
        case EFFECT_REMEMBER:
                return store_write(&actuator->store, &actuator->memory);
        case EFFECT_GUESTS:
                return source_guests_read(&event->guests);
        case EFFECT_REGISTER:
                return function_xen(actuator, effect, function_register);
        case EFFECT_PCIBACK_BIND:
                return actuator_function_pciback(actuator, effect);
        case EFFECT_ATTACH:
        case EFFECT_DETACH:
                return actuator_toolstack_run(actuator, effect, event->completed.told);
        case EFFECT_REVOKE:
                return actuator_rights_revoke(actuator, effect);
        case EFFECT_PROBE:
                return actuator_function_probe(actuator, effect);
        case EFFECT_ROUTERS:
                return source_routers_read(actuator->sysfs, &actuator->store, &event->routers);
        case EFFECT_AUTHORIZE:
                return actuator_router_authorize(actuator, effect);
        case EFFECT_DEAUTHORIZE:
                return actuator_router_deauthorize(actuator, effect);
        case EFFECT_ENROLL:
                return actuator_router_enroll(actuator, effect);
        case EFFECT_FORGET:
                return actuator_router_forget(actuator, effect);
        case EFFECT_NONE:
        case EFFECT_DISCOVER:
        case EFFECT_REPLY:
        case EFFECT_MAX:
                break;
        }
        return -EINVAL;
}

int actuator_perform(const struct actuator *actuator, const struct effect *effect,
                     struct event *ret_event)
{
        struct event event = { .kind = answer_kind(effect->kind),
                               .token = effect->token,
                               .port = effect->port };
        int error;

        if (event.kind == EVENT_NONE)
                return -EINVAL;
        error = act(actuator, effect, &event);
        if (error) {
                event.kind = EVENT_COMPLETED;
                event.error = -error;
        }
        event.time_ms = edge_clock_ms();
        event.minute = edge_clock_minute();
        *ret_event = event;
        return 0;
}
