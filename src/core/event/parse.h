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
 * True with *ret_event filled (kind EVENT_UEVENT) where it is well formed and about a PCI function, a PCI Express
 * service or the Thunderbolt bus, of which only that something happened counts; false where it is not ours to care
 * about. A message that is ours but malformed gives EVENT_OVERRUN: it is as good as lost, and everything is read again.
 * Does not set time_ms.
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

/** Do two readings of one function show the same, of all that its own config space is judged by? */
bool event_function_same(const struct event_function *a, const struct event_function *b);

/**
 * Takes a second reading of the same function, made right after the first: sets function->inconsistent where they
 * differ. Where it fell silent meanwhile, the second one counts.
 */
void event_function_repeat(const struct event_function *again, struct event_function *function);

/** Addresses first to last, both included. */
struct event_address_range {
        uint64_t first, last;
        bool io; /**< I/O ports, not memory */
};

/** What the kernel has dealt to a function, and what a bridge forwards. */
struct event_ranges {
        bool known; /**< false: the kernel did not say, and nothing is concluded from it */
        uint32_t bar_count, window_count;
        struct event_address_range bars[LIMIT_BARS];
        struct event_address_range windows[LIMIT_WINDOWS];
};

/**
 * Reads a function's sysfs attribute `resource`: a line "0xFIRST 0xLAST 0xFLAGS" for each of 6 BARs, the ROM, 6 of
 * virtual functions where the kernel knows such, and 4 that a bridge forwards (pci-sysfs.c:resource_show,
 * include/linux/ioport.h). What is not assigned is left out. A BAR counts from where its own register has it, which is
 * where the function answers; bytes is its config space.
 */
void event_ranges_parse(const char *text, size_t length, const uint8_t *bytes, size_t bytes_length,
                        struct event_ranges *ret_ranges);

/** What the trusted port above all of an inventory forwards. */
struct event_above {
        uint8_t secondary, subordinate; /**< 0, 0: not known, and nothing is concluded from it */
        struct event_ranges ranges;
};

/**
 * Judges the functions of an inventory by where they stand: sets buses_wrong, bars_overlap and bars_outside of each.
 * ranges: one for each function, in the same order. A bridge's buses have to be below its own bus, inside those of the
 * bridge above, and nobody else's (PCIe Base Spec 7.5.1.3.3 to 7.5.1.3.5); 0, 0 is a bridge that got none.
 */
void event_hierarchy_judge(struct event_inventory *inventory, const struct event_ranges *ranges,
                           const struct event_above *above);

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
 * Judges Xen's boot command line ("iommu=verbose,debug dom0-iommu=passthrough ats ..."): sets ats, passthrough and
 * quarantine, and iommu_on or intremap to FACT_NO where it switches them off; leaves the other members alone.
 */
void event_cmdline_parse(const char *text, size_t length, struct event_platform *platform);

/**
 * Reads an ACPI IVRS (AMD I/O Virtualization Technology Specification, 48882, chapter 5): the requester IDs that it
 * covers, but for those that an alias names on either side, and of I/O APICs, HPETs, ACPI's devices and the IOMMUs.
 * Where there are blocks of several types (10h, 11h, 40h), what counts is what each of them covers. Total and bounded;
 * false, with *ret_coverage untouched, for whatever is not understood to the last byte.
 */
bool event_ivrs_parse(const uint8_t *bytes, size_t length, struct event_coverage *ret_coverage);

/** The release of Linux, "6.1.0-25-amd64" (uname(2)): false, with both 0, where it is not that of a kernel. */
bool event_linux_parse(const char *text, size_t length, uint16_t *ret_major, uint16_t *ret_minor);
/**
 * Does this kernel honour drivers_autoprobe=0 for what it enumerates (drivers/pci/bus.c:pci_bus_add_device)? 7.2 does,
 * 6.12 does not; those between were not looked at, and are taken for one that does not.
 */
bool event_linux_autoprobe(uint16_t major, uint16_t minor);
/**
 * What securityfs' attribute lockdown says, "none [integrity] confidentiality" (security/lockdown/lockdown.c): the word
 * in brackets is what holds.
 */
enum event_fact event_lockdown_parse(const char *text, size_t length);
/**
 * A boolean parameter of a kernel module, "Y" or "N" (kernel/params.c:param_get_bool); or a switch, "1" or "0" (sysctl,
 * drivers/base/bus.c:drivers_autoprobe_show).
 */
enum event_fact event_parameter_parse(const char *text, size_t length);

