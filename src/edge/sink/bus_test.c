/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The private bus with a client on it, in one event loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/sink/bus.h"
#include "edge/store/routers.h"
#include "tree/tree.h"

/* Both ends live in this process. */
struct world {
        char directory[64];
        sd_event *loop;
        struct sink_bus bus;
        sd_bus *client;
        bool answer_at_once;
        unsigned int requests;
        struct event_request request;
        unsigned int replies;
        char reply[1024]; /* keys and values, or the error's name */
};

static struct world world;

static void request_take(void *userdata, const struct event *event)
{
        struct world *own = userdata;

        own->requests++;
        own->request = event->request;
        if (own->answer_at_once)
                sink_bus_reply(&own->bus, &(struct effect){ .kind = EFFECT_REPLY,
                                                            .request = event->request.id,
                                                            .result = RESULT_UNKNOWN });
}

static sd_bus *client_connect(void)
{
        sd_bus *client = NULL;
        char address[128];

        (void)snprintf(address, sizeof address, "unix:path=%s/run/" SINK_BUS_SOCKET,
                       world.directory);
        assert_true(sd_bus_new(&client) >= 0);
        assert_true(sd_bus_set_address(client, address) >= 0);
        assert_true(sd_bus_start(client) >= 0);
        assert_true(sd_bus_attach_event(client, world.loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
        return client;
}

static int setup(void **state)
{
        char run[80];

        (void)state;
        memset(&world, 0, sizeof world);
        (void)snprintf(world.directory, sizeof world.directory, "/tmp/sallyport-bus-XXXXXX");
        if (!mkdtemp(world.directory) || sd_event_new(&world.loop) < 0)
                return -1;
        (void)snprintf(run, sizeof run, "%s/run", world.directory);
        if (sink_bus_open(&world.bus, world.loop, run, NULL, request_take, &world) < 0)
                return -1;
        world.client = client_connect();
        return 0;
}

static int teardown(void **state)
{
        char path[128];

        (void)state;
        sd_bus_close_unref(world.client);
        sink_bus_close(&world.bus);
        sink_bus_close(&world.bus);
        sd_event_unref(world.loop);
        (void)snprintf(path, sizeof path, "%s/run/" SINK_BUS_SOCKET, world.directory);
        (void)remove(path);
        (void)snprintf(path, sizeof path, "%s/run", world.directory);
        (void)remove(path);
        return remove(world.directory);
}

/* Runs until so many replies have come. */
static void replies_wait(unsigned int count)
{
        while (world.replies < count)
                assert_true(sd_event_run(world.loop, 5 * 1000000ull) > 0);
}

static void requests_wait(unsigned int count)
{
        while (world.requests < count)
                assert_true(sd_event_run(world.loop, 5 * 1000000ull) > 0);
}

/* Flattens a{ss} into "key=value;...". */
static void text_take(sd_bus_message *message)
{
        const char *key, *value;
        size_t length = 0;

        world.reply[0] = '\0';
        assert_true(sd_bus_message_enter_container(message, 'a', "{ss}") > 0);
        while (sd_bus_message_read(message, "{ss}", &key, &value) > 0)
                length += (size_t)snprintf(world.reply + length, sizeof world.reply - length,
                                           "%s=%s;", key, value);
        assert_true(sd_bus_message_exit_container(message) >= 0);
}

static int reply_take(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void)userdata, (void)error;
        world.replies++;
        if (sd_bus_message_is_method_error(message, NULL))
                (void)snprintf(world.reply, sizeof world.reply, "%s",
                               sd_bus_message_get_error(message)->name);
        else
                text_take(message);
        return 0;
}

static void call_send(const char *member, const char *argument)
{
        int r = sd_bus_call_method_async(world.client, NULL, NULL, SINK_BUS_PATH,
                                         SINK_BUS_INTERFACE, member, reply_take, NULL,
                                         argument ? "s" : NULL, argument);

        assert_true(r >= 0);
}

static void assign_send(const char *device, const char *guest)
{
        assert_true(sd_bus_call_method_async(world.client, NULL, NULL, SINK_BUS_PATH,
                                             SINK_BUS_INTERFACE, "Assign", reply_take, NULL, "ss",
                                             device, guest) >= 0);
}

static void call(const char *member, const char *argument)
{
        call_send(member, argument);
        replies_wait(world.replies + 1);
}

static void test_modes(void **state)
{
        struct stat status;
        char path[128];

        (void)state;
        (void)snprintf(path, sizeof path, "%s/run/" SINK_BUS_SOCKET, world.directory);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        (void)snprintf(path, sizeof path, "%s/run", world.directory);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0700);
}

