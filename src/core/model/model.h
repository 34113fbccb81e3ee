/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the core: ports and functions as they were last observed. Flat, without pointers or heap. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/effect.h"
#include "core/event/event.h"
#include "core/limits.h"

/* Register bits that decisions are made of. PCIe Base Spec 7.5.1.1.3, 7.5.3 (PCI Express Capability), 7.7.11.3. */
#define MODEL_COMMAND_BME 0x0004u
#define MODEL_LINK_CAP_DLLLARC 0x00100000u    /* Data Link Layer Link Active Reporting Capable */
#define MODEL_LINK_STATUS_DLLLA 0x2000u       /* Data Link Layer Link Active */
#define MODEL_SLOT_CAP_ABP 0x01u              /* Attention Button Present */
#define MODEL_SLOT_CAP_PCP 0x02u              /* Power Controller Present */
#define MODEL_SLOT_CAP_MRLSP 0x04u            /* MRL Sensor Present */
#define MODEL_SLOT_CAP_AIP 0x08u              /* Attention Indicator Present */
#define MODEL_SLOT_CAP_PIP 0x10u              /* Power Indicator Present */
#define MODEL_SLOT_CAP_HPS 0x20u              /* Hot-Plug Surprise */
#define MODEL_SLOT_CAP_HPC 0x40u              /* Hot-Plug Capable */
#define MODEL_SLOT_CAP_PSN_SHIFT 19           /* Physical Slot Number, bits 31:19 */
#define MODEL_SLOT_CAP_NCCS 0x40000u          /* No Command Completed Support */
#define MODEL_SLOT_CONTROL_INTERRUPTS 0x103fu /* every notification enable: we poll, none is wanted */
#define MODEL_SLOT_CONTROL_AIC 0x00c0u        /* Attention Indicator Control */
#define MODEL_SLOT_CONTROL_PIC 0x0300u        /* Power Indicator Control */
#define MODEL_SLOT_CONTROL_PCC 0x0400u        /* Power Controller Control: 0 = on, 1 = off */
#define MODEL_SLOT_STATUS_ABP 0x0001u         /* Attention Button Pressed */
#define MODEL_SLOT_STATUS_PDC 0x0008u         /* Presence Detect Changed */
#define MODEL_SLOT_STATUS_CC 0x0010u          /* Command Completed */
#define MODEL_SLOT_STATUS_MRLSS 0x0020u       /* MRL Sensor State: 1 = open */
#define MODEL_SLOT_STATUS_PDS 0x0040u         /* Presence Detect State */
#define MODEL_SLOT_STATUS_DLLSC 0x0100u       /* Data Link Layer State Changed */
#define MODEL_SLOT_STATUS_EVENTS 0x010fu      /* the RW1C bits that we take note of; Command Completed apart */
#define MODEL_ACS_SV 0x0001u                  /* ACS Source Validation Enable */

