/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O Virtualization Reporting Structure: which requester IDs an AMD IOMMU covers. 48882, chapter 5. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/event/coverage.h"
#include "core/event/parse.h"

#define TABLE_HEADER 48u /* ACPI's 36 bytes, IVinfo, 8 reserved */

/* Blocks: I/O virtualization hardware definitions by type, and memory definitions. */
enum { BLOCK_10, BLOCK_11, BLOCK_40, BLOCK_TYPES };
#define BLOCK_HEADER 4u /* type, flags, length */
#define IVHD_10_HEADER 24u
#define IVHD_11_HEADER 40u
#define IVHD_DEVICE 4u
#define IVHD_SEGMENT 16u

/* Device entries: type, DeviceID (2 bytes), setting. */
enum {
        ENTRY_PAD4 = 0,
        ENTRY_ALL = 1,
        ENTRY_SELECT = 2,
        ENTRY_START = 3,
        ENTRY_END = 4,
        ENTRY_PAD8 = 64,
        ENTRY_ALIAS_SELECT = 66,
        ENTRY_ALIAS_START = 67,
        ENTRY_EXTENDED_SELECT = 70,
        ENTRY_EXTENDED_START = 71,
        ENTRY_SPECIAL = 72,
        ENTRY_HID = 240,
};
#define ENTRY_SIZE 4u      /* types below 64, and the end of each range */
#define ENTRY_LONG_SIZE 8u /* types 64 to 127 */
#define ENTRY_HID_SIZE 22u /* and a UID, whose length is the last byte of these */
#define ENTRY_USED 5u      /* DeviceID that an alias or a special device uses */

struct ivrs {
        /*
         * Which type of block Xen takes is its affair (iommu_acpi.c:get_supported_ivhd_type): what counts is what each
         * type that occurs covers.
         */
        bool any[BLOCK_TYPES];
        struct event_coverage covered[BLOCK_TYPES];
        /*
         * Their device table entries are shared, or not a PCI function's: what is done to the one is done to another.
         */
        struct event_coverage tangled;
};

