/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logind, asked on the system bus: org.freedesktop.login1(5). Nothing here waits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/clock.h"
#include "edge/source/source.h"

#define LOGIN "org.freedesktop.login1"
#define SEAT "seat0"
#define SYSTEM_BUS "unix:path=/run/dbus/system_bus_socket"
#define ANSWER_US (SOURCE_SESSIONS_MS * 1000ull)
/* A list during which something changed is not handed over but asked for anew; until so many were. */
#define ROUNDS_MAX 4u

static void list_begin(struct source_sessions *source);

static void list_emit(struct source_sessions *source, enum event_sessions_status status)
{
        struct event event = { .kind = EVENT_SESSIONS, .port = BASE_SBDF_NONE };

        if (status == SESSIONS_LISTED)
                event.sessions = source->list;
        event.sessions.status = status;
        event.time_ms = edge_clock_ms();
        source->waits = 0;
        source->emit(source->userdata, &event);
}

/* Nothing can be asked of this bus any more: the timer looks for another. */
static void outage_tell(struct source_sessions *source, int error)
{
        bool served = source->served;

        source->served = false;
        source->failed = true;
        source->rounds = 0;
        list_emit(source, SESSIONS_UNKNOWN);
        if (served)
                source->trouble(source->userdata, error);
}

static void answer_count(struct source_sessions *source)
{
        if (--source->waits > 0)
                return;
        if (source->changed && ++source->rounds < ROUNDS_MAX) {
                list_begin(source);
                return;
        }
        source->rounds = 0;
        source->served = true;
        list_emit(source, SESSIONS_LISTED);
}

/* What cannot be read stays unknown. */
static void property_take(sd_bus_message *message, const char *name, struct event_session *session)
{
        const char *word = NULL;
        int locked = 0;

        if (strcmp(name, "Class") == 0 && sd_bus_message_read(message, "v", "s", &word) > 0)
                session->class = event_session_class_parse(word);
        else if (strcmp(name, "State") == 0 && sd_bus_message_read(message, "v", "s", &word) > 0)
                session->state = event_session_state_parse(word);
        else if (strcmp(name, "LockedHint") == 0 &&
                 sd_bus_message_read(message, "v", "b", &locked) > 0)
                session->locked = locked ? FACT_YES : FACT_NO;
        else
                (void)sd_bus_message_skip(message, "v");
}

static int session_answered(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const struct source_session *asked = userdata;
        struct event_session *session = &asked->source->list.sessions[asked->index];
        const char *name;

        (void)error;
        if (asked->source->failed || asked->source->waits == 0)
                return 0;
        if (sd_bus_message_is_method_error(message, NULL))
                asked->source->changed = true; /* mostly it is gone meanwhile */
        else if (sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sv}") > 0)
                while (sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sv") > 0) {
                        if (sd_bus_message_read(message, "s", &name) <= 0)
                                break;
                        property_take(message, name, session);
                        if (sd_bus_message_exit_container(message) < 0)
                                break;
                }
        answer_count(asked->source);
        return 0;
}

/* Calls without starting what is called. */
static int call_async(struct source_sessions *source, const char *path, const char *interface,
                      const char *member, const char *argument, sd_bus_message_handler_t answered,
                      void *userdata)
{
        sd_bus_message *call = NULL;
        int r = sd_bus_message_new_method_call(source->bus, &call, LOGIN, path, interface, member);

        if (r >= 0)
                r = sd_bus_message_set_auto_start(call, 0);
        if (r >= 0 && argument)
                r = sd_bus_message_append(call, "s", argument);
        if (r >= 0)
                r = sd_bus_call_async(source->bus, NULL, call, answered, userdata, ANSWER_US);
        (void)sd_bus_message_unref(call);
        return r < 0 ? r : 0;
}

static int session_ask(struct source_sessions *source, const char *path)
{
        struct source_session *asked = &source->asked[source->list.count];
        int error;

        if (source->list.count == LIMIT_SESSIONS) {
                source->list.truncated = true;
                return 0;
        }
        *asked = (struct source_session){ source, source->list.count };
        error = call_async(source, path, "org.freedesktop.DBus.Properties", "GetAll",
                           LOGIN ".Session", session_answered, asked);
        if (error)
                return error;
        source->list.count++;
        source->waits++;
        return 0;
}

static int list_read(struct source_sessions *source, sd_bus_message *message)
{
        const char *id, *user, *seat, *path;
        uint32_t number;
        int error = 0, r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "(susso)");

        while (r > 0) {
                r = sd_bus_message_read(message, "(susso)", &id, &number, &user, &seat, &path);
                if (r > 0 && strcmp(seat, SEAT) == 0)
                        error = session_ask(source, path);
                if (error < 0)
                        return error;
        }
        return r;
}

