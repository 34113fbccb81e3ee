/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judgements: what is external, and whether door 2 can hold on this machine. */
#pragma once

#include "core/model/model.h"
#include "core/policy/rules.h"

/** Bytes of a unique ID as text, NUL included: "d4030000-0090-8708-2315-9d8f2a1f0a1d". */
#define POLICY_UNIQUE_ID_SIZE 37u

/** What is known of a port that has to do with being external. Bits of model_port.evidence, in the order of output. */
enum policy_evidence {
        EVIDENCE_ROOT,                 /**< a root port */
        EVIDENCE_DOWNSTREAM,           /**< a switch's downstream port */
        EVIDENCE_SLOT,                 /**< Slot Implemented */
        EVIDENCE_HOTPLUG,              /**< Hot-Plug Capable */
        EVIDENCE_SURPRISE,             /**< Hot-Plug Surprise */
        EVIDENCE_BUTTON,               /**< Attention Button Present */
        EVIDENCE_EXTERNAL_FACING,      /**< firmware: ExternalFacingPort */
        EVIDENCE_HOTPLUG_D3,           /**< firmware: HotPlugSupportInD3 */
        EVIDENCE_USB4,                 /**< firmware: usb4-host-interface */
        EVIDENCE_CHILD_REMOVABLE,      /**< the kernel says so of something directly below */
        EVIDENCE_CONTROLLER_BESIDE,    /**< a Thunderbolt controller's host interface is below the same switch */
        EVIDENCE_CONTROLLER_BELOW,     /**< ... or says that it is below this port */
        EVIDENCE_SOLDERED,             /**< firmware describes what is behind a switch below this port */
        EVIDENCE_FIRMWARE_UNCLEAR,     /**< tables that were not read or not understood */
        EVIDENCE_FIRMWARE_CONTRADICTS, /**< the tables say one thing and another */
        EVIDENCE_OTHERS_MARKED,        /**< another port is marked ExternalFacingPort, this one is not */
        EVIDENCE_CONFIGURED,           /**< named in the configuration */
        EVIDENCE_MAX
};

#define POLICY_EVIDENCE_BIT(evidence) (1u << (evidence))

/** Evidence of the port's own facts: all but EVIDENCE_CONFIGURED. */
uint32_t policy_evidence_gather(const struct event_port *found);
/**
 * Does this evidence make a port external, where nobody has named any? A Hot-Plug Capable one is, unless all else is
 * silent and firmware marks other ports (REASON_FIRMWARE_INTERNAL), or firmware has a Thunderbolt controller soldered
 * in below, whose own ports are then judged (REASON_CONTROLLER).
 */
bool policy_evidence_external(uint32_t evidence, enum record_reason *ret_why);
/** "external-facing": stable word for a piece of evidence. */
const char *policy_evidence_word(enum policy_evidence evidence);

/**
 * Why dom0's use of what is below it keeps an external port open: REASON_NEEDED, REASON_IN_USE, REASON_ROOT_UNKNOWN; or
 * REASON_NONE. What could not be read keeps none open.
 */
enum record_reason policy_use_exposes(const struct event_config *config, enum record_reason why,
                                      const struct event_use *use);
/** How grave it is to take what is below from dom0: REASON_NEEDED, REASON_IN_USE or REASON_NONE. */
enum record_reason policy_use_grade(const struct event_use *use);
/**
 * Why dom0 is not to lose what a rule has made its own below the port, though somebody asks for that: REASON_NEEDED,
 * REASON_IN_USE (not with InUse=quarantine); or REASON_NONE. As it was at the last discovery, seconds ago.
 */
enum record_reason policy_use_bars(const struct core *core, const struct model_port *port);
/** "system": stable word for a kind of use. */
const char *policy_use_word(enum event_use_kind kind);
/**
 * Which external ports are left open: those that were never closed since the daemon started and are used as
 * policy_use_exposes says, unless what is plugged was replaced unnoticed. Every other one is taken for good.
 */
void policy_use_judge(struct core *core, struct effects *effects);

/** Judges every port that was not judged yet by the configuration and the evidence. */
void policy_ports_judge(struct core *core, struct effects *effects);

/**
 * Why door 2 cannot be relied upon on this platform, or REASON_NONE. Unknown counts against it (I6).
 * Sources: mechanisms in Xen's ats.c (ats), passthrough/iommu.c (dom0-iommu, iommu=no), intremap.
 */
enum record_reason policy_platform_weakness(const struct event_platform *platform);

