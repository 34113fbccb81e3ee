/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be done to and seen of ports and functions through sysfs. For perform.c. */
#pragma once

#include "edge/actuator/actuator.h"

/* Port effects of the same names; those that write its Command register are one. Each returns 0 or a negative errno. */
int actuator_port_command(const struct actuator *actuator, const struct effect *effect);
int actuator_port_bind(const struct actuator *actuator, const struct effect *effect);
int actuator_port_awake(const struct actuator *actuator, const struct effect *effect);
int actuator_port_rescan(const struct actuator *actuator, const struct effect *effect);
int actuator_pciehp_unbind(const struct actuator *actuator, const struct effect *effect);
int actuator_slot_control(const struct actuator *actuator, const struct effect *effect);
int actuator_slot_clear(const struct actuator *actuator, const struct effect *effect);
/**
 * Takes drivers_autoprobe away from all of PCI, after waiting for who has it. What to release it with, or -1 where
 * nothing was taken: this kernel ignores it, it was 0 already, or that could not be noted.
 */
int actuator_autoprobe_hold(const struct actuator *actuator);
/** Gives it back, and closes note (-1: nothing was taken). */
void actuator_autoprobe_release(const struct actuator *actuator, int note);
/** Gives back what somebody took who was killed meanwhile. */
void actuator_autoprobe_heal(const struct actuator *actuator);

/** EFFECT_PORT_READ. Never fails: what cannot be read is not readable. */
void actuator_port_read(const struct actuator *actuator, const struct effect *effect,
                        struct event_port_registers *ret_registers);

/** EFFECT_INVENTORY. 0, or a negative errno where the port's folder cannot be opened. */
int actuator_inventory_read(const struct actuator *actuator, const struct effect *effect,
                            struct event_inventory *ret_inventory);
/** EFFECT_RESERVE. 0, or a negative errno where Xen cannot be asked. Xen says less than usual meanwhile. */
int actuator_requesters_reserve(const struct effect *effect, struct event_reserved *ret_reserved);
/**
 * Opens the folder of the effect's function and checks that it is the one that the effect was meant for, so that all
 * that is done relative to it is never done to a successor at the same address. A descriptor that the caller closes,
 * or a negative errno: -ESTALE = another one, -ENOENT = none.
 */
int actuator_function_open(const struct actuator *actuator, const struct effect *effect);
int actuator_function_driver_off(const struct actuator *actuator, const struct effect *effect);
/**
 * Of what was pulled, the effect's function and all below it: Linux is to try no reset. It would wait 60 s for the end
 * of each way that it knows (pci.c:pci_dev_wait), uninterruptibly, whenever pciback or its toolstack lets go. Since
 * Linux 5.15 (ABI/testing/sysfs-bus-pci: reset_method); where it cannot be, the wait is all that is lost. What is
 * plugged next has a folder and ways of its own.
 */
void actuator_function_resets_forget(const struct actuator *actuator, const struct effect *effect);
int actuator_function_remove(const struct actuator *actuator, const struct effect *effect);
/** EFFECT_PROBE. 0 where dom0's drivers were asked, whether one took it or not; or a negative errno. */
int actuator_function_probe(const struct actuator *actuator, const struct effect *effect);
/**
 * EFFECT_REVOKE. 0, or a negative errno: -EBUSY = the guest may still map some of the function's memory; -ENODATA =
 * the kernel does not say where that is.
 */
int actuator_rights_revoke(const struct actuator *actuator, const struct effect *effect);
/** EFFECT_PCIBACK_BIND. 0, or a negative errno: -ENODEV = pciback is not loaded, and nothing was done. */
int actuator_function_pciback(const struct actuator *actuator, const struct effect *effect);
