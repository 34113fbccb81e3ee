/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that can reach the core. Flat and without pointers, so that a worker can send one through a pipe. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/effect.h"
#include "core/limits.h"

enum event_kind {
        EVENT_NONE,       /**< only time has passed */
        EVENT_CONFIG,     /**< the configuration (start) */
        EVENT_PLATFORM,   /**< hypervisor and IOMMU (start) */
        EVENT_PORT_FOUND, /**< a bridge that can be a port */
        EVENT_PORTS_END,  /**< the discovery with this token is complete */
        EVENT_PORT_READ,  /**< registers and drivers of a port: polled, or read on demand */
        EVENT_INVENTORY,  /**< functions below a port */
        EVENT_OWNERS,     /**< Xen's owner list below a port */
        EVENT_RESERVED,   /**< requester IDs that Xen was made to block */
        EVENT_COMPLETED,  /**< an effect has ended */
        EVENT_UEVENT,
        EVENT_OVERRUN, /**< the uevent socket lost messages (ENOBUFS) */
        EVENT_REQUEST, /**< an operator asks */
        EVENT_RULES,   /**< the rules (start, reload) */
        EVENT_MEMORY,  /**< what an earlier daemon remembered of a port (start, before the discovery) */
        EVENT_MEMORY_END, /**< that was all of it, or why there is none */
        EVENT_LOOK,    /**< it is time to look again at what guests use: nobody tells what Xen was asked for */
        EVENT_GUESTS,  /**< the guests that exist: asked for, or since that changed */
        EVENT_ROUTERS, /**< every Thunderbolt router there is: answers EFFECT_ROUTERS */
        EVENT_SESSIONS, /**< who sits at the machine: told at the start, and since that changed */
        EVENT_MAX
};

/** Which IOMMU Xen drives: a fact of the platform, found at start. */
enum event_iommu { IOMMU_UNKNOWN, IOMMU_VTD, IOMMU_AMD, IOMMU_MAX };
/** A fact that may not be readable. */
enum event_fact { FACT_UNKNOWN, FACT_NO, FACT_YES };

/** What iommu=quarantine= makes Xen do (docs/misc/xen-command-line.pandoc); basic where nothing is said. */
enum event_quarantine {
        QUARANTINE_UNKNOWN,
        QUARANTINE_OFF,
        QUARANTINE_BASIC,
        QUARANTINE_SCRATCH, /**< scratch-page */
        QUARANTINE_MAX
};

/** Requester IDs first..last, both included, as SBDFs. */
struct event_range {
        uint32_t first, last;
};

/**
 * Requester IDs that an AMD IOMMU covers, of which each has a device table entry of its own: those that Xen can be told
 * of (amd_iommu_add_device fails for others, and leaves an entry without owner).
 */
struct event_coverage {
        bool known; /**< the table was there and understood; else the set is empty */
        uint32_t count;
        struct event_range ranges[LIMIT_COVERAGE]; /**< ascending, with gaps between them */
};

struct event_platform {
        enum event_iommu iommu;
        enum event_fact xen;         /**< can Xen be asked (privcmd, domctl) */
        enum event_fact iommu_on;    /**< XEN_SYSCTL_PHYSCAP_directio */
        enum event_fact intremap;    /**< interrupt remapping enabled */
        enum event_fact ats;         /**< `ats` on Xen's command line */
        enum event_fact passthrough; /**< dom0-iommu=passthrough, or iommu=dom0-passthrough */
        enum event_quarantine quarantine;
        uint16_t xen_major, xen_minor;
        struct event_coverage coverage; /**< of IOMMU_AMD */
};

/** What the Thunderbolt domains' security level means for PCIe tunnels. The worst of all domains counts. */
enum event_thunderbolt {
        THUNDERBOLT_UNKNOWN,
        THUNDERBOLT_UNGUARDED, /**< "none": tunnels are made without asking */
        THUNDERBOLT_GUARDED, /**< "user" and "secure": they wait for authorization */
        THUNDERBOLT_NO_TUNNELS, /**< "dponly", "usbonly", "nopcie": none is made */
        THUNDERBOLT_ABSENT, /**< there is no domain */
        THUNDERBOLT_MAX
};