/** Tells once, after each EVENT_PLATFORM, what was found and what it means. */
void policy_platform_judge(struct core *core, struct effects *effects);

/**
 * Is somebody at the machine? Of the sessions of seat0, but for those that end: unlocked, where the one that has the
 * seat is a person's and says that it is not locked; else locked, where a person is logged in; else none. Unknown where
 * that cannot be read, or contradicts itself. *ret_why: which of it.
 */
enum record_session policy_session_derive(const struct event_sessions *sessions,
                                          enum record_reason *ret_why);
/** Takes note of it, tells of it, and has the rules asked again where they ask for it. */
void policy_session_judge(struct core *core, const struct event *event, struct effects *effects);
/** POLICY_KNOWN_SESSION, or 0. */
uint32_t policy_session_known(enum record_session session);
/**
 * Why the session lets in no router without somebody's request, or REASON_NONE: it is locked or unknown (not with
 * WhileLocked=allow), or it is unknown and a rule asks for it.
 */
enum record_reason policy_session_bars(const struct core *core);

/** Asks the rules about everything below external ports that changed since. */
void policy_verdicts_weigh(struct core *core, struct effects *effects);
/** Guest of the rule with this number (model_function.rule, model_port.verdict_rule), in the set; or "". */
const char *policy_verdict_guest(const struct core *core, uint32_t rule);
/** "FILE:LINE" of the rule with this number; "" for a default. */
void policy_verdict_rule(const struct core *core, uint32_t rule,
                         char ret_name[static LIMIT_RULE_NAME]);

/**
 * Why door 2 cannot be shut for every requester ID of an external port's bus range, or REASON_NONE. VT-d blocks each
 * that Xen does not know (it has no context entry); on AMD-Vi each has to be reserved, and so has to be covered. Of one
 * that the IVRS does not cover firmware says no IOMMU, and nothing says that its DMA passes any.
 */
enum record_reason policy_port_uncovered(const struct core *core, const struct model_port *port);
/** What is odd about a function (bits by enum policy_finding); nothing where the kernel does not list it. */
uint32_t policy_function_findings(const struct model_function *function);
/** What of a function's findings bars that its hierarchy is given to anybody: the dangerous ones, unless forgiven. */
uint32_t policy_function_dangers(const struct core *core, const struct model_function *function);
/**
 * Must the external port stay closed until the reboot, since Xen may keep an entry that leads what is below into dom0's
 * memory? VT-d only: on AMD aliases come from IVRS alone, and no bridge's registers are asked (mechanisms.md §1). An
 * unknown IOMMU counts as VT-d (I6).
 */
bool policy_port_tainted(const struct core *core, const struct model_port *port);

/** May something that is tunnelled through Thunderbolt appear at this port, as far as firmware and place tell? */
bool policy_port_candidate(const struct core *core, const struct model_port *port);
/**
 * The port at which appears what is behind the router: where something appeared after the router next to the host was
 * authorized, or the only one that there is. NULL: not known.
 */
const struct model_port *policy_router_port(const struct core *core,
                                            const struct model_router *router);
/** May it appear at this port? All candidates, but for those that are another router's; or the one that is known. */
bool policy_router_reaches(const struct core *core, const struct model_router *router,
                           const struct model_port *port);
/** Notes behind which router a function below the port is, where that is known by now, and was not before. */
void policy_function_route(struct core *core, const struct model_port *port,
                           struct model_function *function);
/** What a router has proved of who it is: no more than the routers before it, which could speak for it. */
enum policy_key policy_router_key(const struct core *core, const struct model_router *router);
/** It as rules ask for it: its strings are the router's own. */
struct policy_router policy_router_facts(const struct core *core, const struct model_router *router,
                                         char ret_unique_id[static POLICY_UNIQUE_ID_SIZE]);
/** How it is to be authorized, by what the identity store has and the kernel takes. */
enum effect_authorize policy_router_authorize(const struct model_router *router);
/** Asks the rules about every router about which something changed. */
void policy_routers_weigh(struct core *core);
/**
 * Why it is not to be authorized whatever the ports do, or REASON_NONE. It needs somebody's word: a request, an entry
 * of the identity store, or a rule that names it; and nothing may speak against it. *ret_licence: which word that is.
 */
enum record_reason policy_router_bars(const struct core *core, const struct model_router *router,
                                      enum record_reason *ret_licence);

/** Does ACS Source Validation confine requester IDs to the port's bus range? As last read. */
bool policy_port_validated(const struct model_port *port);
