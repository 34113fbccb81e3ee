/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of rules to tokens. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_token_kind {
        TOKEN_END,
        TOKEN_WORD,
        TOKEN_STRING,       /**< what stands between the quotes; escapes are still in it */
        TOKEN_SIGN,         /**< { } , = != < <= > >= */
        TOKEN_BAD,          /**< one byte that can begin nothing */
        TOKEN_UNTERMINATED, /**< a string without end on its line */
};

struct policy_token {
        enum policy_token_kind kind;
        const char *bytes; /**< in the text; for TOKEN_END just behind it */
        size_t length;
        uint32_t line, column; /**< from 1; columns count bytes */
};

/** Where reading goes on. Begin with the whole text, line 1. */
struct policy_scanner {
        const char *at, *end;
        const char *line_start;
        uint32_t line;
};

/** The next token. Blanks, line feeds and comments ('#' to the end of the line) are between tokens. */
struct policy_token policy_token_next(struct policy_scanner *scanner);

/** Is it this word, or this sign? A string is neither. */
bool policy_token_is(const struct policy_token *token, const char *word);