/** One name of the ACPI namespace; it has no NUL. */
struct event_acpi_name {
        char text[4];
};

/** A path from the root: "\_SB_.PCI0.S30_" is three names. */
struct event_acpi_path {
        uint32_t depth;
        struct event_acpi_name names[LIMIT_ACPI_DEPTH];
};

/** A port that is looked for in the tables, and what they say. */
struct event_acpi_port {
        uint32_t sbdf;
        struct event_acpi_path path; /**< depth 0: the kernel knows no ACPI device for it */
        uint32_t told;               /**< properties that a table had a value for */
        struct event_firmware firmware;
};

/** Ports first, then the tables, in any order; zeroed at the beginning. */
struct event_acpi {
        bool unclear; /**< a table could not be read, or a part of one was not understood */
        uint32_t count;
        struct event_acpi_port ports[LIMIT_PORTS];
};

/**
 * A port to look for. text: its sysfs attribute firmware_node/path ("\_SB_.PCI0.S30_", with or without its line feed;
 * drivers/acpi/device_sysfs.c:path_show), or empty where the kernel knows no ACPI device for it. So it is the kernel
 * that has evaluated _ADR, _BBN and _SEG; a constant _ADR in the tables is compared. What cannot be read, or is one too
 * many, is unclear.
 */
void event_acpi_port_add(struct event_acpi *acpi, uint32_t sbdf, const char *text, size_t length);

/**
 * Reads a DSDT or SSDT, as it stands in /sys/firmware/acpi/tables: which of the ports it describes, and the properties
 * in their _DSD. Total, in one pass; what is not understood ends its block and makes all of it unclear, since it
 * might have been about any port. ACPI Spec 6.5, 5.2.11 (tables), 20.2 (AML), 6.2.5 (_DSD).
 */
void event_acpi_table_parse(const uint8_t *bytes, size_t length, struct event_acpi *acpi);

/** What all of them together say of a port. */
void event_acpi_firmware(const struct event_acpi *acpi, uint32_t sbdf,
                         struct event_firmware *ret_firmware);

/* The memory's file: doc/state.md. */

/** The first bytes of the file, and of every version: "sallyport-state 001\n". */
#define EVENT_MEMORY_HEAD_SIZE 20u
/** Names a boot: /proc/sys/kernel/random/boot_id, as bytes. */
#define EVENT_MEMORY_BOOT_SIZE 16u
/** Bytes of the largest entry. */
#define EVENT_MEMORY_ENTRY_MAX (56u + 4u + LIMIT_GUEST + 24u * LIMIT_PORT_FUNCTIONS)

/** Reads a UUID's text ("6d8c...-....", with or without its line feed). False where it is none. */
bool event_memory_boot_parse(const char *text, size_t length,
                             uint8_t ret_boot[static EVENT_MEMORY_BOOT_SIZE]);

/** Writes what a file begins with. */
void event_memory_head_write(uint8_t ret_bytes[static EVENT_MEMORY_HEAD_SIZE]);

/**
 * Writes one entry. sequence: of the entry before it, plus 1; 1 for the first. memory->this_boot does not count, boot
 * does. Returns its bytes, at most EVENT_MEMORY_ENTRY_MAX.
 */
size_t event_memory_entry_write(const struct event_memory *memory, uint64_t sequence,
                                const uint8_t boot[static EVENT_MEMORY_BOOT_SIZE],
                                uint8_t ret_bytes[static EVENT_MEMORY_ENTRY_MAX]);

/** Where in a file the next entry is read. */
struct event_memory_cursor {
        size_t at;         /**< offset of the next entry: behind the last that was good */
        uint64_t sequence; /**< of the last entry; 0 = none yet */
        enum event_memory_status
                status; /**< GOOD while there may be more; TORN, DAMAGED and NEWER end it */
};

/** Checks what the file begins with. */
void event_memory_begin(const uint8_t *bytes, size_t length,
                        struct event_memory_cursor *ret_cursor);

/**
 * Reads the next entry of bytes[0..length), any bytes at all. True with *ret_memory filled; false at the end, with
 * cursor->status saying which end. What an append that was cut short leaves (a part of an entry, or zeros) is TORN;
 * everything else that was not written like that is DAMAGED or, where its checksums are right, NEWER.
 */
bool event_memory_next(const uint8_t *bytes, size_t length,
                       const uint8_t boot[static EVENT_MEMORY_BOOT_SIZE],
                       struct event_memory_cursor *cursor, struct event_memory *ret_memory);
