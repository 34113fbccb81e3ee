/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables to what firmware says of each port: one pass over the blocks, in which nothing is executed. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/event/aml.h"
#include "core/event/properties.h"

#define HEADER_SIZE 36u

/* A block that is being read. */
struct block {
        size_t end;
        struct event_acpi_path path; /* what names in it begin at */
        bool conditional;            /* below an If, Else or While: it may not exist */
};

struct walk {
        struct event_acpi *acpi;
        struct event_aml aml; /* its end is the innermost block's */
        uint32_t depth;
        struct block blocks[LIMIT_ACPI_BLOCKS];
        bool arguments; /* the last expression named something: if a method, its arguments may follow */
};

static bool path_equal(const struct event_acpi_path *a, uint32_t depth,
                       const struct event_acpi_path *b)
{
        return depth == b->depth && memcmp(a->names, b->names, depth * sizeof a->names[0]) == 0;
}

/* The port whose path the first depth names are, or NULL. */
static struct event_acpi_port *port_at(struct event_acpi *acpi, const struct event_acpi_path *path,
                                       uint32_t depth)
{
        for (uint32_t i = 0; i < acpi->count && depth > 0; i++)
                if (path_equal(path, depth, &acpi->ports[i].path))
                        return &acpi->ports[i];
        return NULL;
}

void event_acpi_port_add(struct event_acpi *acpi, uint32_t sbdf, const char *text, size_t length)
{
        struct event_aml aml = { (const uint8_t *)text, 0, length };
        struct event_acpi_port *port;
        bool understood;

        base_assert(acpi->count <= LIMIT_PORTS);
        if (acpi->count == LIMIT_PORTS)
                return;
        port = &acpi->ports[acpi->count++];
        *port = (struct event_acpi_port){ .sbdf = sbdf };
        if (length > 0 && text[length - 1] == '\n')
                aml.end--;
        if (aml.end == 0)
                return;
        /* Text has a dot where AML has a count; otherwise its names are AML's. */
        understood = text[0] == '\\';
        while (understood && aml.at < aml.end) {
                struct event_acpi_path path = port->path;

                if (aml.at > 0)
                        understood = aml.bytes[aml.at++] == '.';
                understood = understood && event_aml_name_take(&aml, &path, &port->path);
        }
        if (!understood || port->path.depth == 0) {
                port->path.depth = 0;
                port->firmware.unclear = true;
        }
}

static const struct event_acpi_path *scope_of(const struct walk *walk)
{
        return &walk->blocks[walk->depth - 1].path;
}

static bool block_open(struct walk *walk, size_t end, const struct event_acpi_path *path,
                       bool conditional)
{
        if (walk->depth == LIMIT_ACPI_BLOCKS)
                return false;
        conditional = conditional || (walk->depth > 0 && walk->blocks[walk->depth - 1].conditional);
        walk->blocks[walk->depth++] = (struct block){ end, *path, conditional };
        walk->aml.end = end;
        return true;
}

/* Back to the block around it; false after the outermost one. */
static bool block_close(struct walk *walk)
{
        walk->aml.at = walk->aml.end;
        walk->arguments = false;
        if (--walk->depth == 0)
                return false;
        walk->aml.end = walk->blocks[walk->depth - 1].end;
        base_assert(walk->aml.at <= walk->aml.end);
        return true;
}

/*
 * A single name in Scope() is also looked for further up (ACPI Spec 6.5, 5.3). Here it is taken for one below; where
 * further up there would be one of our ports, that is too much of a guess.
 */
static void scope_doubt(struct walk *walk, const struct event_acpi_path *path)
{
        if (port_at(walk->acpi, path, path->depth))
                return;
        for (uint32_t depth = path->depth; depth > 1; depth--) {
                struct event_acpi_path above = *path;

                above.names[depth - 2] = path->names[path->depth - 1];
                if (port_at(walk->acpi, &above, depth - 1))
                        walk->acpi->unclear = true;
        }
}

/*
 * Firmware knows what is behind a switch below a port, e.g. \_SB.PC00.RP05.PXSX.TBDU.XHCI: two bridges and a device. It
 * is soldered, and so is the switch. What is directly below a slot (PXSX), or below a device there, says nothing.
 */
static void soldered_note(struct walk *walk, const struct event_acpi_path *path)
{
        for (uint32_t i = 0; i < walk->acpi->count; i++) {
                struct event_acpi_port *port = &walk->acpi->ports[i];
                uint32_t depth = port->path.depth;

                if (depth > 0 && path->depth == depth + 3 && path_equal(path, depth, &port->path))
                        port->firmware.soldered = true;
        }
}