/** What must be so below an external port, in the order in which it is brought about (plan/goals.c). */
enum model_goal {
        GOAL_REGISTERS,  /**< the port was read since something last touched it */
        GOAL_GATE,       /**< door 1: Bus Master Enable is 0 */
        GOAL_FORGOTTEN,  /**< the state file vouches for nothing that was there before what is plugged now */
        GOAL_PCIEPORT,   /**< pcieport holds the port, else pci_enable_bridge() opens it */
        GOAL_PCIEHP,     /**< pciehp does not */
        GOAL_AWAKE,      /**< runtime power management is off */
        GOAL_STATUS,     /**< Slot Status event bits that were seen are cleared */
        GOAL_SLOT,       /**< Slot Control is as it should be: power, indicators, no interrupts */
        GOAL_INVENTORY,  /**< the functions below were listed since something last changed */
        GOAL_OWNERLESS,  /**< before a removal or a detachment: the owner list was read */
        GOAL_NOTED,      /**< what is to be taken back, or removed, stands in the state file; or that failed once */
        GOAL_DETACHED,   /**< what is no longer to be a guest's is not (each) */
        GOAL_REVOKED,    /**< no guest that it was taken from has rights to its memory any more (each) */
        GOAL_GONE,       /**< functions that are to leave have left (each) */
        GOAL_RESCAN,     /**< the kernel was asked to enumerate this incarnation, and found something */
        GOAL_REMEMBERED, /**< the state file holds what is below now */
        GOAL_DRIVER,     /**< no dom0 driver holds the function (each) */
        GOAL_STABLE,     /**< two inventories in a row are the same */
        GOAL_DECODES,    /**< the port forwards memory requests to what is below, where no driver of dom0's is left */
        GOAL_QUARANTINE, /**< door 2: Xen says that the function's DMA is blocked (each) */
        GOAL_OWNERS,     /**< Xen's owner list says the same */
        GOAL_RESERVED,   /**< AMD-Vi: Xen blocks every requester ID of the port's bus range */
        GOAL_RECHECK,    /**< the port was read once more after all that */
        GOAL_GUEST,      /**< the guest that it is given to is there, as xenstore said since it was named */
        GOAL_REGISTERED, /**< Xen learned of the function since it was given: with its MSI-X (each; H5) */
        GOAL_PCIBACK,    /**< pciback holds it (each) */
        GOAL_ATTACHED,   /**< Xen's owner is the guest (each) */
        GOAL_OPEN,       /**< door 1 is open: after all of the above, verified */
        GOAL_PROBED,     /**< trusted: our keep-off is gone, so that a driver of dom0's can have it (each) */
        GOAL_MAX
};

/** Of what was below a port when it was first looked at. */
#define MODEL_INCARNATION_FIRST 1u

/** How often a goal was tried since the port was last at rest, and when it may be tried again. */
struct model_attempt {
        uint64_t retry_at_ms;
        uint32_t tries;
        int32_t error; /**< of the last effect, positive errno or 0 */
};

/** As shown to people. */
enum model_state {
        STATE_NONE,
        STATE_STARTING,    /**< port: being closed and taken over */
        STATE_EMPTY,       /**< port: guarded, nothing plugged */
        STATE_ARRIVING,    /**< between plug and quarantine, door 1 shut */
        STATE_QUARANTINED, /**< verified */
        STATE_CONTAINED,   /**< something could not be done; held by door 1 alone */
        STATE_ASSIGNED,    /**< function: a guest owns it */
        STATE_LEAVING,     /**< port: removal under way */
        STATE_EJECTED,     /**< port: removed, may be unplugged */
        STATE_GONE,        /**< function: physically away or being removed, not yet forgotten by the kernel */
        STATE_INTERNAL,    /**< port: not external, not touched */
        STATE_EXPOSED,     /**< external, left open for dom0's use of what is below: nothing is contained */
        STATE_TRUSTED,     /**< function: dom0 owns it, by a rule; port: and door 1 is open for that */
        STATE_MAX
};

