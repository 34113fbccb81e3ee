/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small machine for unit tests of the core: one root port with a slot, a kernel, Xen. */
#pragma once

/*
 * It carries out effects as the edge would, and answers with what is then so. Faults are switches. The explorer's world
 * (sim/) is another thing: this one serves tests that tell one story each.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/effect.h"
#include "core/event/event.h"
#include "core/model/model.h"

#define WORLD_PORT BASE_SBDF(0, 0, 4, 0)
#define WORLD_FUNCTIONS 8
#define WORLD_BUSES 4
#define WORLD_GUEST "sys-net"
#define WORLD_GUEST_DOMID 3u
/** The disk that world_plug() plugs. */
#define WORLD_LEAF BASE_SBDF(0, 1, 0, 0)
#define WORLD_QUEUE 64
#define WORLD_RECORDS 512

/* A physical function below the port, as the kernel and Xen see it. */
struct world_function {
        struct event_function facts; /* instance 0 = not known to the kernel */
        uint16_t owner;              /* EVENT_OWNER_ABSENT = unknown to Xen */
        uint16_t rights;             /* guest that Xen lets map its memory: no toolstack takes that away */
        uint16_t claimed;            /* guest that xenstore names; 0: none */
        bool there;                  /* physically */
        bool refuses;                /* quarantine answers EBUSY */
        bool clings;                 /* its driver cannot be unbound */
};

struct world {
        struct core core;
        uint64_t now_ms;
        uint16_t minute; /* of the week */
        uint64_t instance_next;
        enum event_iommu iommu;         /* VT-d by itself */
        struct event_coverage coverage; /* of AMD-Vi: by itself all of buses 1 to 4 */
        /* Owners of requester IDs that are no function's: of buses 1 to 4. */
        uint16_t others[WORLD_BUSES][256];
        uint32_t adds;              /* requester IDs that Xen was told of by EFFECT_RESERVE */
        struct event_config config; /* as the daemon reads it at its start */
        struct event_port found;
        struct event_port_registers registers;
        struct world_function functions[WORLD_FUNCTIONS];
        struct event queue[WORLD_QUEUE];
        uint32_t queue_first, queue_count;
        struct record records[WORLD_RECORDS];
        uint32_t record_count;
        struct record
                story[WORLD_RECORDS]; /* these, and those of debug priority, with what is seen */
        uint32_t story_count;
        struct effect replies[8];
        uint32_t reply_count;
        uint32_t done[EFFECT_MAX];              /* effects carried out, by kind */
        struct event_memory memory;             /* port 0 = nothing is remembered */
        struct event_memory router_memory;      /* of routers; port 0 likewise */
        enum event_memory_status memory_status; /* what the next start finds; GOOD by itself */
        uint16_t guest;                         /* domid of WORLD_GUEST; 0 = it does not run */
        bool toolstack_fails;
        bool forced;            /* the last detachment was */
        bool rights_stay;       /* Xen takes none away */
        uint32_t rights_dropped; /* functions that were removed, or given to another, while a guest had rights */
        enum effect_kind lies;  /* this kind answers 0 and does nothing */
        enum effect_kind fails; /* this kind answers EIO */
        enum effect_kind hangs; /* this kind never answers */
        bool rescan_opens;      /* the kernel sets BME while it enumerates */
        struct event_routers routers; /* as the kernel lists them: none, and no domain, by itself */
        struct event_sessions sessions; /* by itself there is no logind */
        bool keyless;                 /* whoever is challenged does not have the key */
        uint32_t exposures; /* looks at the machine, after every effect, that saw both doors open */
};

/** A machine with Xen and VT-d, an empty slot, pciehp bound and BME set, as stock Linux leaves it. */
void world_init(struct world *ret_world);
/** Configuration (auto), platform and discovery: as the daemon starts. Runs until nothing is left to do. */
void world_start(struct world *world);
/** The same with AMD-Vi, which passes what Xen does not know: to be called between the two. */
void world_amd(struct world *world);
/** The owner in Xen's books of any requester ID below the port. */
uint16_t *world_owner(struct world *world, uint32_t sbdf);
/** A new core on the same machine: the daemon was killed and starts again. */
void world_restart(struct world *world);
/** Plugs count functions: 01:00.0 (NVMe, with driver), 01:00.1 (bridge)... Presence and link come up. */
void world_plug(struct world *world, uint32_t count);
/** Takes everything away without notice; kernel and Xen still know it. */
void world_unplug(struct world *world);
/** Time passes in polls of 100 ms, each followed by everything that it brings about. */
void world_run(struct world *world, uint32_t polls);
/** Queues an event for the core. */
void world_event(struct world *world, const struct event *event);
/** The first record of this kind since the start, or NULL. */
const struct record *world_record(const struct world *world, enum record_kind kind);
/** How many records of this kind there were. */
uint32_t world_records_count(const struct world *world, enum record_kind kind);
/** The state that the core shows for function 01:00.index. */
enum model_state world_state(const struct world *world, uint32_t index);
/** The port as the core knows it. */
const struct model_port *world_port(const struct world *world);

