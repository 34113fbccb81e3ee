/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core asks of the world. The edge does it as written, and reports what it then observes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"
#include "core/record.h"

enum effect_kind {
        EFFECT_NONE,
        /* Observations: each is answered by the event that it names, or by EVENT_COMPLETED with an error. */
        EFFECT_DISCOVER,    /**< find every bridge that can be a port -> EVENT_PORT_FOUND, one each, parents first */
        EFFECT_PORT_READ,   /**< read port's registers and drivers -> EVENT_PORT_READ. At once, never in a worker */
        EFFECT_INVENTORY,   /**< list every function below port, on buses bus_first..bus_last -> EVENT_INVENTORY */
        EFFECT_OWNERS,      /**< read Xen's owner list for bus_first..bus_last of port's segment -> EVENT_OWNERS */
        EFFECT_CONFIRM,     /**< assign function to DOMID_IO once more; error 0 = Xen blocks its DMA, EUSERS = it is
                                 neither dom0's nor DOMID_IO's -> EVENT_COMPLETED */
        /* Actions: answered by EVENT_COMPLETED, which proves nothing. */
        EFFECT_PORT_CLOSE,  /**< clear Bus Master Enable in port's Command register. At once, never in a worker */
        EFFECT_PORT_BIND,   /**< bind port to pcieport */
        EFFECT_PORT_AWAKE,  /**< write "on" to port's power/control */
        EFFECT_PCIEHP_UNBIND, /**< unbind pciehp from port's hot-plug service */
        EFFECT_SLOT_CONTROL, /**< Slot Control := (old & ~mask) | value, Command Completed cleared first. At once */
        EFFECT_SLOT_CLEAR,  /**< write value to Slot Status (its event bits are RW1C). At once */
        EFFECT_RESCAN,      /**< write 1 to port's rescan attribute; before, with `mutes`, clear Memory
                                 Space Enable in its Command register: drivers find nothing below */
        EFFECT_PORT_DECODE, /**< set Memory Space Enable in port's Command register. At once */
        EFFECT_DRIVER_OFF,  /**< function: driver_override := the keep-off name, then unbind its driver, and have
                                 pciback forget its address */
        EFFECT_QUARANTINE,  /**< XEN_DOMCTL_assign_device of function to DOMID_IO */
        EFFECT_RESERVE,     /**< those requester IDs of bus bus_first that Xen does not know are added to it, all are
                                 assigned to DOMID_IO, and once more -> EVENT_RESERVED */
        EFFECT_WITHDRAW,    /**< have Xen forget function (PHYSDEVOP_pci_device_remove), twice; error 0 = it then knew
                                 no such function -> EVENT_COMPLETED */
        EFFECT_REMOVE,      /**< write 1 to function's remove attribute */
        EFFECT_REMEMBER,    /**< write core_memory_fill of port, or of the routers (none), to the state file;
                                 0 = it is on the disk, and was read back -> EVENT_COMPLETED */
        EFFECT_GUESTS,      /**< read from xenstore which guests exist -> EVENT_GUESTS */
        EFFECT_REGISTER,    /**< have Xen forget function and learn of it anew (PHYSDEVOP_pci_device_remove, then _add):
                                 it is dom0's then, or nobody's -> EVENT_COMPLETED */
        EFFECT_PCIBACK_BIND, /**< function: driver_override := EVENT_PCIBACK_DRIVER, then have it probed, and its
                                 address forgotten */
        EFFECT_ATTACH,      /**< have `toolstack` attach function to guest `domid`, named `guest` */
        EFFECT_DETACH,      /**< ... detach it. Its device may be gone */
        EFFECT_REVOKE,      /**< take from guest `domid` its rights to function's memory and ports in Xen; 0 = Xen
                                 then says that it has none to the memory, or is no more; EBUSY = it
                                 may have -> EVENT_COMPLETED */
        EFFECT_PORT_OPEN,   /**< set Bus Master Enable in port's Command register. At once, never in a worker */
        EFFECT_PROBE,       /**< function: driver_override := nothing, then have it probed by dom0's drivers */
        EFFECT_ROUTERS,     /**< list every Thunderbolt router, with what the identity store knows of it
                                 -> EVENT_ROUTERS. No such bus: a list without domains, no error */
        EFFECT_AUTHORIZE,   /**< router: write `authorize` to its attribute authorized, and the key before it if so;
                                 EKEYREJECTED = it does not have the key -> EVENT_COMPLETED */
        EFFECT_DEAUTHORIZE, /**< router: write 0 to its attribute authorized -> EVENT_COMPLETED */
        EFFECT_ENROLL,      /**< router: note it in the identity store with `manual` and `new_key` -> EVENT_COMPLETED */
        EFFECT_FORGET,      /**< strike router.unique_id off the identity store, with its key; ENOENT = it was not there
                                 -> EVENT_COMPLETED */
        EFFECT_REPLY,       /**< answer request `request` with `result` and `reason`; no event follows */
        EFFECT_MAX
};

