/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The D-Bus wire format (specification 0.41, "Message Protocol"), little endian; no more of it than is needed. */
#include "dbus.h"

#include <string.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/sink/bus.h"
#include "fuzz.h"

/* An argument has a byte of length, so a message stays below this. */
#define MESSAGE_MAX 640u

enum dbus_type { TYPE_CALL = 1, TYPE_RETURN, TYPE_ERROR, TYPE_SIGNAL };
enum dbus_field {
        FIELD_PATH = 1,
        FIELD_INTERFACE,
        FIELD_MEMBER,
        FIELD_REPLY = 5,
        FIELD_SIGNATURE = 8
};

/* Of the byte "kind"; the lowest three bits choose the member. */
#define KIND_OTHER_TYPE 0x08u /* bits 5:4 + 1; without it they choose among the requests */
#define KIND_NO_REPLY 0x40u
#define KIND_NO_INTERFACE 0x80u
/* Of the byte "deviations". */
#define DEVIATION_PATH 0x01u
#define DEVIATION_INTERFACE 0x02u
#define DEVIATION_TWO 0x04u    /* two strings instead of one, or one instead of two */
#define DEVIATION_NONE 0x08u   /* no argument */
#define DEVIATION_NUMBER 0x10u /* the argument's first bytes as a number */
/* Its highest three bits break something, or nothing in most cases: a server hangs up where something is broken. */
#define DEVIATION_BROKEN 0xe0u
#define DEVIATION_UNENDED 0xa0u /* a string without its NUL */
#define DEVIATION_LENGTH 0xc0u  /* a body that is longer than it is */
#define DEVIATION_PATCH 0xe0u   /* two more bytes say where, and what is changed there */

static const char handshake[] = "\0AUTH EXTERNAL 30\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n";

static const struct {
        const char *interface, *member;
} members[8] = {
        { SINK_BUS_INTERFACE, NULL },        { SINK_BUS_INTERFACE, "Ports" },
        { SINK_BUS_INTERFACE, "Functions" }, { SINK_BUS_INTERFACE, "Status" },
        { SINK_BUS_INTERFACE, "History" },   { SINK_BUS_INTERFACE, "Audit" },
        { SINK_BUS_INTERFACE, "Reload" },    { SINK_BUS_INTERFACE, "Test" },
};

#define MEMBER_REQUEST 0u
#define MEMBER_RELOAD 6u

static const struct {
        const char *member;
        enum event_verb verb;
} requests[4] = {
        { "Eject", REQUEST_EJECT },
        { "Assign", REQUEST_ASSIGN },
        { "Unassign", REQUEST_UNASSIGN },
        { "Authorize", REQUEST_AUTHORIZE },
};

struct message {
        uint8_t kind, deviations;
        const uint8_t *argument;
        size_t length;
        uint8_t *bytes; /* where it is written: counted from its beginning */
        size_t size;
};

static void byte_put(struct message *message, uint8_t byte)
{
        base_assert(message->size < MESSAGE_MAX);
        message->bytes[message->size++] = byte;
}

static void pad_put(struct message *message, size_t to)
{
        while (message->size % to != 0)
                byte_put(message, 0);
}

static void number_set(struct message *message, size_t at, size_t number)
{
        for (size_t i = 0; i < 4; i++)
                message->bytes[at + i] = (uint8_t)(number >> 8 * i);
}

static void number_put(struct message *message, size_t number)
{
        pad_put(message, 4);
        for (size_t i = 0; i < 4; i++)
                byte_put(message, 0);
        number_set(message, message->size - 4, number);
}

static void bytes_put(struct message *message, const void *bytes, size_t length)
{
        for (size_t i = 0; i < length; i++)
                byte_put(message, ((const uint8_t *)bytes)[i]);
}

static void field_put(struct message *message, enum dbus_field field, char type, const char *text)
{
        pad_put(message, 8);
        bytes_put(message, (const uint8_t[]){ (uint8_t)field, 1, (uint8_t)type, 0 }, 4);
        if (type == 'g')
                byte_put(message, (uint8_t)strlen(text));
        else
                number_put(message, strlen(text));
        bytes_put(message, text, strlen(text) + 1);
}

static uint8_t type_of(const struct message *message)
{
        return message->kind & KIND_OTHER_TYPE ? (uint8_t)((message->kind >> 4 & 3) + 1)
                                               : TYPE_CALL;
}

