/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine in which everything that can happen is a move: attacker, kernel, Xen, edge, time. */
#pragma once

/*
 * Flat and small, so that the explorer can copy, hash and compare it. Each rule names its source; what the lab measured
 * is in doc/measurements.md.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/effect.h"
#include "core/event/event.h"
#include "core/model/model.h"
#include "shape.h"

#define SIM_UEVENTS 1
#define SIM_GUEST_NAME "work"
#define SIM_OTHER_DOMID 2u
#define SIM_LOST 3u

/* Bits of sim_function.rights. */
#define SIM_RIGHTS_GUEST 1u /* of the one that is meant, as it runs now */
#define SIM_RIGHTS_OTHER 2u

enum sim_vendor { SIM_VTD, SIM_AMD };

/* Who owns a requester ID in Xen's books, and where its DMA goes. */
enum sim_owner {
        SIM_ABSENT,
        SIM_NOBODY,
        SIM_DOM0,
        SIM_DOM_IO,
        SIM_GUEST, /* the guest that hierarchies are given to, as it runs now */
        SIM_DYING, /* ... as it ran before: it is no more, and Xen has not taken back yet what it had */
        SIM_OTHER /* another guest, which is always there */
};
enum sim_mapping { SIM_BLOCKED, SIM_TO_DOM0, SIM_UNTRANSLATED };

struct sim_function {
        /* Physically: what the attacker decides. */
        uint8_t identity; /* 0 = nothing there; else which device of the shape's: a swap changes it */
        bool dumb;        /* config space answers all ones */
        bool altered;     /* config space shows other bytes than those of its identity */
        bool strange; /* Xen cannot type it: pci_device_add fails and leaves an entry without owner (H4) */
        /* The kernel's view. */
        uint8_t known; /* identity that was enumerated; 0 = not known */
        bool known_strange;
        bool former; /* what the kernel enumerated was taken out since: another one, perhaps alike, is there now */
        bool driver;     /* a dom0 driver is bound */
        bool kept_off;   /* driver_override is ours */
        bool pciback;    /* bound to pciback */
        bool registered; /* the core had Xen learn of it anew since the kernel enumerated it */
        bool lent; /* the core had Xen give it back to dom0, as a rule wants, out of its quarantine */
        bool seized; /* somebody else attached or detached it, and the core has not been told who owns it since */
        uint64_t instance;
        /* The state file's: it vouches for this instance, with these bytes. Only what can still be met counts. */
        bool remembered;
        uint8_t remembered_digest;
        bool remembered_at_boot, remembered_given;
        uint16_t remembered_rights;
        bool remembered_taken;
        bool pending_given; /* what an EFFECT_REMEMBER under way has to write */
        uint16_t pending_rights;
        bool pending_taken;
        /* Xen's. */
        enum sim_owner owner;
        enum sim_mapping mapping;
        uint16_t seen_domid; /* in seen[]: of the guest that owned it then */
        /*
         * Guests that Xen lets map its memory, as far as the core was told that they had it, or the state file says so:
         * whoever it was before them is not known to anybody. Toolstacks leave them.
         */
        uint8_t rights;
        bool blank; /* its entry was made while nothing answered: it has no MSI-X that could be masked (H1) */
};

/** Memory Space Enable (PCIe Base Spec 7.5.1.1.3). */
#define SIM_COMMAND_MEMORY 0x0002u