/** What dom0's side of the machine is like, for `sallyport audit`; it decides nothing. All zero = nothing known. */
struct event_machine {
        uint16_t linux_major, linux_minor; /**< 0.0 = not known */
        enum event_fact lockdown; /**< kernel lockdown is on: config space cannot be written */
        enum event_fact acpiphp;  /**< ACPI hot-plug may enumerate */
        enum event_fact boltd;    /**< boltd runs */
        enum event_fact udev;     /**< udev runs */
        enum event_fact udev_rules; /**< our rules for it are there */
        enum event_fact modules;   /**< kernel modules can be loaded */
        enum event_thunderbolt thunderbolt;
        bool drivers_known; /**< the two below hold */
        uint32_t built_in;  /**< PCI drivers that are not modules, but for pcieport */
        char built_in_first[LIMIT_DRIVER]; /**< the first of them by name */
        bool cardbus_known; /**< all functions were looked at, and all bridges found fit */
        uint32_t cardbus_count;
        uint32_t cardbus[LIMIT_CARDBUS]; /**< SBDF of each CardBus bridge (class 0607) */
};

/** Which ports are external, and how the daemon works. Made by policy_config_parse. */
enum event_selector_kind { SELECTOR_SBDF, SELECTOR_PATH };

struct event_selector {
        enum event_selector_kind kind;
        uint32_t sbdf;
        char path[LIMIT_PATH]; /**< below /sys/devices, as in the uevent's DEVPATH:
                                    "/devices/pci0000:00/0000:00:04.0" */
};

struct event_config {
        uint32_t poll_interval_ms; /**< 10..10000 */
        bool auto_ports;           /**< ports that are not named are judged by evidence */
        bool in_use_quarantine;    /**< InUse=quarantine: what dom0 uses, but can do without, is taken from it */
        bool early;                /**< started in the initramfs: what dom0 will run from is not mounted yet */
        enum effect_toolstack toolstack;
        bool pause;                /**< RescanWhileOpen=pause: an open port is closed while another is enumerated */
        bool while_locked;         /**< WhileLocked=allow: routers are authorized while the session is locked, too */
        uint32_t forgiven;         /**< findings that bar nothing: bits by enum policy_finding */
        uint32_t selector_count;
        struct event_selector selectors[LIMIT_SELECTORS];
        char run_directory[LIMIT_DIRECTORY];
        char state_directory[LIMIT_DIRECTORY];
};

/** Where a PCI function hangs: read from a device path. */
struct event_place {
        uint32_t sbdf;               /**< the function, or BASE_SBDF_NONE */
        uint32_t depth;              /**< entries of above[] */
        uint32_t above[LIMIT_DEPTH]; /**< bridges above it, from the root bus down */
        bool truncated;              /**< deeper than LIMIT_DEPTH: the place is not known */
};

/** What the firmware's ACPI tables say of a port. Nothing of it is a claim of what is plugged. */
struct event_firmware {
        bool described;       /**< a Device() of the tables is this port */
        bool external_facing; /**< ExternalFacingPort: it leads out of the machine */
        bool hotplug_d3;      /**< HotPlugSupportInD3: something can be plugged while it sleeps */
        bool usb4;            /**< usb4-host-interface: it is reached through a USB4 connector */
        bool others;  /**< another port of this machine is ExternalFacingPort, and that is clear */
        bool unclear; /**< what might be about this port was not readable or not understood */
        bool contradicts; /**< the same was said twice and differently, or of another address */
        bool soldered; /**< what is behind a switch below the port is a Device() too: it is not plugged in */
};

