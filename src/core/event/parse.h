/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes to facts: the only place where bytes from devices, kernel and hypervisor are read. All bounded, all total. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event/event.h"

/**
 * Reads the place out of a device path: the last component that is a PCI address, and those above it. Accepts a
 * uevent's DEVPATH, with or without "/sys" before it. True where the path holds at least one PCI function.
 */
bool event_place_parse(const char *path, size_t length, struct event_place *ret_place);

/**
 * Reads a kernel uevent ("add@/devices/...\0ACTION=add\0DEVPATH=...\0SUBSYSTEM=pci\0..."; lib/kobject_uevent.c).
 * True with *ret_event filled (kind EVENT_UEVENT) where it is well formed and about a PCI function or a PCI Express
 * service; false where it is not ours to care about. A message that is about PCI but malformed gives EVENT_OVERRUN: it
 * is as good as lost, and everything is read again. Does not set time_ms.
 */
bool event_uevent_parse(const char *bytes, size_t length, struct event *ret_event);

/**
 * Reads a trusted port's config space (length 64 to 4096; the ACS capability needs the extended space).
 * True where it is a PCI Express root or switch downstream port with a Type 1 header; sbdf, place and path are the
 * caller's. PCIe Base Spec 7.5.1.3 (Type 1 header), 7.5.3 (PCI Express Capability), 7.7.11 (ACS).
 */
bool event_port_parse(const uint8_t *bytes, size_t length, struct event_port *ret_port);

/** What the kernel remembers of a function: the text of its sysfs `uevent` attribute and `driver_override`. */
struct event_kernel_view {
        const char *uevent; /**< "DRIVER=nvme\nPCI_CLASS=10802\nPCI_ID=1B36:0010\n..." */
        size_t uevent_length;
        const char *
                override; /**< driver_override, with or without its line feed; "(null)" where unset */
        size_t override_length;
};

/**
 * Reads an untrusted function's config space (any length up to 4096, all of it hostile) and compares it with what the
 * kernel enumerated. Fills all of *ret_function but sbdf, parent and instance, which are the caller's. Never fails:
 * what cannot be read is said in `readable` and `malformed`.
 */
void event_function_parse(const uint8_t *bytes, size_t length,
                          const struct event_kernel_view *kernel,
                          struct event_function *ret_function);

/**
 * Reads what debug key 'Q' prints (Xen, drivers/passthrough/pci.c:dump_pci_devices):
 * "0000:0a:00.0 - DomIO:8003 - node -1 ..." or "- d5 -", "- NULL -". Takes only lines of the last dump in text, and of
 * those only segment:bus_first..bus_last. True where a whole dump was found (its heading and at least one function).
 */
bool event_owners_parse(const char *text, size_t length, uint16_t segment, uint8_t bus_first,
                        uint8_t bus_last, struct event_owners *ret_owners);

/**
 * What Xen said at boot about interrupt remapping (drivers/passthrough/iommu.c:iommu_setup). Only its own lines count;
 * FACT_UNKNOWN where the console ring has wrapped since.
 */
enum event_fact event_intremap_parse(const char *text, size_t length);

/**
 * Judges Xen's boot command line ("iommu=verbose,debug dom0-iommu=passthrough ats ..."): sets ats and passthrough, and
 * iommu_on or intremap to FACT_NO where it switches them off; leaves the other members alone.
 */
void event_cmdline_parse(const char *text, size_t length, struct event_platform *platform);