/**
 * Does a function with this class (24 bits) and vendor say that it is the host interface of a Thunderbolt or USB4
 * controller? drivers/thunderbolt/nhi.c:nhi_ids: USB4 by class; older ones of Intel are "other system peripherals".
 */
bool event_host_interface_is(uint32_t class, uint16_t vendor);

/** What a line of a dump is: sallyport-dump(5). */
enum event_dump_kind {
        DUMP_SKIPPED, /**< prose of lspci or acpidump, or empty */
        DUMP_FUNCTION, /**< a function begins: sbdf, or BASE_SBDF_NONE where Sallyport has no address for it */
        DUMP_CONFIG, /**< bytes of its config space */
        DUMP_TABLE,  /**< an ACPI table begins: signature */
        DUMP_ACPI,   /**< bytes of it; outside of a table they mean nothing */
        DUMP_FACT,   /**< a line of our own: fact, value */
        DUMP_BAD     /**< column, expected */
};

/** What only our own dumps say: "@KEY VALUE". The first ones are of the machine, the others of a function. */
enum event_dump_fact {
        DUMP_VERSION, /**< "sallyport-dump": the format's version */
        DUMP_KERNEL,
        DUMP_XEN,       /**< none where the kernel knows of no Xen */
        DUMP_USES,      /**< what dom0 uses was looked at: "complete" or "incomplete" */
        DUMP_PATH,      /**< device path */
        DUMP_KERNEL_ID, /**< what the kernel enumerated: "8086:15ef 0c0340" */
        DUMP_FIRMWARE,  /**< firmware_node/path */
        DUMP_DRIVER,
        DUMP_OVERRIDE, /**< driver_override */
        DUMP_REMOVABLE,
        DUMP_BOOT_VGA,
        DUMP_POWER,  /**< power/control */
        DUMP_PCIEHP, /**< pciehp is bound to its hot-plug service */
        DUMP_USE,    /**< dom0 uses the function, or what is behind it: may come more than once */
        DUMP_FACT_MAX
};

#define EVENT_DUMP_BYTES 16u

struct event_dump_line {
        enum event_dump_kind kind;
        uint32_t sbdf;
        char signature[4];
        uint32_t offset, count; /**< of bytes; offset + count <= 4096 for config space */
        uint8_t bytes[EVENT_DUMP_BYTES];
        enum event_dump_fact fact;
        const char
                *value; /**< within the line, not terminated: length bytes, all printable ASCII */
        size_t length;
        uint16_t vendor, device; /**< DUMP_KERNEL_ID */
        uint32_t class;
        enum event_use_kind use; /**< DUMP_USE */
        uint32_t column;         /**< DUMP_BAD: from 1, in bytes */
        const char *expected;    /**< DUMP_BAD: what would be right */
};

/**
 * Reads one line of a dump, without its line feed: output of `lspci -x`, -xxx or -xxxx, with or without -v and -D
 * (pciutils, lspci.c:show_hex_dump), of acpidump (ACPICA, utbuffer.c:AcpiUtDumpBuffer), or one of ours. Total; never
 * fails.
 */
void event_dump_parse(const char *text, size_t length, struct event_dump_line *ret_line);

/** The key of a fact, without its '@'. */
const char *event_dump_key(enum event_dump_fact fact);
/** The value of DUMP_USE for a kind; NULL for USE_NETWORKS, which follows from USE_NETWORK of all functions. */
const char *event_dump_use(enum event_use_kind kind);

/* The Thunderbolt bus: Documentation/ABI/testing/sysfs-bus-thunderbolt. What routers say of themselves is hostile. */

/** Bytes of a UUID's text, NUL included. */
#define EVENT_UNIQUE_ID_TEXT_SIZE 37u

/** The folder of a domain, "domain0" (drivers/thunderbolt/domain.c:tb_domain_alloc). False where it is none. */
bool event_domain_name_parse(const char *name, size_t length, uint32_t *ret_number);
/**
 * The folder of a router, "0-301" (drivers/thunderbolt/switch.c:tb_switch_add), as the kernel writes it. Another host
 * that is connected has such a name too; a retimer ("0-0:1.1") and a service ("0-1.0") have not.
 */
bool event_router_name_parse(const char *name, size_t length, uint32_t *ret_domain,
                             uint64_t *ret_route);
/**
 * Whether a folder that is called like a router is one, by the text of its attribute uevent: another host has another
 * DEVTYPE (drivers/thunderbolt/xdomain.c:tb_xdomain_type). What does not say what it is, is taken for a router.
 */