/** What dom0 does with what is below a port. Each its bit of event_use.uses, the gravest first. */
enum event_use_kind {
        USE_SYSTEM,    /**< a file system that dom0 itself runs from: on /, /usr, /boot, /boot/efi or /var */
        USE_SWAP,      /**< swap */
        USE_CONSOLE,   /**< fb0, or the boot VGA device while a driver holds it */
        USE_NETWORKS,  /**< every physical network interface that is up */
        USE_KEYBOARDS, /**< every keyboard */
        USE_MOUNT,     /**< another file system */
        USE_NETWORK,   /**< a network interface that is up, and not the only one */
        USE_STORAGE,   /**< a mass storage controller, whether anybody uses it or not */
        USE_MAX
};

#define EVENT_USE_BIT(kind) (1u << (kind))

/** As the kernel's books say: no device is asked. */
struct event_use {
        uint32_t uses;         /**< bits by enum event_use_kind */
        bool unknown;          /**< something could not be read: there may be more */
        char first[LIMIT_USE]; /**< the gravest: "nvme0n1p2 on /", "eth0"; NUL-terminated, or empty */
};

/** What does not change while a port is there, but for neighbours and use. Parsed from its own config space. */
struct event_port {
        uint32_t sbdf;
        struct event_place place;
        char path[LIMIT_PATH]; /**< DEVPATH */
        uint16_t vendor, device;
        uint16_t pcie_cap; /**< offset; 0 = not a PCIe port */
        uint16_t acs_cap;  /**< offset of the ACS extended capability; 0 = none */
        uint8_t port_type; /**< PCIe Capabilities bits 7:4: 4 root port, 6 downstream port */
        bool slot;         /**< Slot Implemented */
        uint32_t slot_cap; /**< Slot Capabilities */
        uint32_t link_cap; /**< Link Capabilities */
        struct event_firmware firmware;
        bool controller_beside; /**< a Thunderbolt or USB4 host interface is below the same switch */
        bool controller_below;  /**< what is below says that it is one, with its switch */
        bool child_removable;   /**< the kernel takes something directly below for removable */
        struct event_use use;
};

/** One look at a port: registers as they were read, and sysfs. */
struct event_port_registers {
        bool readable; /**< false: a read failed or gave all ones; nothing else here counts */
        uint16_t command;
        uint16_t link_status;
        uint16_t slot_control;
        uint16_t slot_status;
        uint16_t acs_control;
        uint8_t secondary, subordinate;
        bool pcieport; /**< bound to pcieport */
        bool pciehp;   /**< pciehp is bound to its hot-plug service */
        bool awake;    /**< power/control reads "on" */
        bool decodes;  /**< Memory Space Enable is 1, or no memory window of the port has an address */
};

enum event_function_kind { FUNCTION_ENDPOINT, FUNCTION_BRIDGE };

/** Of event_function.header_type: there may be functions 1 to 7 (PCIe Base Spec 7.5.1.1.9). */
#define EVENT_HEADER_MULTI_FUNCTION 0x80u

/** What can give a function requester IDs beside its own, or a way past translation or quarantine. */
enum event_capability {
        CAPABILITY_PHANTOM, /**< phantom functions: the numbers of functions that it does not have */
        CAPABILITY_SR_IOV,  /**< virtual functions */
        CAPABILITY_ATS,     /**< Address Translation Service */
        CAPABILITY_PRI,     /**< Page Request Interface */
        CAPABILITY_PASID,   /**< Process Address Space ID */
        CAPABILITY_MSI_X,   /**< MSI-X; enabled here means that all of its vectors are masked at once */
        CAPABILITY_MAX
};

#define EVENT_CAPABILITY_BIT(capability) (1u << (capability))