/* A call and its answer, whatever is under way. */
static void ping(void)
{
        call("Eject", "no address");
        assert_string_equal(world.reply, SD_BUS_ERROR_INVALID_ARGS);
}

static void test_eject(void **state)
{
        (void)state;
        call("Eject", "00:04");
        assert_string_equal(world.reply, SD_BUS_ERROR_INVALID_ARGS);
        call_send("Eject", "00:04.0");
        requests_wait(1);
        assert_int_equal(world.request.verb, REQUEST_EJECT);
        assert_int_equal(world.request.sbdf, BASE_SBDF(0, 0, 4, 0));
        ping(); /* others are served meanwhile */
        sink_bus_reply(&world.bus, &(struct effect){ .kind = EFFECT_REPLY,
                                                     .request = world.request.id,
                                                     .result = RESULT_FAILED,
                                                     .reason = REASON_TIMEOUT });
        replies_wait(3);
        assert_non_null(strstr(world.reply, "result=failed;reason="));
        world.answer_at_once = true;
        call("Eject", "0000:00:05.0");
        assert_string_equal(world.reply, "result=unknown;reason=;");
        sink_bus_reply(&world.bus, &(struct effect){ .request = 12345 }); /* of nobody */
        sink_bus_reply(&world.bus, &(struct effect){ 0 });
}

static void test_assign(void **state)
{
        char name[LIMIT_GUEST + 1];

        (void)state;
        memset(name, 'g', sizeof name);
        name[LIMIT_GUEST] = '\0';
        assign_send("00:04", "work");
        assign_send("00:04.0", "");
        assign_send("00:04.0", name);   /* too long by one */
        call_send("Assign", "00:04.0"); /* without a guest */
        for (unsigned int i = 1; i <= 4; i++) {
                replies_wait(i);
                assert_string_equal(world.reply, SD_BUS_ERROR_INVALID_ARGS);
        }
        assert_int_equal(world.requests, 0);
        name[LIMIT_GUEST - 1] = '\0';
        assign_send("0000:01:00.3", name);
        requests_wait(1);
        assert_int_equal(world.request.verb, REQUEST_ASSIGN);
        assert_int_equal(world.request.sbdf, BASE_SBDF(0, 1, 0, 3));
        assert_string_equal(world.request.guest, name);
        sink_bus_reply(&world.bus, &(struct effect){ .kind = EFFECT_REPLY,
                                                     .request = world.request.id,
                                                     .result = RESULT_FAILED,
                                                     .reason = REASON_NO_GUEST });
        replies_wait(5);
        assert_string_equal(world.reply, "result=failed;reason=no-such-guest;");
        call_send("Unassign", "0000:01:00.3");
        requests_wait(2);
        assert_int_equal(world.request.verb, REQUEST_UNASSIGN);
        assert_int_equal(world.request.sbdf, BASE_SBDF(0, 1, 0, 3));
        assert_string_equal(world.request.guest, "");
}

static void router_send(const char *member, const char *router, int manual)
{
        assert_true(sd_bus_call_method_async(world.client, NULL, NULL, SINK_BUS_PATH,
                                             SINK_BUS_INTERFACE, member, reply_take, NULL,
                                             manual < 0 ? "s" : "sb", router, manual) >= 0);
}

