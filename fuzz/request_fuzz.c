/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client can write to the private bus, over its real socket: no request is made up, none is answered twice. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/model/model.h"
#include "core/step.h"
#include "dbus.h"
#include "edge/sink/bus.h"
#include "edge/sink/history.h"
#include "fuzz.h"

/* Of the first byte of an input; the highest four bits say what the rest is: most often messages. */
#define KIND_RAW 0xfu
#define KIND_NAKED 0xeu
#define ANSWER_AT_ONCE 0x01u
#define ANSWER_TWICE 0x02u /* the core never does; then the second goes nowhere */
#define RECORD 0x04u       /* something happens while the client is there */
#define LEAVE 0x08u        /* the client is gone before it is answered */

/* Turns of the loop that one input may need: a few for the connection, and one for each message and answer. */
#define TURNS_MAX 200u
#define TURN_US 1000u
#define READ_MAX (256u << 10) /* of twelve audits */

struct world {
        char directory[48];
        struct sockaddr_un address;
        sd_event *loop;
        struct sink_bus bus;
        struct core core;
        struct sink_history history;
        struct fuzz_dbus stream;
        int client;
        unsigned int how;
        unsigned int request_count, request_at;
        uint64_t requests[SINK_BUS_REQUESTS_MAX + FUZZ_DBUS_MESSAGES];
        unsigned int replies[FUZZ_DBUS_MESSAGES + 1];
        uint8_t read[READ_MAX];
        size_t read_size;
};

static struct world world;

static const struct record world_record = { .kind = RECORD_ARRIVAL, .function = BASE_SBDF_NONE };

static bool routers_equal(const struct record_router *a, const struct record_router *b)
{
        return a->any == b->any && a->domain == b->domain && a->route == b->route &&
               a->instance == b->instance &&
               memcmp(a->unique_id, b->unique_id, sizeof a->unique_id) == 0;
}

/* Does the client's text name this device or router, as a string of its own? */
static bool target_given(const struct event_request *request)
{
        const uint8_t *end = world.stream.bytes + world.stream.size, *nul;
        struct record_router router;
        uint32_t sbdf;

        for (const uint8_t *at = world.stream.bytes; at < end; at++) {
                const char *text = (const char *)at;

                nul = memchr(at, '\0', (size_t)(end - at));
                if (!nul)
                        break;
                if (request->router.any ? fuzz_dbus_router(text, (size_t)(nul - at), &router) &&
                                                  routers_equal(&router, &request->router)
                                        : base_sbdf_parse(text, (size_t)(nul - at), &sbdf) &&
                                                  sbdf == request->sbdf)
                        return true;
        }
        return false;
}

static void answer(uint64_t id)
{
        const struct effect effect = { .kind = EFFECT_REPLY, .request = id, .result = RESULT_DONE };

        sink_bus_reply(&world.bus, &effect);
        if (world.how & ANSWER_TWICE)
                sink_bus_reply(&world.bus, &effect);
}

static const char *const methods[REQUEST_MAX] = {
        [REQUEST_EJECT] = "Eject",       [REQUEST_ASSIGN] = "Assign",
        [REQUEST_UNASSIGN] = "Unassign", [REQUEST_AUTHORIZE] = "Authorize",
        [REQUEST_ENROLL] = "Enroll",     [REQUEST_FORGET] = "Forget",
};

/* Is it the one that was written next? */
static bool request_is(const struct fuzz_dbus *stream, const struct event_request *request)
{
        const struct event_request *written = &stream->requests[world.request_at];

        return written->sbdf == request->sbdf && written->verb == request->verb &&
               routers_equal(&written->router, &request->router);
}