/* PkgLength NameString, a number of bytes that do not matter here, TermList. */
static bool named_block(struct walk *walk, size_t skip, bool device, bool searched)
{
        struct event_acpi_path path;
        struct event_acpi_port *port;
        size_t end;
        uint8_t lead;

        if (!event_aml_length_take(&walk->aml, &end))
                return false;
        lead = walk->aml.at < end ? walk->aml.bytes[walk->aml.at] : 0;
        if (!event_aml_name_take(&walk->aml, scope_of(walk), &path) ||
            !event_aml_skip(&walk->aml, skip) || walk->aml.at > end)
                return false;
        if (searched && (lead == '_' || (lead >= 'A' && lead <= 'Z')))
                scope_doubt(walk, &path);
        port = device ? port_at(walk->acpi, &path, path.depth) : NULL;
        if (port)
                port->firmware.described = true;
        if (device && !walk->blocks[walk->depth - 1].conditional)
                soldered_note(walk, &path);
        return block_open(walk, end, &path, false);
}

/* Whether what is in it exists, only knows who executes it: it is read, and what it says of a port is unclear. */
static bool conditional_block(struct walk *walk, bool predicate)
{
        size_t end, outer = walk->aml.end;
        bool named = false;

        if (!event_aml_length_take(&walk->aml, &end))
                return false;
        walk->aml.end = end;
        if (predicate && !event_aml_expressions_skip(&walk->aml, scope_of(walk), 1, &named)) {
                walk->acpi->unclear = true;
                walk->aml.end = outer;
                walk->aml.at = end;
                return true;
        }
        walk->arguments = named;
        return block_open(walk, end, scope_of(walk), true);
}

static bool block_skip(struct walk *walk)
{
        size_t end;

        if (!event_aml_length_take(&walk->aml, &end))
                return false;
        walk->aml.at = end;
        return true;
}

/* The port that something named here is about, where it has this last name; or NULL. */
static struct event_acpi_port *subject(struct walk *walk, const struct event_acpi_path *path,
                                       const char *last)
{
        if (path->depth == 0 ||
            memcmp(path->names[path->depth - 1].text, last, sizeof path->names[0].text) != 0)
                return NULL;
        return port_at(walk->acpi, path, path->depth - 1);
}

/* A method or an alias may give a port properties that cannot be read here. */
static void opaque_note(struct walk *walk, const struct event_acpi_path *path)
{
        struct event_acpi_port *port = subject(walk, path, "_DSD");

        if (port)
                port->firmware.unclear = true;
}

static bool method(struct walk *walk)
{
        struct event_acpi_path path;
        size_t end;

        if (!event_aml_length_take(&walk->aml, &end) ||
            !event_aml_name_take(&walk->aml, scope_of(walk), &path) || walk->aml.at > end)
                return false;
        opaque_note(walk, &path);
        walk->aml.at = end;
        return true;
}

static bool alias(struct walk *walk)
{
        struct event_acpi_path path;

        for (int i = 0; i < 2; i++) /* what it stands for, then its own name */
                if (!event_aml_name_take(&walk->aml, scope_of(walk), &path))
                        return false;
        opaque_note(walk, &path);
        return true;
}

/* ACPI Spec 6.5, 6.1.1: device number and function number of a PCI device, 16 bits each. */
static void address_compare(struct event_aml aml, struct event_acpi_port *port)
{
        uint64_t address;

        if (event_aml_integer_take(&aml, &address) &&
            address !=
                    ((uint64_t)base_sbdf_device(port->sbdf) << 16 | base_sbdf_function(port->sbdf)))
                port->firmware.contradicts = true;
}

static bool name(struct walk *walk)
{
        struct event_acpi_path path;
        struct event_acpi_port *port;
        struct event_aml value;
        bool named;

        if (!event_aml_name_take(&walk->aml, scope_of(walk), &path))
                return false;
        value = walk->aml;
        if (!event_aml_expressions_skip(&walk->aml, scope_of(walk), 1, &named))
                return false;
        value.end = walk->aml.at;
        port = subject(walk, &path, "_ADR");
        if (port)
                address_compare(value, port);
        port = subject(walk, &path, "_DSD");
        if (!port)
                return true;
        if (!event_properties_take(&value, port) || walk->blocks[walk->depth - 1].conditional)
                port->firmware.unclear = true;
        return true;
}

/* A name, bytes that do not matter, and expressions, in either order. */
static bool object(struct walk *walk, uint32_t before, size_t skip, uint32_t after)
{
        struct event_acpi_path unused;
        bool named = false;

        if (before > 0 && !event_aml_expressions_skip(&walk->aml, scope_of(walk), before, &named))
                return false;
        if (!event_aml_name_take(&walk->aml, scope_of(walk), &unused) ||
            !event_aml_skip(&walk->aml, skip))
                return false;
        if (after > 0 && !event_aml_expressions_skip(&walk->aml, scope_of(walk), after, &named))
                return false;
        walk->arguments = named;
        return true;
}

/* What can only be an argument: of a method whose name came before (event_aml_expressions_skip). */
static bool operand_next(const struct event_aml *aml)
{
        uint8_t byte = aml->bytes[aml->at];

        return byte <= 0x01 || (byte >= 0x0a && byte <= 0x0e) || byte == EVENT_AML_BUFFER ||
               byte == EVENT_AML_PACKAGE || (byte >= 0x60 && byte <= 0x6e) || byte == 0xff;
}