/** A function below an external port. (facts.sbdf, facts.instance) names one kernel object, never its successor. */
struct model_function {
        struct event_function facts;
        uint32_t port;        /**< SBDF of the external port */
        uint32_t incarnation; /**< of the port, when the function was found */
        uint16_t owner;       /**< domid or EVENT_OWNER_* as last read back */
        bool listed;          /**< the kernel lists it; false: known to Xen only */
        bool at_boot;         /**< it was there when the first daemon of this boot started */
        bool driver_asked;    /**< its driver was told to go since the last inventory */
        bool asked;           /**< assigning to DOMID_IO was tried */
        bool confirmed;       /**< assigning again returned 0: Xen blocks it */
        bool due;             /**< AMD-Vi: that is to be asked once more (model/reserve.c) */
        bool refused;         /**< the last try to assign it was answered with an error */
        bool withdrawn;       /**< Xen was made to forget it, and said so: nothing is mapped for it */
        bool given;           /**< it is to be the guest's of its port (model_port.guest), or dom0's (.trusted) */
        bool returned;        /**< since it was given, Xen was asked to give it back to dom0 */
        uint16_t held;        /**< domid that we had it attached to: to take it back from there is ours; 0: none */
        uint16_t claimed;     /**< AMD-Vi: domid of the guest that xenstore says to have it; 0: nothing was said */
        /**
         * domid of a guest that may still have rights to its memory and ports in Xen: it was asked to be attached
         * there, or Xen's list named that guest; 0: none. Taking a function back can leave them (XSA-476). One guest,
         * the last: what is given here goes to another only once this is 0.
         */
        uint16_t rights;
        bool registered;      /**< Xen was made to learn of it anew since it was given: it is dom0's then */
        /** pciback: also of its opposite, the probe by dom0's own drivers. */
        struct model_attempt driver, quarantine, removal, detach, revocation, registration;
        struct model_attempt pciback, attach;
        enum record_verdict verdict; /**< of the rules, for this function alone */
        uint32_t rule;               /**< 1 + index of the rule that decided; 0 = a default */
        bool routed;          /**< whether it is behind a Thunderbolt router is known */
        struct record_router router; /**< that router; .any is false: behind none */
        bool barred;                 /**< the rules would give it away, but for what was found: REASON_FINDING */
        uint32_t findings_told;      /**< that were told since the kernel enumerated it */
        enum model_state state; /**< as last reported */
        enum record_reason reason;
};

struct model_port {
        struct event_port found;
        bool external;
        enum record_reason why; /**< of external or not */
        uint32_t evidence;      /**< bits by enum policy_evidence, as last judged */
        bool judged;
        enum record_reason exposed; /**< why it is left open and only looked at; REASON_NONE: it is not */
        bool taken;             /**< it was closed, or is to be: it is never left open again */
        bool tainted;           /**< since the boot, something was below that Xen may keep a stale entry for (H2) */
        uint32_t discovery;     /**< core.discovery when it was last found */

        struct event_port_registers registers;
        bool read_once;       /**< registers hold a reading */
        bool changed_first;   /**< at the first look, the slot or pciehp told of something that nobody had seen */
        bool reading;         /**< a reading was asked for and is not answered: until then nothing is decided */
        bool registers_fresh;
        bool rechecked;       /**< read since the owner list was */
        bool guarded;         /**< was seen closed, with pcieport and without pciehp */
        bool closed;          /**< BME was 0 at the last reading */
        uint16_t status_seen; /**< Slot Status event bits that were acted upon and not yet seen cleared */
        uint64_t command_until_ms; /**< a Slot Control command is under way until Command Completed or then */

        bool occupied;        /**< something sits in the slot (or, without a slot, the link is up) */
        bool up;              /**< occupied, powered, link active */
        uint64_t occupied_since_ms;
        uint64_t up_since_ms;
        uint32_t incarnation; /**< counts what was plugged; starts at 1 */
        bool known;           /**< until the first inventory: an earlier daemon of this boot had taken the port over */
        uint32_t remembered;  /**< incarnation whose functions the state file may name; 0 = it names none */
        bool memory_fresh, memory_dirty; /**< it holds what is so; dirty: something changed since the write began */
        bool memory_ejected;  /**< `ejected` as it was last written */
        uint32_t rescanned;   /**< incarnation that the kernel was last asked to enumerate; 0 = none */
        uint16_t minute;      /**< of the week, when it was plugged or first looked at */
        enum record_session session; /**< as rules are told; of what is given to somebody, as it was then */
        bool at_boot;         /**< what is plugged was there at the first look */

        bool weighed;         /**< the rules were asked since the functions below changed */
        enum record_verdict verdict; /**< for the hierarchy */
        enum record_reason verdict_why; /**< REASON_RULES_DISAGREE; what bars that it is given away; or none */
        uint32_t verdict_rule; /**< 1 + index of the rule that decided; 0 = a default, or rules that disagree */

        bool inventory_fresh, inventory_dirty; /**< dirty: something changed after the reading under way began */
        bool inventory_once;  /**< one was read since the start */
        bool inventory_partial; /**< the last one did not hold everything */
        bool stable;
        bool owners_fresh, owners_dirty;
        bool owners_due;      /**< functions went away: Xen has to have forgotten them too */