static void request_take(void *userdata, const struct event *event)
{
        const struct fuzz_dbus *stream = &world.stream;

        base_assert(userdata == &world && event->kind == EVENT_REQUEST);
        base_assert(event->port == BASE_SBDF_NONE && event->token == 0);
        base_assert(event->request.verb < REQUEST_MAX && event->request.id != 0);
        base_assert((event->request.verb > REQUEST_UNASSIGN) == event->request.router.any);
        base_assert(event->request.router.any == (event->request.sbdf == BASE_SBDF_NONE));
        base_assert(target_given(&event->request));
        base_assert(memmem(stream->bytes, stream->size, methods[event->request.verb],
                           strlen(methods[event->request.verb])));
        base_assert((event->request.verb == REQUEST_ASSIGN) == (event->request.guest[0] != '\0'));
        base_assert(memchr(event->request.guest, '\0', sizeof event->request.guest));
        while (stream->clean && !request_is(stream, &event->request))
                base_assert(++world.request_at < stream->request_count);
        world.request_at++;
        base_assert(!stream->clean || world.request_at <= stream->request_count);
        for (unsigned int i = 0; i < world.request_count; i++)
                base_assert(world.requests[i] != event->request.id);
        base_assert(world.request_count < sizeof world.requests / sizeof world.requests[0]);
        world.requests[world.request_count++] = event->request.id;
        if (world.how & ANSWER_AT_ONCE)
                answer(event->request.id);
}

/* Of the files on disk: good or bad by the input's first byte. */
static const struct core *preview_make(void *userdata, bool tell, char *ret_error)
{
        (void)tell;
        base_assert(userdata == &world);
        (void)snprintf(ret_error, SINK_BUS_ERROR_SIZE, "a.conf:1:1: wrong");
        return world.how & RECORD ? NULL : &world.core;
}

static void preview_apply(void *userdata, uint32_t changes)
{
        base_assert(userdata == &world && changes == 0 && !(world.how & RECORD));
        base_assert(memmem(world.stream.bytes, world.stream.size, "Reload", 6));
}

static void machine_read(void *userdata, struct event_machine *ret_machine)
{
        base_assert(userdata == &world);
        ret_machine->linux_major = 6;
}

static void world_end(void)
{
        sink_bus_close(&world.bus);
        (void)remove(world.address.sun_path);
        (void)remove(world.directory);
        sd_event_unref(world.loop);
}

static void world_begin(void)
{
        (void)snprintf(world.directory, sizeof world.directory, "/tmp/sallyport-fuzz-XXXXXX");
        base_assert(geteuid() == 0); /* the bus lets root in only: nothing would be fuzzed */
        base_assert(mkdtemp(world.directory) && sd_event_new(&world.loop) >= 0);
        world.client = -1;
        core_init(&world.core);
        base_assert(sink_bus_open(&world.bus, world.loop, world.directory, &world.core,
                                  request_take, &world) == 0);
        world.bus.history = &world.history;
        world.bus.preview = preview_make;
        world.bus.apply = preview_apply;
        world.bus.machine = machine_read;
        sink_history_add(&world.history, &world_record);
        world.address.sun_family = AF_UNIX;
        (void)snprintf(world.address.sun_path, sizeof world.address.sun_path, "%s/" SINK_BUS_SOCKET,
                       world.directory);
        base_assert(atexit(world_end) == 0);
}

static void reply_note(uint32_t serial)
{
        const struct fuzz_dbus *stream = &world.stream;

        base_assert(serial != 0);
        if (!stream->clean)
                return; /* what the client meant by a serial is its own affair */
        base_assert(serial <= stream->messages && stream->wants_reply[serial]);
        base_assert(++world.replies[serial] == 1);
}

/* Lines of the handshake, then messages; what is not complete yet stays. */
static void replies_take(void)
{
        const uint8_t *at = world.read, *end = at + world.read_size;

        while (at < end) {
                const uint8_t *feed = *at == 'l' ? NULL : memchr(at, '\n', (size_t)(end - at));
                uint8_t type;
                uint32_t serial;
                size_t taken = feed ? (size_t)(feed + 1 - at) : 0;

                if (*at == 'l') {
                        taken = fuzz_dbus_read(at, (size_t)(end - at), &type, &serial);
                        if (taken > 0 && type != 4) /* no signal */
                                reply_note(serial);
                }
                if (taken == 0)
                        break;
                at += taken;
        }
        world.read_size = (size_t)(end - at);
        memmove(world.read, at, world.read_size);
}

/*
 * Until there is nothing left to do, which must be soon; then the client reads, once: all replies fit. Messages are not
 * waited for in the loop, which does with them what is done here: that is half of the time.
 */