struct sim_port {
        uint16_t command, slot_control, slot_status, link_status;
        bool pcieport, pciehp, awake;
        uint8_t uevents; /* waiting in the socket */
        bool used; /* dom0 uses what is below, through a driver: for as long as one is bound */
        /* The worker under way: one per port. */
        struct effect pending;
        uint32_t pending_token;    /* 0 = none */
        uint64_t pending_until_ms; /* without a fault it answers before */
        bool acted;                /* its work is done, its answer has not been delivered */
        int32_t answer_error;
        bool answer_observes; /* the answer is what was seen when it acted */
        bool remembered, remembered_ejected, remembered_tainted; /* the state file knows the port */
        bool remembered_withheld, pending_withheld;
        bool remembered_leaving, pending_leaving;
        uint16_t remembered_domid, pending_domid; /* of the guest that is named there; 0: none is */
        /* History that the checkers need. */
        bool guarded_once; /* was closed, without pciehp */
        bool intruded;     /* dom0's root itself opened a door, and nobody has looked since */
        bool hid; /* something below lied since it was plugged: nobody is told when it is honest again */
        /* Something happened untold: bit 0: since the core last knew Xen's list; bit 1: since a reading began. */
        uint8_t lost;
        bool opened; /* the core itself opened it */
        bool unread; /* something was plugged or pulled, and no reading of the port was taken since */
        bool meddled; /* somebody else attached or detached something since it was plugged */
        bool stuck;   /* ... and it did not obey when it was to close */
        /* Somebody had something enumerated below: bits as of `lost`, until the core is told. */
        uint8_t shown;
        bool clean; /* nothing came between the request under way and its answer: it has to end well */
        uint16_t seen_domid; /* the guest's number, as the worker saw it; 0 = it was not there */
        uint8_t requests, replies; /* operator requests made, answered */
        /* Last, because only what the shape names is in use, and copied (copy.c). One for each of its places. */
        struct sim_function functions[SIM_FUNCTIONS];
        struct sim_function seen[SIM_FUNCTIONS]; /* by the worker; only where answer_observes */
};

/* Who a router is. SIM_CLONE says the unique ID of SIM_ENROLLED, and has no key. The others say their own number. */
#define SIM_ENROLLED 1u /* the identity store knows it when the run begins */
#define SIM_STRANGER 2u
#define SIM_SECOND 3u /* as SIM_ENROLLED */
#define SIM_CLONE 4u

#define SIM_ROUTERS 2
#define SIM_ROUTER_REQUEST (SIM_PORTS + 1u) /* its id; those of ports are below */

/* Which routers there can be: `.t1` to `.t4`. */
enum sim_bus {
        SIM_BUS_NONE,
        SIM_BUS_ONE, /* one, next to the host */
        SIM_BUS_CHAIN, /* [1] is behind [0], and brings the last function below the port where that one is */
        SIM_BUS_TWO,  /* both are next to the host */
        SIM_BUS_KEYS, /* one, and the security level is `secure` */
};

/* A Thunderbolt router. What is behind one next to the host may appear below any port. */
struct sim_router {
        uint8_t identity;   /* 0: there is none */
        bool renamed;       /* it says another name than when it came */
        uint8_t authorized; /* as the kernel shows it: 0, 1, or 2 where it was challenged */
        uint8_t key;        /* enum event_router_key: whose stands in its attribute */
        uint8_t tunnel; /* 1 + port below which what is behind it was plugged; 0: not yet, or nothing is */
        uint64_t instance;
};

/* What checkers need to know of its past; a daemon that starts anew knows nothing of it. */
struct sim_router_past {
        uint8_t names_told; /* bits: which names the core was told of it */
        bool requested;     /* somebody asked for it to be authorized, and was not answered yet */
        bool retired;       /* the core had it deauthorized, and nobody asked for it since */
        bool refuted;       /* the core was told that it does not have the key */
};

/* The bus of such, and the worker that is under way for it: one. */
/* What the state file says of routers. */
struct sim_router_memory {
        uint32_t count;
        struct event_memory_router routers[SIM_ROUTERS];
};