/* Which of the requests, where it is one. */
static uint32_t request_of(const struct message *message)
{
        return message->kind & KIND_OTHER_TYPE ? 0 : message->kind >> 4 & 3;
}

static const char *member_of(const struct message *message)
{
        uint32_t member = message->kind & 7;

        return member == MEMBER_REQUEST ? requests[request_of(message)].member
                                        : members[member].member;
}

static bool assigns(const struct message *message)
{
        return (message->kind & 7) == MEMBER_REQUEST &&
               requests[request_of(message)].verb == REQUEST_ASSIGN;
}

/* 0, or one of the three. */
static uint8_t broken_how(const struct message *message)
{
        uint8_t how = message->deviations & DEVIATION_BROKEN;

        return how >= DEVIATION_UNENDED ? how : 0;
}

static const char *signature_of(const struct message *message)
{
        if (message->deviations & DEVIATION_NONE)
                return "";
        if (message->deviations & DEVIATION_NUMBER)
                return (message->kind & 7) == MEMBER_RELOAD ? "b" : "u";
        return !(message->deviations & DEVIATION_TWO) == assigns(message) ? "ss" : "s";
}

static void body_put(struct message *message)
{
        const char *signature = signature_of(message);
        uint8_t number[4] = { 0 };

        if (*signature == 'b' && message->length > 0)
                number[0] = message->argument[0] & 1; /* others are no booleans */
        if (*signature == 'u')
                memcpy(number, message->argument, message->length < 4 ? message->length : 4);
        if (*signature == 'u' || *signature == 'b') {
                bytes_put(message, number, sizeof number);
                return;
        }
        for (; *signature != '\0'; signature++) {
                number_put(message, message->length);
                bytes_put(message, message->argument, message->length);
                byte_put(message, broken_how(message) == DEVIATION_UNENDED ? 'x' : 0);
        }
}

static void message_put(struct message *message, uint32_t serial)
{
        const char *interface = members[message->kind & 7].interface;
        size_t fields, body;

        bytes_put(message, (const uint8_t[]){ 'l', type_of(message), 0, 1 }, 4);
        message->bytes[2] = message->kind & KIND_NO_REPLY ? 1 : 0;
        number_put(message, 0); /* the body's size: set below */
        number_put(message, serial);
        number_put(message, 0); /* the fields' */
        fields = message->size;
        field_put(message, FIELD_PATH, 'o',
                  message->deviations & DEVIATION_PATH ? "/org" : SINK_BUS_PATH);
        if (!(message->kind & KIND_NO_INTERFACE))
                field_put(message, FIELD_INTERFACE, 's',
                          message->deviations & DEVIATION_INTERFACE ? "org.other" : interface);
        field_put(message, FIELD_MEMBER, 's', member_of(message));
        if (*signature_of(message) != '\0')
                field_put(message, FIELD_SIGNATURE, 'g', signature_of(message));
        number_set(message, fields - 4, message->size - fields);
        pad_put(message, 8);
        body = message->size;
        body_put(message);
        number_set(message, 4,
                   message->size - body + (broken_how(message) == DEVIATION_LENGTH ? 1 : 0));
}

/* Is it what the specification lets a client send? A return needs what it returns to; strings are printable here. */
static bool message_plain(const struct message *message)
{
        if (message->kind & KIND_OTHER_TYPE &&
            (type_of(message) != TYPE_SIGNAL || message->kind & KIND_NO_INTERFACE))
                return false;
        for (size_t i = 0; i < message->length; i++)
                if (message->argument[i] < 0x20 || message->argument[i] >= 0x7f)
                        return false;
        return true;
}

bool fuzz_dbus_router(const char *text, size_t length, struct record_router *ret_router)
{
        memset(ret_router, 0, sizeof *ret_router);
        ret_router->any = true;
        return (event_router_name_parse(text, length, &ret_router->domain, &ret_router->route) &&
                ret_router->route != 0) ||
               event_unique_id_parse(text, length, ret_router->unique_id);
}

/* What it asks for; false where its argument names nothing of that kind. */
static bool request_read(const struct message *message, struct event_request *ret_request)
{
        const char *argument = (const char *)message->argument;

        memset(ret_request, 0, sizeof *ret_request);
        ret_request->verb = requests[request_of(message)].verb;
        ret_request->sbdf = BASE_SBDF_NONE;
        if (ret_request->verb == REQUEST_AUTHORIZE)
                return fuzz_dbus_router(argument, message->length, &ret_request->router);
        return base_sbdf_parse(argument, message->length, &ret_request->sbdf);
}