        uint64_t reserved[4];  /**< AMD-Vi, bits by bus: each requester ID of it that is to be reserved was confirmed */
        uint8_t reserve_bus;   /**< bus that was last asked for */
        bool reserve_doubted;  /**< something may have been forgotten since it was */
        bool reserved_told;

        bool leaving;         /**< everything below is to be removed */
        bool ejected;         /**< it was; stays until the slot is empty or the button is pressed */
        uint64_t button_at_ms; /**< attention button was pressed then, and can be pressed again to cancel; 0 = not */
        uint64_t request;     /**< id of the request under way; 0 = none */
        enum event_verb request_verb;
        uint32_t request_sbdf; /**< of REQUEST_UNASSIGN: the function that was asked back; the port itself: all below */
        uint64_t request_until_ms;

        char guest[LIMIT_GUEST]; /**< whose what is `given` below is to be; empty: nobody's */
        uint16_t domid;       /**< its number, as last seen; 0: it is not there, or not looked for */
        bool guests_fresh;    /**< xenstore was read since the guest was named */
        bool trusted;         /**< what is `given` below is to be dom0's: a rule says trust-dom0 */
        bool open;            /**< door 1 was opened by us, and not shut since */
        bool added;           /**< the kernel told of something new below since the last inventory */
        bool postponed;       /**< it was told that a rescan has to wait for another port, which is open */
        bool withheld;        /**< unassigned by hand, or trust-dom0 failed: no rule gives it away until something
                                   else is plugged */
        uint32_t token;       /**< of the effect in a worker; 0 = none */
        enum effect_kind pending;
        enum model_goal pending_goal;
        uint32_t pending_function;
        uint64_t pending_instance;
        uint32_t pending_incarnation; /**< the port's, when the effect left */
        uint32_t pending_remembered;  /**< `remembered`, when EFFECT_REMEMBER left */
        uint64_t pending_until_ms;

        struct model_attempt attempts[GOAL_MAX];
        enum model_state state; /**< as last reported */
        enum record_reason reason;
        bool acs_told;
        bool taint_told;
};

/** As shown to people. */
enum model_router_state {
        ROUTER_NONE,
        ROUTER_HELD,        /**< not authorized: nothing behind it is on PCI */
        ROUTER_WAITING,     /**< it may be authorized, and something has to come first */
        ROUTER_AUTHORIZING, /**< asked for, and what it brings is waited for */
        ROUTER_AUTHORIZED,  /**< by us, as last listed */
        ROUTER_FOREIGN,     /**< by somebody else, firmware, or a daemon that nothing is remembered of */
        ROUTER_STATE_MAX
};

/** A Thunderbolt router as last listed. Domain, route, instance and unique ID name one, never its successor (I5). */
struct model_router {
        struct event_router facts;
        bool changed;         /**< it showed one identity and then another: never authorized */
        bool refuted;         /**< it was challenged, and does not have the key */
        bool requested;       /**< somebody asked for it to be authorized */
        bool retired;         /**< it was deauthorized by `eject`: not again by itself */
        bool asked;           /**< authorizing was tried since it was last seen not to be */
        enum event_word word; /**< by whose word that was; WORD_NONE where it was not */
        uint32_t recalled;    /**< its port as an earlier daemon saw it, until that was looked at; or BASE_SBDF_NONE */
        bool awaited;         /**< ... and what it brings has not come to rest, or it has not failed yet */
        bool scanned;         /**< of one behind another: what it brings was looked for since */
        uint64_t asked_at_ms; /**< when that was */
        uint64_t tunnel_at_ms; /**< when it was first listed as authorized since; 0 = not */
        uint32_t port;        /**< of one next to the host: where something appeared since; or BASE_SBDF_NONE */
        bool ambiguous;       /**< at more than one port something did */
        uint16_t minute;      /**< of the week, when it was first listed */
        struct model_attempt attempt; /**< to authorize it, or to end that */
        bool weighed;         /**< the rules were asked since something about it changed */
        enum record_verdict verdict; /**< of the rules, by what is known without an enumeration */
        bool named;           /**< the rule that decided has a condition on the router */
        uint32_t rule;        /**< 1 + index of the rule that decided; 0 = a default, or undecided */
        enum model_router_state state; /**< as last reported */
        enum record_reason reason;
};