struct sim_thunderbolt {
        enum sim_bus there;
        bool due;  /* the kernel has something to tell */
        bool lost; /* it told, nobody heard it, and the routers were not listed since */
        uint8_t enrolled, keyed, new_key; /* the identity store: bits by unique ID */
        uint8_t holders;                  /* bits by identity: who has the key that the store has */
        struct sim_router routers[SIM_ROUTERS], seen[SIM_ROUTERS];
        struct sim_router_past past[SIM_ROUTERS];
        uint8_t seen_enrolled, seen_keyed, seen_new_key;
        struct effect pending;
        uint32_t token; /* 0 = none */
        uint64_t until_ms;
        bool acted, observes;
        int32_t error;
        /* The state file, and what an EFFECT_REMEMBER under way has to write. */
        struct sim_router_memory memory, memory_next;
        enum event_verb verb; /* of the request under way */
        uint8_t asked;        /* its unique ID */
        uint64_t asked_instance;
        uint8_t requests, replies;
        bool twins_told; /* the core was told of two that say one unique ID, and both are there still */
        bool late;       /* something came out of a tunnel when nobody looked for it any more */
        bool muddled; /* something was plugged beside the routers' tunnels, or came late: nobody knows what is whose */
        bool open;       /* a router was authorized while door 1 of a port was open */
        bool wrong;      /* one was that nobody's word lets in, or that was told to have changed */
        bool unproved;   /* one was without being asked for the key that it has to have */
        bool early;      /* one was before what the router before it brought was in quarantine */
        bool untimely;   /* one was deauthorized before the one behind it */
        bool told_wrong; /* a request was answered as done, and was not */
        bool unwatched; /* one was, unasked, while the core had not been told that the session is unlocked */
        bool locked;      /* the session is */
        bool session_due; /* logind has something to tell */
        enum record_session session_told;
};

struct sim_world {
        const struct sim_shape *shape;
        const struct policy_rules *rules; /* that the daemon reads when it starts; NULL: none */
        enum sim_vendor vendor;
        uint16_t xen_minor;
        uint8_t port_count;
        uint8_t faults_left;
        uint8_t attacks_left; /* UINT8_MAX: as many as it likes */
        uint8_t wishes_left;  /* operator requests and button presses, likewise */
        bool usable;          /* dom0 may use what was there at boot */
        const struct policy_rules
                *trusts;  /* NULL, or `rules` that make the first leaf of all dom0's */
        bool guests;      /* somebody gives to guests what is below the ports */
        bool guest_there; /* the one that is meant */
        bool guests_due;  /* xenstore has something to tell the daemon */
        bool look_due;  /* somebody else attached or detached: a later look tells, no event does */
        bool pause;     /* RescanWhileOpen=pause */
        uint16_t domid; /* of that guest: as it runs, or as it ran last */
        bool crashed;   /* the daemon is not running */
        bool panicked;  /* Xen is gone */
        bool licence_broken; /* an effect hit another device than the one that it was meant for */
        bool added_unasked;  /* the core had Xen add a requester ID where that fails, or on VT-d */
        bool rescan_unguarded; /* the core let the kernel enumerate below a port that was not ours */
        bool rights_dropped; /* the core removed a function, or gave it away, while a guest might map its memory */
        bool robbed;           /* the core took a function from under a guest that has it */
        bool unregistered;     /* the core bound pciback to what Xen had not learned of anew (H5) */
        bool opened_former; /* the core opened door 1 to what was swapped since it was enumerated */
        bool opened_wrong; /* ... while something below reached dom0's memory, or no guest had anything there */
        bool failed_clean; /* a request failed, and nothing had come between */
        uint64_t now_ms;
        uint64_t instance_next;
        struct sim_thunderbolt thunderbolt;
        struct sim_port ports[SIM_PORTS];
};

/** What is explored: the core's state and the machine's. The configuration is constant and kept apart. */
struct sim_state {
        struct sim_world world;
        struct core core;
};

/** The machine as it is when the daemon starts: stock Linux booted it. */
void sim_world_init(struct sim_world *ret_world, const struct sim_shape *shape,
                    enum sim_vendor vendor, uint16_t xen_minor, uint8_t ports);

static inline const struct sim_shape_port *sim_shape_of(const struct sim_world *world,
                                                        uint32_t port)
{
        return &world->shape->ports[port];
}

/** Does a dom0 driver hold something below the port? */
bool sim_port_driven(const struct sim_world *world, uint32_t port);

/** How many functions can be below the port: as many of functions[] and seen[] are in use. */
static inline uint32_t sim_function_count(const struct sim_world *world, uint32_t port)
{
        return world->shape->ports[port].count;
}

