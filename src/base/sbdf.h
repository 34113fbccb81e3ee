/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of PCI functions: segment, bus, device, function, packed as Xen's pci_sbdf_t packs them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** segment << 16 | bus << 8 | device << 3 | function. The low 16 bits are the requester ID (PCIe Base Spec 2.2.6.2). */
#define BASE_SBDF(segment, bus, device, function)                                     \
        ((uint32_t)(segment) << 16 | (uint32_t)(bus) << 8 | (uint32_t)(device) << 3 | \
         (uint32_t)(function))

/** No function at all: as parent, "directly on a host bridge's root bus". Never a valid address (parsers reject it). */
#define BASE_SBDF_NONE UINT32_MAX

/** Bytes that an address takes as text, with its final NUL: "0000:00:00.0". */
#define BASE_SBDF_TEXT_SIZE 13

static inline uint16_t base_sbdf_segment(uint32_t sbdf)
{
        return (uint16_t)(sbdf >> 16);
}

static inline uint8_t base_sbdf_bus(uint32_t sbdf)
{
        return (uint8_t)(sbdf >> 8);
}

static inline uint8_t base_sbdf_device(uint32_t sbdf)
{
        return (uint8_t)(sbdf >> 3 & 0x1f);
}

static inline uint8_t base_sbdf_function(uint32_t sbdf)
{
        return (uint8_t)(sbdf & 7);
}

/**
 * Reads "[DDDD:]BB:SS.F", as lspci and xl take it; hexadecimal, the segment 0 where it is left out.
 * The whole of text[0..length) must be the address. False, with *ret_sbdf untouched, where it is not.
 */
bool base_sbdf_parse(const char *text, size_t length, uint32_t *ret_sbdf);

/** Writes "DDDD:BB:SS.F" and a NUL, in lower case as Linux names its sysfs folders. Returns ret_text. */
char *base_sbdf_format(uint32_t sbdf, char ret_text[static BASE_SBDF_TEXT_SIZE]);
