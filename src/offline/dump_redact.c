/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What identifies this very machine, and not its model, is masked. */
#include <string.h>

#include "base/text.h"
#include "offline/dump.h"

#define EXT_CAP_START 0x100u
#define EXT_CAPS_MAX 480u
#define EXT_CAP_ID_SERIAL 0x0003u
#define CAP_ID_VPD 0x03u
#define CAPS_MAX 48u
#define SERIAL_SIZE 8u
#define MAC_SIZE 6u
/* In this form firmware hands a dock its MAC address (drivers/net/usb/r8152.c:vendor_mac_passthru_addr_read). */
#define MAC_MARK "_AUXMAC_#"
#define MAC_DIGITS 12u
#define TABLE_HEADER_SIZE 36u
#define TABLE_CHECKSUM 9u

static uint32_t read32(const uint8_t *bytes, size_t at)
{
        return (uint32_t)bytes[at] | (uint32_t)bytes[at + 1] << 8 | (uint32_t)bytes[at + 2] << 16 |
               (uint32_t)bytes[at + 3] << 24;
}

/* Masks these bytes wherever they stand. */
static void occurrences_mask(uint8_t *bytes, size_t length, const uint8_t *what, size_t size)
{
        for (size_t at = 0x40; at + size <= length; at++)
                if (memcmp(bytes + at, what, size) == 0)
                        memset(bytes + at, 0, size);
}

/*
 * Device Serial Number (PCIe Base Spec 7.9.3): an EUI-64, lower doubleword first. Network cards make it of their MAC
 * address, with ff and fe, or ff and ff, in the middle.
 */
static void serial_mask(uint8_t *bytes, size_t length, size_t cap)
{
        uint8_t serial[SERIAL_SIZE], mac[MAC_SIZE], reversed[MAC_SIZE];

        memcpy(serial, bytes + cap + 4, sizeof serial);
        for (size_t i = 0; i < MAC_SIZE; i++) {
                mac[i] = serial[SERIAL_SIZE - 1 - (i < 3 ? i : i + 2)];
                reversed[MAC_SIZE - 1 - i] = mac[i];
        }
        memset(bytes + cap + 4, 0, SERIAL_SIZE);
        for (size_t i = 0; i < SERIAL_SIZE; i++)
                if (serial[i] != 0 && serial[i] != 0xff) {
                        occurrences_mask(bytes, length, serial, sizeof serial);
                        occurrences_mask(bytes, length, mac, sizeof mac);
                        occurrences_mask(bytes, length, reversed, sizeof reversed);
                        return;
                }
}

/* The window to Vital Product Data keeps the last four bytes that were read (PCI Local Bus Spec 3.0, Appendix I). */
static void vpd_mask(uint8_t *bytes, size_t length)
{
        size_t at = length >= 0x40 && (bytes[6] & 0x10) ? bytes[0x34] & 0xfcu : 0;

        for (unsigned int i = 0; i < CAPS_MAX && at >= 0x40 && at + 8 <= length && at < 0x100;
             i++) {
                if (bytes[at] == CAP_ID_VPD)
                        memset(bytes + at + 2, 0, 6);
                at = bytes[at + 1] & 0xfcu;
        }
}

void offline_dump_redact_config(uint8_t *bytes, size_t length)
{
        size_t at = EXT_CAP_START;

        vpd_mask(bytes, length);
        for (unsigned int i = 0; i < EXT_CAPS_MAX && at >= EXT_CAP_START && at + 12 <= length;
             i++) {
                uint32_t header = read32(bytes, at);

                if (header == 0 || header == UINT32_MAX)
                        return;
                if ((header & 0xffffu) == EXT_CAP_ID_SERIAL)
                        serial_mask(bytes, length, at);
                at = header >> 20 & 0xffcu;
        }
}

void offline_dump_redact_table(uint8_t *bytes, size_t length)
{
        const size_t mark = sizeof MAC_MARK - 1;
        uint8_t sum = 0;
        bool masked = false;

        for (size_t at = TABLE_HEADER_SIZE; at + mark + MAC_DIGITS <= length; at++) {
                if (memcmp(bytes + at, MAC_MARK, mark) != 0)
                        continue;
                memset(bytes + at + mark, '0', MAC_DIGITS);
                masked = true;
        }
        if (!masked)
                return;
        bytes[TABLE_CHECKSUM] = 0;
        for (size_t i = 0; i < length; i++)
                sum = (uint8_t)(sum + bytes[i]);
        bytes[TABLE_CHECKSUM] = (uint8_t)-sum;
}
