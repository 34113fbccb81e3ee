/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place where core_step is called. */
#include "daemon/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/step.h"
#include "core/verify/verify.h"
#include "edge/clock.h"
#include "edge/sink/udev.h"

/* Steps in a row before the other sources have their turn; the rest follows with the next event. */
#define STEPS_PER_TURN 4096
/* It only has to leave its loop. */
#define PREDECESSOR_MS 2000

static void trouble_tell(const struct daemon_loop *daemon, int error, const char *text)
{
        char line[512];

        (void)snprintf(line, sizeof line, "%s (%s)", text, strerror(-error));
        sink_journal_text(&daemon->journal, RECORD_ERROR, line);
}

static void record_publish(struct daemon_loop *daemon, const struct record *record)
{
        sink_history_add(&daemon->history, record);
        sink_journal_record(&daemon->journal, record);
        if (sink_journal_wants(&daemon->journal, record->kind))
                sink_bus_record(&daemon->bus, record);
}

static const char *status_value(const struct report_row *row, const char *key)
{
        const char *value = report_row_value(row, key);

        return value ? value : "?";
}

/* One line for `systemctl status`, where it is another than the last. */
static void status_notify(struct daemon_loop *daemon)
{
        char status[sizeof daemon->status];
        struct report_row row;

        if (!getenv("NOTIFY_SOCKET"))
                return;
        report_status_row(&daemon->core, &row);
        (void)snprintf(status, sizeof status,
                       "%s external ports; %s functions below, %s quarantined; %s problems",
                       status_value(&row, "external"), status_value(&row, "functions"),
                       status_value(&row, "quarantined"), status_value(&row, "problems"));
        if (strcmp(status, daemon->status) == 0)
                return;
        memcpy(daemon->status, status, sizeof status);
        (void)sd_notifyf(/* unset_environment= */ 0, "STATUS=%s", status);
}

/* What was tried is not tried again: a folder that cannot be written stays so. */
static void udev_tell(struct daemon_loop *daemon)
{
        char text[REPORT_UDEV_SIZE];
        size_t length = report_udev_rules(&daemon->core, text, sizeof text);
        int error;

        if (!daemon->run || strcmp(text, daemon->udev) == 0)
                return;
        memcpy(daemon->udev, text, length + 1);
        error = sink_udev_write(daemon->run, text, length);
        if (error < 0)
                trouble_tell(daemon, error,
                             SINK_UDEV_FILE
                             " in /run cannot be written: udev may load drivers for "
                             "what is plugged. They are unbound while the port is closed. Make the "
                             "folder writable and restart sallyportd.");
}

static void ready_tell(struct daemon_loop *daemon)
{
        daemon->ready = true;
        (void)sd_notify(/* unset_environment= */ 0, "READY=1");
        if (daemon->ready_fd == 0)
                return;
        if (write(daemon->ready_fd, "\n", 1) < 0)
                trouble_tell(daemon, -errno,
                             "Whoever started sallyportd cannot be told that it is ready.");
        (void)close(daemon->ready_fd);
        daemon->ready_fd = 0;
}

static int patience_dispatch(sd_event_source *timer, uint64_t planned_us, void *userdata)
{
        struct daemon_loop *daemon = userdata;

        (void)timer, (void)planned_us;
        if (daemon->ready)
                return 0;
        sink_journal_text(
                &daemon->journal, RECORD_ERROR,
                "Not everything below external ports is in quarantine yet, and the boot goes "
                "on without waiting longer. Ports that were reported as guarded are closed; "
                "see what was reported of the others.");
        ready_tell(daemon);
        return 0;
}

/* Before anybody loads drivers: when what is there at boot is at rest. Otherwise the first pass is enough. */
static int ready_begin(struct daemon_loop *daemon)
{
        int r = 0;

        if (!daemon->config.early || verify_machine_settled(&daemon->core))
                ready_tell(daemon);
        else
                r = sd_event_add_time_relative(daemon->loop, &daemon->patience, CLOCK_MONOTONIC,
                                               DAEMON_EARLY_MS * 1000ull, /* accuracy= */ 1000,
                                               patience_dispatch, daemon);
        return r < 0 ? r : 0;
}

/* What does not fit is as good as a lost uevent: everything is read again. */
static void event_append(void *userdata, const struct event *event)
{
        struct daemon_loop *daemon = userdata;

        if (!daemon_queue_push(&daemon->queue, event))
                daemon->lost = true;
}