#define UUID "d4030000-0090-8708-2315-9d8f2a1f0a1d"

/* By place, or by unique ID; a request for one names no address. */
static void test_routers(void **state)
{
        static const char longer[] = UUID "0";
        static const char *const bad[] = { "", "0-0", "0-", "00:04.0", "0-1.0", "dock", longer };
        uint8_t id[RECORD_UNIQUE_ID_SIZE];

        (void)state;
        assert_true(event_unique_id_parse(UUID, strlen(UUID), id));
        for (unsigned int i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                router_send("Authorize", bad[i], -1);
                replies_wait(i + 1);
                assert_string_equal(world.reply, SD_BUS_ERROR_INVALID_ARGS);
        }
        router_send("Forget", "0-301", -1); /* what is plugged there is not what is known */
        router_send("Enroll", "0-301", -1); /* automatically, or not? */
        replies_wait(world.replies + 2);
        assert_string_equal(world.reply, SD_BUS_ERROR_INVALID_ARGS);
        assert_int_equal(world.requests, 0);
        router_send("Authorize", "1-301", -1);
        requests_wait(1);
        assert_int_equal(world.request.verb, REQUEST_AUTHORIZE);
        assert_int_equal(world.request.sbdf, BASE_SBDF_NONE);
        assert_true(world.request.router.any);
        assert_int_equal(world.request.router.domain, 1);
        assert_int_equal(world.request.router.route, 0x301);
        router_send("Enroll", UUID, 1);
        requests_wait(2);
        assert_int_equal(world.request.verb, REQUEST_ENROLL);
        assert_int_equal(world.request.router.route, 0);
        assert_memory_equal(world.request.router.unique_id, id, sizeof id);
        assert_true(world.request.manual);
        router_send("Enroll", "0-1", 0);
        requests_wait(3);
        assert_false(world.request.manual);
        router_send("Forget", UUID, -1);
        requests_wait(4);
        assert_int_equal(world.request.verb, REQUEST_FORGET);
        assert_memory_equal(world.request.router.unique_id, id, sizeof id);
        sink_bus_reply(&world.bus, &(struct effect){ .kind = EFFECT_REPLY,
                                                     .request = world.request.id,
                                                     .result = RESULT_DONE });
        replies_wait(world.replies + 1);
        assert_string_equal(world.reply, "result=done;reason=;");
}

/* The first row, or the error's name. */
static int known_take(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        if (sd_bus_message_is_method_error(message, NULL))
                return reply_take(message, userdata, error);
        assert_true(sd_bus_message_enter_container(message, 'a', "a{ss}") >= 0);
        return reply_take(message, userdata, error);
}

static void known_call(void)
{
        assert_true(sd_bus_call_method_async(world.client, NULL, NULL, SINK_BUS_PATH,
                                             SINK_BUS_INTERFACE, "Known", known_take, NULL,
                                             "") >= 0);
        replies_wait(world.replies + 1);
}

/* The store is told without its keys; without a store there is no answer, not an empty one. */
static void test_known(void **state)
{
        struct event_enrolment enrolment = { .key = ENROLLED_NEW_KEY,
                                             .vendor_name = "De\nll",
                                             .device_name = "Dock" };
        uint8_t id[RECORD_UNIQUE_ID_SIZE], key[EVENT_KEY_SIZE];
        char folder[80], text[EVENT_KEY_TEXT_SIZE];
        struct store store;

        (void)state;
        known_call();
        assert_string_equal(world.reply, SD_BUS_ERROR_FAILED);
        (void)snprintf(folder, sizeof folder, "%s/state", world.directory);
        store_open(folder, &store);
        assert_int_equal(store.error, 0);
        world.bus.store = &store;
        assert_true(event_unique_id_parse(UUID, strlen(UUID), id));
        assert_int_equal(store_router_write(&store, id, &enrolment), 0);
        known_call();
        assert_string_equal(world.reply, "unique_id=" UUID ";policy=auto;key=new;"
                                         "vendor_name=De\\x0all;device_name=Dock;");
        assert_int_equal(store_router_key_read(&store, id, key), 0);
        event_key_format(key, text);
        text[8] = '\0'; /* not even the beginning of it */
        assert_null(strstr(world.reply, text));
        tree_text_write(store.folder, "routers", UUID, "");
        known_call();
        assert_string_equal(world.reply, "unique_id=" UUID ";policy=unreadable;");
        store_close(&store);
        assert_int_equal(tree_remove(folder), 0);
}

