/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The private bus: a D-Bus server for operators' tools, on a socket in the run directory, without a bus daemon. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "core/effect.h"
#include "core/event/event.h"
#include "core/record.h"

struct core;
struct sink_history;
struct store;

#define SINK_BUS_SOCKET "socket" /**< file name in the run directory */
#define SINK_BUS_PATH "/org/sallyport1"
#define SINK_BUS_INTERFACE "org.sallyport1.Manager"
#define SINK_BUS_CLIENTS_MAX 32u
#define SINK_BUS_REQUESTS_MAX 32u

/** Takes an operator's request (EVENT_REQUEST). */
typedef void (*sink_request)(void *userdata, const struct event *event);

/** Bytes of an error that is told to a client, NUL included. */
#define SINK_BUS_ERROR_SIZE 4608u

/**
 * What the files on disk would make of the core, with nothing done: a copy, valid until the next call; or NULL with
 * *ret_error (SINK_BUS_ERROR_SIZE) filled. `tell`: it was to be put in force, so that an error leaves a record.
 */
typedef const struct core *(*sink_preview)(void *userdata, bool tell, char *ret_error);
/** Does it: what was last shown by sink_preview becomes so. Changes are how many things it changes. */
typedef void (*sink_apply)(void *userdata, uint32_t changes);

/** Reads what dom0's kernel is like just now, for an audit. */
typedef void (*sink_machine)(void *userdata, struct event_machine *ret_machine);

struct sink_bus_request {
        uint64_t id;             /* 0 = free */
        sd_bus_message *message; /* the call to answer */
};

/** The server. Opaque but for its size; all zero = not open. */
struct sink_bus {
        sd_event *loop;
        const struct core *core;
        sink_request request;
        void *userdata;
        bool defaults; /**< the configuration was rejected; Status says so */
        const struct sink_history
                *history; /**< of the caller's, set after opening, like the four below */
        const struct store *store;
        sink_preview preview;
        sink_apply apply;
        sink_machine machine;
        int fd;
        sd_event_source *listener;
        sd_bus *clients[SINK_BUS_CLIENTS_MAX];
        uint64_t request_last; /* ids are never used twice */
        struct sink_bus_request requests[SINK_BUS_REQUESTS_MAX];
};

/**
 * Makes the run directory (0700) where it is missing, replaces the socket in it, and serves the interface
 * SINK_BUS_INTERFACE at SINK_BUS_PATH:
 *   Ports() -> aa{ss}, Functions() -> aa{ss}, Routers() -> aa{ss}, Status() -> a{ss}: rows of core/report;
 *   Eject(s device), Assign(s device, s guest), Unassign(s device), Authorize(s router), Enroll(s router, b manual),
 *   Forget(s unique_id) -> a{ss}: result, reason; answered by sink_bus_reply. A router is DOMAIN-ROUTE or a unique ID;
 *   Known() -> aa{ss}: the identity store: unique_id, policy ("unreadable": no more is known), key, vendor_name,
 *   device_name;
 *   History(s device) -> aa{ss}: rows of report_explain_* around those of the records, each with wall_ms,
 *   times and last_ms; of a router the records about it, and one row, event "now", how it stands;
 *   Audit() -> aa{ss}: rows of report_audit_row;
 *   Reload(b dry_run) -> aa{ss}: what changes, rows of report_change_row;
 *   Test(s device) -> a{ss}: the device's row as the files on disk would have it;
 *   signal Record(a{ss}): report_record_row.
 * Clients must have the user id 0. core must outlive the bus. 0, or a negative errno with everything released.
 */
int sink_bus_open(struct sink_bus *ret_bus, sd_event *loop, const char *run_directory,
                  const struct core *core, sink_request request, void *userdata);
/**
 * Ends the daemon that listens in run_directory, if there is one, since two of them would clear each other's Slot
 * Status events: SIGTERM, and SIGKILL where it is still there after patience_ms. 0: nobody is there now; or a negative
 * errno.
 */
int sink_predecessor_end(const char *run_directory, int patience_ms);
/** Closes it; pending requests end with their connections. One that is not open is fine. */
void sink_bus_close(struct sink_bus *bus);
/** Answers the request that an EFFECT_REPLY names; nothing where its client is gone. */
void sink_bus_reply(struct sink_bus *bus, const struct effect *effect);
/** Sends the signal Record to every client. A client that does not read is dropped. */
void sink_bus_record(struct sink_bus *bus, const struct record *record);