/** One function as the kernel and its config space show it. Everything but `instance` and names may be a lie. */
struct event_function {
        uint32_t sbdf;
        uint32_t parent;   /**< bridge directly above: the port itself, or a function below it */
        uint64_t instance; /**< st_ino of its sysfs folder: one number per kernel device object */
        uint64_t
                digest; /**< of identity and capability bytes; equal digests = nothing we look at changed */
        uint16_t vendor, device;
        uint16_t subsystem_vendor, subsystem_device;
        uint32_t class;                /**< 24 bits: base class, subclass, programming interface */
        uint8_t header_type;           /**< register 0Eh with the multi-function bit */
        enum event_function_kind kind; /**< by header type, as Linux sees it */
        bool readable;                 /**< false: all ones, or cut short */
        bool malformed; /**< a capability list, also the extended one, loops or leaves the config space */
        bool conventional;             /**< readable, but without a PCI Express capability */
        bool type_wrong; /**< its PCI Express device/port type does not fit the header type, or the place */
        bool pci_bridge; /**< its PCI Express type is that of a bridge to or from conventional PCI */
        bool inconsistent; /**< a second reading, right after the first, did not show the same */
        bool buses_wrong;  /**< a bridge whose bus numbers are not its own to use: event_hierarchy_judge */
        bool bars_overlap; /**< an address range of it is another function's too */
        bool bars_outside; /**< an address range of it is none that the bridge above forwards */
        uint8_t capabilities; /**< what it has: bits by enum event_capability */
        uint8_t enabled;      /**< what of that is switched on */
        uint8_t secondary, subordinate; /**< a bridge's bus numbers, as they are in its registers; else 0 */
        bool changed;  /**< vendor, device or class differ from what the kernel enumerated */
        bool kept_off; /**< driver_override holds the keep-off name */
        bool kept_at_boot; /**< ... the one of what was there at boot */
        char driver[LIMIT_DRIVER]; /**< bound driver, or empty */
};

struct event_inventory {
        uint32_t count;
        bool truncated; /**< there are more than fit, or a folder could not be read */
        struct event_function functions[LIMIT_PORT_FUNCTIONS];
};

/** Written to driver_override so that no dom0 driver matches: no driver has this name. */
#define EVENT_KEEP_OFF_DRIVER "sallyport"
/** Likewise, for what was there at boot: the mark lives as long as the kernel's object, whatever becomes of daemons. */
#define EVENT_KEEP_OFF_AT_BOOT "sallyport-at-boot"
/** The driver that holds a function for a guest (drivers/xen/xen-pciback). */
#define EVENT_PCIBACK_DRIVER "pciback"

/** Owners as Xen numbers them (domid), and three values that are no domid. */
#define EVENT_OWNER_UNKNOWN 0xffffu /**< not read */
#define EVENT_OWNER_ABSENT 0xfffeu  /**< Xen does not list the function */
#define EVENT_OWNER_NOBODY 0xfffdu  /**< listed without an owner ("NULL") */
#define EVENT_OWNER_GUEST 0x7fefu   /**< a guest; which one is not known. No domain has this number */
#define EVENT_OWNER_DOM0 0u
#define EVENT_OWNER_DOM_IO 0x7ff1u /**< DOMID_IO */

struct event_owner {
        uint32_t sbdf;
        uint16_t domid;
};

struct event_owners {
        uint32_t count;
        bool truncated; /**< not the whole list */
        struct event_owner owners[LIMIT_OWNERS];
};

/** Bits by devfn: number devfn is bit devfn % 64 of word devfn / 64. */
struct event_reserved {
        uint64_t blocked[LIMIT_BUS_WORDS]; /**< Xen said of these that it blocks their DMA */
        int32_t error; /**< of the first of the others: positive errno, or 0 */
};

enum event_action {
        UEVENT_ADD,
        UEVENT_REMOVE,
        UEVENT_BIND,
        UEVENT_UNBIND,
        UEVENT_CHANGE,
        UEVENT_OTHER
};
enum event_subsystem {
        SUBSYSTEM_PCI,
        SUBSYSTEM_PCI_EXPRESS,
        SUBSYSTEM_THUNDERBOLT, /**< a router or domain, whichever: they are to be listed. `place` means nothing */
        SUBSYSTEM_OTHER
};

struct event_uevent {
        enum event_action action;
        enum event_subsystem subsystem;
        struct event_place place; /**< of the nearest PCI function in DEVPATH, itself included */
};

enum event_verb {
        REQUEST_EJECT,
        REQUEST_ASSIGN,   /**< give a function, or every endpoint below a port, to a guest */
        REQUEST_UNASSIGN, /**< take it back into quarantine */
        REQUEST_AUTHORIZE, /**< authorize a router, this once, whatever the identity store says of it */
        REQUEST_ENROLL,   /**< note a router in the identity store, to be authorized by itself from now on */
        REQUEST_FORGET,   /**< strike a unique ID off it */
        REQUEST_MAX
};