static uint16_t number_get(const uint8_t *bytes)
{
        return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static bool tangle(struct ivrs *ivrs, uint16_t segment, uint16_t first, uint16_t last)
{
        return event_coverage_add(&ivrs->tangled, (uint32_t)segment << 16 | first,
                                  (uint32_t)segment << 16 | last);
}

static bool cover(struct ivrs *ivrs, int type, uint16_t segment, uint16_t first, uint16_t last)
{
        return event_coverage_add(&ivrs->covered[type], (uint32_t)segment << 16 | first,
                                  (uint32_t)segment << 16 | last);
}

/* Bytes of the entry, with the end of a range; 0 where it is not one that we know, or does not fit. */
static size_t entry_size(const uint8_t *entry, size_t length)
{
        size_t size = 0;

        switch (entry[0]) {
        case ENTRY_PAD4:
        case ENTRY_ALL:
        case ENTRY_SELECT:
                size = ENTRY_SIZE;
                break;
        case ENTRY_START:
                size = ENTRY_SIZE + ENTRY_SIZE;
                break;
        case ENTRY_PAD8:
        case ENTRY_ALIAS_SELECT:
        case ENTRY_EXTENDED_SELECT:
        case ENTRY_SPECIAL:
                size = ENTRY_LONG_SIZE;
                break;
        case ENTRY_ALIAS_START:
        case ENTRY_EXTENDED_START:
                size = ENTRY_LONG_SIZE + ENTRY_SIZE;
                break;
        case ENTRY_HID:
                if (length >= ENTRY_HID_SIZE)
                        size = ENTRY_HID_SIZE + entry[ENTRY_HID_SIZE - 1];
                break;
        default: /* a number of the firmware's */
                break;
        }
        return size <= length ? size : 0;
}

/* Last DeviceID of a range that begins in this entry; false where its end is missing or before its beginning. */
static bool range_end(const uint8_t *entry, size_t size, uint16_t first, uint16_t *ret_last)
{
        const uint8_t *end = entry + size - ENTRY_SIZE;

        *ret_last = number_get(end + 1);
        return end[0] == ENTRY_END && *ret_last > first;
}

static bool entry_take(struct ivrs *ivrs, int type, uint16_t segment, const uint8_t *entry,
                       size_t size)
{
        uint16_t first = number_get(entry + 1), last = first, used;

        switch (entry[0]) {
        case ENTRY_ALL:
                return cover(ivrs, type, segment, 0, UINT16_MAX);
        case ENTRY_SELECT:
        case ENTRY_EXTENDED_SELECT:
                return cover(ivrs, type, segment, first, first);
        case ENTRY_START:
        case ENTRY_EXTENDED_START:
                return range_end(entry, size, first, &last) &&
                       cover(ivrs, type, segment, first, last);
        case ENTRY_ALIAS_START:
                if (!range_end(entry, size, first, &last))
                        return false;
                /* fall through */
        case ENTRY_ALIAS_SELECT:
                used = number_get(entry + ENTRY_USED);
                return tangle(ivrs, segment, first, last) && tangle(ivrs, segment, used, used);
        case ENTRY_SPECIAL: /* an I/O APIC or HPET */
                used = number_get(entry + ENTRY_USED);
                return tangle(ivrs, segment, used, used);
        case ENTRY_HID: /* a device of ACPI's */
                return tangle(ivrs, segment, first, first);
        default: /* padding */
                return true;
        }
}

static bool hardware_take(struct ivrs *ivrs, int type, const uint8_t *block, size_t length)
{
        size_t at = type == BLOCK_10 ? IVHD_10_HEADER : IVHD_11_HEADER, size;
        uint16_t segment, device;

        if (length < at)
                return false;
        segment = number_get(block + IVHD_SEGMENT);
        device = number_get(block + IVHD_DEVICE);
        ivrs->any[type] = true;
        for (; at < length; at += size) {
                size = entry_size(block + at, length - at);
                if (size == 0 || !entry_take(ivrs, type, segment, block + at, size))
                        return false;
        }
        return tangle(ivrs, segment, device, device); /* Xen does not map an IOMMU by itself */
}

static bool block_take(struct ivrs *ivrs, const uint8_t *block, size_t length)
{
        switch (block[0]) {
        case 0x10:
                return hardware_take(ivrs, BLOCK_10, block, length);
        case 0x11:
                return hardware_take(ivrs, BLOCK_11, block, length);
        case 0x40:
                return hardware_take(ivrs, BLOCK_40, block, length);
        case 0x20: /* memory that devices must reach: no device's coverage */
        case 0x21:
        case 0x22:
        case 0x23:
                return true;
        default: /* a number of the firmware's */
                return false;
        }
}

static bool coverage_make(const struct ivrs *ivrs, struct event_coverage *ret_coverage)
{
        bool any = false;

        for (int i = 0; i < BLOCK_TYPES; i++) {
                if (!ivrs->any[i])
                        continue;
                if (!any)
                        *ret_coverage = ivrs->covered[i];
                else if (!event_coverage_intersect(ret_coverage, &ivrs->covered[i]))
                        return false;
                any = true;
        }
        for (uint32_t i = 0; any && i < ivrs->tangled.count; i++)
                if (!event_coverage_remove(ret_coverage, ivrs->tangled.ranges[i].first,
                                           ivrs->tangled.ranges[i].last))
                        return false;
        return any;
}

static bool table_begins(const uint8_t *bytes, size_t length)
{
        uint8_t sum = 0;

        if (length < TABLE_HEADER || memcmp(bytes, "IVRS", 4) != 0 ||
            (number_get(bytes + 4) | (uint32_t)number_get(bytes + 6) << 16) != length)
                return false;
        for (size_t i = 0; i < length; i++)
                sum = (uint8_t)(sum + bytes[i]);
        return sum == 0;
}

bool event_ivrs_parse(const uint8_t *bytes, size_t length, struct event_coverage *ret_coverage)
{
        struct event_coverage coverage = { 0 };
        struct ivrs ivrs = { 0 };

        base_assert(bytes || length == 0);
        if (!table_begins(bytes, length))
                return false;
        for (size_t at = TABLE_HEADER, size; at < length; at += size) {
                if (length - at < BLOCK_HEADER)
                        return false;
                size = number_get(bytes + at + 2);
                if (size < BLOCK_HEADER || size > length - at ||
                    !block_take(&ivrs, bytes + at, size))
                        return false;
        }
        if (!coverage_make(&ivrs, &coverage))
                return false;
        coverage.known = true;
        *ret_coverage = coverage;
        return true;
}
