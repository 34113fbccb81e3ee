/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario while it is read: what the lines say (scenario.c), before it is put together (link.c). */
#pragma once

#include "scenario.h"

/* A piece of the scenario's text, within one line. */
struct span {
        const char *bytes;
        size_t length;
};

/* Where a function sits: from the port down, device and function number of each bridge above it, and its own. */
struct draft_path {
        uint8_t length;
        uint8_t devfn[SIM_DEPTH];
};

struct draft_function {
        struct span text; /* the path, for diagnoses */
        struct draft_path path;
        struct sim_facts facts;
};

struct draft_device {
        struct span name;
        uint32_t count;
        struct draft_function functions[SIM_FUNCTIONS];
};

struct draft_port {
        struct span at_boot; /* length 0: nothing */
        struct span address; /* for diagnoses */
        struct span use;     /* length 0: dom0 uses nothing there */
        uint32_t sbdf;
        bool power_controller, fixed, no_acs, spared;
};

struct draft {
        const char *text;
        size_t length;
        struct sim_diagnosis *diagnosis;
        struct sim_scenario *scenario;
        uint32_t port_count, device_count, event_count;
        struct draft_port ports[SIM_PORTS];
        struct draft_device devices[SIM_DEVICES];
        struct span events[SIM_EVENTS];
};

/** Tells what is wrong at a token: "before'token'after". Always false. */
bool draft_reject(const struct draft *draft, const char *before, struct span token,
                  const char *after);
struct span draft_trimmed(struct span span);
/** Cuts the first blank-separated word off *rest; false where there is none left. */
bool draft_word(struct span *rest, struct span *ret_word);
/** "00.0/01.0"; false where it is no path or deeper than SIM_DEPTH. */
bool draft_path_parse(struct span text, struct draft_path *ret_path);
/** Makes the scenario's shape and events of what the lines said. */
bool draft_link(struct draft *draft);
