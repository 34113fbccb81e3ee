/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told to people: one record per thing that happened. The text is made of it in report/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"

/** What happened. Each has a MESSAGE_ID and a text in report/record.c; only ever append. */
enum record_kind {
        RECORD_PORT_GUARDED,      /**< external port closed and ours: BME 0, pciehp off, pcieport on */
        RECORD_PORT_INTERNAL,     /**< port found and judged not external */
        RECORD_PORT_LOST,         /**< a guarded port does not answer */
        RECORD_GATE_OPENED,       /**< somebody else set BME of a closed port */
        RECORD_PCIEHP_BACK,       /**< pciehp was bound to a guarded port behind our back */
        RECORD_ARRIVAL,           /**< something was plugged */
        RECORD_FUNCTION_FOUND,    /**< a function was enumerated below an external port */
        RECORD_FUNCTION_QUARANTINED, /**< seen: owner DOMID_IO, no driver */
        RECORD_FUNCTION_CONTAINED,   /**< only door 1 holds it, and why */
        RECORD_FUNCTION_GONE,
        RECORD_PORT_QUARANTINED,  /**< every function below is quarantined, both doors verified */
        RECORD_PORT_CONTAINED,    /**< something could not be done; door 1 stays shut */
        RECORD_REMOVAL_SURPRISE,  /**< presence or link lost without notice, or a swap was noticed */
        RECORD_REMOVAL_ORDERLY,   /**< eject or attention button: removal begins */
        RECORD_REMOVAL_CANCELLED, /**< attention button pressed again within 5 s */
        RECORD_EJECTED,           /**< removed; safe to unplug */
        RECORD_UNPLUGGED,         /**< slot empty and nothing left below the port */
        RECORD_PLATFORM_WEAK,     /**< door 2 cannot hold on this machine; reason says why */
        RECORD_PLATFORM_READY,    /**< what was found: vendor, Xen version */
        RECORD_OVERFLOW,          /**< more ports, functions or effects than limits.h has room for */
        RECORD_OVERRUN,           /**< uevents were lost; everything is read again */
        RECORD_EFFECT_FAILED,     /**< an effect answered with an error; it will be tried again */
        RECORD_EFFECT_STARTED,    /**< debug: an effect leaves the core */
        RECORD_CONFIG_REJECTED,   /**< made by the daemon: error in a configuration file; guarding with `auto` */
        RECORD_REJECTED,          /**< a rule wants it out: not enumerated, or being removed */
        RECORD_RULES_REJECTED,    /**< made by the daemon: error in a file of rules; everything is quarantined */
        RECORD_VERDICT,           /**< what the rules want for a function, where it is not quarantine */
        RECORD_EFFECT_ENDED,      /**< debug: an effect answered without error, which proves nothing yet */
        RECORD_SEEN_CLOSED,       /**< debug: the port was read, door 1 is shut */
        RECORD_SEEN_OPEN,         /**< debug: the port was read, door 1 is not shut, or not known to be */
        RECORD_SEEN_INVENTORY,    /**< debug: functions below were listed, not the same as the time before */
        RECORD_SEEN_STABLE,       /**< debug: functions below were listed, the same as the time before */
        RECORD_SEEN_BLOCKED,      /**< debug: Xen said that it blocks the function's DMA */
        RECORD_SEEN_OWNERS,       /**< debug: Xen's owner list was read; count = functions that are dom_io's */
        RECORD_SEEN_OWNER,        /**< debug: ... and the function's owner is another than before; count = domid */
        RECORD_PORT_RELEASED,     /**< the configuration no longer makes it external: closed, but not watched */
        RECORD_CONFIG_RELOADED,   /**< made by the daemon: count = what it changed */
        RECORD_RELOAD_REJECTED,   /**< made by the daemon: error in a file, what was in force stays so */
        RECORD_MEMORY_REJECTED,   /**< the state file is damaged, newer or unreadable: nothing of it is used */
        RECORD_MEMORY_TORN,       /**< the state file's last entry was not whole, and is left out */
        RECORD_MEMORY_FAILED,     /**< something could not be remembered */
        RECORD_PORT_EXPOSED,      /**< an external port is left open for what dom0 does with what is below it */
        RECORD_PORT_CUT_OFF,      /**< an external port is closed although dom0 uses what is below it */
        RECORD_PORT_RESERVED,     /**< every requester ID of the port's bus range is reserved; count = how many */
        RECORD_SEEN_RESERVED,     /**< debug: Xen said that it blocks requester IDs of a bus; count = how many */
        RECORD_FINDINGS,          /**< something is odd about a function; count = bits by enum policy_finding */
        RECORD_BARRED,            /**< the rules give a function away, and it stays: count = dangerous findings */
        RECORD_FUNCTION_WITHDRAWN, /**< Xen refused to quarantine a function, and was made to forget it */
        RECORD_PORT_TAINTED,      /**< Xen may keep a stale entry for what was below: closed until the reboot */
        RECORD_ASSIGNING,         /**< a request or a rule: a hierarchy is to be a guest's; guest tells whose */
        RECORD_PORT_ASSIGNED,     /**< seen: the guest owns what it was given, all else is quarantined; door 1 opens */
        RECORD_PORT_SHUT,         /**< door 1 of an assigned port was shut again; reason says why */
        RECORD_FUNCTION_FOREIGN,  /**< a guest owns a function that was not given to it here: the port stays closed */
        RECORD_FUNCTION_RIGHTS,   /**< the guest that a function was taken from may still map its memory */
        RECORD_UNASSIGNED,        /**< nothing below the port is a guest's any more */
        RECORD_RESCAN_POSTPONED,  /**< enumerating would reach below another port, which is open */
        RECORD_TRUSTED,           /**< a rule makes a function dom0's, and opens its port for that */
        RECORD_TRUST_ENDED,       /**< what was trusted below a port is not any more; reason says why */
        RECORD_TRUST_SHUT,        /**< door 1 of a port that was open for dom0 is shut, to look once more */
        RECORD_ROUTER_FOUND,      /**< a Thunderbolt router appeared */
        RECORD_ROUTER_GONE,
        RECORD_ROUTER_HELD,       /**< it is not authorized, and why */
        RECORD_ROUTER_WAITING,    /**< it is to be authorized, and something has to come first */
        RECORD_ROUTER_AUTHORIZING, /**< every port where something can appear is closed: it is authorized, and why */
        RECORD_ROUTER_AUTHORIZED, /**< seen: it is; count = what it proved, enum policy_key */
        RECORD_ROUTER_FOREIGN,    /**< seen: it is, and not by this daemon */
        RECORD_ROUTER_UNGUARDED,  /**< its domain does not ask: there is no third door */
        RECORD_ROUTER_REFUTED,    /**< it does not have the key that the one with its unique ID was given */
        RECORD_ROUTER_CHANGED,    /**< it showed another identity than before */
        RECORD_ROUTER_PORT,       /**< something appeared at a port since it was authorized */
        RECORD_ROUTER_AMBIGUOUS,  /**< ... at more than one */
        RECORD_ROUTER_FAILED,     /**< an effect on a router, or the listing of all, answered with an error */
        RECORD_ROUTERS_OVERFLOW,  /**< more routers or domains than limits.h has room for, or a list that cannot be */
        RECORD_SESSION,           /**< whether the session is locked is another than before; count = record_session */
        RECORD_FUNCTION_CLAIMED,  /**< xenstore says that another guest has what was given away; count = domid */
        RECORD_MAX
};