/* What this message must or may cause, where nothing is broken. */
static void message_note(struct fuzz_dbus *stream, const struct message *message)
{
        const uint8_t strange = DEVIATION_PATH | DEVIATION_INTERFACE | DEVIATION_TWO |
                                DEVIATION_NONE | DEVIATION_NUMBER;
        struct event_request request;

        if (broken_how(message) != 0)
                stream->clean = false;
        stream->plain = stream->plain && stream->clean && message_plain(message);
        stream->wants_reply[stream->messages] =
                type_of(message) == TYPE_CALL && !(message->kind & KIND_NO_REPLY);
        /* libsystemd finds no method without its interface. */
        if ((message->kind & (7 | KIND_NO_INTERFACE)) == 0 && type_of(message) == TYPE_CALL &&
            !(message->deviations & strange) && request_read(message, &request))
                stream->requests[stream->request_count++] = request;
}

/* Returns how many bytes of data it took. */
static size_t message_take(struct fuzz_dbus *stream, const uint8_t *data, size_t size)
{
        struct message message = { .bytes = stream->bytes + stream->size };
        size_t at = 3;

        if (size < 3)
                return size;
        message.kind = data[0];
        message.deviations = data[1];
        message.length = data[2] < size - at ? data[2] : size - at;
        message.argument = data + at;
        at += message.length;
        message_put(&message, ++stream->messages);
        message_note(stream, &message);
        if (broken_how(&message) == DEVIATION_PATCH && size - at >= 2) {
                message.bytes[data[at] % message.size] ^= data[at + 1];
                at += 2;
        }
        stream->size += message.size;
        return at;
}

void fuzz_dbus_write(struct fuzz_dbus *ret_stream, enum fuzz_dbus_kind kind, const uint8_t *data,
                     size_t size)
{
        struct fuzz_dbus *stream = ret_stream;

        stream->size = stream->handshake = 0;
        stream->messages = stream->request_count = 0;
        stream->clean = stream->plain = kind == FUZZ_DBUS_MESSAGES_MADE;
        if (kind != FUZZ_DBUS_NAKED) {
                memcpy(stream->bytes, handshake, sizeof handshake - 1);
                stream->size = stream->handshake = sizeof handshake - 1;
        }
        if (kind != FUZZ_DBUS_MESSAGES_MADE) {
                if (size > MESSAGE_MAX)
                        size = MESSAGE_MAX;
                if (size > 0)
                        memcpy(stream->bytes + stream->size, data, size);
                stream->size += size;
                return;
        }
        for (size_t at = 0; at < size && stream->messages < FUZZ_DBUS_MESSAGES;)
                at += message_take(stream, data + at, size - at);
}

_Static_assert(sizeof handshake + (size_t)FUZZ_DBUS_MESSAGES * MESSAGE_MAX <= FUZZ_DBUS_SIZE,
               "all of it must fit");

static size_t number_get(const uint8_t *bytes)
{
        return (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 |
               (size_t)bytes[3] << 24;
}

static size_t aligned(size_t size, size_t to)
{
        return (size + to - 1) / to * to;
}

size_t fuzz_dbus_read(const uint8_t *bytes, size_t size, uint8_t *ret_type,
                      uint32_t *ret_reply_serial)
{
        size_t fields, total, at = 16;
        uint32_t reply_serial = 0;

        if (size < 16)
                return 0;
        base_assert(bytes[0] == 'l' && bytes[1] >= TYPE_CALL && bytes[1] <= TYPE_SIGNAL);
        fields = number_get(bytes + 12);
        total = aligned(16 + fields, 8) + number_get(bytes + 4);
        if (size < total)
                return 0;
        while (at < 16 + fields) {
                uint8_t field = bytes[at], type = bytes[at + 2];

                at += 4;
                if (field == FIELD_REPLY)
                        reply_serial = (uint32_t)number_get(bytes + at);
                if (type == 'g')
                        at += bytes[at] + 2u;
                else
                        at += type == 'u' ? 4 : number_get(bytes + at) + 5;
                at = aligned(at, 8);
        }
        *ret_type = bytes[1];
        *ret_reply_serial = reply_serial;
        return total;
}