/** What somebody asked for about a router: one at a time. */
struct model_router_request {
        uint64_t id; /**< 0 = none */
        enum event_verb verb;
        struct record_router router;
        bool manual;
        bool acted;      /**< the identity store was asked to change */
        int32_t error;   /**< its answer */
        uint64_t until_ms;
};

/** What an earlier daemon of this boot remembered of a port, until the port is found. */
struct model_memory_port {
        uint32_t port;
        bool ejected, tainted, withheld, leaving;
        bool functions; /**< it named some */
        uint16_t domid;
        char guest[LIMIT_GUEST];
};

/** A function that it had enumerated, until the port's first inventory. */
struct model_memory_function {
        struct event_memory_function facts;
        uint32_t port;
        bool former; /**< something else was plugged since: it vouches for nothing, but that somebody had it */
};

struct core {
        uint64_t now_ms;
        uint32_t token_next;
        bool configured;
        bool discover;        /**< the ports are to be looked for */
        bool discovered;      /**< they were, at least once */
        bool overflowed;      /**< there were more of them than LIMIT_PORTS: some are not guarded */
        uint64_t discover_again_ms; /**< when to look whether what keeps a port open is still used; 0 = nothing does */
        uint32_t discovery;   /**< counts discoveries */
        uint32_t discover_token; /**< of the one under way; 0 = none */
        uint64_t discover_until_ms;
        bool platform_known;
        const struct policy_rules *rules; /**< NULL: they could not be read, everything is quarantined */
        uint16_t minute;      /**< of the week, as last told by a reading */
        struct event_sessions sessions; /**< as last told */
        bool sessions_once;   /**< they were listed since the start: there is a logind */
        enum record_session session; /**< what follows from that */
        enum record_reason session_why;
        bool locked_hint;     /**< a session has said since the start that it is locked: its locker tells logind */
        uint32_t port_count;
        uint32_t function_count;
        enum event_memory_status memory;
        bool memory_failed;   /**< the last write did, and that was told */
        uint32_t memory_port_count, memory_function_count, memory_router_count;
        bool routers_renewed;   /**< what is to be remembered of them is not what the state file holds */
        struct model_attempt remembering; /**< that, of the routers */
        uint32_t domain_count, router_count;
        bool routers_once;      /**< they were listed */
        bool routers_fresh, routers_dirty; /**< dirty: something changed after the listing under way began */
        bool routers_truncated; /**< the last list did not hold everything */
        struct model_attempt listing; /**< of the routers */
        uint32_t router_token;  /**< of the effect on a router, or on all, that is under way; 0 = none */
        enum effect_kind router_pending;
        struct record_router router_pending_name;
        uint64_t router_until_ms;
        struct model_router_request router_request;
        struct model_port ports[LIMIT_PORTS];
        struct model_function functions[LIMIT_FUNCTIONS];
        struct model_memory_port memory_ports[LIMIT_PORTS];
        struct model_memory_function memory_functions[LIMIT_FUNCTIONS];
        struct event_memory_router memory_routers[LIMIT_ROUTERS]; /**< until they were listed once, all of them */
        struct event_domain domains[LIMIT_DOMAINS];
        struct model_router routers[LIMIT_ROUTERS];
        /* Last: constant while the daemon runs, so explorers need not copy it. */
        struct event_platform platform;
        struct event_config config;
};

/** Takes an event into the state; what was noticed leaves as records. */
void model_event_apply(struct core *core, const struct event *event, struct effects *effects);

/* One file each; called by model_event_apply only. */
void model_found_apply(struct core *core, const struct event *event, struct effects *effects);
void model_found_end(struct core *core, const struct event *event, struct effects *effects);
void model_registers_apply(struct core *core, struct model_port *port,
                           const struct event_port_registers *seen, struct effects *effects);
