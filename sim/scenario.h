/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario: a machine, what is plugged into it, and what happens. Its text: sallyport-simulate(1). */
#pragma once

#include <stdbool.h>

#include "core/event/event.h"
#include "move.h"
#include "shape.h"
#include "simulate.h"

#define SIM_EVENTS 64 /* in one scenario */
#define SIM_DEPTH 8   /* bridges above a function, and itself */
#define SIM_NAME 24   /* bytes of a device's or driver's name, NUL included */

/** Something that happens: a move, and how it is told ("plug 0000:00:04.0 dock"). */
struct sim_event {
        struct sim_move move;
        char text[96];
};

struct sim_scenario {
        enum sim_vendor vendor;
        uint16_t xen_minor;
        struct event_config config;
        struct sim_shape shape; /* points into the scenario: never copy one */
        char drivers[SIM_DEVICES][SIM_FUNCTIONS][SIM_NAME]; /* shape points to them */
        uint8_t at_boot
                [SIM_PORTS]; /* identity of what is plugged before the daemon starts; 0 = nothing */
        bool used[SIM_PORTS]; /* by dom0, from then on */
        uint32_t event_count;
        struct sim_event events[SIM_EVENTS];
};

/** False, with *ret_diagnosis filled, where the text is no scenario; *ret_scenario is then undefined. Not reentrant. */
bool sim_scenario_parse(const char *text, size_t length, struct sim_scenario *ret_scenario,
                        struct sim_diagnosis *ret_diagnosis);
