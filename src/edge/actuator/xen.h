/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen, as narrow as it is needed. Nothing stays open: hypercall buffers do not survive a fork. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event/event.h"

/** A connection to the hypervisor, made and used in one and the same process. */
struct actuator_xen;

/** Connects. 0, or a negative errno: -ENODEV where there is no Xen to ask. To be closed with actuator_xen_close. */
int actuator_xen_open(struct actuator_xen **ret_xen);
/** Disconnects; NULL is fine. Returns NULL. */
struct actuator_xen *actuator_xen_close(struct actuator_xen *xen);

/**
 * XEN_DOMCTL_assign_device to DOMID_IO. Idempotent: that it succeeds again says that Xen blocks the function's DMA
 * (mechanisms.md, §2). 0, or a negative errno: -ENODEV = Xen does not know it, -EUSERS = a guest's or nobody's,
 * -EBUSY = it refuses (its MSI-X reads as masked).
 */
int actuator_xen_quarantine(struct actuator_xen *xen, uint32_t sbdf);
/**
 * PHYSDEVOP_pci_device_add: makes Xen know the requester ID, whether anything is there or not; what it did not know is
 * dom0's then. 0, or a negative errno: then Xen may have an entry without owner.
 */
int actuator_xen_add(struct actuator_xen *xen, uint32_t sbdf);

/**
 * Is there a domain of this number, and does Xen translate its addresses (HVM, PVH)? 0 with *ret_translated, or a
 * negative errno: -ESRCH = there is none.
 */
int actuator_xen_guest(struct actuator_xen *xen, uint16_t domid, bool *ret_translated);
/**
 * XEN_DOMCTL_iomem_permission: from now on the domain may map none of these machine frames (first, count: of 4 KiB);
 * what is mapped stays so. XEN_DOMCTL_ioport_permission: none of these I/O ports. 0, or a negative errno: -EPERM = dom0
 * itself may not. 0 is what Xen answers also where there was nothing to take away.
 */
int actuator_xen_memory_deny(struct actuator_xen *xen, uint16_t domid, uint64_t first,
                             uint64_t count);
int actuator_xen_ports_deny(struct actuator_xen *xen, uint16_t domid, uint32_t first,
                            uint32_t count);
/**
 * Does Xen say that the domain may not map this machine frame? To be asked after actuator_xen_memory_deny had no error,
 * so that dom0 itself may, whose rights are asked for in the same breath. 0 = it may not; else a negative errno:
 * -EBUSY = it may, or something else is wrong. Nothing of the domain is changed by asking:
 *
 * - translated: XEN_DOMCTL_memory_mapping, to be removed from a guest frame that nobody has. Xen looks at the domain's
 *   rights before it looks there (xen/common/domctl.c), and says EPERM where there are none;
 * - else, where that call is answered with 0 before anything is looked at: the frame is mapped for a moment into this
 *   process in the domain's name, read-only and untouched. Xen decides that by the domain's own rights, as when it
 *   maps the frame itself (xen/arch/x86/mm.c:get_page_from_l1e), and says EPERM. It takes a PV dom0: in another one
 *   the same in dom0's own name fails too, and that is asked first.
 */
int actuator_xen_memory_ask(struct actuator_xen *xen, uint16_t domid, bool translated,
                            uint64_t frame);

/** Bytes of what Xen was told about how much it prints, NUL included: "warning", "info/all". */
#define ACTUATOR_XEN_LEVEL 32
/** Reads that (loglvl= in hypfs). False where Xen does not tell. */
bool actuator_xen_level_get(struct actuator_xen *xen, char ret_level[static ACTUATOR_XEN_LEVEL]);
/** Changes it, where Xen lets. */
void actuator_xen_level_set(struct actuator_xen *xen, const char *text);
/**
 * PHYSDEVOP_pci_device_remove, and once more: 0 where Xen then says that it knows no such function, so that nothing is
 * mapped for it. Never to be asked of an entry without owner: Xen before 4.19 panics over it. Else a negative errno:
 * -EBUSY = it still knows it.
 */
int actuator_xen_withdraw(struct actuator_xen *xen, uint32_t sbdf);
/**
 * Has Xen print its list of PCI functions (debug key 'Q') and reads what it printed. 0 with *ret_text, not
 * NUL-terminated, to be freed by the caller; or a negative errno.
 */
int actuator_xen_owners_text(struct actuator_xen *xen, char **ret_text, size_t *ret_length);
/** Fills what Xen knows of the platform; what it does not tell stays as it was. */
void actuator_xen_facts(struct actuator_xen *xen, struct event_platform *platform);
