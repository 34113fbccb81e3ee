/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon: events in, steps of the core, effects out. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "core/model/model.h"
#include "core/policy/rules.h"
#include "core/report/report.h"
#include "daemon/queue.h"
#include "daemon/worker.h"
#include "edge/actuator/actuator.h"
#include "edge/sink/bus.h"
#include "edge/sink/history.h"
#include "edge/sink/journal.h"
#include "edge/source/source.h"

/** How long the boot waits for --early. Six functions take 4 s under emulation; one that hangs must not stop it. */
#define DAEMON_EARLY_MS 20000u

/** Large: to be static or on the heap. All zero before daemon_loop_open. */
struct daemon_loop {
        sd_event *loop;
        struct actuator actuator; /**< the caller's, open */
        struct sink_journal journal;
        bool config_rejected; /**< the configuration is the default one for want of a better */
        const char *run; /**< "/run": where udev finds rules and an audit looks; NULL = neither */
        int ready_fd; /**< where a line is written as well when READY=1 is told; 0 = nowhere. Closed then */
        struct event_config config;
        bool rules_rejected; /**< there are none for want of better ones */
        /** The rules in force, which the core points to (rules_used), and those that were last read beside them. */
        struct policy_rules rules[2];
        uint32_t rules_used;
        const char *config_directory; /**< where both are read anew; NULL = never */
        struct core core;
        struct core preview; /* what the files on disk would make of it, when last asked */
        struct sink_history history;
        struct effects seen; /* of the event under way: facts as records */
        struct daemon_queue queue;
        bool draining;               /* core_step is running: what comes now has to wait */
        bool lost;                   /* an event did not fit into the queue */
        bool ready;                  /* told to the service manager */
        char status[160];            /* as last told to the service manager */
        char udev[REPORT_UDEV_SIZE]; /* rules, as last written or tried */
        struct effects effects;      /* of the step under way */
        struct daemon_workers workers;
        struct source_uevent uevent;
        struct source_watch watch;
        struct source_guests guests;
        source_serve guests_serve; /**< who tells which guests exist; NULL = xenstore. For tests */
        struct source_sessions sessions;
        const char *
                sessions_address; /**< of the bus that logind is on; NULL = the system's. For tests */
        sd_event_source *patience; /* ends the wait of config.early */
        struct sink_bus bus;
};

/**
 * Sets everything up and makes the first pass: when it returns, every external port was told to close. A daemon that is
 * there already is ended first. The service manager is told READY=1; with config.early only once every port is at rest,
 * or DAEMON_EARLY_MS have passed: until then no driver should be loaded. What fails beside that (uevents, bus) is told,
 * and guarding goes on without it. The caller has filled actuator, journal, config, rules, config_directory and what
 * was rejected. 0, or a negative errno where there can be no loop at all. To be closed in any case.
 */
int daemon_loop_open(struct daemon_loop *daemon);
/** Makes a configuration, as it was just read, that of a daemon in the initramfs; or not. */
void daemon_loop_early(bool early, struct event_config *config);
/**
 * Reads the configuration anew, and steps a copy of the core with it: nothing is done. The copy, valid until the next
 * call; or NULL, with the error in ret_error (SINK_BUS_ERROR_SIZE).
 */
const struct core *daemon_loop_preview(struct daemon_loop *daemon, char *ret_error);
/** Runs until SIGTERM or SIGINT; SIGHUP reads the configuration anew. 0, or a negative errno. */
int daemon_loop_run(struct daemon_loop *daemon);
/** Releases everything. Touches no port: the doors stay as they are, shut. */
void daemon_loop_close(struct daemon_loop *daemon);
