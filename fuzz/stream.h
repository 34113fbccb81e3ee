/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes to events: any kind, any values, but mostly such as have something to do with the core's state. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/event/event.h"

struct core;

/**
 * Layout: one byte that says how the run begins (FUZZ_BEGIN_*), then per event one byte for kind and time, and what
 * stream.c takes for that kind. Where the bytes end, an event is completed with zeroes, and no other follows.
 */
struct fuzz_stream {
        const uint8_t *data; /**< the caller's */
        size_t size, at;
        uint64_t time_ms; /**< of the last event */
        uint32_t begun;   /**< events of the beginning that were made */
        uint8_t begin;
        uint32_t requests; /**< made so far; they have the ids 1 to requests */
        struct event
                event; /**< the last one; what its kind does not use holds leftovers, and may not be read */
};

#define FUZZ_BEGIN_STARTED 0x01u /* configuration, platform and the ports come first */
#define FUZZ_BEGIN_POWER 0x02u   /* the ports have power controllers */
#define FUZZ_BEGIN_READ 0x04u    /* they are read once: guarded, occupied, link up */
#define FUZZ_BEGIN_NEW_XEN 0x08u /* 4.20, else 4.17 */
#define FUZZ_BEGIN_MEMORY \
        0x10u /* two of the kinds that come twice are about the state file instead */

#define FUZZ_BEGIN_ROUTERS 0x20u /* ... of those, and of requests, are about Thunderbolt routers */

/** Starts on data[0..size), which must outlive the stream. */
void fuzz_stream_begin(struct fuzz_stream *stream, const uint8_t *data, size_t size);

/**
 * The next event, or NULL where the bytes have ended. The core is looked at for tokens and addresses that it waits
 * for. Counts stay within their arrays, and texts end: the edge's part of the contract (base_assert in model/).
 */
const struct event *fuzz_stream_next(struct fuzz_stream *stream, const struct core *core);