/** Why. Stable words of the text and JSON output (report_reason_text). Only ever append. */
enum record_reason {
        REASON_NONE,
        REASON_HOTPLUG_CAPABLE,   /**< external: Slot Capabilities say Hot-Plug Capable */
        REASON_CONFIGURED,        /**< external: named in the configuration */
        REASON_NOT_HOTPLUG,       /**< internal: no hot-plug slot, and not named */
        REASON_BELOW_EXTERNAL,    /**< not a port of ours: it hangs below an external port */
        REASON_NOT_CONFIGURED,    /**< internal: the configuration names others only */
        REASON_PORT_UNREADABLE,   /**< the port's registers read as all ones or not at all */
        REASON_GATE_REFUSED,      /**< BME reads 1 after we cleared it */
        REASON_NO_PCIEPORT,       /**< the port is not bound to pcieport */
        REASON_PCIEHP_BOUND,      /**< pciehp does not let go of the port */
        REASON_RUNTIME_PM,        /**< runtime power management of the port could not be switched off */
        REASON_SLOT_COMMAND,      /**< the slot did not take a Slot Control command */
        REASON_NO_LINK,           /**< present, but the link does not come up */
        REASON_NO_FUNCTION,       /**< link up, but no function answers */
        REASON_INVENTORY,         /**< the functions below could not be listed, or are more than limits.h allows */
        REASON_UNSTABLE,          /**< two readings of the hierarchy differ */
        REASON_DRIVER_BOUND,      /**< a dom0 driver does not let go */
        REASON_UNREADABLE,        /**< config space reads as all ones, or is cut short */
        REASON_QUARANTINE_REFUSED, /**< Xen refused DOMID_IO; error says how */
        REASON_OWNER_DIFFERS,     /**< Xen's owner list says another owner than DOMID_IO */
        REASON_OWNERS_UNREADABLE, /**< Xen's owner list could not be read */
        REASON_UNKNOWN_TO_XEN,    /**< Xen does not list the function */
        REASON_OWNED_BY_GUEST,    /**< a guest owns it */
        REASON_REMOVE_FAILED,     /**< the kernel still shows the function after its removal */
        REASON_MRL_OPEN,          /**< the slot's latch is open: no power */
        REASON_NO_ACS,            /**< the port has no ACS Source Validation, or it is off: requester IDs can be
                                       forged */
        REASON_NO_XEN,            /**< no Xen below us, or no way to ask it */
        REASON_NO_IOMMU,          /**< Xen runs without an IOMMU */
        REASON_NO_INTREMAP,       /**< interrupt remapping is off */
        REASON_ATS,               /**< Xen was started with ats: devices may bypass translation */
        REASON_PASSTHROUGH,       /**< dom0-iommu=passthrough: dom0's devices are not translated */
        REASON_UNKNOWN_VENDOR,    /**< neither DMAR nor IVRS among the ACPI tables */
        REASON_AMD_UNSUPPORTED,   /**< no longer given: AMD-Vi, before requester IDs were reserved */
        REASON_TIMEOUT,           /**< not done within its time */
        REASON_REQUESTED,         /**< somebody asked for it */
        REASON_BUTTON,            /**< attention button */
        REASON_SWAPPED,           /**< Presence Detect or Data Link Layer State changed between two looks */
        REASON_CHANGED,           /**< the function is not what the kernel enumerated */
        REASON_OWNERLESS,         /**< Xen lists a function without an owner: its removal would panic Xen < 4.19 */
        REASON_EXTERNAL_FACING,   /**< external: firmware says that the port leads out of the machine */
        REASON_USB4,              /**< external: firmware says that it is reached through a USB4 connector */
        REASON_FIRMWARE_INTERNAL, /**< internal though hot-plug capable: firmware marks others, nothing speaks for it */
        REASON_REJECTED,          /**< a rule rejects what is plugged */
        REASON_RULES_DISAGREE,    /**< rules want different things for functions of one hierarchy */
        REASON_OCCUPIED,          /**< not external any more, but guarded until nothing is below it */
        REASON_MEMORY_OUTDATED,   /**< what the state file says of the port could not be taken back */
        REASON_MEMORY_DAMAGED,    /**< the state file is not what was written */
        REASON_MEMORY_NEWER,      /**< a later version wrote the state file */
        REASON_MEMORY_UNUSABLE,   /**< the state directory cannot be used */
        REASON_CONTROLLER,        /**< internal: a soldered Thunderbolt controller is below, whose ports are guarded */
        REASON_NEEDED,            /**< dom0 cannot do without what is below */
        REASON_IN_USE,            /**< dom0 uses what is below, and can do without */
        REASON_ROOT_UNKNOWN,      /**< dom0's root, not mounted yet, may be below */
        REASON_COVERAGE,          /**< AMD-Vi: which requester IDs the IOMMU covers is not known */
        REASON_UNCOVERED,         /**< AMD-Vi: the IVRS does not cover every requester ID of the port's bus range */
        REASON_RESERVE_LIMIT,     /**< AMD-Vi: there are more requester IDs than can be reserved */
        REASON_UNRESERVED,        /**< AMD-Vi: Xen does not block every requester ID of the port's bus range */
        REASON_FINDING,           /**< a dangerous finding, not forgiven */
        REASON_TAINTED,           /**< something was below since the boot that Xen may keep a stale entry for */
        REASON_WITHDRAWN,         /**< Xen refused DOMID_IO, and was made to forget the function: nothing is mapped */
        REASON_NO_GUEST,          /**< there is no guest of this name */
        REASON_OTHER_GUEST,       /**< what is below this port is another guest's */
        REASON_NO_ENDPOINT,       /**< there is nothing below that a guest could be given */
        REASON_BRIDGE,            /**< it is a bridge: those stay in quarantine, and bridge */
        REASON_GUESTS_UNREADABLE, /**< xenstore could not be read */
        REASON_NOT_REGISTERED,    /**< Xen did not learn of the function anew */
        REASON_PCIBACK,           /**< pciback does not hold the function */
        REASON_ATTACH_FAILED,     /**< the toolstack did not attach it, or Xen's owner is still another */
        REASON_DETACH_FAILED,     /**< the guest still owns it */
        REASON_RIGHTS_LEFT,       /**< a guest that it was taken from may still map its memory */
        REASON_OPEN_REFUSED,      /**< BME reads 0 after we set it */
        REASON_DECODE_REFUSED,    /**< Memory Space Enable reads 0 after we set it */
        REASON_GUEST_GONE,        /**< the guest is not there any more */
        REASON_ARRIVING,          /**< not everything below the port is quarantined yet */
        REASON_OTHER_PORT_OPEN,   /**< enumerating has to wait: it would reach below an open port */
        REASON_TRUSTED,           /**< a rule has made it dom0's */
        REASON_UNTRUSTED,         /**< no rule makes it dom0's any more */
        REASON_UNPROBED,          /**< our keep-off could not be taken from the function */
        REASON_NO_THIRD_DOOR,     /**< the domain's security level is none: nothing waits to be authorized */
        REASON_NO_TUNNELS,        /**< the domain makes no PCIe tunnels: there is nothing to authorize */
        REASON_SECURITY_UNKNOWN,  /**< the domain's security level is not known */
        REASON_ROUTERS_LIMIT,     /**< not every router is known */
        REASON_ROUTER_UNREADABLE, /**< an attribute of the router is missing, malformed or too long */
        REASON_ROUTER_CHANGED,    /**< it showed one identity and then another */
        REASON_ROUTER_TWIN,       /**< another router says that it has the same unique ID */
        REASON_KEY_REJECTED,      /**< it does not have the key, or somebody else's was written */
        REASON_ASK,               /**< a rule leaves it to somebody: `sallyport authorize` */
        REASON_NOT_ENROLLED,      /**< the identity store does not know it, and no rule names it */
        REASON_MANUAL,            /**< it is enrolled to be authorized on request only */
        REASON_STORE,             /**< the identity store cannot be read or written */
        REASON_KEY_UNCHECKED,     /**< it is enrolled with a key, and the kernel does not challenge one here */
        REASON_RULES_REJECTED,    /**< the rules could not be read: one of them may reject it */
        REASON_ENROLLED,          /**< the identity store knows it */
        REASON_RULE,              /**< a rule names it */
        REASON_PARENT,            /**< the router before it comes first */
        REASON_OTHER_ROUTER,      /**< what another one brings is waited for */
        REASON_CANDIDATE_OPEN,    /**< a port at which something of it could appear is open */
        REASON_NO_CANDIDATE,      /**< no port is guarded at which something of it could appear */
        REASON_ROUTER_GONE,       /**< it is not there any more */
        REASON_SESSION_LOCKED,    /**< nothing is let in by itself while the session is locked */
        REASON_SESSION_UNKNOWN,   /**< ... nor while nobody can tell whether it is */
        REASON_LOCKED_HINT,       /**< the session that has seat0 says that it is locked */
        REASON_AWAY,              /**< somebody is logged in at seat0, and another screen than his is shown */
        REASON_PRESENT,           /**< the session that has seat0 says that it is not locked */
        REASON_NO_LOGIND,         /**< there is no logind that knows of sessions */
        REASON_NOBODY,            /**< nobody is logged in at seat0 */
        REASON_SESSIONS_UNREADABLE, /**< logind does not answer, or not as it has to */
        REASON_SESSIONS_CONTRADICT, /**< more than one session says that it has seat0 */
        REASON_MAX
};

