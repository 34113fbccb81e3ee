/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts wanted against facts seen. Nothing here acts, and nothing counts as done because somebody said so. */
#pragma once

#include "core/model/model.h"

/** After so many tries a goal counts as failed: told, and tried again ever more slowly. */
#define VERIFY_TRIES 4
/** Of a toolstack, which itself waits and tries. */
#define VERIFY_ATTACH_TRIES 2

/** Quiet time between link up and the first access. PCIe Base Spec 6.6.1: 100 ms after link training. */
#define VERIFY_SETTLE_MS 100
/** The same where the port cannot report its link: 6.6.1 allows a device 1 s after reset. */
#define VERIFY_SETTLE_BLIND_MS 1000
/** A powered slot whose link is not up after so long is reported. pciehp_hpc.c waits as long. */
#define VERIFY_LINK_MS 2000

/**
 * Is this goal met, as far as facts show? For goals about each function, function is the one; else NULL.
 * A goal that does not apply now is met.
 */
bool verify_goal_met(const struct core *core, const struct model_port *port, enum model_goal goal,
                     const struct model_function *function);

/** The first goal that is not this port's: those from GOAL_GUEST on are about a guest, or dom0, that it is given to. */
enum model_goal verify_port_goals(const struct model_port *port);

/** Is this goal about each function below the port, or about the port? */
bool verify_goal_each(enum model_goal goal);

/**
 * The first goal of the port that is not met, in the order of the plan, with the function that it is about or NULL;
 * GOAL_MAX where all are met.
 */
enum model_goal verify_goal_missing(const struct core *core, const struct model_port *port,
                                    const struct model_function **ret_function);

/** Is the port ours: readable, closed, held by pcieport, without pciehp? Nothing is enumerated or powered before. */
bool verify_port_guarded(const struct model_port *port);

/** Does the kernel's or Xen's view hold nothing below the port any more, freshly read? */
bool verify_port_bare(const struct core *core, const struct model_port *port);

/** Is it quarantined, as far as was last seen: blocked by Xen's word, DOMID_IO's by its books, no driver of dom0's? */
bool verify_function_quarantined(const struct model_function *function);
/** Is no dom0 driver bound, and can none bind? As the last inventory saw it. */
bool verify_function_driverless(const struct model_function *function);

/**
 * Could removing functions below the port panic this Xen? Xen < 4.19 does over an entry without owner (I7,
 * vpci_remove_device); true as well where the owner list was not read since something changed.
 */
bool verify_port_ownerless(const struct core *core, const struct model_port *port);

/**
 * Is Xen to forget this function, since it refuses again and again to quarantine it? For what Xen does not know VT-d
 * has no entry, and AMD-Vi's aborts (V=1, TV=0). Showing MSI-X Function Mask a device can refuse DOMID_IO for ever
 * (H1), but not this. Only of what the kernel lists, which holds no driver (else unmap_domain_pirq meets a recycled
 * interrupt), and which is dom0's by a list that was just read: an entry without owner would panic Xen before 4.19
 * (H4), and one of DOMID_IO is blocked as it is.
 */
bool verify_function_withdrawable(const struct model_port *port,
                                  const struct model_function *function);

/** Does Xen block its DMA, as far as was last seen: DOMID_IO owns it? Whoever holds it in dom0. */
bool verify_function_blocked(const struct model_function *function);
/**
 * Is the function given to the port's guest, and owned by it? Where there is no list: owned by a guest, after we were
 * told that it was attached to this one.
 */
bool verify_function_assigned(const struct model_port *port, const struct model_function *function);
/**
 * Is the function given to dom0 by a rule, and owned by it since? Where there is no list: Xen answered that it had
 * forgotten the function and learned of it anew, which makes it dom0's (pci.c:pci_add_device), and nobody was asked to
 * assign it since. Never what pciback holds.
 */
bool verify_function_trusted(const struct core *core, const struct model_port *port,
                             const struct model_function *function);
/**
 * Has no guest rights to the function's memory that it should not have? Those of its owner are left alone, and so are
 * those of the guest that it is just being given to.
 */
bool verify_function_revoked(const struct core *core, const struct model_port *port,
                             const struct model_function *function);
