/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened below each port, for those who ask afterwards: records in memory, bounded, the oldest dropped first. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"

/** Records that are kept of one port. A whole arrival of ten functions leaves about 100. */
#define SINK_HISTORY_RECORDS 512u
/** One for each port, and one for what is about all of them. */
#define SINK_HISTORY_RINGS (LIMIT_PORTS + 1u)

struct sink_history_ring {
        uint32_t port;  /* BASE_SBDF_NONE: about all of them */
        uint64_t first; /* index of the oldest that is kept: so many were dropped */
        uint64_t added; /* index behind the newest; 0 = the ring is free */
        uint64_t last;  /* sequence of the newest */
        struct sink_history_entry {
                uint64_t sequence; /* over all rings, from 1 */
                uint64_t times;    /* it, and what follows, came so often in a row */
                uint64_t last_ms;  /* when it came last */
                struct record record;
        } entries[SINK_HISTORY_RECORDS];
};

/** About 2 MiB: never on a stack. All zero = empty. */
struct sink_history {
        uint64_t sequence;
        struct sink_history_ring rings[SINK_HISTORY_RINGS];
};

/**
 * Keeps a copy. What only repeats itself, alone or with up to seven others in the same order, is counted instead: a
 * port that does not answer must not drive out what led to it. Where there are more ports than rings, that of the port
 * with the longest silence is given up.
 */
void sink_history_add(struct sink_history *history, const struct record *record);

/** The port of which something about this function (or the port itself) was kept last; BASE_SBDF_NONE where none is. */
uint32_t sink_history_port(const struct sink_history *history, uint32_t device);

/**
 * The next record about the port, or about all ports, in order: *sequence is that of the one before, 0 at the
 * beginning. With a function (else BASE_SBDF_NONE) records about other functions are left out. NULL after the last.
 */
const struct sink_history_entry *sink_history_next(const struct sink_history *history,
                                                   uint32_t port, uint32_t function,
                                                   uint64_t *sequence);

/**
 * Is the record about this router? By domain and route, whichever was there; or where route is 0, by unique ID,
 * wherever that was. What is about routers is kept with what is about all ports.
 */
bool sink_history_about(const struct record *record, const struct record_router *router);

/** How many older records of the port there is no room for any more. */
uint64_t sink_history_dropped(const struct sink_history *history, uint32_t port);