static void test_eject_full(void **state)
{
        (void)state;
        for (unsigned int i = 0; i < SINK_BUS_REQUESTS_MAX; i++)
                call_send("Eject", "00:04.0");
        requests_wait(SINK_BUS_REQUESTS_MAX);
        call("Eject", "00:04.0");
        assert_string_equal(world.reply, SD_BUS_ERROR_LIMITS_EXCEEDED);
        assert_int_equal(world.requests, SINK_BUS_REQUESTS_MAX);
}

static void test_disconnect(void **state)
{
        (void)state;
        call_send("Eject", "00:04.0");
        requests_wait(1);
        sd_bus_close(world.client);
        while (world.bus.clients[0])
                assert_true(sd_event_run(world.loop, 5 * 1000000ull) > 0);
        assert_int_equal(world.bus.requests[0].id, 0);
        sink_bus_reply(&world.bus, &(struct effect){ .request = world.request.id });
}

static void test_record(void **state)
{
        struct record record = { .kind = RECORD_ARRIVAL,
                                 .time_ms = 42,
                                 .port = BASE_SBDF(0, 0, 4, 0),
                                 .function = BASE_SBDF_NONE };

        (void)state;
        assert_true(sd_bus_match_signal_async(world.client, NULL, NULL, SINK_BUS_PATH,
                                              SINK_BUS_INTERFACE, "Record", reply_take, NULL,
                                              NULL) >= 0);
        ping();
        sink_bus_record(&world.bus, &record);
        replies_wait(2);
        assert_non_null(strstr(world.reply, "event="));
        assert_non_null(strstr(world.reply, ";time_ms=42;"));
        assert_non_null(
                strstr(world.reply, ";port=0000:00:04.0;function=;reason=;effect=;error=;text="));
}

/* A client that never reads is dropped before it costs memory. */
static void test_record_unread(void **state)
{
        struct record record = { .kind = RECORD_ARRIVAL, .port = 0, .function = BASE_SBDF_NONE };

        (void)state;
        ping();
        for (int i = 0; i < 20000 && world.bus.clients[0]; i++)
                sink_bus_record(&world.bus, &record);
        assert_null(world.bus.clients[0]);
}

static void test_clients_full(void **state)
{
        sd_bus *clients[SINK_BUS_CLIENTS_MAX];
        unsigned int count = 0;

        (void)state;
        for (unsigned int i = 0; i < SINK_BUS_CLIENTS_MAX; i++)
                clients[i] = client_connect();
        ping();
        for (int i = 0; i < 1000 && sd_bus_is_open(clients[SINK_BUS_CLIENTS_MAX - 1]) > 0; i++)
                assert_true(sd_event_run(world.loop, 1000000) >= 0);
        for (unsigned int i = 0; i < SINK_BUS_CLIENTS_MAX; i++)
                count += world.bus.clients[i] != NULL;
        assert_int_equal(count, SINK_BUS_CLIENTS_MAX);
        for (unsigned int i = 0; i < SINK_BUS_CLIENTS_MAX; i++)
                sd_bus_close_unref(clients[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_modes),         TEST(test_eject),        TEST(test_assign),
                TEST(test_eject_full),    TEST(test_disconnect),   TEST(test_record),
                TEST(test_record_unread), TEST(test_clients_full), TEST(test_routers),
                TEST(test_known),
        };

        if (geteuid() != 0)
                return 77; /* the bus lets root in only */
        return cmocka_run_group_tests(tests, NULL, NULL);
}
