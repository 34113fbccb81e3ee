/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The narrow interface to the world: one effect in, the event that answers it out. */
#pragma once

#include "core/effect.h"
#include "core/event/event.h"
#include "edge/store/store.h"

struct actuator {
        int sysfs; /**< directory descriptor of sysfs's root; a tree of plain files does for tests */
        int proc;  /**< of procfs's root; negative: not there, and use of devices stays unknown */
        const char *const *
                programs; /**< folders in which a toolstack's program is looked for, ending with NULL; NULL =
                                          the usual ones */
        int run; /**< where it is noted that drivers_autoprobe is held, and where the toolstack's lock is;
                      negative: it is never held, and nobody is waited for */
        struct store store; /**< the caller's, for EFFECT_REMEMBER and notes; folder < 0 = none */
        struct event_memory
                memory; /**< what the EFFECT_REMEMBER that is carried out next is to write (core/step.h) */
};

/** Called once per event of a discovery; the event lives until it returns. */
typedef void (*actuator_found)(void *userdata, const struct event *event);

/**
 * Opens the world below sysfs_path ("/sys") and, where it is there, proc_path ("/proc"). 0, or a negative errno with
 * *ret_actuator untouched.
 * To be closed with actuator_close.
 */
int actuator_open(const char *sysfs_path, const char *proc_path, struct actuator *ret_actuator);
/**
 * From now on no driver binds while a rescan lasts, where this kernel has a way (drivers_autoprobe, Linux 7.2). Notes
 * that in run_directory, and gives back what a predecessor could not. Without that folder nothing is held: drivers are
 * unbound later.
 */
void actuator_autoprobe_open(struct actuator *actuator, const char *run_directory);
/** Closes what these two opened. */
void actuator_close(struct actuator *actuator);

/**
 * Carries out one effect, synchronously, and fills the event that answers it (kinds: core/effect.h), stamped with the
 * time at which it was observed. A failure is an answer too: EVENT_COMPLETED with a positive errno; ESTALE where the
 * function is another than the one that the effect was meant for. Can block as long as kernel and Xen do: what has a
 * deadline belongs into a worker process. 0, or -EINVAL for the kinds that are not done here (EFFECT_DISCOVER,
 * EFFECT_REPLY), with *ret_event untouched.
 */
int actuator_perform(const struct actuator *actuator, const struct effect *effect,
                     struct event *ret_event);

/**
 * EFFECT_DISCOVER: hands over one EVENT_PORT_FOUND per PCI Express port, parents first, then EVENT_PORTS_END; or
 * EVENT_COMPLETED with an errno where the bus cannot be listed whole. Reads config space only of what the kernel
 * enumerated as a bridge.
 */
void actuator_discover(const struct actuator *actuator, const struct effect *effect,
                       actuator_found found, void *userdata);

/**
 * Reads what is known of the machine into *ret_event (EVENT_PLATFORM). Never fails: what cannot be read stays
 * unknown. Reads Xen's console ring, so it comes after the doors are shut; what an earlier daemon of this boot read
 * there is known from a note in the store's folder.
 */
void actuator_platform_read(const struct actuator *actuator, struct event *ret_event);

/**
 * Reads what dom0's kernel is like, for an audit; run is "/run". Never fails: what cannot be read stays unknown. Asks
 * no device and not Xen, and may be called at any time.
 */
void actuator_machine_read(const struct actuator *actuator, const char *run,
                           struct event_machine *ret_machine);