static void failure_append(struct daemon_loop *daemon, const struct effect *effect, int error)
{
        struct event event = { .kind = EVENT_COMPLETED,
                               .token = effect->token,
                               .port = effect->port,
                               .error = -error };

        event.time_ms = edge_clock_ms();
        event_append(daemon, &event);
}

static void effect_carry_out(struct daemon_loop *daemon, const struct effect *effect)
{
        struct event event;
        int error;

        if (effect->kind == EFFECT_REPLY) {
                sink_bus_reply(&daemon->bus, effect);
                return;
        }
        if (effect->kind == EFFECT_DISCOVER) {
                actuator_discover(&daemon->actuator, effect, event_append, daemon);
                return;
        }
        if (effect->kind ==
            EFFECT_REMEMBER) /* the worker has its own copy as soon as it is forked */
                (void)core_memory_fill(&daemon->core, effect->port, &daemon->actuator.memory);
        if (effect->deadline_ms != 0) {
                error = daemon_worker_start(&daemon->workers, effect);
                if (error)
                        failure_append(daemon, effect, error);
                return;
        }
        error = actuator_perform(&daemon->actuator, effect, &event);
        if (effect->kind != EFFECT_PORT_READ)
                daemon_queue_drop_readings(&daemon->queue, effect->port);
        if (error)
                failure_append(daemon, effect, error);
        else
                event_append(daemon, &event);
}

/* What is seen comes before what follows from it. */
static void event_see(struct daemon_loop *daemon, const struct event *event)
{
        struct effects *seen = &daemon->seen;

        seen->record_count = 0;
        report_seen(&daemon->core, event, seen);
        for (uint32_t i = 0; i < seen->record_count; i++)
                record_publish(daemon, &seen->records[i]);
}

/* Records come first: whoever reads that an effect starts knows that it has not begun. */
static void event_step(struct daemon_loop *daemon, const struct event *event)
{
        struct effects *effects = &daemon->effects;

        event_see(daemon, event);
        memset(effects, 0, sizeof *effects);
        core_step(&daemon->core, event, effects);
        for (uint32_t i = 0; i < effects->record_count; i++)
                record_publish(daemon, &effects->records[i]);
        for (uint32_t i = 0; i < effects->count; i++)
                effect_carry_out(daemon, &effects->items[i]);
        if (effects->record_count > 0) {
                status_notify(daemon);
                udev_tell(daemon);
        }
        if (daemon->patience && !daemon->ready && verify_machine_settled(&daemon->core))
                ready_tell(daemon);
}

static void overrun_step(struct daemon_loop *daemon)
{
        struct event event = { .kind = EVENT_OVERRUN, .port = BASE_SBDF_NONE };

        daemon->lost = false;
        event.time_ms = edge_clock_ms();
        event_step(daemon, &event);
}

/* Takes an event, and all that come of it. The answers of effects queue up, so steps never nest. */
static void event_take(void *userdata, const struct event *event)
{
        struct daemon_loop *daemon = userdata;
        struct event next;

        event_append(daemon, event);
        if (daemon->draining)
                return;
        daemon->draining = true;
        for (int i = 0; i < STEPS_PER_TURN && daemon_queue_pop(&daemon->queue, &next); i++)
                event_step(daemon, &next);
        if (daemon->lost)
                overrun_step(daemon);
        daemon->draining = false;
}

/* What happened to configuration and rules: the core knows of no files. */
static void config_tell(struct daemon_loop *daemon, enum record_kind kind, uint32_t count)
{
        const struct record record = { .kind = kind,
                                       .time_ms = edge_clock_ms(),
                                       .port = BASE_SBDF_NONE,
                                       .function = BASE_SBDF_NONE,
                                       .count = count };

        record_publish(daemon, &record);
}

/* The rules come first: with the configuration the core begins to look for ports. */
static void config_take(struct daemon_loop *daemon)
{
        struct event rules = { .kind = EVENT_RULES,
                               .port = BASE_SBDF_NONE,
                               .rules = daemon->rules_rejected
                                                ? NULL
                                                : &daemon->rules[daemon->rules_used] };
        struct event config = { .kind = EVENT_CONFIG,
                                .port = BASE_SBDF_NONE,
                                .config = daemon->config };

        if (daemon->rules_rejected)
                config_tell(daemon, RECORD_RULES_REJECTED, 0);
        if (daemon->config_rejected)
                config_tell(daemon, RECORD_CONFIG_REJECTED, 0);
        rules.time_ms = config.time_ms = edge_clock_ms();
        event_take(daemon, &rules);
        event_take(daemon, &config);
}