/* Nobody has that name, and so nobody knows of sessions. */
static bool nobody(const sd_bus_message *message)
{
        const sd_bus_error *error = sd_bus_message_get_error((sd_bus_message *)message);

        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

static int list_answered(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct source_sessions *source = userdata;
        int r;

        (void)error;
        if (source->failed || source->waits == 0)
                return 0;
        if (nobody(message)) {
                list_emit(source, SESSIONS_ABSENT);
                return 0;
        }
        r = sd_bus_message_is_method_error(message, NULL) ? -sd_bus_message_get_errno(message)
                                                          : list_read(source, message);
        if (r < 0)
                outage_tell(source, r);
        else
                answer_count(source);
        return 0;
}

static void list_begin(struct source_sessions *source)
{
        int error;

        memset(&source->list, 0, sizeof source->list);
        source->changed = false;
        source->waits = 1;
        error = call_async(source, "/org/freedesktop/login1", LOGIN ".Manager", "ListSessions",
                           NULL, list_answered, source);
        if (error)
                outage_tell(source, error);
}

/* Whatever it was: all is read again. */
static int change_seen(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct source_sessions *source = userdata;

        (void)message, (void)error;
        if (source->failed)
                return 0;
        if (source->waits > 0)
                source->changed = true;
        else
                list_begin(source);
        return 0;
}

static int bus_lost(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct source_sessions *source = userdata;

        (void)message, (void)error;
        if (!source->failed)
                outage_tell(source, -ECONNRESET);
        return 0;
}

static int match_added(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct source_sessions *source = userdata;

        (void)error;
        if (!source->failed && sd_bus_message_is_method_error(message, NULL))
                outage_tell(source, -sd_bus_message_get_errno(message));
        return 0;
}

static int matches_add(struct source_sessions *source)
{
        int r = sd_bus_match_signal_async(
                source->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                "org.freedesktop.DBus.Local", "Disconnected", bus_lost, NULL, source);

        if (r >= 0)
                r = sd_bus_add_match_async(source->bus, NULL,
                                           "type='signal',sender='org.freedesktop.DBus',"
                                           "interface='org.freedesktop.DBus',"
                                           "member='NameOwnerChanged',arg0='" LOGIN "'",
                                           change_seen, match_added, source);
        if (r >= 0)
                r = sd_bus_add_match_async(source->bus, NULL,
                                           "type='signal',sender='" LOGIN
                                           "',path_namespace='/org/freedesktop/login1'",
                                           change_seen, match_added, source);
        return r;
}

static void bus_close(struct source_sessions *source)
{
        source->bus = sd_bus_close_unref(source->bus);
        source->failed = false;
        source->waits = 0;
        source->rounds = 0;
}

static int bus_connect(struct source_sessions *source)
{
        int r = sd_bus_new(&source->bus);

        if (r >= 0)
                r = sd_bus_set_address(source->bus, source->address);
        if (r >= 0)
                r = sd_bus_set_bus_client(source->bus, 1);
        if (r >= 0)
                r = sd_bus_start(source->bus);
        if (r >= 0)
                r = sd_bus_attach_event(source->bus, source->loop, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = matches_add(source);
        if (r < 0)
                bus_close(source);
        return r < 0 ? r : 0;
}

static void look(struct source_sessions *source)
{
        int error;

        if (source->failed)
                bus_close(source);
        error = source->bus ? 0 : bus_connect(source);
        if (error == -ENOENT)
                list_emit(source, SESSIONS_ABSENT);
        else if (error)
                outage_tell(source, error);
        else if (source->waits == 0)
                list_begin(source);
}

static int timer_dispatch(sd_event_source *timer, uint64_t planned_us, void *userdata)
{
        int r = sd_event_source_set_time_relative(timer, SOURCE_SESSIONS_MS * 1000ull);

        (void)planned_us;
        look(userdata);
        return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

int source_sessions_start(struct source_sessions *ret_source, sd_event *loop, const char *address,
                          source_emit emit, source_trouble trouble, void *userdata)
{
        int r;

        *ret_source = (struct source_sessions){ .loop = loop,
                                                .address = address ? address : SYSTEM_BUS,
                                                .emit = emit,
                                                .trouble = trouble,
                                                .userdata = userdata };
        r = sd_event_add_time_relative(loop, &ret_source->timer, CLOCK_MONOTONIC, /* usec= */ 0,
                                       /* accuracy= */ 100000, timer_dispatch, ret_source);
        return r < 0 ? r : 0;
}

void source_sessions_stop(struct source_sessions *source)
{
        source->timer = sd_event_source_disable_unref(source->timer);
        bus_close(source);
}
