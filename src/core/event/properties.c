/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device properties of a port: pairs of a UUID and a package of {name, value}. ACPI Spec 6.5, 6.2.5. */
#include "core/event/properties.h"

#include <string.h>

#include "base/text.h"

#define UUID_SIZE 16u

/*
 * As ToUUID lays them out (ACPI Spec 6.5, 19.6.142). As the kernel does (drivers/acpi/property.c:prp_guids), a name
 * counts below each of them.
 */
static const uint8_t uuids[][UUID_SIZE] = {
        /* device properties: daffd814-6eba-4d8c-8a91-bc9bbf4aa301 */
        { 0x14, 0xd8, 0xff, 0xda, 0xba, 0x6e, 0x8c, 0x4d, 0x8a, 0x91, 0xbc, 0x9b, 0xbf, 0x4a, 0xa3,
          0x01 },
        /* HotPlugSupportInD3: 6211e2c0-58a3-4af3-90e1-927a4e0c55a4 */
        { 0xc0, 0xe2, 0x11, 0x62, 0xa3, 0x58, 0xf3, 0x4a, 0x90, 0xe1, 0x92, 0x7a, 0x4e, 0x0c, 0x55,
          0xa4 },
        /* ExternalFacingPort: efcc06cc-73ac-4bc3-bff0-76143807c389 */
        { 0xcc, 0x06, 0xcc, 0xef, 0xac, 0x73, 0xc3, 0x4b, 0xbf, 0xf0, 0x76, 0x14, 0x38, 0x07, 0xc3,
          0x89 },
        /* usb4-host-interface: c44d002f-69f9-4e7d-a904-a7baabdf43f7 */
        { 0x2f, 0x00, 0x4d, 0xc4, 0xf9, 0x69, 0x7d, 0x4e, 0xa9, 0x04, 0xa7, 0xba, 0xab, 0xdf, 0x43,
          0xf7 },
};

enum property { EXTERNAL_FACING, HOTPLUG_D3, USB4, PROPERTY_MAX };

static const char *const names[PROPERTY_MAX] = {
        [EXTERNAL_FACING] = "ExternalFacingPort",
        [HOTPLUG_D3] = "HotPlugSupportInD3",
        [USB4] = "usb4-host-interface",
};

static bool *property_of(struct event_firmware *firmware, enum property property)
{
        switch (property) {
        case EXTERNAL_FACING:
                return &firmware->external_facing;
        case HOTPLUG_D3:
                return &firmware->hotplug_d3;
        case USB4:
        case PROPERTY_MAX:
                break;
        }
        return &firmware->usb4;
}

/* Said twice and differently: then what it says for "external" counts. */
static void property_set(struct event_acpi_port *port, enum property property, bool value)
{
        bool *fact = property_of(&port->firmware, property);
        uint32_t bit = 1u << property;

        if ((port->told & bit) && *fact != value)
                port->firmware.contradicts = true;
        port->told |= bit;
        *fact = *fact || value;
}

/* The opcode, and with that how far it reaches: *ret_part is what is in it. */
static bool part_take(struct event_aml *aml, uint8_t opcode, struct event_aml *ret_part)
{
        size_t end;

        if (aml->at == aml->end || aml->bytes[aml->at] != opcode)
                return false;
        aml->at++;
        if (!event_aml_length_take(aml, &end))
                return false;
        *ret_part = (struct event_aml){ aml->bytes, aml->at, end };
        aml->at = end;
        return true;
}

/* A package, and how many elements it says that it has. */
static bool package_take(struct event_aml *aml, struct event_aml *ret_elements, uint8_t *ret_count)
{
        struct event_aml part;

        if (!part_take(aml, EVENT_AML_PACKAGE, &part) || part.at == part.end)
                return false;
        *ret_count = part.bytes[part.at++];
        *ret_elements = part;
        return true;
}

static bool name_find(struct event_aml *pair, enum property *ret_property)
{
        size_t start = pair->at + 1, end = start;
        const char *text = (const char *)pair->bytes + start;

        *ret_property = PROPERTY_MAX;
        if (pair->at == pair->end || pair->bytes[pair->at] != EVENT_AML_STRING)
                return false;
        while (end < pair->end && pair->bytes[end] != 0)
                end++;
        if (end == pair->end)
                return false;
        for (enum property i = EXTERNAL_FACING; i < PROPERTY_MAX; i++)
                if (base_text_is(text, end - start, names[i]))
                        *ret_property = i;
        pair->at = end + 1;
        return true;
}

/*
 * {name, value}. ExternalFacingPort and HotPlugSupportInD3 are integers (drivers/pci/pci-acpi.c), usb4-host-interface
 * refers to a device (drivers/thunderbolt/acpi.c): whatever it refers to, it is there.
 */
static bool property_take(struct event_aml *aml, struct event_acpi_port *port)
{
        enum property property;
        struct event_aml pair;
        uint64_t value = 1;
        uint8_t count;

        if (!package_take(aml, &pair, &count) || count != 2 || !name_find(&pair, &property))
                return false;
        if (property == PROPERTY_MAX)
                return true;
        if (property == USB4 ? pair.at == pair.end : !event_aml_integer_take(&pair, &value))
                return false;
        property_set(port, property, value != 0);
        return true;
}

static bool uuid_take(struct event_aml *aml, bool *ret_known)
{
        struct event_aml part;
        uint64_t size;

        if (!part_take(aml, EVENT_AML_BUFFER, &part) || !event_aml_integer_take(&part, &size) ||
            size != UUID_SIZE || part.end - part.at != UUID_SIZE)
                return false;
        *ret_known = false;
        for (size_t i = 0; i < sizeof uuids / sizeof uuids[0]; i++)
                if (memcmp(part.bytes + part.at, uuids[i], UUID_SIZE) == 0)
                        *ret_known = true;
        return true;
}

bool event_properties_take(struct event_aml *aml, struct event_acpi_port *port)
{
        struct event_aml pairs, list;
        uint8_t count, elements;
        bool known;

        if (!package_take(aml, &pairs, &count) || count % 2 != 0)
                return false;
        for (unsigned int i = 0; i < count; i += 2) {
                if (!uuid_take(&pairs, &known) || !package_take(&pairs, &list, &elements))
                        return false;
                if (!known)
                        continue;
                for (unsigned int j = 0; j < elements; j++)
                        if (!property_take(&list, port))
                                return false;
                if (list.at != list.end)
                        return false;
        }
        return pairs.at == pairs.end;
}
