/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes of the Thunderbolt bus, and entries of the identity store: text to facts. */
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "core/event/parse.h"

/* Without the line feed that every attribute ends with; one that is part of a name stays. */
static size_t line_end(const char *text, size_t length)
{
        return length > 0 && text[length - 1] == '\n' ? length - 1 : length;
}

/* A number as the kernel writes it: digits of the base in lower case, no sign, no zero before others. */
static bool number_read(const char *text, size_t length, unsigned int base, uint64_t max,
                        uint64_t *ret_number)
{
        uint64_t number = 0;

        if (length == 0 || (length > 1 && text[0] == '0'))
                return false;
        for (size_t i = 0; i < length; i++) {
                int digit = text[i] <= '9' || text[i] >= 'a' ? base_text_hex_digit(text[i]) : -1;
                uint64_t value = (uint64_t)digit;

                if (digit < 0 || value >= base || value > max || number > (max - value) / base)
                        return false;
                number = number * base + value;
        }
        *ret_number = number;
        return true;
}

bool event_domain_name_parse(const char *name, size_t length, uint32_t *ret_number)
{
        static const char before[] = "domain";
        uint64_t number;

        base_assert(name);
        if (length <= sizeof before - 1 || memcmp(name, before, sizeof before - 1) != 0 ||
            !number_read(name + sizeof before - 1, length - (sizeof before - 1), 10, UINT32_MAX,
                         &number))
                return false;
        *ret_number = (uint32_t)number;
        return true;
}

bool event_router_name_parse(const char *name, size_t length, uint32_t *ret_domain,
                             uint64_t *ret_route)
{
        uint64_t domain, route;
        size_t dash = 0;

        base_assert(name);
        while (dash < length && name[dash] != '-')
                dash++;
        if (dash == length || !number_read(name, dash, 10, UINT32_MAX, &domain) ||
            !number_read(name + dash + 1, length - dash - 1, 16, UINT64_MAX, &route))
                return false;
        *ret_domain = (uint32_t)domain;
        *ret_route = route;
        return true;
}

bool event_router_is(const char *uevent, size_t length)
{
        const char *value;
        size_t value_length;

        base_assert(uevent || length == 0);
        return !base_text_value_find(uevent, length, "DEVTYPE", &value, &value_length) ||
               base_text_is(value, value_length, "thunderbolt_device");
}

/* Where the dashes of a UUID's text stand (RFC 4122, 3), as base_text_add_uuid writes them. */
static bool dash_stands(size_t at)
{
        return at == 8 || at == 13 || at == 18 || at == 23;
}

bool event_unique_id_parse(const char *text, size_t length,
                           uint8_t ret_id[static RECORD_UNIQUE_ID_SIZE])
{
        uint8_t id[RECORD_UNIQUE_ID_SIZE] = { 0 };
        size_t digits = 0;

        base_assert(text || length == 0);
        length = line_end(text, length);
        if (length != EVENT_UNIQUE_ID_TEXT_SIZE - 1)
                return false;
        for (size_t i = 0; i < length; i++) {
                int digit = base_text_hex_digit(text[i]);

                if (dash_stands(i) != (text[i] == '-'))
                        return false;
                if (dash_stands(i))
                        continue;
                if (digit < 0)
                        return false;
                id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | digit);
                digits++;
        }
        base_assert(digits == 2 * sizeof id);
        memcpy(ret_id, id, sizeof id);
        return true;
}

const char *event_unique_id_format(const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                                   char ret_text[static EVENT_UNIQUE_ID_TEXT_SIZE])
{
        struct base_text text = base_text_on(ret_text, EVENT_UNIQUE_ID_TEXT_SIZE);

        base_text_add_uuid(&text, id);
        base_assert(!text.truncated);
        return ret_text;
}

const char *event_security_name(enum event_security security)
{
        static const char *const names[SECURITY_MAX] = {
                [SECURITY_UNKNOWN] = "unknown", [SECURITY_NONE] = "none",
                [SECURITY_USER] = "user",       [SECURITY_SECURE] = "secure",
                [SECURITY_DPONLY] = "dponly",   [SECURITY_USBONLY] = "usbonly",
                [SECURITY_NOPCIE] = "nopcie",
        };

        base_assert(security < SECURITY_MAX && names[security]);
        return names[security];
}

enum event_security event_security_parse(const char *text, size_t length)
{
        base_assert(text || length == 0);
        length = line_end(text, length);
        for (enum event_security i = SECURITY_NONE; i < SECURITY_MAX; i++)
                if (base_text_is(text, length, event_security_name(i)))
                        return i;
        return SECURITY_UNKNOWN;
}