/** What policy wants for a device. Words of the rules and of the output (report_verdict_name). Only ever append. */
enum record_verdict {
        VERDICT_QUARANTINE, /**< stays between the doors */
        VERDICT_REJECT,     /**< is not enumerated where that can be helped; else removed, and its slot switched off */
        VERDICT_ASSIGN,     /**< is for a guest */
        VERDICT_ASK,        /**< stays between the doors until somebody decides */
        VERDICT_TRUST_DOM0, /**< is dom0's; builds without the option have no such rule */
        VERDICT_MAX
};

/** Is somebody at the machine? Words of the rules and of the output (report_session_name). Only ever append. */
enum record_session {
        SESSION_UNKNOWN,  /**< not told yet, or not in a way that can be believed */
        SESSION_LOCKED,   /**< somebody is logged in, and does not show that he is there */
        SESSION_UNLOCKED,
        SESSION_NONE,     /**< nobody is logged in at the seat, or nothing here knows of sessions */
        SESSION_MAX
};

enum record_priority { /* syslog(3)'s numbers */
        RECORD_CRITICAL = 2,
        RECORD_ERROR = 3,
        RECORD_WARNING = 4,
        RECORD_NOTICE = 5,
        RECORD_INFO = 6,
        RECORD_DEBUG = 7,
};

