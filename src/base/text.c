/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in fixed buffers. */
#include "base/text.h"

#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"

struct base_text base_text_on(char *buffer, size_t size)
{
        base_assert(buffer);
        base_assert(size >= 1);
        buffer[0] = '\0';
        return (struct base_text){ .buffer = buffer, .size = size };
}

void base_text_add_char(struct base_text *text, char character)
{
        if (text->length + 1 >= text->size) {
                text->truncated = true;
                return;
        }
        text->buffer[text->length++] = character;
        text->buffer[text->length] = '\0';
}

void base_text_add(struct base_text *text, const char *string)
{
        base_assert(string);
        for (; *string; string++)
                base_text_add_char(text, *string);
}

void base_text_add_escaped(struct base_text *text, const char *bytes, size_t length)
{
        base_assert(bytes || length == 0);
        for (size_t i = 0; i < length; i++) {
                unsigned char byte = (unsigned char)bytes[i];

                if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
                        base_text_add_char(text, (char)byte);
                        continue;
                }
                base_text_add(text, "\\x");
                base_text_add_hex(text, byte, 2);
        }
}

void base_text_add_quoted(struct base_text *text, const char *bytes, size_t length)
{
        char shown[48];
        struct base_text quote = base_text_on(shown, sizeof shown);

        base_text_add_escaped(&quote, bytes, length);
        base_text_add(text, "'");
        base_text_add(text, shown);
        base_text_add(text, quote.truncated ? "...'" : "'");
}

void base_text_add_u64(struct base_text *text, uint64_t value)
{
        char digits[20];
        size_t count = 0;

        do {
                digits[count++] = (char)('0' + value % 10);
                value /= 10;
        } while (value > 0);
        base_assert(count <= sizeof digits);
        while (count > 0)
                base_text_add_char(text, digits[--count]);
}

void base_text_add_hex(struct base_text *text, uint64_t value, unsigned int digits)
{
        base_assert(digits >= 1 && digits <= 16);
        for (unsigned int i = 16; i > 0; i--) {
                unsigned int nibble = (unsigned int)(value >> (4 * (i - 1))) & 0xf;

                if (i <= digits || value >> (4 * (i - 1)) != 0)
                        base_text_add_char(text, "0123456789abcdef"[nibble]);
        }
}

void base_text_add_uuid(struct base_text *text, const uint8_t bytes[static 16])
{
        for (uint32_t i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        base_text_add_char(text, '-');
                base_text_add_hex(text, bytes[i], 2);
        }
}

void base_text_add_sbdf(struct base_text *text, uint32_t sbdf)
{
        char address[BASE_SBDF_TEXT_SIZE];

        base_text_add(text, base_sbdf_format(sbdf, address));
}

int base_text_hex_digit(char character)
{
        if (character >= '0' && character <= '9')
                return character - '0';
        if (character >= 'a' && character <= 'f')
                return character - 'a' + 10;
        if (character >= 'A' && character <= 'F')
                return character - 'A' + 10;
        return -1;
}

bool base_text_line_take(const char **text, size_t *length, const char **ret_line,
                         size_t *ret_length)
{
        size_t end = 0;

        if (*length == 0)
                return false;
        while (end < *length && (*text)[end] != '\n')
                end++;
        *ret_line = *text;
        *ret_length = end;
        if (end < *length)
                end++;
        *text += end;
        *length -= end;
        return true;
}

bool base_text_value_find(const char *text, size_t length, const char *key, const char **ret_value,
                          size_t *ret_length)
{
        size_t key_length = strlen(key), line_length;
        const char *line;

        while (base_text_line_take(&text, &length, &line, &line_length)) {
                if (line_length <= key_length || line[key_length] != '=' ||
                    memcmp(line, key, key_length) != 0)
                        continue;
                *ret_value = line + key_length + 1;
                *ret_length = line_length - key_length - 1;
                return true;
        }
        return false;
}

bool base_text_equal(const char *a, const char *b)
{
        size_t length = strlen(a);

        return length == strlen(b) && memcmp(a, b, length) == 0;
}

bool base_text_is(const char *text, size_t length, const char *word)
{
        return length == strlen(word) && memcmp(text, word, length) == 0;
}

bool base_text_copy(const char *text, size_t length, char *ret_buffer, size_t size)
{
        base_assert(ret_buffer);
        base_assert(size >= 1);
        memset(ret_buffer, 0, size);
        if (length >= size)
                return false;
        for (size_t i = 0; i < length; i++) {
                if (text[i] == '\0') {
                        memset(ret_buffer, 0, size);
                        return false;
                }
                ret_buffer[i] = text[i];
        }
        return true;
}
