/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of the identity store: ours, which are what we would write or nothing, and bolt's. doc/state.md. */
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "core/event/parse.h"

static const char *const key_words[] = {
        [ENROLLED_YES] = "none",
        [ENROLLED_NEW_KEY] = "new",
        [ENROLLED_KEY] = "given",
};

#define KEY_WORDS (sizeof key_words / sizeof key_words[0])

const char *event_enrolment_key_word(enum event_enrolled key)
{
        return key >= ENROLLED_YES && key < KEY_WORDS ? key_words[key] : "";
}

static void line_add(struct base_text *text, const char *key, const char *value)
{
        base_text_add(text, key);
        base_text_add_char(text, ' ');
        base_text_add_escaped(text, value, strlen(value));
        base_text_add_char(text, '\n');
}

size_t event_enrolment_write(const struct event_enrolment *enrolment,
                             char ret_text[static EVENT_ENROLMENT_SIZE])
{
        struct base_text text = base_text_on(ret_text, EVENT_ENROLMENT_SIZE);

        base_assert(enrolment->key >= ENROLLED_YES && enrolment->key < KEY_WORDS);
        line_add(&text, "sallyport-router", "001");
        line_add(&text, "policy", enrolment->manual ? "manual" : "auto");
        line_add(&text, "key", key_words[enrolment->key]);
        line_add(&text, "vendor-name", enrolment->vendor_name);
        line_add(&text, "device-name", enrolment->device_name);
        base_assert(!text.truncated);
        return text.length;
}

/* The value of the next line, which has to begin with key. */
static bool value_next(struct event_text *lines, const char *key, const char **ret_value,
                       size_t *ret_length)
{
        size_t key_length = strlen(key), length;
        const char *line;

        if (!base_text_line_take(&lines->text, &lines->length, &line, &length) ||
            length <= key_length || line[key_length] != ' ' || memcmp(line, key, key_length) != 0)
                return false;
        *ret_value = line + key_length + 1;
        *ret_length = length - key_length - 1;
        return true;
}

/* The byte of "\xNN" at text, or -1. */
static int escape_read(const char *text, size_t length)
{
        int high = length >= 4 && text[1] == 'x' ? base_text_hex_digit(text[2]) : -1;
        int low = high >= 0 ? base_text_hex_digit(text[3]) : -1;

        return low < 0 ? -1 : high << 4 | low;
}

/* What base_text_add_escaped wrote. */
static bool name_unescape(const char *text, size_t length, char ret_name[static LIMIT_ROUTER_NAME])
{
        size_t count = 0;

        for (size_t i = 0; i < length; i++) {
                int byte = (unsigned char)text[i];

                if (text[i] == '\\') {
                        byte = escape_read(text + i, length - i);
                        i += 3;
                }
                if (byte <= 0 || count == LIMIT_ROUTER_NAME - 1)
                        return false;
                ret_name[count++] = (char)byte;
        }
        return true;
}

static bool fields_read(const char *text, size_t length, struct event_enrolment *enrolment)
{
        struct event_text lines = { text, length };
        size_t value_length;
        const char *value;

        if (!value_next(&lines, "sallyport-router", &value, &value_length) ||
            !value_next(&lines, "policy", &value, &value_length))
                return false;
        enrolment->manual = base_text_is(value, value_length, "manual");
        if (!value_next(&lines, "key", &value, &value_length))
                return false;
        for (enum event_enrolled i = ENROLLED_YES; i < KEY_WORDS; i++)
                if (base_text_is(value, value_length, key_words[i]))
                        enrolment->key = i;
        return enrolment->key != ENROLLED_UNKNOWN &&
               value_next(&lines, "vendor-name", &value, &value_length) &&
               name_unescape(value, value_length, enrolment->vendor_name) &&
               value_next(&lines, "device-name", &value, &value_length) &&
               name_unescape(value, value_length, enrolment->device_name);
}