bool event_router_is(const char *uevent, size_t length);
/**
 * Reads a UUID's text, "d4030000-0090-8708-2315-9d8f2a1f0a1d", with or without its line feed: 36 characters, dashes
 * where they belong. False, with ret_id untouched, where it is anything else.
 */
bool event_unique_id_parse(const char *text, size_t length,
                           uint8_t ret_id[static RECORD_UNIQUE_ID_SIZE]);
/** Writes it in lower case, as the kernel does; returns ret_text. */
const char *event_unique_id_format(const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                                   char ret_text[static EVENT_UNIQUE_ID_TEXT_SIZE]);
/** The kernel's word for a level; "unknown" for none that we know. */
const char *event_security_name(enum event_security security);
/** A domain's attribute security (drivers/thunderbolt/domain.c:security_show). */
enum event_security event_security_parse(const char *text, size_t length);
/** What that means for PCIe tunnels. */
enum event_thunderbolt event_thunderbolt_parse(const char *text, size_t length);

/** An attribute as it was read; text NULL: there is no such attribute. */
struct event_text {
        const char *text;
        size_t length;
};

/** What a router's folder holds. */
struct event_router_texts {
        struct event_text unique_id, authorized, boot, generation, vendor, device;
        struct event_text vendor_name, device_name;
        bool failed; /**< one of them is there, and could not be read */
};

/**
 * Reads a router's attributes. Sets all but what the edge knows itself, which is 0: domain, route, instance, takes_key,
 * key, enrolled and manual. Total. Kernels hide what they do not know (drivers/thunderbolt/switch.c:
 * switch_attr_is_visible): an attribute that is not there is 0, empty or unknown. unique_id must be there.
 */
void event_router_parse(const struct event_router_texts *texts, struct event_router *ret_router);

/** Class and state of a session by logind's words; the UNKNOWN ones for words that are none. */
enum event_session_class event_session_class_parse(const char *word);
enum event_session_state event_session_state_parse(const char *word);

/** A challenge key: 32 bytes (drivers/thunderbolt/tb.h:TB_SWITCH_KEY_SIZE). */
#define EVENT_KEY_SIZE 32u
/** As text: hexadecimal, a line feed and a NUL. */
#define EVENT_KEY_TEXT_SIZE (2u * EVENT_KEY_SIZE + 2u)

/** Reads a key's text, with or without its line feed. False, with ret_key all 0, where it is none. */
bool event_key_parse(const char *text, size_t length, uint8_t ret_key[static EVENT_KEY_SIZE]);
/** Writes it with its line feed. */
void event_key_format(const uint8_t key[static EVENT_KEY_SIZE],
                      char ret_text[static EVENT_KEY_TEXT_SIZE]);

/* The identity store: doc/state.md. */

/** An entry: what is known of one unique ID. The key itself is apart. */
struct event_enrolment {
        bool manual;             /**< to be authorized on request only */
        enum event_enrolled key; /**< ENROLLED_YES, ENROLLED_NEW_KEY or ENROLLED_KEY */
        char vendor_name
                [LIMIT_ROUTER_NAME]; /**< when it was enrolled: any bytes but NUL; zeros behind */
        char device_name[LIMIT_ROUTER_NAME];
};

/** Bytes of the largest entry: five lines, each byte of the names as "\xNN". */
#define EVENT_ENROLMENT_SIZE (128u + 8u * LIMIT_ROUTER_NAME)

/** "none", "new" or "given", as an entry has it; "" for what no entry has. */
const char *event_enrolment_key_word(enum event_enrolled key);
/** Writes an entry as text; returns its length. NUL-terminated. */
size_t event_enrolment_write(const struct event_enrolment *enrolment,
                             char ret_text[static EVENT_ENROLMENT_SIZE]);
/** Reads one. False, with *ret_enrolment all 0, for whatever event_enrolment_write does not write. */
bool event_enrolment_parse(const char *text, size_t length, struct event_enrolment *ret_enrolment);
/**
 * Reads a device of bolt's store, /var/lib/boltd/devices/UUID (boltd/bolt-store.c:bolt_store_put_device), written by
 * GKeyFile. Its policy "auto" is ours; every other is manual, "iommu" as well, which does not authorize on Xen. key
 * is ENROLLED_YES: keys are files of their own. False, with *ret_enrolment all 0, where it names no device and vendor.
 */
bool event_bolt_parse(const char *text, size_t length, struct event_enrolment *ret_enrolment);