void model_inventory_apply(struct core *core, struct model_port *port,
                           const struct event_inventory *inventory, struct effects *effects);
void model_owners_apply(struct core *core, struct model_port *port,
                        const struct event_owners *owners, struct effects *effects);
/**
 * Did the effect that ended (`event` of EVENT_COMPLETED) fail? Where Xen's owner list is not read, that what was given
 * to a guest is a guest's is the answer to a question, and comes as an error (EFFECT_CONFIRM).
 */
bool model_completed_failed(const struct core *core, const struct model_port *port,
                            const struct event *event);
/** The end of an effect: EVENT_COMPLETED. */
void model_completed_apply(struct core *core, struct model_port *port, const struct event *event,
                           struct effects *effects);
/** The port's effect was never answered: told, and given up. What it did meanwhile is not known. */
void model_completed_lost(struct core *core, struct model_port *port, struct effects *effects);
void model_reserved_apply(const struct core *core, struct model_port *port,
                          const struct event_reserved *reserved);
/** After each event: where Xen's owner list is not read, doubt about it is doubt about what was confirmed. */
void model_owners_settle(struct core *core);

/**
 * Ends the effect of port that the answer with this token is for. False where it answers none that is waited for: too
 * late, never asked, or token 0. A worker took its time: door 1 is opened on registers that are read after that.
 */
bool model_token_take(struct model_port *port, uint32_t token);

/** EVENT_GUESTS: whether the guests that ports are given to are there, and whether others are said to have it. */
void model_guests_apply(struct core *core, const struct event *event);

/** EVENT_ROUTERS, where it answers what was asked: each list replaces the one before. */
void model_routers_apply(struct core *core, const struct event *event, struct effects *effects);
/** EVENT_COMPLETED of an effect on a router, or of a listing that failed. */
void model_routers_completed(struct core *core, const struct event *event, struct effects *effects);
/** Their effect was never answered: as if it had failed late. What it did meanwhile is not known. */
void model_routers_lost(struct core *core, struct effects *effects);
/** Something about routers changed: they are to be listed again. */
void model_routers_doubt(struct core *core);
/** What the rules rejected gets a new trial: as when the port's attention button is pressed. They are asked anew. */
void model_port_retry(struct core *core, struct model_port *port);
/** The rules are to be asked again about routers, and about what is behind them. */
void model_routers_reweigh(struct core *core);

void model_memory_apply(struct core *core, const struct event_memory *memory);
void model_memory_end(struct core *core, const struct event *event, struct effects *effects);
/** The answer to EFFECT_REMEMBER. */
void model_memory_written(struct core *core, struct model_port *port, int32_t error,
                          struct effects *effects);

/** The answer to EFFECT_REMEMBER of the routers. */
void model_memory_routers_written(struct core *core, int32_t error, struct effects *effects);
/** Takes over what is remembered of a router that was just listed: of this kernel object, and no other. */
void model_memory_router_recall(struct core *core, struct model_router *router,
                                struct effects *effects);
/** At which port an earlier daemon saw what the routers brought: taken over where nothing came or went there since. */
void model_memory_routers_place(struct core *core);
/** What is to be remembered of the routers. */
void model_memory_routers_fill(const struct core *core, struct event_memory *ret_memory);
/** Takes over what is remembered of a port that was just found. */
void model_memory_recall(struct core *core, struct model_port *port);
/** Does the memory vouch for this kernel object? NULL where it does not. */
const struct event_memory_function *model_memory_vouches(const struct core *core, uint32_t port,
                                                         const struct event_function *facts);
/** What the memory says of this kernel object, whatever it shows now: whose it was. NULL where it is not named. */
const struct event_memory_function *model_memory_names(const struct core *core, uint32_t port,
                                                       const struct event_function *facts);
