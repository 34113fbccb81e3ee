/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions, from a bus of the test's own with a logind on it; both in the test's own loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "edge/source/source.h"

#define LOGIN "org.freedesktop.login1"
#define SESSION_PATH "/org/freedesktop/login1/session/"

struct fake_session {
        const char *id, *seat, *class, *state;
        int locked;
        bool gone;    /* as soon as it is asked about */
        bool strange; /* LockedHint is no boolean, and there is no State */
};

static struct {
        sd_bus *bus;
        int socket;
        char folder[32], path[64], address[96];
        struct fake_session sessions[LIMIT_SESSIONS + 2];
        uint32_t count;
        bool absent;        /* nobody has logind's name */
        const char *denies; /* this member is answered with an error */
        bool silent;
        uint32_t lists, started; /* calls; of those, that may start what they call */
} fake;

static sd_event *loop;
static struct source_sessions source;
static struct event last;
static uint32_t emitted, troubles;

static void emit_note(void *userdata, const struct event *event)
{
        assert_ptr_equal(userdata, &source);
        assert_int_equal(event->kind, EVENT_SESSIONS);
        assert_int_equal(event->token, 0);
        last = *event;
        emitted++;
}

static void trouble_note(void *userdata, int error)
{
        assert_ptr_equal(userdata, &source);
        assert_true(error < 0);
        troubles++;
}

static int list_answer(sd_bus_message *call)
{
        sd_bus_message *reply = NULL;

        fake.lists++;
        assert_true(sd_bus_message_new_method_return(call, &reply) >= 0);
        assert_true(sd_bus_message_open_container(reply, 'a', "(susso)") >= 0);
        for (uint32_t i = 0; i < fake.count; i++) {
                char path[80];

                (void)snprintf(path, sizeof path, SESSION_PATH "%s", fake.sessions[i].id);
                assert_true(sd_bus_message_append(reply, "(susso)", fake.sessions[i].id, 1000,
                                                  "user", fake.sessions[i].seat, path) >= 0);
        }
        assert_true(sd_bus_message_close_container(reply) >= 0);
        assert_true(sd_bus_send(fake.bus, reply, NULL) >= 0);
        (void)sd_bus_message_unref(reply);
        return 1;
}

static int properties_answer(sd_bus_message *call)
{
        const char *id = sd_bus_message_get_path(call) + strlen(SESSION_PATH), *interface;
        uint32_t i = 0;

        assert_true(sd_bus_message_read(call, "s", &interface) > 0);
        assert_string_equal(interface, LOGIN ".Session");
        while (i < fake.count && strcmp(fake.sessions[i].id, id) != 0)
                i++;
        assert_true(i < fake.count);
        if (fake.sessions[i].gone) {
                fake.sessions[i] = fake.sessions[--fake.count];
                return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "gone");
        }
        if (fake.sessions[i].strange)
                return sd_bus_reply_method_return(call, "a{sv}", 3, "Class", "s",
                                                  fake.sessions[i].class, "LockedHint", "s", "no",
                                                  "Id", "s", id);
        return sd_bus_reply_method_return(call, "a{sv}", 5, "Id", "s", id, "User", "(uo)", 1000,
                                          "/a", "Class", "s", fake.sessions[i].class, "State", "s",
                                          fake.sessions[i].state, "LockedHint", "b",
                                          fake.sessions[i].locked);
}

/* The bus, and logind on it. */
static int fake_dispatch(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *member = sd_bus_message_get_member(call);

        (void)userdata, (void)error;
        if (!sd_bus_message_is_method_call(call, NULL, NULL))
                return 0;
        if (strcmp(member, "Hello") == 0)
                return sd_bus_reply_method_return(call, "s", ":1.7");
        if (fake.denies && strcmp(member, fake.denies) == 0)
                return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED, "no");
        if (strcmp(member, "AddMatch") == 0 || strcmp(member, "RemoveMatch") == 0)
                return sd_bus_reply_method_return(call, "");
        fake.started += sd_bus_message_get_auto_start(call) > 0;
        assert_string_equal(sd_bus_message_get_destination(call), LOGIN);
        if (fake.silent)
                return 1;
        if (fake.absent)
                return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "nobody");
        return strcmp(member, "ListSessions") == 0 ? list_answer(call) : properties_answer(call);
}

static int accept_dispatch(sd_event_source *io, int fd, uint32_t events, void *userdata)
{
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        (void)io, (void)events, (void)userdata;
        assert_true(client >= 0);
        assert_null(fake.bus);
        assert_true(sd_bus_new(&fake.bus) >= 0);
        assert_true(sd_bus_set_fd(fake.bus, client, client) >= 0);
        assert_true(sd_bus_set_server(
                            fake.bus, 1,
                            SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f, 0)) >= 0);
        assert_true(sd_bus_add_filter(fake.bus, NULL, fake_dispatch, NULL) >= 0);
        assert_true(sd_bus_start(fake.bus) >= 0);
        assert_true(sd_bus_attach_event(fake.bus, loop, 0) >= 0);
        return 0;
}