/** The SBDF of function `index` below port `port`. */
static inline uint32_t sim_sbdf(const struct sim_world *world, uint32_t port, uint32_t index)
{
        return world->shape->ports[port].places[index].sbdf;
}

/** Of the port itself. */
static inline uint32_t sim_port_sbdf(const struct sim_world *world, uint32_t port)
{
        return world->shape->ports[port].sbdf;
}

/** Port number of an SBDF, or SIM_PORTS. */
uint32_t sim_port_index(const struct sim_world *world, uint32_t sbdf);
/** Index of an SBDF below port `port`, or SIM_FUNCTIONS. */
uint32_t sim_function_index(const struct sim_world *world, uint32_t port, uint32_t sbdf);
/** What a function is that has this identity (not 0). */
const struct sim_facts *sim_facts(const struct sim_world *world, uint32_t port, uint32_t index,
                                  uint8_t identity);

/** The device in the slot: another one (identity), or none (0). Presence, link and pciehp follow. */
void sim_port_plug(struct sim_world *world, uint32_t port, uint8_t identity);
/** One function below the port is there now, or is not: at the port nothing tells of it. */
void sim_function_plug(struct sim_world *world, uint32_t port, uint32_t index, uint8_t identity);
/** P/rescan: the kernel enumerates every bridge on the bus that P sits on (probe.c:pci_rescan_bus). */
void sim_kernel_rescan(struct sim_world *world);
/** pciehp sees a hot-plug event on a port that it holds: enumerates, and sets BME (setup-bus.c). */
void sim_kernel_pciehp(struct sim_world *world, uint32_t number);

/**
 * What an effect does to the machine: 0 or a positive errno, as the edge would answer. fault_lies: says 0,
 * does nothing.
 */
int32_t sim_effect_act(struct sim_world *world, const struct effect *effect, bool fault_lies);
/** Does a guest own it? */
static inline bool sim_guest_owns(const struct sim_function *function)
{
        return function->owner >= SIM_GUEST;
}
/** Somebody else's `xl pci-assignable-add` and `xl pci-attach` of a quarantined function, and back. */
void sim_guest_attach(struct sim_port *port, struct sim_function *function, enum sim_owner owner);
void sim_guest_detach(struct sim_port *port, struct sim_function *function);
/** The core takes a function from under its guest: it is not to, but what was attached just before does not count. */
void sim_guest_rob(struct sim_world *world, struct sim_port *port, uint32_t index);
/** The guest that is meant starts; or is no more, but for what Xen has not taken back yet: sim_guest_release. */
void sim_guest_start(struct sim_world *world);
void sim_guest_die(struct sim_world *world);
void sim_guest_release(struct sim_world *world);
/** Is there something that Xen has not taken back yet? */
bool sim_guest_dying(const struct sim_world *world);
/** Number of a guest that owns something. */
uint16_t sim_guest_domid(const struct sim_world *world, enum sim_owner owner);
/** EFFECT_ATTACH, EFFECT_DETACH: what the toolstack does. 0 or a positive errno. */
int32_t sim_guest_toolstack(struct sim_world *world, struct sim_function *function,
                            const struct effect *effect, bool answers);
/** EFFECT_REVOKE: Xen takes the guest's rights away; who is no more has none. */
int32_t sim_guest_revoke(const struct sim_world *world, struct sim_function *function,
                         uint16_t domid);
/** The core is told whose it is: from now on that guest's rights count. */
void sim_rights_tell(struct sim_function *function);
/** Nobody knows of other rights any more than what the state file says, and what Xen's owner list will tell. */
void sim_rights_forget(struct sim_world *world);
/** Those of who owns it now. */
uint8_t sim_rights_owned(const struct sim_function *function);
/** The guests that xenstore names; domid: of the one that is meant, 0 = it is not there. */
void sim_guests_fill(uint16_t domid, struct event_guests *ret_guests);
/** What xenstore says of whose a function is; domid: of the guest that is meant, 0 = it is not there. */
void sim_claim_fill(uint32_t sbdf, const struct sim_function *function, uint16_t domid,
                    struct event_guests *guests);