/** What is remembered of the functions below the port vouches for none of them any more: something else is plugged. */
void model_memory_outdate(struct core *core, const struct model_port *port);
/** What is to be remembered of the port is not what the state file holds, or what is being written to it. */
void model_memory_renew(struct model_port *port);
/** Drops what is remembered of the functions below: the port was looked at, or is none of ours. */
void model_memory_drop(struct core *core, const struct model_port *port);
/** Does the state file have to vouch for this function: is it of what is plugged now? */
bool model_function_remembered(const struct model_port *port,
                               const struct model_function *function);

/** The port with this address, or NULL. */
struct model_port *model_port_get(struct core *core, uint32_t sbdf);
/** The external port that is, or is above, the place; NULL where none is. */
struct model_port *model_port_above(struct core *core, const struct event_place *place);
/** The function of this port with this address, or NULL. */
struct model_function *model_function_get(struct core *core, uint32_t port, uint32_t sbdf);
/** The first function below any port with this address, or NULL. */
const struct model_function *model_function_find(const struct core *core, uint32_t sbdf);
/** Drops one function; the others keep their order. Pointers to later functions move. */
void model_function_drop(struct core *core, struct model_function *function);
/** How many functions are known below the port. */
uint32_t model_function_count(const struct core *core, const struct model_port *port);
/** Adds one below the port; NULL where LIMIT_FUNCTIONS are there already. */
struct model_function *model_function_add(struct core *core, const struct model_port *port,
                                          uint32_t sbdf);

/** Was there a memory that cannot be used? Then neither is any other mark of an earlier daemon. */
bool model_memory_bad(const struct core *core);
/** Forgets what is known of what is below the port: it must be read again. */
void model_port_doubt(struct model_port *port);
/** What is below now is not what was there: nothing that was verified or judged counts any more (I5). */
void model_port_incarnation_next(struct core *core, struct model_port *port);
/** As if the port had only just been found: what is known of its registers and of what is below is forgotten. */
void model_port_forget(struct core *core, struct model_port *port);
/** The attempts at a goal: the function's, of those that are about each and where there is one; else the port's. */
struct model_attempt *model_goal_attempt(struct model_port *port, struct model_function *function,
                                         enum model_goal goal);
/** Forgets failed attempts: the world has changed. */
void model_port_forgive(struct core *core, struct model_port *port);
/** Is there a power controller, and is it off? */
bool model_port_unpowered(const struct model_port *port);
/** Is there a latch sensor, and is it open? */
bool model_port_unlatched(const struct model_port *port);
/** Is it to be removed from the kernel: port down or being emptied, former incarnation, unreadable, replaced? */
bool model_function_leaves(const struct model_port *port, const struct model_function *function);
/** Are two readings of one function the same, as far as we look? */
bool model_facts_same(const struct event_function *a, const struct event_function *b);
/** Is there a function below that is to be removed from the kernel? */
bool model_port_leaves(const struct core *core, const struct model_port *port);
/** Is the machine one whose requester IDs are reserved, and whose owner list therefore is not read? */
bool model_unlisted(const struct core *core);
/** What the port's bus range holds; all 0 where it has none, or none is known. */
struct model_requesters {
        uint32_t count;   /**< requester IDs: 256 a bus */
        uint32_t covered; /**< of them by the IOMMU, as event_coverage has it; 0 but on AMD-Vi */
};
struct model_requesters model_port_requesters(const struct core *core,
                                              const struct model_port *port);
/** Are requester IDs reserved for this port? Not where all ports together have more than LIMIT_RESERVED. */
bool model_port_reserves(const struct core *core, const struct model_port *port);
/**
 * Which requester IDs of a bus are to be reserved: those that are covered, but for the functions that the kernel lists,
 * which GOAL_QUARANTINE is about. Returns how many.
 */
uint32_t model_reserve_wanted(const struct core *core, const struct model_port *port, uint8_t bus,
                              uint64_t ret_devfns[static LIMIT_BUS_WORDS]);