/** Is one function, by the kernel's topology, below another one, or that one itself? */
bool verify_function_below(const struct core *core, const struct model_port *port,
                           const struct model_function *below, const struct model_function *bridge);
/** Is it known that no guest owns it, as far as Xen was asked since that may have changed? */
bool verify_function_unowned(const struct core *core, const struct model_port *port,
                             const struct model_function *function);
/** Is a function below the port given to a guest, or to dom0? */
bool verify_port_given(const struct core *core, const struct model_port *port);

/**
 * May door 1 be open (I1)? Only for a guest that is there, or for dom0 where a rule says trust-dom0, and while every
 * function below is either given to it and its own, or verified to be quarantined; the port held by pcieport alone, its
 * requester IDs confined (ACS) and all blocked but for those; and nothing below is odd in a way that bars it. Judged by
 * what was last seen: looking once more takes no licence away, what is seen then does; and so does what the kernel
 * tells that nobody looked at yet.
 */
bool verify_port_licensed(const struct core *core, const struct model_port *port);
/** Is something below another guest's, or said to be, than the one that the port's is given to? */
bool verify_port_foreign(const struct core *core, const struct model_port *port);
/** Why nothing below the port can be given to a guest, whatever anybody wants; or REASON_NONE. */
enum record_reason verify_port_bars(const struct core *core, const struct model_port *port);
/**
 * Would enumerating another port's hierarchy reach below this one while it is open, so that something could show itself
 * there just then (probe.c:pci_rescan_bus)? Not where every requester ID is reserved, nor where all that is there is a
 * single endpoint of one function: the kernel looks at nothing else there.
 */
bool verify_port_reached(const struct core *core, const struct model_port *port);
/** Is the port shut, by the operator's wish, while another port's enumeration would reach below it? */
bool verify_port_paused(const struct core *core, const struct model_port *port);

/** Does what is plugged still bounce, or has it only just come up? */
bool verify_port_settling(const struct core *core, const struct model_port *port);

/** Slot Control as it should be now; *ret_mask says which bits are ours to set (PCIe Base Spec 6.7.1). */
uint16_t verify_slot_wanted(const struct core *core, const struct model_port *port,
                            uint16_t *ret_mask);

/**
 * How long after a router was listed as authorized something of it may still appear: its PCIe link comes up after the
 * tunnel does. Then the next one's turn comes; what appears later is guarded all the same.
 */
#define VERIFY_TUNNEL_MS 5000u

/**
 * What has to come before a router is authorized, or REASON_NONE (I3): every port at which something of it may appear
 * is closed, ours and at rest, as just read; of one behind another, that one was authorized, and what it brought is in
 * quarantine; and nothing of any other is awaited.
 */
enum record_reason verify_router_waits(const struct core *core, const struct model_router *router);
/** May something appear at this port that a router was authorized for? It is not opened meanwhile. */
bool verify_port_awaited(const struct core *core, const struct model_port *port);
/** Did what was awaited of a router come to rest, or is it not to be expected any more? */
bool verify_router_settled(const struct core *core, const struct model_router *router);
enum model_router_state verify_router_state(const struct core *core,
                                            const struct model_router *router,
                                            enum record_reason *ret_reason);

/** The first goal of the port's own that failed, in the order of the plan: why it is contained, whatever is below. */
enum record_reason verify_port_failure(const struct core *core, const struct model_port *port);
/** Why the port is contained for this function, or REASON_NONE. */
enum record_reason verify_function_failure(const struct core *core, const struct model_port *port,
                                           const struct model_function *function);
/** The state to show, and why. */
enum model_state verify_function_state(const struct core *core, const struct model_port *port,
                                       const struct model_function *function,
                                       enum record_reason *ret_reason);
enum model_state verify_port_state(const struct core *core, const struct model_port *port,
                                   enum record_reason *ret_reason);

/**
 * Is every port known, and every external one at rest: empty, quarantined, contained, exposed...? Until then the daemon
 * has work to do that comes of how it found the machine.
 */
bool verify_machine_settled(const struct core *core);

/**
 * Are all ports known, every external one verified closed, or open for a guest, and none of them held by pciehp? What
 * is open for dom0 is not contained, whoever wanted it so. What `status` answers with its exit code.
 */
bool verify_machine_contained(const struct core *core);
