/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes to what a client of the private bus writes; and what it reads back, message by message. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event/event.h"

#define FUZZ_DBUS_MESSAGES 12u
#define FUZZ_DBUS_SIZE 8192u

/** A D-Bus stream from the client's handshake on. */
struct fuzz_dbus {
        uint8_t bytes[FUZZ_DBUS_SIZE];
        size_t size, handshake; /**< of these, so many are the handshake */
        uint32_t messages;      /**< their serials are 1 to messages */
        bool clean; /**< nothing was broken on purpose, so the following is what there is */
        bool plain; /**< and nothing gives the server a reason to hang up */
        bool wants_reply[FUZZ_DBUS_MESSAGES + 1]; /**< by serial */
        uint32_t request_count;
        struct event_request requests
                [FUZZ_DBUS_MESSAGES]; /**< what is asked for, in its order: without id and guest */
};

/** What the stream consists of. */
enum fuzz_dbus_kind {
        FUZZ_DBUS_MESSAGES_MADE, /**< per message: kind, deviations, length of the argument, argument (dbus.c) */
        FUZZ_DBUS_RAW,  /**< a handshake, and data as it is */
        FUZZ_DBUS_NAKED /**< data as it is */
};

/** Writes the stream that data[0..size) describes. */
void fuzz_dbus_write(struct fuzz_dbus *ret_stream, enum fuzz_dbus_kind kind, const uint8_t *data,
                     size_t size);

/**
 * The message that begins at bytes: its size, its type and the serial that it answers (0 = none). 0 where it is not
 * complete. That it is one is asserted: it comes from the server.
 */
size_t fuzz_dbus_read(const uint8_t *bytes, size_t size, uint8_t *ret_type,
                      uint32_t *ret_reply_serial);

/** The router that a client's text names, by its place or by its unique ID. False where it names none. */
bool fuzz_dbus_router(const char *text, size_t length, struct record_router *ret_router);
