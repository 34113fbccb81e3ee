/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel uevents: not ours, a uevent about a valid place, or as good as lost. */
#include <stdbool.h>
#include <string.h>

#include "core/event/parse.h"
#include "fuzz.h"

static void uevent_check(const struct event *event)
{
        static const struct event_uevent lost;
        const struct event_uevent *uevent = &event->uevent;

        if (event->kind == EVENT_OVERRUN) {
                base_assert(memcmp(uevent, &lost, sizeof lost) == 0);
                return;
        }
        base_assert(event->kind == EVENT_UEVENT);
        base_assert(uevent->action <= UEVENT_OTHER);
        base_assert(uevent->subsystem < SUBSYSTEM_OTHER);
        if (uevent->subsystem == SUBSYSTEM_THUNDERBOLT)
                base_assert(memcmp(&uevent->place, &lost.place, sizeof lost.place) == 0);
        else
                fuzz_place_check(&uevent->place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct event event;
        bool ours = event_uevent_parse((const char *)data, size, &event);

        base_assert(event.token == 0 && event.time_ms == 0 && event.port == 0 && event.error == 0);
        if (ours)
                uevent_check(&event);
        else
                base_assert(event.kind == EVENT_NONE);
        return 0;
}
