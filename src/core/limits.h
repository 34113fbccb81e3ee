/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every bound of the core, in one place. What does not fit is contained and said, never dropped in silence. */
#pragma once

/** Hot-plug-capable ports of one machine. A dual-controller Thunderbolt laptop has 4, a 24-bay NVMe server 24 to 32. */
#define LIMIT_PORTS 32
/**
 * Functions below one port. A Thunderbolt 4 dock shows about 12 (5 bridge functions, xHCI, NIC, card reader...); a
 * chain of six with an eGPU about 80.
 */
#define LIMIT_PORT_FUNCTIONS 128
/** Functions below all external ports together. */
#define LIMIT_FUNCTIONS 512
/** Bridges above a function. Six Thunderbolt routers are two bridges each; PCIe allows 256 buses. */
#define LIMIT_DEPTH 32
/** Names from the root of the ACPI namespace to a device. \_SB.PCI0 and one per bridge: laptops need 8. */
#define LIMIT_ACPI_DEPTH 16
/** Blocks within blocks of an ACPI table (Scope, Device, If...). */
#define LIMIT_ACPI_BLOCKS 32
/** Port selectors in the configuration. */
#define LIMIT_SELECTORS 32
/** Bytes of a sysfs device path, NUL included. 32 bridges of 13 bytes each and the root. */
#define LIMIT_PATH 448
/** Bytes of a run or state directory, NUL included: sockaddr_un's sun_path must hold it and a name. */
#define LIMIT_DIRECTORY 80
/** Bytes of a driver's name as the core keeps it, NUL included; MODULE_NAME_LEN is 56 (64 - 8). */
#define LIMIT_DRIVER 56
/** Bytes of a use's name, NUL included: a device and a place in the file system, cut where they are longer. */
#define LIMIT_USE LIMIT_DRIVER
/** PCI functions that one reading of Xen's owner list reports below one port. */
#define LIMIT_OWNERS 256
/** Bytes of "FILE:LINE" of a rule, NUL included. */
#define LIMIT_RULE_NAME 80
/** Effects and records that one step can leave. Each port has at most one effect under way. */
#define LIMIT_EFFECTS 64
#define LIMIT_RECORDS 64
/** Bytes of config space that are read per function: all of it (PCIe Base Spec 7.2.1). */
#define LIMIT_CONFIG_BYTES 4096
/** Address ranges of a function: 6 BARs and the ROM; and those that a bridge forwards. */
#define LIMIT_BARS 7
#define LIMIT_WINDOWS 4
/** Rules of all files together; conditions and values (elements of lists) of all of them. */
#define LIMIT_RULES 2048
#define LIMIT_RULE_CONDITIONS 8192
#define LIMIT_RULE_VALUES 16384
/** Conditions of one rule: there are 19 subjects, and numbers have two ends. */
#define LIMIT_RULE_TERMS 32
/** Files of rules.d, and variables of all files. */
#define LIMIT_RULE_FILES 64
#define LIMIT_RULE_VARIABLES 256
/** Bytes of all names, strings and patterns of the rules. */
#define LIMIT_RULE_TEXT 262144
/** Bytes of one string or pattern, as it is compared. LIMIT_PATH fits. */
#define LIMIT_RULE_STRING 448
/** Bytes of a guest's, a variable's and a rules file's name, NUL included. NAME_MAX is 255. */
#define LIMIT_GUEST 64
#define LIMIT_VARIABLE 32
/** Bytes of what a toolstack said that are kept of it, NUL included: a line or two. */
#define LIMIT_TOLD 160
/** Guests that one reading of xenstore reports, and functions that it says to be theirs. */
#define LIMIT_GUESTS 256
#define LIMIT_CLAIMS 256
#define LIMIT_RULE_FILE 256
/**
 * Ranges of requester IDs that the IOMMUs cover (IVRS). Firmware gives one for all, or one for each device: about 40
 * on a desktop machine.
 */
#define LIMIT_COVERAGE 128
/**
 * Requester IDs that are reserved for all ports together. Xen has 32767 numbers for devices in quarantine
 * (passthrough/x86/iommu.c:iommu_alloc_domid), and leaves an entry without owner where none is left: a quarter of them
 * is for everything else. 96 buses.
 */
#define LIMIT_RESERVED 24576
/** Words of 64 bits that have one for each requester ID of a bus: device and function number are 8 bits. */
#define LIMIT_BUS_WORDS 4u
/** Thunderbolt and USB4 domains: one a host controller. Notebooks have up to two, one card each adds one. */
#define LIMIT_DOMAINS 8
/** Routers of all domains, the hosts' own apart. Two ports of six routers in a row are 12. */
#define LIMIT_ROUTERS 32
/** Bytes of a router's name, NUL included: an entry of its DROM has up to 253 (drivers/thunderbolt/eeprom.c). */
#define LIMIT_ROUTER_NAME 256
/** Sessions of seat0, those that end included. One person at a time sits there. */
#define LIMIT_SESSIONS 16
/** CardBus bridges that are named; notebooks had one socket or two. */
#define LIMIT_CARDBUS 8
