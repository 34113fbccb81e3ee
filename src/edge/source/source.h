/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that come without being asked for. */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "core/event/event.h"
#include "core/step.h"
#include "edge/actuator/actuator.h"

/** Takes an event; it lives until the call returns. */
typedef void (*source_emit)(void *userdata, const struct event *event);

/** Kernel uevents. */
struct source_uevent {
        int fd; /**< the socket, non-blocking; closed by source_uevent_stop */
        source_emit emit;
        void *userdata;
        sd_event_source *io;
};

/**
 * Opens a socket for the kernel's own uevents (multicast group 1; udev's group 2 is not listened to). A descriptor, or
 * a negative errno.
 */
int source_uevent_open(void);
/**
 * Hands every uevent from fd to emit: EVENT_UEVENT, or EVENT_OVERRUN where some were lost. Takes over fd, also where it
 * fails. 0, or a negative errno.
 */
int source_uevent_start(struct source_uevent *ret_source, sd_event *loop, int fd, source_emit emit,
                        void *userdata);
/** Ends it; a zeroed one with fd = -1 is fine. */
void source_uevent_stop(struct source_uevent *source);

/** Polls the external ports: their own interrupts are dead while Bus Master Enable is 0 (lab-facts.md F12). */
struct source_watch {
        const struct core *core;
        const struct actuator *actuator;
        uint32_t interval_ms;
        uint64_t look_ms; /* when EVENT_LOOK is due */
        source_emit emit;
        void *userdata;
        sd_event_source *timer;
};

/** So often what guests use is looked at again, whatever is told. */
#define SOURCE_LOOK_MS 60000u

/**
 * Hands over one EVENT_PORT_READ per external port every interval_ms milliseconds (>= 1), the first after one
 * interval; EVENT_NONE where there is no such port, so that the core's time goes on; and EVENT_LOOK every
 * SOURCE_LOOK_MS. core and actuator must outlive the source. 0, or a negative errno.
 */
int source_watch_start(struct source_watch *ret_source, sd_event *loop, const struct core *core,
                       const struct actuator *actuator, uint32_t interval_ms, source_emit emit,
                       void *userdata);
/** Ends it; a zeroed one is fine. */
void source_watch_stop(struct source_watch *source);

/**
 * In a process of its own: writes one struct event_guests after the other to fd, whenever it is another than the last,
 * and every SOURCE_GUESTS_MS. Returns a positive errno where that cannot go on: it ends the process.
 */
typedef int (*source_serve)(int fd);
/** Is told once of each outage: there were lists, and now they do not come. A negative errno. */
typedef void (*source_trouble)(void *userdata, int error);

#define SOURCE_GUESTS_MS 5000

/** The guests that exist, and what is said to be theirs, from a child that asks xenstore: that waits without bound. */
struct source_guests {
        sd_event *loop; /**< SIGCHLD must be blocked in the process (sd_event_add_child(3)) */
        source_serve serve;
        source_emit emit;
        source_trouble trouble;
        void *userdata;
        int pipe; /* non-blocking, or -1 */
        sd_event_source *child, *io, *timer;
        bool served; /* a list came since it was last told that none comes */
        size_t length;
        struct event_guests guests; /* its first `length` bytes have come */
};

/** What xenstore says, by libxenstore: a source_serve. */
int source_guests_serve(int fd);
/**
 * Hands over EVENT_GUESTS (token 0) for each list that serve writes. A child that ends, or says nothing for four times
 * SOURCE_GUESTS_MS, is replaced after SOURCE_GUESTS_MS. 0, or a negative errno.
 */
int source_guests_start(struct source_guests *ret_source, sd_event *loop, source_serve serve,
                        source_emit emit, source_trouble trouble, void *userdata);
/** Ends it, and the child; a zeroed one is fine. */
void source_guests_stop(struct source_guests *source);

/** So often the sessions are listed, whatever is told; and logind is looked for where there is none. */
#define SOURCE_SESSIONS_MS 5000

struct source_sessions;

/** A session that logind is asked about. */
struct source_session {
        struct source_sessions *source;
        uint32_t index;
};

/** Who sits at the machine, by logind on the system bus. */
struct source_sessions {
        sd_event *loop;
        const char *address;
        source_emit emit;
        source_trouble trouble;
        void *userdata;
        sd_bus *bus; /* NULL: there is none */
        sd_event_source *timer;
        struct source_session asked[LIMIT_SESSIONS];
        struct event_sessions list; /* under way */
        uint32_t waits;             /* answers that it still waits for; 0 = none is under way */
        bool changed;               /* something did since it began */
        uint32_t rounds;            /* lists in a row of which that was so */
        bool failed;                /* this bus is of no use any more */
        bool served;                /* a list came since it was last told that none comes */
};

/**
 * Hands over EVENT_SESSIONS (token 0): of the bus at this address (NULL: the system's), when it starts, when logind
 * tells of a change, and every SOURCE_SESSIONS_MS. No answer is waited for longer than that. A logind that does not run
 * is not started. address must outlive the source. 0, or a negative errno.
 */
int source_sessions_start(struct source_sessions *ret_source, sd_event *loop, const char *address,
                          source_emit emit, source_trouble trouble, void *userdata);
/** Ends it; a zeroed one is fine. */
void source_sessions_stop(struct source_sessions *source);
