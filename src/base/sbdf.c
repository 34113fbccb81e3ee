/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI addresses from text and to text. */
#include "base/sbdf.h"

#include "base/assert.h"
#include "base/text.h"

/* Reads exactly `digits` hexadecimal digits at *at, moves *at behind them. */
static bool hex_read(const char *text, size_t length, size_t *at, size_t digits,
                     uint32_t *ret_value)
{
        uint32_t value = 0;

        if (length - *at < digits)
                return false;
        for (size_t i = 0; i < digits; i++) {
                int digit = base_text_hex_digit(text[*at + i]);

                if (digit < 0)
                        return false;
                value = value << 4 | (uint32_t)digit;
        }
        *at += digits;
        *ret_value = value;
        return true;
}

static bool char_read(const char *text, size_t length, size_t *at, char wanted)
{
        if (*at >= length || text[*at] != wanted)
                return false;
        (*at)++;
        return true;
}

bool base_sbdf_parse(const char *text, size_t length, uint32_t *ret_sbdf)
{
        uint32_t segment = 0, bus, device, function;
        size_t at = 0;

        base_assert(text);
        base_assert(ret_sbdf);

        if (length > 4 && text[4] == ':') {
                if (!hex_read(text, length, &at, 4, &segment) || !char_read(text, length, &at, ':'))
                        return false;
        }
        if (!hex_read(text, length, &at, 2, &bus) || !char_read(text, length, &at, ':') ||
            !hex_read(text, length, &at, 2, &device) || !char_read(text, length, &at, '.') ||
            !hex_read(text, length, &at, 1, &function))
                return false;
        if (at != length || device > 0x1f || function > 7)
                return false;
        if (BASE_SBDF(segment, bus, device, function) == BASE_SBDF_NONE)
                return false;
        *ret_sbdf = BASE_SBDF(segment, bus, device, function);
        return true;
}

char *base_sbdf_format(uint32_t sbdf, char ret_text[static BASE_SBDF_TEXT_SIZE])
{
        struct base_text out = base_text_on(ret_text, BASE_SBDF_TEXT_SIZE);

        base_text_add_hex(&out, base_sbdf_segment(sbdf), 4);
        base_text_add_char(&out, ':');
        base_text_add_hex(&out, base_sbdf_bus(sbdf), 2);
        base_text_add_char(&out, ':');
        base_text_add_hex(&out, base_sbdf_device(sbdf), 2);
        base_text_add_char(&out, '.');
        base_text_add_hex(&out, base_sbdf_function(sbdf), 1);
        base_assert(!out.truncated);
        return ret_text;
}