static void platform_take(struct daemon_loop *daemon)
{
        struct event event;

        actuator_platform_read(&daemon->actuator, &event);
        event_take(daemon, &event);
}

static const struct core *preview_make(void *userdata, bool tell, char *ret_error)
{
        struct daemon_loop *daemon = userdata;
        const struct core *after = daemon_loop_preview(daemon, ret_error);

        if (!after && tell) {
                sink_journal_text(&daemon->journal, RECORD_ERROR, ret_error);
                config_tell(daemon, RECORD_RELOAD_REJECTED, 0);
        }
        return after;
}

/* Puts in force what was last shown. The service manager's clock is CLOCK_MONOTONIC (sd_notify(3)). */
static void preview_apply(void *userdata, uint32_t changes)
{
        struct daemon_loop *daemon = userdata;
        struct timespec now = { 0 };

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        (void)sd_notifyf(/* unset_environment= */ 0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                         (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
        daemon->config = daemon->preview.config;
        daemon->rules_used = 1 - daemon->rules_used;
        daemon->config_rejected = daemon->rules_rejected = daemon->bus.defaults = false;
        daemon->watch.interval_ms = daemon->config.poll_interval_ms;
        config_tell(daemon, RECORD_CONFIG_RELOADED, changes);
        config_take(daemon);
        (void)sd_notify(/* unset_environment= */ 0, "READY=1");
}

static int hangup_dispatch(sd_event_source *source, const struct signalfd_siginfo *signal,
                           void *userdata)
{
        struct daemon_loop *daemon = userdata;
        char error[SINK_BUS_ERROR_SIZE];
        const struct core *after = preview_make(daemon, /* tell= */ true, error);
        struct report_row row;
        uint32_t changes = 0;

        (void)source, (void)signal;
        if (!after)
                return 0;
        while (report_change_row(&daemon->core, after, changes, &row))
                changes++;
        preview_apply(daemon, changes);
        return 0;
}

static void machine_read(void *userdata, struct event_machine *ret_machine)
{
        const struct daemon_loop *daemon = userdata;

        actuator_machine_read(&daemon->actuator, daemon->run, ret_machine);
}

/* Before the first discovery: what is found is judged by it. A few KB, as the configuration was. */
static void memory_take(struct daemon_loop *daemon)
{
        store_open(daemon->config.state_directory, &daemon->actuator.store);
        store_read(&daemon->actuator.store, event_take, daemon);
}

static int loop_make(struct daemon_loop *daemon)
{
        sigset_t signals;
        int r;

        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigaddset(&signals, SIGINT);
        (void)sigaddset(&signals, SIGCHLD);
        (void)sigaddset(&signals, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        r = sd_event_new(&daemon->loop);
        if (r >= 0)
                r = sd_event_add_signal(daemon->loop, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(daemon->loop, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(daemon->loop, NULL, SIGHUP, hangup_dispatch, daemon);
        daemon->workers = (struct daemon_workers){ .loop = daemon->loop,
                                                   .actuator = &daemon->actuator,
                                                   .perform = actuator_perform,
                                                   .answer = event_take,
                                                   .userdata = daemon };
        return r < 0 ? r : 0;
}

/* Before the first discovery, so that nothing comes unseen between the two. */
static void uevent_open(struct daemon_loop *daemon)
{
        int error = source_uevent_open();

        if (error >= 0)
                error = source_uevent_start(&daemon->uevent, daemon->loop, error, event_take,
                                            daemon);
        if (error < 0)
                trouble_tell(
                        daemon, error,
                        "Kernel uevents cannot be received. External ports are watched all the "
                        "same; new ports and changes behind our back are noticed late. Find "
                        "out why and restart sallyportd.");
}

/* Before the first look: whoever looks too, clears events that the other then never sees. */
static void predecessor_end(struct daemon_loop *daemon)
{
        int error = sink_predecessor_end(daemon->config.run_directory, PREDECESSOR_MS);

        if (error < 0)
                trouble_tell(
                        daemon, error,
                        "Another sallyportd is running and does not end. Ports stay closed, but "
                        "swaps may go unnoticed while there are two. End it.");
}

static void guests_trouble(void *userdata, int error)
{
        trouble_tell(userdata, error,
                     "xenstore does not tell any more which guests exist. Ports stay as they are; "
                     "that a guest ended, or begins, is noticed late or not at all, though Xen "
                     "itself takes back what it owned. It is tried again: look whether xenstored "
                     "runs.");
}

/* xenstored may come later than we, or never: then nobody is a guest. */
static void guests_open(struct daemon_loop *daemon)
{
        source_serve serve = daemon->guests_serve ? daemon->guests_serve : source_guests_serve;
        int error = source_guests_start(&daemon->guests, daemon->loop, serve, event_take,
                                        guests_trouble, daemon);

        if (error < 0)
                trouble_tell(daemon, error,
                             "Guests cannot be watched, so nothing is given to one by rules, and "
                             "the end of one is noticed late. External ports are guarded all the "
                             "same. Restart sallyportd.");
}

static void sessions_trouble(void *userdata, int error)
{
        trouble_tell(userdata, error,
                     "logind does not tell any more whether the screen is locked: that is unknown, "
                     "and no Thunderbolt router is authorized by itself meanwhile (WhileLocked=). "
                     "It is tried again: look whether systemd-logind and the system bus run.");
}

static void sessions_open(struct daemon_loop *daemon)
{
        int error = source_sessions_start(&daemon->sessions, daemon->loop, daemon->sessions_address,
                                          event_take, sessions_trouble, daemon);

        if (error < 0)
                trouble_tell(daemon, error,
                             "logind cannot be asked whether the screen is locked: that is "
                             "unknown, and no Thunderbolt router is authorized by itself "
                             "(WhileLocked=). External ports are guarded all the same. Restart "
                             "sallyportd.");
}

static void bus_open(struct daemon_loop *daemon)
{
        int error = sink_bus_open(&daemon->bus, daemon->loop, daemon->config.run_directory,
                                  &daemon->core, event_take, daemon);
        char text[256];

        daemon->bus.defaults = daemon->config_rejected;
        daemon->bus.history = &daemon->history;
        daemon->bus.store = &daemon->actuator.store;
        daemon->bus.preview = preview_make;
        daemon->bus.apply = preview_apply;
        daemon->bus.machine = machine_read;
        if (error == 0)
                return;
        (void)snprintf(text, sizeof text,
                       "The socket in %s cannot be made, so `sallyport` finds no daemon. Ports are "
                       "guarded all the same. Correct RunDirectory= and restart sallyportd.",
                       daemon->config.run_directory);
        trouble_tell(daemon, error, text);
}

int daemon_loop_open(struct daemon_loop *daemon)
{
        int error;

        daemon->uevent.fd = -1;
        error = loop_make(daemon);
        if (error)
                return error;
        predecessor_end(daemon);
        core_init(&daemon->core);
        uevent_open(daemon);
        memory_take(daemon);
        config_take(daemon);   /* shuts the doors */
        platform_take(daemon); /* asks Xen, and may take longer */
        bus_open(daemon);      /* makes the run directory */
        guests_open(daemon);
        sessions_open(daemon);
        actuator_autoprobe_open(&daemon->actuator, daemon->config.run_directory);
        error = source_watch_start(&daemon->watch, daemon->loop, &daemon->core, &daemon->actuator,
                                   daemon->config.poll_interval_ms, event_take, daemon);
        if (error < 0)
                return error;
        (void)sd_event_set_watchdog(daemon->loop, 1); /* only where WATCHDOG_USEC asks for it */
        error = ready_begin(daemon);
        if (error)
                return error;
        status_notify(daemon);
        return 0;
}

int daemon_loop_run(struct daemon_loop *daemon)
{
        int r = sd_event_loop(daemon->loop);

        (void)sd_notify(/* unset_environment= */ 0, "STOPPING=1");
        return r < 0 ? r : 0;
}

void daemon_loop_close(struct daemon_loop *daemon)
{
        struct event event;

        source_watch_stop(&daemon->watch);
        source_guests_stop(&daemon->guests);
        source_sessions_stop(&daemon->sessions);
        daemon->patience = sd_event_source_disable_unref(daemon->patience);
        source_uevent_stop(&daemon->uevent);
        daemon_workers_stop(&daemon->workers);
        sink_bus_close(&daemon->bus);
        store_close(&daemon->actuator.store);
        while (daemon_queue_pop(&daemon->queue, &event))
                continue;
        daemon->loop = sd_event_unref(daemon->loop);
}