static bool expression(struct walk *walk)
{
        bool named = false;

        if (operand_next(&walk->aml) && !walk->arguments)
                return false;
        if (!event_aml_expressions_skip(&walk->aml, scope_of(walk), 1, &named))
                return false;
        walk->arguments = walk->arguments || named;
        return true;
}

/* 20.2.5.2 and 20.2.5.3, behind the prefix 5Bh. */
static bool extended_term(struct walk *walk)
{
        switch (walk->aml.bytes[walk->aml.at + 1]) {
        case 0x01: /* Mutex: SyncFlags */
                return event_aml_skip(&walk->aml, 2) && object(walk, 0, 1, 0);
        case 0x02: /* Event */
                return event_aml_skip(&walk->aml, 2) && object(walk, 0, 0, 0);
        case 0x13: /* CreateField */
                return event_aml_skip(&walk->aml, 2) && object(walk, 3, 0, 0);
        case 0x80: /* OpRegion: RegionSpace, then offset and length */
                return event_aml_skip(&walk->aml, 2) && object(walk, 0, 1, 2);
        case 0x88: /* DataRegion */
                return event_aml_skip(&walk->aml, 2) && object(walk, 0, 0, 3);
        case 0x81: /* Field, IndexField, BankField */
        case 0x86:
        case 0x87:
                return event_aml_skip(&walk->aml, 2) && block_skip(walk);
        case 0x82: /* Device */
                return event_aml_skip(&walk->aml, 2) && named_block(walk, 0, true, false);
        case 0x83: /* Processor: ID, address, length */
                return event_aml_skip(&walk->aml, 2) && named_block(walk, 6, false, false);
        case 0x84: /* PowerResource: level, order */
                return event_aml_skip(&walk->aml, 2) && named_block(walk, 3, false, false);
        case 0x85: /* ThermalZone */
                return event_aml_skip(&walk->aml, 2) && named_block(walk, 0, false, false);
        default:
                return expression(walk);
        }
}

/* 20.2.5 TermObj. */
static bool term(struct walk *walk)
{
        uint8_t opcode = walk->aml.bytes[walk->aml.at];

        if (opcode == 0x5b && walk->aml.end - walk->aml.at > 1)
                return extended_term(walk);
        switch (opcode) {
        case 0x06:
                return event_aml_skip(&walk->aml, 1) && alias(walk);
        case EVENT_AML_NAME:
                return event_aml_skip(&walk->aml, 1) && name(walk);
        case 0x10: /* Scope */
                return event_aml_skip(&walk->aml, 1) && named_block(walk, 0, false, true);
        case 0x14:
                return event_aml_skip(&walk->aml, 1) && method(walk);
        case 0x15: /* External: object type, number of arguments */
                return event_aml_skip(&walk->aml, 1) && object(walk, 0, 2, 0);
        case 0x8a: /* CreateDWordField, Word, Byte, Bit, QWord */
        case 0x8b:
        case 0x8c:
        case 0x8d:
        case 0x8f:
                return event_aml_skip(&walk->aml, 1) && object(walk, 2, 0, 0);
        case 0xa0: /* If */
        case 0xa2: /* While */
                return event_aml_skip(&walk->aml, 1) && conditional_block(walk, true);
        case 0xa1: /* Else */
                return event_aml_skip(&walk->aml, 1) && conditional_block(walk, false);
        default:
                return expression(walk);
        }
}

void event_acpi_table_parse(const uint8_t *bytes, size_t length, struct event_acpi *acpi)
{
        static const struct event_acpi_path root;
        struct walk walk = { .acpi = acpi, .aml = { bytes, HEADER_SIZE, length } };
        uint32_t said = 0;

        base_assert(bytes || length == 0);
        if (length < HEADER_SIZE ||
            (memcmp(bytes, "DSDT", 4) != 0 && memcmp(bytes, "SSDT", 4) != 0)) {
                acpi->unclear = true;
                return;
        }
        for (unsigned int i = 4; i > 0; i--)
                said = said << 8 | bytes[3 + i];
        if (said != length)
                acpi->unclear = true;
        (void)block_open(&walk, length, &root, false);
        do {
                while (walk.aml.at < walk.aml.end)
                        if (!term(&walk)) {
                                acpi->unclear = true;
                                break;
                        }
        } while (block_close(&walk));
}

void event_acpi_firmware(const struct event_acpi *acpi, uint32_t sbdf,
                         struct event_firmware *ret_firmware)
{
        struct event_firmware firmware = { .unclear = true };
        bool others = false;

        for (uint32_t i = 0; i < acpi->count; i++) {
                const struct event_acpi_port *port = &acpi->ports[i];

                if (port->sbdf != sbdf) {
                        others = others || (port->firmware.external_facing &&
                                            !port->firmware.unclear && !port->firmware.contradicts);
                        continue;
                }
                firmware = port->firmware;
                /* The kernel knows it from a part of the tables that was not understood. */
                if (acpi->unclear || (port->path.depth > 0 && !firmware.described))
                        firmware.unclear = true;
        }
        firmware.others = others;
        *ret_firmware = firmware;
}