enum event_thunderbolt event_thunderbolt_parse(const char *text, size_t length)
{
        switch (event_security_parse(text, length)) {
        case SECURITY_NONE:
                return THUNDERBOLT_UNGUARDED;
        case SECURITY_USER:
        case SECURITY_SECURE:
                return THUNDERBOLT_GUARDED;
        case SECURITY_DPONLY:
        case SECURITY_USBONLY:
        case SECURITY_NOPCIE:
                return THUNDERBOLT_NO_TUNNELS;
        case SECURITY_UNKNOWN:
        case SECURITY_MAX:
                break;
        }
        return THUNDERBOLT_UNKNOWN;
}

/* What is not there is 0; false where it is there and no such number. */
static bool digit_take(const struct event_text *text, uint64_t max, uint64_t *ret_number)
{
        *ret_number = 0;
        return !text->text ||
               number_read(text->text, line_end(text->text, text->length), 10, max, ret_number);
}

/* "%#x": 0 has no prefix (drivers/thunderbolt/switch.c:vendor_show). */
static bool id_take(const struct event_text *text, uint16_t *ret_id)
{
        size_t length = text->text ? line_end(text->text, text->length) : 0;
        uint64_t id;

        *ret_id = 0;
        if (!text->text || base_text_is(text->text, length, "0"))
                return true;
        if (length < 3 || text->text[0] != '0' || text->text[1] != 'x' || text->text[2] == '0' ||
            !number_read(text->text + 2, length - 2, 16, UINT16_MAX, &id))
                return false;
        *ret_id = (uint16_t)id;
        return true;
}

static bool name_take(const struct event_text *text, char ret_name[static LIMIT_ROUTER_NAME])
{
        memset(ret_name, 0, LIMIT_ROUTER_NAME);
        return !text->text || base_text_copy(text->text, line_end(text->text, text->length),
                                             ret_name, LIMIT_ROUTER_NAME);
}

static enum event_authorized authorized_word(const struct event_text *text, bool *readable)
{
        uint64_t number;

        if (!digit_take(text, 2, &number)) {
                *readable = false;
                return AUTHORIZED_UNKNOWN;
        }
        if (!text->text)
                return AUTHORIZED_UNKNOWN;
        if (number == 0)
                return AUTHORIZED_NO;
        return number == 1 ? AUTHORIZED_YES : AUTHORIZED_CHALLENGED;
}

void event_router_parse(const struct event_router_texts *texts, struct event_router *ret_router)
{
        struct event_router *router = ret_router;
        uint64_t number;

        memset(router, 0, sizeof *router);
        router->readable = !texts->failed && texts->unique_id.text &&
                           event_unique_id_parse(texts->unique_id.text, texts->unique_id.length,
                                                 router->unique_id);
        router->authorized = authorized_word(&texts->authorized, &router->readable);
        if (!digit_take(&texts->boot, 1, &number))
                router->readable = false;
        else
                router->boot = number == 1;
        if (!digit_take(&texts->generation, UINT8_MAX, &number))
                router->readable = false;
        else
                router->generation = (uint8_t)number;
        if (!id_take(&texts->vendor, &router->vendor) || !id_take(&texts->device, &router->device))
                router->readable = false;
        if (!name_take(&texts->vendor_name, router->vendor_name) ||
            !name_take(&texts->device_name, router->device_name))
                router->readable = false;
}

bool event_key_parse(const char *text, size_t length, uint8_t ret_key[static EVENT_KEY_SIZE])
{
        base_assert(text || length == 0);
        memset(ret_key, 0, EVENT_KEY_SIZE);
        length = line_end(text, length);
        if (length != EVENT_KEY_TEXT_SIZE - 2) /* line feed and NUL */
                return false;
        for (size_t i = 0; i < length; i++) {
                int digit = base_text_hex_digit(text[i]);

                if (digit < 0) {
                        memset(ret_key, 0, EVENT_KEY_SIZE);
                        return false;
                }
                ret_key[i / 2] = (uint8_t)(ret_key[i / 2] << 4 | digit);
        }
        return true;
}

void event_key_format(const uint8_t key[static EVENT_KEY_SIZE],
                      char ret_text[static EVENT_KEY_TEXT_SIZE])
{
        struct base_text text = base_text_on(ret_text, EVENT_KEY_TEXT_SIZE);

        for (size_t i = 0; i < EVENT_KEY_SIZE; i++)
                base_text_add_hex(&text, key[i], 2);
        base_text_add_char(&text, '\n');
        base_assert(!text.truncated);
}
