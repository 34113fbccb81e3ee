/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in fixed buffers: always NUL-terminated, never overrun, no locale, no heap; usable in core. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A text being written into a buffer of the caller's. Make it with base_text_on. */
struct base_text {
        char *buffer;   /**< the caller's; holds a NUL-terminated string at any time */
        size_t size;    /**< bytes in buffer, at least 1 */
        size_t length;  /**< characters written, always < size */
        bool truncated; /**< something did not fit and was left out */
};

/** An empty text on buffer[0..size); size >= 1. The buffer must outlive the text. */
struct base_text base_text_on(char *buffer, size_t size);

/** Appends one character, taken as it is. */
void base_text_add_char(struct base_text *text, char character);
/** Appends a NUL-terminated string, taken as it is: only for strings of our own. */
void base_text_add(struct base_text *text, const char *string);
/** Appends length bytes of untrusted text: all but printable ASCII, and the backslash, as \xNN. */
void base_text_add_escaped(struct base_text *text, const char *bytes, size_t length);
/** Appends untrusted text for people: escaped, in single quotes, cut after 47 characters with "...". */
void base_text_add_quoted(struct base_text *text, const char *bytes, size_t length);
/** Appends a number in decimal. */
void base_text_add_u64(struct base_text *text, uint64_t value);
/** Appends a number in lower-case hexadecimal, with leading zeros up to digits (1..16). */
void base_text_add_hex(struct base_text *text, uint64_t value, unsigned int digits);
/** Appends 16 bytes as a UUID, "d4030000-0090-8708-2315-9d8f2a1f0a1d", in the order of the text. */
void base_text_add_uuid(struct base_text *text, const uint8_t bytes[static 16]);
/** Appends an address as "DDDD:BB:SS.F". */
void base_text_add_sbdf(struct base_text *text, uint32_t sbdf);

/** The value of a hexadecimal digit, or -1. */
int base_text_hex_digit(char character);

/**
 * Takes the first line off text[0..length), without its line feed, which the last one need not have. False where there
 * is none left.
 */
bool base_text_line_take(const char **text, size_t *length, const char **ret_line,
                         size_t *ret_length);
/** The value behind "KEY=" of the first line that begins so. False where there is none. */
bool base_text_value_find(const char *text, size_t length, const char *key, const char **ret_value,
                          size_t *ret_length);

/** True where the NUL-terminated strings are equal. */
bool base_text_equal(const char *a, const char *b);
/** True where text[0..length) is the NUL-terminated string word. */
bool base_text_is(const char *text, size_t length, const char *word);
/**
 * Copies text[0..length) into ret_buffer[0..size) as a NUL-terminated string, zeroing what is left over (core
 * state is hashed whole). False, with an empty string, where it does not fit or holds a NUL.
 */
bool base_text_copy(const char *text, size_t length, char *ret_buffer, size_t size);