#define RECORD_UNIQUE_ID_SIZE 16u

/** Names one router, and no other that came to its place. */
struct record_router {
        bool any;          /**< false: none, and all else is 0 */
        uint32_t domain;
        uint64_t route;    /**< never 0, which is the host's own router */
        uint64_t instance; /**< event_router.instance */
        uint8_t unique_id[RECORD_UNIQUE_ID_SIZE]; /**< in the order of the UUID's text */
};

struct record {
        uint64_t time_ms;
        enum record_kind kind;
        enum record_reason reason;
        uint32_t port;     /**< SBDF or BASE_SBDF_NONE */
        uint32_t function; /**< SBDF or BASE_SBDF_NONE */
        uint32_t effect;   /**< enum effect_kind, for RECORD_EFFECT_*; else 0 */
        int32_t error;     /**< positive errno or 0 */
        uint32_t count;    /**< functions, lost events... as the kind's text says; else 0 */
        char driver[LIMIT_DRIVER]; /**< for reasons about drivers; what is used, for those about use; else empty */
        enum record_verdict verdict; /**< of RECORD_VERDICT */
        char rule[LIMIT_RULE_NAME]; /**< "FILE:LINE" of the rule that it is about, else empty */
        char guest[LIMIT_GUEST]; /**< the guest that it is about, else empty */
        struct record_router router; /**< that it is about */
        char told[LIMIT_TOLD]; /**< not escaped: what a toolstack said, of RECORD_EFFECT_FAILED; what the router calls
                                    itself; else empty */
};