struct event_request {
        uint64_t id; /**< chosen by the caller, returned in EFFECT_REPLY */
        enum event_verb verb;
        uint32_t sbdf; /**< port, or a function below one */
        char guest[LIMIT_GUEST]; /**< REQUEST_ASSIGN: its name, NUL-terminated */
        /** By domain and route; or where route is 0, and always for REQUEST_FORGET, by unique_id. */
        struct record_router router;
        bool manual; /**< REQUEST_ENROLL: known, but authorized on request only */
};

/** A Thunderbolt domain's attribute security (drivers/thunderbolt/domain.c:security_show). */
enum event_security {
        SECURITY_UNKNOWN, /**< not readable, or no word that we know */
        SECURITY_NONE,    /**< every tunnel is made without asking: there is no third door */
        SECURITY_USER,    /**< PCIe tunnels are made when `authorized` is written */
        SECURITY_SECURE,  /**< likewise, and a key can be challenged */
        SECURITY_DPONLY,  /**< no PCIe tunnel is made: nothing can be authorized */
        SECURITY_USBONLY, /**< likewise */
        SECURITY_NOPCIE,  /**< likewise */
        SECURITY_MAX
};

struct event_domain {
        uint32_t number; /**< N of domainN */
        enum event_security security;
        bool deauthorizes; /**< its attribute deauthorization reads 1: 0 may be written to `authorized` */
};

/** A router's attribute authorized (drivers/thunderbolt/switch.c:authorized_show). */
enum event_authorized {
        AUTHORIZED_UNKNOWN, /**< not readable */
        AUTHORIZED_NO,
        AUTHORIZED_YES,
        AUTHORIZED_CHALLENGED /**< 2: it has proved to have the key that its attribute `key` holds */
};

/** A router's attribute key, which only SECURITY_SECURE has. The key itself never leaves the edge. */
enum event_router_key {
        ROUTER_KEY_NONE,  /**< there is no such attribute, or it is empty, or not readable */
        ROUTER_KEY_OURS,  /**< it holds the key that the identity store has for this unique ID */
        ROUTER_KEY_OTHER  /**< it holds another: somebody else wrote it */
};

/** What the identity store has of a router's unique ID. */
enum event_enrolled {
        ENROLLED_UNKNOWN, /**< its entry cannot be read, or is not what we wrote */
        ENROLLED_NO,
        ENROLLED_YES,     /**< without a key */
        ENROLLED_NEW_KEY, /**< with a key that the router was not given yet */
        ENROLLED_KEY      /**< with a key that it has to prove to have */
};

/**
 * One router as /sys/bus/thunderbolt/devices shows it (Documentation/ABI/testing/sysfs-bus-thunderbolt). All that it
 * says of itself is hostile: names, IDs, and unique_id, which can be another's.
 */
struct event_router {
        uint32_t domain;   /**< its folder is called DOMAIN-ROUTE, hexadecimal but for the domain */
        uint64_t route;    /**< a byte for each hop, the first in bits 7:0 (drivers/thunderbolt/tb_regs.h); never 0 */
        uint64_t instance; /**< st_ino of that folder: one number per kernel device object */
        bool readable;     /**< false: an attribute is missing or malformed, or a name too long; what is missing is 0 */
        uint8_t unique_id[RECORD_UNIQUE_ID_SIZE];
        uint16_t vendor, device;
        uint8_t generation; /**< of Thunderbolt, 1 to 4; 0 = not known */
        enum event_authorized authorized;
        bool boot;         /**< firmware had authorized it before the kernel ran */
        bool takes_key;    /**< it has the attribute key */
        enum event_router_key key;
        enum event_enrolled enrolled;
        bool manual;       /**< enrolled, but to be authorized on request only */
        char vendor_name[LIMIT_ROUTER_NAME]; /**< any bytes but NUL and the last line feed, as read; NUL-terminated */
        char device_name[LIMIT_ROUTER_NAME];
};

