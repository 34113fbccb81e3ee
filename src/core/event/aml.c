/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens of ACPI Machine Language. Each takes at least one byte or fails, so that every walk ends. */
#include "core/event/aml.h"

#include <string.h>

#include "base/assert.h"

#define NAME_SIZE sizeof(struct event_acpi_name)
#define OP_EXTENDED 0x5bu
#define OP_ROOT '\\'
#define OP_PARENT '^'
#define OP_DUAL_NAME 0x2eu
#define OP_MULTI_NAME 0x2fu

static bool byte_take(struct event_aml *aml, uint8_t *ret_byte)
{
        base_assert(aml->at <= aml->end);
        if (aml->at == aml->end)
                return false;
        *ret_byte = aml->bytes[aml->at++];
        return true;
}

bool event_aml_skip(struct event_aml *aml, size_t count)
{
        base_assert(aml->at <= aml->end);
        if (aml->end - aml->at < count)
                return false;
        aml->at += count;
        return true;
}

/* Bits 7:6 of the first byte count those that follow, with eight bits each above its lower four. */
bool event_aml_length_take(struct event_aml *aml, size_t *ret_end)
{
        size_t start = aml->at, length;
        uint8_t lead, byte;

        if (!byte_take(aml, &lead))
                return false;
        length = lead & (lead >> 6 ? 0x0fu : 0x3fu);
        if (lead >> 6 && (lead & 0x30u))
                return false;
        for (unsigned int i = 0; i < lead >> 6; i++) {
                if (!byte_take(aml, &byte))
                        return false;
                length |= (size_t)byte << (4 + 8 * i);
        }
        /* It covers itself too. */
        if (length < aml->at - start || length > aml->end - start)
                return false;
        *ret_end = start + length;
        return true;
}

static bool lead_is(uint8_t byte)
{
        return (byte >= 'A' && byte <= 'Z') || byte == '_';
}

bool event_aml_name_next(const struct event_aml *aml)
{
        uint8_t byte = aml->at < aml->end ? aml->bytes[aml->at] : 0;

        return lead_is(byte) || byte == OP_ROOT || byte == OP_PARENT || byte == OP_DUAL_NAME ||
               byte == OP_MULTI_NAME;
}

static bool segment_take(struct event_aml *aml, struct event_acpi_path *path)
{
        const uint8_t *bytes = aml->bytes + aml->at;

        if (path->depth == LIMIT_ACPI_DEPTH || !event_aml_skip(aml, NAME_SIZE) ||
            !lead_is(bytes[0]))
                return false;
        for (size_t i = 1; i < NAME_SIZE; i++)
                if (!lead_is(bytes[i]) && (bytes[i] < '0' || bytes[i] > '9'))
                        return false;
        memcpy(path->names[path->depth++].text, bytes, NAME_SIZE);
        return true;
}

bool event_aml_name_take(struct event_aml *aml, const struct event_acpi_path *scope,
                         struct event_acpi_path *ret_path)
{
        struct event_acpi_path path = *scope;
        uint8_t count = 1;

        if (aml->at < aml->end && aml->bytes[aml->at] == OP_ROOT) {
                path.depth = 0;
                aml->at++;
        }
        while (aml->at < aml->end && aml->bytes[aml->at] == OP_PARENT) {
                if (path.depth == 0)
                        return false;
                path.depth--;
                aml->at++;
        }
        if (aml->at == aml->end)
                return false;
        if (aml->bytes[aml->at] == 0) { /* NullName: the prefix is all */
                count = 0;
                aml->at++;
        } else if (aml->bytes[aml->at] == OP_DUAL_NAME) {
                count = 2;
                aml->at++;
        } else if (aml->bytes[aml->at] == OP_MULTI_NAME) {
                aml->at++;
                if (!byte_take(aml, &count) || count == 0)
                        return false;
        }
        for (unsigned int i = 0; i < count; i++)
                if (!segment_take(aml, &path))
                        return false;
        *ret_path = path;
        return true;
}