/** A bus of the port with some that were not confirmed; the one after the last asked for comes first. False: none. */
bool model_reserve_next(const struct core *core, const struct model_port *port, uint8_t *ret_bus);
/** How many requester IDs of the port are confirmed to be blocked, functions included. */
uint32_t model_port_reserved(const struct core *core, const struct model_port *port);
/** What was confirmed of this requester ID's bus is to be confirmed anew: Xen may have forgotten it. */
void model_reserve_doubt(struct model_port *port, uint32_t sbdf);
/** ... of all buses. */
void model_reserve_forget(struct model_port *port);
/** What is below the port is to be nobody's any more; why is for who asked. Owners are read again. */
void model_release_end(struct core *core, struct model_port *port);
/** Is the function to be taken back from the guest that owns it: unassigned, or to leave? */
bool model_function_returns(const struct model_port *port, const struct model_function *function);
/**
 * Does the guest own the function that we had it attached to? Where there is no list: a guest, and xenstore names no
 * other.
 */
bool model_function_held(const struct model_function *function);
/**
 * Is the guest that owns it not there any more? Xen takes its devices back one after the other while it dies, which is
 * waited for: no toolstack can take anything from it (domain_kill, pci_release_devices).
 */
bool model_function_orphaned(const struct model_port *port, const struct model_function *function);
/** Is it given to the port's guest, and does xenstore say that another one has it, or is about to? AMD-Vi only. */
bool model_function_contested(const struct model_port *port, const struct model_function *function);
/** Does pciback hold the function? As the last inventory saw it. */
bool model_function_pciback(const struct model_function *function);
/** Whose rights to the function may be left from now on; 0: nobody's. What is to be remembered is renewed. */
void model_rights_note(struct model_port *port, struct model_function *function, uint16_t domid);
/**
 * Did Xen's last answer to an assignment say that it is no guest's? EBUSY and ENODEV do, since Xen looks at the owner
 * first (passthrough/pci.c:device_assigned).
 */
bool model_function_disowned(const struct model_function *function);
/**
 * Where there is no owner list: may it be a guest's, since Xen was not asked since pciback holds it, or since a guest
 * was known to have it, or was to get it?
 */
bool model_function_unasked(const struct core *core, const struct model_function *function);
/** Does a guest own it, or may one, since Xen was not asked since that could be? */
bool model_function_used(const struct core *core, const struct model_function *function);
/** Is a function below the port used so? Or has a rule made one dom0's? */
bool model_port_used(const struct core *core, const struct model_port *port);
/** Is this owner a guest? */
bool model_owner_guest(uint16_t owner);

/** The name of a router, which no successor has. */
struct record_router model_router_name(const struct model_router *router);
/** The router of this name, or NULL. */
struct model_router *model_router_get(struct core *core, const struct record_router *name);
/** How many hops it is from the host: 1 is next to it. */
uint32_t model_router_depth(const struct model_router *router);
/** The router one hop nearer to the host; NULL: it is next to it, or that one is not listed. */
const struct model_router *model_router_parent(const struct core *core,
                                               const struct model_router *router);
/** The router next to the host through which it is reached, which can be itself; NULL where that is not listed. */
const struct model_router *model_router_root(const struct core *core,
                                             const struct model_router *router);
/** Its domain's security level, as last listed. */
enum event_security model_router_security(const struct core *core,
                                          const struct model_router *router);
/** What it says that it is, in short: against a change that nobody saw, not against somebody who reckons. */
uint64_t model_router_digest(const struct event_router *facts);
/** Is it authorized, and by us? */
bool model_router_ours(const struct model_router *router);
/** May PCIe be tunnelled to it: authorized by whomever, or in a domain that does not ask? */
bool model_router_open(const struct core *core, const struct model_router *router);
/** Does another router say that it has the same unique ID? */
bool model_router_twin(const struct core *core, const struct model_router *router);
/** A record about a router, with what it calls itself. */
struct record model_router_record(const struct core *core, enum record_kind kind,
                                  enum record_reason reason, const struct model_router *router);

/** A record about a port and a function (or BASE_SBDF_NONE), with the core's time. */
struct record model_record(const struct core *core, enum record_kind kind,
                           enum record_reason reason, uint32_t port, uint32_t function);
