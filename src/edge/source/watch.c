/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The port watcher: a timer, and a look at each external port. */
#include <string.h>
#include <time.h>

#include "base/sbdf.h"
#include "edge/clock.h"
#include "edge/source/source.h"

static bool look_due(struct source_watch *source)
{
        uint64_t now = edge_clock_ms();

        if (now < source->look_ms)
                return false;
        source->look_ms = now + SOURCE_LOOK_MS;
        return true;
}

static void ports_read(struct source_watch *source)
{
        struct event event;
        struct effect read;
        uint32_t index = 0;

        /* The core may lose a port while it takes an event: then one port waits for the next tick. */
        for (; core_port_watched(source->core, index, &read); index++)
                if (actuator_perform(source->actuator, &read, &event) == 0)
                        source->emit(source->userdata, &event);
        if (look_due(source)) {
                event = (struct event){ .kind = EVENT_LOOK, .port = BASE_SBDF_NONE };
                event.time_ms = edge_clock_ms();
                source->emit(source->userdata, &event);
        }
        if (index > 0)
                return;
        event = (struct event){ .kind = EVENT_NONE, .port = BASE_SBDF_NONE };
        event.time_ms = edge_clock_ms();
        source->emit(source->userdata, &event);
}

static uint64_t interval_us(const struct source_watch *source)
{
        return (uint64_t)source->interval_ms * 1000u;
}

static int watch_dispatch(sd_event_source *timer, uint64_t planned_us, void *userdata)
{
        struct source_watch *source = userdata;
        int error;

        (void)planned_us;
        ports_read(source);
        /* From now on, not from when it was planned: after a long pause nothing is to be caught up with. */
        error = sd_event_source_set_time_relative(timer, interval_us(source));
        if (error < 0)
                return error;
        return sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

int source_watch_start(struct source_watch *ret_source, sd_event *loop, const struct core *core,
                       const struct actuator *actuator, uint32_t interval_ms, source_emit emit,
                       void *userdata)
{
        int error;

        *ret_source = (struct source_watch){ .core = core,
                                             .actuator = actuator,
                                             .interval_ms = interval_ms,
                                             .look_ms = edge_clock_ms() + SOURCE_LOOK_MS,
                                             .emit = emit,
                                             .userdata = userdata };
        error = sd_event_add_time_relative(
                loop, &ret_source->timer, CLOCK_MONOTONIC, interval_us(ret_source),
                /* accuracy= */ interval_us(ret_source) / 10, watch_dispatch, ret_source);
        if (error < 0)
                return error;
        (void)sd_event_source_set_description(ret_source->timer, "watch");
        return 0;
}

void source_watch_stop(struct source_watch *source)
{
        source->timer = sd_event_source_disable_unref(source->timer);
}