/** The program that attaches a device to a guest and detaches it: [Guests] Toolstack=. */
enum effect_toolstack {
        TOOLSTACK_XL,
        TOOLSTACK_VIRSH,
        TOOLSTACK_QVM_PCI,
        TOOLSTACK_NONE, /**< the administrator runs his own */
        TOOLSTACK_MAX
};

/** What is written to a router's attributes (Documentation/ABI/testing/sysfs-bus-thunderbolt, `authorized`). */
enum effect_authorize {
        AUTHORIZE_PLAIN,     /**< 1 */
        AUTHORIZE_GIVE_KEY,  /**< the stored key, then 1: from then on the router has it. It proves nothing yet */
        AUTHORIZE_CHALLENGE, /**< the stored key, then 2: the router has to prove that it has it */
        AUTHORIZE_MAX
};

/** How a request ended. */
enum effect_result {
        RESULT_DONE,    /**< what was asked is so, observed */
        RESULT_FAILED,  /**< it could not be done; reason says why; nothing was opened */
        RESULT_UNKNOWN, /**< there is no such port or function, or it is not external */
        RESULT_BUSY,    /**< another request for the same port is under way */
        RESULT_MAX
};

struct effect {
        enum effect_kind kind;
        uint32_t token;       /**< returned in the answering event; 0 for effects that run at once and for replies */
        /**
         * 0 = carried out at once, in the event loop; else in a worker process, and after so many milliseconds without
         * an answer the edge answers with ETIMEDOUT.
         */
        uint32_t deadline_ms;
        uint32_t port;        /**< SBDF of the external port */
        uint32_t function;    /**< SBDF of the function, for effects on one; else BASE_SBDF_NONE */
        uint64_t instance;    /**< st_ino of the function's sysfs folder: if it is another now, answer ESTALE; 0 =
                                   the kernel need not know the function */
        uint16_t pcie_cap;    /**< offset of port's PCI Express capability, for register effects */
        uint16_t acs_cap;     /**< offset of port's ACS extended capability, 0 = none */
        uint16_t value;       /**< register effects: bits to write */
        bool at_boot;         /**< EFFECT_DRIVER_OFF: keep off by the name of what was there at boot */
        bool mutes;           /**< EFFECT_RESCAN: no driver works with anything below */
        uint16_t mask;        /**< register effects: bits that `value` replaces */
        uint8_t bus_first;    /**< EFFECT_INVENTORY, EFFECT_OWNERS: first bus of the range */
        uint8_t bus_last;
        uint64_t requesters[LIMIT_BUS_WORDS]; /**< EFFECT_RESERVE: bits by devfn */
        enum effect_toolstack toolstack; /**< EFFECT_ATTACH, EFFECT_DETACH */
        uint16_t domid;       /**< likewise, and EFFECT_REVOKE: the guest's number */
        bool forced;          /**< EFFECT_DETACH, EFFECT_REMOVE: the device was pulled; neither its reset nor the
                                   guest's consent is waited for */
        char guest[LIMIT_GUEST]; /**< as `domid`: its name; may be empty where only the number is known */
        /**
         * EFFECT_AUTHORIZE, EFFECT_DEAUTHORIZE, EFFECT_ENROLL: if at its place is another by instance or unique_id,
         * answer ESTALE. EFFECT_FORGET: its unique_id alone counts.
         */
        struct record_router router;
        enum effect_authorize authorize; /**< EFFECT_AUTHORIZE */
        bool manual;          /**< EFFECT_ENROLL: it is known from now on, but never authorized by itself */
        bool new_key;         /**< EFFECT_ENROLL: with a key made for it, which the router is still to be given */
        uint64_t request;     /**< EFFECT_REPLY: whose */
        enum effect_result result;
        enum record_reason reason;
};

/** What one step leaves. The caller owns it and hands it in empty (zeroed). */
struct effects {
        uint32_t count;
        uint32_t record_count;
        struct effect items[LIMIT_EFFECTS];
        struct record records[LIMIT_RECORDS];
        bool overflow; /**< something did not fit: the step is repeated by the next event, nothing was opened */
};

/** Appends an effect. Where there is no room, sets overflow and returns false. */
bool core_effect_add(struct effects *effects, const struct effect *effect);
/** Appends a record; where there is no room, sets overflow. */
void core_record_add(struct effects *effects, const struct record *record);