/* The socket; listens: somebody is behind it. */
static void bus_make(bool listens)
{
        struct sockaddr_un name = { .sun_family = AF_UNIX };

        memcpy(name.sun_path, fake.path, strlen(fake.path) + 1);
        fake.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(fake.socket >= 0);
        assert_int_equal(bind(fake.socket, (struct sockaddr *)&name, sizeof name), 0);
        if (!listens)
                return;
        assert_int_equal(listen(fake.socket, 4), 0);
        assert_true(sd_event_add_io(loop, NULL, fake.socket, EPOLLIN, accept_dispatch, NULL) >= 0);
}

static void signal_send(const char *sender, const char *path, const char *interface,
                        const char *member)
{
        sd_bus_message *message = NULL;

        assert_true(sd_bus_message_new_signal(fake.bus, &message, path, interface, member) >= 0);
        assert_true(sd_bus_message_set_sender(message, sender) >= 0);
        assert_true(sd_bus_message_append(message, "sss", LOGIN, "", ":1.9") >= 0);
        assert_true(sd_bus_send(fake.bus, message, NULL) >= 0);
        (void)sd_bus_message_unref(message);
}

/* Until so many events have come; the test fails where they do not. */
static void wait_for(uint32_t events)
{
        for (int i = 0; i < 200 && emitted < events; i++)
                assert_true(sd_event_run(loop, 50000) >= 0);
        assert_int_equal(emitted, events);
}

static void start(void)
{
        assert_int_equal(source_sessions_start(&source, loop, fake.address, emit_note, trouble_note,
                                               &source),
                         0);
}

/* As if SOURCE_SESSIONS_MS had passed. */
static void hurry(void)
{
        assert_true(sd_event_source_set_time_relative(source.timer, 0) >= 0);
}

static int setup(void **state)
{
        (void)state;
        memset(&fake, 0, sizeof fake);
        memset(&source, 0, sizeof source);
        emitted = troubles = 0;
        fake.socket = -1;
        memcpy(fake.folder, "/tmp/sessions-XXXXXX", 21);
        assert_non_null(mkdtemp(fake.folder));
        (void)snprintf(fake.path, sizeof fake.path, "%s/bus", fake.folder);
        (void)snprintf(fake.address, sizeof fake.address, "unix:path=%s", fake.path);
        fake.sessions[0] = (struct fake_session){ "c1", "seat0", "greeter", "closing", 0, 0, 0 };
        fake.sessions[1] = (struct fake_session){ "2", "seat0", "user", "active", 1, 0, 0 };
        fake.sessions[2] = (struct fake_session){ "3", "", "user", "active", 0, 0, 0 };
        fake.sessions[3] = (struct fake_session){ "4", "seat1", "user", "active", 0, 0, 0 };
        fake.count = 4;
        return sd_event_new(&loop) < 0;
}

static int teardown(void **state)
{
        (void)state;
        source_sessions_stop(&source);
        fake.bus = sd_bus_close_unref(fake.bus);
        if (fake.socket >= 0)
                (void)close(fake.socket);
        (void)unlink(fake.path);
        (void)rmdir(fake.folder);
        loop = sd_event_unref(loop);
        return 0;
}

static void session_is(uint32_t index, enum event_session_class class,
                       enum event_session_state state, enum event_fact locked)
{
        assert_int_equal(last.sessions.status, SESSIONS_LISTED);
        assert_true(index < last.sessions.count);
        assert_int_equal(last.sessions.sessions[index].class, class);
        assert_int_equal(last.sessions.sessions[index].state, state);
        assert_int_equal(last.sessions.sessions[index].locked, locked);
}

static void test_listed(void **state)
{
        (void)state;
        bus_make(true);
        start();
        wait_for(1);
        assert_int_equal(last.sessions.count, 2); /* those of seat0 */
        assert_false(last.sessions.truncated);
        session_is(0, SESSION_CLASS_GREETER, SESSION_STATE_CLOSING, FACT_NO);
        session_is(1, SESSION_CLASS_USER, SESSION_STATE_ACTIVE, FACT_YES);
        assert_int_equal(fake.started, 0);
        assert_int_equal(troubles, 0);
        hurry();
        wait_for(2); /* whatever is told */
        assert_int_equal(fake.lists, 2);
}

static void test_change(void **state)
{
        (void)state;
        bus_make(true);
        start();
        wait_for(1);
        fake.sessions[1].locked = 0;
        signal_send(":1.3", SESSION_PATH "2", "org.freedesktop.DBus.Properties",
                    "PropertiesChanged");
        wait_for(2);
        session_is(1, SESSION_CLASS_USER, SESSION_STATE_ACTIVE, FACT_NO);
        fake.count = 1;
        signal_send(":1.3", "/org/freedesktop/login1", LOGIN ".Manager", "SessionRemoved");
        wait_for(3);
        assert_int_equal(last.sessions.count, 1);
}

