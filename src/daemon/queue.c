/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that wait: each takes only the memory that its kind needs, for the largest is a hundred times the smallest. */
#include "daemon/queue.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct daemon_queued {
        struct daemon_queued *next;
        size_t size;
        enum event_kind kind;
        uint32_t port;
        char bytes[];
};

#define SIZE_WITH(member) (offsetof(struct event, member) + sizeof(((struct event *)NULL)->member))

static size_t event_size(enum event_kind kind)
{
        switch (kind) {
        case EVENT_CONFIG:
                return SIZE_WITH(config);
        case EVENT_PLATFORM:
                return SIZE_WITH(platform);
        case EVENT_PORT_FOUND:
                return SIZE_WITH(found);
        case EVENT_PORT_READ:
                return SIZE_WITH(registers);
        case EVENT_INVENTORY:
                return SIZE_WITH(inventory);
        case EVENT_OWNERS:
                return SIZE_WITH(owners);
        case EVENT_RESERVED:
                return SIZE_WITH(reserved);
        case EVENT_UEVENT:
                return SIZE_WITH(uevent);
        case EVENT_REQUEST:
                return SIZE_WITH(request);
        case EVENT_RULES:
                /* Of the pointer, indeed. NOLINTNEXTLINE(bugprone-sizeof-expression) */
                return SIZE_WITH(rules);
        case EVENT_MEMORY:
                return SIZE_WITH(memory);
        case EVENT_MEMORY_END:
                return SIZE_WITH(memory_end);
        case EVENT_GUESTS:
                return SIZE_WITH(guests);
        case EVENT_ROUTERS:
                return SIZE_WITH(routers);
        case EVENT_SESSIONS:
                return SIZE_WITH(sessions);
        case EVENT_COMPLETED:
                return SIZE_WITH(completed);
        case EVENT_LOOK:
        case EVENT_NONE:
        case EVENT_PORTS_END:
        case EVENT_OVERRUN:
        case EVENT_MAX:
                break;
        }
        return offsetof(struct event, config);
}

bool daemon_queue_push(struct daemon_queue *queue, const struct event *event)
{
        size_t size = event_size(event->kind);
        struct daemon_queued *queued = NULL;

        if (queue->count < DAEMON_QUEUE_MAX)
                queued = malloc(sizeof *queued + size);
        if (!queued)
                return false;
        queued->next = NULL;
        queued->size = size;
        queued->kind = event->kind;
        queued->port = event->port;
        memcpy(queued->bytes, event, size);
        if (queue->last)
                queue->last->next = queued;
        else
                queue->first = queued;
        queue->last = queued;
        queue->count++;
        return true;
}

void daemon_queue_drop_readings(struct daemon_queue *queue, uint32_t port)
{
        struct daemon_queued **link = &queue->first, *queued;

        queue->last = NULL;
        while ((queued = *link)) {
                if (queued->kind == EVENT_PORT_READ && queued->port == port) {
                        *link = queued->next;
                        queue->count--;
                        free(queued);
                        continue;
                }
                queue->last = queued;
                link = &queued->next;
        }
}

bool daemon_queue_pop(struct daemon_queue *queue, struct event *ret_event)
{
        struct daemon_queued *queued = queue->first;

        if (!queued)
                return false;
        queue->first = queued->next;
        if (!queue->first)
                queue->last = NULL;
        queue->count--;
        memset(ret_event, 0, sizeof *ret_event); /* core state is hashed whole */
        memcpy(ret_event, queued->bytes, queued->size);
        free(queued);
        return true;
}