/**
 * A core that knows WORLD_PORT at rest, for tests of one room: external, up, guarded, everything just read; a slot with
 * button, power controller (on) and lights (green on, yellow off); VT-d, Xen 4.17; nothing below.
 */
void world_core_fill(struct core *ret_core);
/** Adds a function below it that is verified as quarantined. */
struct model_function *world_core_function(struct core *core, uint32_t sbdf);
/**
 * The same, fit for a release, called quarantined, and beside it port 00:05.0, to which something was just plugged.
 * Returns that one.
 */
struct model_port *world_core_pair(struct core *ret_core);
/** The platform is one whose IOMMU can be relied upon, and the port confines requester IDs: what a release needs. */
void world_core_fit(struct core *core);
/** Did a step ask for this of the port? */
bool world_asked(const struct effects *effects, enum effect_kind kind, uint32_t port);
/** How many records of this kind did it leave? */
uint32_t world_told(const struct effects *effects, enum record_kind kind);
/** Makes a function that is there be dom0's by a rule, for which the port is open. */
void world_core_trust(struct core *core, struct model_function *function);
/** Makes a function that is there be of guest WORLD_GUEST, number domid, to which the port is open. */
void world_core_own(struct core *core, struct model_function *function, uint16_t domid);

/** The machine with an NVMe disk and a bridge in quarantine, and WORLD_GUEST running. */
void world_quarantined(struct world *ret_world);
/** The same with AMD-Vi. */
void world_quarantined_amd(struct world *ret_world);
/** ... and then with the disk the guest's. */
void world_assigned(struct world *ret_world);
/** Queues an operator's request. guest: "" for none. */
void world_request(struct world *world, enum event_verb verb, uint32_t sbdf, const char *guest);
/** Fails the test unless the last answer was this one. */
void world_replied(const struct world *world, enum effect_result result, enum record_reason reason);
/** The same together: the answer has to come within 40 polls. */
void world_asks(struct world *world, enum event_verb verb, uint32_t sbdf, const char *guest,
                enum effect_result result, enum record_reason reason);
/** An event that says nothing but its kind, and the polls after it. */
void world_tell(struct world *world, enum event_kind kind, uint32_t polls);
/** Rules of the file "50-test.rules"; the test fails where they are none. There until the next but one. */
const struct policy_rules *world_rules_make(const char *text);
/** They are in force from now on, and the polls after it. */
void world_rules(struct world *world, const char *text, uint32_t polls);
/** What an effect does to a router: 0 or a positive errno, as the edge answers. */
int32_t world_router_act(struct world *world, const struct effect *effect);
/**
 * A router of domain 0 appears, which has security level user where nothing else was said; nobody knows it, and it is
 * not authorized. The kernel tells of it. Its unique ID is 16 bytes `identity`.
 */
struct event_router *world_router(struct world *world, uint64_t route, uint8_t identity);
/** Domain 0 from now on, and the kernel tells of it. */
void world_domain(struct world *world, enum event_security security, bool deauthorizes);
/** A person's session has the seat, and says whether it is locked; and the polls after it. */
void world_session(struct world *world, enum event_fact locked, uint32_t polls);
/** The kernel tells that something about routers changed, and the polls after it. */
void world_routers_tell(struct world *world, uint32_t polls);
/** The same, of one that is enrolled; and the kernel tells of it. */
struct event_router *world_router_enrolled(struct world *world, uint64_t route, uint8_t identity);
/** The index-th router is gone, and the kernel tells of it. */
void world_router_pull(struct world *world, uint32_t index);
/** Somebody asks for something about the router at this route, and the polls after it. */
void world_router_asks(struct world *world, enum event_verb verb, uint64_t route, bool manual);
/** Fails the test unless the core shows the router at this route so. */
void world_router_shows(const struct world *world, uint64_t route, enum model_router_state state,
                        enum record_reason reason);
/** How the core shows a router; ROUTER_NONE where it knows none at this route. */
enum model_router_state world_router_state(const struct world *world, uint64_t route,
                                           enum record_reason *ret_reason);
/** Which guests run, and what xenstore says to be whose: into a list that is empty. */
void world_guests_fill(const struct world *world, struct event_guests *ret_guests);
/** EVENT_GUESTS, unasked. */
void world_guests_tell(struct world *world);
/** Is door 1 open? */
bool world_open(const struct world *world);