/** AMD-Vi: another guest has what the core gave away, and xenstore says so now: from here on it knows. */
void sim_claims_tell(struct sim_state *state);

/* Thunderbolt: router.c. */
/** The bus as it is when a run begins: where there can be two routers both are there. */
void sim_bus_init(struct sim_world *world, enum sim_bus bus);
/** How many there can be. */
static inline uint32_t sim_router_count(const struct sim_world *world)
{
        enum sim_bus bus = world->thunderbolt.there;

        if (bus == SIM_BUS_NONE)
                return 0;
        return bus == SIM_BUS_CHAIN || bus == SIM_BUS_TWO ? 2 : 1;
}
/** What it says as its unique ID: a number. */
uint8_t sim_router_uid(uint8_t identity);
/** Another router (identity), or none (0): what was behind the one before is gone with it. */
void sim_router_set(struct sim_world *world, uint32_t slot, uint8_t identity);
/** May what is behind it be plugged below this port now? */
bool sim_tunnel_possible(const struct sim_world *world, uint32_t slot, uint32_t port);
void sim_tunnel_make(struct sim_state *state, uint32_t slot, uint32_t port);
/** The worker takes an effect on routers; does its work; and is answered for. */
void sim_router_begin(struct sim_world *world, const struct effect *effect);
void sim_router_act(struct sim_world *world, bool lies, int32_t error);
void sim_router_answer(struct sim_world *world, struct event *ret_event);
/** What logind tells, and takes note that it was told. */
void sim_session_fill(struct sim_thunderbolt *bus, struct event_sessions *ret_sessions);
/** The core answers a request about a router. */
void sim_router_reply(struct sim_world *world, const struct effect *effect);
/** The daemon dies: what it knew is lost, and so are who waited for answers. */
void sim_router_crash(struct sim_world *world);
/** Something was plugged beside the tunnels. */
void sim_router_muddle(struct sim_world *world);
/** The slot of the core's router, or SIM_ROUTERS where it is not there any more. */
uint32_t sim_router_slot(const struct sim_world *world, uint64_t instance);
/** The core's router of this slot, or NULL. */
const struct model_router *sim_router_known(const struct sim_state *state, uint32_t slot);

/* What the checkers need to know of the past: history.c. */
/** The daemon has looked at every port since: from now on what is open counts against it. */
void sim_intrusion_end(struct sim_world *world);
/** What the slot told is gone before anybody looked: nobody can know any more whether it was swapped. */
void sim_swaps_forget(struct sim_world *world, uint32_t port);
/** What was swapped before any daemon had touched it is there at boot: the next start does not know better. */
void sim_boot_forget(struct sim_world *world, uint32_t port);
/** After each move. */
void sim_history_note(struct sim_world *world);
/**
 * May the core have Xen give it back to dom0, now? Where the scope's rule says so, of what was in quarantine since it
 * was plugged, and of nothing that was plugged since.
 */
bool sim_loan_granted(const struct sim_world *world, uint32_t port, uint32_t index);
/** Is it dom0's by that, as far as anybody can know: was it not swapped, or has nobody been told that it was? */
bool sim_loan_holds(const struct sim_port *port, const struct sim_function *function);

/** What a worker that looks now sees below the port: into seen[]. Behind a silent bridge nothing answers. */
void sim_functions_see(struct sim_world *world, uint32_t port);
/** What is seen of a port now. */
struct event_port_registers sim_registers(const struct sim_world *world, uint32_t port);
/** Fills an inventory or owner event from what the port's worker saw. */
void sim_inventory_fill(const struct sim_world *world, uint32_t port,
                        struct event_inventory *ret_inventory);
/** Fills the answer to EFFECT_RESERVE: what of those that were asked for is so, as the port's worker saw. */
void sim_reserved_fill(const struct sim_world *world, uint32_t port,
                       struct event_reserved *ret_reserved);
void sim_owners_fill(const struct sim_world *world, uint32_t port, struct event_owners *ret_owners);