/* What was gone before it could be asked about is not handed over as something that cannot be read. */
static void test_gone_meanwhile(void **state)
{
        (void)state;
        bus_make(true);
        fake.sessions[0].gone = true;
        start();
        wait_for(1);
        assert_int_equal(fake.lists, 2);
        assert_int_equal(last.sessions.count, 1);
        session_is(0, SESSION_CLASS_USER, SESSION_STATE_ACTIVE, FACT_YES);
}

/* ... but it is, where no list is any better. */
static void test_denied_each(void **state)
{
        (void)state;
        bus_make(true);
        fake.denies = "GetAll";
        start();
        wait_for(1);
        assert_int_equal(fake.lists, 4);
        session_is(1, SESSION_CLASS_UNKNOWN, SESSION_STATE_UNKNOWN, FACT_UNKNOWN);
}

static void test_strange(void **state)
{
        (void)state;
        bus_make(true);
        fake.sessions[1].strange = true;
        start();
        wait_for(1);
        session_is(1, SESSION_CLASS_USER, SESSION_STATE_UNKNOWN, FACT_UNKNOWN);
}

static void test_too_many(void **state)
{
        (void)state;
        bus_make(true);
        for (fake.count = 0; fake.count < LIMIT_SESSIONS + 1; fake.count++)
                fake.sessions[fake.count] =
                        (struct fake_session){ "2", "seat0", "user", "online", 0, 0, 0 };
        start();
        wait_for(1);
        assert_true(last.sessions.truncated);
        assert_int_equal(last.sessions.count, LIMIT_SESSIONS);
}

static void test_no_bus(void **state)
{
        (void)state;
        start();
        wait_for(1);
        assert_int_equal(last.sessions.status, SESSIONS_ABSENT);
        bus_make(true); /* it begins later than we do */
        hurry();
        wait_for(2);
        assert_int_equal(last.sessions.count, 2);
        assert_int_equal(troubles, 0);
}

static void test_refused(void **state)
{
        (void)state;
        bus_make(false);
        start();
        wait_for(1);
        assert_int_equal(last.sessions.status, SESSIONS_UNKNOWN);
        assert_int_equal(last.sessions.count, 0);
        assert_int_equal(troubles, 0); /* there was no list before */
}

static void test_no_logind(void **state)
{
        (void)state;
        bus_make(true);
        fake.absent = true;
        start();
        wait_for(1);
        assert_int_equal(last.sessions.status, SESSIONS_ABSENT);
        fake.absent = false;
        signal_send("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                    "NameOwnerChanged");
        wait_for(2);
        session_is(1, SESSION_CLASS_USER, SESSION_STATE_ACTIVE, FACT_YES);
}

static char denies_list[] = "ListSessions", denies_match[] = "AddMatch";

static void test_denied(void **state)
{
        (void)state;
        bus_make(true);
        fake.denies = *state;
        start();
        wait_for(1);
        assert_int_equal(last.sessions.status, SESSIONS_UNKNOWN);
        for (int i = 0; i < 10; i++)
                assert_true(sd_event_run(loop, 10000) >= 0);
        assert_int_equal(emitted, 1);
}

/* The bus ends: that is told once, and the next one is found. */
static void test_lost(void **state)
{
        (void)state;
        bus_make(true);
        start();
        wait_for(1);
        fake.bus = sd_bus_close_unref(fake.bus);
        wait_for(2);
        assert_int_equal(last.sessions.status, SESSIONS_UNKNOWN);
        assert_int_equal(troubles, 1);
        hurry();
        wait_for(3);
        session_is(1, SESSION_CLASS_USER, SESSION_STATE_ACTIVE, FACT_YES);
        assert_int_equal(troubles, 1);
}

/* Who never answers is given up. */
static void test_silent(void **state)
{
        (void)state;
        bus_make(true);
        start();
        wait_for(1);
        fake.silent = true;
        hurry();
        for (int i = 0; i < 2 * SOURCE_SESSIONS_MS / 50 && emitted < 2; i++)
                assert_true(sd_event_run(loop, 50000) >= 0);
        assert_int_equal(last.sessions.status, SESSIONS_UNKNOWN);
        assert_int_equal(troubles, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_listed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_change, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone_meanwhile, setup, teardown),
                cmocka_unit_test_setup_teardown(test_denied_each, setup, teardown),
                cmocka_unit_test_setup_teardown(test_strange, setup, teardown),
                cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_bus, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_logind, setup, teardown),
                cmocka_unit_test_prestate_setup_teardown(test_denied, setup, teardown, denies_list),
                cmocka_unit_test_prestate_setup_teardown(test_denied, setup, teardown,
                                                         denies_match),
                cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
                cmocka_unit_test_setup_teardown(test_silent, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
