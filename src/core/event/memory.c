/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory's file: a line that says whose and which version, then entries, each with a number and two checksums. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"

/*
 * An entry, little endian:
 *    0  4  bytes of the whole entry
 *    4  4  type
 *    8  8  sequence number
 *   16 16  boot
 *   32  4  CRC-32C of 0..31: so that a length is believed before what it spans is there
 *   36  4  port                    \
 *   40  4  flags: bit 0 ejected, 1 tainted, 2 withheld, 3 leaving | what it is about: types 1 and 2
 *   44  4  number of functions      |
 *   48 24  each                    /
 *      68  type 2: the guest that it is given to: 0 domid, 4 name, and zeros behind
 *   -4  4  CRC-32C of all before
 * A function: 0 instance, 8 digest, 16 sbdf, 20 flags: bit 0 at boot, bit 1 given, bit 2 taken, bits 31:16 rights.
 *
 * Type 3 is about the routers: at 36 BASE_SBDF_NONE, 40 zeros, 44 their number, 48 52 bytes for each: 0 route, 8
 * instance, 16 digest, 24 unique ID, 40 domain, 44 port, 48 flags: bits 1:0 by whose word, 2 changed, 3 refuted, 4
 * retired, 5 ambiguous.
 */
#define HEAD_SIZE 36u
#define BODY_SIZE 12u
#define FUNCTION_SIZE 24u
#define GUEST_SIZE (4u + LIMIT_GUEST)
#define CRC_SIZE 4u
#define ROUTER_SIZE 52u

_Static_assert(HEAD_SIZE + BODY_SIZE + FUNCTION_SIZE * LIMIT_PORT_FUNCTIONS + GUEST_SIZE +
                               CRC_SIZE <=
                       EVENT_MEMORY_ENTRY_MAX,
               "the largest entry fits");
_Static_assert(HEAD_SIZE + BODY_SIZE + ROUTER_SIZE * LIMIT_ROUTERS + CRC_SIZE <=
                       EVENT_MEMORY_ENTRY_MAX,
               "that of the routers too");

/* Types of entries. A later version may add some: who does not know one must not guess what the rest is worth. */
#define TYPE_PORT 1u
#define TYPE_GIVEN 2u
#define TYPE_ROUTERS 3u

#define PORT_EJECTED 1u
#define PORT_TAINTED 2u
#define PORT_WITHHELD 4u
#define PORT_LEAVING 8u
#define FUNCTION_AT_BOOT 1u
#define FUNCTION_GIVEN 2u
#define FUNCTION_TAKEN 4u
#define FUNCTION_RIGHTS_SHIFT 16
#define ROUTER_WORD 3u
#define ROUTER_CHANGED 4u
#define ROUTER_REFUTED 8u
#define ROUTER_RETIRED 16u
#define ROUTER_AMBIGUOUS 32u

_Static_assert(WORD_MAX == ROUTER_WORD + 1, "every word has its number, and every number is one");

static const char head[] = "sallyport-state 001\n";
#define HEAD_NAME_SIZE 16u /* up to the version */

_Static_assert(sizeof head - 1 == EVENT_MEMORY_HEAD_SIZE, "the head has its size");

/*
 * CRC-32C (Castagnoli, reflected), bit by bit: an entry has 3 KB at most. No library that we link has one (libz's
 * CRC-32 would be one more, for eight lines), and core links none.
 */
static uint32_t crc32c(const uint8_t *bytes, size_t length)
{
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < length; i++) {
                crc ^= bytes[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
        }
        return ~crc;
}