bool event_aml_integer_take(struct event_aml *aml, uint64_t *ret_value)
{
        uint64_t value = 0;
        uint8_t lead, byte;
        unsigned int size;

        if (!byte_take(aml, &lead))
                return false;
        switch (lead) {
        case 0x00:
        case 0x01:
                *ret_value = lead;
                return true;
        case 0xff:
                *ret_value = UINT64_MAX;
                return true;
        case 0x0a:
                size = 1;
                break;
        case 0x0b:
                size = 2;
                break;
        case 0x0c:
                size = 4;
                break;
        case 0x0e:
                size = 8;
                break;
        default:
                return false;
        }
        for (unsigned int i = 0; i < size; i++) {
                if (!byte_take(aml, &byte))
                        return false;
                value |= (uint64_t)byte << 8 * i;
        }
        *ret_value = value;
        return true;
}

/* Operands of each expression, plus one; 0 = it is none, or one whose operands are not all expressions. 20.2.5.3, 4. */
static const uint8_t operands[256] = {
        [0x00] = 1, [0x01] = 1,          [0x60 ... 0x6e] = 1, /* Zero, One, Local, Arg */
        [0x70] = 3, [0x71] = 2,          [0x72] = 4,
        [0x73] = 4, [0x74] = 4, /* Store to Subtract */
        [0x75] = 2, [0x76] = 2,          [0x77] = 4,
        [0x78] = 5, [0x79 ... 0x7f] = 4, /* Increment to XOr */
        [0x80] = 3, [0x81] = 3,          [0x82] = 3,
        [0x83] = 2, [0x84] = 4, /* Not to ConcatRes */
        [0x85] = 4, [0x86] = 3,          [0x87] = 2,
        [0x88] = 4, [0x8e] = 2, /* Mod to ObjectType */
        [0x90] = 3, [0x91] = 3,          [0x92] = 2,
        [0x93] = 3, [0x94] = 3, /* LAnd to LGreater */
        [0x95] = 3, [0x96 ... 0x99] = 3, [0x9c] = 4,
        [0x9d] = 3, [0x9e] = 5, /* LLess to Mid */
        [0x9f] = 1, [0xa3] = 1,          [0xa4] = 2,
        [0xa5] = 1,             /* Continue to Break */
        [0xcc] = 1, [0xff] = 1, /* BreakPoint, Ones */
};

/* The same behind the prefix 5Bh. */
static const uint8_t operands_extended[256] = {
        [0x12] = 3, [0x1f] = 7, [0x20] = 3, [0x21] = 2, [0x22] = 2, /* CondRefOf, Load, Sleep */
        [0x24] = 2, [0x25] = 3, [0x26] = 2, [0x27] = 2,             /* Signal to Release */
        [0x28] = 3, [0x29] = 3, [0x30] = 1, [0x31] = 1, [0x33] = 1, /* FromBCD to Timer */
};

static bool string_skip(struct event_aml *aml)
{
        uint8_t byte;

        do {
                if (!byte_take(aml, &byte))
                        return false;
        } while (byte != 0);
        return true;
}

/* One token of an expression; *pending counts the operands that are still to come. */
static bool token_skip(struct event_aml *aml, const struct event_acpi_path *scope,
                       uint32_t *pending, bool *named)
{
        struct event_acpi_path unused;
        uint8_t lead, count;
        size_t end;

        if (event_aml_name_next(aml)) {
                *named = true;
                return event_aml_name_take(aml, scope, &unused);
        }
        if (!byte_take(aml, &lead))
                return false;
        switch (lead) {
        case 0x0a:
                return event_aml_skip(aml, 1);
        case 0x0b:
                return event_aml_skip(aml, 2);
        case 0x0c:
                return event_aml_skip(aml, 4);
        case 0x0e:
                return event_aml_skip(aml, 8);
        case EVENT_AML_STRING:
                return string_skip(aml);
        case EVENT_AML_BUFFER:
        case EVENT_AML_PACKAGE:
        case 0x13: /* VarPackage */
                return event_aml_length_take(aml, &end) && event_aml_skip(aml, end - aml->at);
        case OP_EXTENDED:
                if (!byte_take(aml, &lead))
                        return false;
                count = operands_extended[lead];
                break;
        default:
                count = operands[lead];
        }
        if (count == 0)
                return false;
        *pending += count - 1u;
        return true;
}

bool event_aml_expressions_skip(struct event_aml *aml, const struct event_acpi_path *scope,
                                uint32_t count, bool *ret_named)
{
        bool named = false;

        /* Each turn takes a byte, and adds six at most: pending cannot overflow on a table that fits into memory. */
        while (count > 0) {
                count--;
                if (!token_skip(aml, scope, &count, &named))
                        return false;
        }
        *ret_named = named;
        return true;
}
