/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can ever hang below the ports: constant during a run, so no state holds more of it than a pointer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Upper bounds of what a shape can hold; a run costs what its own shape holds. */
#define SIM_PORTS 8
#define SIM_FUNCTIONS 16 /* below one port */
#define SIM_DEVICES 8    /* that are plugged into one port at different times */

#define SIM_DIRECT UINT8_MAX /* parent: directly below the port */

/* SIM_NONE: this device has no function at that address. */
enum sim_kind { SIM_NONE, SIM_ENDPOINT, SIM_BRIDGE };

/* What a function says of itself in config space, and which dom0 driver takes it. */
struct sim_facts {
        enum sim_kind kind;
        bool untyped;        /* it shows Xen a type that it cannot add (H4) */
        uint8_t header_type; /* register 0Eh, with the multi-function bit */
        uint16_t vendor, device;
        uint32_t class;     /* 24 bits */
        const char *driver; /* NULL: none */
};

/*
 * One address below a port. Which function answers there depends on the device that is plugged: facts[identity - 1].
 * Bus numbers are dealt once for all devices of the port: each bridge that any of them has leads to its own bus.
 */
struct sim_place {
        uint32_t sbdf;
        uint8_t parent; /* index of the bridge above, smaller than the own; or SIM_DIRECT */
        uint8_t first;  /* index of function 0 of the same device number, which can be this one */
        struct sim_facts facts[SIM_DEVICES];
};

struct sim_shape_port {
        uint32_t sbdf; /* on a root bus */
        bool power_controller;
        bool fixed;  /* not Hot-Plug Capable: pciehp never holds it */
        bool no_acs; /* no ACS capability */
        bool spared; /* what dom0 uses there, where it does, it could do without */
        uint8_t bus_first, bus_last;
        uint8_t count; /* 0: nothing is ever plugged */
        struct sim_place places
                [SIM_FUNCTIONS]; /* [0] is 00.0: every device has it (PCIe Base Spec 2.2.6.2) */
};

struct event_config;

struct sim_shape {
        const struct event_config *config;       /* NULL: External=auto */
        bool ats, no_intremap, dom0_passthrough; /* how Xen was started */
        uint8_t port_count;
        struct sim_shape_port ports[SIM_PORTS];
};

/* Ports that the explorer can search at once: its moves have to fit (SIM_MOVES). */
#define SIM_EXPLORED_PORTS 2

/**
 * What the explorer searches: two ports, below each a bridge (bus N, 00.0) and two leaves behind it (bus N+1, 00.0 and
 * 01.0), and a second device of the same build to swap it for.
 */
const struct sim_shape *sim_shape_explored(bool power_controller);