static void number_put(uint8_t *bytes, uint64_t value, size_t size)
{
        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t number_get(const uint8_t *bytes, size_t size)
{
        uint64_t value = 0;

        for (size_t i = 0; i < size; i++)
                value |= (uint64_t)bytes[i] << 8 * i;
        return value;
}

static uint32_t word_get(const uint8_t *bytes)
{
        return (uint32_t)number_get(bytes, 4);
}

bool event_memory_boot_parse(const char *text, size_t length,
                             uint8_t ret_boot[static EVENT_MEMORY_BOOT_SIZE])
{
        uint8_t boot[EVENT_MEMORY_BOOT_SIZE] = { 0 };
        size_t digits = 0;

        if (length > 0 && text[length - 1] == '\n')
                length--;
        for (size_t i = 0; i < length; i++) {
                int digit = base_text_hex_digit(text[i]);

                if (text[i] == '-')
                        continue;
                if (digit < 0 || digits == 2 * sizeof boot)
                        return false;
                boot[digits / 2] = (uint8_t)(boot[digits / 2] << 4 | digit);
                digits++;
        }
        if (digits != 2 * sizeof boot)
                return false;
        memcpy(ret_boot, boot, sizeof boot);
        return true;
}

void event_memory_head_write(uint8_t ret_bytes[static EVENT_MEMORY_HEAD_SIZE])
{
        memcpy(ret_bytes, head, EVENT_MEMORY_HEAD_SIZE);
}

static size_t entry_size(uint32_t type, size_t count)
{
        return HEAD_SIZE + BODY_SIZE +
               (type == TYPE_ROUTERS ? ROUTER_SIZE : FUNCTION_SIZE) * count +
               (type == TYPE_GIVEN ? GUEST_SIZE : 0) + CRC_SIZE;
}

static uint32_t entry_type(const struct event_memory *memory)
{
        if (memory->port == BASE_SBDF_NONE)
                return TYPE_ROUTERS;
        return memory->guest[0] != '\0' ? TYPE_GIVEN : TYPE_PORT;
}

static void router_put(uint8_t *at, const struct event_memory_router *router)
{
        number_put(at, router->route, 8);
        number_put(at + 8, router->instance, 8);
        number_put(at + 16, router->digest, 8);
        memcpy(at + 24, router->unique_id, sizeof router->unique_id);
        number_put(at + 40, router->domain, 4);
        number_put(at + 44, router->port, 4);
        number_put(at + 48,
                   (uint32_t)router->word | (router->changed ? ROUTER_CHANGED : 0) |
                           (router->refuted ? ROUTER_REFUTED : 0) |
                           (router->retired ? ROUTER_RETIRED : 0) |
                           (router->ambiguous ? ROUTER_AMBIGUOUS : 0),
                   4);
}

static void router_get(const uint8_t *at, struct event_memory_router *ret_router)
{
        uint32_t flags = word_get(at + 48);

        ret_router->route = number_get(at, 8);
        ret_router->instance = number_get(at + 8, 8);
        ret_router->digest = number_get(at + 16, 8);
        memcpy(ret_router->unique_id, at + 24, sizeof ret_router->unique_id);
        ret_router->domain = word_get(at + 40);
        ret_router->port = word_get(at + 44);
        ret_router->word = (enum event_word)(flags & ROUTER_WORD);
        ret_router->changed = flags & ROUTER_CHANGED;
        ret_router->refuted = flags & ROUTER_REFUTED;
        ret_router->retired = flags & ROUTER_RETIRED;
        ret_router->ambiguous = flags & ROUTER_AMBIGUOUS;
}

static void function_put(uint8_t *at, const struct event_memory_function *function)
{
        number_put(at, function->instance, 8);
        number_put(at + 8, function->digest, 8);
        number_put(at + 16, function->sbdf, 4);
        number_put(at + 20,
                   (function->at_boot ? FUNCTION_AT_BOOT : 0) |
                           (function->given ? FUNCTION_GIVEN : 0) |
                           (function->taken ? FUNCTION_TAKEN : 0) |
                           (uint32_t)function->rights << FUNCTION_RIGHTS_SHIFT,
                   4);
}

static void function_get(const uint8_t *at, struct event_memory_function *ret_function)
{
        ret_function->instance = number_get(at, 8);
        ret_function->digest = number_get(at + 8, 8);
        ret_function->sbdf = word_get(at + 16);
        ret_function->at_boot = word_get(at + 20) & FUNCTION_AT_BOOT;
        ret_function->given = word_get(at + 20) & FUNCTION_GIVEN;
        ret_function->taken = word_get(at + 20) & FUNCTION_TAKEN;
        ret_function->rights = (uint16_t)(word_get(at + 20) >> FUNCTION_RIGHTS_SHIFT);
}

size_t event_memory_entry_write(const struct event_memory *memory, uint64_t sequence,
                                const uint8_t boot[static EVENT_MEMORY_BOOT_SIZE],
                                uint8_t ret_bytes[static EVENT_MEMORY_ENTRY_MAX])
{
        uint8_t *at = ret_bytes + HEAD_SIZE + BODY_SIZE;
        uint32_t type = entry_type(memory);
        uint32_t count = type == TYPE_ROUTERS ? memory->router_count : memory->count;
        size_t size = entry_size(type, count);

        base_assert(memory->count <= LIMIT_PORT_FUNCTIONS);
        base_assert(memory->router_count <= LIMIT_ROUTERS);
        number_put(ret_bytes, size, 4);
        number_put(ret_bytes + 4, type, 4);
        number_put(ret_bytes + 8, sequence, 8);
        memcpy(ret_bytes + 16, boot, EVENT_MEMORY_BOOT_SIZE);
        number_put(ret_bytes + 32, crc32c(ret_bytes, 32), 4);
        number_put(ret_bytes + 36, memory->port, 4);
        number_put(ret_bytes + 40,
                   (memory->ejected ? PORT_EJECTED : 0) | (memory->tainted ? PORT_TAINTED : 0) |
                           (memory->withheld ? PORT_WITHHELD : 0) |
                           (memory->leaving ? PORT_LEAVING : 0),
                   4);
        number_put(ret_bytes + 44, count, 4);
        for (uint32_t i = 0; type != TYPE_ROUTERS && i < count; i++, at += FUNCTION_SIZE)
                function_put(at, &memory->functions[i]);
        for (uint32_t i = 0; type == TYPE_ROUTERS && i < count; i++, at += ROUTER_SIZE)
                router_put(at, &memory->routers[i]);
        if (type == TYPE_GIVEN) {
                number_put(at, memory->domid, 4);
                memcpy(at + 4, memory->guest, LIMIT_GUEST);
                at += GUEST_SIZE;
        }
        number_put(at, crc32c(ret_bytes, size - CRC_SIZE), 4);
        return size;
}

void event_memory_begin(const uint8_t *bytes, size_t length, struct event_memory_cursor *ret_cursor)
{
        *ret_cursor =
                (struct event_memory_cursor){ .at = EVENT_MEMORY_HEAD_SIZE, .status = MEMORY_GOOD };
        /* It gets its name when it is whole (edge/store), so that less of it is damage. */
        if (length < EVENT_MEMORY_HEAD_SIZE || memcmp(bytes, head, HEAD_NAME_SIZE) != 0)
                ret_cursor->status = MEMORY_DAMAGED;
        else if (memcmp(bytes, head, EVENT_MEMORY_HEAD_SIZE) != 0)
                ret_cursor->status = MEMORY_NEWER;
}

/* Space that was allocated for an append whose bytes never came. */
static bool bytes_zero(const uint8_t *bytes, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (bytes[i] != 0)
                        return false;
        return true;
}

/* A guest's number and name: not empty, with its end, and nothing behind that. */
static bool guest_known(const uint8_t *bytes)
{
        const char *name = (const char *)bytes + 4, *end = memchr(name, '\0', LIMIT_GUEST);

        return end && end != name && word_get(bytes) != 0 &&
               word_get(bytes) < EVENT_DOMID_RESERVED &&
               bytes_zero((const uint8_t *)end, (size_t)(name + LIMIT_GUEST - end));
}

static bool routers_known(const uint8_t *bytes, size_t size)
{
        const uint8_t *at = bytes + HEAD_SIZE + BODY_SIZE;
        uint32_t count = word_get(bytes + 44);

        if (word_get(bytes + 36) != BASE_SBDF_NONE || word_get(bytes + 40) != 0 ||
            count > LIMIT_ROUTERS || size != entry_size(TYPE_ROUTERS, count))
                return false;
        for (uint32_t i = 0; i < count; i++, at += ROUTER_SIZE)
                if (word_get(at + 48) & ~(ROUTER_WORD | ROUTER_CHANGED | ROUTER_REFUTED |
                                          ROUTER_RETIRED | ROUTER_AMBIGUOUS))
                        return false;
        return true;
}

/* Of a function: the number of a guest, or none, above them. */
static bool flags_known(uint32_t flags)
{
        return (flags & ((1u << FUNCTION_RIGHTS_SHIFT) - 1) &
                ~(FUNCTION_AT_BOOT | FUNCTION_GIVEN | FUNCTION_TAKEN)) == 0 &&
               flags >> FUNCTION_RIGHTS_SHIFT < EVENT_DOMID_RESERVED;
}

/* Does this version know everything that an entry, whose checksums are right, says? */
static bool entry_known(const uint8_t *bytes, size_t size)
{
        const uint8_t *at = bytes + HEAD_SIZE + BODY_SIZE;
        uint32_t count, type = word_get(bytes + 4);

        if (type < TYPE_PORT || type > TYPE_ROUTERS || size < HEAD_SIZE + BODY_SIZE + CRC_SIZE)
                return false;
        if (type == TYPE_ROUTERS || word_get(bytes + 36) == BASE_SBDF_NONE)
                return type == TYPE_ROUTERS && routers_known(bytes, size);
        count = word_get(bytes + 44);
        if (count > LIMIT_PORT_FUNCTIONS ||
            (word_get(bytes + 40) &
             ~(PORT_EJECTED | PORT_TAINTED | PORT_WITHHELD | PORT_LEAVING)) ||
            size != entry_size(type, count))
                return false;
        for (size_t i = 0; i < count; i++, at += FUNCTION_SIZE)
                if (!flags_known(word_get(at + 20)))
                        return false;
        return type == TYPE_PORT || guest_known(at);
}

/* Is the whole entry there, and is it what was written? */
static enum event_memory_status entry_check(const uint8_t *bytes, size_t length, uint64_t sequence)
{
        size_t size;

        if (bytes_zero(bytes, length) || length < HEAD_SIZE)
                return MEMORY_TORN;
        if (word_get(bytes + 32) != crc32c(bytes, 32))
                return MEMORY_DAMAGED;
        size = word_get(bytes);
        if (size < HEAD_SIZE + CRC_SIZE || number_get(bytes + 8, 8) != sequence)
                return MEMORY_DAMAGED;
        if (size > length)
                return MEMORY_TORN;
        if (word_get(bytes + size - CRC_SIZE) != crc32c(bytes, size - CRC_SIZE))
                return MEMORY_DAMAGED;
        return entry_known(bytes, size) ? MEMORY_GOOD : MEMORY_NEWER;
}

bool event_memory_next(const uint8_t *bytes, size_t length,
                       const uint8_t boot[static EVENT_MEMORY_BOOT_SIZE],
                       struct event_memory_cursor *cursor, struct event_memory *ret_memory)
{
        const uint8_t *entry = bytes + cursor->at, *at = entry + HEAD_SIZE + BODY_SIZE;
        uint32_t count;

        if (cursor->status != MEMORY_GOOD || cursor->at == length)
                return false;
        cursor->status = entry_check(entry, length - cursor->at, cursor->sequence + 1);
        if (cursor->status != MEMORY_GOOD)
                return false;
        memset(ret_memory, 0, sizeof *ret_memory);
        ret_memory->port = word_get(entry + 36);
        ret_memory->this_boot = memcmp(entry + 16, boot, EVENT_MEMORY_BOOT_SIZE) == 0;
        ret_memory->ejected = word_get(entry + 40) & PORT_EJECTED;
        ret_memory->tainted = word_get(entry + 40) & PORT_TAINTED;
        ret_memory->withheld = word_get(entry + 40) & PORT_WITHHELD;
        ret_memory->leaving = word_get(entry + 40) & PORT_LEAVING;
        count = word_get(entry + 44);
        if (word_get(entry + 4) == TYPE_ROUTERS) {
                ret_memory->router_count = count;
                for (uint32_t i = 0; i < count; i++, at += ROUTER_SIZE)
                        router_get(at, &ret_memory->routers[i]);
        } else {
                ret_memory->count = count;
                for (uint32_t i = 0; i < count; i++, at += FUNCTION_SIZE)
                        function_get(at, &ret_memory->functions[i]);
        }
        if (word_get(entry + 4) == TYPE_GIVEN) {
                ret_memory->domid = (uint16_t)word_get(at);
                memcpy(ret_memory->guest, at + 4, LIMIT_GUEST);
        }
        cursor->at += word_get(entry);
        cursor->sequence++;
        return true;
}