/** All of them, but for the hosts' own (route 0). Each list replaces the one before. */
struct event_routers {
        uint32_t domain_count, count;
        bool truncated; /**< there are more domains or routers than fit, or a folder could not be read */
        struct event_domain domains[LIMIT_DOMAINS];
        struct event_router routers[LIMIT_ROUTERS];
};

struct event_guest {
        uint16_t domid;
        char name[LIMIT_GUEST]; /**< NUL-terminated, not empty */
};

/** A toolstack's word of whose a function is, or is about to be. */
struct event_claim {
        uint32_t sbdf;
        uint16_t domid; /**< never 0, nor EVENT_OWNER_GUEST or above */
};

/** Domains but dom0, by xenstore: /local/domain/DOMID/name (xenstore-paths(7)). Names that do not fit are left out. */
struct event_guests {
        uint32_t count;
        bool truncated; /**< there are more than fit: who is not here may still exist */
        struct event_guest guests[LIMIT_GUESTS];
        /**
         * Functions that libxl says to be a guest's, which is there: /libxl/pci/SSSS-BB-DD-F/domid (libxl_pci.c). Of a
         * function that is not here nothing is known: other toolstacks write none, and there may be more than fit.
         */
        uint32_t claim_count;
        struct event_claim claims[LIMIT_CLAIMS];
};

/** Class of a session (org.freedesktop.login1(5)). */
enum event_session_class {
        SESSION_CLASS_UNKNOWN,     /**< no word that we know */
        SESSION_CLASS_USER,        /**< user, user-early, user-incomplete: somebody logged in */
        SESSION_CLASS_GREETER,     /**< a login screen */
        SESSION_CLASS_LOCK_SCREEN, /**< a lock screen that is a session of its own */
        SESSION_CLASS_OTHER        /**< none of a person's: background, manager, none */
};

/** Its state. */
enum event_session_state {
        SESSION_STATE_UNKNOWN, /**< no word that we know */
        SESSION_STATE_OPENING,
        SESSION_STATE_ONLINE, /**< logged in, and another one, or none, has the seat */
        SESSION_STATE_ACTIVE, /**< it has the seat */
        SESSION_STATE_CLOSING /**< logged out, and something of it still runs */
};

struct event_session {
        enum event_session_class class;
        enum event_session_state state;
        enum event_fact locked; /**< LockedHint: set by the session's own screen locker, if that does so at all */
};

/** Where the list comes from. */
enum event_sessions_status {
        SESSIONS_UNKNOWN, /**< it could not be read */
        SESSIONS_ABSENT,  /**< there is no system bus, or no logind on it */
        SESSIONS_LISTED
};

/** The sessions of seat0, to which every device belongs that no other seat was given. Others are left out. */
struct event_sessions {
        enum event_sessions_status status;
        uint32_t count;
        bool truncated; /**< there are more than fit */
        struct event_session sessions[LIMIT_SESSIONS];
};

/** What the program said that carried out EFFECT_ATTACH or EFFECT_DETACH, where that failed. */
struct event_completed {
        char told[LIMIT_TOLD]; /**< its status and first words, not escaped; empty: nothing. NUL-terminated */
};

struct policy_rules;

/** 7 * 24 * 60: minutes of a week are below. */
#define EVENT_MINUTES 10080u

/** First of the domain IDs that are no guest's: DOMID_FIRST_RESERVED (xen/include/public/xen.h). */
#define EVENT_DOMID_RESERVED 0x7ff0u

/** event_memory_function.digest of what was plugged before: it was looked at, and is vouched for by nothing. */
#define EVENT_MEMORY_FORMER 0u

/** A function that was below a port, of the device that was plugged: named so that no other kernel object is meant. */
struct event_memory_function {
        uint64_t instance; /**< event_function.instance: never dealt twice in one boot (fs/kernfs/dir.c) */
        uint64_t digest;   /**< event_function.digest, or EVENT_MEMORY_FORMER */
        uint32_t sbdf;
        bool at_boot;      /**< it was there when the first daemon of this boot started */
        bool given;        /**< model_function.given */
        uint16_t rights;   /**< model_function.rights of what is not given; 0: none */
        bool taken;        /**< it is to be taken back from that guest: model_function.held of what is not given */
};

