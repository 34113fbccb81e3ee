/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0's kernel says of itself: one short attribute each. */
#include "base/assert.h"
#include "base/text.h"
#include "core/event/parse.h"

static size_t line_length(const char *text, size_t length)
{
        size_t end = 0;

        while (end < length && text[end] != '\n')
                end++;
        return end;
}

/* A decimal number from text[*at] on; *at moves behind it. False where there is none, or it is too large. */
static bool number_parse(const char *text, size_t length, size_t *at, uint16_t *ret_number)
{
        uint32_t number = 0;
        size_t start = *at;

        for (; *at < length && text[*at] >= '0' && text[*at] <= '9' && number <= 6553; (*at)++)
                number = number * 10 + (uint32_t)(text[*at] - '0');
        if (*at == start || number > 65535)
                return false;
        *ret_number = (uint16_t)number;
        return true;
}

bool event_linux_parse(const char *text, size_t length, uint16_t *ret_major, uint16_t *ret_minor)
{
        uint16_t major, minor;
        size_t at = 0;

        base_assert(text || length == 0);
        *ret_major = *ret_minor = 0;
        if (!number_parse(text, length, &at, &major) || at == length || text[at++] != '.' ||
            !number_parse(text, length, &at, &minor) || major == 0)
                return false;
        if (at < length && text[at] >= '0' && text[at] <= '9')
                return false; /* the number went on */
        *ret_major = major;
        *ret_minor = minor;
        return true;
}

bool event_linux_autoprobe(uint16_t major, uint16_t minor)
{
        return major > 7 || (major == 7 && minor >= 2);
}

enum event_fact event_lockdown_parse(const char *text, size_t length)
{
        size_t start = 0, end;

        base_assert(text || length == 0);
        while (start < length && text[start] != '[')
                start++;
        for (end = start; end < length && text[end] != ']';)
                end++;
        if (end == length || end == start + 1)
                return FACT_UNKNOWN;
        return base_text_is(text + start + 1, end - start - 1, "none") ? FACT_NO : FACT_YES;
}

enum event_fact event_parameter_parse(const char *text, size_t length)
{
        base_assert(text || length == 0);
        length = line_length(text, length);
        if (base_text_is(text, length, "Y") || base_text_is(text, length, "1"))
                return FACT_YES;
        if (base_text_is(text, length, "N") || base_text_is(text, length, "0"))
                return FACT_NO;
        return FACT_UNKNOWN;
}