bool event_enrolment_parse(const char *text, size_t length, struct event_enrolment *ret_enrolment)
{
        char again[EVENT_ENROLMENT_SIZE];

        base_assert(text || length == 0);
        memset(ret_enrolment, 0, sizeof *ret_enrolment);
        /* Written once more it has to be the same to the last byte: words that are none, order, versions, tails. */
        if (fields_read(text, length, ret_enrolment) &&
            event_enrolment_write(ret_enrolment, again) == length &&
            memcmp(again, text, length) == 0)
                return true;
        memset(ret_enrolment, 0, sizeof *ret_enrolment);
        return false;
}

/* GKeyFile's escapes (glib, gkeyfile.c:g_key_file_parse_value_as_string); -1 for any other. */
static int ini_escape(char letter)
{
        static const char letters[] = "sntr\\", bytes[] = " \n\t\r\\";

        for (size_t i = 0; i < sizeof letters - 1; i++)
                if (letters[i] == letter)
                        return bytes[i];
        return -1;
}

static bool ini_string_take(const char *text, size_t length,
                            char ret_name[static LIMIT_ROUTER_NAME])
{
        size_t count = 0;

        memset(ret_name, 0, LIMIT_ROUTER_NAME);
        for (size_t i = 0; i < length; i++) {
                int byte = (unsigned char)text[i];

                if (text[i] == '\\')
                        byte = ++i < length ? ini_escape(text[i]) : -1;
                if (byte <= 0 || count == LIMIT_ROUTER_NAME - 1)
                        return false;
                ret_name[count++] = (char)byte;
        }
        return true;
}

/* "key=value", blanks around the '=' apart, as g_key_file_load_from_data reads it. */
static bool ini_value(const char *line, size_t length, const char *key, const char **ret_value,
                      size_t *ret_length)
{
        size_t at = strlen(key);

        if (length < at || memcmp(line, key, at) != 0)
                return false;
        while (at < length && (line[at] == ' ' || line[at] == '\t'))
                at++;
        if (at == length || line[at] != '=')
                return false;
        for (at++; at < length && (line[at] == ' ' || line[at] == '\t');)
                at++;
        *ret_value = line + at;
        *ret_length = length - at;
        return true;
}

/* Which groups were seen, and what of them. */
struct bolt {
        bool device, user; /* the group that the line is in */
        bool name, vendor; /* these were read */
};

static bool bolt_line_take(const char *line, size_t length, struct bolt *bolt,
                           struct event_enrolment *enrolment)
{
        const char *value;
        size_t value_length;

        if (length == 0 || line[0] == '#')
                return true;
        if (line[0] == '[') {
                bolt->device = base_text_is(line, length, "[device]");
                bolt->user = base_text_is(line, length, "[user]");
                return true;
        }
        if (bolt->device && ini_value(line, length, "name", &value, &value_length)) {
                bolt->name = true;
                return ini_string_take(value, value_length, enrolment->device_name);
        }
        if (bolt->device && ini_value(line, length, "vendor", &value, &value_length)) {
                bolt->vendor = true;
                return ini_string_take(value, value_length, enrolment->vendor_name);
        }
        if (bolt->user && ini_value(line, length, "policy", &value, &value_length))
                enrolment->manual = !base_text_is(value, value_length, "auto");
        return true;
}

bool event_bolt_parse(const char *text, size_t length, struct event_enrolment *ret_enrolment)
{
        struct event_text lines = { text, length };
        struct bolt bolt = { 0 };
        bool good = true;
        size_t line_length;
        const char *line;

        base_assert(text || length == 0);
        memset(ret_enrolment, 0, sizeof *ret_enrolment);
        ret_enrolment->key = ENROLLED_YES;
        ret_enrolment->manual = true; /* unless it says that it authorizes by itself */
        while (good && base_text_line_take(&lines.text, &lines.length, &line, &line_length))
                good = bolt_line_take(line, line_length, &bolt, ret_enrolment);
        if (good && bolt.name && bolt.vendor)
                return true;
        memset(ret_enrolment, 0, sizeof *ret_enrolment);
        return false;
}