/** By whose word a router was authorized. */
enum event_word {
        WORD_NONE,    /**< not by us */
        WORD_REQUEST, /**< somebody asked for it, once */
        WORD_STORE,   /**< it is enrolled */
        WORD_RULE,
        WORD_MAX
};

/** A Thunderbolt router of which more is known than the kernel shows: what was done to it, and what it did. */
struct event_memory_router {
        uint32_t domain;
        uint64_t route, instance; /**< event_router.instance: never dealt twice in one boot */
        uint64_t digest;   /**< of what it said that it is (model_router_digest) */
        uint8_t unique_id[RECORD_UNIQUE_ID_SIZE];
        uint32_t port;     /**< model_router.port */
        enum event_word word;
        bool changed, refuted, retired, ambiguous; /**< as in model_router */
};

/** What is remembered of a port, or of the routers: each time all of it. */
struct event_memory {
        uint32_t port;     /**< BASE_SBDF_NONE: this is about routers, and nothing else below counts but the boot */
        bool this_boot;    /**< by a daemon of this boot */
        bool ejected;      /**< what is plugged was removed in order, and is not to be enumerated again */
        bool tainted;      /**< model_port.tainted */
        bool withheld;     /**< model_port.withheld */
        bool leaving;      /**< somebody asked for what is plugged to be removed, and it was not done yet */
        uint16_t domid;    /**< of the guest, as last seen, or 0 */
        char guest[LIMIT_GUEST]; /**< model_port.guest: NUL-terminated, and zeros behind; empty: nobody's */
        uint32_t count;
        struct event_memory_function functions[LIMIT_PORT_FUNCTIONS];
        uint32_t router_count;
        struct event_memory_router routers[LIMIT_ROUTERS];
};

/** How the memory was found. */
enum event_memory_status {
        MEMORY_UNKNOWN,   /**< nobody has said */
        MEMORY_FRESH,     /**< there was none yet */
        MEMORY_GOOD,
        MEMORY_TORN,      /**< good, but for a last entry whose writing was cut short: it was never relied upon */
        MEMORY_DAMAGED,   /**< not what we wrote: nothing of it is used */
        MEMORY_NEWER,     /**< of a later version: nothing of it is used */
        MEMORY_UNUSABLE,  /**< it cannot be read, or the boot's name cannot */
        MEMORY_STATUS_MAX
};

struct event_memory_end {
        enum event_memory_status status;
        uint32_t aside; /**< damaged, newer: it was renamed to "state.bad-N"; 0 = it could not be, and is in the way */
};

struct event {
        enum event_kind kind;
        uint32_t token;   /**< of the effect that it answers, 0 where none */
        uint64_t time_ms; /**< CLOCK_BOOTTIME when it was observed; the core's only clock */
        uint32_t port;    /**< SBDF, for the kinds that are about one port */
        int32_t error;    /**< EVENT_COMPLETED, EVENT_MEMORY_END: positive errno or 0 */
        uint16_t minute; /**< EVENT_PORT_READ: minute of the week in local time, 0 = Monday 00:00 */
        union {
                struct event_config config;
                struct event_platform platform;
                struct event_port found;
                struct event_port_registers registers;
                struct event_inventory inventory;
                struct event_owners owners;
                struct event_reserved reserved;
                struct event_uevent uevent;
                struct event_request request;
                struct event_memory memory;
                struct event_memory_end memory_end;
                struct event_guests guests;
                struct event_routers routers;
                struct event_sessions sessions;
                struct event_completed completed; /**< EVENT_COMPLETED, of those two effects alone */
                /**
                 * EVENT_RULES, the one pointer in an event, which no worker sends: constant, and there until another
                 * set was stepped in. NULL: they could not be read, everything is quarantined.
                 */
                const struct policy_rules *rules;
        };
};
