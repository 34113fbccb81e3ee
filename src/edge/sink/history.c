/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of records for each port. */
#include "edge/sink/history.h"

#include <stddef.h>
#include <string.h>

#include "base/sbdf.h"

#define PERIOD_MAX 8u

static const struct sink_history_ring *ring_get(const struct sink_history *history, uint32_t port)
{
        for (size_t i = 0; i < SINK_HISTORY_RINGS; i++)
                if (history->rings[i].added > 0 && history->rings[i].port == port)
                        return &history->rings[i];
        return NULL;
}

/* The first ring is for what is about all ports. */
static struct sink_history_ring *ring_take(struct sink_history *history, uint32_t port)
{
        struct sink_history_ring *oldest = &history->rings[port == BASE_SBDF_NONE ? 0 : 1];

        for (size_t i = 1; port != BASE_SBDF_NONE && i < SINK_HISTORY_RINGS; i++) {
                if (history->rings[i].added > 0 && history->rings[i].port == port)
                        return &history->rings[i];
                if (history->rings[i].last < oldest->last)
                        oldest = &history->rings[i];
        }
        if (port != BASE_SBDF_NONE)
                memset(oldest, 0, sizeof *oldest);
        oldest->port = port;
        return oldest;
}

static struct sink_history_entry *ring_slot(struct sink_history_ring *ring, uint64_t index)
{
        return &ring->entries[index % SINK_HISTORY_RECORDS];
}

bool sink_history_about(const struct record *record, const struct record_router *router)
{
        if (!record->router.any || !router->any)
                return false;
        if (router->route != 0)
                return record->router.domain == router->domain &&
                       record->router.route == router->route;
        return memcmp(record->router.unique_id, router->unique_id, sizeof router->unique_id) == 0;
}

/* About the same router, calling itself the same; or both about none. */
static bool router_same(const struct record *a, const struct record *b)
{
        if (!a->router.any || !b->router.any)
                return a->router.any == b->router.any;
        return a->router.instance == b->router.instance && sink_history_about(a, &b->router) &&
               memcmp(a->router.unique_id, b->router.unique_id, sizeof a->router.unique_id) == 0 &&
               memcmp(a->told, b->told, sizeof a->told) == 0;
}

/* The same, but for the time? */
static bool record_same(const struct record *a, const struct record *b)
{
        return a->kind == b->kind && a->reason == b->reason && a->function == b->function &&
               a->effect == b->effect && a->error == b->error && a->count == b->count &&
               memcmp(a->driver, b->driver, sizeof a->driver) == 0 && router_same(a, b);
}

/* Are the newest records the same as those before them? */
static bool ring_repeats(struct sink_history_ring *ring, uint64_t period)
{
        if (ring->added - ring->first < 2 * period)
                return false;
        for (uint64_t i = ring->added - period; i < ring->added; i++)
                if (ring_slot(ring, i)->times != 1 ||
                    !record_same(&ring_slot(ring, i)->record, &ring_slot(ring, i - period)->record))
                        return false;
        return true;
}

static void ring_fold(struct sink_history_ring *ring, uint64_t period)
{
        for (uint64_t i = ring->added - period; i < ring->added; i++) {
                ring_slot(ring, i - period)->times++;
                ring_slot(ring, i - period)->last_ms = ring_slot(ring, i)->last_ms;
        }
        ring->added -= period;
}

void sink_history_add(struct sink_history *history, const struct record *record)
{
        /* What is about a router stands together, at whichever port that appears. */
        struct sink_history_ring *ring =
                ring_take(history, record->router.any ? BASE_SBDF_NONE : record->port);

        ring->last = ++history->sequence;
        *ring_slot(ring, ring->added) = (struct sink_history_entry){
                .sequence = ring->last,
                .times = 1,
                .last_ms = record->time_ms,
                .record = *record,
        };
        ring->added++;
        if (ring->added - ring->first > SINK_HISTORY_RECORDS)
                ring->first++;
        for (uint64_t period = 1; period <= PERIOD_MAX; period++)
                if (ring_repeats(ring, period)) {
                        ring_fold(ring, period);
                        return;
                }
}

static uint64_t ring_kept(const struct sink_history_ring *ring)
{
        return ring->added - ring->first;
}

static const struct sink_history_entry *ring_at(const struct sink_history_ring *ring,
                                                uint64_t index)
{
        return &ring->entries[(ring->first + index) % SINK_HISTORY_RECORDS];
}

uint32_t sink_history_port(const struct sink_history *history, uint32_t device)
{
        const struct sink_history_ring *ring = ring_get(history, device);
        uint64_t newest = 0;
        uint32_t port = BASE_SBDF_NONE;

        if (device == BASE_SBDF_NONE || ring)
                return device;
        for (size_t i = 1; i < SINK_HISTORY_RINGS; i++) {
                ring = &history->rings[i];
                for (uint64_t j = 0; j < ring_kept(ring); j++) {
                        const struct sink_history_entry *entry = ring_at(ring, j);

                        if (entry->record.function != device || entry->sequence <= newest)
                                continue;
                        newest = entry->sequence;
                        port = ring->port;
                }
        }
        return port;
}

/* The first entry after this one; its sequences only grow. */
static const struct sink_history_entry *ring_next(const struct sink_history_ring *ring,
                                                  uint32_t function, uint64_t sequence)
{
        uint64_t low = 0, high = ring ? ring_kept(ring) : 0, kept = high;

        while (low < high) {
                uint64_t middle = (low + high) / 2;

                if (ring_at(ring, middle)->sequence <= sequence)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (; low < kept; low++) {
                const struct sink_history_entry *entry = ring_at(ring, low);

                if (function == BASE_SBDF_NONE || entry->record.function == BASE_SBDF_NONE ||
                    entry->record.function == function)
                        return entry;
        }
        return NULL;
}

const struct sink_history_entry *sink_history_next(const struct sink_history *history,
                                                   uint32_t port, uint32_t function,
                                                   uint64_t *sequence)
{
        const struct sink_history_entry *own, *common;

        own = port == BASE_SBDF_NONE ? NULL
                                     : ring_next(ring_get(history, port), function, *sequence);
        common = ring_next(ring_get(history, BASE_SBDF_NONE), BASE_SBDF_NONE, *sequence);
        if (!own || (common && common->sequence < own->sequence))
                own = common;
        if (!own)
                return NULL;
        *sequence = own->sequence;
        return own;
}

uint64_t sink_history_dropped(const struct sink_history *history, uint32_t port)
{
        const struct sink_history_ring *ring = ring_get(history, port);

        return ring ? ring->first : 0;
}
