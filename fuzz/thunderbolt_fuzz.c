/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Thunderbolt bus and the identity store: what was read is bounded, and can be written and read again. */
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "core/event/parse.h"
#include "fuzz.h"

/* A name is a string, and zeros behind it. */
static void name_check(const char name[static LIMIT_ROUTER_NAME])
{
        size_t length = strlen(name);

        base_assert(length < LIMIT_ROUTER_NAME);
        for (size_t i = length; i < LIMIT_ROUTER_NAME; i++)
                base_assert(name[i] == '\0');
}

static void place_write(uint32_t domain, uint64_t route, char *ret_text, size_t size)
{
        struct base_text text = base_text_on(ret_text, size);

        base_text_add_u64(&text, domain);
        base_text_add_char(&text, '-');
        base_text_add_hex(&text, route, 1);
        base_assert(!text.truncated);
}

static void names_check(const char *bytes, size_t length)
{
        uint64_t route;
        uint32_t number;
        char again[32];

        if (event_router_name_parse(bytes, length, &number, &route)) {
                place_write(number, route, again, sizeof again);
                base_assert(base_text_is(bytes, length, again));
        }
        if (event_domain_name_parse(bytes, length, &number))
                base_assert(length > 6 && length <= 16);
}

static void words_check(const char *bytes, size_t length)
{
        uint8_t id[RECORD_UNIQUE_ID_SIZE], again[RECORD_UNIQUE_ID_SIZE];
        uint8_t key[EVENT_KEY_SIZE], key_again[EVENT_KEY_SIZE];
        char text[EVENT_UNIQUE_ID_TEXT_SIZE], key_text[EVENT_KEY_TEXT_SIZE];

        base_assert(event_security_parse(bytes, length) < SECURITY_MAX);
        if (event_unique_id_parse(bytes, length, id)) {
                base_assert(event_unique_id_parse(event_unique_id_format(id, text),
                                                  EVENT_UNIQUE_ID_TEXT_SIZE - 1, again));
                base_assert(memcmp(id, again, sizeof id) == 0);
        }
        if (event_key_parse(bytes, length, key)) {
                event_key_format(key, key_text);
                base_assert(event_key_parse(key_text, EVENT_KEY_TEXT_SIZE - 1, key_again));
                base_assert(memcmp(key, key_again, sizeof key) == 0);
        }
}

/* The attributes stand one after the other, each ended by a NUL; an empty one is not there. */
static void router_check(const char *bytes, size_t length)
{
        struct event_router_texts texts = { 0 };
        struct event_text *const all[] = { &texts.unique_id,   &texts.authorized, &texts.boot,
                                           &texts.generation,  &texts.vendor,     &texts.device,
                                           &texts.vendor_name, &texts.device_name };
        struct event_router router;
        size_t at = 0;

        for (size_t i = 0; i < sizeof all / sizeof all[0] && at < length; i++) {
                const char *end = memchr(bytes + at, '\0', length - at);
                size_t size = end ? (size_t)(end - bytes) - at : length - at;

                if (size > 0)
                        *all[i] = (struct event_text){ bytes + at, size };
                at += size + 1;
        }
        memset(&router, 0xff, sizeof router);
        event_router_parse(&texts, &router);
        base_assert(router.authorized <= AUTHORIZED_CHALLENGED);
        base_assert(router.enrolled == ENROLLED_UNKNOWN && router.key == ROUTER_KEY_NONE);
        base_assert(router.domain == 0 && router.route == 0 && router.instance == 0);
        name_check(router.vendor_name);
        name_check(router.device_name);
}

static void enrolment_check(const char *bytes, size_t length)
{
        static struct event_enrolment entry, again;
        static char text[EVENT_ENROLMENT_SIZE];
        size_t written;

        if (event_enrolment_parse(bytes, length, &entry)) {
                written = event_enrolment_write(&entry, text);
                base_assert(written == length && memcmp(text, bytes, length) == 0);
        } else if (!event_bolt_parse(bytes, length, &entry)) {
                return;
        }
        name_check(entry.vendor_name);
        name_check(entry.device_name);
        written = event_enrolment_write(&entry, text);
        base_assert(event_enrolment_parse(text, written, &again));
        base_assert(memcmp(&entry, &again, sizeof entry) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *bytes = size > 0 ? (const char *)data : "";

        names_check(bytes, size);
        words_check(bytes, size);
        router_check(bytes, size);
        enrolment_check(bytes, size);
        return 0;
}