static void world_run(void)
{
        unsigned int turns = 0;
        ssize_t got;
        int r;

        do {
                r = world.bus.clients[0] ? sd_bus_process(world.bus.clients[0], NULL) : 0;
                if (r <= 0) /* nothing more, or the loop has to hang up */
                        r = sd_event_run(world.loop, 0);
                base_assert(r >= 0 && ++turns < TURNS_MAX);
        } while (r > 0);
        if (world.client < 0)
                return;
        got = read(world.client, world.read + world.read_size, READ_MAX - world.read_size);
        base_assert(got < (ssize_t)(READ_MAX - world.read_size));
        if (got > 0) {
                world.read_size += (size_t)got;
                replies_take();
        }
}

static void client_write(size_t from, size_t to)
{
        base_assert(write(world.client, world.stream.bytes + from, to - from) ==
                    (ssize_t)(to - from));
}

/*
 * A client that kept to the protocol serves the next input as well: connecting costs more than all the rest. Messages
 * follow the handshake when that was answered: libsystemd leaves alone what comes in the same breath.
 */
static void client_open(void)
{
        if (world.client >= 0) {
                client_write(world.stream.handshake, world.stream.size);
                return;
        }
        world.client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        base_assert(world.client >= 0);
        base_assert(connect(world.client, (const struct sockaddr *)&world.address,
                            sizeof world.address) == 0);
        client_write(0, world.stream.handshake);
        if (world.stream.handshake > 0)
                world_run();
        client_write(world.stream.handshake, world.stream.size);
}

static bool clients_none(void)
{
        for (unsigned int i = 0; i < SINK_BUS_CLIENTS_MAX; i++)
                if (world.bus.clients[i])
                        return false;
        return true;
}

static void requests_none_check(void)
{
        for (unsigned int i = 0; i < SINK_BUS_REQUESTS_MAX; i++)
                base_assert(world.bus.requests[i].id == 0 && !world.bus.requests[i].message);
}

/*
 * Nothing of a client that is gone stays. Soon, not at once: where a message found no memory (fuzz/run), libsystemd
 * hangs up in a turn of the loop of its own.
 */
static void client_close(void)
{
        if (world.client >= 0)
                base_assert(close(world.client) == 0);
        world.client = -1;
        world_run();
        for (unsigned int turns = 0; !clients_none() && turns < TURNS_MAX; turns++)
                base_assert(sd_event_run(world.loop, TURN_US) >= 0);
        base_assert(clients_none());
        requests_none_check();
}

/* Whoever keeps to the protocol gets what was asked for, once. */
static void plain_check(void)
{
        const struct fuzz_dbus *stream = &world.stream;

        base_assert(world.request_at == stream->request_count);
        base_assert(world.request_count == stream->request_count);
        for (uint32_t serial = 1; serial <= stream->messages; serial++)
                base_assert(world.replies[serial] == (stream->wants_reply[serial] ? 1 : 0));
}

static enum fuzz_dbus_kind kind_of(uint8_t byte)
{
        if (byte >> 4 == KIND_RAW)
                return FUZZ_DBUS_RAW;
        return byte >> 4 == KIND_NAKED ? FUZZ_DBUS_NAKED : FUZZ_DBUS_MESSAGES_MADE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        enum fuzz_dbus_kind kind;

        if (!world.loop)
                world_begin();
        if (size == 0)
                return 0;
        world.how = data[0];
        kind = kind_of(data[0]);
        world.request_count = world.request_at = 0;
        world.read_size = 0;
        memset(world.replies, 0, sizeof world.replies);
        if (kind == FUZZ_DBUS_NAKED)
                client_close();
        fuzz_dbus_write(&world.stream, kind, data + 1, size - 1);
        client_open();
        world_run();
        if (world.how & LEAVE)
                client_close();
        if (world.how & RECORD)
                sink_bus_record(&world.bus, &world_record);
        for (unsigned int i = 0; i < world.request_count && !(world.how & ANSWER_AT_ONCE); i++)
                answer(world.requests[i]);
        if (world.request_count > 0 || world.how & RECORD)
                world_run();
        if (!(world.how & LEAVE) && world.stream.plain)
                plain_check();
        requests_none_check();
        if (!world.stream.clean || clients_none())
                client_close();
        return 0;
}
