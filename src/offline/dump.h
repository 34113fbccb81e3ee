/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps: a machine's config space, sysfs facts and ACPI tables as text. sallyport-dump(5). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/event/parse.h"
#include "edge/actuator/actuator.h"
#include "edge/source/file.h"

#define OFFLINE_CONFIG_SIZE 4096u
/** As many as sallyportd looks at; what a file has beyond is an error. */
#define OFFLINE_FUNCTIONS_MAX 4096u
#define OFFLINE_TABLES_MAX 256u
#define OFFLINE_TABLE_SIZE_MAX ((size_t)4 << 20)

/** One function, as it stands in the dump. Strings are empty, and facts unknown, where the dump does not say. */
struct offline_function {
        uint32_t sbdf;
        uint32_t
                length; /**< bytes of config space: 64, 256 or 4096 as a rule; 0 = none were readable */
        struct event_place place; /**< the function and the bridges above it */
        bool identified; /**< the next three are what the kernel enumerated; else config space's */
        uint16_t vendor, device;
        uint32_t class;
        char path[LIMIT_PATH];     /**< device path */
        char firmware[LIMIT_PATH]; /**< firmware_node/path */
        char driver[LIMIT_DRIVER];
        char override[LIMIT_DRIVER];
        char removable[16], power[16];
        enum event_fact boot_vga, pciehp;
        uint32_t
                uses; /**< what dom0 does with it: bits by enum event_use_kind, never USE_NETWORKS */
        uint8_t config[OFFLINE_CONFIG_SIZE];
};

struct offline_table {
        char signature[4];
        size_t length;
        uint8_t *bytes;
};

struct offline_dump {
        bool facts;      /**< made by `sallyport dump`: what sysfs says is known */
        bool uses;       /**< `uses` of every function is all there is */
        char kernel[64]; /**< its release, or empty */
        char xen[32];    /**< version, or empty */
        size_t count;
        struct offline_function *functions; /**< by address */
        size_t table_count;
        struct offline_table *tables;
};

/**
 * Reads a dump. The file is not believed: whatever its bytes are, it is read or rejected, in bounded memory. 0; -EINVAL
 * where it is no dump, or another negative errno, each with *ret_diagnosis filled and nothing to free.
 */
int offline_dump_read(const char *path, struct offline_dump *ret_dump,
                      struct source_diagnosis *ret_diagnosis);
/** Frees what a dump holds, and empties it; a zeroed one is fine. */
void offline_dump_free(struct offline_dump *dump);

/** The function with this address, or NULL. */
const struct offline_function *offline_dump_find(const struct offline_dump *dump, uint32_t sbdf);

/**
 * Writes a dump of the machine whose sysfs and procfs these are to `out`, with identifying numbers masked where
 * `redact`. Only reads; a function that sleeps is not woken: then its config space is left out. 0, or a negative errno.
 */
int offline_dump_write(const struct actuator *actuator, bool redact, FILE *out);

/** Masks what identifies the very machine in config space: bytes[0..length). See sallyport-dump(5). */
void offline_dump_redact_config(uint8_t *bytes, size_t length);
/** Masks MAC addresses that firmware hands to docks in an ACPI table; its checksum stays right. */
void offline_dump_redact_table(uint8_t *bytes, size_t length);
